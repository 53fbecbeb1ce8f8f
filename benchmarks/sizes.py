"""Accuracy against patch size, on every world: a part of docs/claims.md."""

import storing
from cells import cell

from bagnet_utils.models.zoo import TITLES
from bagnet_utils.worlds.patchwork.scenes import NAMES

LEARNT = "of its training pictures"
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
    scores = [results["tiny"]["accuracy"].get(name, {}) for name in ("bagnet17", "bagnet33")]
    if all(LEARNT in one for one in scores):
        table.append(BY_HEART.format(*[value for one in scores for value in (one[LEARNT], one["top-1"])]))
    return table


SIZES = """
## Accuracy against patch size

In percent, with the 95 % interval. *Patchwork*: right among ten classes. *Photographs*: right among 32 kinds, 128
pixels, on the test pictures that ship, which nobody looked at while choosing the recipe; ✓ and ✗ say whether the aim
was met for sure (70, 79 and 83 for the three BagNets, 88 for the ResNet); beside it the same on pictures that they
learnt from. *64 pixels*: right among twenty kinds, on Tiny ImageNet's validation pictures of these (aims: 58, 73, 75
and 80), and on 2,000 of the 9,000 pictures that they learnt from. *ImageNet*: the published networks at 224 pixels on
whatever pictures `python3 course.py claims --world imagenet --root DIR` was given. *Paper*: top-5 on all of ImageNet's
validation pictures as Brendel and Bethge (2019) print it.

| | Patchwork | photographs | learnt | 64 pixels | learnt | ImageNet, top-1 | ImageNet, top-5 | paper, top-5 |
|---|---|---|---|---|---|---|---|---|"""

BY_HEART = """
Does the larger patch pay at 64 pixels? BagNet-17 is right on {:.1f} % of the photographs that it learnt from and
{:.1f} % of new ones, BagNet-33 on {:.1f} and {:.1f} %. Where it has seen a picture, the larger patch knows it better;
on new ones that is worth little. The likely reason, not tested here: it has 16 patches in such a picture where
BagNet-17 has 36, so fewer examples of a larger thing to learn from. ImageNet has more than a hundred times as many
pictures, and larger ones; there it pays, see the last column."""
