"""The rules of the claims page: what makes a claim hold, and that fewer pictures never do."""

import itertools
import json
import re

import changes_claims
import context_claims
import features
import numpy as np
import order_claims
import paper
import pytest
import shape_bias_claims
import stickers_claims
import storing
import zeiler
from cells import above, below, inside

from bagnet_utils.files import RESULTS
from bagnet_utils.models.zoo import TITLES
from bagnet_utils.statistics import Estimate, NoInterval

NETS = (*paper.PEERS, "bagnet9", "bagnet17", "bagnet33")
ABSENT = {"patchwork": "corners", "photos": "speed"}  # what is not measured there
BAGS = [f"heatmap of {TITLES[name]}" for name in NETS if name.startswith("bagnet")]
METHODS = {one: None for one in (*BAGS, "random", "deeplift", "deeplift from black", "deeplift, sign dropped")}


def measured(random: np.random.Generator, wider: float = 1) -> dict:
    """What a world's experiments may have found; with `wider`, the same effects on fewer pictures."""

    def estimate(most: float = 1) -> list[float]:
        value, low, high = random.normal(0.5, 0.5), *random.exponential(0.3, size=2)
        return [most * value, most * (value - wider * low), most * (value + wider * high)]

    def of_nets(most: float = 1) -> dict:
        return {name: estimate(most) for name in NETS}

    pictures, rights = int(100 / wider), {name: int(random.integers(1, 6)) for name in NETS}
    ends = {name: [estimate(), estimate()] for name in NETS}
    spans = {name: {"correlation": ends[name], "z, far above near": estimate()} for name in NETS}
    ten = min(pictures, 10) / 10  # on which rounding is looked for
    rounding = {name: {"apart, double": [9, 10 ** random.uniform(-11, -8) * ten]} for name in NETS}
    maps = {
        name: {one: {"end": estimate(), "above": dict(zip(BAGS, [estimate()] * 3, strict=True))} for one in METHODS}
        for name in NETS
    }
    return {
        "errors": {
            "pictures": pictures,
            "right": rights,
            "points above the smaller": of_nets(),
            "percent of the resnet": estimate(200),
            "with bagnet33": {name: {"kappa": estimate(), "classes": estimate()} for name in NETS},
        },
        "speed": random.uniform(0.5, 2),
        "exact": {name: 10 ** random.uniform(-5, -3) / wider for name in NETS},
        "corners": {"bagnet17": {"evidence": estimate(100)}},
        "telling": {"patches": pictures, "on fingers": int(random.integers(6)) * pictures // 5},
        "texturised": {
            "pictures": 20,
            "right": {name: [20, right] for name, right in rights.items()},
            "percent kept": of_nets(200),
        },
        "interaction": {
            "pictures": pictures,
            "gaps": [4, 40],
            "z, bagnet33 above": of_nets(),
            **{name: spans[name] | rounding[name] for name in NETS},
        },
        "sensitivity": {"vgg below": of_nets(), **maps},
    }


def test_marks_follow_what_was_found(monkeypatch):
    more = {"heatmap of BagNet-33": [0.1, 0.02, 0.2]}
    results = {"sensitivity": {"densenet": {"deeplift": {"above": more}}}}
    look = paper.beats("deeplift", ("densenet",))
    assert look(results) == ("BagNet-33: DenseNet 0.10 (0.02..0.20)", True)
    more["heatmap of BagNet-33"] = [0.1, -0.02, 0.2]
    assert look(results)[1] is False
    more["heatmap of BagNet-33"] = "cannot be judged: too dark"
    assert look(results) == ("BagNet-33: DenseNet cannot be judged: too dark", None)
    monkeypatch.setattr(storing, "read", lambda: {world: {} for world in paper.WORLDS})
    assert any("not measured yet" in line for line in paper.table())


@pytest.mark.parametrize("number", range(len(paper.CLAIMS)))
def test_no_claim_holds_on_fewer_pictures_that_does_not_on_more(number):
    """The same effects, with intervals 2, 5 and 20 times as wide."""
    claim, seen = paper.CLAIMS[number], set()
    for world, seed in itertools.product(paper.WORLDS, range(30)):
        marks = []
        for wider in (1, 2, 5, 20):
            results = measured(np.random.default_rng(seed), wider)
            text, holds = claim.look({key: results[key] for key in results if key != ABSENT[world]})
            assert text != paper.NOT_YET[0]
            marks.append(holds is True)
        assert marks == sorted(marks, reverse=True), f"{claim.claim}: {marks}"
        seen |= set(marks)
    assert seen == {True, False}  # it was put to the test


# ------------------------------------------------------------ the same of all pages, on what was measured

PAGES = {
    "paper": lambda: [cell for world in paper.WORLDS for one in paper.CLAIMS for cell in paper_cell(one, world)],
    "zeiler": lambda: [row[2:4] for row in zeiler.rows()],
    "changes": lambda: [row[2:4] for row in changes_claims.claims()],
    "features": lambda: [row[2:4] for row in features.claims()],
    "shape_bias": lambda: [row[2:4] for row in shape_bias_claims.claims()],
    "stickers": lambda: [row[2:4] for row in stickers_claims.claims()],
    "order": lambda: [row[1:3] for row in order_claims.claims(storing.read()["order"])],
    "context": lambda: [cell for row in context_claims.claims(storing.read()) for cell in row[1]],
}
COUNTS = {"pictures", "test pictures", "right", "of", "fell", "certified", "totems", "face", "wheel", "photographs"}
COUNTS |= {"filters", "dead", "by band", "patches", "on fingers", "among five"}
LARGEST = {"apart", "apart, double", "exact"}  # largest differences over pictures: on one of them they may be none
BY_RUNS = re.compile(r"[\d.]+ times|BagNet-17 .*; ResNet .* points more$")  # told by times, or by runs of training
MORE = 20  # times as many pictures as were measured: so a twentieth of them are whole numbers, with the shares kept


def paper_cell(claim, world: str) -> list:
    try:
        return [claim.look(storing.read()[world])]
    except KeyError:
        return [paper.NOT_YET]


def on_fewer(part, fewer: float, random: np.random.Generator, name: str = ""):
    """Results with the same effects on fewer pictures: intervals are wider, counts smaller, their shares the same.

    On so few that nothing can be said (np.inf): no intervals, and of each count one picture or none.
    random: by how much each effect is another than the one that was measured, so that marks are put to the test.
    """
    if isinstance(part, dict):
        return {key: on_fewer(value, fewer, random, key if name not in COUNTS | LARGEST else name)
                for key, value in part.items()}  # fmt: skip
    if is_estimate(part):
        value, low, high = part
        shift = random.normal(0, 2 * (high - low))
        if fewer == np.inf:
            return [value + shift, None, None]
        return [value + shift, value + shift - fewer * (value - low), value + shift + fewer * (high - value)]
    if isinstance(part, list):
        runs = np.array(part, float) if len(part) > 3 and all(isinstance(one, float) for one in part) else None
        if runs is not None and name not in LARGEST:  # one number a run: fewer pictures scatter more
            return (runs.mean() + min(fewer, MORE) * (runs - runs.mean())).tolist()
        return [on_fewer(value, fewer, random, name) for value in part]
    if isinstance(part, int) and not isinstance(part, bool) and name in COUNTS:
        return min(part, 1) if fewer == np.inf else part * MORE // fewer
    if isinstance(part, float) and name in LARGEST:
        return part * 10 ** random.uniform(0, 4) / (1e4 if fewer == np.inf else 1)
    return part


def is_estimate(part) -> bool:
    numbers = isinstance(part, list) and len(part) == 3 and all(isinstance(one, (int, float)) for one in part)
    return numbers and any(isinstance(one, float) for one in part) and part[1] <= part[0] <= part[2]


@pytest.mark.slow
def test_no_claim_of_any_page_holds_on_fewer_pictures_that_does_not_on_more(monkeypatch):
    measured, seen = json.loads(RESULTS.read_text(encoding="utf-8")), {page: set() for page in PAGES}
    for seed in range(6):
        marks = {page: [] for page in PAGES}
        for fewer in (1, 2, 5, 20, np.inf):
            results = on_fewer(measured, fewer, np.random.default_rng(seed))
            monkeypatch.setattr(storing, "read", lambda results=results: results)
            for page, cells in PAGES.items():
                marks[page].append([(text, holds is True) for text, holds in cells()])
        for page, told in marks.items():
            for one in zip(*told, strict=True):
                holds = [mark for _, mark in one]
                assert holds == sorted(holds, reverse=True), (page, one)
                assert not holds[-1] or BY_RUNS.match(one[-1][0]), (page, one)  # of no interval nothing is sure
                seen[page] |= set(holds)
    assert all(marks == {True, False} for marks in seen.values())  # each was put to the test


def test_no_share_lies_inside_on_fewer_pictures_that_does_not_on_more():
    for percent, wanted in itertools.product(range(0, 101, 5), ((95, 100), (42, 58), (0, 30))):
        marks = [inside(percent, of, wanted) for of in (10_000, 1000, 500, 100, 20)]
        assert marks == sorted(marks, reverse=True), (percent, wanted)
    assert inside(50, 1000, (42, 58)) and not inside(50, 100, (42, 58))


def test_a_rule_asks_for_the_whole_interval():
    assert above(0, [0.5, 0.1, 0.9], (0.2, 0.01, 0.3)) is True
    assert above(0, [0.5, 0.1, 0.9], (0.2, -0.01, 0.3)) is False
    assert above(0, [0.5, 0.1, 0.9], "cannot be judged: all is dark") is None
    assert above(0, [0.5, None, None]) is None
    assert below(1, [0.5, 0.1, 0.9]) is True and below(1, [0.5, 0.1, 1.1]) is False
    assert below(1, [0.5, None, None]) is below(1, "cannot be judged: all is dark") is None


def test_what_cannot_be_judged_is_written_down_in_words():
    dark = NoInterval(np.nan, "all is dark")
    kept = storing.rounded({"dark": dark, "few": NoInterval(0.5, "few"), "all": Estimate(1.23456789, 1, np.nan)})
    assert kept == {"dark": "cannot be judged: all is dark", "few": [0.5, None, None], "all": [1.23457, 1, None]}
    assert json.loads(json.dumps(kept, allow_nan=False)) == kept


def test_results_of_an_older_course_are_not_measured_yet(monkeypatch):
    """Results without the paired differences: the page says so and does not break."""
    told = measured(np.random.default_rng(0))
    for part, new in {
        "errors": ("right", "points above the smaller", "percent of the resnet"),
        "texturised": ("percent kept",),
        "interaction": ("z, bagnet33 above",),
        "sensitivity": ("vgg below",),
    }.items():
        for key in new:
            del told[part][key]
    for name in NETS:
        del told["interaction"][name]["z, far above near"]
    monkeypatch.setattr(storing, "read", lambda: dict.fromkeys(paper.WORLDS, told))
    lines = [line for line in paper.table() if "not measured yet" in line]
    assert len(lines) == 8  # twice accuracy, textures, three curves and their comparison, VGG's fall
