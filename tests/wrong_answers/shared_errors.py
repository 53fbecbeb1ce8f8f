"""Wrong answers to the exercises of notebook 10: check -> answers, and a piece of what each must be told."""

import numpy as np


def shares(first, second):
    """What was observed, and what chance gives."""
    p1, p2 = first.mean(), second.mean()
    return (first == second).mean(), p1 * p2 + (1 - p1) * (1 - p2)


def both_right(first, second):
    chance = first.mean() * second.mean()
    return ((first & second).mean() - chance) / (1 - chance)


def over(first, second, divisor):
    observed, expected = shares(first, second)
    return (observed - expected) / divisor(observed, expected)


WRONG = {
    "agreement_by_chance": [
        (lambda p1, p2: p1 * p2, "both are right"),
        (lambda p1, p2: (1 - p1) * (1 - p2), "both are wrong"),
        (lambda p1, p2: p1 * (1 - p2) + p2 * (1 - p1), "just what is not wanted"),
        (lambda p1, p2: 100 * (p1 * p2 + (1 - p1) * (1 - p2)), "in percent"),
        (lambda p1, p2: 1 - abs(p1 - p2), "ignore each other"),
        (lambda p1, p2: min(p1, p2), "ignore each other|mean of the two"),
        (lambda p1, p2: 0.68, "four cases"),
        (lambda p1, p2: (p1, p2), "a number is wanted"),
    ],
    "beyond_chance": [
        (lambda a, b: shares(a, b)[0], "by chance"),
        (lambda a, b: shares(a, b)[1], "How much more was there"),
        (lambda a, b: over(a, b, lambda observed, expected: 1), "as a share of how much more"),
        (lambda a, b: over(a, b, lambda observed, expected: expected), "what chance leaves over"),
        (lambda a, b: over(a, b, lambda observed, expected: 1 - observed), "not from chance"),
        (both_right, "Where both are wrong"),
        (lambda a, b: np.corrcoef(a, b)[0, 1], "close relative"),
        (lambda a, b: 100 * over(a, b, lambda observed, expected: 1 - expected), "not 100"),
        (lambda a, b: 0.375, "number is not right"),
        (lambda a, b: a == b, "one number is wanted"),
    ],
    "missed": [
        (lambda right: np.flatnonzero(~right.all(0)), "at least one net"),
        (lambda right: np.flatnonzero(right.all(0)), "every net has right"),
        (lambda right: np.flatnonzero(right.any(0)), "just the others"),
        (lambda right: ~right.any(0), "yes or no"),
        (lambda right: (~right.any(0)).sum(), "list of numbers"),
        (lambda right: np.where(~right.any(0)), "Take them out"),
        (lambda right: np.flatnonzero(~right.all(1)), "numbers of nets"),
        (lambda right: np.flatnonzero(~right[0]), "first net"),
        (lambda right: [3, 17], "you found 2"),
    ],
}
