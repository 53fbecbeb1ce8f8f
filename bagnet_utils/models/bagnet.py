"""BagNet (Brendel & Bethge, ICLR 2019): a ResNet-50 in which almost every 3x3 convolution has become 1x1.

What is left of the 3x3 convolutions decides how far one unit sees: 9, 17 or 33 pixels. Each unit of the last map is
therefore the verdict on one patch, and the network's answer is the plain mean of those verdicts.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import torch
from torch import Tensor, nn

from bagnet_utils.checks import check_eval, describe, whole
from bagnet_utils.errors import BadInput

STRIDES = (2, 2, 2, 1)  # of the four stages; their product is the step between neighbouring patches: 8 pixels
PLANES = (64, 128, 256, 512)  # narrow channels of each stage's bottlenecks at width 1
EXPANSION = 4  # a bottleneck puts out four times as many channels as it is narrow


class Normalise(nn.Module):
    """Pictures in [0, 1] -> mean 0 and standard deviation 1 in each colour."""

    def __init__(self, mean: tuple[float, ...], deviation: tuple[float, ...]):
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean)[:, None, None], persistent=False)
        self.register_buffer("deviation", torch.tensor(deviation)[:, None, None], persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        return (images - self.mean) / self.deviation


class Bottleneck(nn.Module):
    """1x1 to narrow, 3x3 or 1x1 in the middle, 1x1 to wide, and a shortcut around all three. No padding anywhere."""

    def __init__(self, channels_in: int, planes: int, kernel: int, stride: int):
        super().__init__()
        channels_out = EXPANSION * planes
        self.conv1 = nn.Conv2d(channels_in, planes, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, kernel, stride, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = nn.Conv2d(planes, channels_out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(channels_out)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if stride != 1 or channels_in != channels_out:
            shortcut = nn.Conv2d(channels_in, channels_out, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(channels_out))

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        shortcut = x if self.downsample is None else self.downsample(x)
        # An unpadded 3x3 makes the map smaller: the shortcut follows, by losing its last rows and columns.
        out += shortcut[:, :, : out.shape[2], : out.shape[3]]
        return self.relu(out)


class BagNet(nn.Module):
    """A bag of local features: logits = mean over patches of (classifier applied to each patch's features).

    kernel3: how many blocks of each stage keep a 3x3 convolution (its first ones); this alone sets the patch size.
    depth: blocks in each stage. width: factor on every channel count, 1.0 being the published size.
    """

    def __init__(
        self,
        kernel3: tuple[int, int, int, int],
        num_classes: int = 1000,
        width: float = 1.0,
        depth: tuple[int, int, int, int] = (3, 4, 6, 3),
    ):
        super().__init__()
        check_size(kernel3, num_classes, width, depth)
        channels = round(64 * width)
        # A world's mean and standard deviation go here, so that a trained net takes images in [0, 1].
        self.normalise = nn.Identity()
        self.conv1 = nn.Conv2d(3, channels, 1, bias=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(channels, momentum=0.001)
        self.relu = nn.ReLU(inplace=True)
        patch, step = 3, 1  # pixels that a unit sees; pixels between neighbouring units
        for stage, (blocks, wide_blocks, stride) in enumerate(zip(depth, kernel3, STRIDES, strict=True)):
            planes = round(PLANES[stage] * width)
            layers = []
            for block in range(blocks):
                kernel = 3 if block < wide_blocks else 1
                layers.append(Bottleneck(channels, planes, kernel, stride if block == 0 else 1))
                channels = EXPANSION * planes
                patch += (kernel - 1) * step
                step *= stride if block == 0 else 1
            setattr(self, f"layer{stage + 1}", nn.Sequential(*layers))
        self.fc = nn.Linear(channels, num_classes)
        self.patch_size, self.stride = patch, step
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                fan_out = module.kernel_size[0] ** 2 * module.out_channels
                nn.init.normal_(module.weight, std=math.sqrt(2 / fan_out))

    def features(self, images: Tensor) -> Tensor:
        """N x 3 x H x W -> N x D x h x w: one feature vector for each patch."""
        x = self.conv2(self.conv1(self.normalise(images)))  # N x 64 x H-2 x W-2
        x = self.relu(self.bn1(x))
        x = self.layer1(x)
        x = self.layer2(x)
        x = self.layer3(x)
        return self.layer4(x)

    def forward(self, images: Tensor) -> Tensor:
        """N x 3 x H x W -> N x C logits. Mean and classifier commute: see `experiments.heatmaps.evidence`."""
        return self.fc(self.features(images).mean((2, 3)))


INSIDE, SWITCHING = [], Lock()  # how it was before, once for each thread that is inside


@contextmanager
def without_tf32() -> Iterator[None]:
    """Convolutions and matrix products in exact float32 also where a GPU would round to TF32; afterwards as before.

    The switches are PyTorch's, for all threads: whoever comes out last turns them back.
    """
    cuda, cudnn = torch.backends.cuda, torch.backends.cudnn
    if hasattr(
        cudnn, "conv"
    ):  # PyTorch 2.9 has a word for each kind of operation, which must not be mixed with the old
        switches, word, off = (cuda.matmul, cudnn.conv, cudnn.rnn), "fp32_precision", "ieee"
    else:
        switches, word, off = (cuda.matmul, cudnn), "allow_tf32", False
    with SWITCHING:
        INSIDE.append(INSIDE[0] if INSIDE else [getattr(switch, word) for switch in switches])
        for switch in switches:
            setattr(switch, word, off)
    try:
        yield
    finally:
        with SWITCHING:
            before = INSIDE.pop()
            for switch, value in zip(switches, before, strict=True):
                setattr(switch, word, off if INSIDE else value)


def check_bagnet(who: str, model) -> None:
    """Raise unless the model is a BagNet in eval mode."""
    if not isinstance(model, BagNet):
        raise BadInput(
            f"{who}: the model is {describe(model)}, but a BagNet is wanted: "
            "only a bag of patches has evidence for each patch. Try bagnet9(), bagnet17() or bagnet33()."
        )
    check_eval(who, model)


def check_size(kernel3, num_classes, width, depth) -> None:
    for name, given in (("kernel3", kernel3), ("depth", depth)):
        if not (isinstance(given, (tuple, list)) and len(given) == 4 and all(whole(n) is not None for n in given)):
            raise BadInput(f"BagNet: {name} is {given!r}, but four whole numbers are wanted, one for each stage.")
    if min(depth) < 1 or any(wide < 0 or wide > blocks for wide, blocks in zip(kernel3, depth, strict=True)):
        raise BadInput(
            f"BagNet: depth {tuple(depth)} cannot hold the 3x3 blocks {tuple(kernel3)}; "
            "each stage needs at least one block, and at least as many as it has 3x3 ones."
        )
    if whole(num_classes) is None or num_classes < 1 or not width > 0 or round(64 * width) < 1:
        raise BadInput(
            f"BagNet: num_classes {num_classes!r} and width {width!r} were given; "
            "num_classes must be a whole number of at least 1, and width large enough for one channel (1/64)."
        )


def bagnet9(num_classes: int = 1000, width: float = 1.0, depth=(3, 4, 6, 3)) -> BagNet:
    """A BagNet whose units see 9 x 9 pixels; the published size unless width or depth say otherwise."""
    return BagNet((1, 1, 0, 0), num_classes, width, depth)


def bagnet17(num_classes: int = 1000, width: float = 1.0, depth=(3, 4, 6, 3)) -> BagNet:
    """A BagNet whose units see 17 x 17 pixels; the published size unless width or depth say otherwise."""
    return BagNet((1, 1, 1, 0), num_classes, width, depth)


def bagnet33(num_classes: int = 1000, width: float = 1.0, depth=(3, 4, 6, 3)) -> BagNet:
    """A BagNet whose units see 33 x 33 pixels; the published size unless width or depth say otherwise."""
    return BagNet((1, 1, 1, 1), num_classes, width, depth)
