"""The pictures that the app offers, and what a visitor may do to one: erase a part, put a sticker on, shuffle tiles."""

import io
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from bagnet_utils.app import nets
from bagnet_utils.checks import check_choice, check_whole
from bagnet_utils.errors import BadInput
from bagnet_utils.experiments.masking import FILLS, squares
from bagnet_utils.experiments.patches import top_patches
from bagnet_utils.experiments.scrambling import scramble
from bagnet_utils.experiments.stickers import stick
from bagnet_utils.worlds import load_world
from bagnet_utils.worlds.patchwork import scenes
from bagnet_utils.worlds.photos import CLASSES, SHIPPED
from bagnet_utils.worlds.pictures import load_image
from bagnet_utils.worlds.tiny import AT_HAND

CALTECH = "Caltech-101: Li, Andreetto, Ranzato, Perona (2022), CC BY 4.0"
SCIKIT, DRAWN = "a photograph that comes with scikit-image, CC0", "drawn by the course's own code"
MADE = SHIPPED.parents[1] / "bagnet_utils" / "app" / "sticker.png"  # python -m bagnet_utils.app.made makes it
MOST_EDITS = 200
SEED = 7  # of the scenes


class Shown(NamedTuple):
    """A picture on offer."""

    title: str
    kind: str  # of what, as the networks name it
    sets: tuple[str, ...]  # of networks that it suits
    credit: str
    file: str = ""  # of a photograph that ships with the course


def photograph(kind: str, number: int, title: str = "") -> Shown:
    return Shown(title or kind.replace("_", " "), kind, ("photos",), CALTECH, f"test/{kind}/image_{number:04}.jpg")


PHOTOGRAPHS = [  # those of notebook 0
    ("flamingo", 16), ("sunflower", 82), ("leopards", 108), ("helicopter", 34), ("lotus", 37), ("elephant", 32),
    ("dalmatian", 60), ("cougar_face", 49), ("ketch", 83), ("kangaroo", 14), ("crab", 19), ("starfish", 47),
]  # fmt: skip
PICTURES = {
    **{kind: photograph(kind, number) for kind, number in PHOTOGRAPHS},
    "pink-ibis": photograph("ibis", 9, "a pink ibis"),
    "cat": Shown("Chelsea, a cat", "tabby", ("tiny", "imagenet", "photos"), SCIKIT),
    "cup": Shown("a cup of coffee", "espresso", ("tiny", "imagenet", "photos"), SCIKIT),
    "rocket": Shown("a rocket", "missile", ("tiny", "imagenet", "photos"), SCIKIT),
    **{name.replace(" ", "-"): Shown(name, name, ("patchwork",), DRAWN) for name in scenes.CLASSES},
}


@cache
def offered(name: str, side: int) -> Tensor:
    """A picture on offer, 3 x side x side in [0, 1]."""
    check_choice("app", "picture", name, PICTURES)
    picture = PICTURES[name]
    if picture.file:
        return load_image(SHIPPED / picture.file, side)
    if picture.credit == DRAWN:
        drawn = scenes.scene(scenes.CLASSES.index(picture.kind), SEED).image
        return load_image(Image.fromarray(np.rint(drawn * 255).astype(np.uint8).transpose(1, 2, 0)), side)
    from skimage import data  # only here: it takes its time

    photo, top, left, width = AT_HAND[picture.kind]
    return load_image(Image.fromarray(getattr(data, photo)()[top : top + width, left : left + width]), side)


def edited(picture: Tensor, edits: list) -> Tensor:
    """The picture after all edits, its colours rounded to what a file holds: what is seen is what was asked about."""
    if not isinstance(edits, list) or len(edits) > MOST_EDITS:
        raise BadInput(f"app: a list of at most {MOST_EDITS} changes is wanted; start again.")
    for edit in edits:
        if not isinstance(edit, dict):
            raise BadInput("app: each change must say what to do.")
        picture = DOES[check_choice("app", "change", edit.get("do"), DOES)](picture, edit)
    return (picture * 255).round() / 255


def place(picture: Tensor, edit: dict, size: int) -> tuple[int, int]:
    """Row and column of an upper left pixel, so that the whole square is inside."""
    rows, columns = picture.shape[1] - size, picture.shape[2] - size
    row = check_whole("app", "row", edit.get("row"), 0, 10_000, " (pixels)")
    return min(row, rows), min(check_whole("app", "column", edit.get("column"), 0, 10_000, " (pixels)"), columns)


def erase(picture: Tensor, edit: dict) -> Tensor:
    size = check_whole("app", "size", edit.get("size"), 1, min(picture.shape[1:]), " (pixels of the picture)")
    row, column = place(picture, edit, size)
    content = squares(picture, [(row, column)], size, check_choice("app", "fill", edit.get("fill"), FILLS))
    return stick(picture[None], content[0], torch.tensor([[row, column]]))[0]


def put_sticker(picture: Tensor, edit: dict) -> Tensor:
    content = sticker(edit.get("sticker"))
    return stick(picture[None], content, torch.tensor([place(picture, edit, content.shape[1])]))[0]


def shuffle(picture: Tensor, edit: dict) -> Tensor:
    return scramble(picture, edit.get("tile"), edit.get("seed"))


DOES = {"erase": erase, "sticker": put_sticker, "shuffle": shuffle}


# ---------------------------------------------------------------- stickers


def stickers() -> dict[str, dict]:
    """What may be stuck on: for each name what the page calls it, and its side in px."""
    telling = [("photos", kind) for kind in CLASSES] + [("patchwork", kind) for kind in scenes.CLASSES]
    words = {f"{world}:{kind}": f"most telling patch: {kind.replace('_', ' ')}" for world, kind in telling}
    made = {"made:flamingo": {"title": "made to fool: flamingo", "side": 24}}
    return made | {name: {"title": title, "side": 33} for name, title in words.items()}


def sticker(name) -> Tensor:
    """A sticker, 3 x p x p."""
    check_choice("app", "sticker", name, stickers())
    return load_image(MADE) if name == "made:flamingo" else most_telling(*name.split(":"))


@cache
def most_telling(world: str, kind: str) -> Tensor:
    """The 33 x 33 pixels of training pictures of a kind that speak most for it, as BagNet-33 sees them."""
    net = nets.load(world)[33]
    label = net.classes.index(kind)
    if world == "photos":
        train = load_world("photos", "train", n=320)  # as in notebook 13b
        images = train.images[train.labels == label]
    else:
        images = torch.stack([torch.from_numpy(scenes.scene(label, seed).image) for seed in range(100, 116)])
    return top_patches(net, images, label, 1)[0].pixels


# ---------------------------------------------------------------- as files


def png(picture: Tensor) -> bytes:
    """The picture as a PNG file: quickly made, not small."""
    file = io.BytesIO()
    pixels = (picture * 255).round().byte().permute(1, 2, 0).numpy()
    Image.fromarray(pixels).save(file, "PNG", compress_level=1)
    return file.getvalue()


@cache
def small(name: str) -> bytes:
    """A picture on offer as a small file, to choose it by."""
    return png(offered(name, 96))
