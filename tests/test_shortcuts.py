"""A shortcut that was planted is found by its own check, and where none is, none is found."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

import bagnet_utils as bu
from bagnet_utils.experiments import shortcuts
from bagnet_utils.experiments.shortcuts import shortcut_checks
from bagnet_utils.worlds.world import World

SIDE, EACH = 48, 30
CLASSES = ("left", "right", "middle")


def pictures(seed: int = 0) -> World:
    """Noise, with a bright bar in the middle of the picture, at another place for each class."""
    images = 0.3 * torch.rand(3 * EACH, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))
    labels = torch.arange(3).repeat(EACH)
    for image, label in zip(images, labels, strict=True):
        column = (14, 30, 22)[label]
        image[:, 14:34, column : column + 4] = 1.0
    return World(images, labels, CLASSES, [None] * len(labels))


class ByBar(nn.Module):
    """Looks where the bar is: classifies correctly and uses no shortcut."""

    classes = CLASSES

    def forward(self, images: Tensor) -> Tensor:
        grey = images[:, :, 14:34].mean((1, 2))  # N x W
        return torch.stack([grey[:, column : column + 4].mean(1) for column in (14, 30, 22)], 1)


class ByMark(ByBar):
    """Answers "right" where a place of the picture is red, and at the bar elsewhere: the bar is not enough."""

    def __init__(self, rows: slice, columns: slice):
        super().__init__()
        self.place = (slice(None), slice(None), rows, columns)

    def forward(self, images: Tensor) -> Tensor:
        answers = super().forward(images)
        answers[:, 1] = (images[self.place].mean((2, 3)) @ torch.tensor([1.0, -0.5, -0.5]) > 0.3) * 5.0
        return answers


def marked(rows: slice, columns: slice) -> World:
    """The class "right" has a red mark."""
    world = pictures()
    world.images[world.labels == 1, :, rows, columns] = torch.tensor([1.0, 0, 0])[:, None, None]
    return world


def found(model: nn.Module, world: World) -> dict[str, shortcuts.ShortcutCheck]:
    return {check.name: check for check in shortcut_checks(model.eval(), world)}


def test_nothing_is_found_where_nothing_was_planted():
    checks = found(ByBar(), pictures())
    assert list(checks) == ["border", "corners", "surround", "colour"]  # no files, so none is looked at
    for check in checks.values():
        assert not check.found and not check.classes and check.verdict.startswith("not found")
        assert check.before == 100 and check.drop.value == check.before - check.after


def test_a_red_corner_of_one_class_is_found_and_named():
    place = slice(0, 6), slice(0, 6)
    checks = found(ByMark(*place), marked(*place))
    corner = checks["corners"]
    assert corner.found and corner.drop.low > 0 and corner.classes == ("right",)
    assert (
        corner.verdict.startswith("it matters: 100 to 67 % right, a drop of +33.3 points") and "right" in corner.verdict
    )
    assert checks["colour"].found and checks["surround"].found


def test_a_red_border_is_found_at_the_border_and_not_in_the_corners():
    place = slice(0, 3), slice(12, 36)
    checks = found(ByMark(*place), marked(*place))
    assert checks["border"].found and checks["border"].classes == ("right",)
    assert not checks["corners"].found


def test_what_one_class_of_many_loses_is_found_though_the_mean_hardly_moves():
    before, after = np.ones(300, bool), np.ones(300, bool)
    after[:12] = False
    before[[50, 100, 150, 200, 250, 299, 60, 110, 160]] = False
    labels = torch.arange(10).repeat_interleave(30)
    world = World(torch.zeros(300, 3, 2, 2), labels, tuple("abcdefghij"), [None] * 300)
    check = shortcuts.compared("border", world, before, after)
    assert check.drop.low < 0 < check.drop.high and check.found and check.classes == ("a",)
    assert check.verdict.startswith("it matters for a; over all classes a drop of")


def test_answers_that_change_at_random_are_seldom_called_a_finding():
    """No class is named where answers change as often for the better, but for the risk that was promised."""
    random, false = np.random.default_rng(0), 0
    for _ in range(400):
        lost, won = random.random((2, 8, 25)) < 0.15
        false += any(shortcuts.loses(~won[k], ~lost[k], 8) for k in range(8))
    assert false <= 400 * shortcuts.RISK + 12


def test_masks_hide_as_many_pixels_in_both_ways_and_never_the_same():
    for size in ((128, 128), (48, 48), (37, 64), (17, 17), (9, 20)):
        for hidden, instead in (shortcuts.frames(size), shortcuts.corners(size)):
            assert hidden.shape == size and hidden.sum() == instead.sum() > 0 and not (hidden & instead).any()
        assert 0.4 < shortcuts.middle(size).float().mean() < 0.6


def test_the_shape_of_files_is_asked_where_there_are_files(tmp_path):
    world, truth = pictures(), []
    for number, label in enumerate(world.labels):
        truth.append(str(tmp_path / f"{number}.png"))
        Image.new("RGB", (64, 48) if label == 0 else (64, 64)).save(truth[-1])
    check = found(ByBar(), World(world.images, world.labels, CLASSES, truth))["file"]
    assert check.found and check.drop.low > 0 and not check.classes
    for file in truth:
        Image.new("RGB", (64, 64)).save(file)
    check = found(ByBar(), World(world.images, world.labels, CLASSES, truth))["file"]
    assert not check.found and check.drop.value == 0


def test_a_class_of_one_picture_and_very_few_pictures():
    world = pictures()
    few = World(world.images[:4], world.labels[:4], CLASSES, [None] * 4)
    checks = found(ByBar(), few)
    assert all(check.verdict.startswith("cannot be judged: ") and not check.found for check in checks.values())
    alone = World(world.images[:3], world.labels[:3], CLASSES, [None] * 3)
    assert "surround" not in found(ByBar(), alone)  # no class has a second picture


def test_the_pictures_are_left_as_they_were_and_the_seed_decides():
    world = marked(slice(0, 6), slice(0, 6))
    before, model = world.images.clone(), ByMark(slice(0, 6), slice(0, 6)).eval()
    first = shortcut_checks(model, world, seed=3)
    assert torch.equal(world.images, before) and first == shortcut_checks(model, world, seed=3)


def test_wrong_input_says_what_is_wanted():
    model, world = ByBar().eval(), pictures()
    with pytest.raises(bu.BadInput, match=r"the model knows 3 classes .* the world has 2 others"):
        shortcut_checks(model, World(world.images, world.labels % 2, ("one", "two"), world.truth))
    with pytest.raises(bu.BadInput, match="a world is wanted"):
        shortcut_checks(model, world.images)
    with pytest.raises(bu.BadInput, match="train mode"):
        shortcut_checks(model.train(), world)
