"""What drives a channel most: the right pictures and places, what their units see, and the numbers made of them."""

import features as benchmark
import numpy as np
import pytest
import torch
from test_looking_inside import IMAGES, VGG_NET, random_net
from torch import Tensor, nn

import bagnet_utils as bu
from bagnet_utils.experiments import features, selectivity, watching
from bagnet_utils.experiments.features import cut, drive, peaks, sheet, strongest, strongest_of, turned, window
from bagnet_utils.experiments.looking_inside import activations, layers, project
from bagnet_utils.experiments.receptive_field import ReceptiveField, from_rows
from bagnet_utils.models.peers import DenseNet, ResNet, ViT

NETS = {
    "vgg": VGG_NET,
    "resnet": random_net(ResNet(5, (8, 8, 12, 12))),
    "densenet": random_net(DenseNet(5, (1, 1, 1, 1), 8)),
    "bagnet17": random_net(bu.bagnet17(5, 0.1, (1, 1, 1, 1))),
    "bagnet33": random_net(bu.bagnet33(5, 0.1, (1, 2, 1, 1))),
}


def by_gradient(model: nn.Module, layer: str, side: int) -> ReceptiveField:
    """Window of a layer's unit in the middle: the rows of the picture that it depends on in some of ten pictures."""
    model, random = model.double(), torch.Generator().manual_seed(0)
    images = torch.randn(10, 3, side, side, generator=random, dtype=torch.float64, requires_grad=True)
    caught = []
    handle = model.get_submodule(layer).register_forward_hook(lambda module, given, output: caught.append(output * 1))
    model(images)
    handle.remove()
    unit = caught[0].shape[2] // 2
    rows = []
    for i in (unit, unit + 1):
        mixed = torch.randn(caught[0].shape[:2], generator=random, dtype=torch.float64)
        (gradient,) = torch.autograd.grad((caught[0][:, :, i, i] * mixed).sum(), images, retain_graph=True)
        rows.append((gradient != 0).any(3).any(1).any(0))
    model.float()
    return from_rows(*rows, unit)


NAMED = [(name, layer) for name, net in NETS.items() for layer in layers(net) if layer != "classifier.1"]
NAMED += [("resnet", "stages.1.conv1"), ("vgg", "features.8.0"), ("vgg", "features.10"), ("bagnet33", "layer2.0")]


@pytest.mark.parametrize(("name", "layer"), NAMED)
def test_the_window_of_any_layer_is_the_one_by_gradient(name, layer):
    field = window(NETS[name], layer)
    assert by_gradient(NETS[name], layer, max(64, field.size + 4 * field.stride)) == field


def test_layers_behind_the_last_map_see_the_whole_picture():
    assert window(VGG_NET, "classifier.1") is None and window(VGG_NET, "pool") is None
    with pytest.raises(bu.BadInput, match=r"no layer called .* on the main way"):
        window(NETS["resnet"], "stages.0.downsample")


@pytest.mark.parametrize("layer", ["features.4", "features.14", "classifier.1"])
def test_the_strongest_are_the_highest_of_all_activations_and_different_pictures(layer):
    maps = activations(VGG_NET, PICTURES, layer)
    maps = maps.reshape(*maps.shape[:2], -1)  # N x D x places
    found = strongest(VGG_NET, PICTURES, layer, channels=[3, 0], k=9)
    assert found.channels == (3, 0) and found.pictures.shape == (2, 9)
    for channel, pictures, places, values in zip((3, 0), found.pictures, found.places, found.values, strict=True):
        assert len(set(pictures.tolist())) == 9
        assert torch.allclose(values, maps[:, channel].amax(1).sort(descending=True)[0][:9], atol=1e-5)
        side = round(maps.shape[2] ** 0.5)
        here = maps[pictures, channel, places[:, 0] * side + places[:, 1]]
        assert torch.allclose(here, values, atol=1e-5)


PICTURES = torch.rand(20, 3, 64, 64, generator=torch.Generator().manual_seed(3))


def test_peaks_of_several_layers_are_those_of_each_alone_whatever_the_batch(monkeypatch):
    names = ["features.1", "features.14", "classifier.1"]
    known = peaks(VGG_NET, PICTURES, names)
    monkeypatch.setattr(watching, "BATCH", 3)
    for name in names:
        alone = peaks(VGG_NET, PICTURES, [name])[name]
        maps = activations(VGG_NET, PICTURES, name).reshape(len(PICTURES), alone.values.shape[1], -1)
        assert torch.allclose(known[name].values, alone.values, atol=1e-5)
        assert torch.allclose(alone.means, maps.mean(2), atol=1e-5)


