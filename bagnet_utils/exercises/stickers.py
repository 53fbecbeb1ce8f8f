"""A check of notebook 13b: how much of a lead does a sticker leave for certain?"""

import numpy as np
from torch import Tensor

from bagnet_utils.exercises.judging import normal, table


def draw(random: np.random.Generator) -> tuple[Tensor, int, int, float]:
    """Clipped evidence C x h x w of one picture, its label, the cells a side of a window, the most that a cell says."""
    classes, side = int(random.integers(2, 5)), int(random.integers(1, 4))
    height, width = side + random.integers(1, 4, 2)
    top = float(random.integers(2, 6))
    evidence = (top / 2 + top / 2 * normal(random, classes, height, width)).clamp(0, top)
    return evidence, int(random.integers(classes)), side, top


def lead(
    evidence: Tensor, label: int, side: int, top: float, lowers=True, raises=True, keeps=False, step=1, area=None
) -> float:
    """The lead of the label over each class and for each window; the least of them all."""
    height, width = evidence.shape[1:]
    total, leads = evidence.sum((1, 2)), []
    others = [number for number in range(len(evidence)) if number != label]
    for row in range(0, height - side + 1, step):
        for column in range(0, width - side + 1, step):
            inside = evidence[:, row : row + side, column : column + side].sum((1, 2))
            own = total[label] - lowers * inside[label]
            most = total - (not keeps) * inside + raises * top * (side**2 if area is None else area(side))
            leads += [float(own - most[other]) for other in others]
    return min(leads)


def strongest_rival(evidence: Tensor, label: int, side: int, top: float) -> float:
    """Only against the class that comes second before the sticker."""
    scores = evidence.sum((1, 2))
    scores[label] = -np.inf
    two = evidence[[label, int(scores.argmax())]]
    return lead(two, 0, side, top)


def mean_window(evidence: Tensor, label: int, side: int, top: float) -> float:
    """A sticker at the mean place, instead of the worst."""
    height, width = evidence.shape[1:]
    places = [
        lead(evidence, label, side, top, step=10**6)
        if (row, column) == (0, 0)
        else lead(evidence.roll((-row, -column), (1, 2)), label, side, top, step=10**6)
        for row in range(height - side + 1)
        for column in range(width - side + 1)
    ]
    return float(np.mean(places))


proven_lead = table(
    "The lead that the right class surely keeps: function(evidence C x h x w, label, side, top) -> one number.",
    right=lead,
    draw=draw,
    wrong=[
        (
            lambda *case: lead(*case, lowers=False),
            "Your sticker only adds. It also covers what speaks for the right class: in the window that can become 0.",
        ),
        (
            lambda *case: lead(*case, raises=False),
            "Your sticker only takes away. It can also speak for another class: how much can one cell say at most?",
        ),
        (
            lambda *case: lead(*case, keeps=True),
            "Too careful: you count what the window held for the other class, and the most it can hold as well. The "
            "sticker replaces it.",
        ),
        (
            lambda *case: lead(*case, area=lambda side: side),
            "A window of {2} cells a side holds more cells than {2}.",
        ),
        (
            lambda *case: lead(*case, area=lambda side: 1),
            "A window of {2} cells a side holds more cells than one, and the sticker speaks in each of them.",
        ),
        (
            lambda evidence, label, side, top: lead(evidence, label, side, top, step=side),
            "You try windows side by side. A sticker can lie between them: try every place.",
        ),
        (
            lambda evidence, label, side, top: lead(evidence, label, side, top, step=10**6),
            "You try one window only. Somebody who wants to harm you takes the worst place.",
        ),
        (
            strongest_rival,
            "You look at one other class, the one that comes second. With a sticker a third can come first.",
        ),
        (mean_window, "That is the lead at the mean place. A proof needs the worst."),
        (
            lambda evidence, label, side, top: lead(evidence, label, side, top) / evidence[0].numel(),
            "That is the lead of the mean over cells; here the sum is wanted.",
        ),
        (lambda *case: -lead(*case), "The sign is reversed: a positive number should mean that the right class wins."),
    ],
    praise="If this number is above 0, no sticker of that size can change the answer. That is a proof.",
    otherwise="With label {1}, side {2} and top {3}: {answer} is not right. What is the least that the right class can "
    "have, and the most that another can have, for each window?",
)
