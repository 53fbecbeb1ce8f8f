"""Cue conflicts of photographs, and a folder of named pictures."""

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.special import expit
from test_shape_bias import Reader

import bagnet_utils as bu
from bagnet_utils.experiments.shape_bias import ShapeBias, difference_over_kinds, shape_bias_of_folder
from bagnet_utils.worlds import cutouts, named_conflicts
from bagnet_utils.worlds.imagenet import imagenet_classes
from bagnet_utils.worlds.named_conflicts import SIXTEEN


def on_white(mask: np.ndarray, colour=(0.2, 0.4, 0.3)) -> torch.Tensor:
    image = torch.ones(3, *mask.shape)
    image[:, torch.from_numpy(mask)] = torch.tensor(colour)[:, None]
    return image


def test_a_silhouette_is_the_object_on_white_and_nothing_else():
    y, x = np.mgrid[:64, :64]
    cross = ((np.abs(y - 30) < 8) & (np.abs(x - 32) < 25)) | ((np.abs(x - 32) < 8) & (np.abs(y - 30) < 25))
    found = cutouts.silhouette(on_white(cross))
    assert np.array_equal(found.numpy(), cross)
    holed = on_white(cross)
    holed[:, 28:32, 30:34] = 1  # white inside the object belongs to it
    assert np.array_equal(cutouts.silhouette(holed).numpy(), cross)
    two = (np.hypot(y - 16, x - 16) < 12) | (np.hypot(y - 46, x - 46) < 12)
    frame = (np.abs(y - 32) < 20) & (np.abs(x - 32) < 20)
    for no in (two, frame, np.hypot(y, x) < 5, y > 30):
        assert cutouts.silhouette(on_white(no)) is None
    assert cutouts.silhouette(torch.full((3, 64, 64), 0.5)) is None


def test_photographs_give_seven_kinds_with_three_silhouettes_each():
    cut = cutouts.cutouts()
    groups = cutouts.kinds_of(cut)
    assert len(groups) == 7 and cut.labels.bincount().tolist().count(cutouts.SHAPES) == 7 and len(cut.labels) == 21
    squares, labels = cutouts.sources()
    assert squares.shape == (14, 3, cutouts.SIDE, cutouts.SIDE) and labels.tolist() == sorted(labels.tolist())
    for image, mask in zip(cut.images, cut.masks, strict=True):
        assert 0.1 < mask.float().mean() < 0.8 and image[:, ~mask].mean() > 0.9


def test_textures_ship_small_and_fill_silhouettes():
    files = sorted(cutouts.TEXTURED.glob("*.jpg"))
    assert len(files) == 14 and sum(file.stat().st_size for file in files) < 200_000
    white, grey = cutouts.photo_conflicts(84), cutouts.photo_conflicts(84, ground=0.5)
    twos = list(zip(white.shapes.tolist(), white.textures.tolist(), strict=True))
    assert len(set(twos)) == 42 and Counter(twos).most_common()[-1][1] == 2
    same = (white.images == grey.images).all(1)
    assert torch.equal(white.images.movedim(1, -1)[~same].unique(), torch.ones(1))
    assert 0.1 < same.float().mean() < 0.6
    fills, of = cutouts.textures()
    first = fills[(of == cutouts.cutouts().labels.unique()[white.textures[0]]).nonzero()[0, 0]]
    assert torch.equal(white.images[0][:, same[0]], first[:, same[0]])
    everything = cutouts.photo_conflicts()
    assert len(everything.images) == 252
    assert len({image.numpy().tobytes() for image in everything.images}) == 252
    with pytest.raises(bu.BadInput, match="n is 253, but a whole number from 1 to 252"):
        cutouts.photo_conflicts(253)


def test_a_missing_texture_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(cutouts, "TEXTURED", tmp_path)
    with pytest.raises(bu.BadInput, match=r"dragonfly-0\.jpg is missing; get it back with `git checkout"):
        cutouts.photo_conflicts(3)


# ---------------------------------------------------------------- how sure?

SILHOUETTES, FILLS = np.repeat(np.arange(7), 3), np.repeat(np.arange(7), 2)  # the kind of each
SHOWN = np.array([(s, t) for s in range(21) for t in range(14) if SILHOUETTES[s] != FILLS[t]]).T  # 252 pictures


