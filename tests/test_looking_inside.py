"""Activations sent back to the pixels: by gradient, by deconvnet, and what the two must have in common."""

import pytest
import torch
import torch.nn.functional as F
from test_heatmaps import SMALL
from torch import Tensor, nn

import bagnet_utils as bu
from bagnet_utils.experiments.looking_inside import RULES, activations, layers, project
from bagnet_utils.models.peers import VGG, DenseNet, ResNet, ViT

GROUPS = ((8,), (12, 12), (16,), (16,), (16,))


def random_net(net: nn.Module, seed: int = 0) -> nn.Module:
    """In eval mode, with BatchNorm that does something."""
    random = torch.Generator().manual_seed(seed)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            for values in (module.weight.data, module.bias.data, module.running_mean):
                values.add_(0.3 * torch.randn(values.shape, generator=random))
            module.running_var.mul_(torch.rand(module.running_var.shape, generator=random) + 0.5)
    return net.eval()


torch.manual_seed(0)
VGG_NET = random_net(VGG(5, GROUPS, hidden=20))
IMAGES = torch.rand(3, 3, 64, 64, generator=torch.Generator().manual_seed(1))


def by_hand(net: VGG, image: Tensor, last: int, channel: int, place: tuple[int, int], switches_of: Tensor) -> Tensor:
    """Zeiler and Fergus's deconvnet: unpool into the switches, rectify, convolve with the filters turned round."""
    switches, maps = {}, switches_of[None]
    for number, layer in enumerate(net.features[: last + 1]):
        if isinstance(layer, nn.MaxPool2d):
            switches[number] = F.max_pool2d(maps, 2, return_indices=True)[1]
        maps = layer(maps)
    back = torch.zeros_like(maps)
    back[0, channel, place[0], place[1]] = 1
    for number in range(last, -1, -1):
        layer = net.features[number]
        if isinstance(layer, nn.MaxPool2d):
            back = F.max_unpool2d(back, switches[number], 2)
        elif isinstance(layer, nn.ReLU):
            back = back.relu()
        else:
            convolution, norm = layer
            back = back * (norm.weight / (norm.running_var + norm.eps).sqrt())[:, None, None]
            back = F.conv_transpose2d(back, convolution.weight, padding=convolution.padding)
    return back[0]


@pytest.mark.parametrize("last", [2, 7, 10, 14])
@torch.no_grad()
def test_deconvnet_equals_a_version_by_hand(last):
    image, place = IMAGES[0], (1, 2)
    back = project(VGG_NET, image, f"features.{last}", 3, place)
    assert back.abs().max() > 0
    assert (back - by_hand(VGG_NET, image, last, 3, place, image)).abs().max() < 1e-6
    if last > 2:  # with the switches of another picture it differs
        assert (back - by_hand(VGG_NET, image, last, 3, place, IMAGES[1])).norm() > 0.1 * back.norm()


@pytest.mark.parametrize(
    "net, layer",
    [
        (VGG_NET, "features.7"),
        (VGG_NET, "features.3"),
        (VGG_NET, "classifier.2"),
        (ResNet(5, (8, 8, 8, 8)), "stages.1"),
    ],
)
def test_gradient_equals_autograd(net, layer):
    net, images = random_net(net), IMAGES.clone().requires_grad_()
    place = (2, 1) if "classifier" not in layer else None
    kept = []
    handle = net.get_submodule(layer).register_forward_hook(lambda module, given, output: kept.append(output))
    net(images)
    handle.remove()
    chosen = kept[0][:, 4] if place is None else kept[0][:, 4, place[0], place[1]]
    (gradient,) = torch.autograd.grad(chosen.sum(), images)
    assert (project(net, IMAGES, layer, 4, place, rule="gradient") - gradient).abs().max() < 1e-6


@pytest.mark.parametrize("rule", RULES)
def test_pictures_can_be_asked_together_and_each_at_its_strongest_place(rule):
    together = project(VGG_NET, IMAGES, "features.10", 2, rule=rule)
    for image, back in zip(IMAGES, together, strict=True):
        row, column = divmod(int(activations(VGG_NET, image[None], "features.10")[0, 2].argmax()), 8)
        alone = project(VGG_NET, image, "features.10", 2, (row, column), rule)
        assert alone.shape == (3, 64, 64) and torch.allclose(alone, back, atol=1e-6)


