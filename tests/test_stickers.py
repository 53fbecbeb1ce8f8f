"""Stickers: where they lie, what they do, and what of it is known beforehand."""

import pytest
import torch
import torch.nn.functional as F

import bagnet_utils as bu
from bagnet_utils.experiments.heatmaps import evidence
from bagnet_utils.experiments.patches import top_patches
from bagnet_utils.experiments.stickers import attack, optimise_sticker, random_places, stick, transplant

SMALL = {"width": 0.125, "depth": (1, 1, 1, 1)}
MAKERS = {"bagnet9": bu.bagnet9, "bagnet17": bu.bagnet17, "bagnet33": bu.bagnet33}


def test_a_sticker_covers_its_place_and_nothing_else():
    images, sticker = torch.rand(3, 3, 20, 30), torch.rand(3, 6, 6)
    places = torch.tensor([[0, 0], [14, 24], [5, 7]])
    before = images.clone()
    stuck = stick(images, sticker, places)
    assert torch.equal(images, before)
    for old, new, (row, column) in zip(images, stuck, places.tolist(), strict=True):
        assert torch.equal(new[:, row : row + 6, column : column + 6], sticker)
        outside = torch.ones(20, 30, dtype=torch.bool)
        outside[row : row + 6, column : column + 6] = False
        assert torch.equal(new[:, outside], old[:, outside])


@pytest.mark.parametrize("place", [(-1, 0), (15, 0), (0, 25)])
def test_a_place_beyond_the_border_is_refused_in_one_line(place):
    with pytest.raises(bu.BadInput, match="fit into the picture") as problem:
        stick(torch.rand(1, 3, 20, 30), torch.rand(3, 6, 6), torch.tensor([place]))
    assert "\n" not in str(problem.value)


def test_random_places_are_everywhere_and_repeatable():
    images = torch.rand(3000, 3, 12, 10)
    places = random_places(images, 8, seed=1)
    assert {tuple(place) for place in places.tolist()} == {(row, column) for row in range(5) for column in range(3)}
    assert torch.equal(places, random_places(images, 8, seed=1))
    assert not torch.equal(places, random_places(images, 8, seed=2))


@pytest.mark.parametrize("name", MAKERS)
def test_what_a_telling_patch_does_is_known_beforehand(name):
    """On every cell, those at the border too: from parts, then asked of the whole network."""
    model = MAKERS[name](5, **SMALL).eval()
    side = model.patch_size + 27  # 4 x 4 cells
    pictures, image, target = torch.rand(6, 3, side, side), torch.rand(3, side, side), 2
    best = top_patches(model, pictures, target, 1)[0]
    known = evidence(model, pictures[best.picture])[0, :, best.row // 8, best.column // 8]
    for row, column in ((0, 0), (3, 3), (1, 2), (0, 3)):
        said = transplant(model, image, best.pixels, known, row, column)
        stuck = stick(image[None], best.pixels, torch.tensor([[8 * row, 8 * column]]))
        seen, scale = bu.logits(model, stuck)[0], evidence(model, image).abs().max()
        assert torch.allclose(said.predicted, seen, atol=1e-5 * float(scale))
        assert torch.allclose(said.before, bu.logits(model, image[None])[0], atol=1e-5 * float(scale))
        assert (seen - said.before).abs().max() > 1e-3 * scale  # something was at stake
        moved = (evidence(model, stuck) - evidence(model, image)).abs().amax((0, 1)) > 1e-5 * scale
        assert int(moved.sum()) == said.cells
        assert said.around.abs().max() > 0


def test_a_sticker_makes_its_class_likely_on_pictures_it_has_never_seen():
    torch.manual_seed(3)
    model = bu.bagnet9(4, **SMALL).eval()
    seen, unseen = torch.rand(2, 20, 3, 33, 33)

    def chance(images):
        return F.softmax(bu.logits(model, images), 1)[:, 1].mean()

    sticker = optimise_sticker(model, seen, 1, 14, steps=30, seed=1)
    places = random_places(unseen, 14, seed=5)
    noise = torch.rand(3, 14, 14, generator=torch.Generator().manual_seed(1))
    assert sticker.shape == (3, 14, 14) and sticker.min() >= 0 and sticker.max() <= 1
    change = bu.logits(model, stick(unseen, sticker, places)) - bu.logits(model, stick(unseen, noise, places))
    others = change[:, [0, 2, 3]].mean(1)
    assert ((change[:, 1] - others) > 0).float().mean() > 0.75
    assert chance(stick(unseen, sticker, places)) > chance(stick(unseen, noise, places)) + 1e-4
    assert torch.equal(sticker, optimise_sticker(model, seen, 1, 14, steps=30, seed=1))
    assert all(parameter.grad is None for parameter in model.parameters())


def test_success_counts_only_pictures_that_could_become_the_class():
    class Red(torch.nn.Module):
        """Answers 1 if any pixel is pure red, else 0 or 2, by the first pixel."""

        def forward(self, images):
            red = (images[:, 0] == 1).flatten(1).any(1)
            return torch.stack([images[:, 1, -1, -1], 9.0 * red, images[:, 2, -1, -1]], 1)

    images = torch.zeros(4, 3, 8, 8)
    images[[0, 1], 1, -1, -1] = 0.5  # answered 0
    images[2, 2, -1, -1] = 0.5  # answered 2
    images[3, 0, 7, 0] = 1.0  # answered 1 without a sticker
    sticker = torch.zeros(3, 2, 2)
    sticker[0] = 1
    found = attack(Red().eval(), images, torch.tensor([0, 1, 2, 1]), sticker, 1, torch.zeros(4, 2, dtype=torch.long))
    assert found.counted.tolist() == [True, False, True, False]  # the second was wrong before, the fourth is the class
    assert found.success.tolist() == [True, True]
    white = attack(
        Red().eval(), images, torch.tensor([0, 1, 2, 1]), 0 * sticker, 1, torch.zeros(4, 2, dtype=torch.long)
    )
    assert white.success.tolist() == [False, False]


@pytest.mark.parametrize("target", [-1, 4, "cat"])
def test_a_class_that_is_none_is_refused(target):
    with pytest.raises(bu.BadInput, match="target"):
        optimise_sticker(bu.bagnet9(4, **SMALL).eval(), torch.rand(2, 3, 33, 33), target, 8, steps=1)
