"""Accuracy against patch size, on every world: a part of docs/claims.md."""

import numpy as np
import storing
import torch
from cells import cell

from bagnet_utils.models.finetuning import part_of
from bagnet_utils.models.zoo import TITLES
from bagnet_utils.worlds.own import numbers_of_copies
from bagnet_utils.worlds.patchwork.scenes import NAMES
from bagnet_utils.worlds.world import World

LEARNT = "of its training pictures"
NEW = "test pictures without a copy among the learnt"
AIMED = {  # percent of the photographs, at least
    "photos": {"bagnet9": 70, "bagnet17": 79, "bagnet33": 83, "resnet": 88},
    "tiny": {"bagnet9": 58, "bagnet17": 73, "bagnet33": 75, "resnet": 80},
}
# Top-5 in percent, as printed in Brendel & Bethge (2019)
PAPER = {"bagnet17": "80.5", "bagnet33": "87.6"}


def lines() -> list[str]:
    """Accuracy against patch size: Patchwork, photographs, ImageNet, the paper."""
    results = storing.read()
    table = [SIZES]
    for name, title in TITLES.items():
        cells = []
        if row := results["patchwork"]["accuracy"].get(name):
            solved = sum(row[pair] for pair in NAMES) / len(NAMES)
            cells.append(cell(solved, results["patchwork"]["test pictures"]))
        for world, aims in AIMED.items():
            if not (row := results[world]["accuracy"].get(name)):
                cells += ["not trained", ""]
                continue
            aim, count = (aims[name], 100) if name in aims else None, results[world]["test pictures"]
            cells.append(cell(row["top-1"], count, aim) + f" of {count}")
            cells.append(f"{row[LEARNT]:.1f}" if LEARNT in row else "not measured")
        if row := results.get("imagenet", {}).get(name):
            of = row["pictures"]
            cells += [cell(100 * row[top] / of, of) + f" of {of}" for top in ("top-1", "top-5")]
        else:
            cells += ["not measured"] * 2
        table.append(f"| {title} | {' | '.join([*cells, PAPER.get(name, '')])} |")
    photos = results["photos"]
    if NEW in photos:
        left = ", ".join(
            f"{title} {cell(photos['accuracy'][name][NEW], photos[NEW])}"
            for name, title in TITLES.items()
            if NEW in photos["accuracy"].get(name, {})
        )
        table.append(LEAK.format(count=photos["test pictures"] - photos[NEW], of=photos["test pictures"], left=left))
    scores = [results["tiny"]["accuracy"].get(name, {}) for name in ("bagnet17", "bagnet33")]
    if all(LEARNT in one for one in scores):
        table.append(BY_HEART.format(*[value for one in scores for value in (one[LEARNT], one["top-1"])]))
    return table


def without_copies(world: World, learnt: World) -> World:
    """The pictures that have no copy among the learnt ones, mirrored or not."""
    copies = numbers_of_copies(torch.cat([world.images, learnt.images]))
    mine, theirs = copies[: len(world.labels)], copies[len(world.labels) :]
    return part_of(world, torch.from_numpy(~np.isin(mine, theirs)).nonzero()[:, 0])


SIZES = """
## Accuracy against patch size

In percent, with the 95 % interval. *Patchwork*: ten classes. *Photographs*: 32 kinds at 128 pixels, on the test
pictures that ship, which were not used to choose the recipe. ✓ and ✗ say whether the whole interval lies above the aim
(70, 79 and 83 for the three BagNets, 88 for the ResNet). *Learnt*: the same on pictures of the training. *64 pixels*:
twenty kinds, on Tiny ImageNet's validation pictures of these (aims: 58, 73, 75 and 80), and on 2,000 of the 9,000
pictures of the training. *ImageNet*: the published networks at 224 pixels, on the pictures that were given to `python3
course.py claims --world imagenet --root DIR`. *Paper*: top-5 on all validation pictures of ImageNet, as printed by
Brendel and Bethge (2019).

| | Patchwork | photographs | learnt | 64 pixels | learnt | ImageNet, top-1 | ImageNet, top-5 | paper, top-5 |
|---|---|---|---|---|---|---|---|---|"""

LEAK = """
{count} of the {of} test photographs are copies of training pictures, most of them leopards that were mirrored. They
were found when the networks had been trained. Without these pictures: {left}."""

BY_HEART = """
Does the larger patch help at 64 pixels? BagNet-17 classifies {:.1f} % of its training photographs correctly and
{:.1f} % of new ones, BagNet-33 {:.1f} and {:.1f} %. So the larger patch knows its training pictures better, and this
helps little on new ones. The likely reason, not tested here: such a picture has 16 patches of 33 px but 36 of 17 px,
so there are fewer examples of a larger thing to learn from. ImageNet has more than a hundred times as many pictures,
and larger ones; there the larger patch helps, see the last column."""
