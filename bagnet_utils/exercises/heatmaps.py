"""Checks of notebook 05."""

import numpy as np
import torch
from torch import Tensor

from bagnet_utils.exercises.judging import normal, table


def left(evidence: Tensor, cells: list[tuple[int, int]]) -> Tensor:
    """True where no cell has been silenced: h x w."""
    kept = torch.ones_like(evidence, dtype=torch.bool)
    for row, column in cells:
        kept[row, column] = False
    return kept


def sum_left(evidence: Tensor, cells: list[tuple[int, int]]) -> float:
    return evidence[left(evidence, cells)].sum().item()


def map_and_cells(random) -> tuple[Tensor, list[tuple[int, int]]]:
    """A map of evidence, zeros in it too, and some of its cells, the last one and repeated ones among them."""
    height, width = (int(side) for side in random.integers(3, 7, 2))
    cells = [(int(random.integers(height)), int(random.integers(width))) for _ in range(random.integers(0, 5))]
    cells += cells[:1] * int(random.integers(0, 2)) + [(height - 1, width - 1)] * int(random.integers(0, 2))
    return (5 * normal(random, height, width) + 2).round(), cells


FIXED = normal(np.random.default_rng(0), 4, 5)
logit_without = table(
    "The mean of the evidence that is left: function(evidence h x w, silenced cells).",
    right=lambda evidence, cells: evidence[left(evidence, cells)].mean().item(),
    cases=[(FIXED, [(0, 1), (3, 4), (2, 2), (0, 1)]), (FIXED, [(3, 0), (1, 4)]), (FIXED, [])],
    draw=map_and_cells,
    wrong=[
        (
            lambda evidence, cells: sum_left(evidence, cells) / evidence.numel(),
            "You add up what is left, but divide by all patches: the silenced ones then count as zeros.",
        ),
        (
            lambda evidence, cells: sum_left(evidence, cells) / (evidence.numel() - len(cells)),
            "For the cells {1}: one is named twice, and you count it twice. How many patches are really left?",
        ),
        (
            lambda evidence, cells: (
                (evidence.sum() - sum(evidence[cell] for cell in cells)).item() / (evidence.numel() - len(cells))
            ),
            "For the cells {1}: one is named twice, and you silence it twice. A patch can be left out only once.",
        ),
        (sum_left, "That is the sum of what is left; the logit is its mean."),
        (lambda e, cells: e[left(e, cells) & (e != 0)].mean().item(), "A patch whose evidence is 0 counts as well."),
        (
            lambda evidence, cells: evidence[~left(evidence, cells)].mean().item() if cells else evidence.mean().item(),
            "That is the mean of the silenced patches: asked for are the others.",
        ),
        (lambda evidence, cells: evidence.mean().item(), "Nothing has been silenced: the mean is that of all patches."),
        (
            lambda evidence, cells: evidence[left(evidence, cells[:1])].mean().item(),
            "For the cells {1}: only the first of them is silenced.",
        ),
        (
            lambda evidence, cells: evidence[left(evidence, cells[-1:])].mean().item(),
            "For the cells {1}: only the last of them is silenced. Does each round begin with all patches again?",
        ),
    ],
    praise="No other network lets you predict this without asking it again.",
    otherwise="For the cells {1} you say {answer}, which is not the mean of what is left. Try a map of 2 x 2 by hand.",
)


