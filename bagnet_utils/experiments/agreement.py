"""Do different networks err alike? (Brendel & Bethge, section 3.5; error consistency after Geirhos and others, 2020)

Two networks of 80 % each agree on many pictures by chance alone. Kappa is the agreement beyond that.
"""

from typing import NamedTuple

import numpy as np
from scipy import stats
from torch import Tensor

from bagnet_utils.checks import check_seed, check_whole
from bagnet_utils.errors import BadInput
from bagnet_utils.statistics import MIN_COUNT, Estimate, NoInterval, bootstrap, jackknife


class Agreement(NamedTuple):
    """How far two networks are right and wrong on the same pictures."""

    kappa: Estimate  # 1: the same errors; 0: as independent nets of their accuracies; below 0: they avoid each other's
    observed: float  # share of pictures on which both are right or both are wrong
    expected: float  # the same for independent networks


def error_consistency(first: Tensor, second: Tensor, labels: Tensor, draws: int = 1000, seed: int = 0) -> Agreement:
    """Agreement of two lists of N answers (class numbers) beyond chance; the interval is by bootstrap over pictures."""
    draws, seed = check_whole("error_consistency", "draws", draws, 1, 10**6), check_seed("error_consistency", seed)
    right = [are_right("error_consistency", answers, labels) for answers in (first, second)]
    observed, expected = agreement(*right)
    return Agreement(bootstrap(kappa, *right, draws=draws, seed=seed), observed, expected)


def agreement(first: np.ndarray, second: np.ndarray, axis: int = -1) -> tuple[np.ndarray, np.ndarray]:
    """The share of pictures on which two nets (N booleans each) are both right or both wrong; and the chance of it."""
    p1, p2 = first.mean(axis), second.mean(axis)
    return (first == second).mean(axis), p1 * p2 + (1 - p1) * (1 - p2)


def kappa(first: np.ndarray, second: np.ndarray, axis: int = -1) -> float:
    """Agreement beyond chance, as a share of what there could be; NaN if neither net, or each, errs everywhere."""
    observed, expected = agreement(first, second, axis)
    return (observed - expected) / (1 - expected)


def kappa_difference(net: np.ndarray, first: np.ndarray, second: np.ndarray, axis: int = -1) -> float:
    """How much more like those of the first than of the second a network's errors are (N booleans each)."""
    return kappa(net, first, axis) - kappa(net, second, axis)


def largest_kappa(first: np.ndarray, second: np.ndarray) -> float:
    """The largest kappa that the accuracies of two networks allow."""
    p1, p2 = np.mean(first), np.mean(second)
    expected = p1 * p2 + (1 - p1) * (1 - p2)
    return (1 - abs(p1 - p2) - expected) / (1 - expected)


def accuracy_by_class(answers: Tensor, labels: Tensor, classes: int) -> np.ndarray:
    """Percent right of each class's pictures; NaN for a class without pictures."""
    right, labels = are_right("accuracy_by_class", answers, labels, classes), np.asarray(labels)
    with np.errstate(invalid="ignore"):
        return 100 * np.bincount(labels, right, classes) / np.bincount(labels, minlength=classes)


def class_correlation(first: Tensor, second: Tensor, labels: Tensor, classes: int) -> Estimate:
    """Are the classes that are hard for the one hard for the other? Correlation of their accuracies over classes.

    It is corrected for attenuation. Accuracies on a few pictures scatter around the true ones, each net's for itself
    and both together, as they answer the same pictures. How much this adds to variances and covariance is known from
    within the classes, and is taken off. The interval is over classes, each with its pictures: left out one by one, on
    Fisher's scale of the correlation as it is seen, scatter and all. Where there is nothing to correlate it says why.
    """
    right = [are_right("class_correlation", answers, labels, classes) for answers in (first, second)]
    labels = np.asarray(labels)
    counts = np.bincount(labels, minlength=classes)
    enough = counts > 1
    if enough.sum() < MIN_COUNT:
        return NoInterval(
            np.nan, f"{enough.sum()} classes with two pictures or more, but {MIN_COUNT} at least are wanted"
        )
    counts = counts[enough]
    one, other, both = (np.bincount(labels, hits, classes)[enough] / counts for hits in (*right, right[0] & right[1]))
    scatter = [
        (share - product) / (counts - 1) for share, product in ((one, one**2), (other, other**2), (both, one * other))
    ]
    for which, share, own in (("first", one, scatter[0]), ("second", other, scatter[1])):
        if not differ(share, own, counts):
            return NoInterval(
                np.nan,
                f"the {which} network's accuracies differ from class to class no more than by chance, "
                "but for two classes at most",
            )
    seen = np.sqrt(one.var(ddof=1) * other.var(ddof=1))
    slope, shift = true_spread(one, other, *scatter)[0] / seen, scatter[2].mean() / seen

    def statistic(*columns: np.ndarray, axis: int = -1) -> np.ndarray:
        variance, covariance = true_spread(*columns, axis)
        return np.arctanh(np.clip(shift + slope * covariance / variance, -0.9999, 0.9999))

    def back(z: float) -> float:
        return np.clip((np.tanh(z) - shift) / slope, -1, 1)

    found = jackknife(statistic, one, other, *scatter, back=back, freedom=5)  # means, variances, a covariance
    if found.low == -1 and found.high == 1:
        return NoInterval(np.nan, "with so few errors in a class the interval reaches from -1 to 1")
    return found


def true_spread(one, other, scatter_one, scatter_other, scatter_both, axis: int = -1) -> tuple[np.ndarray, np.ndarray]:
    """Of true accuracies over classes: both nets' variance (the geometric mean of the two), and the covariance."""
    pairs = (one, scatter_one), (other, scatter_other)
    variances = [np.maximum(share.var(axis, ddof=1) - own.mean(axis), 1e-12) for share, own in pairs]
    covariance = ((one + other).var(axis, ddof=1) - (one - other).var(axis, ddof=1)) / 4
    return np.sqrt(variances[0] * variances[1]), covariance - scatter_both.mean(axis)


def differ(share: np.ndarray, scatter: np.ndarray, counts: np.ndarray) -> bool:
    """Do a net's shares of right answers differ between classes by more than chance, and not for two of them only?"""
    whole = np.average(share, weights=counts)
    if whole in (0, 1):
        return False
    chance = (counts * (share - whole) ** 2).sum() / (whole * (1 - whole))
    most = np.argsort(np.abs(share - np.median(share)))[:-2]
    return stats.chi2.sf(chance, len(share) - 1) < 0.05 and share[most].var(ddof=1) > scatter[most].mean()


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
