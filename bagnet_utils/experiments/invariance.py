"""Does the answer stay when the picture moves? (after Zeiler & Fergus, section 4.1)"""

import numpy as np
from torch import Tensor

from bagnet_utils.checks import check_images
from bagnet_utils.errors import BadInput


def move(images: Tensor, down, right=0) -> Tensor:
    """Each picture moved by whole pixels, down and to the right (up and to the left where negative).

    images: N x 3 x H x W (or one, 3 x H x W) -> the same shape. down, right: one number, or one for each picture. What
    leaves the picture is gone, and what comes in has the picture's mean colour: it continues nothing and repeats
    nothing, so that no order and no place is made up.
    """
    many = check_images("move", images)
    moved = many.mean((2, 3), keepdim=True).expand_as(many).clone()
    ways = zip(steps(down, many), steps(right, many), strict=True)
    for one, new, (rows, columns) in zip(many, moved, ways, strict=True):
        (above, height), (before, width) = span(rows, one.shape[1]), span(columns, one.shape[2])
        kept = one[:, max(-rows, 0) :, max(-columns, 0) :][:, :height, :width]
        new[:, above : above + height, before : before + width] = kept
    return moved.reshape(images.shape)


def span(step: int, side: int) -> tuple[int, int]:
    """Where what is kept of `side` pixels begins after a step, and how much it is."""
    return max(step, 0), side - abs(step)


def steps(given, images: Tensor) -> list[int]:
    """A whole number of pixels for each picture."""
    count, most = len(images), min(images.shape[-2:])
    numbers = np.asarray(given)
    if numbers.dtype.kind not in "iu" or numbers.shape not in ((), (count,)) or abs(numbers).max() > most:
        raise BadInput(
            f"move: {str(given)[:60]} was given, but whole numbers of pixels are wanted, up to {most} either way: one "
            f"for all pictures, or one for each of the {count}."
        )
    return np.broadcast_to(numbers, count).tolist()