@pytest.mark.parametrize("rule", RULES)
def test_in_a_bagnet_nothing_leaves_the_patch(rule):
    """A theorem: what a unit does not see, it cannot send back to."""
    net = random_net(bu.bagnet9(**SMALL))
    maps = activations(net, IMAGES, "layer4")
    for row, column in ((0, 0), (2, 3), (maps.shape[2] - 1, maps.shape[3] - 1)):
        strongest = int(maps[0, :, row, column].argmax())
        touched = project(net, IMAGES[0], "layer4", strongest, (row, column), rule).abs().sum(0).nonzero()
        start = torch.tensor([8 * row, 8 * column])
        assert len(touched) and (touched >= start).all() and (touched < start + 9).all()


def test_the_same_relu_used_twice_counts_twice():
    """Captum's hooks alone would miss ResNet's F.relu: the rectified way down must differ from the gradient."""
    net = random_net(ResNet(5, (8, 8, 8, 8)))
    channel = int(activations(net, IMAGES[:1], "stages.2").amax((0, 2, 3)).argmax())  # one that is not silent
    deconvnet, guided, gradient = (project(net, IMAGES[0], "stages.2", channel, rule=rule) for rule in RULES)
    assert (deconvnet - guided).norm() > 0.1 * guided.norm() and (guided - gradient).norm() > 0.1 * gradient.norm()
    assert project(random_net(DenseNet(5, (1, 1), 8)), IMAGES, "features.1", 0).shape == IMAGES.shape


def test_a_transformer_has_gradients_and_no_deconvnet():
    net = random_net(ViT(5, 64, 8, 16, 1, 2))
    assert project(net, IMAGES, "fc", 3, rule="gradient").abs().max() > 0
    with pytest.raises(bu.BadInput, match=r'^project: rule guided goes back .* Try rule="gradient"'):
        project(net, IMAGES, "fc", 3, rule="guided")


@pytest.mark.parametrize(
    "given, says",
    [
        ({"layer": "nowhere"}, r"no layer called 'nowhere'; there are normalise, features"),
        ({"layer": 3}, "no layer called 3"),
        ({"channel": 16}, "channel is 16, but a whole number from 0 to 15"),
        ({"position": (0, 8)}, "column is 8, but a whole number from 0 to 7"),
        ({"position": 3}, "position is 3, but a row and a column"),
        ({"rule": "lrp"}, "rule"),
        ({"images": torch.rand(64, 64)}, "shape 64 x 64"),
        ({"model": VGG(5, GROUPS)}, "train mode"),
    ],
)
def test_what_is_wrong_is_said(given, says):
    good = {"model": VGG_NET, "images": IMAGES, "layer": "features.10", "channel": 0}
    with pytest.raises(bu.BadInput, match=says):
        project(**{**good, **given})


@pytest.mark.parametrize("rule", RULES)
def test_each_picture_may_have_a_channel_of_its_own(rule):
    together = project(VGG_NET, IMAGES, "features.7", [3, 0, 5], rule=rule)
    for image, channel, back in zip(IMAGES, (3, 0, 5), together, strict=True):
        assert (back - project(VGG_NET, image, "features.7", channel, rule=rule)).abs().max() < 1e-6
    with pytest.raises(bu.BadInput, match="2 channels were given for 3 pictures"):
        project(VGG_NET, IMAGES, "features.7", [3, 0])


def test_a_token_of_a_vit_sends_back_its_gradient():
    net, images = bu.load_model("vit"), torch.rand(2, 3, 128, 128, generator=torch.Generator().manual_seed(2))
    given = images.clone().requires_grad_()
    token = net.blocks[:2](torch.cat([net.summary.expand(2, -1, -1), tokens(net, given)], 1))[:, 7, 30]
    (gradient,) = torch.autograd.grad(token.sum(), given)
    assert (project(net, images, "blocks.1", 30, position=(0, 7), rule="gradient") - gradient).abs().max() < 1e-6
    assert activations(net, images, "blocks.1").shape == (2, 128, 1, 257)


def tokens(net: ViT, images: Tensor) -> Tensor:
    return net.embed(net.normalise(images)).flatten(2).transpose(1, 2) + net.position


@pytest.mark.parametrize("name", ["bagnet17", "vgg", "resnet", "densenet", "vit"])
def test_layers_are_there_and_what_they_give_gets_smaller_or_stays(name):
    net, image = bu.load_model(name), torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(3))
    places = [activations(net, image, layer)[0, 0].numel() for layer in layers(net)]
    assert places == sorted(places, reverse=True) or name == "vit"
    with pytest.raises(bu.BadInput, match="layers: a Linear was given"):
        layers(nn.Linear(2, 2))
