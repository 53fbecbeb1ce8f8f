"""What features stay as they are, and do they know a part again? A part of docs/claims.md.

Zeiler and Fergus (2014) moved, scaled and turned five pictures (their section 4.1), and hid the same part in five
pictures of dogs (their section 4.3). Here: a dozen photographs and a dozen scenes of Patchwork, and ten of each kind.

python benchmarks/changes.py            all of it; what is there already is not measured again
"""

from collections.abc import Callable, Iterator
from functools import cache
from itertools import cycle, islice, product

import numpy as np
import storing
import torch
from torch import Tensor

import bagnet_utils as bu
from bagnet_utils.experiments.correspondence import correspondence, elsewhere, figure_box, head_box, square
from bagnet_utils.experiments.invariance import Curve, invariance_curve, move, turn, zoom
from bagnet_utils.experiments.looking_inside import layers
from bagnet_utils.statistics import bootstrap, correlation
from bagnet_utils.worlds.patchwork.staging import staged

NAMES = ("vgg", "resnet", "bagnet33", "vit", "bagnet17", "bagnet9", "densenet")
JUDGES = ("vgg", "resnet", "bagnet33", "vit")  # a photograph is taken if all of them classify it correctly
GRIDS = {"bagnet9": 8, "bagnet17": 8, "bagnet33": 8, "vgg": 16, "resnet": 16, "densenet": 16, "vit": 8}  # px
DOZEN, TEN, DRAWS = 12, 10, 3
AMOUNTS = {
    "shift": tuple(sorted([-2, 2, *range(-32, 33, 4)])),  # px
    "scale": (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0),  # times
    "rotation": tuple(range(0, 360, 30)),  # degrees
}
SIDE = 128
FACE, STREET = (16, 112, 16, 112), (44, 100, 12, 116)  # rows and columns in which random places lie
PARTS = {  # of photographs: row and column of a square of 20 px, the same in all pictures
    ("cougar_face", "left eye"): (42, 44),
    ("cougar_face", "right eye"): (42, 76),
    ("cougar_face", "nose"): (70, 58),
    ("car_side", "left wheel"): (70, 36),
    ("car_side", "right wheel"): (70, 80),
}


def main() -> None:
    parts = ("invariance", invariance_of, JUDGES), ("correspondence", correspondence_of, NAMES)
    for (part, measure, names), world in product(parts, ("patchwork", "photos")):
        for name in names:
            key = f"{world}, {name}"
            if key not in storing.read().get(part, {}):
                storing.write(part, {key: measure(bu.load_model(name, world=world), name, world)})
                print(part, key, flush=True)


# ------------------------------------------------------------ invariance


@cache
def dozen(world: str) -> tuple[list[int], Tensor, Tensor, list]:
    """A dozen test pictures by rule: their numbers, they themselves, their labels, the scenes behind them (if any).

    Photographs: the first test picture of each of the first twelve kinds that all JUDGES classify correctly. Patchwork:
    the first test scene of each class that they classify correctly, but for BagNet-33, which cannot read all orders;
    then the second of each, until there are twelve.
    """
    pictures = bu.load_world(world, "test", n=None if world == "photos" else 100)
    nets = [bu.load_model(name, world=world) for name in JUDGES if world == "photos" or name != "bagnet33"]

    def right(kind: int) -> Iterator[int]:
        for number in (pictures.labels == kind).nonzero()[:, 0].tolist():
            if all(int(bu.predict(net, pictures.images[number])) == kind for net in nets):
                yield number

    of_kind = [right(kind) for kind in range(len(pictures.classes))]
    chosen: list[int] = []
    for mine in islice(cycle(of_kind), 10 * len(of_kind)):
        if len(chosen) < DOZEN:
            chosen += islice(mine, 1)
    scenes = [] if world == "photos" else [pictures.truth[number] for number in chosen]
    return chosen, pictures.images[chosen], pictures.labels[chosen], scenes


def transforms(world: str) -> dict[str, Callable]:
    """Photographs are resampled. Scenes are drawn anew: their creatures move, and their scenery stays."""
    if world == "photos":
        return {"shift": move, "scale": zoom, "rotation": turn}
    return {what: (lambda images, amount, what=what: drawn(what, amount)) for what in AMOUNTS}


@cache
def drawn(what: str, amount: float) -> Tensor:
    scenes = dozen("patchwork")[3]
    if what == "shift":
        pictures = [scene.redraw(down=amount).image for scene in scenes]
    else:
        pictures = [
            staged(scene, **{"scale": {"zoom": amount}, "rotation": {"turn": amount}}[what]) for scene in scenes
        ]
    return torch.from_numpy(np.array(pictures))


