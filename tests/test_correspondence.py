"""Correspondence: signs and their distance by hand, a control that is one, and a test that finds what was planted."""

import numpy as np
import pytest
import torch
from torch import nn

import bagnet_utils as bu
from bagnet_utils.exercises import features
from bagnet_utils.experiments.correspondence import (
    correspondence,
    elsewhere,
    figure_box,
    hamming,
    head_box,
    hide,
    over_pairs,
    signs,
    square,
)

COUNT, SIDE = 12, 32


class Sees(nn.Module):
    """Its map is the picture in other colours, and its classes are mean colours."""

    def __init__(self):
        super().__init__()
        self.map, self.head = nn.Conv2d(3, 16, 1), nn.Linear(16, 4)
        with torch.no_grad():
            self.map.weight[:] = torch.randn(16, 3, 1, 1, generator=torch.Generator().manual_seed(0))
        self.eval()

    def forward(self, images):
        return self.head(self.map(images).mean((2, 3)))


def planted(alike: bool):
    """Grey pictures with a coloured square of 6 px somewhere, and nothing but noise beside it; the squares' masks."""
    random, colours = np.random.default_rng(3), np.array([[0.9, 0.1, 0.2]] * COUNT)
    if not alike:
        colours = random.random((COUNT, 3))
    images, parts = 0.5 + 0.02 * random.standard_normal((COUNT, 3, SIDE, SIDE)), np.zeros((COUNT, SIDE, SIDE), bool)
    for image, part, colour in zip(images, parts, colours, strict=True):
        part[:] = square((SIDE, SIDE), *random.integers(0, SIDE - 6, 2), 6)
        image[:, part] = colour[:, None]
    return torch.from_numpy(images).float(), parts


def test_signs_and_their_distance_by_hand():
    before = torch.tensor([[1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0]])
    after = torch.tensor([[0.0, 3.0, 3.0, 4.0 + 1e-6], [0.0, 1.0, 3.0, 5.0]])
    found = signs(before, after)
    assert found.tolist() == [[1, -1, 0, 0], [1, 1, 0, -1]]  # a millionth is rounding
    assert hamming(found).tolist() == [[0, 0.5], [0.5, 0]]
    assert hamming(torch.tensor([[0, 0], [1, -1], [-1, 1]])).tolist() == [[0, 1, 1], [1, 0, 1], [1, 1, 0]]


def test_the_mean_is_over_pairs_of_different_pictures():
    matrix = np.random.default_rng(0).random((9, 9))
    matrix += matrix.T
    mean = over_pairs(matrix)
    assert mean.value == pytest.approx(matrix[np.triu_indices(9, 1)].mean()) and mean.low < mean.value < mean.high
    matrix[np.diag_indices(9)] = 1000  # no picture is compared with itself, however often it is drawn
    assert over_pairs(matrix).high < matrix[np.triu_indices(9, 1)].max()


def test_intervals_over_pairs_hold_the_truth():
    """Each picture has a number of its own, and a pair their sum: the truth is twice the mean of all numbers."""
    random, held = np.random.default_rng(0), []
    for _ in range(150):
        own = random.exponential(1, 10)
        low, high = over_pairs(own[:, None] + own)[1:]
        held.append(low <= 2 <= high)
    assert np.mean(held) > 0.88


@pytest.mark.parametrize("places", [True, False])
def test_what_was_planted_is_found_and_what_was_not_is_not(places):
    model, seen = Sees(), {}
    for alike in (True, False):
        images, parts = planted(alike)
        everywhere = np.ones_like(parts)
        controls = [torch.from_numpy(elsewhere(parts, everywhere, seed)) for seed in range(4)]
        now = correspondence(model, images, torch.from_numpy(parts), controls, ["map", "top"], places)
        seen[alike] = now["top"]
        if not places:
            assert now["map"] == now["top"]  # of this network, the mean over places is the top
    assert seen[True].same.value == 0 and seen[True].more.low > 0.05
    assert seen[False].more.low < 0 < seen[False].more.high
    assert seen[True].zeros == 0


def test_places_matter_only_where_they_are_compared():
    images, parts = planted(True)
    controls = [torch.from_numpy(elsewhere(parts, np.ones_like(parts), seed)) for seed in range(4)]
    with_places = correspondence(Sees(), images, torch.from_numpy(parts), controls, ["map"])["map"]
    area = 36 / SIDE**2
    assert with_places.zeros == pytest.approx(100 * (1 - area), abs=0.1)  # nothing changes beside the square
    assert with_places.same.value > 1.2 * area  # the squares lie at different places, so little is alike


