"""How sure is a number that was measured on some pictures? Draw as many again from them, and see how it varies."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from bagnet_utils.checks import check_whole


class Estimate(NamedTuple):
    """A number and its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.low:.2f}..{self.high:.2f})"


def bootstrap(statistic: Callable[..., float], *columns, draws: int = 1000, seed: int = 0) -> Estimate:
    """The statistic of the columns, whose first axis counts pictures, and its interval over pictures drawn anew."""
    check_whole("bootstrap", "draws", draws, 1, 1_000_000)
    columns = [np.asarray(column) for column in columns]
    random, count = np.random.default_rng(seed), len(columns[0])
    with np.errstate(invalid="ignore", divide="ignore"):
        chosen = random.integers(count, size=(draws, count))
        drawn = [statistic(*(column[some] for column in columns)) for some in chosen]
        value = statistic(*columns)
    if np.isnan(drawn).all():
        return Estimate(float(value), np.nan, np.nan)
    return Estimate(float(value), *(float(end) for end in np.nanpercentile(drawn, [2.5, 97.5])))


def pearson(first: np.ndarray, second: np.ndarray) -> float:
    """The correlation of two columns; NaN where one of them never changes, or of one picture."""
    return np.corrcoef(first, second)[0, 1] if len(first) > 1 else np.nan
