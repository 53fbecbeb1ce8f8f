"""Scrambling moves tiles and nothing else, and bags do not notice; texturised pictures keep their texture."""

import numpy as np
import pytest
import torch
from test_heatmaps import SMALL, trained_looking
from torch import Tensor

import bagnet_utils as bu
from bagnet_utils.experiments import scrambling
from bagnet_utils.experiments.scrambling import whole_patches

BUILDERS = {9: bu.bagnet9, 17: bu.bagnet17, 33: bu.bagnet33}


def tiles(image: Tensor, tile: int) -> list[bytes]:
    """The tiles of a 3 x H x W picture, in an order that does not depend on where they lie."""
    cut = image.unfold(1, tile, tile).unfold(2, tile, tile).permute(1, 2, 0, 3, 4).flatten(0, 1)  # T x 3 x t x t
    return sorted(one.numpy().tobytes() for one in cut)


@pytest.mark.parametrize(("sides", "tile"), [((64, 64), 8), ((64, 64), 32), ((24, 60), 12), ((40, 16), 1), ((9, 6), 3)])
def test_scrambling_only_moves_tiles(sides, tile):
    images = torch.rand(3, 3, *sides)
    kept = images.clone()
    moved = bu.scramble(images, tile)
    assert torch.equal(images, kept) and moved.shape == images.shape
    for before, after in zip(images, moved, strict=True):
        assert tiles(before, tile) == tiles(after, tile) and not torch.equal(before, after)


def test_orders_are_seeded_and_every_picture_has_its_own():
    image = torch.rand(3, 48, 64)
    state = torch.get_rng_state()
    several = bu.scramble(image.expand(4, -1, -1, -1), 8, seed=2)
    assert torch.equal(state, torch.get_rng_state())
    assert torch.equal(several, bu.scramble(image.expand(4, -1, -1, -1), 8, seed=2))
    assert not torch.equal(several, bu.scramble(image.expand(4, -1, -1, -1), 8, seed=3))
    assert len({one.numpy().tobytes() for one in several}) == 4
    assert torch.equal(bu.scramble(image, 8, seed=2), several[0])  # one picture without a batch
    assert torch.equal(bu.scramble(image.numpy(), 8, seed=2), several[0])


def test_a_tile_as_large_as_the_picture_stays_and_all_orders_come():
    image = torch.rand(3, 4, 4)
    assert torch.equal(bu.scramble(image, 4), image)
    wide = torch.rand(3, 4, 8).expand(400, -1, -1, -1)
    stayed = (bu.scramble(wide, 4) == wide).flatten(1).all(1).sum().item()
    assert 150 < stayed < 250  # two tiles: half of the pictures


@pytest.mark.parametrize("sides", [(64, 96), (96, 48), (48, 48)])
@pytest.mark.parametrize("tile", [8, 16, 24, 48])
@pytest.mark.parametrize("q", BUILDERS)
def test_whole_patches_are_those_without_a_seam(q, tile, sides):
    model = BUILDERS[q](**SMALL).eval()
    if any(side % tile for side in sides):
        with pytest.raises(bu.BadInput, match="do not divide"):
            whole_patches(model, sides, tile)
        return
    number = torch.arange(sides[0])[:, None] // tile * 1000 + torch.arange(sides[1]) // tile  # of each pixel's tile
    wanted = [
        [len(number[row : row + q, column : column + q].unique()) == 1 for column in range(0, sides[1] - q + 1, 8)]
        for row in range(0, sides[0] - q + 1, 8)
    ]
    assert whole_patches(model, sides, tile).tolist() == wanted
    assert np.any(wanted) == (tile >= q)


@pytest.mark.parametrize("tile", [16, 32, 64])
@pytest.mark.parametrize("q", BUILDERS)
def test_whole_patches_say_the_same_in_another_order(q, tile):
    model, images = trained_looking(BUILDERS[q](**SMALL)), torch.rand(2, 3, 128, 192)
    whole = whole_patches(model, (128, 192), tile)
    before, after = (bu.evidence(model, some) for some in (images, bu.scramble(images, tile)))
    assert torch.allclose(before[:, :, whole].sort(2).values, after[:, :, whole].sort(2).values, atol=1e-4)
    torn = (some[:, :, ~whole].sort(2).values for some in (before, after))
    assert not torch.allclose(*torn, atol=1e-4)  # those across a seam see what was never there


@torch.no_grad()
def test_a_transformer_without_positions_is_a_bag_of_its_patches():
    bag, placed = bu.load_model("vit_bag"), bu.load_model("vit")
    images = torch.stack([torch.from_numpy(bu.scene(label, 3).image) for label in (0, 2, 6)])
    for tile in (8, 16, 32, 64):
        moved = bu.scramble(images, tile)
        change, other = ((net(moved) - net(images)).abs().max() for net in (bag, placed))
        assert change < 1e-3 and other > 100 * change and other > 0.05
    assert (bag(bu.scramble(images, 4)) - bag(images)).abs().max() > 0.5  # its patches are 8 px wide


