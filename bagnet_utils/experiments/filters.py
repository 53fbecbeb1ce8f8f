"""What do the first filters of a network see, and do they look often enough? (Zeiler & Fergus 2014, section 4.1)"""

import torch
from torch import Tensor, nn

from bagnet_utils.checks import check_eval, check_images
from bagnet_utils.errors import BadInput
from bagnet_utils.experiments.invariance import move
from bagnet_utils.experiments.looking_inside import activations

BANDS = (1 / 8, 1 / 4)  # cycles per pixel: waves longer than 8 px are low, shorter than 4 px are high frequencies
DEAD = 0.1  # of the median filter's standard deviation
MARGIN = 6  # places at each border that are left out: there a filter of up to 11 px meets the end of the picture


def bands(filters: Tensor, side: int = 64) -> Tensor:
    """The share of each filter's energy at low, middle and high frequencies: D x C x k x k -> D x 3, rows sum to 1.

    The filter's spectrum is taken on side x side frequencies, its energy summed over colours. The length of a
    frequency's vector, in cycles per pixel, decides: below 1/8 it is low, from 1/4 on it is high.
    """
    if filters.ndim != 4 or max(filters.shape[2:]) > side:
        raise BadInput(
            f"bands: filters of shape {tuple(filters.shape)} were given, but D x C x k x k is wanted, k up to {side}."
        )
    energy = torch.fft.fft2(filters.detach().double(), s=(side, side)).abs().pow(2).sum(1)  # D x side x side
    cycles = torch.fft.fftfreq(side, dtype=torch.float64)
    length = torch.hypot(cycles[:, None], cycles[None])
    number = (length >= BANDS[0]).long() + (length >= BANDS[1]).long()
    shares = torch.stack([energy[:, number == band].sum(1) for band in range(3)], 1)
    return (shares / shares.sum(1, keepdim=True).clamp(min=1e-30)).float()


def high_frequency(filters: Tensor) -> Tensor:
    """Which filters have most of their energy at high frequencies, in waves shorter than 4 px: D booleans.

    Most: more than at low and more than at middle frequencies. Pure noise counts as high.
    """
    return bands(filters).argmax(1) == 2


def dead(maps: Tensor) -> Tensor:
    """Which channels' answers hardly vary: N x D x h x w -> D booleans.

    A channel is dead if the standard deviation of its answers, over all places of all pictures, is under a tenth of the
    median channel's. One that is never active is dead, and so is one that always says the same.
    """
    spread = maps.transpose(0, 1).flatten(1).double().std(1)
    return spread <= DEAD * spread.median()


@torch.no_grad()
def shift_error(model: nn.Module, images: Tensor, layer: str) -> Tensor:
    """How much of a layer's answers to a moved picture cannot be told from its answers to the picture itself: N shares.

    Each picture moves by one pixel to the right. If places lie `step` pixels apart, the answers should move by 1 / step
    of a place. So the answer to the moved picture is predicted between those of two neighbours (linear interpolation).
    The share is the squared error of that, of the variance of the answers over places. With a step of one pixel it is
    zero. Where it is large, the layer looks at places too far apart for what its filters see: aliasing.
    """
    check_eval("shift_error", model)
    pictures = check_images("shift_error", images, model)
    return torch.cat([shift_error_of(model, part, layer) for part in pictures.split(20)])


def shift_error_of(model: nn.Module, pictures: Tensor, layer: str) -> Tensor:
    before, after = (activations(model, some, layer) for some in (pictures, move(pictures, 0, 1)))
    width = before.shape[-1] if before.ndim == 4 else 0
    if width <= 2 * MARGIN + 1:
        raise BadInput(
            f"shift_error: {layer!r} has maps {width} places wide, but more than {2 * MARGIN + 1} are wanted; take an "
            "earlier layer, or larger pictures."
        )
    share = width / pictures.shape[-1]  # of a place, in a pixel
    inner = slice(MARGIN, -MARGIN)
    predicted = (1 - share) * before[..., inner, inner] + share * before[..., inner, MARGIN - 1 : -MARGIN - 1]
    found = after[..., inner, inner]
    variance = (found - found.mean((2, 3), keepdim=True)).pow(2).sum((1, 2, 3))
    return (found - predicted).pow(2).sum((1, 2, 3)) / variance.clamp(min=1e-12)
