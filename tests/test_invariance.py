"""Moving a picture: what stays is carried, what comes in says nothing, and a network may notice or not."""

import numpy as np
import pytest
import torch
from torch import nn

import bagnet_utils as bu
from bagnet_utils.experiments.invariance import features_at, invariance_curve, move, turn, zoom
from bagnet_utils.experiments.looking_inside import activations, layers
from bagnet_utils.models.zoo import build

IMAGES = torch.rand(3, 3, 6, 9, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("down", "right"), [(0, 0), (2, 3), (-1, 4), (5, -6), (-6, 0)])
def test_every_pixel_that_stays_is_carried_and_what_comes_in_is_the_mean_colour(down, right):
    moved = bu.move(IMAGES, down, right)
    assert moved.shape == IMAGES.shape and moved is not IMAGES
    for row in range(6):
        for column in range(9):
            before = row - down, column - right
            there = 0 <= before[0] < 6 and 0 <= before[1] < 9
            wanted = IMAGES[:, :, before[0], before[1]] if there else IMAGES.mean((2, 3))
            assert torch.allclose(moved[:, :, row, column], wanted)


def test_each_picture_may_have_steps_of_its_own_and_one_picture_will_do():
    steps = np.array([0, 2, -3]), torch.tensor([1, 0, 4])
    moved = bu.move(IMAGES, *steps)
    for image, new, down, right in zip(IMAGES, moved, *steps, strict=True):
        assert torch.equal(bu.move(image, int(down), int(right)), new)
    assert torch.equal(bu.move(IMAGES, np.int64(2)), bu.move(IMAGES, 2, 0))


def test_a_bag_answers_alike_as_long_as_nothing_leaves():
    """Something on plain ground, moved by a step of the grid: the evidence moves along, and the logits stay."""
    model = bu.BagNet((1, 0, 0, 0), num_classes=4, width=1 / 8, depth=(1, 1, 1, 1)).eval()
    image = torch.full((3, 65, 65), 0.5)
    image[:, 24:40:2, 24:40], image[:, 25:40:2, 24:40] = 0.75, 0.25  # stripes: the mean is that of the ground
    before, after = bu.evidence(model, image)[0], bu.evidence(model, bu.move(image, 8, -8))[0]
    assert torch.allclose(after[:, 1:, :-1], before[:, :-1, 1:], atol=1e-5)


@pytest.mark.parametrize("wrong", [1.5, 7, [1, 2], True, "far", None, [[1, 2, 3]], np.array([0.0, 1.0, 2.0])])
def test_what_is_no_step_is_one_line(wrong):
    with pytest.raises(bu.BadInput, match="whole numbers of pixels") as told:
        bu.move(IMAGES, wrong)
    assert "\n" not in str(told.value) and str(told.value).startswith("move: ")


