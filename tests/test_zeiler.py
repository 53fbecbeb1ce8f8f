"""The rules of the second table of claims: what makes a claim hold, and that wider intervals never do."""

import numpy as np
import probes
import pytest
import storing
import zeiler
from choices import CHOICES, LARGE, SMALL

NETS = ("vgg", "resnet", "bagnet9", "bagnet17", "bagnet33")


def measured(random: np.random.Generator, wider: float = 1) -> dict:
    """What may have been found; with `wider`, the same effects with intervals as many times as wide."""

    def estimate(most: float = 1) -> list[float]:
        value, low, high = random.normal(most / 2, most), *random.exponential(0.3 * most, size=2)
        return [value, value - wider * low, value + wider * high]

    def runs(step: float = 0) -> list[float]:
        noise = random.normal(size=5)
        return (step + wider * 0.5 * (noise - noise.mean())).tolist()

    of = int(400 / wider**2)
    choices = {one: {"right": of // 2, "below full": estimate(10)} for one in CHOICES}
    for one in (LARGE, SMALL):
        few, many = sorted(random.integers(0, 11, size=2) * of // 10)
        by_band = [0, int(many), of - int(many)]
        found = {"filters": of, "dead": int(few), "by band": by_band, "shift error": estimate()}
        choices[f"filters of {one}"] = found
    names = {name: ["normalise", "one", "two", *["classifier.1"] * (name == "vgg")] for name in NETS}
    steps = {name: [random.normal(1, 2) for _ in names[name]] for name in NETS}
    ways = [(name, way) for name in ("bagnet17", "resnet") for way in ("new last layer", "from scratch")]
    return {
        "choices": choices
        | {"test pictures": of, "more lost together": estimate()}
        | {"large above small": estimate(), "small above large": estimate()},
        "transfer": {
            f"{name}, {way}, {each} a kind, seed {seed}": value
            for name, way in ways
            for each in (15, 30)
            for seed, value in enumerate(runs(random.normal(0, 2)))
        },
        "probes": {
            f"{name} at {probes.SIDES[0]} px": {
                "layers": names[name],
                "SVM": {"30": [runs(sum(steps[name][: layer + 1])) for layer in range(len(names[name]))]},
            }
            for name in NETS
        },
    }


@pytest.mark.parametrize("number", range(len(zeiler.CLAIMS)))
def test_no_claim_holds_with_wider_intervals_that_does_not_with_narrower_ones(number):
    claim, seen = zeiler.CLAIMS[number], set()
    for seed in range(60):
        marks = []
        for wider in (1, 2, 5):
            text, holds = claim.look(measured(np.random.default_rng(seed), wider))
            assert text != zeiler.NOT_YET[0]
            marks.append(holds is True)
        assert marks == sorted(marks, reverse=True), f"{claim.claim}: {marks}"
        seen |= set(marks)
    assert seen == {True, False}  # it was put to the test


def test_what_was_not_measured_is_said_and_nothing_breaks(monkeypatch):
    monkeypatch.setattr(storing, "read", dict)
    told = [*zeiler.rows()]
    assert len(told) >= len(zeiler.CLAIMS) and all(len(row) == 6 for row in told)
    assert all(row[2:4] == zeiler.NOT_YET for row in told[: len(zeiler.CLAIMS)])
    assert sum("not measured yet" in line for line in zeiler.lines()) >= len(zeiler.CLAIMS) + len(CHOICES)


def test_less_lost_is_less_and_marks_follow_the_interval():
    look = zeiler.costs_little("without its middle")
    results = measured(np.random.default_rng(0))
    for lost, holds in (([2, 1, 4.9], True), ([2, 1, 5.1], False), ([-3, -6, 0], True), ([9, 8, 10], False)):
        results["choices"]["without its middle"]["below full"] = lost
        assert look(results)[1] is holds
