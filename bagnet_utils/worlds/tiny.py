"""Photographs of twenty kinds at 64 pixels, where features come from; three photographs are always at hand.

The twenty kinds are those of Tiny ImageNet's classes that a child could name. Its pictures may not be passed on, so
they are downloaded once on request; what ships with scikit-image is CC0 and needs nothing.
"""

from pathlib import Path
from zipfile import ZipFile

import torch
from tqdm import tqdm

from bagnet_utils.files import CACHE, fetch, put, unpacking
from bagnet_utils.worlds.pictures import again, class_folders, listing, load_image, read, spread
from bagnet_utils.worlds.world import World

KINDS = {  # in the order of the labels; the number is WordNet's
    "african_elephant": "n02504458",
    "brain_coral": "n01917289",
    "computer_keyboard": "n03085013",
    "espresso": "n07920052",
    "golden_retriever": "n02099601",
    "goldfish": "n01443537",
    "jellyfish": "n01910747",
    "king_penguin": "n02056570",
    "ladybug": "n02165456",
    "lighthouse": "n02814860",
    "missile": "n04008634",
    "monarch": "n02279972",
    "orange": "n07747607",
    "pizza": "n07873807",
    "school_bus": "n04146614",
    "seashore": "n09428293",
    "suspension_bridge": "n04366367",
    "tabby": "n02123045",
    "teapot": "n04398044",
    "tractor": "n04465501",
}
CLASSES = tuple(KINDS)
SIDE = 64
# Three photographs that come with scikit-image, each cut to what it shows: top, left, side in pixels.
AT_HAND = {"tabby": ("chelsea", 0, 40, 300), "espresso": ("coffee", 20, 120, 380), "missile": ("rocket", 0, 110, 427)}
TINY = "http://cs231n.stanford.edu/tiny-imagenet-200.zip"
TINY_MD5 = "90528d7ca1a48142e341f4ef8d21d0de"
UNPACKED = CACHE / "photos20"


def load_tiny(
    split: str = "val", n: int | None = 200, root: str | Path | None = None, download: bool = False, seed: int = 0
) -> World:
    """Photographs of the twenty kinds, 64 x 64 px; .truth names each file.

    root: a folder root/class/... or root/train/class/..., its classes named (or numbered) as the kinds are; a folder
    whose classes are others is a world of its own. download=True gets the twenty kinds of Tiny ImageNet, once (248 MB).
    With neither: what was downloaded before, or else the three photographs that are always at hand.
    """
    if root is None and not download and not UNPACKED.is_dir():
        return at_hand()
    cure = again(UNPACKED) if root is None else ""
    if root is None:
        root = UNPACKED if UNPACKED.is_dir() else unpack(fetch(TINY, TINY_MD5, "md5"))
    files, classes = listing(class_folders(root, split), CLASSES, label_of_kind)
    return read(spread(files, n, seed), classes, SIDE, cure=cure)


def label_of_kind(folder: str) -> int | None:
    """The label of one of the twenty kinds, by its name or its WordNet number."""
    plain = folder.lower().replace(" ", "_").replace("-", "_")
    return next((i for i, (name, number) in enumerate(KINDS.items()) if plain in (name, number)), None)


def at_hand(side: int = SIDE, classes: tuple[str, ...] = CLASSES, labels: tuple[int, ...] | None = None) -> World:
    """The cat, the cup and the rocket, cut square and scaled."""
    from PIL import Image
    from skimage import data

    images = []
    for photo, top, left, width in AT_HAND.values():
        cut = getattr(data, photo)()[top : top + width, left : left + width]
        images.append(load_image(Image.fromarray(cut), side))
    labels = labels or tuple(CLASSES.index(name) for name in AT_HAND)
    return World(torch.stack(images), torch.tensor(labels), classes, tuple(photo for photo, *_ in AT_HAND.values()))


def unpack(archive: Path) -> Path:
    """The twenty kinds out of Tiny ImageNet's archive, into folders train/class and val/class."""
    name_of = {number: name for name, number in KINDS.items()}
    with unpacking(archive, UNPACKED) as part, ZipFile(archive) as tiny:
        notes = tiny.read("tiny-imagenet-200/val/val_annotations.txt").decode().splitlines()
        kind_of = dict(line.split("\t")[:2] for line in notes)
        for member in tqdm(tiny.namelist(), "unpacking"):
            match member.split("/"):
                case [_, "train" as split, number, "images", file]:
                    pass
                case [_, "val" as split, "images", file]:
                    number = kind_of.get(file)
                case _:  # lists of words, boxes, test pictures, which have no labels
                    continue
            if number in name_of and file.endswith(".JPEG"):
                put(tiny.read(member), part, split, name_of[number], file)
    return UNPACKED
