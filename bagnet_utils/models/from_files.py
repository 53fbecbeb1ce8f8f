"""What training at scale is fed: pictures read from files when it is their turn, in an order that a seed decides.

Nothing here depends on how many processes or workers read, or on when they began. So a run can stop anywhere, go on in
the middle of an epoch, and see the pictures that it would have seen.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from bagnet_utils.checks import check_whole
from bagnet_utils.errors import BadInput
from bagnet_utils.worlds.imagenet import EDGE
from bagnet_utils.worlds.pictures import class_folders, load_image

Key = tuple[int, int]  # epoch, number of the picture


@dataclass(frozen=True)
class Plan:
    """torchvision's reference recipe for a ResNet-50: 90 epochs on 8 processes of 32 pictures each."""

    epochs: int = 90
    batch: int = 256  # pictures a step, of all processes together
    at_once: int = 32  # pictures that one process has in memory at a time; BatchNorm takes its mean over these
    rate: float = 0.1  # the learning rate for 256 pictures a step; for more or fewer in proportion
    tenth: int = 30  # after so many epochs the rate falls to a tenth, again and again
    momentum: float = 0.9
    decay: float = 1e-4
    side: int = 224  # px
    seed: int = 0

    def rate_in(self, epoch: int) -> float:
        return self.rate * self.batch / 256 * 0.1 ** (epoch // self.tenth)


class Files(Dataset):
    """Pictures of class folders: (epoch, number) -> 3 x side x side floats in [0, 1], and the label.

    Training pictures are cut and mirrored as torchvision's reference does, by random numbers that are a function of
    seed, epoch and number. Of the others the middle is shown.
    """

    def __init__(self, root: Path | str, split: str, plan: Plan):
        folders = class_folders(root, split)
        self.classes, self.plan, self.training = tuple(folders), plan, split == "train"
        # Arrays: a list's strings would be copied into the memory of every process that reads.
        self.paths = np.array([os.fsencode(file) for part in folders.values() for file in part])
        self.labels = np.repeat(np.arange(len(folders)), [len(part) for part in folders.values()])

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, key: Key) -> tuple[Tensor, int]:
        epoch, number = key
        file, label = os.fsdecode(self.paths[number]), int(self.labels[number])
        if not self.training:
            return load_image(file, self.plan.side, EDGE), label
        image, own = load_image(file), np.random.SeedSequence([self.plan.seed, epoch, number])
        with torch.random.fork_rng(devices=[]):  # torchvision draws from PyTorch's one generator
            torch.manual_seed(int(own.generate_state(1)[0]))
            return crop_and_mirror(self.plan.side)(image), label

    def names(self) -> str:
        """A hash of the files' names. It stays as it is when a broken file is replaced by one that can be read."""
        told = hashlib.sha256()
        for path in self.paths:
            told.update("/".join(Path(os.fsdecode(path)).parts[-2:]).encode(errors="replace") + b"\n")
        return told.hexdigest()[:12]


@cache
def crop_and_mirror(side: int):
    """A part of the picture, 8 to 100 % of its area, scaled to side x side px; mirrored every second time."""
    from torchvision.transforms import v2

    return v2.Compose([v2.RandomResizedCrop(side, antialias=True), v2.RandomHorizontalFlip()])


def order(plan: Plan, epoch: int, count: int) -> Tensor:
    """In which order an epoch shows its pictures: a permutation that seed and epoch decide."""
    random = torch.Generator().manual_seed(int(np.random.SeedSequence([plan.seed, epoch]).generate_state(1)[0]))
    return torch.randperm(count, generator=random)


def parts(plan: Plan, count: int, start: int, stop: int, rank: int = 0, processes: int = 1) -> Iterator[list[Key]]:
    """What one process reads from step `start` to before step `stop`, at most `at_once` pictures at a time.

    What is left of an epoch after its last full batch is left out; in the next epoch these are others.
    """
    steps = count // plan.batch
    for epoch in range(start // steps, -(-stop // steps)):
        batches = order(plan, epoch, count)[: steps * plan.batch].split(plan.batch)
        for batch in batches[max(0, start - epoch * steps) : stop - epoch * steps]:
            for some in batch[rank::processes].split(plan.at_once):
                yield [(epoch, number) for number in some.tolist()]


def check_plan(plan: Plan, training: Files, held: Files, processes: int) -> int:
    """The steps of an epoch; raises if these pictures cannot be learnt by this plan on so many processes."""
    for what in ("epochs", "batch", "at_once"):
        check_whole("at_scale", what, getattr(plan, what), 1, 10**6)
    check_whole("at_scale", "side", plan.side, 33, 4096, " (pixels)")
    if plan.batch % processes:
        raise BadInput(
            f"at_scale: a batch of {plan.batch} pictures cannot be shared equally by {processes} processes; "
            f"use --batch {processes * max(1, plan.batch // processes)}."
        )
    if training.classes != held.classes:
        odd = sorted(set(training.classes) ^ set(held.classes))
        raise BadInput(
            f"at_scale: train and val hold other classes ({', '.join(odd[:3])}{', ...' * (len(odd) > 3)}); "
            "make the same folders in both."
        )
    if len(training) < plan.batch:
        raise BadInput(
            f"at_scale: there are {len(training)} training pictures, fewer than one batch of {plan.batch}; "
            f"use --batch {processes} or more pictures."
        )
    return len(training) // plan.batch
