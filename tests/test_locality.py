"""How local pictures are: profiles of kinds, halves that agree, and the quick ruler."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from test_context import photos  # noqa: F401

import bagnet_utils as bu
from bagnet_utils.experiments.locality import Profile, folds_of, holm, locality_profile, probe_profile, share_of_way
from bagnet_utils.worlds.patchwork import pair
from bagnet_utils.worlds.world import World


def profile_of(kinds: int, each: int, small: float, large: float, special: int | None = None) -> Profile:
    random = np.random.default_rng(1)
    labels = np.repeat(np.arange(kinds), each)
    right = {"bagnet9": random.random(len(labels)) < small, "bagnet33": random.random(len(labels)) < large}
    if special is not None:
        right["bagnet9"][labels == special], right["bagnet33"][labels == special] = False, True
    return Profile(right, labels, tuple(f"kind {n}" for n in range(kinds)))


def test_one_kind_of_many_that_truly_gains_is_found_and_no_other():
    gains = profile_of(32, 20, 0.7, 0.7, special=5).gains()
    assert [one.kind for one in gains if one.sure] == ["kind 5"]
    assert gains[-1].kind == "kind 5" and gains[-1].points.value == 100 and gains[-1].points.low > 60  # of 20 pictures
    values = [one.points.value for one in gains]
    assert values == sorted(values) and len(values) == 32


def test_among_kinds_that_gain_nothing_single_intervals_err_and_holm_does_not():
    missed, alarms = 0, 0
    for seed in range(20):
        random = np.random.default_rng(seed)
        labels = np.repeat(np.arange(32), 12)
        right = {name: random.random(len(labels)) < 0.7 for name in ("bagnet9", "bagnet33")}
        gains = Profile(right, labels, tuple(map(str, range(32)))).gains()
        missed += sum(one.points.low > 0 or one.points.high < 0 for one in gains)
        alarms += any(one.sure for one in gains)
    assert missed > 0 and alarms <= 3


def test_halves_agree_where_kinds_differ_and_not_where_they_do_not():
    labels = np.repeat(np.arange(30), 20)
    random, gain = np.random.default_rng(0), np.linspace(0, 0.9, 30)[labels]
    right = {"bagnet9": random.random(600) < 0.05, "bagnet33": random.random(600) < gain}
    first, second = Profile(right, labels, tuple(map(str, range(30)))).in_halves()
    assert np.corrcoef(first, second)[0, 1] > 0.6
    assert abs(np.corrcoef(*profile_of(30, 20, 0.7, 0.7).in_halves())[0, 1]) < 0.5


def test_holm_is_stricter_than_each_test_alone_and_stops_at_the_first_that_fails():
    assert holm([0.01, 0.04, 0.03]) == [True, False, False]
    assert holm([0.001, 0.02, 0.02]) == [True, True, True]
    assert holm([0.2]) == [False] and holm([0.049]) == [True]


def test_the_profile_counts_what_predict_says_and_wants_the_same_classes(photos):  # noqa: F811
    few = replace(photos, images=photos.images[:40], labels=photos.labels[:40])
    net = bu.load_model("bagnet9", "photos")
    known = locality_profile({"bagnet9": net}, few)
    assert (known.right["bagnet9"] == (bu.predict(net, few.images) == few.labels).numpy()).all()
    assert known.accuracy()["bagnet9"].value == 100 * known.right["bagnet9"].mean()
    with pytest.raises(bu.BadInput, match=r"knows other classes than these 32; .* probe_profile"):
        locality_profile({"bagnet9": bu.load_model("bagnet9")}, few)
    with pytest.raises(bu.BadInput, match="networks are wanted by name"):
        locality_profile(net, few)


def test_the_quick_ruler_finds_a_step_whose_place_is_known():
    """Figures 12 px apart: a window of 9 px cannot tell their order, whatever its features; one of 33 px can."""
    world = pair(gap=12, n=60, split="test")
    known = probe_profile({name: bu.load_model(name, "tiny") for name in ("bagnet9", "bagnet33")}, world)
    accuracy = known.accuracy()
    assert accuracy["bagnet9"].low < 50 < accuracy["bagnet9"].high and accuracy["bagnet33"].low > 70
    assert known.gain().low > 20


def test_each_picture_is_held_out_once_and_every_class_is_in_every_fold():
    labels = torch.tensor([0] * 9 + [1] * 5 + [2] * 4)
    folds = folds_of(labels, 4, seed=0)
    for label in range(3):
        counts = folds[labels == label].bincount(minlength=4)
        assert counts.min() >= 1 and counts.max() - counts.min() <= 1
    assert torch.equal(folds, folds_of(labels, 4, 0)) and not torch.equal(folds, folds_of(labels, 4, 1))
    with pytest.raises(bu.BadInput, match="folds is 5, but a whole number from 2 to 4 is wanted"):
        folds_of(labels, 5, 0)
    with pytest.raises(bu.BadInput, match="one class only"):
        folds_of(torch.zeros(8, dtype=torch.long), 4, 0)
    with pytest.raises(bu.BadInput, match="a single picture"):
        folds_of(torch.tensor([0, 0, 1]), 2, 0)


def test_labels_at_random_cannot_be_learnt_by_the_quick_ruler():
    """If pictures leaked from the folds that teach into the one that is asked, this would be far above chance."""
    random = torch.Generator().manual_seed(0)
    world = World(torch.rand(80, 3, 32, 32, generator=random), torch.arange(80) % 2, ("a", "b"), [None] * 80)
    known = probe_profile({"bagnet9": bu.load_model("bagnet9", "tiny")}, world)
    assert known.accuracy()["bagnet9"].low < 50 < known.accuracy()["bagnet9"].high + 8


def test_the_way_from_chance_to_the_best():
    assert share_of_way(50, 100, 50) == 0 and share_of_way(100, 100, 50) == 100 and share_of_way(60, 90, 30) == 50