def test_the_order_of_pictures_changes_nothing():
    images, parts = planted(True)
    controls, order = [elsewhere(parts, np.ones_like(parts))], np.random.default_rng(1).permutation(COUNT)
    both = [
        correspondence(
            Sees(), images[rows], torch.from_numpy(parts[rows]), [torch.from_numpy(controls[0][rows])], ["map"]
        )
        for rows in (np.arange(COUNT), order)
    ]
    for one, other in zip(both[0]["map"][:3], both[1]["map"][:3], strict=True):
        assert one.value == pytest.approx(other.value, abs=1e-12) and one.low == pytest.approx(other.low, rel=0.2)


@pytest.mark.parametrize("together", [False, True])
def test_a_control_is_as_large_on_the_object_beside_the_part_and_drawn_anew(together):
    scenes = [bu.scene(2, seed) for seed in range(6)]
    parts, objects = np.array([figure_box(scene, 0) for scene in scenes]), np.array([one.object for one in scenes])
    if together:
        objects[:] = True
    controls = elsewhere(parts, objects, 5, together)
    assert (controls.sum((1, 2)) == parts.sum((1, 2))).all()
    assert not (controls & parts).any() and (controls <= objects).all()
    assert np.array_equal(controls, elsewhere(parts, objects, 5, together))
    assert not np.array_equal(controls, elsewhere(parts, objects, 6, together))
    steps = {tuple(np.argwhere(new)[0] - np.argwhere(old)[0]) for new, old in zip(controls, parts, strict=True)}
    assert len(steps) == 1 if together else len(steps) > 3
    for new, old in zip(controls, parts, strict=True):
        assert np.array_equal(np.diff(np.argwhere(new), axis=0), np.diff(np.argwhere(old), axis=0))  # the same shape


def test_all_free_places_are_equally_likely():
    part, ground = np.zeros((1, 4, 5), bool), np.ones((1, 4, 5), bool)
    part[0, 0, 0] = True
    ground[0, 3, 3] = False
    found = sum(elsewhere(part, ground, seed) for seed in range(1800))[0]
    assert found[0, 0] == found[3, 3] == 0 and abs(found[found > 0] - 100).max() < 45 and (found > 0).sum() == 18


def test_the_truth_says_where_the_parts_are():
    for seed in range(5):
        owl, animal = bu.scene(2, seed), bu.scene(0, seed)
        for figure, width in enumerate((19, 13, 18)):
            box = figure_box(owl, figure)
            assert box.sum() == 8 * width and (owl.cue[1, figure] & box).sum() > 0.5 * box.sum()
            assert not (owl.cue[1, [k for k in range(3) if k != figure]].any(0) & box).any()
        head = head_box(animal)
        assert head.sum() == 400 and (head & animal.object).sum() > 200
        assert not (head & (np.arange(128) > animal.box[0] + 30)[:, None]).any()


def test_what_is_hidden_has_the_mean_colour():
    images = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    masks = torch.zeros(2, 8, 8, dtype=torch.bool)
    masks[0, 2:4, 3:5] = True
    hidden = hide(images, masks)
    assert torch.equal(hidden[1], images[1]) and torch.equal(hidden[0][:, ~masks[0]], images[0][:, ~masks[0]])
    assert torch.allclose(hidden[0, :, 2, 3], images[0].mean((1, 2)))


def test_wrong_input_is_one_line():
    images, parts = planted(True)
    with pytest.raises(bu.BadInput, match="a mask is wanted for each"):
        correspondence(Sees(), images, torch.from_numpy(parts[:3]), [], ["map"])
    with pytest.raises(bu.BadInput, match="fits nowhere else"):
        elsewhere(parts, parts)
    with pytest.raises(bu.BadInput, match="no layer called 'nose'"):
        correspondence(Sees(), images, torch.from_numpy(parts), [], ["nose"])


def test_the_judge_of_the_control_knows_the_right_answer_and_each_wrong_one(capsys):
    for answer in (features.anew, lambda *case: elsewhere(*(mask.numpy() for mask in case[:2]), case[2])):
        bu.check.control_masks(answer)
        assert capsys.readouterr().out.startswith("✓ Right.")
    for answer, sentence in features.control_masks.wrong:
        bu.check.control_masks(answer)
        said = capsys.readouterr().out
        assert said.startswith("✗ Not yet.") and sentence in said
