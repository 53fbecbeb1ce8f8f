"""Trained networks: where they come from, and how we know that they arrived whole."""

import hashlib
import json
import os
from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import nn

from bagnet_utils.checks import check_choice
from bagnet_utils.errors import BadInput
from bagnet_utils.files import CACHE, WEIGHTS
from bagnet_utils.models.bagnet import BagNet, Normalise, bagnet9, bagnet17, bagnet33
from bagnet_utils.models.peers import VGG, DenseNet, ResNet, ViT
from bagnet_utils.worlds import photos, tiny
from bagnet_utils.worlds.patchwork import scenes

RUNS = CACHE / "runs"


class Net(NamedTuple):
    build: Callable[..., nn.Module]  # number of classes, side of the pictures -> network
    worlds: tuple[str, ...] = ("patchwork", "photos", "tiny", "imagenet")


SMALL = {"width": 0.25, "depth": (1, 1, 2, 2)}  # the published structure with 0.6 to 0.7 million weights
NETS = {
    "bagnet9": Net(lambda classes, side: bagnet9(classes, **SMALL)),
    "bagnet17": Net(lambda classes, side: bagnet17(classes, **SMALL)),
    "bagnet33": Net(lambda classes, side: bagnet33(classes, **SMALL)),
    "vgg": Net(lambda classes, side: VGG(classes)),
    "resnet": Net(lambda classes, side: ResNet(classes)),
    "densenet": Net(lambda classes, side: DenseNet(classes, pooled=side > 64)),  # a picture of 64 px has little to pool
    "vit": Net(lambda classes, side: ViT(classes, side)),
    "vit_bag": Net(lambda classes, side: ViT(classes, side, placed=False), worlds=("patchwork",)),
}


TITLES = {"bagnet9": "BagNet-9", "bagnet17": "BagNet-17", "bagnet33": "BagNet-33", "resnet": "ResNet", "vgg": "VGG",
          "densenet": "DenseNet", "vit": "ViT", "vit_bag": "ViT without positions"}  # fmt: skip


class Home(NamedTuple):
    """What a network has to know about the pictures of a world."""

    classes: tuple[str, ...]
    side: int  # px
    colours: tuple[tuple[float, ...], tuple[float, ...]]  # mean and standard deviation


PHOTOGRAPHS = (0.48, 0.45, 0.40), (0.28, 0.27, 0.28)  # the same for both worlds, as the one's features serve the other
WORLDS = {
    "patchwork": Home(scenes.CLASSES, 128, ((0.45, 0.45, 0.40), (0.25, 0.25, 0.25))),
    "photos": Home(photos.CLASSES, photos.SIDE, PHOTOGRAPHS),
    "tiny": Home(tiny.CLASSES, tiny.SIDE, PHOTOGRAPHS),
}


def check(name, world) -> None:
    """Raise unless there is a network of this name for this world."""
    check_choice("load_model", "network", name, NETS)
    check_choice("load_model", "world with networks", world, [*WORLDS, "imagenet"])
    if world not in NETS[name].worlds:
        raise BadInput(f"load_model: {name} was trained for {', '.join(NETS[name].worlds)} only, not for {world}.")


def build(name: str, world: str, seed: int = 0) -> nn.Module:
    """One of the course's networks with fresh weights; takes pictures in [0, 1], carries .classes and .patch_size."""
    check(name, world)
    classes, side, colours = WORLDS[world]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = NETS[name].build(len(classes), side)
    model.normalise = Normalise(*colours)
    model.classes = classes
    model.patch_size = getattr(model, "patch_size", None)
    if isinstance(model, BagNet):
        model.bn1.momentum = 0.1  # the published 0.001 needs ImageNet's hundreds of thousands of steps
    return model


