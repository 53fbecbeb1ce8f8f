"""Parts that no patch sees together do not talk; and Shapley's values keep Shapley's promises."""

import itertools
import random
import warnings

import numpy as np
import pytest
import torch
from test_heatmaps import SMALL, trained_looking
from torch import Tensor, nn

import bagnet_utils as bu
from bagnet_utils.experiments.interactions import grid
from bagnet_utils.models.peers import VGG

BUILDERS = {9: bu.bagnet9, 17: bu.bagnet17, 33: bu.bagnet33}
NAMES = ["bagnet9", "bagnet17", "bagnet33", "vgg", "resnet", "densenet", "vit", "vit_bag"]


def strong(q: int) -> nn.Module:
    """A random BagNet whose answers differ much, in float64, so that what is left over would show."""
    model = trained_looking(BUILDERS[q](**SMALL)).double()
    with torch.no_grad():
        model.fc.weight *= 20
    return model


@pytest.mark.parametrize("sides", [(128, 128), (97, 140)])
@pytest.mark.parametrize("size", [8, 13])
@pytest.mark.parametrize("q", BUILDERS)
def test_beyond_the_patch_size_nothing_is_left_over(q, size, sides):
    """From a gap of q - 1 px on, no patch sees two squares, wherever they fall on the grid."""
    images = torch.rand(2, 3, *sides)
    for gap in (q - 1, q + 3):
        found = bu.interaction(strong(q), images, gap, size)
        assert found.summed_drops.abs().max() > 1e-2
        assert torch.allclose(found.joint_drop, found.summed_drops, rtol=0, atol=1e-8)
        assert found.left_over.value < 1e-6


def test_one_pixel_less_and_patches_see_two_squares():
    """Squares of 9 px begin at rows 0, 16, ...: with 7 px between them the patch from 8 to 16 sees the ends of two."""
    image = torch.rand(2, 3, 57, 57)
    assert grid((57, 57), 7, 9)[:2] == [(0, 0), (0, 16)]
    assert bu.interaction(strong(9), image, 7, 9).left_over.value > 0.001
    assert bu.interaction(strong(9), image, 8, 9).left_over.value < 1e-9


@pytest.mark.parametrize("build", [lambda: bu.bagnet9(**SMALL), lambda: VGG(4)], ids=["bagnet9", "vgg"])
def test_memory_does_not_grow_with_the_number_of_pictures(build):
    model, largest = build().eval(), {}
    for count in (2, 12):
        seen = []
        layer = next(part for part in model.modules() if isinstance(part, nn.Conv2d))
        handle = layer.register_forward_pre_hook(lambda _, given, seen=seen: seen.append(given[0].numel()))
        assert len(bu.interaction(model, torch.rand(count, 3, 64, 64), gap=16).joint_drop) == count
        handle.remove()
        largest[count] = max(seen)  # numbers that went through the network at once
    assert largest[12] == largest[2]


def test_below_the_patch_size_parts_interact():
    found = bu.interaction(strong(33), torch.rand(8, 3, 128, 128), gap=8)
    assert found.left_over.low > 0.01


class Squared(nn.Module):
    """Logits that are squares of weighted sums: every pixel interacts with every other."""

    def __init__(self, pixels: int):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3 * pixels, 4) / pixels)

    def forward(self, images: Tensor) -> Tensor:
        return (images.flatten(1) @ self.weight) ** 2


class Sum(nn.Module):
    """Two classes; each adds up pixels and nothing else."""

    def forward(self, images: Tensor) -> Tensor:
        weights = torch.linspace(-1, 2, images[0].numel(), dtype=images.dtype)
        return torch.stack([images.flatten(1) @ weights, -images.flatten(1) @ weights], 1)


def test_together_and_apart_by_hand():
    model, images = Squared(64), torch.rand(5, 3, 8, 8)
    places = [(1, 1), (1, 5), (5, 1), (5, 5)]
    assert grid((8, 8), 2) == places
    found = bu.interaction(model.eval(), images, gap=2)
    for number, image in enumerate(images.numpy().astype(float)):
        weight = model.weight.detach().numpy().astype(float)
        before = (image.reshape(-1) @ weight) ** 2
        best, falls, covered = before.argmax(), [], image.copy()
        for row, column in places:
            part = slice(row, row + 2), slice(column, column + 2)
            alone = image.copy()
            for colour in range(3):
                alone[colour][part] = covered[colour][part] = image[colour][part].mean()
            falls.append(before[best] - (alone.reshape(-1) @ weight)[best] ** 2)
        assert found.summed_drops[number].item() == pytest.approx(sum(falls), rel=1e-3, abs=1e-6)
        together = before[best] - (covered.reshape(-1) @ weight)[best] ** 2
        assert found.joint_drop[number].item() == pytest.approx(together, rel=1e-3, abs=1e-6)
    assert found.left_over.value > 0.01
    assert found.correlation.value == pytest.approx(np.corrcoef(found.joint_drop, found.summed_drops)[0, 1])
    wanted = (found.joint_drop - found.summed_drops).abs().mean() / found.summed_drops.abs().mean()
    assert found.left_over.value == pytest.approx(wanted.item())


