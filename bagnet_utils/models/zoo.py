"""Trained networks: where they come from, and how we know that they arrived whole."""

import hashlib
import pickle
from pathlib import Path

import torch

from bagnet_utils.errors import BadInput
from bagnet_utils.models.bagnet import BagNet, bagnet9, bagnet17, bagnet33

# The authors named their nets after the patch size less one. A file's name ends in the first digits of its SHA-256.
PUBLISHED = {"bagnet8": bagnet9, "bagnet16": bagnet17, "bagnet32": bagnet33}


def load_published(path: str | Path) -> BagNet:
    """A BagNet with the weights of a published file such as bagnet32-2ddd53ed.pth.tar, in eval mode.

    It wants pictures normalised by ImageNet's mean and standard deviation, in float32: with coarser numbers (float16,
    TF32) the published BagNet-33 loses accuracy.
    """
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
    except (pickle.UnpicklingError, RuntimeError, TypeError, AttributeError) as problem:
        lines = str(problem).strip().splitlines() or [type(problem).__name__]
        raise BadInput(f"load_published: {path.name} does not hold the weights of a {name} ({lines[0]})") from None
    return model.eval()
