"""Hiding parts: what is said of a place is what the whole network says when it sees the picture with the square."""

import pytest
import torch
from test_heatmaps import SMALL, trained_looking
from torch import Tensor, nn

import bagnet_utils as bu
from bagnet_utils.experiments import masking
from bagnet_utils.models.bagnet import Normalise

BAGNETS = {"bagnet9": bu.bagnet9, "bagnet17": bu.bagnet17, "bagnet33": bu.bagnet33}
TOP = {"vgg": "pool", "resnet": "stages", "densenet": "features", "vit": "norm", "vit_bag": "norm"}  # else layer4
FILLS = ("mean", "black", "noise", "blur")


class Camera(nn.Module):
    """A network that keeps all pictures it is shown."""

    def __init__(self):
        super().__init__()
        self.weight, self.seen = nn.Parameter(torch.ones(1)), []

    def forward(self, images: Tensor) -> Tensor:
        self.seen.append(images.clone())
        return self.weight * images[:, :, :5, :5].flatten(1)


def shown(image: Tensor, *how, **keywords) -> Tensor:
    """The pictures that a network is shown: the whole one first, then one for each place."""
    camera = Camera().eval()
    bu.occlude(camera, image, *how, **keywords)
    return torch.cat(camera.seen)


@torch.no_grad()
def asked(model: nn.Module, top: nn.Module, pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Each picture shown to the whole network, one by one: P x C logits, P x D sums over the top layer's maps."""
    seen = []
    with top.register_forward_hook(lambda module, given, output: seen.append(output.clone())):
        logits = torch.cat([model(picture[None]) for picture in pictures])
    maps = torch.cat(seen)
    return logits, maps[:, 1:].sum(1) if maps.ndim == 3 else maps.sum((2, 3))


def check_against_asking(model, top, image, size, stride, fill) -> None:
    found = bu.occlude(model, image, size, stride, fill, seed=3)
    logits, sums = asked(model, top, shown(image, size, stride, fill, seed=3))
    assert torch.allclose(found.before, logits[0], atol=1e-5 * logits.abs().max().item())
    strongest = sums[0].argmax()  # of the maps
    assert found.activity_before == pytest.approx(sums[0, strongest].item(), rel=1e-4)
    assert found.logits.shape == (len(found.rows), len(found.columns), logits.shape[1])
    assert torch.allclose(found.logits.flatten(0, 1), logits[1:], atol=1e-4 * logits.abs().max().item(), rtol=0)
    assert torch.allclose(found.activity.flatten(), sums[1:, strongest], atol=1e-4 * sums.abs().max().item(), rtol=0)
    assert (logits[1:] - logits[0]).abs().max() > 1e-3 * logits.abs().max()  # something was at stake
    probability = found.probability(2).flatten()
    assert torch.allclose(probability, logits[1:].softmax(1)[:, 2], atol=1e-4)
    assert probability.min() >= 0 and probability.max() <= 1
    assert torch.equal(found.best.flatten(), found.logits.flatten(0, 1).max(1).indices)


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize(("sides", "size", "stride"), [((97, 128), 23, 17), ((66, 59), 30, 5)])
@pytest.mark.parametrize("name", BAGNETS)
def test_occluding_a_bagnet_equals_asking_all_of_it(name, sides, size, stride, fill):
    model = trained_looking(BAGNETS[name](**SMALL))
    check_against_asking(model, model.layer4, torch.rand(3, *sides), size, stride, fill)


@pytest.mark.parametrize("name", [*BAGNETS, *TOP])
def test_occluding_a_net_that_ships_equals_asking_all_of_it(name):
    net, image = bu.load_model(name), torch.from_numpy(bu.scene(0, 1).image)
    check_against_asking(net, getattr(net, TOP.get(name, "layer4")), image, 40, 43, "mean")


@pytest.mark.parametrize("name", BAGNETS)
def test_places_beyond_the_last_patch_change_nothing(name):
    found = bu.occlude(bu.load_model(name), torch.rand(3, 128, 128), size=7, stride=121, fill="noise", seed=1)
    assert found.rows == found.columns == (0, 121)  # the patches end with row and column 120
    for place in ((0, 1), (1, 0), (1, 1)):
        assert torch.allclose(found.logits[place], found.before, atol=1e-5)
        assert found.activity[place].item() == pytest.approx(found.activity_before)
    assert (found.logits[0, 0] - found.before).abs().max() > 1e-4


@pytest.mark.parametrize("name", BAGNETS)
def test_only_patches_that_touch_the_square_are_asked_again(name):
    net = bu.load_model(name)
    asks, whole = [], net.features  # how many pixels were asked about
    net.features = lambda images: asks.append(images[:, 0].numel()) or whole(images)
    found = bu.occlude(net, torch.rand(3, 128, 128), size=16, stride=16)
    q, needed = net.patch_size, []
    for begin in found.rows:  # the corners, 8 px apart, of the patches that the square touches
        touched = [corner for corner in range(0, 128 - q + 1, 8) if corner < begin + 16 and corner + q > begin]
        needed.append(touched[-1] - touched[0] + q)
    assert sum(asks) <= 2 * 128**2 + sum(needed) ** 2 < 64 * 128**2 / 2


@pytest.mark.parametrize("name", ["bagnet17", "resnet"])
def test_few_at_a_time_do_not_show(name, monkeypatch):
    net, image = bu.load_model(name), torch.rand(3, 128, 128)
    found = bu.occlude(net, image, 32, 24)
    monkeypatch.setattr(masking, "PIXELS_AT_ONCE", 40_000)
    again = bu.occlude(net, image, 32, 24)
    for one, other in zip(found[:2], again[:2], strict=True):
        assert torch.allclose(one, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("fill", FILLS)
def test_a_square_shows_its_fill_and_nothing_else_changes(fill):
    image = torch.rand(3, 50, 61) * torch.linspace(0.2, 1, 61)  # brighter to the right, so that means differ
    kept = image.clone()
    whole, *pictures = shown(image, 12, 7, fill, seed=5)
    assert torch.equal(whole, kept) and torch.equal(image, kept)
    places = [(row, column) for row in range(0, 39, 7) for column in range(0, 50, 7)]
    for picture, (row, column) in zip(pictures, places, strict=True):
        inside = torch.zeros(50, 61, dtype=torch.bool)
        inside[row : row + 12, column : column + 12] = True
        assert torch.equal(picture[:, ~inside], image[:, ~inside])
        square, was = (some[:, inside].reshape(3, 12, 12) for some in (picture, image))
        if fill in ("black", "mean"):
            wanted = was.mean((1, 2), keepdim=True) if fill == "mean" else torch.zeros(3, 1, 1)
            assert torch.allclose(square, wanted.expand_as(was), atol=1e-6)
        elif fill == "blur":  # smoother, but no other part of the picture
            assert square.diff().abs().mean() < 0.3 * was.diff().abs().mean()
            assert square.mean().item() == pytest.approx(was.mean().item(), abs=0.1)
        else:
            assert (square - was).abs().min(0).values.mean() > 0.05 and 0.2 < square.std() < 0.4


def test_noise_is_seeded_and_leaves_other_random_numbers_alone():
    state = torch.get_rng_state()
    same, again, other = (shown(IMAGE, 10, 10, "noise", seed=seed) for seed in (7, 7, 8))
    assert torch.equal(state, torch.get_rng_state())
    assert torch.equal(same, again) and not torch.equal(same, other)


@pytest.mark.parametrize("name", ["bagnet17", "vit", "vgg"])
def test_the_model_is_left_as_it_was(name):
    net = bu.load_model(name)
    before = {key: value.clone() for key, value in net.state_dict().items()}
    bu.occlude(net, torch.rand(3, 128, 128), 64, 64)
    with pytest.raises((RuntimeError, ValueError)):  # also if it fails half way
        bu.occlude(net, torch.rand(3, 16, 16), 4, 4)
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())
    assert not any(m.training or m._forward_hooks or m._forward_pre_hooks or m._backward_hooks for m in net.modules())
    assert all(p.requires_grad and p.grad is None for p in net.parameters())


def test_transformers_take_wide_pictures_and_nets_need_no_feature_maps():
    bag, image = bu.load_model("vit_bag"), torch.rand(3, 40, 128)
    check_against_asking(bag, bag.norm, image, 20, 20, "mean")
    assert masking.top_layer(bag, image[None])[1].shape == (1, 128, 5, 16)
    assert bu.occlude(Camera().eval(), image, 20, 20).activity.shape == (2, 6)  # of the picture itself


@pytest.mark.parametrize("side", [36, 12])
def test_a_picture_of_one_patch_has_an_activity_too(side):
    net = trained_looking((bu.bagnet33 if side == 36 else bu.bagnet9)(**SMALL))
    check_against_asking(net, net.layer4, torch.rand(3, side, side), 8, 3, "black")


MAPS = {"vgg16": (512, 7, 7), "resnet50": (2048, 7, 7), "densenet169": (1664, 7, 7), "vit_b_16": (768, 14, 14)}


@pytest.mark.slow
@pytest.mark.parametrize("name", MAPS)
@torch.no_grad()
def test_maps_of_torchvisions_nets_have_places(name):
    torchvision = pytest.importorskip("torchvision")
    net = nn.Sequential(Normalise((0.5,) * 3, (0.2,) * 3), torchvision.models.get_model(name)).eval()
    image = torch.rand(1, 3, 224, 224)
    logits, found = masking.top_layer(net, image)
    assert found.shape == (1, *MAPS[name]) and torch.allclose(logits, net(image), atol=1e-5)


MODEL = trained_looking(bu.bagnet9(**SMALL))
IMAGE = torch.rand(3, 40, 52)
CASES = {"size": (0, 41), "stride": (0, 53), "target": (6, -1, True, 1.5, "cat", None)}
BAD = [
    *[({what: given}, f"{what} is {given!r}") for what, several in CASES.items() for given in several],
    ({"image": IMAGE[:, :8]}, "8 x 52 pixels.*at least 9"),
    ({"image": IMAGE.expand(2, 3, 40, 52)}, "2 pictures"),
    ({"fill": "white"}, "no fill called 'white'; there are mean, black, noise, blur"),
]


@pytest.mark.parametrize(("changed", "told"), BAD)
def test_bad_input_gets_one_line(changed, told):
    given = {"model": MODEL, "image": IMAGE, "target": 0, **changed}
    target = given.pop("target")
    with pytest.raises(bu.BadInput, match=f"(occlude|probability): .*{told}") as caught:
        bu.occlude(**given).probability(target)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300