def drawn_anew(random: np.random.Generator, middles, spreads) -> list[ShapeBias]:
    """Networks on silhouettes, textures and kinds of both that differ as much as spreads says, in logits."""

    def effects() -> np.ndarray:
        """Half of them is the network's own."""
        own = [random.normal(0, spread, size) for spread, size in zip(spreads, (21, 14, 7, 7), strict=True)]
        return (own[0] + own[2][SILHOUETTES])[SHOWN[0]] + (own[1] + own[3][FILLS])[SHOWN[1]]

    shapes, textures, shared = SILHOUETTES[SHOWN[0]], FILLS[SHOWN[1]], effects()
    answers = [
        np.where(expit(middle + (shared + effects()) / 2**0.5) > random.random(252), shapes, textures)
        for middle in middles
    ]
    third = random.random((len(middles), 252)) < 0.35
    return [ShapeBias(tuple("abcdefg"), np.where(others, -1, one), shapes, textures)
            for one, others in zip(answers, third, strict=True)]  # fmt: skip


def true_bias(middle: float, spreads) -> float:
    return 100 * expit(middle + np.linalg.norm(spreads) * np.random.default_rng(1).normal(size=200_000)).mean()


@pytest.mark.parametrize("middles", [(0, 1), (-1.5, 0)])
@pytest.mark.parametrize(
    "spreads",
    [(0.2, 0.2, 0, 0), (0.7, 0.7, 0, 0), (1.5, 1, 0, 0), (0.3, 1.5, 0, 0), (0.5, 0.5, 1.2, 1.2), (0.5, 0.5, 1.5, 0.5)],
)
def test_intervals_over_kinds_hold_the_truth_95_times_of_100_where_pictures_share_silhouettes(spreads, middles):
    random, truths = np.random.default_rng(0), [true_bias(middle, spreads) for middle in middles]
    held = np.zeros(3)
    for _ in range(500):
        one, other = drawn_anew(random, middles, spreads)
        more = difference_over_kinds(other, one)
        held += (
            one.bias_over_kinds.low <= truths[0] <= one.bias_over_kinds.high,
            more.low <= truths[1] - truths[0] <= more.high,
            one.bias.low <= truths[0] <= one.bias.high,
        )
    assert held[:2].min() / 5 >= 92 and held[:2].max() / 5 <= 98
    assert held[2] / 5 < 85 or max(spreads) < 0.5  # Wilson's counts the pictures as if they shared nothing


def test_over_few_kinds_or_where_all_decide_alike_there_is_no_interval():
    shapes, textures = np.array([(s, t) for s in range(7) for t in range(7) if s != t]).T
    alike = ShapeBias(tuple("abcdefg"), shapes, shapes, textures)
    assert alike.bias_over_kinds.value == 100 and np.isnan(alike.bias_over_kinds.low)
    answers = np.where(np.arange(42) % 3, shapes, textures)
    some = ShapeBias(tuple("abcdefg"), answers, shapes, textures)
    assert some.bias_over_kinds.value == pytest.approx(some.bias.value)
    assert some.bias_over_kinds.low < some.bias_over_kinds.value < some.bias_over_kinds.high
    few = (shapes < 6) & (textures < 6)
    part = ShapeBias(some.kinds, answers[few], shapes[few], textures[few])
    assert "fewer than 7 kinds" in str(part.bias_over_kinds) and "fewer than 7" in str(
        difference_over_kinds(part, part)
    )
    none = ShapeBias(some.kinds, np.full(42, -1), shapes, textures)
    assert difference_over_kinds(some, some) == (0, 0, 0)
    assert np.isnan(none.bias_over_kinds.value) and np.isnan(difference_over_kinds(none, some).low)


# ---------------------------------------------------------------- a folder of named pictures


