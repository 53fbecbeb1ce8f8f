"""Do features grow with depth, and how early do they settle? A part of docs/claims.md.

Zeiler and Fergus (2014) looked at the top nine pictures of channels (their figure 2) and at how these change during
training (their figure 4). Here both are measured: on all photographs of the train split for the course's networks,
and on photographs of the test split for the snapshots of a small VGG.

python benchmarks/features.py         all of it; what is there already is not measured again
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import storing
import torch
from cells import above, ends

import bagnet_utils as bu
from bagnet_utils.experiments.features import drive, peaks, strongest_of, turned, window
from bagnet_utils.experiments.looking_inside import layers
from bagnet_utils.experiments.selectivity import grey, likeness, selectivity, share_lost
from bagnet_utils.models.choices import SNAPSHOTS, build_choice, load_choice
from bagnet_utils.models.zoo import TITLES

NAMES = ("vgg", "resnet", "bagnet9", "bagnet17", "bagnet33")
TOP, NINE = 100, 9
LOOKED_AT = 128  # photographs on which snapshots are compared with the trained network
UNPAIRED = "layers have other channels, so nothing is paired; intervals apart are more than a difference above 0"
EARLY, SETTLED = 5, 0.9  # epochs; r with the trained network


class Row(NamedTuple):
    claim: str
    theirs: str
    ours: str
    holds: bool | None
    rule: str
    where: str


def main() -> None:
    world, found = bu.load_world("photos", "train", n=None), storing.read().get("features", {})
    if "settling" not in found:
        storing.write("features", {"settling": settling()})
    for name in NAMES:
        if name not in found:
            storing.write("features", {name: numbers_of(name, world)})
            print(name, flush=True)


def numbers_of(name: str, world) -> dict:
    """By layer: how selective channels are, and what their top nine lose when the pictures are made grey or turned."""
    model = bu.load_model(name, "photos")
    names, side = layers(model), world.images.shape[3]
    known = peaks(model, world.images, names)
    judged = {layer: selectivity(one.values, world.labels, TOP) for layer, one in known.items()}
    found = {layer: strongest_of(one, k=NINE) for layer, one in known.items()}
    result = {
        "layers": names,
        "window": [window(model, layer).size if window(model, layer) else None for layer in names],
        "chance": judged[names[0]].chance,
        "without a top hundred": [int(np.isnan(judged[layer].shares).sum()) for layer in names],
        "one kind": [over_channels(judged[layer].shares) for layer in names],
        "shares": {layer: np.round(judged[layer].shares, 1).tolist() for layer in names} if name == "vgg" else {},
    }
    after = drive(model, grey(world.images), found.values())
    result["lost in grey"] = [over_channels(share_lost(found[layer].values, after[layer])) for layer in names]
    if name == "vgg":  # the others' windows do not lie alike from both sides
        turns = [
            turned(found[layer], window(model, layer), known[layer].size, side)
            for layer in names
            if known[layer].size[0] > 1
        ]
        after = drive(model, torch.rot90(world.images, 1, (2, 3)), turns)
        result["lost when turned"] = [over_channels(share_lost(one.values, after[one.layer])) for one in turns]
    return result


def settling() -> dict:
    """By layer: r of each channel's activations with those after the last epoch. Epoch 0: weights before training."""
    images = bu.load_world("photos", n=LOOKED_AT).images
    last = load_choice("full")
    names = layers(last)
    curves = {layer: [] for layer in names}
    for epoch in (0, *SNAPSHOTS[:-1]):
        snapshot = load_choice("full", after=epoch) if epoch else build_choice("full").eval()
        alike = likeness(snapshot, last, images, names)
        for layer in names:
            curves[layer].append(over_channels(alike[layer]))
    return {"layers": names, "epochs": [0, *SNAPSHOTS[:-1]], "pictures": LOOKED_AT, "r": curves}


def over_channels(values: np.ndarray):
    """The mean over channels that have a value, with its interval over channels."""
    return bu.bootstrap(np.mean, values[np.isfinite(values)])


def claims() -> list[Row]:
    """Their claims beside what was measured, as far as it was."""
    found = storing.read().get("features", {})
    grown = [row for name in NAMES if name in found for row in growing(TITLES[name], found[name])]
    return grown + (early_and_late(found["settling"]) if "settling" in found else [])


def growing(title: str, part: dict) -> list[Row]:
    """Do features grow with depth, in one network?"""
    means, where = part["one kind"], "12a, `selectivity`"
    steps = [apart(before, after) for before, after in pairwise(means)]
    by_layer = (
        f"{', '.join(ends(one, 0) for one in means)} % of a channel's top {TOP}; chance {ends(part['chance'], 0)}"
    )
    return [
        Row(
            f"Features grow with depth, from edges to kinds: {title}, layer by layer",
            "seen on sheets of nine",
            by_layer,
            None if None in steps else all(steps),
            f"the share of one kind: each layer's interval lies above that of the layer before ({UNPAIRED})",
            where,
        ),
        Row(
            f"The same: {title}, last layer against first",
            "seen on sheets of nine",
            f"{ends(means[0], 0)} and {ends(means[-1], 0)} %",
            apart(means[0], means[-1]),
            f"the last layer's interval lies above the first's ({UNPAIRED})",
            where,
        ),
    ]


def apart(lower, upper) -> bool | None:
    """Does the one interval lie above the other? None if one of them cannot be judged."""
    known = above(-np.inf, lower, upper)
    return above(lower[2], upper) if known else None


def early_and_late(part: dict) -> list[Row]:
    """Do low layers settle early, and high ones late?"""
    at, names, where = part["epochs"].index(EARLY), part["layers"], "12a, `likeness`"
    first, last = (part["r"][layer][at] for layer in (names[0], names[-1]))
    return [
        Row(
            "Low layers settle within a few epochs",
            "a few of 70 epochs",
            f"first layer: r {ends(first)} with the trained network after {EARLY} of {SNAPSHOTS[-1]} epochs; "
            f"{ends(part['r'][names[0]][0])} before training",
            above(SETTLED, first),
            f"r of the first layer is above {SETTLED} after {EARLY} epochs",
            where,
        ),
        Row(
            "High layers settle later",
            "after 40 to 50 of 70 epochs",
            f"last layer: r {ends(last)} after {EARLY} epochs",
            apart(last, first),
            f"the first layer's interval lies above the last layer's, after as many epochs ({UNPAIRED})",
            where,
        ),
    ]


if __name__ == "__main__":
    main()
