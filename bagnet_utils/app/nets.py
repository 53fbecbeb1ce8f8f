"""Which networks the app offers, three BagNets for each kind of picture; they are loaded when first asked for."""

import threading
from functools import cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import torch

from bagnet_utils.checks import check_choice
from bagnet_utils.errors import BadInput
from bagnet_utils.files import DOWNLOADS
from bagnet_utils.models.bagnet import BagNet
from bagnet_utils.models.published import ADDRESSES
from bagnet_utils.models.zoo import WORLDS, load_model
from bagnet_utils.worlds.imagenet import imagenet_classes

SIZES = (9, 17, 33)


class Set(NamedTuple):
    """Three BagNets that know the same classes."""

    title: str
    sides: tuple[int, ...]  # px, of pictures; the first one is what they were trained on
    begin: str  # the picture to begin with


SETS = {
    "photos": Set("Photographs: 32 kinds", (128, 224), "flamingo"),
    "patchwork": Set("Patchwork: 10 drawn kinds", (128,), "zebra"),
    "tiny": Set("Small photographs: 20 kinds", (64, 128, 224), "cat"),
    "imagenet": Set("ImageNet: 1,000 kinds, the paper's networks", (224,), "cat"),
}
FETCH = "To have them here, run in a notebook, once: [bu.load_model(f'bagnet{q}', 'imagenet') for q in (9, 17, 33)]"
LOCK = threading.Lock()


def fetched() -> bool:
    """Whether the published BagNets lie on this machine; the app itself downloads nothing."""
    return all((DOWNLOADS / Path(urlsplit(ADDRESSES[f"bagnet{q}"]).path).name).is_file() for q in SIZES)


def load(name: str) -> dict[int, BagNet]:
    """The three BagNets of a set by their patch size; a second call finds them in memory."""
    check_choice("app", "set of networks", name, SETS)
    if name == "imagenet" and not fetched():
        raise BadInput(f"app: the published networks are not on this machine. {FETCH}")
    with LOCK:  # two visitors who ask at once must not load them twice
        return loaded(name)


@cache
def loaded(name: str) -> dict[int, BagNet]:
    # Colours side by side in memory: 1.5 times as fast here.
    return {q: load_model(f"bagnet{q}", name).to(memory_format=torch.channels_last) for q in SIZES}


def classes(name: str) -> list[str]:
    return list(WORLDS[name].classes if name in WORLDS else imagenet_classes())


def table() -> list[dict]:
    """What the page needs to know of the sets."""
    there = {name: name != "imagenet" or fetched() for name in SETS}
    return [
        {"name": name, **one._asdict(), "classes": classes(name) if there[name] else [], "missing": not there[name]}
        for name, one in SETS.items()
    ]