@pytest.mark.parametrize("layer", ["features.4", "features.9"])
def test_a_unit_depends_on_its_patch_and_on_nothing_else(layer):
    found, seen = strongest(VGG_NET, PICTURES, layer, [2], k=5), window(VGG_NET, layer)
    patches = cut(PICTURES[found.pictures[0]], found.places[0], seen)
    for number, (row, column), patch, value in zip(
        found.pictures[0], found.places[0].tolist(), patches, found.values[0], strict=True
    ):
        top, left = (seen.offset + step * seen.stride for step in (row, column))
        inside = [slice(max(edge, 0), min(edge + seen.size, 64)) for edge in (top, left)]
        alone = torch.rand(3, 64, 64)
        part = patch[:, inside[0].start - top : inside[0].stop - top, inside[1].start - left : inside[1].stop - left]
        alone[:, inside[0], inside[1]] = part
        assert torch.equal(part, PICTURES[number][:, inside[0], inside[1]])
        assert activations(VGG_NET, alone[None], layer)[0, 2, row, column] == pytest.approx(value.item(), abs=1e-4)


def test_beyond_the_border_a_patch_is_grey():
    seen = ReceptiveField(5, 2, -2)
    (patch,) = cut(torch.zeros(1, 3, 8, 8), torch.tensor([[0, 1]]), seen)
    assert patch.shape == (3, 5, 5) and (patch[:, :2] == features.GREY).all() and (patch[:, 2:] == 0).all()


def test_the_same_pictures_drive_the_same_units_as_strongly():
    found = [strongest_of(one) for one in peaks(VGG_NET, PICTURES, ["features.4", "classifier.1"]).values()]
    driven = drive(VGG_NET, PICTURES, found)
    for one in found:
        assert torch.allclose(driven[one.layer], one.values, atol=1e-5)
    assert not torch.allclose(drive(VGG_NET, PICTURES.flip(0), found)["features.4"], found[0].values, atol=1e-2)


@pytest.mark.parametrize("layer", ["features.1", "features.4", "features.14"])
def test_turned_units_see_the_turned_windows(layer):
    known = peaks(VGG_NET, PICTURES, [layer])[layer]
    found, seen = strongest_of(known, [1]), window(VGG_NET, layer)
    before = cut(PICTURES[found.pictures[0]], found.places[0], seen)
    after = cut(
        torch.rot90(PICTURES, 1, (2, 3))[found.pictures[0]], turned(found, seen, known.size, 64).places[0], seen
    )
    assert torch.equal(after, torch.rot90(before, 1, (2, 3)))


def test_where_windows_lie_otherwise_turning_is_refused():
    known = peaks(NETS["resnet"], PICTURES, ["stages.1"])["stages.1"]
    with pytest.raises(bu.BadInput, match="do not lie alike from both sides"):
        turned(strongest_of(known), window(NETS["resnet"], "stages.1"), known.size, 64)


def test_a_sheet_holds_the_patches_and_their_projections():
    labels = torch.arange(20) % 4
    known = peaks(VGG_NET, PICTURES, ["features.9"])["features.9"]
    one = sheet(VGG_NET, PICTURES, labels, known, [5, 2], k=4)
    assert one.patches.shape == one.projections.shape == (2, 4, 3, 22, 22) and one.means.shape == (2, 4)
    number, place = one.found.pictures[1, 2], one.found.places[1, 2]
    assert torch.equal(one.patches[1, 2], cut(PICTURES[number][None], place[None], one.seen)[0])
    whole = project(VGG_NET, PICTURES[number], "features.9", 2, tuple(place.tolist()))
    assert torch.allclose(one.projections[1, 2], cut(whole[None], place[None], one.seen, 0.0)[0], atol=1e-6)
    assert whole.abs().sum() == pytest.approx(one.projections[1, 2].abs().sum().item(), rel=1e-4)  # nothing outside
    maps = activations(VGG_NET, PICTURES, "features.9")
    assert one.means[0, 3] == pytest.approx(maps[labels == 3, 5].mean().item(), abs=1e-5)
    assert torch.equal(one.labels, labels[one.found.pictures])


# ---------------------------------------------------------------- numbers


def test_a_channel_that_answers_to_one_kind_is_told_from_one_that_answers_to_all():
    labels = torch.arange(400) % 8
    values = torch.rand(400, 3, generator=torch.Generator().manual_seed(0))
    values[:, 0] += 5.0 * (labels == 6)
    values[:, 2] = 0.0
    judged = selectivity.selectivity(values, labels, top=50)
    assert judged.shares[0] == 100 and judged.kinds[0] == 6
    assert judged.chance.low <= judged.shares[1] <= judged.chance.high and 16 < judged.chance.value < 28
    assert np.isnan(judged.shares[2]) and judged.kinds[2] == -1
    assert judged.chance == selectivity.selectivity(values, labels, top=50).chance


def test_chance_is_higher_where_one_kind_has_more_pictures():
    values = torch.rand(400, 1)
    even, uneven = torch.arange(400) % 8, (torch.arange(400) % 16 - 8).clamp(min=0)
    chances = [selectivity.selectivity(values, labels, top=50).chance.value for labels in (even, uneven)]
    assert chances[0] < 28 < 50 < chances[1]


