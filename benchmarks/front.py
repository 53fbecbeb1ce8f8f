"""Photographs and exact maps for the README and for docs/package.md: python3 benchmarks/front.py, or with the claims.

birds.png: a photograph that all three BagNets name rightly, one that they get wrong, and the evidence that made them do
so. photos.png: four kinds.
"""

from pathlib import Path
from typing import NamedTuple

import matplotlib
import torch
from matplotlib.figure import Figure
from torch import Tensor

import bagnet_utils as bu
from bagnet_utils.models.zoo import TITLES

IMAGES = Path(__file__).parents[1] / "docs" / "images"
PICTURE = IMAGES / "birds.png"
BAGNETS = ("bagnet9", "bagnet17", "bagnet33")
FILES = {"a flamingo": "test/flamingo/image_0016.jpg", "an ibis": "test/ibis/image_0009.jpg"}  # as in notebook 0
ASKED = "flamingo"
SHOWN = {"flamingo": 0, "sunflower": 0, "grand_piano": 1, "minaret": 2}  # which test picture of a kind, in photos.png


class Told(NamedTuple):
    """What a network makes of a photograph."""

    answer: str
    percent: float  # the probability of this answer
    patches: int
    heat: Tensor  # evidence for ASKED, a value for each pixel


def photographs() -> list[Tensor]:
    world = bu.load_world("photos", n=None)
    places = [Path(file).as_posix() for file in world.truth]
    return [world.images[next(n for n, one in enumerate(places) if one.endswith(file))] for file in FILES.values()]


def told(name: str, image: Tensor) -> Told:
    net = bu.load_model(name, world="photos")
    with torch.no_grad():
        chance, answer = net(image[None])[0].softmax(0).max(0)
    heat = bu.heatmap(net, image, net.classes.index(ASKED), stride=1)
    patches = bu.evidence(net, image)[0, 0].numel()
    return Told(net.classes[answer], 100 * chance.item(), patches, heat)


def birds() -> Figure:
    images = photographs()
    found = [[told(name, image) for name in BAGNETS] for image in images]
    columns = [f"{TITLES[name]}: {one.patches} patches" for name, one in zip(BAGNETS, found[0], strict=True)]
    figure = bu.show_heatmaps(
        torch.stack(images),
        [[one.heat for one in row] for row in found],
        list(FILES),
        columns,
        f"Where three BagNets see evidence for {ASKED} (red) and against it (blue)",
    )
    for number, one in enumerate(one for row in found for one in row):
        axis = figure.axes[number // 3 * 4 + 1 + number % 3]
        axis.set_xlabel(f"says {one.answer}, {one.percent:.0f} %", fontsize=10)
    return figure


def four_kinds() -> Figure:
    world = bu.load_world("photos", n=None)
    chosen = [int((world.labels == world.classes.index(kind)).nonzero()[n, 0]) for kind, n in SHOWN.items()]
    bagnets = [bu.load_model(name, world="photos") for name in BAGNETS]
    maps = [
        [bu.heatmap(model, world.images[one], int(world.labels[one]), stride=1) for model in bagnets] for one in chosen
    ]
    kinds, titles = [kind.replace("_", " ") for kind in SHOWN], [f"{TITLES[name]}'s evidence" for name in BAGNETS]
    return bu.show_heatmaps(world.images[chosen], maps, kinds, titles)


def draw_all() -> None:
    with matplotlib.rc_context():
        bu.style(photographs=True)
        four_kinds().savefig(IMAGES / "photos.png", dpi=90)
        birds().savefig(PICTURE, dpi=100)


if __name__ == "__main__":
    draw_all()
