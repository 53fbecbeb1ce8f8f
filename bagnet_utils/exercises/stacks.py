"""Small stacks of convolutions, and what their middle unit sees by gradient: for the check of `mended_window`."""

import copy
import functools

import numpy as np
import torch
from torch import Tensor, nn


class Stack(nn.Sequential):
    """Convolutions with or without ReLUs between them. Equal seeds make equal weights."""

    def __init__(self, kernels, strides, relu: bool = False, seed: int = 0, gain: float = 1.0, padding: int = 0):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            convolutions = [nn.Conv2d(1, 1, *sizes, padding) for sizes in zip(kernels, strides, strict=True)]
        for layer in convolutions:
            layer.weight.data *= gain
        with_relus = [one for layer in convolutions for one in (layer, nn.ReLU())][:-1]
        super().__init__(*(with_relus if relu else convolutions))
        self.eval()

    def __deepcopy__(self, memo) -> "Stack":
        """With weights of its own; much quicker than the usual way."""
        twin = copy.copy(self)
        twin._modules = {name: copy.copy(layer) for name, layer in self._modules.items()}
        for layer in twin:
            layer._parameters = {name: nn.Parameter(one.detach().clone()) for name, one in layer._parameters.items()}
        return twin

    def __repr__(self) -> str:
        names = [f"conv({one.kernel_size[0]}, {one.stride[0]})" if hasattr(one, "stride") else "ReLU" for one in self]
        return ", ".join(names)


# With these seeds, two pictures in five leave the first column of the window without gradient, as many the last: three
# pictures are too few for all of these nets, ten are enough.
CLOSED = 6, 54, 67, 123, 144, 153, 205, 301, 337, 358, 473, 479, 556, 590, 645, 685


@functools.cache
def with_relus(seed: int) -> Stack:
    random = np.random.default_rng(seed)
    count = random.integers(2, 4)
    return Stack(random.integers(1, 6, count).tolist(), random.integers(1, 4, count).tolist(), relu=True, seed=seed)


def columns(net: Stack, side: int, pictures: int = 30, every_unit: bool = False, least: float = 0, at=None) -> Tensor:
    """Numbers of the columns in which a unit (the middle one, or the sum) has a gradient on any of some pictures."""
    images = torch.randn(pictures, 1, side, side, generator=torch.Generator().manual_seed(0), requires_grad=True)
    with torch.enable_grad():
        top = net(images)
        middle = top.shape[2] // 2 if at is None else at
        (gradient,) = torch.autograd.grad((top if every_unit else top[:, :, middle, middle]).sum(), images)
    return (gradient.abs() > least).any(0).any(0).any(0).nonzero()[:, 0]


def extent(found: Tensor, more: int = 1) -> int:
    return int(found[-1] - found[0]) + more if len(found) else 0