def test_channels_are_chosen_from_the_least_to_the_most_selective():
    shares = np.array([30.0, np.nan, 10.0, 20.0, 10.0, 90.0])
    assert selectivity.evenly_spaced(shares, 3) == [2, 3, 5]
    assert selectivity.evenly_spaced(shares, 5) == [2, 4, 3, 0, 5]
    with pytest.raises(bu.BadInput, match="count is 6"):
        selectivity.evenly_spaced(shares, 6)


def test_grey_takes_a_colour_feature_all_and_a_brightness_feature_nothing():
    net = nn.Sequential(nn.Conv2d(3, 2, 1, bias=False), nn.ReLU()).eval()
    net[0].weight.data = torch.tensor([[1.0, -1.0, 0.0], [0.299, 0.587, 0.114]])[..., None, None]
    found = strongest(net, IMAGES, "1", k=3)
    lost = selectivity.share_lost(found.values, drive(net, selectivity.grey(IMAGES), [found])["1"])
    assert lost == pytest.approx([100, 0], abs=1e-3)
    assert np.isnan(selectivity.share_lost(torch.zeros(1, 3), torch.zeros(1, 3))[0])


def test_likeness_is_the_correlation_of_activations():
    other = random_net(type(VGG_NET)(5, ((8,), (12, 12), (16,), (16,), (16,)), hidden=20), seed=4)
    names = ["features.4", "classifier.1"]
    for name, r in selectivity.likeness(VGG_NET, other, PICTURES, names).items():
        for channel in range(3):
            first, second = (rows(activations(net, PICTURES, name))[channel] for net in (VGG_NET, other))
            with np.errstate(invalid="ignore", divide="ignore"):
                wanted = np.corrcoef(first, second)[0, 1]
            assert r[channel] == pytest.approx(wanted, abs=1e-4, nan_ok=True)
    same = selectivity.likeness(VGG_NET, VGG_NET, PICTURES, names)["features.4"]
    assert np.allclose(same[np.isfinite(same)], 1) and np.isfinite(same).any()


def rows(maps: Tensor) -> np.ndarray:
    return maps.transpose(0, 1).flatten(1).double().numpy()


WRONG = {
    "layer": (lambda: strongest(VGG_NET, PICTURES, "conv9"), "peaks: there is no layer called 'conv9'"),
    "channel": (lambda: strongest(VGG_NET, PICTURES, "features.1", [99]), "a channel is 99"),
    "k": (lambda: strongest(VGG_NET, PICTURES, "features.1", [0], k=21), "k is 21"),
    "labels": (lambda: selectivity.selectivity(torch.rand(9, 2), torch.zeros(8), 3), "9 pictures, but 8 labels"),
    "attention": (lambda: layers_of_a_vit(), "no layer called 'blocks.9'"),
}


def layers_of_a_vit():
    return window(ViT(5, 64, depth=1).eval(), "blocks.9")


@pytest.mark.parametrize(("call", "words"), WRONG.values(), ids=WRONG)
def test_what_one_may_get_wrong_is_said_in_one_line(call, words):
    with pytest.raises(bu.BadInput, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_a_vits_blocks_see_everything_and_its_tokens_have_peaks():
    vit = ViT(5, 64, depth=1).eval()
    assert window(vit, "embed") == ReceptiveField(8, 8, 0) and window(vit, "blocks.0") is None
    assert peaks(vit, PICTURES, ["blocks.0"])["blocks.0"].size == (1, 65)


# ---------------------------------------------------------------- the claims page


def part(*means: float) -> dict:
    return {"one kind": [[mean, mean - 2, mean + 2] for mean in means], "chance": [10, 8, 12]}


@pytest.mark.parametrize(
    ("means", "holds"), [((10, 20, 30), [True, True]), ((10, 12, 30), [False, True]), ((30, 20, 30), [False, False])]
)
def test_features_grow_only_where_intervals_lie_apart(means, holds):
    assert [row.holds for row in benchmark.growing("VGG", part(*means))] == holds


@pytest.mark.parametrize(
    ("first", "last", "holds"), [(0.95, 0.5, [True, True]), (0.91, 0.5, [False, True]), (0.5, 0.49, [False, False])]
)
def test_settling_is_judged_after_five_epochs(first, last, holds):
    curves = {name: [[0.0, 0.0, 0.0], [r, r - 0.02, r + 0.02]] for name, r in (("low", first), ("high", last))}
    rows = benchmark.early_and_late({"epochs": [0, 5], "layers": ["low", "high"], "r": curves})
    assert [row.holds for row in rows] == holds


def test_claims_are_made_of_what_was_measured_so_far(monkeypatch):
    monkeypatch.setattr(benchmark.storing, "read", lambda: {"features": {"resnet": part(10, 20)}})
    assert len(benchmark.claims()) == 2 and "ResNet" in benchmark.claims()[0].claim
    monkeypatch.setattr(benchmark.storing, "read", dict)
    assert benchmark.claims() == []
