"""Heatmaps (Brendel & Bethge, section 3): how strongly each patch speaks for a class, exactly.

A BagNet's logit is a mean over patches, so its heatmap is no attribution method: it is the network before the mean.
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bagnet_utils.checks import check_image, check_images, check_target, whole
from bagnet_utils.errors import BadInput
from bagnet_utils.models.bagnet import BagNet, Bottleneck, check_bagnet, without_tf32

PIXELS_AT_ONCE = {"cpu": 2048, "gpu": 32768}  # of the heatmap; small enough for a processor's cache, large for a GPU
WIDEST = 256  # columns of the heatmap that go through the network side by side


@torch.no_grad()
def evidence(model: BagNet, images: Tensor) -> Tensor:
    """Logits of every patch on the model's own grid, before they are averaged.

    images: N x 3 x H x W, each side at least one patch long.
    Returns N x C x h x w, and `evidence(model, images).mean((2, 3))` is `model(images)`:
    that equation is the reason BagNets can be read.
    """
    check_bagnet("evidence", model)
    images = check_images("evidence", images, model)
    batch = max(1, 250_000 // images[0, 0].numel())  # pictures at a time, so that memory stays bounded
    with without_tf32():
        features = (model.features(part) for part in images.split(batch))  # each n x D x h x w
        return torch.cat([F.conv2d(f, model.fc.weight[:, :, None, None], model.fc.bias) for f in features])


@torch.no_grad()
def heatmap(model: BagNet, image: Tensor, target: int, stride: int = 8, pad: bool | None = None) -> Tensor:
    """The logit for class `target` of one patch every `stride` pixels: h x w.

    stride 8 is the model's own grid: `evidence(model, image)[0, target]`, and its mean is the logit. 4 and 2 look at
    the patches in between. None of these leaves the picture; pixel (0, 0) of the map is the top left patch.
    stride 1 gives one value for each pixel, that of the patch centred on it; patches that reach over the border see
    zeros there, after normalisation, as in the published utility. `pad` overrides: True centres a patch on every
    stride-th pixel, False keeps to the complete patches.
    """
    check_bagnet("heatmap", model)
    image = check_image("heatmap", image, model)[None]
    target = check_target("heatmap", target, model.fc.out_features)
    step = whole(stride)
    if step not in (8, 4, 2, 1):
        raise BadInput(f"heatmap: stride is {stride!r}, but 8, 4, 2 or 1 is wanted: it must divide the network's 8.")
    picture = model.normalise(image)
    if pad if pad is not None else step == 1:
        picture = F.pad(picture, [(model.patch_size - 1) // 2] * 4)
    return dense_logits(model, picture, target, step)


class RemainingVote(NamedTuple):
    """The answer of the patches that still count."""

    patches: int  # how many they are
    logits: Tensor | None  # C; None where no patch is left, for nothing has no mean
    probabilities: Tensor | None  # C, their softmax


def silence_patches(evidence: Tensor, silenced: Tensor) -> RemainingVote:
    """The mean over the patches that are not silenced.

    evidence: C x h x w logits of one picture's patches. silenced: h x w, True where a patch no longer counts.
    Only the votes go: the pixels stay, and the patches that overlap a silenced one still see them.
    """
    remaining = evidence[:, ~silenced]  # C x patches
    if remaining.shape[1] == 0:
        return RemainingVote(0, None, None)
    logits = remaining.double().mean(1)
    return RemainingVote(remaining.shape[1], logits, logits.softmax(0))


def dense_logits(model: BagNet, picture: Tensor, target: int, stride: int) -> Tensor:
    """Logits of all q x q patches of a 1 x 3 x H x W picture at this stride, in one pass over it: h x w.

    Neighbouring patches share nearly all of their sums. To share them, strides turn into dilations (the "a trous"
    trick): where the network would step over a position it now looks there too, and everything above spreads its
    taps to match. The picture streams through a few rows at a time, so nothing is computed twice and the memory
    needed does not grow with the picture.
    """
    patch = model.patch_size
    height, width = ((side - patch) // stride + 1 for side in picture.shape[2:])
    logits = picture.new_empty(height, width)
    bands = math.ceil(width / WIDEST)
    columns = math.ceil(width / bands)
    at_once = PIXELS_AT_ONCE["cpu" if picture.device.type == "cpu" else "gpu"]
    rows = max(1, at_once // columns)
    with without_tf32():
        stem, blocks, classifier = unrolled(model, target, stride)
        for left in range(0, width, columns):
            band = picture[:, :, :, left * stride : (left + columns - 1) * stride + patch]
            band = band.contiguous(memory_format=torch.channels_last)
            for block in blocks:
                block.forget()
            seen = 0  # rows of the picture
            for top in range(0, height, rows):
                bottom = min(top + rows, height)
                until = (bottom - 1) * stride + patch
                x = F.conv2d(band[:, :, max(0, seen - 2) : until], *stem).relu_()  # its 3x3 looks 2 rows back
                for block in blocks:
                    x = block.push(x)
                logits[top:bottom, left : left + columns] = F.conv2d(x, *classifier)[0, 0]
                seen = until
    return logits


def unrolled(model: BagNet, target: int, stride: int):
    """The model's layers with BatchNorm folded in and steps beyond `stride` turned into dilations."""
    both = torch.einsum("om...,mi->oi...", model.conv2.weight, model.conv1.weight[:, :, 0, 0])
    stem = folded(both, model.bn1)  # nothing non-linear lies between the first two convolutions, so they are one
    blocks, step, dilation = [], 1, 1
    for block in [*model.layer1, *model.layer2, *model.layer3, *model.layer4]:
        taken = block.conv2.stride[0]
        kept = min(taken, stride // step)  # this much of the step we still take
        blocks.append(StreamedBlock(block, kept, dilation))
        step, dilation = step * kept, dilation * taken // kept
    classifier = model.fc.weight[target][None, :, None, None], model.fc.bias[target][None]
    return stem, blocks, classifier


def folded(weight: Tensor, bn: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Weight and bias of the convolution that equals this convolution followed by its BatchNorm in eval mode."""
    scale = bn.weight / (bn.running_var + bn.eps).sqrt()
    weight = (weight * scale[:, None, None, None]).contiguous(memory_format=torch.channels_last)
    return weight, bn.bias - bn.running_mean * scale


class StreamedBlock:
    """A bottleneck that is shown a picture a few rows at a time, and keeps the rows that its next windows need."""

    def __init__(self, block: Bottleneck, stride: int, dilation: int):
        self.narrow = folded(block.conv1.weight, block.bn1)
        self.middle = folded(block.conv2.weight, block.bn2)
        self.wide = folded(block.conv3.weight, block.bn3)
        self.shortcut = folded(block.downsample[0].weight, block.downsample[1]) if block.downsample else None
        self.stride, self.dilation = stride, dilation
        self.is_3x3 = block.conv2.kernel_size[0] == 3
        self.forget()

    def forget(self) -> None:
        self.kept = None  # rows of (input, narrow map) that windows yet to come will look at
        self.ahead = 0  # rows not yet here that the next window's start steps over

    def push(self, x: Tensor) -> Tensor:
        """The next rows of the input -> the next rows of the output."""
        x, self.ahead = x[:, :, self.ahead :], 0
        h = F.conv2d(x, *self.narrow).relu_()
        if self.kept is not None:
            x, h = (torch.cat([old, new], 2) for old, new in zip(self.kept, (x, h), strict=True))
        out = F.conv2d(h, *self.middle, stride=self.stride, dilation=self.dilation).relu_()
        rows, columns = out.shape[2:]
        start = rows * self.stride  # of the next window
        self.ahead = max(0, start - h.shape[2])
        if self.is_3x3:
            self.kept = x[:, :, start:].clone(), h[:, :, start:].clone()
        out = F.conv2d(out, *self.wide)
        x = x[:, :, : start : self.stride, : columns * self.stride : self.stride]  # a 1x1 with a stride is a subset
        out += x if self.shortcut is None else F.conv2d(x, *self.shortcut)
        return out.relu_()
