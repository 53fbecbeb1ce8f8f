"""Your own pictures: a folder with a subfolder for each class, what in it cannot be read, and a quarter to test on."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from scipy.sparse.csgraph import connected_components
from torch import Tensor
from tqdm import tqdm

from bagnet_utils.errors import BadInput
from bagnet_utils.worlds.photos import SIDE
from bagnet_utils.worlds.pictures import load_image
from bagnet_utils.worlds.world import World

LEAST = 16  # px on each side; smaller ones would be little more than one colour when they are scaled up
NO_PICTURES = ("thumbs.db", "desktop.ini")  # what systems leave in folders
ALIKE = 0.98  # correlation of two thumbnails from which on two pictures count as copies


def read_folder(root: str | Path, side: int = SIDE) -> tuple[World, tuple[str, ...]]:
    """The pictures in root/class/..., squeezed to side x side px; and a line on each file that was left out."""
    root = Path(root).expanduser()
    if not root.is_dir():
        raise BadInput(f"finetune: there is no folder {root}; name one that holds a folder of pictures for each class.")
    images, labels, truth, notes, classes = [], [], [], [], []
    folders = sorted(one for one in root.iterdir() if one.is_dir() and not one.name.startswith("."))
    files_of = {folder: sorted(filter(is_file, folder.rglob("*"))) for folder in folders}
    bar = tqdm(total=sum(map(len, files_of.values())), desc="reading pictures", disable=None)
    for folder, files in files_of.items():
        before = len(images)
        for file in files:
            bar.update()
            try:
                images.append(read_file(file, side))
            except BadInput as problem:
                notes.append(f"{folder.name}/{str(problem).removeprefix('load_image: ')}")
            else:
                labels.append(len(classes))
                truth.append(str(file))
        if len(images) > before:
            classes.append(folder.name)
        else:
            notes.append(f"{folder.name}: this folder has no picture that can be read, so it is no class.")
    bar.close()
    if len(classes) < 2:
        given = f"only one class with pictures, {classes[0]}" if classes else "no pictures that can be read"
        raise BadInput(
            f"finetune: the folder {root} has {given}, but two classes at least are wanted; make one subfolder for "
            f"each class, with its pictures in it.{' First problem: ' + notes[0] if notes else ''}"
        )
    return World(torch.stack(images), torch.tensor(labels), tuple(classes), tuple(truth)), tuple(notes)


def is_file(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(".") and path.name.lower() not in NO_PICTURES


def read_file(file: Path, side: int) -> Tensor:
    image = load_image(file, side, squeeze=True)
    with Image.open(file) as picture:
        if min(picture.size) < LEAST:
            raise BadInput(
                f"{file.name} has {picture.width} x {picture.height} pixels, but {LEAST} at least are wanted on each "
                "side; give a larger one."
            )
    return image


def keep_uploads(uploads: Iterable, folder: str | Path) -> list[str]:
    """Write what an ipywidgets FileUpload holds in .value into a folder; a line on each file that cannot be read."""
    folder, problems = Path(folder), []
    for upload in uploads:
        try:
            load_image(upload)
        except BadInput as problem:
            problems.append(str(problem).removeprefix("load_image: "))
            continue
        folder.mkdir(parents=True, exist_ok=True)
        name, content = Path(upload["name"]), bytes(upload["content"])
        mark = hashlib.sha256(content).hexdigest()[:8]  # telephones call every picture image.jpg
        (folder / f"{name.stem}-{mark}{name.suffix}").write_bytes(content)
    return problems


# ------------------------------------------------------------ what is learnt, and what is kept for the test


def hold_out(world: World) -> tuple[Tensor, Tensor]:
    """Numbers of the pictures to learn from, and of those kept for the test: about a quarter of each class.

    What is drawn follows from the pixels alone (a hash), so it is the same each time and everywhere. Copies of a
    picture (mirrored ones, too) are never on both sides: they move together.
    """
    copies, labels = numbers_of_copies(world.images), world.labels.numpy()
    hashes = [hashlib.sha256(one.tobytes()).hexdigest() for one in (world.images * 255).round().byte().numpy()]
    first = [min(hashes[i] for i in np.flatnonzero(copies == group)) for group in range(copies.max() + 1)]
    held = np.zeros(len(first), bool)
    for label, name in enumerate(world.classes):
        mine = copies[labels == label]
        if len(mine) == 0:
            continue
        groups, sizes = np.unique(mine, return_counts=True)
        if len(groups) < 2:
            what = "picture" if len(mine) == 1 else "pictures that are copies of one another"
            raise BadInput(
                f"finetune: the class {name} has {len(mine)} {what}, but two different ones at least are wanted, one "
                "to learn and one to test; add some, or take the class away."
            )
        wanted, have = max(1, round(len(mine) / 4)), int(sizes[held[groups]].sum())
        for group, size in sorted(zip(groups, sizes, strict=True), key=lambda one: first[one[0]]):
            if not held[group] and have + size <= wanted:
                held[group], have = True, have + size
        if have == 0:  # all are sets of copies that are larger than a quarter
            held[groups[sizes.argmin()]] = True
    test = torch.from_numpy(held[copies])
    if lost := [
        name for label, name in enumerate(world.classes) if test[world.labels == label].all() and label in labels
    ]:
        raise BadInput(
            f"finetune: all pictures of {lost[0]} are in other classes as well; decide where each belongs, and take it "
            "out of the others."
        )
    return (~test).nonzero()[:, 0], test.nonzero()[:, 0]


def numbers_of_copies(images: Tensor) -> np.ndarray:
    """N numbers: pictures that are copies of one another, mirrored or not, have the same one."""
    grey = F.interpolate(images.mean(1, keepdim=True), size=(16, 16), mode="area")[:, 0]  # N x 16 x 16
    flat, mirrored = ((one - one.mean((1, 2), keepdim=True)).flatten(1) for one in (grey, grey.flip(2)))
    dull = flat.norm(dim=1) < 0.1  # of one colour: here only exact copies are copies
    flat, mirrored = F.normalize(flat), F.normalize(mirrored)
    alike = (torch.maximum(flat @ flat.T, flat @ mirrored.T) > ALIKE) & ~dull & ~dull[:, None]
    same = {}
    for i in dull.nonzero()[:, 0].tolist():
        other = same.setdefault(images[i].numpy().tobytes(), i)
        alike[i, other] = True
    return connected_components(alike.numpy(), directed=False)[1]