def invariance_of(model, name: str, world: str) -> dict:
    numbers, images, labels, _ = dozen(world)
    places = {"first": layers(model)[0], "last": layers(model)[-1], "top": "top"}
    found = {"pictures": numbers, "classes": labels.tolist(), "layers": places}
    for what, transform in transforms(world).items():
        curve = invariance_curve(model, images, labels, list(places.values()), transform, AMOUNTS[what])
        at = {amount: row for row, amount in enumerate(curve.amounts)}
        found[what] = {"amounts": curve.amounts, "probability": curve.probability()}
        for depth, layer in places.items():
            found[what][depth] = curve.distance(layer)
        if what == "shift":
            found["grid"] = grid_shows(curve, at, GRIDS[name])
            found["at once"] = {depth: share_of(curve, at, places[depth], 2, 32) for depth in places}
            found["half way"] = {depth: share_of(curve, at, places[depth], 16, 32) for depth in places}
            moved = curve.probabilities
        elif what == "scale":
            found["half scale"] = {
                depth: bootstrap(ratio, curve.distances[layer][at[1.5]], curve.distances[layer][at[2.0]])
                for depth, layer in places.items()
            }
            scaled = curve.probabilities
        else:
            turned = curve.probabilities
            kept, like = turned[at[180]] / turned[0], symmetry(images)
            if world == "patchwork":  # spots are alike whichever way they are turned; stripes and an order are not
                kept, like = turned[1:].mean(0) / turned[0], (labels == 1).double().tolist()
            found["symmetric"] = {"kept": kept.tolist(), "symmetry": like, "r": correlation(kept, like)}
    found["probability, moved minus turned"] = bootstrap(difference, moved.mean(0), turned[1:].mean(0))
    found["probability, scaled minus turned"] = bootstrap(difference, scaled.mean(0), turned[1:].mean(0))
    return found


def share_of(curve: Curve, at: dict, layer: str, near: int, far: int):
    """The distance at a small shift as a share of that at a large one; of both directions."""
    one, other = (curve.distances[layer][[at[-step], at[step]]].mean(0) for step in (near, far))
    return bootstrap(ratio, one, other)


def ratio(one: np.ndarray, other: np.ndarray, axis: int = -1) -> float:
    return one.mean(axis) / other.mean(axis)


def difference(one: np.ndarray, other: np.ndarray, axis: int = -1) -> float:
    return one.mean(axis) - other.mean(axis)


def grid_shows(curve: Curve, at: dict, period: int) -> dict:
    """Distance at the top half a period beside steps of the grid, minus that on them: above 0 where the grid shows."""
    top, half = curve.distances["top"], period // 2
    on = [sign * step for sign in (-1, 1) for step in range(period, 33 - half, period)]
    beside = [(top[at[step - half]] + top[at[step + half]]) / 2 for step in on]
    found = {step: bootstrap(np.mean, top[at[step]]) for step in (4, 8, 12, 16, 20, 24)}
    return {
        "period": period,
        "beside minus on": bootstrap(difference, np.mean(beside, 0), top[[at[s] for s in on]].mean(0)),
        "at": found,
    }


def symmetry(images: Tensor) -> list[float]:
    """How like itself each picture is after a half turn: r over its pixels."""
    flat = [
        (pictures - pictures.mean((2, 3), keepdim=True)).flatten(1).double() for pictures in (images, turn(images, 180))
    ]
    return torch.nn.functional.cosine_similarity(*flat).tolist()


# ------------------------------------------------------------ correspondence


@cache
def casts(world: str) -> dict[str, tuple[Tensor, np.ndarray, np.ndarray]]:
    """What is hidden -> ten pictures, the part in each, and the objects on which random parts lie."""
    if world == "patchwork":
        truth = bu.load_world("patchwork", "test", n=100).truth
        of = {label: [scene for scene in truth if scene.label == label][:TEN] for label in (0, 2)}
        parts = {figure: [figure_box(scene, k) for scene in of[2]] for k, figure in enumerate(("eyes", "beak", "feet"))}
        cast = {f"owl, {figure}": (of[2], masks) for figure, masks in parts.items()}
        cast["zebra, head"] = of[0], [head_box(scene) for scene in of[0]]
        return {
            what: (
                torch.from_numpy(np.array([s.image for s in scenes])),
                np.array(masks),
                np.array([s.object for s in scenes]),
            )
            for what, (scenes, masks) in cast.items()
        }
    photos, found = bu.load_world("photos", "test", n=None), {}
    for (kind, part), (row, column) in PARTS.items():
        images = photos.images[photos.labels == photos.classes.index(kind)][:TEN]
        top, bottom, left, right = FACE if kind == "cougar_face" else STREET
        objects, parts = np.zeros((2, TEN, SIDE, SIDE), bool)
        objects[:, top:bottom, left:right] = True
        parts[:] = square((SIDE, SIDE), row, column, 20)
        found[f"{kind}, {part}"] = images, parts, objects
    return found


def correspondence_of(model, name: str, world: str) -> dict:
    """By what is hidden, by the control and how, and by layer: same, random, random minus same, percent of zeros.

    For photographs also against one random place, the same in all pictures.
    """
    names, found = [*layers(model), "top"], {"pictures": TEN, "draws": DRAWS, "layers": [*layers(model), "top"]}
    for what, (images, parts, objects) in casts(world).items():
        found[what] = {}
        for control, places in (("random", True), ("random", False), ("one place", True)):
            if control == "one place" and world == "patchwork":
                continue  # of columns of owls, a step is the same part again
            masks = [elsewhere(parts, objects, seed, together=control == "one place") for seed in range(DRAWS)]
            masks = [torch.from_numpy(mask) for mask in masks]
            now = correspondence(model, images, torch.from_numpy(parts), masks, names, places)
            found[what][f"{control}, {'with places' if places else 'means'}"] = {
                layer: [one.same, one.random, one.more, one.zeros] for layer, one in now.items()
            }
    return found


if __name__ == "__main__":
    main()