def test_a_zoom_keeps_the_middle_and_brings_in_the_mean_colour():
    images = torch.rand(2, 3, 32, 20, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(zoom(images, 1.0), images, atol=1e-6)
    smaller = zoom(images, 0.5)
    assert smaller.shape == images.shape
    ground = images.mean((2, 3), keepdim=True).expand_as(images)
    assert torch.allclose(smaller[:, :, :8], ground[:, :, :8], atol=1e-6)
    assert torch.allclose(smaller.mean((2, 3)), images.mean((2, 3)), atol=2e-3)
    spot = torch.full((3, 31, 31), 0.5)
    spot[:, 15, 15] = 1.0
    for factor in (0.5, 1.4, 2.0, 3.0):
        bright = zoom(spot, factor)[0]
        assert torch.allclose(bright, bright.flip(0, 1), atol=1e-5) and bright.argmax() == 15 * 31 + 15
    tall = torch.full((3, 40, 40), 0.5)
    tall[:, 12:28] = 1.0
    assert [int((zoom(tall, factor)[0, :, 20] > 0.75).sum()) for factor in (0.5, 1.0, 2.0)] == [8, 16, 32]


@pytest.mark.parametrize("quarter", [1, 2, 3])
def test_quarter_turns_are_exact_and_go_to_the_left(quarter):
    images = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(turn(images, 90 * quarter), images.rot90(quarter, (2, 3)), atol=1e-4)
    assert torch.allclose(turn(images, 0), images, atol=1e-5) and turn(images[0], 30).shape == images[0].shape
    wide = torch.rand(3, 8, 14, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(turn(wide, 180), wide.rot90(2, (1, 2)), atol=1e-4)


class Mean(nn.Module):
    """Looks at the picture one pixel at a time and takes the mean: nothing that stays in the picture is missed."""

    def __init__(self, stride: int):
        super().__init__()
        self.map, self.head = nn.Conv2d(3, 5, 1, stride), nn.Linear(5, 4)
        for number in self.parameters():
            nn.init.normal_(number, generator=torch.Generator().manual_seed(0))
        self.eval()

    def forward(self, images):
        return self.head(self.map(images).relu().mean((2, 3)))


def things_on_plain_ground(count=8, side=32) -> torch.Tensor:
    """Coloured spots on a ground of their mean colour, far from the border."""
    random = torch.Generator().manual_seed(0)
    images = torch.full((count, 3, side, side), 0.5)
    noise = torch.rand(count, 3, 8, 8, generator=random)
    images[:, :, 12:20, 12:20] += 0.6 * (noise - noise.mean((2, 3), keepdim=True))
    return images


def test_no_change_is_distance_zero_and_another_picture_is_one():
    model, images, labels = Mean(1), things_on_plain_ground(), torch.arange(8) % 4
    curve = invariance_curve(model, images, labels, ["map", "top"], lambda images, _: images, [0, 1])
    assert curve.amounts == (0, 1) and all((rows == 0).all() for rows in curve.distances.values())
    shares = bu.logits(model, images).double().softmax(1)[torch.arange(8), labels]
    assert np.allclose(curve.probabilities, shares, atol=1e-6)
    assert curve.probability()[1].value == pytest.approx(shares.mean().item(), abs=1e-6)
    two = images[:2]
    swapped = invariance_curve(model, two, labels[:2], ["map", "top"], lambda images, _: images.flip(0), [0])
    assert all(np.allclose(rows, 1) for rows in swapped.distances.values())


@pytest.mark.parametrize(("stride", "steps", "still"), [(1, (1, 3, 7), True), (4, (4, 8), True), (4, (1, 2, 6), False)])
def test_what_looks_everywhere_alike_does_not_change_and_a_grid_is_seen_between_its_steps(stride, steps, still):
    images, labels = things_on_plain_ground(), torch.zeros(8, dtype=torch.long)
    curve = invariance_curve(Mean(stride), images, labels, ["top", "map"], move, steps)
    assert (curve.distances["top"] < 2e-3).all() if still else (curve.distances["top"] > 0.05).all()
    assert (curve.distances["map"] > 0.3).all()  # with its places, the map has moved along


def test_a_bag_moved_by_a_step_of_its_grid_has_the_same_patches():
    model = bu.BagNet((1, 0, 0, 0), num_classes=4, width=1 / 8, depth=(1, 1, 1, 1)).eval()
    images = things_on_plain_ground(8, 65)
    before, after, between = (model.features(move(images, step)) for step in (0, 8, 4))
    assert torch.allclose(after[:, :, 2:], before[:, :, 1:-1], atol=1e-5)
    assert not torch.allclose(between[:, :, 2:], before[:, :, 1:-1], atol=1e-2)
    curve = invariance_curve(model, images, torch.zeros(8, dtype=torch.long), ["top"], move, [4, 8, 12, 16])
    near = curve.distances["top"].mean(1)
    assert near[1] < 1e-3 < 0.05 < near[0] and near[3] < 1e-3 < 0.05 < near[2]


def test_the_order_of_the_pictures_does_not_matter():
    images, labels, order = things_on_plain_ground(), torch.arange(8) % 4, torch.randperm(8)
    one = invariance_curve(Mean(4), images, labels, ["map"], move, [0, 3])
    other = invariance_curve(Mean(4), images[order], labels[order], ["map"], move, [0, 3])
    assert np.allclose(one.distances["map"][:, order], other.distances["map"], atol=1e-6)
    assert np.allclose(one.probabilities[:, order], other.probabilities, atol=1e-6)


@pytest.mark.parametrize("name", ["vgg", "resnet", "densenet", "bagnet9", "vit"])
def test_features_are_those_that_the_last_layer_turns_into_logits(name):
    model = build(name, "photos").eval()
    images = torch.rand(3, 3, 64 if name != "vit" else 128, 64 if name != "vit" else 128)
    names = [*layers(model), "top"]
    features, logits = features_at(model, images, names)
    last = [module for module in model.modules() if isinstance(module, nn.Linear)][-1]
    with torch.no_grad():
        assert torch.allclose(last(features["top"]), logits, atol=1e-4) and torch.allclose(
            model(images), logits, atol=1e-4
        )
    means, _ = features_at(model, images, names, places=False)
    assert all(means[layer].shape[0] == 3 and means[layer].shape[1] <= features[layer].shape[1] for layer in names)
    maps = activations(model, images, names[0])
    assert torch.allclose(means[names[0]], maps.mean((2, 3)), atol=1e-5)
    assert features[names[0]].shape[1] == maps[0].numel()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: zoom(IMAGES, 0), "factor"),
        (lambda: turn(IMAGES, "left"), "degrees"),
        (lambda: invariance_curve(Mean(1), IMAGES[:1], [0], ["top"], move, [0]), "two pictures"),
        (lambda: invariance_curve(Mean(1), IMAGES, [0], ["top"], move, [0]), "a label for each"),
        (lambda: invariance_curve(Mean(1), IMAGES, [0, 1, 2], "top", move, [0]), "a list of layers is wanted"),
        (lambda: invariance_curve(Mean(1), IMAGES, [0, 1, 2], ["nose"], move, [0]), "no layer called 'nose'"),
    ],
)
def test_other_wrong_input_is_one_line_too(wrong, said):
    with pytest.raises(bu.BadInput, match=said) as told:
        wrong()
    assert "\n" not in str(told.value)
