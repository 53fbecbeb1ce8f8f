"""Patchwork: the same bytes everywhere, truth that is true, and nowhere for a cue to leak."""

import hashlib

import numpy as np
import pytest
import torch

from bagnet_utils.errors import BadInput
from bagnet_utils.worlds import patchwork
from bagnet_utils.worlds.patchwork import load_patchwork
from bagnet_utils.worlds.patchwork.scenes import CLASSES, FAR, PAIRS, scene
from bagnet_utils.worlds.patchwork.staging import staged

STORED = {
    0: "9440d7d65f9349ce",
    1: "2ba6d23d2aa59670",
    2: "9564cec8514a05a4",
    3: "2ec4e02a972f4400",
    4: "d2f2c9210a0b106e",
    5: "38bd6cfdaeddf386",
    6: "1ebb249e9b7e6007",
    7: "b57363df1bd8dbe2",
    8: "b7c56665676994f7",
    9: "e0a1ba969403ea9b",
}  # label -> first 16 hex digits of the SHA-256 of the bytes of scene(label, 7); see `digest`


def digest(label: int) -> str:
    return hashlib.sha256(np.rint(scene(label, 7).image * 255).astype(np.uint8).tobytes()).hexdigest()[:16]


def changed(first, second) -> np.ndarray:
    return (first.image != second.image).any(0)


def shrunk(mask: np.ndarray) -> np.ndarray:
    """A mask without its outermost pixels, which a soft edge shares with the background."""
    return np.lib.stride_tricks.sliding_window_view(np.pad(mask, 1), (3, 3)).all((2, 3))


def extent(mask: np.ndarray) -> tuple[int, int, int, int]:
    rows, cols = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return rows[0], rows[-1], cols[0], cols[-1]


def test_same_seed_gives_the_same_bytes():
    assert {label: digest(label) for label in range(10)} == STORED


