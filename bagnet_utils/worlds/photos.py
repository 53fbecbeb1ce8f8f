"""Real photographs of 32 kinds at 128 pixels, which ship with the course; or a folder of your own.

They are a part of Caltech-101 (Li, Andreetto, Ranzato, Perona, 2022; CC BY 4.0), flaws and all: corners that are black
because a picture was rotated, black frames, grey cars. data/photos/README.md tells what was changed.
"""

import csv
import hashlib
from functools import cache
from pathlib import Path

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from bagnet_utils.checks import check_images, check_number, check_whole
from bagnet_utils.errors import BadInput
from bagnet_utils.files import DATA, shown
from bagnet_utils.worlds.pictures import class_folders, listing, read, spread
from bagnet_utils.worlds.world import World

CLASSES = (
    "airplanes", "bonsai", "butterfly", "car_side", "chandelier", "cougar_face", "crab", "dalmatian", "dolphin",
    "dragonfly", "electric_guitar", "elephant", "flamingo", "grand_piano", "hawksbill", "helicopter", "ibis",
    "kangaroo", "ketch", "laptop", "leopards", "llama", "lotus", "minaret", "motorbikes", "scorpion", "soccer_ball",
    "starfish", "stop_sign", "sunflower", "umbrella", "watch",
)  # fmt: skip
SIDE = 128
SHIPPED = DATA / "photos"  # train/kind/image_0001.jpg, test/kind/..., and pictures.csv with the hash of each


def load_photos(split: str = "test", n: int | None = 200, root: str | Path | None = None, seed: int = 0) -> World:
    """Photographs of the 32 kinds, 128 x 128 px; .truth names each file.

    split: about a quarter of each kind is for testing (val is test), the same on every machine.
    root: a folder root/class/... or root/train/class/..., its classes named as the kinds are; a folder whose classes
    are others is a world of its own.
    """
    if root is not None:
        files, classes = listing(class_folders(root, split), CLASSES, label_of_kind)
        return read(spread(files, n, seed), classes, SIDE, squeeze=True)
    folder = "train" if split == "train" else "test"
    hashes = shipped_hashes()
    files = [(SHIPPED / name, CLASSES.index(name.split("/")[1])) for name in hashes if name.startswith(f"{folder}/")]
    chosen = spread(files, n, seed)
    for file, _ in chosen:
        check_whole_file(file, hashes[file.relative_to(SHIPPED).as_posix()])
    return read(chosen, CLASSES, SIDE)


def label_of_kind(folder: str) -> int | None:
    """The label of one of the 32 kinds, by its name."""
    plain = folder.lower().replace(" ", "_").replace("-", "_")
    return CLASSES.index(plain) if plain in CLASSES else None


@cache
def shipped_hashes() -> dict[str, str]:
    """The SHA-256 of every picture that ships, by its name from data/photos on."""
    try:
        with open(SHIPPED / "pictures.csv", newline="", encoding="ascii") as file:
            hashes = {row["picture"]: row["sha256"] for row in csv.DictReader(file)}
        kinds = {(split, kind) for split, kind, _ in (name.split("/") for name in hashes)}
        if kinds != {(split, kind) for split in ("train", "test") for kind in CLASSES} or None in hashes.values():
            raise ValueError
    except (OSError, KeyError, ValueError, AttributeError):
        raise BadInput(f"load_world: {shown(SHIPPED / 'pictures.csv')} is missing or damaged; {CURE}") from None
    return hashes


def check_whole_file(file: Path, sha256: str) -> None:
    try:
        content = file.read_bytes()
    except OSError:
        raise BadInput(f"load_world: the picture {shown(file)} is missing; {CURE}") from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise BadInput(f"load_world: the picture {shown(file)} is damaged; {CURE}")


def dark_corners(images: Tensor, below: float = 0.12, reach: int = 3) -> Tensor:
    """Where pictures are nearly black from a corner on: (N x) 3 x H x W -> (N x) H x W booleans.

    A pixel counts if all its colours are under `below` and pixels like it lead to within `reach` px of a corner.
    """
    many, below = check_images("dark_corners", images), check_number("dark_corners", "below", below, 0, 1)
    reach = check_whole("dark_corners", "reach", reach, 1, min(many.shape[2:]), " (pixels)")
    ends, corners = (slice(0, reach), slice(-reach, None)), []
    for dark in (many.amax(1) < below).numpy():
        regions, _ = ndimage.label(dark)
        touched = {number for rows in ends for columns in ends for number in regions[rows, columns].flat}
        corners.append(np.isin(regions, list(touched - {0})))
    return torch.from_numpy(corners[0] if images.ndim == 3 else np.stack(corners))


CURE = "get it back with `git checkout -- data/photos`, or fetch the course anew."
