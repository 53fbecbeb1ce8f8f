"""A network and the pictures that it is tested on: what a report shows of them, all of it chosen by rules."""

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from bagnet_utils.checks import check_eval, check_images, describe
from bagnet_utils.errors import BadInput
from bagnet_utils.experiments.heatmaps import evidence
from bagnet_utils.experiments.masking import occlude
from bagnet_utils.experiments.patches import Patch
from bagnet_utils.models.bagnet import BagNet
from bagnet_utils.models.scores import logits
from bagnet_utils.worlds.world import World

TYPICAL, MISTAKES, PATCHES, CLASSES = 6, 6, 5, 40  # how many of each are chosen, at most


@dataclass(frozen=True)
class Overview:
    """A network's answers to N pictures of C classes, and a few pictures and patches to look at."""

    logits: Tensor = field(repr=False)  # N x C
    confusion: np.ndarray  # C x C pictures; rows: their class, columns: the network's answer
    ranked: list[int]  # the classes that have pictures, the lowest accuracy first
    typical: list[int]  # numbers of pictures that are classified correctly
    mistakes: list[int]  # numbers of pictures that are not, the most probable answer first
    telling: dict[int, list[Patch]] = field(repr=False)  # of each class; empty where a network has no patches
    misleading: dict[int, list[Patch]] = field(repr=False)


def overview(model: nn.Module, world: World) -> Overview:
    """Answers, counts, and what to look at.

    typical: of up to six classes, spread evenly from the lowest accuracy to the highest, the picture whose answer is
    correct with the median probability. mistakes: the six wrong answers with the highest probability. Patches: of up
    to forty classes the five with the highest evidence, at most one from a picture, as `top_patches` finds them.
    """
    images, labels = check_tested("report", model, world)
    says, values, places = (
        strongest(model, images) if isinstance(model, BagNet) else (logits(model, images), None, None)
    )
    if says.shape[1] != len(world.classes):
        raise BadInput(
            f"report: the model has {says.shape[1]} classes, but the world names {len(world.classes)}; give a world of "
            "the model's own classes."
        )
    sure, answers = says.softmax(1).max(1)
    confusion = np.zeros((len(world.classes),) * 2, int)
    np.add.at(confusion, (labels.numpy(), answers.numpy()), 1)
    with_pictures = np.flatnonzero(confusion.sum(1))
    right = confusion.diagonal() / np.maximum(confusion.sum(1), 1)
    ranked = sorted(with_pictures.tolist(), key=lambda kind: right[kind])
    typical = []
    for kind in spread([kind for kind in ranked if right[kind] > 0], TYPICAL):
        chosen = ((labels == kind) & (answers == kind)).nonzero().flatten()
        typical.append(chosen[sure[chosen].argsort(stable=True)[(len(chosen) - 1) // 2]].item())
    wrong = (answers != labels).nonzero().flatten()
    mistakes = wrong[sure[wrong].argsort(descending=True, stable=True)[:MISTAKES]].tolist()
    telling, misleading = {}, {}
    for kind in ranked[:CLASSES] if values is not None else []:
        for found, chosen in ((telling, labels == kind), (misleading, labels != kind)):
            numbers = chosen.nonzero().flatten()
            best = numbers[values[numbers, kind].argsort(descending=True, stable=True)[:PATCHES]].tolist()
            found[kind] = [patch_at(model, images, n, places[n, kind], values[n, kind]) for n in best]
    return Overview(says, confusion, ranked, typical, mistakes, telling, misleading)


def maps_for(model: nn.Module, image: Tensor, targets: list[int]) -> Tensor:
    """What speaks for each of these classes, and where: classes x h x w, in logits.

    Of a BagNet the evidence of every patch, exactly. Of other networks how far the logit falls while a square, a fifth
    of the side, is hidden behind its mean colour, at one place every eighth of the side.
    """
    if isinstance(model, BagNet):
        return evidence(model, image[None])[0, targets].cpu()
    side = min(image.shape[1:])
    seen = occlude(model, image, max(1, side // 5), max(1, side // 8))
    return (seen.before - seen.logits)[:, :, targets].permute(2, 0, 1).cpu()


def strongest(model: BagNet, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Logits, and for each picture and class its highest evidence and the number of that patch: each N x C."""
    parts = []
    for some in images.split(25):
        maps = evidence(model, some).flatten(2).cpu()  # n x C x places
        parts.append((maps.mean(2), *maps.max(2)))
    return tuple(map(torch.cat, zip(*parts, strict=True)))


def patch_at(model: BagNet, images: Tensor, number: int, place: Tensor, value: Tensor) -> Patch:
    """A patch by its number in the grid, counted row by row."""
    q, step = model.patch_size, model.stride
    columns = (images.shape[3] - q) // step + 1
    row, column = (step * int(n) for n in divmod(int(place), columns))
    return Patch(images[number, :, row : row + q, column : column + q], float(value), number, row, column)


def spread(things: list, most: int) -> list:
    """Some of a list, evenly from its first to its last."""
    return [things[n] for n in sorted({round(n) for n in np.linspace(0, len(things) - 1, most)})] if things else []


def check_tested(who: str, model: nn.Module, world: World) -> tuple[Tensor, Tensor]:
    """Pictures with values from 0 to 1, and labels, that fit the model and its classes."""
    check_eval(who, model)
    if not isinstance(world, World):
        raise BadInput(f"{who}: a world is wanted, as bu.load_world gives it, but {describe(world)} was given.")
    images, labels = check_images(who, world.images, model).float().cpu(), torch.as_tensor(world.labels).cpu()
    low, high = images.min().item(), images.max().item()
    if low < 0 or high > 1:
        raise BadInput(f"{who}: the pictures' values run from {low:.3g} to {high:.3g}, but 0 to 1 is wanted.")
    known = getattr(model, "classes", None) or world.classes
    if tuple(known) != tuple(world.classes):
        raise BadInput(
            f"{who}: the model knows {len(known)} classes ({known[0]}, ...), but the world has {len(world.classes)} "
            f"others ({world.classes[0]}, ...); give pictures of the model's own classes."
        )
    if labels.shape != (len(images),) or labels.min() < 0 or labels.max() >= len(known):
        raise BadInput(
            f"{who}: each of the {len(images)} pictures needs a label from 0 to {len(known) - 1}; mend world.labels."
        )
    return images, labels