def area(box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def common(first, second) -> tuple[int, int]:
    """Height and width of what two boxes share; negative where they do not meet."""
    return tuple(min(first[side + 2], second[side + 2]) - max(first[side], second[side]) for side in (0, 1))


def shared(first, second) -> int:
    height, width = common(first, second)
    return max(height, 0) * max(width, 0)


def over_union(first, second, both: int) -> float:
    return both / (area(first) + area(second) - both)


def box(random, low: int = 0, high: int = 30) -> tuple[int, int, int, int]:
    """A box of one pixel or more, higher or wider."""
    top, side = (int(start) for start in random.integers(low, high, 2))
    return top, side, top + int(random.integers(1, 25)), side + int(random.integers(1, 15))


def two_boxes(random) -> tuple:
    """Two boxes: anywhere, one inside the other, the same, or far apart."""
    first = box(random)
    inside = first[0] + 1, first[1], first[2] + 2, first[3] + 3
    others = [box(random), box(random), box(random), inside, first, box(random, 70, 90)]
    pair = [first, others[random.integers(len(others))]]
    return tuple(pair[::-1] if random.random() < 0.5 else pair)


BOXES = "For the boxes {0} and {1} "
overlap = table(
    "Intersection over union of two boxes: function(first, second).",
    right=lambda first, second: over_union(first, second, shared(first, second)),
    cases=[
        ((0, 0, 4, 4), (0, 0, 4, 4)),
        ((0, 0, 4, 6), (2, 1, 6, 9)),
        ((0, 0, 8, 8), (2, 2, 4, 4)),
        ((0, 0, 2, 2), (5, 5, 9, 9)),
        ((0, 0, 2, 9), (5, 0, 9, 9)),
        ((3, 4, 6, 5), (6, 4, 8, 5)),
        ((0, 4, 12, 7), (5, 0, 9, 14)),
    ],
    draw=two_boxes,
    wrong=[
        (
            lambda a, b: shared(a, b) / (area(a) + area(b)),
            "Two equal boxes must give 1, yours give 0.5: the shared area is counted twice in what they cover.",
        ),
        (
            lambda a, b: 2 * shared(a, b) / (area(a) + area(b)),
            BOXES + "you say {answer}. You divide by the mean of the two areas; divide by what they cover together.",
        ),
        (shared, "Two equal boxes must give 1. Is your shared area divided by what both cover together?"),
        (lambda a, b: shared(a, b) / area(a), BOXES + "you divide by the first box; divide by what both cover."),
        (lambda a, b: shared(a, b) / area(b), BOXES + "you divide by the second box; divide by what both cover."),
        (
            lambda a, b: shared(a, b) / min(area(a), area(b)),
            "A small box inside a large one gives 1 with you; but they are far from being the same.",
        ),
        (
            lambda a, b: over_union(a, b, common(a, b)[0] * common(a, b)[1]),
            BOXES + "you say {answer}. They do not meet. What does a negative height or width mean?",
        ),
        (
            lambda a, b: over_union(a, b, max(common(a, b)[0] * common(a, b)[1], 0)),
            BOXES + "you say {answer}. They do not meet: two negative sides make a positive area.",
        ),
        (
            lambda a, b: over_union(
                (0, 0, a[2] - a[0] + 1, a[3] - a[1] + 1),
                (0, 0, b[2] - b[0] + 1, b[3] - b[1] + 1),
                max(common(a, b)[0] + 1, 0) * max(common(a, b)[1] + 1, 0),
            ),
            BOXES + "you say {answer}. The last row and column are just outside: a box (0, 0, 1, 1) is one pixel.",
        ),
        (
            lambda a, b: 1 - over_union(a, b, shared(a, b)),
            "Two equal boxes must give 1 and not 0: asked is what they share, not how they differ.",
        ),
    ],
    praise="0 where they do not meet, 1 where they are the same.",
    otherwise=BOXES + "the answer is not {answer}. Draw them on squared paper.",
)


def windows(thing: Tensor, patch: int, stride: int) -> Tensor:
    """Each patch's piece of the mask: h x w x patch x patch."""
    return thing.unfold(0, patch, stride).unfold(1, patch, stride)


def percent(part: Tensor, whole: Tensor) -> float:
    return 100 * (part.sum() / whole.sum()).item() if whole.sum() != 0 else 0.0


def reach(evidence: Tensor, thing: Tensor, patch: int, stride: int = 8, middle=None, sees=None) -> float:
    """The share of evidence off the thing that lies on patches which see it; or with other patches in these roles."""
    seen = windows(thing, patch, stride)
    middle = seen[..., patch // 2, patch // 2] if middle is None else middle(seen)
    sees = seen.any(-1).any(-1) if sees is None else sees(seen)
    outside = evidence.clamp(min=0) * ~middle
    return percent(outside * sees, outside)


def by_middle(combine):
    """A share that a function of (positive evidence, middle on the thing, sees the thing) gives."""

    def function(evidence, thing, patch, stride=8):
        seen = windows(thing, patch, stride)
        return combine(evidence, seen[..., patch // 2, patch // 2], seen.any(-1).any(-1))

    return function


def map_and_thing(random) -> tuple[Tensor, Tensor, int, int]:
    """A map of large or small evidence, and a thing of two rectangles in a picture that is not square."""
    patch, stride = 2 * int(random.integers(1, 9)) + 1, int(random.integers(1, 9))
    height, width = (patch + int(more) for more in random.integers(3 * stride, 5 * stride, 2))
    thing = torch.zeros(height, width, dtype=torch.bool)
    for _ in range(2):
        top, side = int(random.integers(height)), int(random.integers(width))
        thing[top : top + int(random.integers(1, 12)), side : side + int(random.integers(1, 9))] = True
    evidence = normal(random, (height - patch) // stride + 1, (width - patch) // stride + 1)
    return float(random.choice([0.01, 1, 20])) * evidence, thing, patch, stride


LONE = torch.nn.functional.pad(torch.ones(3, 4), (16, 13, 8, 13)) > 0  # 24 x 33, a small thing in it
by_reach = table(
    "Percent of positive evidence off a thing that patches hold which see a piece of it: "
    "function(evidence h x w, thing H x W, patch, stride).",
    right=reach,
    cases=[
        (normal(np.random.default_rng(1), 2, 4), LONE, 9, 8),
        (normal(np.random.default_rng(2), 8, 13), LONE, 9, 2),
        (-torch.ones(2, 4), LONE, 9, 8),
    ],
    draw=map_and_thing,
    wrong=[
        (
            lambda *case: 100 - reach(*case),
            "That is the share of patches that see nothing of the thing: the part which reach does not explain.",
        ),
        (lambda *case: reach(*case) / 100, "That is a proportion; asked for is percent."),
        (
            by_middle(lambda e, middle, sees: percent(e.clamp(min=0) * sees * ~middle, e.clamp(min=0))),
            "You divide by all positive evidence. Asked is a share of what lies off the thing.",
        ),
        (
            by_middle(lambda e, middle, sees: percent(e.clamp(min=0) * ~middle, e.clamp(min=0))),
            "That is how much of the evidence lies off the thing. How much of this comes from patches that see it?",
        ),
        (
            by_middle(lambda e, middle, sees: percent((sees & ~middle).float(), (~middle).float())),
            "You count patches. Asked is how much evidence lies on them.",
        ),
        (
            by_middle(lambda e, middle, sees: percent(e * sees * ~middle, e * ~middle)),
            "Evidence against the class is in your sums. Asked is the positive part alone.",
        ),
        (
            lambda *case: reach(*case, middle=lambda seen: seen[..., 0, 0]),
            "You take a patch's first pixel for its middle. A patch of {2} px has its middle {2} // 2 px further on.",
        ),
        (
            lambda *case: reach(*case, sees=lambda seen: seen.all(-1).all(-1)),
            "You find no such evidence. A patch sees the thing with one pixel of it, though its middle lies off it.",
        ),
        (
            lambda *case: reach(*case, sees=lambda seen: seen[..., :-1, :-1].any(-1).any(-1)),
            "Patches of {2} px every {3}: you miss that a patch sees its last row and column, too.",
        ),
    ],
    praise="Now it can decide: see below what it says of three networks.",
    otherwise="Patches of {2} px every {3}: you say {answer}. Begin with three masks of the map's size: "
    "positive evidence, middle off the thing, a piece of it seen.",
)
