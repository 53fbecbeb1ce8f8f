"""Wrong answers to the exercises of notebooks 00 to 06: check -> answers, and a piece of what each must be told."""

import numpy as np
import torch


def stack_rule(grow, first=1, late=True):
    def function(kernels, strides):
        width, step = first, 1
        for kernel, stride in zip(kernels, strides, strict=True):
            if not late:
                step *= stride
            width += grow(kernel, step)
            if late:
                step *= stride
        return width

    return function


def silenced(evidence, cells):
    evidence = evidence.clone()
    for row, column in cells:
        evidence[row, column] = 0
    return evidence


def scattered(corners):
    free = (~corners.flatten()).nonzero()[:, 0]
    chosen = free[torch.linspace(0, len(free) - 1, int(corners.sum())).long()]
    return torch.zeros(corners.numel(), dtype=torch.bool).scatter(0, chosen, True).reshape(corners.shape)


def spot(evidence):
    return tuple(int(i) for i in torch.unravel_index(evidence.argmax(), evidence.shape))


def apart(features, centres):
    return ((features[None] - centres[:, :, None, None]) ** 2).sum(1)


def area(box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def shared(first, second, clip: bool = True) -> int:
    sides = [min(first[i + 2], second[i + 2]) - max(first[i], second[i]) for i in (0, 1)]
    return max(sides[0], 0) * max(sides[1], 0) if clip else sides[0] * sides[1]


WRONG = {  # check -> wrong answers and a piece of what each must be told
    "verdict": [
        (lambda votes: votes.argmax(1).mode().values, "do not elect"),
        (lambda votes: int(votes.argmax() % 3), "loudest single patch"),
        (lambda votes: votes.mean(0), "Which class wins"),
        (lambda votes: votes.mean(1), "lie along the first axis"),
        (lambda votes: votes.mean(0).max(), "the place or the value"),
    ],
    "noticing": [
        (lambda patch, stride: -(-patch // stride), "along one direction"),
        (lambda patch, stride: (patch // stride) ** 2, "rounded down"),
        (lambda patch, stride: patch**2, "how many patches hold"),
        (lambda patch, stride: (-(-patch // stride) + 1) ** 2, "one too many"),
        (lambda patch, stride: 576, "Begin with one direction"),
    ],
    "histogram": [
        (lambda words, size: np.bincount(words, minlength=size), "These are counts"),
        (lambda words, size: np.bincount(words) / len(words), "ends with the last word"),
        (lambda words, size: np.unique(words, return_counts=True)[1] / len(words), "that never occurs"),
        (lambda words, size: np.bincount(words, minlength=size) / size, "divide by the number of patches"),
        (lambda words, size: words, "words themselves"),
        (lambda words, size: np.full(size, 1 / size), "7 of 10 patches"),
    ],
    "votes_of": [
        (lambda words, points: points[words].mean(), "One number"),
        (lambda words, points: points[words.ravel()], "in one row"),
        (lambda words, points: points[words] / words.size, "add up to the score"),
        (lambda words, points: words, "only its name"),
        (lambda words, points: points[words] + 1, "look up the points"),
    ],
    "bags_among_them": [
        ({"mean"}, "One is missing"),
        ({"mean", "largest", "upper half"}, "another sign"),
        ({"mean", "neighbours"}, "side by side"),
        ({"mean", "median"}, "set of some of these"),
        (["largest"], "best known"),
    ],
    "window": [
        (stack_rule(lambda kernel, step: kernel * step), "taken off the kernel"),
        (stack_rule(lambda kernel, step: kernel - 1), "forget the strides"),
        (stack_rule(lambda kernel, step: (kernel - 1) * step, late=False), "comes first"),
        (stack_rule(lambda kernel, step: (kernel - 1) * step, first=0), "one pixel short"),
        (lambda kernels, strides: sum(kernels), "another width"),
    ],
    "grid": [
        (lambda side, patch, stride: (side - patch) // stride, "one too few"),
        (lambda side, patch, stride: side // stride, "hang over"),
        (lambda side, patch, stride: (side - patch) / stride + 1, "fraction"),
        (lambda side, patch, stride: side // patch, "like tiles"),
        (lambda side, patch, stride: 24, "is not that of the network"),
    ],
    "who_sees": [
        (lambda pixel, side, patch, stride: pixel // stride, "list is wanted"),
        (lambda pixel, side, patch, stride: [pixel // stride], "miss a patch"),
        (
            lambda pixel, side, patch, stride: [
                i for i in range((side - patch) // stride + 1) if i * stride <= pixel <= i * stride + patch
            ],
            "Is the last pixel inside",
        ),
        (
            lambda pixel, side, patch, stride: [
                i for i in range(side // stride) if i * stride <= pixel < i * stride + patch
            ],
            "hangs over|nobody sees it",
        ),
        (
            lambda pixel, side, patch, stride: [
                i for i in range((side - patch) // stride + 1) if i * stride < pixel < i * stride + patch
            ],
            "miss a patch",
        ),
    ],
    "coin": [
        (lambda n: 0.98 / n**0.5, "asked for are percent"),
        (lambda n: 50 / n**0.5, "one standard deviation"),
        (lambda n: 196 / n**0.5, "Twice too wide"),
        (lambda n: 98 / n, "around the n"),
        (lambda n: 5, "throw a coin"),
    ],
    "patches_for": [
        (lambda gap, stride: (gap, gap + stride), "nothing else"),
        (lambda gap, stride: (gap + 1, gap + stride), "one part, never both"),
        (lambda gap, stride: (gap + 2, gap + 2), "at every pixel"),
        (lambda gap, stride: (gap + 2, gap + 2 + stride), "too early"),
        (lambda gap, stride: gap + 2, "Two numbers"),
        (lambda gap, stride: (gap + 8, gap + 16), "Draw the gap"),
    ],
    "logit_without": [
        (lambda e, cells: silenced(e, cells).sum() / e.numel(), "divide by all patches"),
        (lambda e, cells: silenced(e, cells).sum() / (e.numel() - len(cells)), "named twice"),
        (lambda e, cells: silenced(e, cells).sum(), "That is the sum"),
        (lambda e, cells: e.mean(), "Nothing has been silenced"),
        (lambda e, cells: silenced(e, cells), "one number is wanted"),
    ],
    "overlap": [
        (lambda a, b: shared(a, b) / (area(a) + area(b)), "counted twice"),
        (lambda a, b: shared(a, b), "divided by what both cover"),
        (lambda a, b: shared(a, b) / area(a), "one of the two boxes"),
        (lambda a, b: shared(a, b) / min(area(a), area(b)), "inside a large one|one of the two"),
        (lambda a, b: shared(a, b, False) / (area(a) + area(b) - shared(a, b, False)), "do not meet"),
    ],
    "best_patch": [
        (lambda e, stride: spot(e), "asked for are pixels"),
        (lambda e, stride: (spot(e)[0], spot(e)[2] * stride, spot(e)[1] * stride), "changed places"),
        (lambda e, stride: (0, spot(e)[1] * stride, spot(e)[2] * stride), "found picture 0"),
        (lambda e, stride: (1, 51, 34), "whatever their width"),
        (lambda e, stride: spot(e)[:2], "Three numbers"),
    ],
    "nearest_centre": [
        (lambda f, c: apart(f, c), "distances to all prototypes"),
        (lambda f, c: apart(f, c).argmax(0), "farthest"),
        (lambda f, c: torch.einsum("dhw,kd->khw", f, c).argmax(0), "by products"),
        (lambda f, c: apart(f, c).min(0).values, "asked for is its number"),
        (lambda f, c: torch.zeros(3, 4), "numbers are not"),
    ],
    "effect_of": [
        (lambda t, g, a, b: ((g[:, a] - g[:, b]) - (t[:, a] - t[:, b])).mean().item(), "sign is turned"),
        (lambda t, g, a, b: (t[:, a] - g[:, a]).mean().item(), "first class's logit alone"),
        (lambda t, g, a, b: (t[:, a] - t[:, b]).mean().item(), "What is it without"),
        (lambda t, g, a, b: ((t[:, a] - t[:, b]) - (g[:, a] - g[:, b])).sum().item(), "the sum over"),
        (lambda t, g, a, b: ((t[:, a] - t[:, b]) - (g[:, a] - g[:, b])).abs().mean().item(), "both directions"),
    ],
    "control_for": [
        (lambda corners: corners, "corners themselves"),
        (lambda corners: ~corners, "Hide as many"),
        (lambda corners: corners.flip(1), "hidden as well"),
        (lambda corners: corners.roll(3, 0), "hidden as well"),
        (lambda corners: corners[:, :-1], "is wanted"),
        (lambda corners: scattered(corners), "so scattered"),
    ],
    "add_shortcut": [
        (lambda way, shortcut: way + shortcut[:, :, 1:-1, 1:-1], "keep the middle"),
        (lambda way, shortcut: way + shortcut[:, :, 2:, 2:], "lower right"),
        (lambda way, shortcut: way + torch.nn.functional.interpolate(shortcut, way.shape[2:]), "interpolated"),
        (lambda way, shortcut: torch.nn.functional.pad(way, (0, 2, 0, 2)) + shortcut, "do not pad"),
        (lambda way, shortcut: way, "missing from the sum"),
        (lambda way, shortcut: way + shortcut, "RuntimeError"),
    ],
    "evidence_of": [
        (lambda f, w, b: torch.einsum("ndhw,cd->nchw", f, w), "bias is missing"),
        (lambda f, w, b: torch.einsum("ndhw,cd->nc", f, w) / 12 + b, "mean is taken already"),
        (lambda f, w, b: torch.einsum("ndhw,cd->nhwc", f, w) + b, "classes come last"),
        (lambda f, w, b: (torch.einsum("ndhw,cd->nchw", f, w) + b[:, None, None]) / 12, "divide by the number"),
        (lambda f, w, b: torch.einsum("ndhw,cd->nchw", f, w) + b[:, None, None] / 12, "share the bias"),
        (lambda f, w, b: f[:, :5] + b[:, None, None], "sum over the D features"),
    ],
    "kernel3_for_25": [
        ((1, 1, 1, 1), "too large"),
        ((1, 1, 1, 0), "too small"),
        ((0, 0, 0, 0), "too small"),
        ((1, 1, 9, 0), "No such network"),
        ((1, 2, 1), "four numbers"),
        ((1.0, 2.0, 1.0, 0.0), "No such network"),
    ],
}
