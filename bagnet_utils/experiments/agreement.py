"""Do different networks err alike? (Brendel & Bethge, section 3.5; error consistency after Geirhos and others, 2020)

Two networks of 80 % each agree on many pictures by chance alone. Kappa is the agreement beyond that.
"""

from typing import NamedTuple

import numpy as np
from torch import Tensor

from bagnet_utils.checks import check_whole
from bagnet_utils.errors import BadInput
from bagnet_utils.experiments.bootstrap import Estimate, bootstrap, pearson


class Agreement(NamedTuple):
    """How far two networks are right and wrong on the same pictures."""

    kappa: Estimate  # 1: the same errors; 0: as independent nets of their accuracies; below 0: they avoid each other's
    observed: float  # share of pictures on which both are right or both are wrong
    expected: float  # the same for independent networks


def error_consistency(first: Tensor, second: Tensor, labels: Tensor, draws: int = 1000, seed: int = 0) -> Agreement:
    """Agreement of two lists of N answers (class numbers) beyond chance; the interval is by bootstrap over pictures."""
    right = [are_right("error_consistency", answers, labels) for answers in (first, second)]
    observed, expected = agreement(*right)
    return Agreement(bootstrap(kappa, *right, draws=draws, seed=seed), observed, expected)


def agreement(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """The share of pictures on which two nets (N booleans each) are both right or both wrong; and the chance of it."""
    p1, p2 = first.mean(), second.mean()
    return (first == second).mean(), p1 * p2 + (1 - p1) * (1 - p2)


def kappa(first: np.ndarray, second: np.ndarray) -> float:
    """Agreement beyond chance, as a share of what there could be; NaN if neither net, or each, errs everywhere."""
    observed, expected = agreement(first, second)
    return (observed - expected) / (1 - expected)


def accuracy_by_class(answers: Tensor, labels: Tensor, classes: int) -> np.ndarray:
    """Percent right of each class's pictures; NaN for a class without pictures."""
    return percent_by_class(are_right("accuracy_by_class", answers, labels, classes), np.asarray(labels), classes)


def percent_by_class(right: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return 100 * np.bincount(labels, right, classes) / np.bincount(labels, minlength=classes)


def class_correlation(first: Tensor, second: Tensor, labels: Tensor, classes: int, draws: int = 1000) -> Estimate:
    """Are the classes that are hard for the one hard for the other? Correlation of their accuracies over classes."""

    def statistic(one: np.ndarray, other: np.ndarray, of: np.ndarray) -> float:
        scores = [percent_by_class(right, of, classes) for right in (one, other)]
        there = ~np.isnan(scores[0])
        return pearson(scores[0][there], scores[1][there])

    right = [are_right("class_correlation", answers, labels, classes) for answers in (first, second)]
    return bootstrap(statistic, *right, np.asarray(labels), draws=draws)


def missed_by_all(answers: dict[str, Tensor], labels: Tensor) -> list[int]:
    """The numbers of the pictures on which every network is wrong."""
    if not isinstance(answers, dict) or not answers:
        raise BadInput("missed_by_all: a dictionary is wanted, with the answers of at least one network.")
    right = np.stack([are_right("missed_by_all", one, labels) for one in answers.values()])
    return np.flatnonzero(~right.any(0)).tolist()


def are_right(who: str, answers, labels, classes: int | None = None) -> np.ndarray:
    """Which of N answers are right. Given the number of classes, labels must lie below it."""
    answers, labels = np.asarray(answers), np.asarray(labels)
    if answers.shape != labels.shape or answers.ndim != 1 or len(labels) == 0:
        raise BadInput(
            f"{who}: answers of shape {answers.shape} and labels of shape {labels.shape} were given, but one answer "
            "for each label is wanted, and at least one."
        )
    if classes is not None:
        check_whole(who, "classes", classes, 1, 100_000)
        if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= classes:
            raise BadInput(f"{who}: labels are wanted as the numbers of {classes} classes, 0 to {classes - 1}.")
    return answers == labels
