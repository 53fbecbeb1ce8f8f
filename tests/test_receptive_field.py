"""Three ways to measure what a unit sees, one answer."""

import pytest
import torch
from torch import nn

import bagnet_utils as bu
from bagnet_utils.experiments.receptive_field import ReceptiveField
from bagnet_utils.models.peers import DenseNet
from bagnet_utils.models.zoo import build

SMALL = {"num_classes": 3, "width": 1 / 8, "depth": (1, 1, 2, 2)}
NETS = {
    "bagnet9": (lambda: bu.bagnet9(**SMALL), (9, 8, 0)),
    "bagnet17": (lambda: bu.bagnet17(**SMALL), (17, 8, 0)),
    "bagnet33": (lambda: bu.bagnet33(**SMALL), (33, 8, 0)),
    "bagnet9, published size": (bu.bagnet9, (9, 8, 0)),
    "bagnet17, published size": (bu.bagnet17, (17, 8, 0)),
    "bagnet33, published size": (bu.bagnet33, (33, 8, 0)),
    "bagnet65": (lambda: bu.BagNet((1, 1, 1, 3), 3, 1 / 8), (65, 8, 0)),
    "bagnet3": (lambda: bu.BagNet((0, 0, 0, 0), 3, 1 / 8), (3, 8, 0)),
    "three 3x3 on grey": (lambda: nn.Sequential(*[nn.Conv2d(1, 1, 3) for _ in range(3)]), (7, 1, 0)),
    "padded": (lambda: nn.Sequential(nn.Conv2d(3, 8, 5, 2, 2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 8, 3, 1, 1)),
               (15, 4, -6)),
    "dilated": (lambda: nn.Sequential(nn.Conv2d(3, 8, 3, dilation=4), nn.AvgPool2d(2)), (10, 2, 0)),
}  # fmt: skip


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if "published" in name else ()) for name in NETS]
)
def test_layers_gradient_and_pixels_agree(name):
    build, wanted = NETS[name]
    model = build().eval()
    wanted = ReceptiveField(*wanted)
    assert bu.receptive_field(model) == wanted
    assert bu.receptive_field(model, "gradient") == wanted
    assert bu.receptive_field(model, "pixel") == wanted


def test_the_measurement_measures_the_network_and_not_the_formula():
    """A weight set to zero narrows the window: poking and gradient see it, the layers' arithmetic cannot."""
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3)).eval()
    nn.init.zeros_(model[1].weight.data[:, :, 2, :])
    nn.init.zeros_(model[1].weight.data[:, :, :, 2])
    assert bu.receptive_field(model).size == 5
    assert bu.receptive_field(model, "gradient").size == 4
    assert bu.receptive_field(model, "pixel").size == 4


def test_measuring_leaves_the_model_as_it_was():
    model = bu.bagnet9(**SMALL).eval()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    bu.receptive_field(model, "gradient"), bu.receptive_field(model, "pixel")
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not model.conv1._forward_hooks and not model.layer4[-1].conv3._forward_hooks


@pytest.mark.slow
@pytest.mark.parametrize("name", ["vgg", "resnet", "densenet"])
def test_the_three_agree_for_the_peers_too(name):
    model = (DenseNet(10, growth=4) if name == "densenet" else build(name, "patchwork")).eval()  # as deep, but narrow
    wanted = bu.receptive_field(model)
    assert wanted == bu.receptive_field(build(name, "patchwork").eval())
    assert wanted.size > 64  # so that both parts of a totem are seen
    assert bu.receptive_field(model, "gradient") == wanted
    assert bu.receptive_field(model, "pixel") == wanted


@pytest.mark.parametrize(
    "model, told",
    [
        (bu.bagnet33, "model is wanted"),
        (None, "model is wanted"),
        (build("vit", "patchwork").eval(), "attention"),
        (bu.bagnet9(**SMALL).train(), "train mode"),
        (nn.Sequential(nn.Linear(3, 3)).eval(), "no convolution"),
        (nn.Sequential(nn.Conv2d(3, 3, (1, 3))).eval(), "square windows"),
        (nn.TransformerEncoderLayer(8, 2).eval(), "attention"),
    ],
)
def test_what_has_no_window_is_told_so_in_one_line(model, told):
    with pytest.raises(bu.BadInput, match=told) as caught:
        bu.receptive_field(model, "pixel")
    assert "\n" not in str(caught.value)
