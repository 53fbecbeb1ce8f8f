"""Patchwork in numbers: many scenes at a time, with splits that share no seed, and a cache that is never stale.

What a scene is, and how a cue is hidden in it, is in scenes.py.
"""

import hashlib
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch

from bagnet_utils.checks import check_choice, check_seed, check_switch, check_whole, whole
from bagnet_utils.errors import BadInput
from bagnet_utils.files import CACHE
from bagnet_utils.worlds.patchwork.drawing import SIDE
from bagnet_utils.worlds.patchwork.scenes import CLASSES, NAMES, PAIRS, Pair, Scene, draw, to_float
from bagnet_utils.worlds.world import SPLITS, World

SPAN = 2**20  # seeds per split and world seed


class Truth(Sequence):
    """The scenes behind a World's pictures; each is drawn when it is asked for."""

    def __init__(self, pairs: tuple[Pair, ...], split: str, n: int, seed: int, twins: bool = False):
        """n scenes of these pairs, classes in turn, each with a seed that no other split or world seed ever uses.

        twins: the two classes of a pair come at the same seed, so that neighbours differ by the cue and nothing else.
        """
        check_choice("load_world", "split", split, SPLITS)
        n, seed = check_whole("load_world", "n", n, 1, SPAN, " (pictures)"), check_seed("load_world", seed, 2**40)
        self.classes = [(pair, label) for pair in pairs for label in labels_of(pair)]
        self.labels = np.resize([label for _, label in self.classes], n).astype(np.int64)
        self.seeds = (seed * len(SPLITS) + SPLITS.index(split)) * SPAN + np.arange(n) // (1 + twins)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int | slice) -> Scene | list[Scene]:
        if isinstance(index, slice):
            return [self[i] for i in range(len(self))[index]]
        number = whole(index)
        if number is None:
            raise BadInput(f"truth: the number of a scene is {index!r}, but a whole number or a slice is wanted.")
        if not -len(self) <= number < len(self):  # an IndexError at the end, as a sequence must
            raise IndexError(f"truth: there is no scene {number}; there are {len(self)}.")
        return draw(*self.classes[number % len(self) % len(self.classes)], int(self.seeds[number]))


def labels_of(pair: Pair) -> tuple[int, int]:
    """The labels of a pair's two classes; 0 and 1 for a pair that is not one of the five."""
    first = 2 * PAIRS.index(pair) if pair in PAIRS else 0
    return first, first + 1


def paint(truth: Truth) -> np.ndarray:
    """All pictures of a cast -> N x 3 x 128 x 128 bytes."""
    images = np.empty((len(truth), 3, SIDE, SIDE), np.uint8)
    for index, drawn in enumerate(truth):  # one after another: threads would be slower, not faster
        images[index] = np.rint(drawn.image * 255)
    return images


def pair(
    gap: int = 16, copies: int = 3, split: str = "train", n: int = 200, seed: int = 0, leaky: bool = False
) -> World:
    """Pictures of two classes (labels 0 and 1) that differ only in the order of figures, `gap` empty px apart.

    Three figures follow each other down each of `copies` strings: A B C or A C B. A BagNet-q can tell the two apart if
    a q-px window reaches across the gap with room to spare, and never if q < gap + 2. leaky=True spoils that on
    purpose: the figures begin in the same few rows of every picture, so that a figure's place tells the class as well.
    """
    gap = check_whole("pair", "gap", gap, 0, 52, " (pixels)")
    n, seed = check_whole("pair", "n", n, 1, SPAN, " (pictures)"), check_seed("pair", seed, 2**40)
    copies, leaky = check_whole("pair", "copies", copies, 1, 5), check_switch("pair", "leaky", leaky)
    truth = Truth((Pair("wheel", ("wheel, bell, leaf", "wheel, leaf, bell"), gap, copies, leaky),), split, n, seed)
    return in_tensors(paint(truth), truth, truth.classes[0][0].classes)


def in_tensors(images: np.ndarray, truth: Truth, classes: tuple[str, ...]) -> World:
    return World(torch.from_numpy(to_float(images)), torch.from_numpy(truth.labels), classes, truth)


@cache
def drawing_code() -> str:
    """A hash of everything that decides how a picture looks."""
    sources = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()


def load_patchwork(
    split: str = "train",
    n: int = 200,
    pairs: Sequence[str] | None = None,
    seed: int = 0,
    cache: str | Path | None = CACHE,
) -> World:
    """n pictures with labels, classes in turn; drawn once, then read from the folder `cache` (None: always drawn).

    pairs: names of the pairs to show, None for all five; labels and classes stay those of all ten.
    A cache file that is damaged, or was drawn by other code, is drawn again.
    """
    named = isinstance(pairs, (list, tuple)) and pairs and all(isinstance(p, str) and p in NAMES for p in pairs)
    if pairs is not None and not named:
        raise BadInput(f"load_world: pairs is {str(pairs)[:60]}, but some of {', '.join(NAMES)} are wanted in a list.")
    shown = tuple(pair for pair in PAIRS if pairs is None or pair.name in pairs)
    truth = Truth(shown, split, n, seed)
    name = f"patchwork-{'-'.join(pair.name for pair in shown)}-{split}-{n}-{seed}.npz"
    images = paint(truth) if cache is None else cached(Path(cache) / name, truth)
    return in_tensors(images, truth, CLASSES)


def cached(file: Path, truth: Truth) -> np.ndarray:
    """The cast's pictures from a cache file; drawn, and the file written, if it is missing, damaged or stale."""

    def seal(images: np.ndarray) -> str:
        return drawing_code() + hashlib.sha256(images).hexdigest()

    try:
        with np.load(file, allow_pickle=False) as stored:
            images = stored["images"]
            if stored["seal"] == seal(images):
                return images
    except (OSError, ValueError, EOFError, KeyError, BadZipFile):
        pass  # not there, or not whole
    images = paint(truth)
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(f".{os.getpid()}.npz")  # written aside and renamed: a killed run leaves no half a file
    np.savez(part, images=images, seal=seal(images))
    part.replace(file)
    return images
