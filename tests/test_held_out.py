"""The quarter that is held out: chosen by the pixels, whole copies on one side."""

import shutil

import numpy as np
import pytest
import torch
from PIL import ImageOps
from test_finetuning import COLOURS, content, fill, picture

from bagnet_utils.worlds import own
from bagnet_utils.worlds.own import hold_out, read_folder
from bagnet_utils.worlds.world import World


def test_the_split_follows_from_the_pixels_alone_and_takes_a_quarter_of_each_class(tmp_path):
    world, _ = read_folder(fill(tmp_path, 12))
    learn, held = hold_out(world)
    assert sorted([*learn.tolist(), *held.tolist()]) == list(range(36))
    assert world.labels[held].bincount().tolist() == [3, 3, 3]
    order = torch.randperm(36)
    again = hold_out(World(world.images[order], world.labels[order], world.classes, [None] * 36))[1]
    assert set(order[again].tolist()) == set(held.tolist())
    fewer = torch.arange(36) != learn[0]  # one picture less moves one at most in its class
    fewer = fewer.nonzero()[:, 0]
    less = hold_out(World(world.images[fewer], world.labels[fewer], world.classes, [None] * 35))[1]
    assert set(fewer[less].tolist()) == set(held.tolist())


@pytest.mark.parametrize("each", [2, 3, 5])
def test_small_classes_have_pictures_on_both_sides(tmp_path, each):
    world, _ = read_folder(fill(tmp_path, each))
    learn, held = hold_out(world)
    assert world.labels[held].bincount(minlength=3).tolist() == [1, 1, 1]
    assert world.labels[learn].bincount().tolist() == [each - 1] * 3


@pytest.mark.parametrize("seed", range(5))
def test_copies_of_a_picture_are_never_on_both_sides(tmp_path, seed):
    random, copies = np.random.default_rng(seed), {}
    fill(tmp_path, 10)
    for kind in COLOURS:
        for number in random.choice(10, 4, replace=False):
            image = picture(kind, int(number))
            ways = [
                content(image),
                content(ImageOps.mirror(image)),
                content(image, "JPEG", quality=80),
                content(image.resize((90, 90))),
                content(image.point(lambda value: min(255, int(value * 1.1)))),
            ]
            for way in random.choice(5, random.integers(1, 4), replace=False):
                name = f"{number:02}-copy{way}.jpg"
                (tmp_path / kind / name).write_bytes(ways[way])
                copies.setdefault(f"{kind}/{number:02}", []).append(name)
    world, _ = read_folder(tmp_path)
    names = [file.replace("\\", "/") for file in world.truth]
    held = set(hold_out(world)[1].tolist())
    for start in copies:
        sides = {number in held for number, name in enumerate(names) if start in name}
        assert len(sides) == 1, start
    counts = own.numbers_of_copies(world.images)
    assert len(set(counts.tolist())) == 30  # and different pictures do not count as copies


def test_a_picture_in_two_classes_is_on_one_side_and_a_class_of_such_ones_is_an_error(tmp_path):
    fill(tmp_path, 8)
    for number in range(4):
        shutil.copy(tmp_path / "limes" / f"{number:02}.png", tmp_path / "plums" / f"lime{number}.png")
    world, _ = read_folder(tmp_path)
    held = set(hold_out(world)[1].tolist())
    place = {"/".join(name.replace("\\", "/").split("/")[-2:]): n in held for n, name in enumerate(world.truth)}
    assert all(place[f"limes/{n:02}.png"] == place[f"plums/lime{n}.png"] for n in range(4))


def test_pictures_of_one_colour_are_copies_only_if_they_are_the_same():
    images = torch.stack([torch.full((3, 128, 128), value) for value in (0.1, 0.5, 0.5, 0.9)])
    numbers = own.numbers_of_copies(images)
    assert len(set(numbers.tolist())) == 3 and numbers[1] == numbers[2]
