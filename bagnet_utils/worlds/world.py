"""What every world gives: pictures, their labels, and what is true of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from torch import Tensor

SPLITS = ("train", "val", "test")  # where pictures are files, val and test are the same


@dataclass(frozen=True)
class World:
    """Pictures and labels ready for a network."""

    images: Tensor = field(repr=False)  # N x 3 x H x W, float32 in [0, 1]
    labels: Tensor  # N, int64
    classes: tuple[str, ...]
    truth: Sequence = field(repr=False)  # of each picture what its world knows: a scene, a file, an outline
