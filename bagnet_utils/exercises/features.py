"""Checks of notebook 12b."""

import numpy as np
import torch
from torch import Tensor

from bagnet_utils.exercises.judging import Wrong, call, exercise, tensor

HEIGHT, WIDTH = 40, 48  # px, of the pictures that the judge makes up


def cast(random: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Masks of a part and of an object in each of eight pictures: a rectangle in a larger one, at any place."""
    high, wide = random.integers(3, 7, 2)
    parts, objects = torch.zeros(2, 8, HEIGHT, WIDTH, dtype=torch.bool)
    for part, thing in zip(parts, objects, strict=True):
        height, width = random.integers((20, 22), (30, 34))
        top, left = random.integers(HEIGHT - height + 1), random.integers(WIDTH - width + 1)
        thing[top : top + height, left : left + width] = True
        row, column = top + random.integers(height - high + 1), left + random.integers(width - wide + 1)
        part[row : row + high, column : column + wide] = True
    return parts, objects


def steps(parts: Tensor, objects: Tensor) -> list[Tensor]:
    """For each picture: the steps, down and right, by which its part may move."""
    found = []
    for part, thing in zip(parts, objects, strict=True):
        (top, left), (bottom, right) = part.nonzero().amin(0).tolist(), thing.nonzero().amax(0).tolist()
        high, wide = (part.nonzero().amax(0) - part.nonzero().amin(0) + 1).tolist()
        first_row, first_column = thing.nonzero().amin(0).tolist()
        found.append(
            torch.tensor(
                [
                    (row - top, column - left)
                    for row in range(first_row, bottom - high + 2)
                    for column in range(first_column, right - wide + 2)
                    if abs(row - top) >= high or abs(column - left) >= wide
                ]
            )
        )
    return found


def moved(parts: Tensor, ways) -> Tensor:
    """Each part moved by a step of its own."""
    return torch.stack([part.roll(tuple(map(int, way)), (0, 1)) for part, way in zip(parts, ways, strict=True)])


def anew(parts: Tensor, objects: Tensor, seed: int) -> Tensor:
    """The control as it should be."""
    random = np.random.default_rng(seed)
    return moved(parts, [free[random.integers(len(free))] for free in steps(parts, objects)])


def without_seed(parts: Tensor, objects: Tensor, seed: int) -> Tensor:
    return anew(parts, objects, 0)


def by_chance(parts: Tensor, objects: Tensor, seed: int) -> Tensor:
    return anew(parts, objects, int(np.random.default_rng().integers(2**31)))


def larger(parts: Tensor, objects: Tensor, seed: int) -> Tensor:
    controls = anew(parts, objects, seed)
    return controls | controls.roll(1, 1)


def over_itself(parts: Tensor, objects: Tensor, seed: int) -> Tensor:
    """One pixel up or down, or one aside, and never out of the picture."""
    aside, ways = np.random.default_rng(seed).random(len(parts)) < 0.5, []
    for part, along in zip(parts, aside, strict=True):
        top, left = part.nonzero()[0].tolist()
        ways.append((0, -1 if left else 1) if along else (-1 if top else 1, 0))
    return moved(parts, ways)


def anywhere(parts: Tensor, objects: Tensor, seed: int) -> Tensor:
    return anew(parts, torch.ones_like(objects), seed)


def one_step(parts: Tensor, objects: Tensor, seed: int) -> Tensor:
    """All parts moved alike, by a step that is free in every picture, or in as many as can be."""
    free = [set(map(tuple, mine.tolist())) for mine in steps(parts, objects)]
    common = sorted(max(free, key=len), key=lambda step: (-sum(step in mine for mine in free), hash((step, seed))))
    return moved(parts, [common[0]] * len(parts))


def one_place(parts: Tensor, objects: Tensor, seed: int) -> Tensor:
    return anew(parts[:1], objects[:1], seed).expand_as(parts)


def scattered(parts: Tensor, objects: Tensor, seed: int) -> Tensor:
    controls, random = torch.zeros_like(parts), np.random.default_rng(seed)
    for control, part, thing in zip(controls, parts, objects, strict=True):
        free = (thing & ~part).nonzero()
        control[tuple(free[random.permutation(len(free))[: int(part.sum())]].T)] = True
    return controls


def nearest(parts: Tensor, objects: Tensor, seed: int) -> Tensor:
    """Always the first free place: on the object, beside the part, and not random."""
    return moved(parts, [free[0] for free in steps(parts, objects)])


@exercise(
    wrong=[
        (lambda parts, objects, seed: parts, "These are the parts themselves."),
        (lambda parts, objects, seed: torch.zeros_like(parts), "hides nothing"),
        (larger, "Hide as many, or that may be the reason."),
        (over_itself, "of the part are hidden as well"),
        (anywhere, "do not lie on the object"),
        (one_place, "the same place in all pictures"),
        (one_step, "Each picture needs a step of its own."),
        (scattered, "not in one piece like the part"),
        (without_seed, "Another seed gives the same masks"),
        (nearest, "Another seed gives the same masks"),
        (by_chance, "The same seed gives other masks"),
    ]
)
def control_masks(function):
    """Random parts: function(parts N x H x W, objects N x H x W, seed) -> N x H x W booleans."""
    random = np.random.default_rng(12)
    for seed in range(8):
        parts, objects = cast(random)
        controls = judged(tensor(call(function, parts, objects, seed), parts.shape) > 0.5, parts, objects)
        if not torch.equal(controls, tensor(call(function, parts, objects, seed), parts.shape) > 0.5):
            raise Wrong("The same seed gives other masks when it is asked again: then nobody can repeat your test.")
        others = [tensor(call(function, parts, objects, seed + more), parts.shape) > 0.5 for more in (1, 2)]
        if all(torch.equal(controls, other) for other in others):
            raise Wrong("Another seed gives the same masks. Draw the places at random, with the seed that is given.")
    return (
        "As large, in one piece, on the object, beside the part, drawn anew: only WHICH part it is has been left out."
    )


def judged(controls: Tensor, parts: Tensor, objects: Tensor) -> Tensor:
    """The masks as they came, or what is wrong with them."""
    if torch.equal(controls, parts):
        raise Wrong("These are the parts themselves. A control leaves them as they are and hides something else.")
    for number, (control, part) in enumerate(zip(controls, parts, strict=True)):
        asked, found = int(part.sum()), int(control.sum())
        if found == 0:
            raise Wrong(f"In picture {number} your mask hides nothing. Hide as many pixels as the part has.")
        if found != asked:
            raise Wrong(f"A part has {asked} pixels, yours {found}. Hide as many, or that may be the reason.")
    if all(torch.equal(control, controls[0]) for control in controls):
        raise Wrong(
            "You hide the same place in all pictures. Then it may be the same part again: draw for each picture."
        )
    ways = [control.nonzero()[0] - part.nonzero()[0] for control, part in zip(controls, parts, strict=True)]
    for number, (control, part, thing, way) in enumerate(zip(controls, parts, objects, ways, strict=True)):
        if not torch.equal(control.nonzero(), part.nonzero() + way):
            raise Wrong(f"As many pixels, but in picture {number} not in one piece like the part. Move the whole part.")
        if all(torch.equal(way, other) for other in ways):
            raise Wrong("All parts move alike, so like objects meet like parts. Each picture needs a step of its own.")
        if both := int((control & part).sum()):
            raise Wrong(f"In picture {number}, {both} pixels of the part are hidden as well. Keep away from it.")
        if beside := int((control & ~thing).sum()):
            raise Wrong(f"In picture {number}, {beside} pixels do not lie on the object. Ground is no part of it.")
    return controls
