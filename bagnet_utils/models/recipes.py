"""What the training loop is fed: a recipe for each world, and its pictures, epoch by epoch."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bagnet_utils.models.scores import accuracy_by_pair, predict

Pictures = tuple[Tensor, Tensor]  # N x 3 x H x W bytes, N labels


@dataclass(frozen=True)
class Recipe:
    epochs: int = 6
    pictures: int = 3000  # in each epoch
    batch: int = 32
    rate: float = 3e-3  # the learning rate at its height; it climbs there and falls to nothing, once ("one cycle")
    decay: float = 0.05
    smoothing: float = 0.0  # share of a label that is spread over all classes
    begin: str | None = None  # the world whose trained network gives the features to begin with


RECIPES = {
    "patchwork": Recipe(),
    "tiny": Recipe(epochs=50, pictures=9000, batch=32, smoothing=0.1),
    "photos": Recipe(epochs=60, pictures=2234, batch=32, smoothing=0.1, begin="tiny"),
}
OWN = {  # what one network needs, in every world or in one
    "vit": {"rate": 1e-3},  # attention does not bear more
    "vit_bag": {"rate": 1e-3},
    "patchwork/densenet": {"batch": 10},  # in batches of 32 it reads no totems before the seventh epoch
    "photos/bagnet9": {"rate": 6e-3},  # a point more of held-out pictures than with 3e-3
    "photos/bagnet17": {"rate": 6e-3},
}


def recipe_for(world: str, name: str) -> Recipe:
    """The recipe of a world, with what one network needs."""
    return replace(RECIPES[world], **OWN.get(name, {}), **OWN.get(f"{world}/{name}", {}))


def patchwork_pictures(
    recipe: Recipe, seed: int = 0, pairs: tuple[str, ...] | None = None
) -> Callable[[int], Pictures]:
    """Pictures drawn anew for each epoch, from seeds that no test ever uses, in random order but always two by two.

    The two are twins, one of each class of a pair, alike but for the cue: what they share (scenery, colours, poses)
    counts for both answers alike and cancels in the gradient; the cue is left. With pictures in any order the noise of
    pairs that a net cannot solve hides from it, for long, those that it can.
    """
    from bagnet_utils.worlds.patchwork import Truth, drawing_code, paint
    from bagnet_utils.worlds.patchwork.scenes import PAIRS

    shown = tuple(pair for pair in PAIRS if pairs is None or pair.name in pairs)

    def draw(epoch: int) -> Pictures:
        truth = Truth(shown, "train", recipe.pictures // 2 * 2, seed=100 * seed + epoch, twins=True)
        random = torch.Generator().manual_seed(1000 * seed + epoch)
        order = torch.randperm(len(truth) // 2, generator=random)
        order = torch.stack([2 * order, 2 * order + 1], dim=1).flatten()
        return torch.from_numpy(paint(truth))[order], torch.from_numpy(truth.labels)[order]

    draw.about = {"pairs": [pair.name for pair in shown], "seed": seed, "data": drawing_code()[:12]}
    return draw


def patchwork_score() -> Callable[[nn.Module], dict[str, float]]:
    """Accuracy on 500 validation pictures, pair by pair, in percent."""
    from bagnet_utils.worlds import load_world
    from bagnet_utils.worlds.patchwork.scenes import NAMES

    world = load_world("patchwork", split="val", n=500)
    return lambda model: accuracy_by_pair(predict(model, world.images), world.labels, NAMES)


# ------------------------------------------------------------ photographs

# Of each kind, out of the training pictures, for whoever tries recipes: val and test are for the final figure.
HELD_OUT = {"tiny": 50, "photos": 10}


@cache
def photographs(world: str, root: Path | None, trying: bool) -> tuple[Pictures, Pictures]:
    """Pictures to learn from, and pictures to try a recipe on: the last of each kind, or none at all."""
    from bagnet_utils.worlds import load_world

    choices = {"download": root is None} if world == "tiny" else {}
    split = load_world(world, "train", None, root=root, **choices)
    order = sorted(range(len(split.truth)), key=lambda i: split.truth[i])  # by kind, then by file
    images, labels = (split.images[order] * 255).round().to(torch.uint8), split.labels[order]
    held = torch.zeros(len(labels), dtype=torch.bool)
    for label in labels.unique() if trying else ():
        held[(labels == label).nonzero()[-HELD_OUT[world] :, 0]] = True
    return (images[~held], labels[~held]), (images[held], labels[held])


def photo_pictures(
    recipe: Recipe, seed: int = 0, root: Path | None = None, trying: bool = False, world: str = "tiny"
) -> Callable[[int], Pictures]:
    """The photographs in a new order for each epoch, each kind as often as any other, each moved and mirrored anew."""
    (images, labels), _ = photographs(world, root, trying)
    pool = evenly(labels)

    def draw(epoch: int) -> Pictures:
        random = torch.Generator().manual_seed(1000 * seed + epoch)
        order = pool[torch.randperm(len(pool), generator=random)[: recipe.pictures]]
        return torch.cat([vary(batch, random) for batch in images[order].split(500)]), labels[order]

    data = hashlib.sha256(images.numpy())
    data.update(labels.numpy())
    draw.about = {"trying": trying, "seed": seed, "data": data.hexdigest()[:12]}
    return draw


def evenly(labels: Tensor) -> Tensor:
    """Numbers of pictures: those of small kinds come again and again, until each kind has as many as the largest."""
    most = int(labels.bincount().max())
    by_label = [(labels == label).nonzero()[:, 0] for label in labels.unique()]
    return torch.cat([numbers.repeat(-(-most // len(numbers)))[:most] for numbers in by_label])


def vary(images: Tensor, random: torch.Generator) -> Tensor:
    """Each picture moved by up to a tenth of its side, half of them mirrored: N x 3 x H x W bytes -> the same.

    It moves by whole pixels, and nothing is interpolated. To move by parts of a pixel, or to zoom, blurs the fine
    texture that small patches live by: it cost BagNet-17 two points and more of held-out accuracy.
    """
    side = images.shape[-1]
    reach = side // 10
    padded = F.pad(images.float(), [reach] * 4, mode="reflect").to(torch.uint8)
    places = torch.randint(2 * reach + 1, (len(images), 2), generator=random).tolist()
    moved = torch.stack(
        [one[:, row : row + side, column : column + side] for one, (row, column) in zip(padded, places, strict=True)]
    )
    mirrored = torch.rand(len(images), generator=random) < 0.5
    return torch.where(mirrored[:, None, None, None], moved.flip(3), moved)


def photo_score(world: str, root: Path | None) -> Callable[[nn.Module], dict[str, float]]:
    """Accuracy in percent on the pictures that were held out of the train split."""
    _, (images, labels) = photographs(world, root, True)
    return lambda model: {"held out": 100 * (predict(model, images / 255) == labels).float().mean().item()}