def test_the_sixteen_kinds_are_made_of_classes_that_are_of_them():
    names = imagenet_classes()
    members = [label for labels in SIXTEEN.values() for label in labels]
    assert list(SIXTEEN) == sorted(SIXTEEN) and len(SIXTEEN) == 16 and len(set(members)) == len(members) == 207
    words = {"bear": "bear", "bottle": "bottle|jug", "chair": "chair|throne", "clock": "clock", "keyboard": "keyboard",
             "elephant": "elephant", "bicycle": "bi(cycle|ke)", "boat": "boat|canoe|yawl", "cat": "cat|tabby|cougar",
             "truck": "truck|engine|van|pickup", "airplane": "airliner", "knife": "cleaver"}  # fmt: skip
    for kind, word in words.items():
        assert all(re.search(word, names[label]) for label in SIXTEEN[kind]), kind
        if kind in ("elephant", "clock", "bicycle"):
            assert sum(bool(re.search(word, name)) for name in names) == len(SIXTEEN[kind])
    assert names[named_conflicts.BIRDS[0]] == "cock" and names[named_conflicts.BIRDS[-1]] == "albatross"
    assert (names[named_conflicts.DOGS[0]], names[named_conflicts.DOGS[-1]]) == ("Chihuahua", "Mexican hairless")
    assert len(SIXTEEN["dog"]) == 109 and len(SIXTEEN["bird"]) == 49
    assert [names[label] for label in named_conflicts.LEFT_OUT["dog"]][1:6] == [
        "cairn",
        "Lhasa",
        "kelpie",
        "boxer",
        "dalmatian",
    ]


def write(folder: Path, name: str, label: int) -> None:
    """A picture that a Reader takes for one of a thousand classes."""
    row = np.zeros(224 * 224 * 3, np.uint8).reshape(224, 224, 3)
    row.reshape(-1, 3)[label, 0] = 255
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(row).save(folder / name)


def a_folder(root: Path) -> None:
    write(root, "cat/cat1-car3.png", SIXTEEN["cat"][2])
    write(root, "cat/cat2-car1.png", SIXTEEN["car"][0])
    write(root, "dog/Dog10-KNIFE2.png", SIXTEEN["dog"][50])
    write(root, "oven1-clock1.png", SIXTEEN["bird"][3])
    write(root, "bear1-bear2.png", SIXTEEN["bear"][0])  # both alike
    write(root, "cat1-zebra2.png", 0)
    write(root, "holiday.png", 0)
    (root / "truck1-boat1.png").write_bytes(b"no picture")
    (root / "notes.txt").write_text("not a picture, and not spoken of")


def test_a_folder_of_cue_conflicts_is_measured_with_a_net_of_a_thousand_classes(tmp_path):
    a_folder(tmp_path)
    found = shape_bias_of_folder(Reader(1000).eval(), tmp_path, batch=2)
    assert found.kinds == tuple(SIXTEEN) and found.counts == (2, 1, 1)
    assert found.bias == (100 * 2 / 3, *bu.confidence_interval(2, 3))
    assert found.of_kind("cat").value == 50 and found.of_kind("dog").value == 100
    assert len(found.left_out) == 4 and not any("\n" in line for line in found.left_out)
    for start in (
        "bear1-bear2.png: shape and texture are both",
        "cat1-zebra2.png: zebra is none of",
        "holiday.png is not named",
        "truck1-boat1.png is not a picture",
    ):
        assert sum(line.startswith(start) for line in found.left_out) == 1, start


def test_the_mean_over_a_kind_counts_and_not_its_best_class(tmp_path):
    """One dog of 109 at full probability is less, on average, than one knife of one at a hundredth."""
    image = np.zeros((224, 224, 3), np.uint8)
    image.reshape(-1, 3)[SIXTEEN["dog"][0], 0], image.reshape(-1, 3)[SIXTEEN["knife"][0], 0] = 255, 204
    Image.fromarray(image).save(tmp_path / "dog1-knife1.png")
    assert shape_bias_of_folder(Reader(1000).eval(), tmp_path).counts == (0, 1, 0)


def test_folders_without_conflicts_and_wrong_nets_are_told_in_one_line(tmp_path):
    model = Reader(1000).eval()
    asked = [(tmp_path / "nowhere", model, "there is no folder"), (tmp_path / "empty", model, "holds no cue conflict")]
    (tmp_path / "empty").mkdir()
    for n, (name, says) in enumerate(
        (("cat-cat.png", "the first: cat-cat.png: shape and"), ("x.png", "x.png is not named"))
    ):
        write(tmp_path / str(n), name, 0)
        asked.append((tmp_path / str(n), model, says))
    write(tmp_path / "few", "cat1-car1.png", 0)
    asked.append((tmp_path / "few", Reader(10).eval(), "some of the numbers 0 to 9 are wanted"))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "cat1-car1.png").write_bytes(b"?")
    asked.append((tmp_path / "broken", model, "none can be read: cat1-car1.png is not a picture"))
    for folder, net, says in asked:
        with pytest.raises(bu.BadInput, match=says) as told:
            shape_bias_of_folder(net, folder)
        assert "\n" not in str(told.value)
