"""Checks of notebook 11."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from bagnet_utils.exercises.judging import MANY, Wrong, call, exercise, normal, row, table


def probabilities(random) -> tuple[Tensor]:
    """A curve of two to nine probabilities, of which one in three rises."""
    curve = np.sort(random.uniform(0, 1, random.integers(2, 10)))[:: random.choice([-1, -1, 1])]
    return (torch.from_numpy(curve + random.uniform(0, 0.05, len(curve))).float(),)


CURVE = "For the curve {0} you give {answer}: "
mean_fall = table(
    "How far a probability falls over a masking curve: function(curve, 1-D, nothing hidden first) -> number.",
    right=lambda curve: (curve[0] - curve[1:].mean()).item(),
    cases=[(torch.tensor([0.9, 0.8, 0.4, 0.2, 0.1]),), (torch.tensor([0.5, 0.7, 0.8]),)],
    draw=probabilities,
    wrong=[
        (lambda curve: curve[1:].mean() - curve[0], CURVE + "the sign is turned round. A fall counts as positive."),
        (
            lambda curve: curve[0] - curve.mean(),
            CURVE + "the first point is in your mean, but nothing is hidden there.",
        ),
        (
            lambda curve: curve[0] - curve[-1],
            CURVE + "that is the fall at the end. All the other points count as well.",
        ),
        (lambda curve: (curve[:-1] - curve[1:]).mean(), CURVE + "that is the mean step from point to point."),
        (lambda curve: curve[1:].mean(), CURVE + "that is the mean itself. How far does it lie below the first point?"),
        (lambda curve: curve[0] - curve[1:].median(), CURVE + "that is a median. The mean is wanted."),
        (lambda curve: 1 - curve[1:].mean() / curve[0], CURVE + "that is a share. The fall itself is wanted."),
        (lambda curve: curve[0] - curve[1:].min(), CURVE + "that is the largest fall. The mean is wanted."),
        (
            lambda curve: curve.max() - curve[1:].mean(),
            CURVE + "the fall counts from the first point, not the highest.",
        ),
        (lambda curve: (curve[0] - curve[1:].mean()).abs(), CURVE + "a curve that rises falls by less than nothing."),
        (lambda curve: (curve[0] - curve[1:]).clamp(min=0).mean(), CURVE + "points above the first one count as well."),
    ],
    praise="One number for a whole curve: with it many networks and many maps can be compared.",
    otherwise=CURVE + "take the first point, and the mean of all the others.",
)

Units = Sequence[tuple[float, float, float]]


def of_units(units: Units, x: float) -> tuple[float, float, float]:
    """What the units (weight, bias, top) answer to a number, their gradient, and how near one is to its kink."""
    sums = [weight * x + bias for weight, bias, _ in units]
    answer = sum(top * max(one, 0.0) for one, (_, _, top) in zip(sums, units, strict=True))
    slope = sum(top * weight for one, (weight, _, top) in zip(sums, units, strict=True) if one > 0)
    return answer, slope, min((abs(one) for one, (w, _, top) in zip(sums, units, strict=True) if w * top), default=1.0)


def units_of(answer) -> list[list[float]]:
    try:
        if all(len(unit) == 3 for unit in answer):
            return [row(unit) for unit in answer]
    except TypeError:  # what has no length
        pass
    raise Wrong("A list of units is wanted, each of three numbers: (weight, bias, top).")


def closed(x: float, gain: float) -> Units:
    """A unit that is open at 0 and closed at x."""
    side = 1 if x > 0 else -1
    return [(-side, abs(x) / 2, -2 * gain / abs(x))]


@exercise(
    wrong=[
        (lambda x, gain: [(1, 0, gain / x)], "the gradient is"),
        (lambda x, gain: [(x / abs(x), 0, gain / abs(x))], "the gradient is"),
        (lambda x, gain: [], "the answer gains 0"),
        (lambda x, gain: [(-abs(x), 0, gain)], "the answer gains 0"),
        (lambda x, gain: [(w, b, -top) for w, b, top in closed(x, gain)], "the answer gains"),
        (lambda x, gain: [(-1, abs(x) / 2, -2 * gain / abs(x))], "the answer gains"),
        (lambda x, gain: [(-x / abs(x), abs(x), -gain / abs(x))], "just at its kink"),
        (lambda x, gain: closed(2, 1), "the answer gains"),
        (lambda x, gain: closed(x, gain)[0], "A list of units"),
    ]
)
def flat_net(function) -> str:
    """A net of ReLUs whose gradient at x is 0, though it gains something from 0 to x: function(x, gain) -> units."""
    random = np.random.default_rng(11)
    drawn = (random.uniform(0.3, 4, 2) * random.choice([-1, 1], 2) for _ in range(MANY))
    picked = (2.0, 1.0), (2.0, -1.5), (-3.0, 1.0), (-0.5, -2.0), (0.004, 1.0), (-0.03, 2.0)  # small pixels as well
    for x, gain in (*picked, *(pair.round(2).tolist() for pair in drawn)):
        units = units_of(call(function, x, gain))
        (answer, slope, kink), blank = of_units(units, x), of_units(units, 0.0)[0]
        case = f"For x = {x:g} and gain = {gain:g} "
        if abs(answer - blank - gain) > 1e-4:
            raise Wrong(
                f"{case}the answer gains {answer - blank:.4g} from 0 to x. Is your unit open at one of the two?"
            )
        if kink < 1e-6:
            raise Wrong(f"{case}a unit lies just at its kink, where its gradient is not defined. Move the kink.")
        if abs(slope) > 1e-6:
            raise Wrong(f"{case}the gradient is {slope:.4g} at x. Only units that are closed at x have none.")
    return "Saliency, input times gradient and LRP say 0 here. Integrated gradients and DeepLIFT find the whole gain."


def order_of(rank: Tensor, side: int, pool: Callable = F.avg_pool2d) -> Tensor:
    return pool(rank[None, None], side).flatten().argsort(descending=True)


def two_maps(random) -> tuple[Tensor, Tensor, int]:
    """Maps of a class and of its twin, with much in common; neither square nor of one size."""
    side, height, width = int(random.integers(2, 9)), *random.integers(2, 9, 2)
    height += height == width
    common, one, other = normal(random, 3, height * side, width * side)
    squares = normal(random, 2, height, width).repeat_interleave(side, 1).repeat_interleave(side, 2)
    return 2 * common + one + squares[0] + squares[1], 2 * common + other + squares[1], side


MAPS = "For the maps {0} and {1}, squares of {2} px: "
ranked_against_twin = table(
    "Squares ranked by the evidence for a class rather than its twin: function(of_class, of_twin, side) -> numbers.",
    right=lambda a, b, side: order_of(a - b, side).tolist(),
    cases=[(torch.tensor([[5.0, 1, 9], [2, 4, 3]]), torch.tensor([[5.0, 0, 12], [0, 1, 4]]), 1)],
    draw=two_maps,
    wrong=[
        (lambda a, b, side: order_of(a, side), MAPS + "you rank by the class alone. Rather than what?"),
        (lambda a, b, side: order_of(-b, side), MAPS + "you rank by the twin alone."),
        (lambda a, b, side: order_of(b - a, side), MAPS + "the least important squares come first."),
        (lambda a, b, side: order_of((a - b).abs(), side), MAPS + "keep the signs."),
        (lambda a, b, side: order_of((a - b).clamp(min=0), side), MAPS + "evidence for the twin counts too."),
        (lambda a, b, side: order_of(a + b, side), MAPS + "you add the two maps."),
        (lambda a, b, side: order_of(a / b, side), MAPS + "a ratio turns round where evidence is negative: subtract."),
        (lambda a, b, side: order_of(a - b, side, F.max_pool2d), MAPS + "you take the largest pixel, not the mean."),
        (lambda a, b, side: order_of(a - b, side).argsort(), MAPS + "you give places. Give squares."),
        (lambda a, b, side: order_of((a - b).T, side), MAPS + "squares are counted row by row, not column by column."),
        (lambda a, b, side: order_of(a - b, 1), MAPS + "you rank pixels. Bring each square to its mean first."),
    ],
    praise="Does the heatmap recover? The next cell shows it.",
    otherwise=MAPS + "another order is right. First the difference, then each square's mean, then the largest first.",
)


def gap(total: Callable = torch.sum, rise: Callable = lambda logit, blank: logit - blank, sign: int = 1) -> Callable:
    return lambda attribution, logit, blank: sign * (total(attribution).item() - rise(logit, blank))


ADDS = "For the map {0}, logit {1} and blank logit {2} you give {answer}: "
completeness_gap = table(
    "By how much a map misses its sum: function(attribution H x W, logit, logit of the blank picture) -> number.",
    right=gap(),
    cases=[
        (torch.tensor([[3.0, -1], [2, 0]]), 7.0, 2.0),
        (torch.tensor([[3.0, -1], [2, 0]]), 3.0, 1.5),
        (torch.tensor([[1.0, -4]]), -20.0, 1.5),
    ],
    draw=lambda random: (normal(random, *random.integers(2, 7, 2)), *random.normal(0, 6, 2).round(2).tolist()),
    within=1e-3,
    wrong=[
        (gap(sign=-1), ADDS + "the sign is turned round. A map that adds up to too much has a positive gap."),
        (gap(rise=lambda logit, blank: logit), ADDS + "you forget the blank picture. It has a logit, too."),
        (gap(rise=lambda logit, blank: blank - logit), ADDS + "how far the logit rises is logit minus blank logit."),
        (
            gap(rise=lambda logit, blank: logit + blank),
            ADDS + "the blank picture's logit is already there: subtract it.",
        ),
        (
            gap(rise=lambda logit, blank: abs(logit - blank)),
            ADDS + "a logit may fall as well: leave out absolute values.",
        ),
        (gap(rise=lambda logit, blank: 0), ADDS + "that is the sum. By how much does it miss the rise of the logit?"),
        (gap(torch.mean), ADDS + "a BagNet's heatmap has a mean that counts. These maps have a sum."),
        (gap(lambda a: a.abs().sum()), ADDS + "what speaks against the class has to be subtracted."),
        (gap(lambda a: a.clamp(min=0).sum()), ADDS + "you add up what is positive only."),
        (lambda *given: abs(gap()(*given)), ADDS + "a map that adds up to too little has a negative gap."),
        (lambda a, logit, blank: a.sum() / (logit - blank), ADDS + "a difference is wanted, not a ratio."),
    ],
    praise="A check that costs nothing: a map that does not add up was made by a method that slipped.",
    otherwise=ADDS + "the map's sum, minus how far the logit rose from the blank picture on.",
)
