"""Does a network use what it should not? A hunt for shortcuts on any pictures (Geirhos and others, 2020).

Each check changes what should not matter and counts the answers again. Any change may harm, so most checks have a
control: a change of the same kind and size, elsewhere.
"""

import math
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from scipy import stats
from torch import Tensor, nn

from bagnet_utils.checks import check_eval, check_images, check_seed, describe
from bagnet_utils.errors import BadInput
from bagnet_utils.experiments.flaws import fill_with_mean
from bagnet_utils.models.scores import predict
from bagnet_utils.statistics import Estimate, NoInterval, bootstrap, point_difference
from bagnet_utils.worlds.world import World

RISK = 0.025  # that a check names a class where nothing is, over all classes together


@dataclass(frozen=True)
class ShortcutCheck:
    """What one check found: something, if the drop's interval lies above 0 or a class loses more than by luck.

    That a thing matters is no proof of a shortcut. Should it matter for these classes? That is for you to say.
    """

    name: str  # "border", "corners", "surround", "colour" or "file"
    question: str
    control: str  # what was done for `before`
    before: float  # percent right
    after: float  # percent right
    drop: Estimate  # before minus after on the same pictures, in points, with its 95 % interval
    verdict: str  # one line
    found: bool
    classes: tuple[str, ...] = field(default=())  # those that lose more than by luck


def shortcut_checks(model: nn.Module, world: World, seed: int = 0) -> list[ShortcutCheck]:
    """Do border, corners, surround and colour of the pictures matter to a network, and do the files tell the class?

    world: pictures that the network did not learn from. The model is in eval mode, its classes are the world's.
    The last check is left out where `world.truth` does not name files.
    """
    images, labels = check_world("shortcut_checks", model, world)
    random = np.random.default_rng(check_seed("shortcut_checks", seed))

    def right(changed: Tensor) -> np.ndarray:
        return (predict(model, changed) == labels).numpy()

    def hide(mask: Tensor) -> np.ndarray:
        return right(fill_with_mean(images, mask.expand(len(images), -1, -1)))

    found = []
    for name, (hidden, instead) in (("border", frames(images.shape[2:])), ("corners", corners(images.shape[2:]))):
        found.append(compared(name, world, hide(instead), hide(hidden)))
    own, others, kept = partners(labels, random)
    if len(kept):
        centre = images[kept], middle(images.shape[2:])
        pair = (torch.where(centre[1], centre[0], images[some]) for some in (own, others))
        same, other = ((predict(model, changed) == labels[kept]).numpy() for changed in pair)
        found.append(compared("surround", world, same, other, labels[kept]))
    grey = images.mean(1, keepdim=True).expand_as(images)
    found.append(compared("colour", world, right(images), right(grey)))
    sizes = sizes_of_files(world.truth)
    if sizes is not None and labels.bincount().max() > 1:
        found.append(compared("file", world, *told_by_size(sizes, labels.numpy())))
    return found


WORDS = {  # the question, and what was done for `before`
    "border": (
        "Does it matter what is at the border (a sixteenth of the side)?",
        "as many pixels are hidden just inside the border",
    ),
    "corners": (
        "Does it matter what is in the corners (a sixth of the side)?",
        "as many pixels are hidden at the middles of the four sides",
    ),
    "surround": (
        "Does it matter what surrounds the middle half of the picture (parts of an object that reach so far included)?",
        "the surround comes from another picture of the same class; after: from one of another class",
    ),
    "colour": ("Does it matter that the pictures have colours?", "the pictures are as they are"),
    "file": (
        "Do width and height of the files alone tell the class (to a decision tree, without the network)?",
        "the tree knows width and height; after: it knows only how common each class is",
    ),
}


def compared(
    name: str, world: World, before: np.ndarray, after: np.ndarray, labels: Tensor | None = None
) -> ShortcutCheck:
    """The check's result from N booleans each, whether a picture is classified correctly before and after."""
    labels = (world.labels if labels is None else labels).numpy()
    drop, kinds = bootstrap(point_difference, before, after), np.unique(labels)
    losing = tuple(
        world.classes[kind]
        for kind in kinds
        if name != "file" and loses(before[labels == kind], after[labels == kind], len(kinds))
    )
    found, before_after = drop.low > 0 or bool(losing), f"{100 * before.mean():.0f} to {100 * after.mean():.0f} % right"
    interval = f"{drop.value:+.1f} points ({drop.low:+.1f} to {drop.high:+.1f})"
    if isinstance(drop, NoInterval):
        verdict = f"cannot be judged: {drop.reason}"
    elif drop.low > 0:
        verdict = f"it matters: {before_after}, a drop of {interval}" + (f"; most: {named(losing)}" if losing else "")
    elif losing:
        verdict = f"it matters for {named(losing)}; over all classes a drop of {interval}"
    elif drop.high < 0:
        verdict = f"not found: the control harms more ({before_after}, a drop of {interval})"
    else:
        verdict = f"not found: {before_after}, a drop of {interval}"
    question, control = WORDS[name]
    return ShortcutCheck(
        name, question, control, 100 * float(before.mean()), 100 * float(after.mean()), drop, verdict, found, losing
    )


