"""One way to check models, pictures, classes, whole numbers and names. A wrong one is answered by one sentence.

`who` is always the name of the function that asks, as a learner typed it.
"""

import operator
from collections.abc import Iterable
from numbers import Real

import numpy as np
import torch
from torch import Tensor, nn

from bagnet_utils.errors import BadInput


def check_eval(who: str, model) -> None:
    """Raise unless the model is a network all parts of which are in eval mode."""
    if not isinstance(model, nn.Module):
        raise BadInput(f"{who}: a model is wanted, such as bagnet33().eval(), but {describe(model)} was given.")
    if any(module.training for module in model.modules()):
        raise BadInput(
            f"{who}: the model is in train mode, where BatchNorm mixes the pictures of a batch; call model.eval()."
        )


def check_images(who: str, images, model: nn.Module | None = None) -> Tensor:
    """The pictures as N x 3 x H x W floats, on the model's device if it has one; N is 1 for a single picture."""
    if not isinstance(images, (Tensor, np.ndarray)):
        raise BadInput(f"{who}: a picture is wanted as a tensor or an array, but {type(images).__name__} was given.")
    try:
        images = torch.as_tensor(np.ascontiguousarray(images) if isinstance(images, np.ndarray) else images)
    except (TypeError, ValueError):
        raise BadInput(f"{who}: the picture holds {images.dtype} values, but floats are wanted.") from None
    size = " x ".join(map(str, images.shape))
    if not images.is_floating_point():
        raise BadInput(
            f"{who}: the picture holds {str(images.dtype).removeprefix('torch.')} numbers, "
            "but floats are wanted; for 0..255 use image.float() / 255."
        )
    if images.ndim not in (3, 4):
        raise BadInput(f"{who}: the picture has the shape {size}, but 3 x H x W or N x 3 x H x W is wanted.")
    if images.numel() == 0:
        raise BadInput(
            f"{who}: the picture has the shape {size}, so there is nothing in it; give at least one picture."
        )
    if images.shape[-3] != 3:
        cure = "move the colours to the front with image.permute(2, 0, 1)" if images.shape[-1] == 3 else "use RGB"
        raise BadInput(f"{who}: the picture has {images.shape[-3]} channels (shape {size}), but 3 are wanted; {cure}.")
    patch = getattr(model, "patch_size", None)
    if patch is not None and min(images.shape[-2:]) < patch:
        raise BadInput(
            f"{who}: the picture is {images.shape[-2]} x {images.shape[-1]} pixels, but BagNet-{patch} needs "
            f"at least {patch} on each side; use a smaller patch size or a larger picture."
        )
    smallest = getattr(model, "smallest", 1)
    if min(images.shape[-2:]) < smallest:
        raise BadInput(
            f"{who}: the picture is {images.shape[-2]} x {images.shape[-1]} pixels, too small for this "
            f"{type(model).__name__}, which needs at least {smallest} on each side; use a larger picture."
        )
    ends = torch.stack(images.detach().aminmax())  # NaN if any pixel is; to mark all of them would take memory
    if not ends.isfinite().all():
        raise BadInput(
            f"{who}: the picture has NaN or infinite pixels, but finite numbers are wanted; mend or mask them."
        )
    like = images if model is None else next(model.parameters(), images)
    return images.to(like).reshape(-1, *images.shape[-3:])


def check_image(who: str, image, model: nn.Module) -> Tensor:
    """One picture, 3 x H x W floats on the model's device, for a model in eval mode."""
    check_eval(who, model)
    images = check_images(who, image, model)
    if len(images) != 1:
        raise BadInput(f"{who}: {len(images)} pictures were given, but one is wanted; call it for each of them.")
    return images[0]


def whole(given) -> int | None:
    """A whole number of whatever kind (Python's, NumPy's, a tensor's) as Python's own; None for anything else."""
    try:
        return None if isinstance(given, (bool, np.bool_)) else operator.index(given)
    except TypeError:
        return None


def check_whole(who: str, what: str, given, least: int, most: int, why: str = "") -> int:
    """A whole number between two bounds, such as a side in pixels."""
    number = whole(given)
    if number is None or not least <= number <= most:
        raise BadInput(f"{who}: {what} is {given!r}, but a whole number from {least} to {most} is wanted{why}.")
    return number


def check_seed(who: str, seed, most: int = 2**63 - 1) -> int:
    """What random numbers begin with."""
    return check_whole(who, "seed", seed, 0, most)


def check_number(who: str, what: str, given, above: float, most: float) -> float:
    """A number above one bound and up to another, such as a share."""
    if isinstance(given, (bool, np.bool_)) or not isinstance(given, (Real, np.number)) or not above < given <= most:
        raise BadInput(f"{who}: {what} is {given!r}, but a number above {above:g} and up to {most:g} is wanted.")
    return float(given)


def check_choice(who: str, what: str, given, choices: Iterable[str]) -> str:
    """One of a few names."""
    if not isinstance(given, str) or given not in choices:
        raise BadInput(f"{who}: there is no {what} called {given!r:.60}; there are {', '.join(choices)}.")
    return given


def check_switch(who: str, what: str, given) -> bool:
    """Yes or no."""
    if not isinstance(given, (bool, np.bool_)):
        raise BadInput(f"{who}: {what} is {given!r}, but yes or no is wanted; write {what}=True or {what}=False.")
    return bool(given)


def describe(thing) -> str:
    """What something is, in words for an error."""
    return (
        f"the class or function {thing.__name__}"
        if callable(thing) and hasattr(thing, "__name__")
        else (f"a {type(thing).__name__}")
    )


def check_target(who: str, target, classes: int) -> int:
    """The class as a plain number between 0 and classes - 1."""
    number = whole(target)
    if number is None or not 0 <= number < classes:
        raise BadInput(f"{who}: target is {target!r}, but this model's classes are the numbers 0 to {classes - 1}.")
    return number
