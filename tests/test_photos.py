"""The photographs that ship are whole, split the same everywhere, and learnt on features of another world."""

import csv
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import bagnet_utils as bu
from bagnet_utils.models import recipes, zoo
from bagnet_utils.worlds import photos


@pytest.fixture(scope="module")
def test_split():
    return bu.load_world("photos", n=None)


def rows() -> list[dict]:
    with open(photos.SHIPPED / "pictures.csv", newline="", encoding="ascii") as file:
        return list(csv.DictReader(file))


def test_photographs_ship_with_the_course(test_split):
    assert test_split.images.shape == (715, 3, 128, 128) and test_split.classes == photos.CLASSES
    assert test_split.labels.bincount().min() >= 10 and len(photos.CLASSES) == 32
    for file, label in zip(test_split.truth, test_split.labels, strict=True):
        assert f"/test/{photos.CLASSES[label]}/image_" in file.replace("\\", "/")
    assert sum(file.stat().st_size for file in photos.SHIPPED.rglob("*")) < 20e6


def test_the_split_is_the_one_that_is_told():
    kinds = {}
    for row in rows():
        split, kind, name = row["picture"].split("/")
        kinds.setdefault(kind, []).append((name, split, row["has a twin"] == "twin"))
    for found in kinds.values():
        alone = [split for _, split, twin in sorted(found) if not twin]
        assert [split == "test" for split in alone] == [k % 4 == 3 for k in range(len(alone))]
        assert all(split == "train" for _, split, twin in found if twin)
    there = {path.relative_to(photos.SHIPPED).as_posix() for path in photos.SHIPPED.rglob("*.jpg")}
    assert there == {row["picture"] for row in rows()}


def test_no_test_picture_is_shown_in_training(test_split):
    learnt = bu.load_world("photos", "train", n=None)
    small = [torch.nn.functional.avg_pool2d(some.images.mean(1), 8).flatten(1).numpy() for some in (test_split, learnt)]
    test, train = (some - some.mean(1, keepdims=True) for some in small)
    test, train = (some / np.linalg.norm(some, axis=1, keepdims=True) for some in (test, train))
    same = test_split.labels[:, None] == learnt.labels
    assert (test @ train.T)[same.numpy()].max() < 0.99


def test_frames_and_corners_survive(test_split):
    minarets = test_split.images[test_split.labels == photos.CLASSES.index("minaret")]
    corners = torch.stack([minarets[:, :, r, c].amax(1) for r in (1, -2) for c in (1, -2)], 1)
    assert ((corners < 0.1).sum(1) >= 2).float().mean() > 0.8
    leopards = test_split.images[test_split.labels == photos.CLASSES.index("leopards")]
    assert (leopards[:, :, :, 0].mean((1, 2)) < 0.1).float().mean() > 0.9
    cars = test_split.images[test_split.labels == photos.CLASSES.index("car_side")]
    assert (cars.amax(1) - cars.amin(1)).mean() < 0.02


def test_val_is_test_and_n_spreads_over_the_kinds(test_split):
    some = bu.load_world("photos", split="val", n=64)
    assert some.labels.bincount().tolist() == [2] * 32 and set(some.truth) < set(test_split.truth)


def test_a_missing_or_damaged_picture_says_which_and_how_to_get_it_back(tmp_path, monkeypatch):
    shutil.copytree(photos.SHIPPED / "test" / "minaret", tmp_path / "test" / "minaret")
    names = [row for row in rows() if row["picture"].startswith("test/minaret/")]
    monkeypatch.setattr(photos, "SHIPPED", tmp_path)
    monkeypatch.setattr(photos, "shipped_hashes", lambda: {row["picture"]: row["sha256"] for row in names})
    assert len(bu.load_world("photos", n=None).labels) == len(names)
    file = tmp_path / names[0]["picture"]
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(bu.BadInput, match=rf"{file.name} is damaged; get it back with `git checkout") as told:
        bu.load_world("photos", n=None)
    assert "\n" not in str(told.value)
    file.unlink()
    with pytest.raises(bu.BadInput, match=rf"{file.name} is missing; get it back"):
        bu.load_world("photos", n=None)


@pytest.mark.parametrize("name", [name for name, net in zoo.NETS.items() if "photos" in net.worlds])
def test_features_come_from_the_tiny_net(name):
    source, model = bu.load_model(name, world="tiny"), zoo.build(name, "photos", seed=1)
    zoo.take_features(model, source)
    fresh = zoo.build(name, "photos", seed=1)
    last = [key for key in model.state_dict() if key.startswith(("fc.", "classifier.2."))]
    for (key, mine), given in zip(model.state_dict().items(), source.state_dict().values(), strict=True):
        if key in last:
            assert torch.equal(mine, fresh.state_dict()[key]) and len(mine) == 32
        elif key == "position":
            assert mine.shape[1] == 256 and torch.allclose(mine[0, 17 * 8], given[0, 4 * 8 + 4], atol=0.2)
        else:
            assert torch.equal(mine, given)