def loses(before: np.ndarray, after: np.ndarray, classes: int) -> bool:
    """A sign test on the pictures of one class whose answer changed. The risk is shared out among all classes."""
    lost, won = int((before & ~after).sum()), int((~before & after).sum())
    return lost > won and stats.binomtest(lost, lost + won, alternative="greater").pvalue < RISK / classes


def named(classes: tuple[str, ...], most: int = 3) -> str:
    rest = f" and {len(classes) - most} more" if len(classes) > most else ""
    return ", ".join(classes[:most]) + rest


# ------------------------------------------------------------ what is hidden: H x W booleans


def frames(size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """A frame along the border, a sixteenth of the shorter side wide; and as many pixels next to it, inside."""
    height, width = size
    rows, columns = (torch.minimum(torch.arange(n), torch.arange(n).flip(0)) for n in (height, width))
    depth = torch.minimum(rows[:, None], columns)  # px from the border
    inwards, border = depth.flatten().argsort(stable=True), depth < max(1, min(size) // 16)
    inside = torch.zeros(height * width, dtype=torch.bool)
    inside[inwards[int(border.sum()) : 2 * int(border.sum())]] = True
    return border, inside.reshape(height, width)


def corners(size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Four squares in the corners, a sixth of the shorter side; and the same four at the middles of the sides."""
    (height, width), side = size, max(1, min(size) // 6)
    top, left = (height - side) // 2, (width - side) // 2
    hidden, instead = torch.zeros(2, height, width, dtype=torch.bool)
    for mask, places in (
        (hidden, [(0, 0), (0, width - side), (height - side, 0), (height - side, width - side)]),
        (instead, [(0, left), (height - side, left), (top, 0), (top, width - side)]),
    ):
        for row, column in places:
            mask[row : row + side, column : column + side] = True
    return hidden, instead


def middle(size: tuple[int, int]) -> Tensor:
    """The middle half of the picture."""
    mask = torch.zeros(size, dtype=torch.bool)
    rows, columns = (round(n * (1 - math.sqrt(0.5)) / 2) for n in size)
    mask[rows : size[0] - rows, columns : size[1] - columns] = True
    return mask


# ------------------------------------------------------------ whose surround, and what files tell


def partners(labels: Tensor, random: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """For each picture another one of its class, and one of another class; and which pictures have both."""
    labels = labels.numpy()
    own, others, kept = [], [], []
    for number, label in enumerate(labels):
        mine, theirs = np.flatnonzero(labels == label), np.flatnonzero(labels != label)
        mine = mine[mine != number]
        if len(mine) and len(theirs):
            own.append(int(random.choice(mine)))
            others.append(int(random.choice(theirs)))
            kept.append(number)
    return tuple(torch.tensor(some, dtype=torch.long) for some in (own, others, kept))


def sizes_of_files(truth) -> np.ndarray | None:
    """N x 2 widths and heights in px, or None where the truth does not name picture files."""
    sizes = []
    for file in truth:
        if not isinstance(file, str) or not Path(file).is_file():
            return None
        with Image.open(file) as picture:
            sizes.append(picture.size)
    return np.array(sizes, float) if sizes else None


def told_by_size(sizes: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which held-out pictures a decision tree classifies correctly by width and height, and which without them."""
    from sklearn.dummy import DummyClassifier
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.tree import DecisionTreeClassifier

    table = np.column_stack([sizes, sizes[:, 0] / sizes[:, 1]])
    folds = StratifiedKFold(
        int(np.unique(labels, return_counts=True)[1].max().clip(2, 5)), shuffle=True, random_state=0
    )
    tree = DecisionTreeClassifier(min_samples_leaf=3, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that a class has fewer pictures than there are folds
        return tuple(cross_val_predict(way, table, labels, cv=folds) == labels for way in (tree, DummyClassifier()))


def check_world(who: str, model: nn.Module, world: World) -> tuple[Tensor, Tensor]:
    """Pictures and labels of a world that fits the model."""
    check_eval(who, model)
    if not isinstance(world, World):
        raise BadInput(f"{who}: a world is wanted, as bu.load_world or finetune gives it, not {describe(world)}.")
    images = check_images(who, world.images, model).cpu()
    classes = getattr(model, "classes", world.classes)
    if tuple(classes) != tuple(world.classes):
        raise BadInput(
            f"{who}: the model knows {len(classes)} classes ({classes[0]}, ...), but the world has "
            f"{len(world.classes)} others ({world.classes[0]}, ...); give pictures of the model's own classes."
        )
    if len(world.labels) < 2:
        raise BadInput(f"{who}: {len(world.labels)} picture was given, but two at least are wanted; give more.")
    return images, world.labels
