"""The README's second picture, docs/images/birds.png: python3 benchmarks/front.py

A photograph that all three BagNets name rightly, one that they get wrong, and the evidence that made them do so.
"""

from pathlib import Path
from typing import NamedTuple

import torch
from matplotlib.figure import Figure
from torch import Tensor

import bagnet_utils as bu
from bagnet_utils.models.zoo import TITLES

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "birds.png"
BAGNETS = ("bagnet9", "bagnet17", "bagnet33")
FILES = {"a flamingo": "test/flamingo/image_0016.jpg", "an ibis": "test/ibis/image_0009.jpg"}  # as in notebook 0
ASKED = "flamingo"


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


def draw() -> Figure:
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


if __name__ == "__main__":
    bu.style(photographs=True)
    draw().savefig(PICTURE, dpi=100)
    print(f"{PICTURE.name}: {PICTURE.stat().st_size / 1e3:.0f} kB")
