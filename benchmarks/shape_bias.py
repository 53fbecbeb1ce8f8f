"""Do networks go by shape or by texture, and can training change it? A part of docs/claims.md.

Cue conflicts as of Geirhos and others (2019): drawn truly in Patchwork, and made of silhouettes and textures
of photographs. And a ResNet trained with coats (and scenery) shuffled among the classes.

python3 course.py shapes             all of it; what was trained already is not trained again
"""

from dataclasses import asdict

import numpy as np
import storing
import torch
from torch import Tensor, nn
from tqdm import tqdm

import bagnet_utils as bu
from bagnet_utils.experiments.masking import occlude
from bagnet_utils.experiments.scrambling import texturise
from bagnet_utils.experiments.shape_bias import (
    ShapeBias,
    bias_difference,
    decide,
    difference_over_kinds,
    shape_bias,
)
from bagnet_utils.models.recipes import patchwork_score
from bagnet_utils.models.shuffled import COMMAND, RECIPE, SHUFFLES, dressed, load_shuffled, row_of, shuffled_pictures
from bagnet_utils.models.training import EXACT, train
from bagnet_utils.models.zoo import NETS, RUNS, build, keep, manifest
from bagnet_utils.statistics import bootstrap, point_difference
from bagnet_utils.worlds.conflicts import KINDS, conflict, patchwork_conflicts
from bagnet_utils.worlds.cutouts import (
    TEXTURED,
    TEXTURES,
    cutouts,
    keep_texture,
    kinds_of,
    photo_conflicts,
    sources,
    textures,
)
from bagnet_utils.worlds.patchwork import Truth
from bagnet_utils.worlds.patchwork.scenes import NAMES, PAIRS

SETS = {  # Patchwork's conflicts: how many, and what is special
    "third scenery": (600, {}),
    "grey ground": (200, {"scenery": False}),
    "details left on": (300, {"details": True}),
}
WATCHED = (0, 1, 8, 9)  # classes with one body in the picture, on which squares are hidden
EACH = 2  # pictures of each
SQUARE = 8  # px
MORE = "more by shape than the resnet"


def trained(what: str) -> nn.Module:
    """The ResNet after the recipe's last epoch; its weights ship from then on."""
    model, folder = build("resnet", "patchwork"), RUNS / f"shuffled-{what.replace(' ', '-')}"
    rows = train(model, shuffled_pictures(RECIPE, what), RECIPE, folder, patchwork_score())
    facts = {**asdict(RECIPE), "seed": 0, "minutes": round(sum(row["seconds"] for row in rows) / 60, 1)}
    facts |= {"threads": torch.get_num_threads(), "device": "processor", "precision": EXACT, "command": COMMAND}
    keep(model, row_of(what).removeprefix("shuffled/"), "shuffled", {**facts, "validation": rows[-1]})
    return model


def make_textures() -> None:
    """The textures that ship, unless they are there."""
    squares, labels = sources()
    if len(list(TEXTURED.glob("*.jpg"))) == len(labels):
        return
    net = bu.load_model("vgg", "photos")
    made = torch.cat([texturise(some, net) for some in squares.split(2)])
    for i, (image, label) in enumerate(zip(made, labels.tolist(), strict=True)):
        keep_texture(image, label, i % TEXTURES)


# ------------------------------------------------------------ measuring


def measure() -> None:
    """Everything, into docs/results.json."""
    nets = {name: bu.load_model(name) for name in NETS} | {f"shuffled {what}": load_shuffled(what) for what in SHUFFLES}
    storing.write("shape_bias", {"patchwork": in_patchwork(nets), "weights": weights()})
    storing.write("shape_bias", {"photos": on_photographs()})
    three = {name: net for name, net in nets.items() if name == "resnet" or name.startswith("shuffled")}
    storing.write("shape_bias", {MORE: more_by_shape(three)})
    storing.write("shape_bias", {"accuracy": accuracies(three), "hidden": hidden(three)})


def weights() -> dict[str, str]:
    """The hash of each shuffled ResNet's weights, as measured."""
    return {what: manifest()[row_of(what)]["sha256"] for what in SHUFFLES}


def in_patchwork(nets: dict[str, nn.Module]) -> dict:
    found = {"pictures": {name: n for name, (n, _) in SETS.items()}}
    for name, (n, how) in SETS.items():
        shown = patchwork_conflicts(n, **how)
        found[name] = {}
        for net, model in tqdm(nets.items(), name):
            one = shape_bias(model, shown.images, shown.shapes, shown.textures, KINDS)
            third = int((one.answers == shown.sceneries.numpy()).sum())
            found[name][net] = told(one) | {"scenery": third, "answers": counted(one.answers, len(KINDS))}
    kinds = torch.arange(100) % len(NAMES)
    for name, cues in (("shape alone", (1, 0, 0)), ("texture alone", (0, 1, 0)), ("all agree", (1, 1, 1))):
        images = [conflict(*(NAMES[k] if cue else None for cue in cues), seed=i) for i, k in enumerate(kinds.tolist())]
        images = torch.from_numpy(np.stack(images))
        found[name] = {net: right(model, images, kinds, KINDS) for net, model in nets.items()}
    return found


def more_by_shape(nets: dict[str, nn.Module]) -> dict:
    """By how many points the others' shape bias lies above the ResNet's: before a third pair's scenery, paired."""
    shown = patchwork_conflicts(SETS["third scenery"][0])
    known = {net: shape_bias(model, shown.images, shown.shapes, shown.textures, KINDS) for net, model in nets.items()}
    return {net: bias_difference(one, known["resnet"]) for net, one in known.items() if net != "resnet"}


