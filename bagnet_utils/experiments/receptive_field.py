"""What can one unit see? Three ways to find out: from the layers, by gradient, by flipping pixels. They agree."""

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from bagnet_utils.checks import check_choice, check_eval, check_seed
from bagnet_utils.errors import BadInput


@dataclass(frozen=True)
class ReceptiveField:
    """In pixels. Unit (i, j) of the last map sees rows offset + i * stride ... offset + i * stride + size - 1."""

    size: int
    stride: int
    offset: int  # of unit 0; below zero where the network pads, for the window then hangs over the border


def receptive_field(model: nn.Module, by: str = "layers", seed: int = 0) -> ReceptiveField:
    """Size, stride and offset of the window that one unit of the last map sees.

    by: "layers", from their kernels and strides; "gradient", from the pixels that have one; "pixel", by changing one
    pixel at a time. The last two measure the network itself, on random pictures drawn with the seed.
    """
    check_choice("receptive_field", "way", by, WAYS)
    check_eval("receptive_field", model)
    return WAYS[by](model, check_seed("receptive_field", seed))


def from_layers(model: nn.Module, seed: int = 0) -> ReceptiveField:
    """Each layer widens the window by (kernel - 1) x (the product of the strides before it). The seed plays no part."""
    size, stride, offset = 1, 1, 0
    for layer in window_layers(model):
        kernel, step, padding, dilation = (square(getattr(layer, name, 1)) for name in LAYER_NUMBERS)
        size += (kernel - 1) * dilation * stride
        offset -= padding * stride
        stride *= step
    return ReceptiveField(size, stride, offset)


def from_gradient(model: nn.Module, seed: int, pictures: int = 4) -> ReceptiveField:
    """The pixels on which a unit's value depends have a gradient that is not zero.

    Taken on a few random pictures, because a ReLU that happens to be shut hides what lies behind it; one after the
    other, because together they would need four times the memory.
    """
    model, shape = float64_copy(model)
    random = torch.Generator().manual_seed(seed)
    seen = {}
    for _ in range(pictures):
        image = torch.randn(1, *shape, generator=random, dtype=torch.float64, requires_grad=True)
        last = last_map(model, image)  # 1 x D x h x w
        unit = last.shape[2] // 2
        for i in (unit, unit + 1):
            mixed = torch.randn(last.shape[1], generator=random, dtype=torch.float64)  # of the unit's features
            (gradient,) = torch.autograd.grad((last[0, :, i, i] * mixed).sum(), image, retain_graph=True)
            rows = (gradient[0] != 0).any(2).any(0)  # H booleans
            seen[i] = seen.get(i, rows) | rows
    return from_rows(seen[unit], seen[unit + 1], unit)


@torch.no_grad()
def from_pixels(model: nn.Module, seed: int) -> ReceptiveField:
    """Change one pixel at a time and note which units move. No theory needed, only patience."""
    model, (colours, side, _) = float64_copy(model)
    random = torch.Generator().manual_seed(seed)
    picture = torch.randn(1, colours, side, side, generator=random, dtype=torch.float64)
    before = last_map(model, picture)
    moved = []
    for row in range(side):
        changed = picture.clone()
        changed[:, :, row, side // 2] *= -10
        change = (last_map(model, changed) - before).abs()  # 1 x D x h x w
        moved.append((change > 0).any(3).any(1)[0])  # h booleans; what a pixel cannot reach is the same, bit for bit
    moved = torch.stack(moved)  # H x h: does a pixel in this row reach a unit in that one?
    unit = moved.shape[1] // 2
    return from_rows(moved[:, unit], moved[:, unit + 1], unit)


WAYS = {"layers": from_layers, "gradient": from_gradient, "pixel": from_pixels}
LAYER_NUMBERS = ("kernel_size", "stride", "padding", "dilation")
SEES_ALL = (nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d, nn.Linear, nn.Flatten)  # here maps end


def window_layers(model: nn.Module) -> list[nn.Module]:
    """The convolutions and poolings on the way to the last map, in the order in which they are defined and run.

    Shortcuts (`downsample`) are left out: they see no further than the layers that they go around.
    """
    layers = []
    for name, module in model.named_modules():
        if isinstance(module, nn.MultiheadAttention) or getattr(module, "sees_all", False):
            raise BadInput(
                f"receptive_field: {type(model).__name__} has attention layers, whose units see the whole picture; "
                "a convolutional network is wanted."
            )
        if isinstance(module, SEES_ALL):
            break
        if isinstance(module, (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)) and "downsample" not in name:
            layers.append(module)
    if not layers:
        raise BadInput(
            f"receptive_field: {type(model).__name__} has no convolution or pooling before its first Linear."
        )
    return layers


def square(number: int | tuple[int, int]) -> int:
    """3 or (3, 3) -> 3."""
    if isinstance(number, tuple):
        if number[0] != number[1]:
            raise BadInput(f"receptive_field: a layer has the numbers {number}, but square windows are wanted.")
        return number[0]
    return number


def float64_copy(model: nn.Module) -> tuple[nn.Module, tuple[int, int, int]]:
    """A copy in which rounding cannot be taken for an effect, and the shape of a picture with some windows to spare."""
    field = from_layers(model)
    side = field.size + 4 * field.stride
    colours = next(layer.in_channels for layer in window_layers(model) if isinstance(layer, nn.Conv2d))
    return copy.deepcopy(model).double().cpu(), (colours, side, side)


def last_map(model: nn.Module, images: Tensor) -> Tensor:
    """What the last convolution or pooling puts out: N x D x h x w."""
    caught = []
    handle = window_layers(model)[-1].register_forward_hook(lambda layer, inputs, output: caught.append(output))
    try:
        model(images)
    finally:
        handle.remove()
    return caught[0]


def from_rows(of_unit: Tensor, of_next: Tensor, unit: int) -> ReceptiveField:
    """Size, stride and offset, from the rows of the picture that a unit sees and those that the next one sees."""
    rows, next_rows = of_unit.nonzero()[:, 0], of_next.nonzero()[:, 0]
    size = int(rows[-1] - rows[0]) + 1
    stride = int(next_rows[0] - rows[0])
    return ReceptiveField(size, stride, int(rows[0]) - unit * stride)
