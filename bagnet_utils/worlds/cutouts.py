"""Photographs on white ground: the object's silhouette by rule, and another kind's texture inside it.

A picture counts if nine tenths of its border are nearly white, and if one piece holds nine tenths of what is not
ground. Seven of the 32 kinds have at least three such pictures among those for testing. The first three of each give
the shapes, and two textures of each kind come from the same pictures: so ground and kinds are balanced.
"""

from functools import cache
from itertools import permutations
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from scipy import ndimage
from torch import Tensor

from bagnet_utils.checks import check_images, check_whole
from bagnet_utils.errors import BadInput
from bagnet_utils.files import DATA
from bagnet_utils.worlds.conflicts import Conflicts
from bagnet_utils.worlds.photos import CLASSES, load_photos
from bagnet_utils.worlds.pictures import load_image

WHITE = 0.92  # the darkest of three colours, in what counts as white
LEAST, MOST = 0.1, 0.8  # the share of the picture that an object fills
BOXED = 0.75  # the most that it fills of the box round it: more is a frame, or a disc, on which the object was shown
SIDE = 64  # px of a texture; it is mirrored into 128
SHAPES, TEXTURES = 3, 2  # of each kind
TEXTURED = DATA / "conflicts"  # kind-0.jpg, kind-1.jpg: textures that benchmarks/shape_bias.py has made


class Cutouts(NamedTuple):
    """Photographs with objects on white ground."""

    images: Tensor  # N x 3 x 128 x 128
    masks: Tensor  # N x 128 x 128 booleans: the object
    labels: Tensor  # of the 32 kinds


def silhouette(image: Tensor) -> Tensor | None:
    """The object of a 3 x H x W picture on white ground: H x W booleans; None where the rule finds no such object."""
    white = (check_images("silhouette", image)[0].amin(0) > WHITE).numpy()
    border = np.ones_like(white)
    border[1:-1, 1:-1] = False
    regions, _ = ndimage.label(white)
    ground = np.isin(regions, np.setdiff1d(regions[border], 0))
    pieces, _ = ndimage.label(~ground)
    sizes = np.bincount(pieces.ravel(), minlength=2)[1:]
    whole = sizes.max() >= 0.9 * max(sizes.sum(), 1)
    if white[border].mean() < 0.9 or not whole or not LEAST < sizes.max() / white.size < MOST:
        return None
    found = pieces == 1 + sizes.argmax()
    (box,) = ndimage.find_objects(found.astype(int))
    return torch.from_numpy(found) if found[box].mean() < BOXED else None


@cache
def cutouts() -> Cutouts:
    """The first SHAPES test photographs on white ground of each kind that has as many."""
    world = load_photos("test", None)
    masks = [silhouette(image) for image in world.images]
    kept = []
    for label in range(len(CLASSES)):
        mine = [i for i in (world.labels == label).nonzero()[:, 0].tolist() if masks[i] is not None]
        mine.sort(key=lambda i: world.truth[i])
        kept += mine[:SHAPES] if len(mine) >= SHAPES else []
    return Cutouts(world.images[kept], torch.stack([masks[i] for i in kept]), world.labels[kept])


def inside(image: Tensor, mask: Tensor) -> Tensor:
    """The largest square inside an object, mirrored to fill SIDE x SIDE px: its texture, and nothing of its outline."""
    reach = ndimage.distance_transform_cdt(np.pad(mask.numpy(), 1), "chessboard")[1:-1, 1:-1]
    row, column = np.unravel_index(reach.argmax(), reach.shape)
    half = int(reach.max()) - 1
    return mirrored(image[:, row - half : row + half + 1, column - half : column + half + 1], SIDE)


def mirrored(square: Tensor, side: int) -> Tensor:
    """A square, 3 x s x s, repeated with its mirror images: 3 x side x side."""
    steps = np.pad(np.arange(square.shape[1]), (0, side), mode="symmetric")[:side]
    return square[:, steps][:, :, steps]


def kinds_of(cut: Cutouts) -> dict[str, tuple[int]]:
    """The kinds that have silhouettes, each with its label among the 32: groups for `shape_bias`."""
    return {CLASSES[label]: (label,) for label in cut.labels.unique().tolist()}


def textures() -> tuple[Tensor, Tensor]:
    """The textures that ship, mirrored into 3 x 128 x 128, two of each kind, and their labels among the 32."""
    labels = [label for label in cutouts().labels.unique().tolist() for _ in range(TEXTURES)]
    files = [TEXTURED / f"{CLASSES[label]}-{i % TEXTURES}.jpg" for i, label in enumerate(labels)]
    if missing := [file.name for file in files if not file.is_file()]:
        raise BadInput(
            f"photo_conflicts: the texture data/conflicts/{missing[0]} is missing; get it back with "
            "`git checkout -- data/conflicts`, or make it anew: python3 course.py shapes"
        )
    return torch.stack([mirrored(load_image(file), 2 * SIDE) for file in files]), torch.tensor(labels)


def photo_conflicts(n: int | None = None, ground: float = 1.0) -> Conflicts:
    """Silhouettes of seven kinds with textures of the six others, 128 x 128 px, on plain ground of one brightness.

    n: so many of all 252, spread evenly over the 42 twos of kinds. Kinds are the numbers 0 to 6, in the order of
    `kinds_of(cutouts())`.
    """
    cut, (fills, of) = cutouts(), textures()
    labels = cut.labels.unique()
    pairs = list(permutations(range(len(labels)), 2))
    most = len(pairs) * SHAPES * TEXTURES
    n = most if n is None else check_whole("photo_conflicts", "n", n, 1, most, " (pictures), or None")
    images, shapes, chosen = [], [], []
    for i in range(n):
        (shape, texture), turn = pairs[i % len(pairs)], (i // len(pairs) + i) % (SHAPES * TEXTURES)
        own = int((cut.labels == labels[shape]).nonzero()[turn % SHAPES])
        fill = int((of == labels[texture]).nonzero()[(turn // SHAPES + turn % SHAPES) % TEXTURES])
        images.append(torch.where(cut.masks[own], fills[fill], torch.tensor(float(ground))))
        shapes.append(shape)
        chosen.append(texture)
    return Conflicts(torch.stack(images), torch.tensor(shapes), torch.tensor(chosen), torch.full((n,), -1))


def sources() -> tuple[Tensor, Tensor]:
    """What textures are made of: of each kind's squares the TEXTURES whose pixels vary most, and their labels."""
    cut = cutouts()
    squares = torch.stack([inside(image, mask) for image, mask in zip(cut.images, cut.masks, strict=True)])
    order = squares.std((2, 3)).mean(1).argsort(descending=True, stable=True)
    chosen = [i for label in cut.labels.unique() for i in order[cut.labels[order] == label][:TEXTURES].tolist()]
    return squares[chosen], cut.labels[chosen]


def keep_texture(image: Tensor, label: int, number: int) -> Path:
    """Write a made texture (3 x H x W) among those that ship."""
    TEXTURED.mkdir(parents=True, exist_ok=True)
    file = TEXTURED / f"{CLASSES[label]}-{number}.jpg"
    Image.fromarray((image * 255).round().byte().permute(1, 2, 0).numpy()).save(file, quality=92)
    return file
