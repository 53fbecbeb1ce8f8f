"""Checks of notebook 05."""

import math

import torch

from bagnet_utils.exercises.judging import Wrong, call, exercise, number


@exercise
def logit_without(function):
    """The mean of the evidence that is left: function(evidence h x w, silenced cells)."""
    evidence = torch.randn(4, 5, generator=torch.Generator().manual_seed(0))
    cells = [(0, 1), (3, 4), (2, 2), (0, 1)]
    kept = torch.ones(4, 5, dtype=torch.bool)
    for row, column in cells:
        kept[row, column] = False
    answer = number(call(function, evidence, cells))

    def like(value) -> bool:
        return math.isclose(answer, float(value), abs_tol=1e-4)

    if like(evidence[kept].mean()):
        if not math.isclose(number(call(function, evidence, [])), evidence.mean().item(), abs_tol=1e-4):
            raise Wrong("With nothing silenced the logit should be what it was; yours is another.")
        return "No other network lets you predict this without asking it again."
    if like((evidence * kept).sum() / evidence.numel()):
        raise Wrong("You add up what is left, but divide by all patches: the silenced ones then count as zeros.")
    if like((evidence * kept).sum() / (evidence.numel() - len(cells))):
        raise Wrong("One cell was named twice and is silenced twice. How many patches are really left?")
    if like(evidence[kept].sum()):
        raise Wrong("That is the sum of what is left; the logit is its mean.")
    if like(evidence[~kept].mean()):
        raise Wrong("That is the mean of the silenced patches: asked for are the others.")
    if like(evidence.mean()):
        raise Wrong("Nothing has been silenced: the mean is that of all patches.")
    raise Wrong("The number is not the mean of what is left. Try it by hand on a map of 2 x 2.")


@exercise
def overlap(function):
    """Intersection over union of two boxes: function(first, second)."""
    cases = {
        ((0, 0, 4, 4), (0, 0, 4, 4)): 1.0,
        ((0, 0, 4, 6), (2, 1, 6, 9)): 10 / 46,
        ((0, 0, 8, 8), (2, 2, 4, 4)): 4 / 64,
        ((0, 0, 2, 2), (5, 5, 9, 9)): 0.0,
        ((0, 0, 2, 9), (5, 0, 9, 9)): 0.0,
    }
    answers = [number(call(function, *boxes)) for boxes in cases]

    def like(values) -> bool:
        return all(math.isclose(answer, value, abs_tol=1e-4) for answer, value in zip(answers, values, strict=True))

    if like(cases.values()):
        return "0 where they do not meet, 1 where they are the same."
    if math.isclose(answers[0], 0.5, abs_tol=1e-4):
        raise Wrong("Two equal boxes must give 1, yours give 0.5: the shared area is counted twice in what they cover.")
    if not math.isclose(answers[0], 1, abs_tol=1e-4):
        raise Wrong("Two equal boxes must give 1. Is your shared area divided by what both cover together?")
    if any(answer < 0 for answer in answers) or answers[3] > 0:
        raise Wrong(
            "Two boxes that do not meet must give 0. A height or width below zero means that nothing is shared."
        )
    if like([1, 10 / 24, 4 / 64, 0, 0]) or like([1, 10 / 32, 4 / 4, 0, 0]):
        raise Wrong("You divide by one of the two boxes; divide by what they cover together.")
    if math.isclose(answers[2], 1, abs_tol=1e-4):
        raise Wrong("A small box inside a large one gives 1 with you; but they are far from being the same.")
    raise Wrong(f"For (0, 0, 4, 6) and (2, 1, 6, 9) the answer is not {answers[1]:.3g}. Draw them on squared paper.")