@pytest.mark.parametrize("gap", [2, 4, 8])
def test_a_sum_of_pixels_has_no_interaction(gap):
    found = bu.interaction(Sum().eval(), torch.rand(8, 3, 40, 48, dtype=torch.float64), gap)
    assert found.correlation.value == pytest.approx(1) and found.correlation.low == pytest.approx(1)
    assert found.left_over.value == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("name", NAMES)
@torch.no_grad()
def test_one_call_takes_every_network(name):
    net = bu.load_model(name)
    images = torch.stack([torch.from_numpy(bu.scene(label, 1).image) for label in (0, 3)])
    kept = images.clone()
    found = bu.interaction(net, images, gap=16, size=40)
    assert torch.equal(images, kept) and found.joint_drop.shape == found.summed_drops.shape == (2,)
    before, number = net(images), 1
    best, places = before[number].argmax(), grid((128, 128), 16, 40)
    assert len(places) == 4
    covered, falls = images[number].clone(), 0
    for row, column in places:
        alone = images[number].clone()
        for picture in (alone, covered):
            part = picture[:, row : row + 40, column : column + 40]
            part[:] = part.mean((1, 2), keepdim=True)
        falls += (before[number] - net(alone[None])[0])[best]
    near = {"abs": 1e-3 * before.abs().max().item()}
    assert found.summed_drops[number].item() == pytest.approx(falls.item(), **near)
    assert found.joint_drop[number].item() == pytest.approx(
        (before[number] - net(covered[None])[0])[best].item(), **near
    )


def test_one_picture_has_no_correlation():
    found = bu.interaction(Sum().eval(), torch.rand(3, 40, 48))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(found.correlation.value)


# ---------------------------------------------------------------- Shapley


def game(players: int, seed: int) -> dict[frozenset[int], float]:
    """What each set of players is worth, drawn with the seed."""
    numbers = random.Random(seed)
    sets = (frozenset(some) for size in range(players + 1) for some in itertools.combinations(range(players), size))
    return {some: numbers.uniform(-1, 1) for some in sets}


@pytest.mark.parametrize("players", [1, 2, 3, 5])
def test_shapley_is_the_mean_over_all_orders(players):
    worth, asked = game(players, seed=players), []
    found = bu.shapley(lambda some: asked.append(some) or worth[some], players)
    assert sorted(asked, key=sorted) == sorted(worth, key=sorted)  # each of the 2 ** players sets once
    orders = list(itertools.permutations(range(players)))
    for player in range(players):
        before = [frozenset(order[: order.index(player)]) for order in orders]
        added = [worth[some | {player}] - worth[some] for some in before]
        assert found[player] == pytest.approx(sum(added) / len(orders))
    assert sum(found) == pytest.approx(worth[frozenset(range(players))] - worth[frozenset()])


def test_shapley_keeps_its_promises():
    own = [3.0, -1.0, 0.5, 0.0]
    assert bu.shapley(lambda some: 7 + sum(own[player] for player in some), 4) == pytest.approx(own)
    assert bu.shapley(lambda some: float(some == {0, 1}), 2) == pytest.approx([0.5, 0.5])
    assert bu.shapley(lambda some: {0, 1} <= some, 3) == pytest.approx([0.5, 0.5, 0])  # the third is a dummy
    assert bu.shapley(lambda some: len(some) ** 2, 5) == pytest.approx([5.0] * 5)  # all alike
    first, second = game(4, seed=1), game(4, seed=2)
    both = bu.shapley(lambda some: first[some] + second[some], 4)
    apart = zip(bu.shapley(first.__getitem__, 4), bu.shapley(second.__getitem__, 4), strict=True)
    assert both == pytest.approx([sum(pair) for pair in apart])


MODEL, IMAGES = strong(9), torch.rand(2, 3, 40, 52)
BAD = [
    *[(lambda gap=gap: bu.interaction(MODEL, IMAGES, gap), f"gap is {gap!r}") for gap in (0, 41)],
    *[(lambda n=n: bu.interaction(MODEL, IMAGES, 8, n), f"size is {n!r}") for n in (0, 41)],
    (lambda: bu.interaction(MODEL, IMAGES, 30, 30), "no room for two squares of 30 px"),
    (lambda: bu.interaction(MODEL, IMAGES[:, :, :8]), "at least 9"),
    *[(lambda n=n: bu.shapley(len, n), f"players is {n!r}") for n in (0, 17)],
    (lambda: bu.shapley({}, 2), "worth is {}"),
]


@pytest.mark.parametrize(("call", "told"), BAD)
def test_bad_input_gets_one_line(call, told):
    with pytest.raises(bu.BadInput, match=f"(interaction|shapley): .*{told}") as caught:
        call()
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300
