"""Checks of notebook 14."""

import numpy as np
import torch
from torch import Tensor

from bagnet_utils.exercises.judging import Wrong, describe, row, table
from bagnet_utils.statistics import confidence_interval

# ------------------------------------------------------------ which test pictures were learnt?

SIDE, NEAR = 12, 0.1  # px of the judge's pictures; how far apart two pixels of copies may lie


def split_with_leaks(random: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Pictures to learn from and to test on. Some of the latter are copies, mirrored or not, of some of the former."""
    learnt = random.random((random.integers(5, 9), 3, SIDE, SIDE))
    test = random.random((9, 3, SIDE, SIDE))
    test[8] = test[7]  # twice in the test, and never learnt: no leak
    test[6] = learnt[0][:, random.permutation(SIDE)]  # the same colours in another order: no copy
    for number, way in enumerate(random.permutation([0, 0, 1, 1, 2, 2])):  # new, a copy, a mirrored copy
        if way:
            test[number] = learnt[random.integers(len(learnt))][:, :, :: (1, -1)[way - 1]]
    saved_again = np.clip(test + random.uniform(-0.02, 0.02, test.shape), 0, 1)
    return torch.from_numpy(learnt).float(), torch.from_numpy(saved_again).float()


def without_leaks() -> tuple[Tensor, Tensor]:
    pictures = torch.rand(8, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    return pictures[:4], pictures[4:]


def near(one: Tensor, other: Tensor) -> bool:
    return bool((one - other).abs().max() < NEAR)


def with_copies(learnt: Tensor, test: Tensor, alike) -> list[int]:
    """Numbers of the test pictures that are like one of the learnt ones."""
    return [number for number, one in enumerate(test) if any(alike(one, other) for other in learnt)]


def copies_or_mirrored(learnt: Tensor, test: Tensor) -> list[int]:
    return with_copies(learnt, test, lambda one, other: near(one, other) or near(one.flip(2), other))


def of_learnt(learnt: Tensor, test: Tensor) -> list[int]:
    return copies_or_mirrored(test, learnt)


def within_the_test(learnt: Tensor, test: Tensor) -> list[int]:
    inside = [
        number for number, one in enumerate(test) for k, other in enumerate(test) if k != number and near(one, other)
    ]
    return sorted({*copies_or_mirrored(learnt, test), *inside})


def picture_numbers(answer) -> list[float]:
    """The numbers of some pictures, in order."""
    if isinstance(answer, (Tensor, np.ndarray)) and answer.dtype in (torch.bool, np.dtype(bool)):
        raise Wrong("Yes or no for each picture came. Give the numbers of the pictures for which it is yes.")
    return sorted(set(row(answer)))


leaking = table(
    "Numbers of the test pictures that were learnt: function(learnt N x 3 x H x W, test M x 3 x H x W) -> list.",
    right=copies_or_mirrored,
    draw=split_with_leaks,
    cases=[split_with_leaks(np.random.default_rng(14)), without_leaks()],
    read=picture_numbers,
    wrong=[
        (
            lambda learnt, test: with_copies(learnt, test, near),
            "You miss copies that are mirrored, left for right. The training loop mirrors pictures: they leak as well.",
        ),
        (
            lambda learnt, test: with_copies(learnt, test, lambda one, other: near(one.flip(2), other)),
            "You find only the mirrored ones. Plain copies leak, too.",
        ),
        (
            lambda learnt, test: with_copies(
                learnt, test, lambda one, other: torch.equal(one, other) or torch.equal(one.flip(2), other)
            ),
            "You ask that all pixels are equal. A picture that was saved again differs a little: allow for it.",
        ),
        (of_learnt, "These are numbers of learnt pictures. Which pictures of the test have a copy there?"),
        (
            within_the_test,
            "You also count pictures that are twice in the test. That is not nice, but nobody learnt them: no leak.",
        ),
        (
            lambda learnt, test: with_copies(
                learnt, test, lambda one, other: near(one.mean((1, 2)), other.mean((1, 2)))
            ),
            "You compare mean colours. Many different pictures share them: compare pixel by pixel.",
        ),
    ],
    praise="Copies, mirrored copies, saved again or not: none of them says how good a network is on NEW pictures.",
    otherwise="For the first split that fails, the answer is not {answer}. Which test picture has a copy, mirrored or "
    "not, among the learnt ones?",
)

# ------------------------------------------------------------ what may be said?

GOAL = 80  # percent


def by_interval(right: int, total: int, classes: int) -> tuple[bool, bool, bool]:
    low, high = confidence_interval(right, total)
    return low > 100 / classes, low > GOAL, high < GOAL


def by_value(right: int, total: int, classes: int) -> tuple[bool, bool, bool]:
    percent = 100 * right / total
    return percent > 100 / classes, percent > GOAL, percent < GOAL


def by_wrong_ends(right: int, total: int, classes: int) -> tuple[bool, bool, bool]:
    low, high = confidence_interval(right, total)
    return high > 100 / classes, high > GOAL, low < GOAL


def not_shown_is_refuted(right: int, total: int, classes: int) -> tuple[bool, bool, bool]:
    low, _ = confidence_interval(right, total)
    return low > 100 / classes, low > GOAL, not low > GOAL


def by_normal_interval(right: int, total: int, classes: int) -> tuple[bool, bool, bool]:
    share = right / total
    half = 1.96 * (share * (1 - share) / total) ** 0.5
    return share - half > 1 / classes, 100 * (share - half) > GOAL, 100 * (share + half) < GOAL


def shares_for_percent(right: int, total: int, classes: int) -> tuple[bool, bool, bool]:
    low, high = confidence_interval(right, total)
    return low > 1 / classes, low > GOAL / 100, high < GOAL / 100


def always_two_classes(right: int, total: int, classes: int) -> tuple[bool, bool, bool]:
    return by_interval(right, total, 2)


def some_result(random: np.random.Generator) -> tuple[int, int, int]:
    """A result on a few pictures or many, near what is claimed of it."""
    total, classes = int(random.choice([6, 12, 25, 60, 200, 700])), int(random.integers(2, 11))
    share = random.choice([1 / classes, 0.7, 0.8, 0.9, 1]) + random.normal(0, 0.06)
    return round(float(np.clip(share, 0, 1)) * total), total, classes


def yes_or_no(answer) -> list[float]:
    """Three times yes or no."""
    try:
        found = [*answer]
    except TypeError:
        raise Wrong(f"Three times True or False is wanted, but {describe(answer)} came.") from None
    if len(found) != 3:
        raise Wrong(f"Three times True or False is wanted, one for each claim, but {len(found)} answers came.")
    if not all(isinstance(one, (bool, np.bool_)) for one in found):
        raise Wrong("Give True or False for each claim: is it shown by these numbers?")
    return [float(one) for one in found]


claims_that_hold = table(
    "Which claims are shown? function(right, total, classes) -> (better than guessing, above 80 %, below 80 %)",
    right=by_interval,
    draw=some_result,
    cases=[(9, 12, 5), (3, 3, 2), (50, 60, 5), (700, 715, 32), (120, 200, 3)],
    read=yes_or_no,
    wrong=[
        (by_value, "You look at the number alone. With {0} of {1}, how far may chance have moved it?"),
        (by_wrong_ends, "You take the other ends of the interval: what is possible is not yet shown."),
        (
            not_shown_is_refuted,
            "You call a claim wrong because it was not shown. With {0} of {1}, both may be open: above AND below.",
        ),
        (
            by_normal_interval,
            "Your interval has no width where all are right, or nearly none. Take bu.confidence_interval.",
        ),
        (shares_for_percent, "bu.confidence_interval gives percent. You compare it with a share."),
        (always_two_classes, "You take 50 % for guessing. There are {2} classes, each with as many pictures."),
    ],
    praise="A claim holds if the whole interval lies on its side; else it is open, and more pictures must decide.",
    otherwise="For {0} of {1} right and {2} classes it is not {answer}. Where does the whole interval lie?",
)
