"""How sure is a number that was measured on some pictures?

Every interval here is meant to hold the truth 95 times of 100; `python benchmarks/intervals.py` counts how often.
"""

import warnings
from collections.abc import Callable
from inspect import signature
from itertools import product
from typing import NamedTuple

import numpy as np
from scipy import stats

from bagnet_utils.checks import check_seed, check_whole
from bagnet_utils.errors import BadInput

MIN_COUNT = 8  # pictures, or classes: with fewer, no way that was tried held what it promised
FEW = 60  # pictures: with fewer, a bootstrap of which of two networks are right holds too little


class Estimate(NamedTuple):
    """A number and its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.low:.2f}..{self.high:.2f})"


class NoInterval(Estimate):
    """An estimate without an interval, and the reason; without a number as well where the number means nothing."""

    def __new__(cls, value: float, reason: str) -> "NoInterval":
        estimate = super().__new__(cls, value, np.nan, np.nan)
        estimate.reason = reason
        return estimate

    def __str__(self) -> str:
        start = "cannot be judged" if np.isnan(self.value) else f"{self.value:.2f}, no interval"
        return f"{start}: {self.reason}"


def confidence_interval(right: int, total: int) -> tuple[float, float]:
    """The 95 % interval of a proportion, in percent (Wilson's, which stays sound near 0 and 100)."""
    total = check_whole("confidence_interval", "total", total, 1, 10**12, " (pictures)")
    right = check_whole("confidence_interval", "right", right, 0, total, " (pictures)")
    low, high = stats.binomtest(right, total).proportion_ci(0.95, "wilson")
    return 100 * float(low), 100 * float(high)


def point_difference(first: np.ndarray, second: np.ndarray, axis: int = -1) -> float:
    """How many percentage points more pictures the first has right than the second (N booleans each)."""
    return 100 * (first.mean(axis) - second.mean(axis))


def percent_of(first: np.ndarray, second: np.ndarray, axis: int = -1) -> float:
    """The mean of the first, in percent of the mean of the second."""
    return 100 * first.mean(axis) / second.mean(axis)


def bootstrap(statistic: Callable[..., float], *columns, draws: int = 1000, seed: int = 0) -> Estimate:
    """The statistic of columns of one number a picture, and its interval over pictures drawn anew.

    All columns are drawn together: so the difference of two networks on the same pictures is a paired one. Rights and
    wrongs (booleans) get one picture more, an imagined one that may turn out any way; else 24 of 24 right would pass
    for certainty. Numbers get SciPy's BCa interval and the one of percentiles, whichever reaches further, both as wide
    as Student's t asks. A statistic that takes `axis` is asked for many draws at once. For correlations there is
    `correlation`.
    """
    draws, seed = check_whole("bootstrap", "draws", draws, 1, 1_000_000), check_seed("bootstrap", seed)
    columns = check_columns("bootstrap", columns)
    count = len(columns[0])
    with np.errstate(invalid="ignore", divide="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)
        value = float(statistic(*columns))
        if np.isnan(value):
            return Estimate(value, np.nan, np.nan)
        if count < MIN_COUNT:
            return NoInterval(value, f"{count} pictures, but {MIN_COUNT} at least are wanted")
        if all(column.dtype == bool for column in columns):
            if statistic is point_difference and count < FEW:
                return Estimate(value, *score_interval(*columns))
            ends = np.nanquantile(resampled_with_one_more(statistic, columns, draws, seed), [0.025, 0.975])
            return Estimate(value, *(float(end) for end in ends))
        tail = stats.norm.cdf(-np.sqrt(count / (count - 1)) * stats.t.ppf(0.975, count - 1))
        result = stats.bootstrap(
            columns, statistic, paired=True, n_resamples=draws, confidence_level=1 - 2 * tail, method="BCa",
            vectorized=takes_axis(statistic), batch=max(1, 2_000_000 // count), rng=np.random.default_rng(seed),
        )  # fmt: skip
        ends = result.confidence_interval, np.nanquantile(result.bootstrap_distribution, [tail, 1 - tail])
        # BCa is NaN where all draws are alike, or some have no value
        return Estimate(value, float(np.nanmin(ends)), float(np.nanmax(ends)))


def resampled_with_one_more(statistic: Callable, columns: list[np.ndarray], draws: int, seed: int) -> np.ndarray:
    """The statistic of as many pictures, drawn from those there are and one that is of each kind to equal parts."""
    kinds = np.array([*product((False, True), repeat=len(columns))])
    pool = [np.append(np.tile(column, len(kinds)), kind) for column, kind in zip(columns, kinds.T, strict=True)]
    size = draws, len(columns[0])
    return statistic_of_rows(
        statistic, pool, np.random.default_rng(seed).integers(len(pool[0]), size=size, dtype=np.int32)
    )


def score_interval(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """The 95 % interval of a difference of shares on the same pictures, in points (Tango, 1998): all differences that
    are not refused by what was seen. It stays sound for a dozen pictures, and where next to none differ.
    """
    count, more, less = len(first), int((first & ~second).sum()), int((second & ~first).sum())

    def errors(difference: float) -> float:  # by how many standard errors more was seen than this
        middle = (2 * count - more + less) * difference - more - less
        only_second = (np.sqrt(middle**2 + 8 * count * less * difference * (1 - difference)) - middle) / (4 * count)
        variance = count * (2 * only_second + difference * (1 - difference))  # with the likeliest shares that differ so
        return (more - less - count * difference) / np.sqrt(max(variance, 1e-12))

    def reaches(low: float, high: float, limit: float) -> float:
        while high - low > 1e-7:
            middle = (low + high) / 2
            low, high = (middle, high) if errors(middle) > limit else (low, middle)
        return 50 * (low + high)

    seen, limit = (more - less) / count, stats.norm.ppf(0.975)
    return reaches(-1, seen, limit), reaches(seen, 1, -limit)


def jackknife(statistic: Callable[..., float], *columns, back: Callable = float, freedom: int = 1) -> Estimate:
    """The statistic of columns of one number a picture, and its interval by leaving out each picture once.

    For smooth statistics, on a scale on which they vary evenly; `back` leads from there to the scale that is read.
    freedom: how many degrees of freedom the statistic uses up: one as a mean, three as Fisher's z.
    """
    columns = check_columns("jackknife", columns)
    count = len(columns[0])
    with np.errstate(invalid="ignore", divide="ignore"):
        value = statistic(*columns)
        if count < MIN_COUNT:
            return NoInterval(float(back(value)), f"{count} pictures, but {MIN_COUNT} at least are wanted")
        others = np.nonzero(~np.eye(count, dtype=bool))[1].reshape(count, count - 1)
        without_one, free = statistic_of_rows(statistic, columns, others), count - freedom
        half = stats.t.ppf(0.975, free) * (count - 1) * np.sqrt(without_one.var() / free)
        return Estimate(*(float(back(number)) for number in (value, value - half, value + half)))


def over_runs(values) -> Estimate:
    """The mean of one number a run (a seed, a split of the pictures), and Student's interval of it."""
    runs = np.asarray(values, float)
    if runs.ndim != 1 or len(runs) < 2:
        raise BadInput(
            f"over_runs: {str(values)[:60]} was given, but one number for each of two runs or more is wanted."
        )
    half = stats.t.ppf(0.975, len(runs) - 1) * runs.std(ddof=1) / np.sqrt(len(runs))
    return Estimate(float(runs.mean()), float(runs.mean() - half), float(runs.mean() + half))


def statistic_of_rows(statistic: Callable, columns: list[np.ndarray], rows: np.ndarray) -> np.ndarray:
    """The statistic of the pictures in each row, numbers of pictures."""
    if takes_axis(statistic):
        return statistic(*(column[rows] for column in columns), axis=-1)
    return np.array([statistic(*(column[row] for column in columns)) for row in rows])


def takes_axis(statistic: Callable) -> bool:
    try:
        return "axis" in signature(statistic).parameters
    except ValueError:  # some functions written in C tell nothing
        return False


def correlation(first, second) -> Estimate:
    """Pearson's r of two columns, its interval on Fisher's scale; NaN where one of them never changes."""
    return jackknife(fisher_z, first, second, back=np.tanh, freedom=3)


def correlation_difference(first, second, third, fourth) -> Estimate:
    """How far the r of the first two columns lies above that of the last two, on the same pictures, in Fisher's z."""

    def difference(a, b, c, d, axis: int = -1):
        return fisher_z(a, b, axis) - fisher_z(c, d, axis)

    return jackknife(difference, first, second, third, fourth, freedom=3)


def fisher_z(first: np.ndarray, second: np.ndarray, axis: int = -1) -> np.ndarray:
    """Fisher's z of Pearson's r: on this scale r varies as evenly near 1 as near 0."""
    return np.arctanh(np.clip(pearson(first, second, axis), -1 + 1e-15, 1 - 1e-15))


def pearson(first: np.ndarray, second: np.ndarray, axis: int = -1) -> np.ndarray:
    """The correlation of two columns; NaN where one of them never changes, or of one picture."""
    one, other = (column - column.mean(axis, keepdims=True) for column in (first, second))
    return (one * other).sum(axis) / np.sqrt((one**2).sum(axis) * (other**2).sum(axis))


def check_columns(who: str, columns) -> list[np.ndarray]:
    """Columns as arrays of one length, one number a picture."""
    columns = [np.asarray(column) for column in columns]
    sizes = {column.size for column in columns} | {column.shape[0] if column.ndim else 0 for column in columns}
    if len(sizes) != 1 or sizes == {0}:
        shapes = ", ".join(str(column.shape) for column in columns) or "nothing"
        raise BadInput(f"{who}: columns of shape {shapes} were given, but one number for each picture is wanted.")
    return [column.ravel() for column in columns]