# ---------------------------------------------------------------- textures

VGG = bu.load_model("vgg")


def pictures() -> Tensor:
    return torch.stack([torch.from_numpy(bu.scene(label, 3).image)[:, 40:88, 40:88] for label in (0, 6)])


def distance(first: Tensor, second: Tensor) -> Tensor:
    """How far apart two batches' Gram matrices are, relative to the second's, summed over layers: N numbers."""
    with torch.no_grad():
        pairs = zip(scrambling.grams(VGG, first), scrambling.grams(VGG, second), strict=True)
        return sum((one - two).square().sum((1, 2)) / two.square().sum((1, 2)) for one, two in pairs)


@pytest.fixture(scope="module")
def textures():
    """Two pictures, the noise that their textures began as, and the textures."""
    shown, first = [], scrambling.grams
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scrambling, "grams", lambda net, some: shown.append(some.detach().clone()) or first(net, some))
        found = bu.texturise(pictures(), VGG)
    return pictures(), shown[1], found


def test_texturised_pictures_have_the_texture_and_not_the_picture(textures):
    images, start, found = textures
    assert found.shape == images.shape and found.min() >= 0 and found.max() <= 1 and not found.requires_grad
    assert (distance(found, images) < distance(start, images) / 10).all()
    assert (found - images).abs().mean() > 0.05


def test_textures_are_seeded_and_pictures_do_not_disturb_each_other(textures):
    images, _, together = textures
    alone = bu.texturise(images[1:], VGG)
    kept = pictures()
    assert torch.equal(images, kept)
    assert 1 / 3 < distance(alone, images[1:]).item() / distance(together, images)[1].item() < 3
    assert torch.equal(bu.texturise(images, VGG, steps=2), bu.texturise(images, VGG, steps=2))
    assert not torch.equal(bu.texturise(images, VGG, steps=2), bu.texturise(images, VGG, steps=2, seed=1))


@torch.no_grad()
def test_grams_count_which_features_occur_together():
    found = scrambling.grams(VGG, pictures())
    assert [gram.shape for gram in found] == [(2, wide, wide) for wide in (32, 64, 96, 128, 128)]
    maps = VGG.features[1](VGG.features[0](VGG.normalise(pictures())))  # before the first pooling: N x 32 x 48 x 48
    wanted = (maps[:, 3] * maps[:, 20]).mean((1, 2))
    assert torch.allclose(found[0][:, 3, 20], wanted, rtol=1e-4) and torch.equal(found[0][:, 3, 20], found[0][:, 20, 3])


def test_texturise_works_where_gradients_are_off_and_leaves_the_network_alone():
    net = bu.load_model("vgg")
    before = {key: value.clone() for key, value in net.state_dict().items()}
    with torch.no_grad():
        bu.texturise(pictures(), net, steps=2)
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())
    assert not any(module.training or module._forward_hooks for module in net.modules())


def test_texturise_leaves_no_gradients_behind():
    net = bu.load_model("vgg")
    bu.texturise(pictures(), net, steps=1)
    assert all(parameter.grad is None for parameter in net.parameters())


MODEL, IMAGES = bu.bagnet33(**SMALL).eval(), torch.rand(2, 3, 64, 48)
BAD = [
    *[(lambda n=n: bu.scramble(IMAGES, n), f"tiles of {n!r} px.*1, 2, 4, 8, 16") for n in (0, 5, 48, -8)],
    (lambda: whole_patches(MODEL, (36, 36), 12), "multiples of 8"),
    (lambda: whole_patches(MODEL, (64, 48), 32), "do not divide"),
    *[(lambda t=t: whole_patches(MODEL, (64, 64), t), f"tiles of {t!r}") for t in (0, 128)],
    *[(lambda n=n: whole_patches(MODEL, n, 16), "side") for n in (64, (64,), (16, 64), (64.0, 64), (True, 64))],
    *[(lambda r=r: bu.texturise(IMAGES, VGG, 1, r), f"rate is {r!r}") for r in (0, True, -1, float("nan"), "fast")],
    *[
        (lambda name=name: bu.texturise(IMAGES, bu.load_model(name)), "a VGG is wanted")
        for name in ("resnet", "densenet")
    ],
    (lambda: bu.texturise(IMAGES[:, :, :16, :16], VGG), "too small"),
]


@pytest.mark.parametrize(("call", "told"), BAD)
def test_bad_input_gets_one_line(call, told):
    with pytest.raises(bu.BadInput, match=f"(scramble|whole_patches|texturise): .*{told}") as caught:
        call()
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300