def on_photographs() -> dict:
    """Decisions on photographs. They share 21 silhouettes and 14 textures, so intervals are over kinds."""
    cut, (fills, of) = cutouts(), textures()
    groups = kinds_of(cut)
    order = {label: number for number, (label,) in enumerate(groups.values())}
    shapes, kinds = (torch.tensor([order[label] for label in labels.tolist()]) for labels in (cut.labels, of))
    plain = torch.where(cut.masks[:, None], torch.tensor(0.5), torch.tensor(1.0)).expand(-1, 3, -1, -1)
    white, grey = photo_conflicts(), photo_conflicts(ground=0.5)
    found = {"kinds": list(groups), "pictures": len(white.images), "cutouts": len(cut.labels), "textures": len(of)}
    parts = ("white ground", "grey ground", "whole pictures", "shape alone", "texture alone")
    found |= {part: {} for part in parts}
    known = {}
    for name in [name for name in NETS if "photos" in NETS[name].worlds]:
        net = bu.load_model(name, "photos")
        for part, shown in (("white ground", white), ("grey ground", grey)):
            one = known[part, name] = shape_bias(net, shown.images, shown.shapes, shown.textures, groups)
            found[part][name] = {"decisions": one.counts, "bias": one.bias_over_kinds}
            found[part][name]["answers"] = counted(one.answers, len(groups))
        for part, images, truth in zip(parts[2:], (cut.images, plain, fills), (shapes, shapes, kinds), strict=True):
            found[part][name] = right(net, images, truth, groups)
    first = known[parts[0], "bagnet9"]
    found["more than bagnet9"] = {
        name: difference_over_kinds(one, first) for (part, name), one in known.items()
        if part == parts[0] and one is not first
    }  # fmt: skip
    return found


def told(one: ShapeBias) -> dict:
    """Decisions by shape, by texture, for others; the bias; and the bias for each shape."""
    return {"decisions": list(one.counts), "bias": one.bias, "by kind": {kind: one.of_kind(kind) for kind in one.kinds}}


def counted(answers: np.ndarray, kinds: int) -> list[int]:
    return np.bincount(answers, minlength=kinds).tolist()


def right(model: nn.Module, images: Tensor, kinds: Tensor, groups: dict) -> int:
    return int((decide("right", model, images, groups)[1] == kinds.numpy()).sum())


def accuracies(nets: dict[str, nn.Module], n: int = 300) -> dict:
    """Of n test pictures in their own coats, in shuffled ones, and before shuffled scenery: right by pair, and all."""
    truth = Truth(PAIRS, "test", n, 0)
    labels, found = torch.from_numpy(truth.labels), {"pictures": n}
    own = bu.load_world("patchwork", "test", n)
    shown = {"own": own.images}
    for what in SHUFFLES:
        shown[what] = torch.from_numpy(np.stack([dressed(truth, i, what).image for i in range(n)]))
    hits = {(net, what): (bu.predict(model, images) == labels).numpy() for net, model in nets.items()
            for what, images in shown.items()}  # fmt: skip
    for net in nets:
        found[net] = {
            what: {pair: int(hits[net, what][labels.numpy() // 2 == k].sum()) for k, pair in enumerate(NAMES)}
            for what in shown
        }
        others = labels.numpy() // 2 != 0  # all but zebras and leopards
        lost = bootstrap(point_difference, hits["resnet", "own"][others], hits[net, "own"][others])
        found[net]["lost without the coat's pair"] = lost
    return found


def hidden(nets: dict[str, nn.Module]) -> dict:
    """What an 8-px square does where it hides outline, inside or ground: its mean effect on the kind's log-odds."""
    world = bu.load_world("patchwork", "test", 120)
    chosen = [i for label in WATCHED for i in (world.labels == label).nonzero()[:EACH, 0].tolist()]
    found, shares = {"pictures": len(chosen)}, {}
    for net, model in tqdm(nets.items(), "hiding squares"):
        parts = [
            by_region(effects(model, world.images[i], int(world.labels[i]) // 2), world.truth[i].object) for i in chosen
        ]
        total = np.array(parts)  # pictures x regions
        shares[net] = 100 * total / total.sum(1, keepdims=True)
        found[net] = {region: bootstrap(np.mean, column) for region, column in zip(REGIONS, shares[net].T, strict=True)}
    for net in shares:
        if net != "resnet":
            more = {
                region: bootstrap(mean_difference, *both)
                for region, *both in zip(REGIONS, shares[net].T, shares["resnet"].T, strict=True)
            }
            found[net]["more than the ResNet"] = more
    return found


REGIONS = ("outline", "inside", "ground")


def effects(model: nn.Module, image: Tensor, kind: int) -> np.ndarray:
    """By how much each square lowers the log-odds of a kind (a pair of classes): 16 x 16."""
    one = occlude(model, image, size=SQUARE, stride=SQUARE)
    return (log_odds(one.before, kind) - log_odds(one.logits, kind)).numpy()


def log_odds(logits: Tensor, kind: int) -> Tensor:
    own = torch.zeros(logits.shape[-1], dtype=torch.bool)
    own[[*KINDS.values()][kind],] = True
    return logits[..., own].logsumexp(-1) - logits[..., ~own].logsumexp(-1)


def by_region(lowered: np.ndarray, thing: np.ndarray) -> list[float]:
    """The sum of all that squares lower, where they lie on the outline, inside the creature, and on the ground."""
    share = thing.reshape(len(lowered), SQUARE, -1, SQUARE).mean((1, 3))
    inside, ground = share > 0.95, share < 0.05
    return [float(lowered[where].clip(0).sum()) for where in (~inside & ~ground, inside, ground)]


def mean_difference(first, second, axis: int = -1) -> float:
    return first.mean(axis) - second.mean(axis)


if __name__ == "__main__":
    for what in SHUFFLES:
        trained(what)
    make_textures()
    measure()
