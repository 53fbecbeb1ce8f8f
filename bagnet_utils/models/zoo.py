"""Trained networks: where they come from, and how we know that they arrived whole."""

import hashlib
import json
import os
import pickle
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from bagnet_utils.errors import BadInput
from bagnet_utils.models.bagnet import BagNet, bagnet9, bagnet17, bagnet33
from bagnet_utils.models.peers import VGG, DenseNet, ResNet, ViT

DATA = Path(__file__).parents[2] / "data"
WEIGHTS, RUNS = DATA / "weights", DATA / "cache" / "runs"


class Net(NamedTuple):
    build: Callable[[int], nn.Module]  # number of classes -> network
    rate: float = 3e-3  # the learning rate that it is trained with


SMALL = {"width": 0.25, "depth": (1, 1, 2, 2)}  # the published structure with 0.6 to 0.7 million weights
NETS = {
    "bagnet9": Net(partial(bagnet9, **SMALL)),
    "bagnet17": Net(partial(bagnet17, **SMALL)),
    "bagnet33": Net(partial(bagnet33, **SMALL)),
    "vgg": Net(VGG),
    "resnet": Net(ResNet),
    "densenet": Net(DenseNet),
    "vit": Net(ViT, rate=1e-3),  # attention does not bear more
}
COLOURS = {"patchwork": ((0.45, 0.45, 0.40), (0.25, 0.25, 0.25))}  # mean and standard deviation of a world's pictures


class Normalise(nn.Module):
    """Pictures in [0, 1] -> mean 0 and standard deviation 1 in each colour."""

    def __init__(self, mean: tuple[float, ...], deviation: tuple[float, ...]):
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean)[:, None, None], persistent=False)
        self.register_buffer("deviation", torch.tensor(deviation)[:, None, None], persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        return (images - self.mean) / self.deviation


def build(name: str, world: str, seed: int = 0) -> nn.Module:
    """One of the course's networks with fresh weights; takes pictures in [0, 1], carries .classes and .patch_size."""
    if not isinstance(name, str) or name not in NETS:
        raise BadInput(f"load_model: there is no network called {name!r}; there are {', '.join(NETS)}.")
    if not isinstance(world, str) or world not in COLOURS:
        raise BadInput(
            f"load_model: there are no networks for a world called {world!r}; there is {', '.join(COLOURS)}."
        )
    from bagnet_utils.worlds.scenes import CLASSES

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = NETS[name].build(len(CLASSES))
    model.normalise = Normalise(*COLOURS[world])
    model.classes = CLASSES
    model.patch_size = getattr(model, "patch_size", None)
    if isinstance(model, BagNet):
        model.bn1.momentum = 0.1  # the published 0.001 needs ImageNet's hundreds of thousands of steps
    return model


def load_model(name: str, world: str = "patchwork") -> nn.Module:
    """A trained network, checked and in eval mode. Names: those of NETS; worlds: "patchwork"."""
    model = build(name, world)
    row = manifest().get(f"{world}/{name}")
    cure = f"fetch it again (git checkout data/weights) or train it: python3 course.py train {world} {name}"
    if row is None:
        raise BadInput(f"load_model: data/weights/manifest.json does not list {world}/{name}; {cure}.")
    path = WEIGHTS / row["file"]
    if not path.is_file():
        raise BadInput(f"load_model: the file data/weights/{path.name} is missing; {cure}.")
    if hashlib.sha256(path.read_bytes()).hexdigest() != row["sha256"]:
        raise BadInput(f"load_model: the file data/weights/{path.name} is damaged: its SHA-256 is wrong; {cure}.")
    try:
        model.load_state_dict(load_file(path), strict=True)
    except RuntimeError:
        raise BadInput(f"load_model: data/weights/{path.name} fits another version of {name}; {cure}.") from None
    return model.eval()


def manifest() -> dict[str, dict]:
    """What ships: for each world/name its file, SHA-256, recipe, seed, training time and accuracy."""
    path = WEIGHTS / "manifest.json"
    try:
        rows = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        assert all({"file", "sha256"} <= row.keys() for row in rows.values())
    except (ValueError, AttributeError, AssertionError):
        raise BadInput(
            "load_model: data/weights/manifest.json is damaged; fetch it again: git checkout data/weights/manifest.json"
        ) from None
    return rows


def keep(model: nn.Module, name: str, world: str, facts: dict) -> None:
    """Put a trained network's weights, and the facts about them, among those that ship."""
    WEIGHTS.mkdir(parents=True, exist_ok=True)
    path = WEIGHTS / f"{world}-{name}.safetensors"
    save_file({key: value.cpu().contiguous() for key, value in model.state_dict().items()}, path.with_suffix(".part"))
    os.replace(path.with_suffix(".part"), path)
    row = {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "bytes": path.stat().st_size}
    write_down(name, world, {**row, **facts})


def write_down(name: str, world: str, facts: dict) -> None:
    """Add facts to a network's row of the manifest."""
    rows = manifest()
    rows[f"{world}/{name}"] = {**rows.get(f"{world}/{name}", {}), **facts}
    part = WEIGHTS / "manifest.part"
    part.write_text(json.dumps(dict(sorted(rows.items())), indent=2) + "\n", encoding="utf-8")
    os.replace(part, WEIGHTS / "manifest.json")


# The authors named their nets after the patch size less one. A file's name ends in the first digits of its SHA-256.
PUBLISHED = {"bagnet8": bagnet9, "bagnet16": bagnet17, "bagnet32": bagnet33}


def load_published(path: str | Path) -> BagNet:
    """A BagNet with the weights of a published file such as bagnet32-2ddd53ed.pth.tar, in eval mode.

    It wants pictures normalised by ImageNet's mean and standard deviation, in float32: with coarser numbers (float16,
    TF32) the published BagNet-33 loses accuracy.
    """
    if not isinstance(path, (str, Path)):
        raise BadInput(f"load_published: the path of a file is wanted, but {type(path).__name__} was given.")
    path = Path(path)
    name, _, digits = path.name.split(".")[0].partition("-")
    if name not in PUBLISHED or not digits:
        known = ", ".join(f"{name}-<hash>.pth.tar" for name in PUBLISHED)
        raise BadInput(f"load_published: {path.name} was given, but a file named as published is wanted: {known}.")
    if not path.is_file():
        raise BadInput(f"load_published: there is no file {path}; download it, or mend the path.")
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if not found.startswith(digits):
        raise BadInput(
            f"load_published: {path.name} is damaged or not what its name says: its SHA-256 begins with "
            f"{found[: len(digits)]} instead of {digits}. Delete it and download it again."
        )
    model = PUBLISHED[name]()
    try:
        model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True), strict=True)
    except (pickle.UnpicklingError, RuntimeError, TypeError, AttributeError, EOFError) as problem:
        lines = str(problem).strip().splitlines() or [type(problem).__name__]
        raise BadInput(f"load_published: {path.name} does not hold the weights of a {name} ({lines[0]})") from None
    return model.eval()
