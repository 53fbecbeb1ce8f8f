"""What makes a minaret? Black corners, which Caltech-101's rotated pictures have: a part of docs/claims.md.

The corners are found by rule (bu.dark_corners), so how much evidence lies on them is a fact. Two ways round are tried:
fill a minaret's corners with the mean colour of the rest; and paste its corners on pictures of other kinds.
"""

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from cells import ends
from experiments import TITLES, percent_of, points_above
from paper import found, share
from torch import Tensor, nn

import bagnet_utils as bu
from bagnet_utils.statistics import bootstrap
from bagnet_utils.worlds.photos import CLASSES

MINARET = CLASSES.index("minaret")
TENTH = 0.1  # of a patch is black: then it is one of a corner
DONORS, OTHERS = 8, 200  # minarets that give their corners, and pictures of other kinds that get them


def measure(images: Tensor, labels: Tensor, nets: dict[str, nn.Module]) -> dict:
    mine = labels == MINARET
    minarets, corners = images[mine], bu.dark_corners(images[mine])
    filled = torch.stack([fill(*pair) for pair in zip(minarets, corners, strict=True)])
    others = images[~mine][torch.linspace(0, int((~mine).sum()) - 1, OTHERS).long()]
    told = {"minarets": len(minarets), "others": len(others), "black": corners.float().mean().item()}
    for name, net in nets.items():
        before, after = ((bu.predict(net, some) == MINARET).numpy() for some in (minarets, filled))
        taken = [(bu.predict(net, paste(others, corner)) == MINARET).sum().item() for corner in corners[:DONORS]]
        told[name] = {
            "right": [int(before.sum()), int(after.sum())],
            "points less": bootstrap(points_above, before, after),
            "taken before": int((bu.predict(net, others) == MINARET).sum()),
            "taken": taken,
        }
        if net.patch_size:
            told[name] |= on_corners(net, minarets, corners)
    return told


def fill(image: Tensor, corners: Tensor) -> Tensor:
    """The picture with its corners in the mean colour of the rest."""
    colour = image[:, ~corners].mean(1)
    return torch.where(corners, colour[:, None, None], image)


def paste(images: Tensor, corners: Tensor) -> Tensor:
    """The pictures with black corners."""
    return images * ~corners


def on_corners(net: nn.Module, images: Tensor, corners: Tensor) -> dict:
    """Percent of a minaret's positive evidence on patches of a corner, and percent of patches that are such."""
    positive = bu.evidence(net, images)[:, MINARET].clamp(min=0)  # N x h x w
    black = F.avg_pool2d(corners[:, None].float(), net.patch_size, stride=8)[:, 0] >= TENTH
    on, all_of_it = (positive * black).sum((1, 2)).numpy(), positive.sum((1, 2)).numpy()
    patches = black.float().mean((1, 2)).numpy()
    return {"evidence": bootstrap(percent_of, on, all_of_it), "patches": bootstrap(np.mean, 100 * patches)}


def lines() -> Iterator[str]:
    """The table, if it was measured."""
    told = found().get("photos", {}).get("corners")
    if told is None:
        return
    yield HEAD.format(**{what: told[what] for what in ("minarets", "others")}, black=100 * told["black"], donors=DONORS)
    for name in TITLES:
        if name not in told:
            continue
        one = told[name]
        cells = [ends(one[what], 0) if what in one else "" for what in ("evidence", "patches")]
        cells += [share(right, told["minarets"], 0) for right in one["right"]] + [ends(one["points less"], 0)]
        taken = sorted(100 * some / told["others"] for some in one["taken"])
        cells += [f"{100 * one['taken before'] / told['others']:.1f}"]
        cells += [f"{taken[0]:.1f} to {taken[-1]:.1f}, middle {sum(taken[3:5]) / 2:.1f}"]
        yield f"| {TITLES[name]} | {' | '.join(cells)} |"


HEAD = """
## What makes a minaret?

Caltech-101's minarets were rotated to stand alike, which left black corners: {black:.0f} % of the area of the
{minarets} minarets for testing, found by rule (`bu.dark_corners`). *Evidence*: percent of a BagNet's positive evidence
for minaret that lies on patches of which a tenth or more is such a corner; *patches*: percent of patches that are such.
*Right*: minarets named rightly, as they are and with the corners filled with the mean colour of the rest. *Taken for
minarets*: percent of {others} pictures of other kinds, before and with the corners of {donors} minarets pasted on them.

| | evidence | patches | right | right, filled | points less | taken, before | taken, with corners |
|---|---|---|---|---|---|---|---|"""
