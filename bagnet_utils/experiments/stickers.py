"""Stickers: a small square that turns a picture of any kind into a kind of one's choice, wherever it is stuck on.

Brown and others (2017) made the first one that works on real photographs. Here are two: the most telling patch of the
training pictures, whose effect on a BagNet can be computed beforehand, and one that is optimised by gradient.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bagnet_utils.checks import check_eval, check_image, check_images, check_seed, check_target, check_whole
from bagnet_utils.errors import BadInput
from bagnet_utils.experiments.heatmaps import evidence
from bagnet_utils.experiments.masking import touching
from bagnet_utils.models.bagnet import BagNet, check_bagnet
from bagnet_utils.models.scores import predict

RATE = 0.1  # of the first step, in pixel values


def stick(images: Tensor, sticker: Tensor, places: Tensor) -> Tensor:
    """The pictures with the sticker on: N x 3 x H x W, 3 x p x p, N x 2 (row and column of its upper left pixel)."""
    height, width = sticker.shape[1:]
    inside = (places >= 0) & (places + torch.tensor([height, width]) <= torch.tensor(images.shape[2:]))
    if places.shape != (len(images), 2) or not inside.all():
        raise BadInput(
            f"stick: places of shape {tuple(places.shape)} were given, up to {tuple(places.max(0).values.tolist())}; "
            f"wanted is one for each of {len(images)} pictures, so that {height} x {width} px fit into the picture."
        )
    images = images.clone()
    for number, (row, column) in enumerate(places.tolist()):
        images[number, :, row : row + height, column : column + width] = sticker
    return images


def random_places(images: Tensor, size: int, seed: int | torch.Generator = 0) -> Tensor:
    """One place for each picture, where a sticker of size x size px fits: N x 2."""
    random = seed if isinstance(seed, torch.Generator) else torch.Generator().manual_seed(check_seed("places", seed))
    size = check_whole("random_places", "size", size, 1, min(images.shape[2:]), " (pixels of the picture)")
    free = [torch.randint(side - size + 1, (len(images),), generator=random) for side in images.shape[2:]]
    return torch.stack(free, 1)


class Transplant(NamedTuple):
    """What a patch of another picture does to a BagNet's logits, from parts."""

    before: Tensor  # C logits of the picture as it is
    centre: Tensor  # C: what the transplanted patch itself adds to the logits, minus what it replaces
    around: Tensor  # C: the same for the patches that see a part of it
    cells: int  # patches that see any of it

    @property
    def predicted(self) -> Tensor:
        """C logits."""
        return self.before + self.centre + self.around


@torch.no_grad()
def transplant(model: BagNet, image: Tensor, patch: Tensor, known: Tensor, row: int, column: int) -> Transplant:
    """The logits that a picture will have with the patch on cell (row, column) of the model's map, before it is asked.

    patch: 3 x q x q pixels. known: C, the evidence of the patch in the picture that it comes from: it is the same
    everywhere. Only the patches that overlap it must be asked anew, in a small cut-out.
    """
    check_bagnet("transplant", model)
    image = check_image("transplant", image, model)
    old = evidence(model, image)[0]  # C x h x w
    rows, columns = old.shape[1:]
    row = check_whole("transplant", "row", row, 0, rows - 1, " (cells)")
    column = check_whole("transplant", "column", column, 0, columns - 1, " (cells)")
    q, step = model.patch_size, model.stride
    top, bottom = touching(row * step, q, q, step, rows)
    left, right = touching(column * step, q, q, step, columns)
    cut = image[None, :, top * step : bottom * step + q, left * step : right * step + q]
    cut = stick(cut, patch, torch.tensor([[(row - top) * step, (column - left) * step]]))
    change = evidence(model, cut)[0] - old[:, top : bottom + 1, left : right + 1]
    around = change.sum((1, 2)) - change[:, row - top, column - left]
    share = 1 / (rows * columns)
    cells = (bottom - top + 1) * (right - left + 1)
    return Transplant(old.mean((1, 2)), (known - old[:, row, column]) * share, around * share, cells)


def optimise_sticker(
    model: nn.Module, images: Tensor, target: int, size: int, steps: int = 60, batch: int = 8, seed: int = 0
) -> Tensor:
    """A sticker of size x size px that makes the network answer `target`: 3 x size x size in [0, 1].

    Each step draws `batch` of the pictures and a place on each, and follows the mean gradient of the target's log
    probability (expectation over pictures and places). Only its sign is used; steps fall from 0.1 to 0.
    """
    check_eval("optimise_sticker", model)
    images, seed = check_images("optimise_sticker", images, model), check_seed("optimise_sticker", seed)
    size = check_whole("optimise_sticker", "size", size, 1, min(images.shape[2:]), " (pixels of the picture)")
    steps = check_whole("optimise_sticker", "steps", steps, 1, 100_000)
    random = torch.Generator().manual_seed(seed)
    sticker = torch.full((3, size, size), 0.5).to(images)
    for step in range(steps):
        some = images[torch.randint(len(images), (batch,), generator=random)]
        sticker.requires_grad_()
        logits = model(stick(some, sticker, random_places(some, size, random)))
        target = check_target("optimise_sticker", target, logits.shape[1])
        loss = F.cross_entropy(logits, torch.full((batch,), target, device=logits.device))
        (gradient,) = torch.autograd.grad(loss, [sticker])
        sticker = (sticker.detach() - RATE * (1 - step / steps) * gradient.sign()).clamp(0, 1)
    return sticker.cpu()


class Attack(NamedTuple):
    """What a sticker did to a network's answers, picture by picture."""

    counted: Tensor  # N booleans: not of the target class, and classified correctly without the sticker
    before: Tensor  # N answers without the sticker
    after: Tensor  # N answers with it
    target: int

    @property
    def success(self) -> Tensor:
        """Whether each of the counted pictures became the target class."""
        return (self.after == self.target)[self.counted]


def attack(
    model: nn.Module, images: Tensor, labels: Tensor, sticker: Tensor, target: int, places: Tensor, before=None
) -> Attack:
    """Ask the network about each picture, without and with the sticker. before: its answers without, if known."""
    before = predict(model, images) if before is None else before
    return Attack(
        (before == labels) & (labels != target), before, predict(model, stick(images, sticker, places)), target
    )
