"""BagNets with random weights and what they answer, and BagNets with known mistakes: for the check of `build`."""

import contextlib
import functools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bagnet_utils.exercises.judging import normal
from bagnet_utils.models.bagnet import BagNet, Bottleneck


class Case(NamedTuple):
    """A BagNet's size (kernel3, classes, width), its weights, some pictures and what it answers."""

    size: tuple[tuple[int, ...], int, float]
    weights: dict[str, Tensor]
    pictures: Tensor
    logits: Tensor


@functools.cache
@torch.no_grad()
def nets() -> list[Case]:
    random, cases = np.random.default_rng(0), []
    some = [tuple(random.integers(0, 3, 4).tolist()) for _ in range(3)]
    for kernel3 in [(1, 1, 1, 1), (0, 4, 0, 1), *some]:
        classes, width = int(random.integers(2, 12)), int(random.choice([3, 4, 6])) / 64
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(len(cases))
            net = BagNet(kernel3, classes, width)
            for layer in net.modules():
                if isinstance(layer, nn.BatchNorm2d):
                    for numbers, least in ((layer.weight, 0.5), (layer.running_var, 0.5), (layer.bias, -0.5)):
                        numbers.uniform_(least, least + 1)
                    layer.running_mean.normal_(0, 0.5)
        net = net.double().eval()
        height, wide = (net.patch_size * 3 // 2 + random.integers(8, 33, 2)).tolist()
        pictures = normal(random, 1 + len(cases) % 3, 3, height, wide).double()
        cases.append(Case((kernel3, classes, width), net.state_dict(), pictures, net(pictures)))
    return cases


class Flawed(BagNet):
    """A BagNet with a known mistake."""


class FlawedBlock(Bottleneck):
    """Its `join` puts the two ways together otherwise than it should."""

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn3(self.conv3(self.relu(self.bn2(self.conv2(out)))))
        return self.join(out, x if self.downsample is None else self.downsample(x))


def changed(change: Callable[[BagNet], None]) -> Callable:
    def build(*given) -> BagNet:
        net = Flawed(*given)
        change(net)
        return net

    return build


def changed_block(change: Callable[[Bottleneck], None], first_only: bool = True) -> Callable:
    """The change is made in the first block of each stage, or in all."""
    stages = range(1, 5)
    return changed(
        lambda net: [change(b) for n in stages for i, b in enumerate(getattr(net, f"layer{n}")) if not i * first_only]
    )


def joined(join: Callable[[Tensor, Tensor], Tensor]) -> Callable:
    def change(block: Bottleneck) -> None:
        block.__class__, block.join = FlawedBlock, join

    return changed_block(change, first_only=False)


def cropped(x: Tensor, out: Tensor, part: float = 0) -> Tensor:
    """As much of x as out has; part: 0 for the upper left, 1/2 for the middle, 1 for the lower right."""
    top, left = (int(part * (x.shape[n] - out.shape[n])) for n in (2, 3))
    return x[:, :, top : top + out.shape[2], left : left + out.shape[3]]


def with_strides(*strides: int) -> Callable:
    def change(net: BagNet) -> None:
        for number, stride in enumerate(strides):
            block = getattr(net, f"layer{number + 1}")[0]
            block.conv2.stride = block.downsample[0].stride = (stride, stride)

    return changed(change)


def padded(net: BagNet) -> None:
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d) and layer.kernel_size == (3, 3):
            layer.padding = (1, 1)


def stride_first(block: Bottleneck) -> None:
    block.conv1.stride, block.conv2.stride = block.conv2.stride, (1, 1)


def unpadded_stem(net: BagNet) -> None:
    padded(net)
    net.conv2.padding = (0, 0)


def after(layer: str, change: Callable[[Tensor], Tensor]) -> Callable:
    """The change is made to what this layer puts out."""
    return changed(lambda net: net.get_submodule(layer).register_forward_hook(lambda _, __, out: change(out)))


PADS = "You pad. A BagNet never does: its maps become smaller, and so its shortcuts are cropped."
STAGES = "The strides of your four stages are others. Patches come one every 8 pixels, and the last stage has stride 1."
MISTAKES = [
    (changed(padded), PADS),
    (changed(unpadded_stem), PADS),
    (
        joined(lambda out, x: F.relu(out + cropped(x, out, 1))),
        "You keep the lower right of the shortcut. The published code keeps its upper left.",
    ),
    (
        joined(lambda out, x: F.relu(out + cropped(x, out, 1 / 2))),
        "You keep the middle of the shortcut. The published code keeps its upper left.",
    ),
    (
        joined(lambda out, x: F.relu(out + F.interpolate(x, out.shape[2:]))),
        "You scale the shortcut. But nothing is interpolated: it loses its last rows and columns.",
    ),
    (joined(lambda out, x: out + cropped(x, out)), "The last ReLU of a block comes after the sum. Yours has none."),
    (
        joined(lambda out, x: F.relu(out) + cropped(x, out)),
        "Your last ReLU comes before the sum. It belongs after: first add the shortcut.",
    ),
    (joined(lambda out, x: F.relu(out)), "The shortcut is missing from the sum."),
    (
        changed_block(stride_first),
        "In your blocks the first 1 x 1 layer has the stride. Then the 3 x 3 sees further: give it to the middle one.",
    ),
    (
        changed_block(lambda block: setattr(block.downsample[0], "stride", (1, 1))),
        "Your shortcut has no stride: after the cropping, it holds other places than what it is added to.",
    ),
    *[(with_strides(*strides), STAGES) for strides in [(1, 2, 2, 2), (2, 2, 2, 2), (1, 2, 2, 1), (2, 2, 1, 1)]],
    (
        after("conv1", F.relu),
        "In your stem a ReLU follows the 1 x 1. There, 1 x 1 and 3 x 3 follow each other directly.",
    ),
    (
        after("layer4", lambda maps: maps.amax((2, 3), keepdim=True)),
        "You take the largest feature. A bag takes the mean.",
    ),
    (after("layer4", lambda maps: maps.sum((2, 3), keepdim=True)), "You add up the patches. A bag takes their mean."),
    (after("layer4", lambda maps: maps[:, :, :1, :1]), "You answer from the first patch alone. Average over all."),
    (after("", lambda logits: logits.softmax(1)), "These are probabilities. Wanted are the logits, without softmax."),
]


@functools.cache
@torch.no_grad()
def answer(mistake: int, case: int) -> Tensor | None:
    """What the network with this mistake answers in this case; None if its layers do not fit together there."""
    size, weights, pictures, _ = nets()[case]
    net = MISTAKES[mistake][0](*size)
    net.load_state_dict(weights)
    with contextlib.suppress(RuntimeError):
        return net.double().eval()(pictures)
    return None


def no_batchnorm(block: Bottleneck) -> None:
    block.downsample = block.downsample[:1]
