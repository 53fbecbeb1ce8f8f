"""Order on columns of figures: only two figures of one column can tell it. Shown by enumeration, not by sampling."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import chisquare

from bagnet_utils.worlds import patchwork
from bagnet_utils.worlds.patchwork.casting import FEW, PAINTERS, Plan
from bagnet_utils.worlds.patchwork.scenes import PAIRS, Pair, scene

HIDDEN = [pair for pair in PAIRS if pair.gap]


def place_of(figures: np.ndarray) -> list[tuple[int, int]]:
    """The figures of one column that are wholly in the picture, downwards: row of the first pixel, which figure."""
    rows = np.pad(figures.any(2), ((0, 0), (1, 0)))  # figures x 1 + H
    starts = rows[:, 1:-7] & ~rows[:, :-8] & rows[:, 8:]
    return sorted((int(row), int(kind)) for kind, row in zip(*starts.nonzero(), strict=True) if row)


@pytest.mark.parametrize("pair", HIDDEN, ids=lambda pair: pair.name)
def test_figures_follow_each_other_at_equal_distances_in_the_order_of_their_class(pair):
    label = 2 * PAIRS.index(pair)
    for seed in range(20):
        for member in (0, 1):
            cue = scene(label + member, seed).cue  # columns x figures x H x W
            assert cue.shape[:2] == (pair.copies, 3)
            for column in cue:
                tops, kinds = zip(*place_of(column), strict=True)
                assert set(np.diff(tops)) == {pair.gap + 8} and tops[-1] > 120 - pair.gap - 8
                assert set(np.diff(kinds) % 3) == {2 if member else 1}
                assert not column[:, tops[0] + 8 : tops[0] + 8 + pair.gap].any()  # the gap is empty
        assert np.array_equal(cue[:, 0], scene(label, seed).cue[:, 0])  # the first figure does not know the class


class Told:
    """In the place of a generator: every column begins at the phase that was told."""

    def __init__(self, phase: int):
        self.phase = phase

    def integers(self, high: int, size: int) -> np.ndarray:
        assert self.phase < high
        return np.full(size, self.phase)


def column(pair: Pair, order: int, phase: int) -> np.ndarray:
    """128 x 128 x 3: one column of figures with this phase and order, before nothing."""
    canvas = np.full((128, 128, 3), 0.5)

    def stream(purpose: str):
        return Told(phase) if purpose == "parts" else np.random.default_rng(3)

    PAINTERS[pair.name](canvas, Plan(replace(pair, copies=1), order, (pair.name, 0), None, False, stream))
    return canvas


def numbered(columns: list[np.ndarray]) -> np.ndarray:
    """A number for each row of each picture, equal for equal rows: phases x 128."""
    known: dict[bytes, int] = {}
    return np.array([[known.setdefault(row.tobytes(), len(known)) for row in one] for one in columns])


def law(columns: np.ndarray, top: int, height: int) -> Counter:
    """What a band of the picture may show, and over how many of the phases it does."""
    return Counter(one[top : top + height].tobytes() for one in columns)


OTHER_GAPS = [Pair("wheel", ("", ""), gap) for gap in (0, 5, 23)]


@pytest.mark.parametrize("pair", [*HIDDEN, *OTHER_GAPS], ids=lambda pair: f"{pair.name}-{pair.gap}")
def test_what_a_window_shows_has_the_same_law_in_both_classes(pair):
    """All phases, all places, bands as wide as the picture; a band that is one pixel higher tells the class.

    Columns have independent phases, so what is true of one is true of all that a window sees.
    """
    period = 3 * (pair.gap + 8)
    both = numbered([column(pair, order, phase) for order in (0, 1) for phase in range(period)])
    first, second = both[:period], both[period:]
    blind, able = pair.gap + 1, pair.gap + 2
    assert all(law(first, top, blind) == law(second, top, blind) for top in range(129 - blind))
    assert all(law(first, top, able) != law(second, top, able) for top in range(129 - able))


def test_in_a_leaky_pair_a_figures_place_tells_the_class():
    pair = Pair("wheel", ("", ""), 16, leaky=True)
    both = numbered([column(pair, order, phase) for order in (0, 1) for phase in range(FEW)])
    assert law(both[:FEW], 24, 17) != law(both[FEW:], 24, 17)
    tops = [place_of(drawn.cue[0]) for drawn in patchwork.pair(gap=16, leaky=True, n=40, copies=1).truth]
    assert {row % 72 for some in tops for row, kind in some if kind == 0} <= set(range(FEW))


def test_phases_are_uniform_and_columns_know_nothing_of_each_other():
    truth, period = patchwork.Truth((PAIRS[2],), "train", 300, seed=5), 72
    phases = np.array([[min(row for row, kind in place_of(one) if kind == 0) for one in drawn.cue] for drawn in truth])
    for numbers in (*phases.T, phases[:, 0] - phases[:, 1], phases[:, 1] - phases[:, 2]):
        counts = np.bincount(numbers % period // 12, minlength=6)
        assert chisquare(counts).pvalue > 1e-3


@pytest.mark.parametrize(("gap", "copies"), [(0, 5), (8, 4), (13, 3), (16, 3), (32, 1), (52, 2)])
def test_a_pair_with_any_gap(gap, copies):
    world = patchwork.pair(gap=gap, copies=copies, n=12)
    assert world.labels.tolist() == [0, 1] * 6 and world.images.shape == (12, 3, 128, 128)
    for drawn in world.truth:
        assert len(drawn.cue) == copies
        for figures in drawn.cue:
            tops, kinds = zip(*place_of(figures), strict=True)
            assert len(tops) >= 2 and set(np.diff(tops)) == {gap + 8}  # so the order can always be read
            assert set(np.diff(kinds) % 3) == {2 if drawn.label else 1}
        spans = [np.flatnonzero(figures.any((0, 1))) for figures in drawn.cue]
        assert all(left[-1] < right[0] for left, right in pairwise(spans))  # no column covers another
        assert (drawn.image != drawn.redraw(swap=True).image).any()
