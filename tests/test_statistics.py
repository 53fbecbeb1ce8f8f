"""Intervals hold the truth as often as they promise, say when they cannot, and are the same every time."""

import warnings

import numpy as np
import pytest
from intervals import CASES, held

import bagnet_utils as bu
from bagnet_utils.statistics import (
    MIN_COUNT,
    Estimate,
    bootstrap,
    confidence_interval,
    correlation,
    correlation_difference,
    jackknife,
    over_runs,
    pearson,
    percent_of,
    point_difference,
)

RANDOM = np.random.default_rng(0)
SOME = RANDOM.random(40)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.interval}, {case.pictures}")
def test_intervals_hold_the_truth_95_times_of_100(case):
    runs = 1000 if case.interval == "r over classes" else 500
    percent, counted = held(case, runs)
    edge = case.interval == "r over classes" and case.truth == 1  # the truth is the end of what can be
    wide = "few differ" in case.interval
    assert counted > 0.9 * runs and 92 <= percent <= (100 if edge or wide else 98)


def test_a_share_has_wilsons_interval():
    low, high = confidence_interval(50, 100)
    assert (round(low, 1), round(high, 1)) == (40.4, 59.6)
    assert confidence_interval(100, 100)[1] == pytest.approx(100) and confidence_interval(0, 100)[0] == pytest.approx(0)
    assert confidence_interval(np.int64(3), np.int64(4)) == confidence_interval(3, 4)


def test_runs_have_students_interval():
    found = over_runs([1, 2, 3, 4, 5])
    assert found.value == 3 and found.high - 3 == pytest.approx(2.776 * np.sqrt(2.5 / 5), rel=1e-3)
    for few in ([1], 3, [[1, 2], [3, 4]]):
        with pytest.raises(bu.BadInput, match="two runs or more"):
            over_runs(few)


def test_an_estimate_can_be_read():
    found = bootstrap(np.mean, np.arange(101.0), draws=500)
    assert found.value == 50 and found.low < 50 < found.high
    assert found.high - found.low == pytest.approx(2 * 1.96 * np.std(np.arange(101)) / np.sqrt(101), rel=0.15)
    assert str(found._replace(low=44.4444, high=55.5555)) == "50.00 (44.44..55.56)"
    assert bootstrap(pearson, np.arange(9), -np.arange(9)).value == pytest.approx(-1)


def test_intervals_are_the_same_every_time():
    assert bootstrap(np.mean, SOME) == bootstrap(np.mean, SOME, seed=0) != bootstrap(np.mean, SOME, seed=1)
    alike = [bootstrap(percent_of, SOME > 0.3, SOME > 0.4, seed=seed) for seed in (0, 0, 1, 2, 3)]
    assert alike[0] == alike[1] and len(set(alike)) > 1  # shares have few values, so some seeds agree
    assert correlation(SOME, SOME**2) == correlation(SOME, SOME**2)


def test_a_statistic_that_takes_an_axis_is_only_quicker():
    for column in (SOME, SOME > 0.3):
        assert bootstrap(lambda some: some.mean(), column) == pytest.approx(bootstrap(np.mean, column))
    assert bootstrap(np.mean, SOME[:, None]) == bootstrap(np.mean, SOME)


def test_all_right_is_not_certain():
    """Of 24 right answers Wilson says 86 to 100 %; without an imagined picture a bootstrap would say 100 to 100."""
    found = bootstrap(np.mean, np.ones(24, dtype=bool))
    assert found.value == found.high == 1 and 0.8 < found.low < 0.95
    alike = bootstrap(lambda one, other: one.mean() - other.mean(), np.ones(24, dtype=bool), np.ones(24, dtype=bool))
    assert alike.low < alike.value == 0 < alike.high


def test_a_difference_on_few_pictures_has_tangos_interval():
    """Of 21, one only before and seven only after: -51.7 to -2.6 points (Fagerland and others, 2014)."""
    before, after = np.arange(21) < 2, (np.arange(21) > 0) & (np.arange(21) < 9)
    found = bootstrap(point_difference, before, after)
    assert found == pytest.approx((-100 * 6 / 21, -51.7, -2.6), abs=0.05)
    alike = bootstrap(point_difference, np.ones(24, dtype=bool), np.ones(24, dtype=bool))
    assert alike.high == -alike.low == pytest.approx(13.8, abs=0.1)  # z^2 / (24 + z^2)
    none = bootstrap(point_difference, np.ones(24, dtype=bool), np.zeros(24, dtype=bool))
    assert none.value == none.high == 100 and 70 < none.low < 80


