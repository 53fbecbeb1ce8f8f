"""Moving a picture: what stays is carried, what comes in says nothing, and a network may notice or not."""

import numpy as np
import pytest
import torch

import bagnet_utils as bu

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