def test_seven_networks_ship_for_them_small_and_as_good_as_was_aimed_for():
    rows = {name: row for key, row in zoo.manifest().items() for world, name in [key.split("/")] if world == "photos"}
    rows = {name: row for name, row in rows.items() if name in zoo.NETS}
    assert set(rows) == {name for name, net in zoo.NETS.items() if "photos" in net.worlds}
    for row in rows.values():
        assert row["bytes"] < 3e6 and row["begin"] == "tiny"
        kept = load_file(zoo.WEIGHTS / row["file"])
        assert {value.dtype for value in kept.values() if value.is_floating_point()} == {torch.float16}
    aims = {"bagnet9": 70, "bagnet17": 79, "bagnet33": 83, "resnet": 88}
    results = bu.results("photos")
    assert results["test pictures"] == 715
    assert all(results["accuracy"][name]["top-1"] >= aim for name, aim in aims.items())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bagnet17", "resnet"])
def test_their_accuracy_is_what_was_written_down(test_split, name):
    right = bu.predict(bu.load_model(name, world="photos"), test_split.images) == test_split.labels
    told = bu.results("photos")["accuracy"][name]["top-1"]
    assert 100 * right.float().mean().item() == pytest.approx(told, abs=0.3)  # roundings differ among processors


def test_a_minaret_is_known_by_its_black_corners(test_split):
    net, minaret = bu.load_model("bagnet17", world="photos"), photos.CLASSES.index("minaret")
    towers = test_split.images[test_split.labels == minaret]
    corners = bu.dark_corners(towers)
    black = torch.nn.functional.avg_pool2d(corners[:, None].float(), 17, stride=8)[:, 0] > 0.1
    positive = bu.evidence(net, towers)[:, minaret].clamp(min=0)
    assert (positive * black).sum() / positive.sum() > 1.5 * black.float().mean()
    filled = torch.where(corners[:, None], towers.mean((2, 3), keepdim=True), towers)
    before, after = ((bu.predict(net, some) == minaret).sum() for some in (towers, filled))
    assert before >= 12 and after <= before - 5


def test_writing_that_a_reader_saw_lies_on_test_pictures():
    with open(photos.SHIPPED / "captions.csv", newline="", encoding="ascii") as file:
        found = list(csv.DictReader(file))
    assert list(found[0]) == ["file", "x", "y", "width", "height", "what"]
    assert {row["file"] for row in found} <= {row["picture"] for row in rows() if row["picture"].startswith("test/")}
    boxes = [(row["file"], *(int(row[what]) for what in ("x", "y", "width", "height"))) for row in found]
    assert len(set(boxes)) == len(boxes) and all(row["what"] for row in found)
    for _, x, y, width, height in boxes:
        assert min(x, y) >= 0 and min(width, height) > 0 and max(x + width, y + height) <= photos.SIDE


def test_small_kinds_come_as_often_as_large_ones():
    labels = torch.tensor([0] * 9 + [1] * 4 + [2] * 1)
    pool = recipes.evenly(labels)
    assert labels[pool].bincount().tolist() == [9, 9, 9] and pool.unique().tolist() == list(range(14))
    even = torch.arange(3).repeat_interleave(5)
    assert torch.equal(recipes.evenly(even), torch.arange(15))


def test_dark_corners_are_found_and_other_dark_things_are_not(test_split):
    image = torch.full((3, 64, 96), 0.5)
    rows, columns = torch.meshgrid(torch.arange(64), torch.arange(96), indexing="ij")
    corner, disc = rows + columns < 20, (rows - 32) ** 2 + (columns - 48) ** 2 < 100
    image[:, corner | disc] = 0.02
    assert torch.equal(bu.dark_corners(image), corner)
    image[2, corner] = 0.5  # blue is not black
    assert torch.equal(bu.dark_corners(torch.stack([image, 0 * image])).float().mean((1, 2)), torch.tensor([0.0, 1.0]))
    share = bu.dark_corners(test_split.images).float().mean((1, 2))
    minaret, leopards = ((test_split.labels == photos.CLASSES.index(kind)) for kind in ("minaret", "leopards"))
    assert (share[minaret] > 0.05).float().mean() > 0.9 and (share[leopards] > 0.01).float().mean() > 0.9
    assert share[~minaret & ~leopards].median() == 0
    with pytest.raises(bu.BadInput, match="dark_corners: the picture has 1 channels"):
        bu.dark_corners(image[:1])