def take_features(model: nn.Module, source: nn.Module) -> None:
    """Give a network all weights of another of its kind, but for the last layer's, which knows other classes.

    A ViT's positions are stretched to as many as it needs.
    """
    own = model.state_dict()
    for (key, mine), given in zip(own.items(), source.state_dict().values(), strict=True):
        if mine.shape == given.shape:
            own[key] = given
        elif key == "position":  # 1 x T x D, T a square
            before, after = (int(positions.shape[1] ** 0.5) for positions in (given, mine))
            square = given.unflatten(1, (before, before)).permute(0, 3, 1, 2)
            wide = F.interpolate(square, size=(after, after), mode="bicubic", align_corners=False)
            own[key] = wide.flatten(2).transpose(1, 2)
    model.load_state_dict(own)


def load_model(name: str, world: str = "patchwork") -> nn.Module:
    """A trained network, checked and in eval mode; takes pictures in [0, 1], carries .classes and .patch_size.

    name: bagnet9, bagnet17, bagnet33, vgg, resnet, densenet or vit; and, for Patchwork, vit_bag, a ViT without
    positions. world: "patchwork", "photos" or "tiny" (these ship), or "imagenet": the published nets at 224 pixels,
    each downloaded when it is first asked for.
    """
    check(name, world)
    if world == "imagenet":
        from bagnet_utils.models.published import fetch_model

        return fetch_model(name)
    train_again = f"python3 course.py train {world} {name} --ship"
    return with_shipped_weights("load_model", build(name, world), f"{world}/{name}", train_again)


def with_shipped_weights(who: str, model: nn.Module, key: str, train_again: str) -> nn.Module:
    """The model in eval mode, with the weights that ship under this key of the manifest, checked."""
    row = manifest().get(key)
    cure = f"fetch it again (git checkout data/weights) or train it: {train_again}"
    if row is None:
        raise BadInput(f"{who}: data/weights/manifest.json does not list {key}; {cure}.")
    path = WEIGHTS / row["file"]
    if not path.is_file():
        raise BadInput(f"{who}: the file data/weights/{path.name} is missing; {cure}.")
    if hashlib.sha256(path.read_bytes()).hexdigest() != row["sha256"]:
        raise BadInput(f"{who}: the file data/weights/{path.name} is damaged: its SHA-256 is wrong; {cure}.")
    try:
        model.load_state_dict(load_file(path), strict=True)
    except RuntimeError:
        raise BadInput(f"{who}: data/weights/{path.name} fits another version of {key}; {cure}.") from None
    return model.eval()


def manifest() -> dict[str, dict]:
    """What ships: for each world/name its file, SHA-256, recipe, seed and training time."""
    path = WEIGHTS / "manifest.json"
    try:
        rows = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        if all({"file", "sha256"} <= row.keys() for row in rows.values()):
            return rows
    except (ValueError, AttributeError):
        pass  # no JSON, or not a table of tables
    raise BadInput(
        "load_model: data/weights/manifest.json is damaged; fetch it again: git checkout data/weights/manifest.json"
    )


def keep(model: nn.Module, name: str, world: str, facts: dict) -> None:
    """Put a trained network's weights among those that ship, as float16: half the size, and of 5,005 answers to
    photographs two changed. The facts are all that its row holds from then on.
    """
    WEIGHTS.mkdir(parents=True, exist_ok=True)
    path = WEIGHTS / f"{world}-{name.replace(',', '').replace(' ', '-')}.safetensors"
    state = {key: value.cpu().contiguous() for key, value in model.state_dict().items()}
    state = {key: value.half() if value.is_floating_point() else value for key, value in state.items()}
    save_file(state, path.with_suffix(".part"))
    os.replace(path.with_suffix(".part"), path)
    row = {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "bytes": path.stat().st_size}
    write(manifest() | {f"{world}/{name}": {**row, **facts}})


def write(rows: dict[str, dict]) -> None:
    part = WEIGHTS / "manifest.part"
    part.write_text(json.dumps(dict(sorted(rows.items())), indent=2) + "\n", encoding="utf-8")
    os.replace(part, WEIGHTS / "manifest.json")