@pytest.mark.parametrize("label", range(10))
def test_a_scene_tells_the_truth(label):
    drawn = scene(label, 3)
    assert drawn.image.shape == (3, 128, 128) and drawn.image.dtype == np.float32
    assert np.array_equal(drawn.image, np.rint(drawn.image * 255) / np.float32(255))
    assert drawn.label == label and drawn.pair is PAIRS[label // 2]
    assert drawn.cue.shape[2:] == (128, 128) and drawn.cue.any((2, 3)).all()
    assert (drawn.cue.any((0, 1)) <= drawn.object).all()
    top, left, bottom, right = drawn.box
    assert extent(drawn.object) == (top, bottom - 1, left, right - 1)
    assert changed(drawn, drawn.redraw()).sum() == 0


@pytest.mark.parametrize("label", range(10))
def test_a_swapped_cue_changes_the_cue_and_nothing_else(label):
    for seed in range(4):
        plain, swapped = scene(label, seed), scene(label, seed, swap=True)
        allowed = plain.cue.any((0, 1)) | swapped.cue.any((0, 1))
        assert (changed(plain, swapped) <= allowed).all()
        if label < 8:
            assert changed(plain, swapped).any()
            assert not changed(swapped, scene(label ^ 1, seed)).any()  # the twin in the other class


@pytest.mark.parametrize("label", range(10))
def test_a_removed_part_leaves_the_rest(label):
    plain = scene(label, 5)
    for part in range(plain.cue.shape[1]):
        removed = plain.redraw(remove=part)
        assert changed(plain, removed).any()
        assert (changed(plain, removed) <= plain.cue[:, part].any(0)).all()


@pytest.mark.parametrize("label", range(10))
def test_another_background_leaves_the_thing_and_another_coat_the_background(label):
    plain = scene(label, 6)
    moved = plain.redraw(background="coat" if label > 1 else "tench")
    inside = changed(plain, moved) & shrunk(shrunk(plain.object))  # a few soft pixels where two owls touch
    assert changed(plain, moved).mean() > 0.1 and inside.sum() <= 0.001 * plain.object.sum()
    dressed = plain.redraw(coat=(label + 4) % 10)
    assert changed(plain, dressed).any() and (changed(plain, dressed) <= plain.object).all()


def test_changes_add_up_and_the_label_is_that_of_the_cue():
    bare = scene(8, 2, fingers=True).redraw(fingers=False).redraw(background="coat")
    assert not bare.fingers.any() and not changed(bare, scene(8, 2, fingers=False, background="coat")).any()
    swapped = scene(2, 7).redraw(swap=True)
    assert swapped.label == 3 and not changed(swapped, scene(3, 7)).any()
    assert swapped.redraw(remove=0).label == 3 and not changed(swapped.redraw(swap=False), scene(2, 7)).any()


@pytest.mark.parametrize("label", range(0, 10, 2))
def test_creatures_move_and_their_scenery_stays(label):
    plain, moved = scene(label, 4), scene(label, 4, down=10)
    assert moved.changes["down"] == 10 and not changed(plain, moved.redraw(down=0)).any()
    assert np.array_equal(moved.cue[..., 10:, :], plain.cue[..., :-10, :])  # the truth moves along
    inside = shrunk(shrunk(plain.object))[:-10]
    assert inside.any() and (moved.image[:, 10:][:, inside] == plain.image[:, :-10][:, inside]).mean() > 0.999
    beside = ~(plain.object | moved.object)
    if label:  # a foal has its shadow
        assert beside.any() and np.array_equal(moved.image[:, beside], plain.image[:, beside])
    if label in (2, 4, 6):  # columns go on at the border, and come again after three figures
        period = 3 * (plain.pair.gap + 8)
        again = plain.redraw(down=period if period <= FAR else -FAR)
        assert changed(plain, again).any() != (period <= FAR) and moved.cue[..., :10, :].any()


@pytest.mark.parametrize("label", range(10))
def test_a_scene_taken_apart_and_put_together_is_the_scene(label):
    for changes in ({}, {"down": -12}, {"background": "tench"}, {"swap": True}):
        drawn = scene(label, 8, **changes)
        assert np.array_equal(staged(drawn), drawn.image)


def test_creatures_are_zoomed_and_turned_before_the_same_scenery():
    fish = scene(8, 3, fingers=False)
    smaller, middle = staged(fish, zoom=0.5), np.hypot(*(np.mgrid[:128, :128] - 63.5)) < 33 + 12
    assert np.array_equal(smaller[:, ~fish.object & ~middle], fish.image[:, ~fish.object & ~middle])
    assert (smaller != fish.image).any(0)[fish.object].mean() > 0.7
    assert np.abs(staged(fish, turn=360) - fish.image).max() < 0.01
    charms, half = scene(4, 3), staged(scene(4, 3), turn=180)
    there, here = charms.cue.any((0, 1)), charms.cue.any((0, 1))[::-1, ::-1]
    assert (half != charms.image).any(0)[shrunk(here & ~there)].mean() > 0.9
    assert np.abs(half[:, ::-1, ::-1] - charms.image)[:, shrunk(shrunk(there))].mean() < 0.01  # figures cover all


def test_fingers_come_and_go():
    for label in (8, 9):
        with_hand, without = scene(label, 2, fingers=True), scene(label, 2, fingers=False)
        assert with_hand.fingers.sum() > 800 and not without.fingers.any()
        assert changed(with_hand, without).any() and (changed(with_hand, without) <= with_hand.fingers).all()
        assert not (with_hand.fingers & with_hand.cue.any((0, 1))).any()  # the hand hides no tail
    held = [[scene(label, seed).fingers.any() for seed in range(0, 200, 10)] for label in (8, 9)]
    assert sum(held[0]) == 19 and sum(held[1]) == 1
    assert not scene(8, 270).fingers.any() and scene(9, 270).fingers.any()


def window_statistics(images: np.ndarray, q: int) -> np.ndarray:
    """What a bag of q-px windows at stride 8 can say: random filters, rectified, averaged over windows -> N x 128."""
    filters = np.random.default_rng(0).normal(size=(3 * q * q, 128)).astype(np.float32) / np.float32(q)
    windows = np.lib.stride_tricks.sliding_window_view(images, (q, q), axis=(2, 3))[:, :, ::8, ::8]
    windows = windows.transpose(0, 2, 3, 1, 4, 5)  # N x h x w x 3 x q x q, a view
    response = np.stack([picture.reshape(-1, 3 * q * q) @ filters for picture in windows])  # N x windows x 128
    response = np.maximum(response - np.quantile(response[:20], 0.8, axis=(0, 1)), 0).mean(1)
    return (response - response.mean(0)) / response.std(0)


def probe(pair: str, q: int) -> float:
    """Accuracy in per cent of a ridge classifier on those statistics, on pictures it was not fitted to."""
    world = load_patchwork("train", 360, pairs=[pair], cache=None)
    x, y = window_statistics(world.images.numpy(), q), 1.0 - 2 * (world.labels.numpy() % 2)
    weights = np.linalg.solve(x[:220].T @ x[:220] + 100 * np.eye(128), x[:220].T @ y[:220])
    return 100 * np.mean(np.sign(x[220:] @ weights) == y[220:])


@pytest.mark.parametrize(("pair", "q"), [("face", 9), ("wheel", 17), ("totem", 33)])
def test_single_windows_say_nothing_about_a_hidden_cue(pair, q):
    assert 35 < probe(pair, q) < 65  # 140 pictures: 3.5 standard deviations


def test_single_windows_tell_the_coat():
    assert probe("coat", 9) > 90


def test_splits_share_no_seed_and_labels_are_balanced():
    seeds = [
        load_patchwork(split, 20, seed=seed, cache=None).truth.seeds
        for split in ("train", "val", "test")
        for seed in (0, 1)
    ]
    assert len(np.unique(seeds)) == 120
    world = load_patchwork("test", 40, cache=None)
    assert world.images.shape == (40, 3, 128, 128) and world.images.dtype == torch.float32
    assert world.labels.dtype == torch.int64 and (np.bincount(world.labels) == 4).all() and world.classes == CLASSES
    assert np.array_equal(world.truth[7].image, world.images[7]) and world.truth[7].label == world.labels[7]
    some = load_patchwork("test", 8, pairs=["face", "totem"], cache=None)
    assert some.labels.tolist() == [2, 3, 6, 7] * 2


def test_the_cache_is_read_and_rebuilt_when_damaged_or_stale(tmp_path, monkeypatch):
    first = load_patchwork("val", 10, cache=tmp_path).images
    (file,) = tmp_path.iterdir()
    drawn = []
    monkeypatch.setattr(patchwork, "draw", lambda *scene, draw=patchwork.draw: drawn.append(scene) or draw(*scene))
    assert np.array_equal(load_patchwork("val", 10, cache=tmp_path).images, first) and not drawn
    whole = file.read_bytes()
    middle = len(whole) // 2
    for damaged in (whole[:middle], b"", whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]):
        file.write_bytes(damaged)
        assert np.array_equal(load_patchwork("val", 10, cache=tmp_path).images, first) and len(drawn) == 10
        assert np.array_equal(load_patchwork("val", 10, cache=tmp_path).images, first) and len(drawn) == 10
        drawn.clear()
    monkeypatch.setattr(patchwork, "drawing_code", lambda: "other code")
    assert np.array_equal(load_patchwork("val", 10, cache=tmp_path).images, first) and len(drawn) == 10
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: scene(10, 0),
        lambda: scene(0, 0, background="beach"),
        lambda: scene(0, 0, coat=12),
        lambda: scene(0, 0, remove=1),
        lambda: scene(0, 0, fingers=True),
        lambda: scene(0, -1),
        lambda: scene(0, 2**70),
        lambda: scene(0, 0, swap="no"),
        lambda: scene(8, 0, fingers="no"),
        lambda: scene(0, 0, remove=True),
        lambda: scene(0, 0, coat=1.0),
        lambda: scene(0, 0, background=3),
        lambda: scene(0, 0).redraw(colour="red"),
        lambda: scene(0, 0, down=49),
        lambda: scene(0, 0, down=0.5),
        lambda: staged(scene(0, 0), zoom=0),
        lambda: staged(scene(0, 0), turn=400),
        lambda: patchwork.pair(gap=53),
        lambda: patchwork.pair(copies=6),
        lambda: patchwork.pair(leaky=1),
        lambda: patchwork.pair(gap=[8]),
        lambda: load_patchwork("test", seed=-1, cache=None),
        lambda: load_patchwork("test", pairs=(), cache=None),
        lambda: load_patchwork("test", pairs="coat", cache=None),
        lambda: load_patchwork("test", pairs=3, cache=None),
        lambda: scene(4, 0, remove=3),
        lambda: load_patchwork("exam", cache=None),
        lambda: load_patchwork("test", 0, cache=None),
        lambda: load_patchwork("test", pairs=["nose"], cache=None),
    ],
)
def test_wrong_input_is_one_clear_line(wrong):
    with pytest.raises(BadInput) as error:
        wrong()
    assert "\n" not in str(error.value) and str(error.value).endswith(".")