def test_networks_on_the_same_pictures_are_compared_more_closely():
    """Two that differ on few pictures; against the same answers dealt out anew, as if of other pictures."""
    one = RANDOM.random(300) < 0.8
    other = one & (RANDOM.random(300) < 0.95)

    def apart(one, other, axis=-1):
        return one.mean(axis) - other.mean(axis)

    paired, unpaired = bootstrap(apart, one, other), bootstrap(apart, one, RANDOM.permutation(other))
    assert paired.value == pytest.approx(unpaired.value) and paired.low > 0 > unpaired.low
    assert paired.high - paired.low < 0.6 * (unpaired.high - unpaired.low)


def test_correlations_on_the_same_pictures():
    noise = RANDOM.normal(size=(2, 40))
    close, loose = SOME + 0.02 * noise[0], SOME + 0.3 * noise[1]
    assert correlation(SOME, close).value == pytest.approx(np.corrcoef(SOME, close)[0, 1])
    assert -1 <= correlation(SOME, loose).low < correlation(SOME, loose).high < correlation(SOME, close).low <= 1
    found = correlation_difference(SOME, close, SOME, loose)
    assert found.value == pytest.approx(np.arctanh(pearson(SOME, close)) - np.arctanh(pearson(SOME, loose)))
    assert found.low > 0 and correlation_difference(SOME, loose, SOME, close).high < 0
    assert correlation(SOME, 2 * SOME) == pytest.approx((1, 1, 1))


def test_a_jackknife_of_a_mean_is_students():
    found = jackknife(np.mean, SOME)
    half = 2.0227 * SOME.std(ddof=1) / np.sqrt(40)  # t of 39 degrees
    assert found == pytest.approx((SOME.mean(), SOME.mean() - half, SOME.mean() + half), rel=1e-4)
    assert jackknife(np.mean, SOME, back=np.exp) == pytest.approx(np.exp(found))


def test_what_never_changes_has_no_width_and_nobody_warns():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert bootstrap(np.mean, np.full(30, 0.5)) == (0.5, 0.5, 0.5)
        assert np.isnan(bootstrap(lambda some: some.sum() / 0, np.zeros(30))).all()
        assert np.isnan(correlation(SOME, np.ones(40))).all()


@pytest.mark.parametrize("find", [lambda some: bootstrap(np.mean, some), lambda some: correlation(some, some**2)])
def test_from_few_pictures_there_is_a_number_but_no_interval(find):
    few = find(SOME[: MIN_COUNT - 1])
    assert isinstance(few, Estimate) and np.isnan(few[1:]).all()
    assert str(few) == f"{few.value:.2f}, no interval: 7 pictures, but 8 at least are wanted"
    assert not np.isnan(find(SOME[:MIN_COUNT])).any()


BAD = [
    (lambda: bu.bootstrap(np.mean), "nothing were given, but one number for each picture is wanted"),
    (lambda: bu.bootstrap(np.mean, []), r"shape \(0,\)"),
    (lambda: bu.bootstrap(np.mean, 3), r"shape \(\)"),
    (lambda: bu.bootstrap(np.mean, SOME, SOME[1:]), r"\(40,\), \(39,\)"),
    (lambda: bu.bootstrap(np.mean, np.ones((8, 3))), r"\(8, 3\)"),
    (lambda: bu.bootstrap(np.mean, SOME, draws=0), "draws is 0"),
    (lambda: correlation(SOME, SOME[1:]), r"\(40,\), \(39,\)"),
    (lambda: confidence_interval(5, 4), "right is 5, but a whole number from 0 to 4 is wanted"),
    (lambda: confidence_interval(0, 0), "total is 0"),
]


@pytest.mark.parametrize(("call", "told"), BAD)
def test_bad_input_gets_one_line(call, told):
    with pytest.raises(bu.BadInput, match=told) as caught:
        call()
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300
