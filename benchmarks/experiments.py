"""Measure the experiments of Brendel and Bethge (2019) on all nets of a world, into docs/experiments.json.

Run by `python3 course.py claims`; docs/claims.md shows what is found here.
"""

import copy
import json
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

import bagnet_utils as bu
from bagnet_utils.experiments.agreement import class_correlation, error_consistency, missed_by_all
from bagnet_utils.experiments.attributions import METHODS
from bagnet_utils.models.scores import logits
from bagnet_utils.models.zoo import manifest
from bagnet_utils.statistics import Unsure, bootstrap, correlations_apart

TITLES = {"bagnet9": "BagNet-9", "bagnet17": "BagNet-17", "bagnet33": "BagNet-33", "resnet": "ResNet", "vgg": "VGG",
          "densenet": "DenseNet", "vit": "ViT", "vit_bag": "ViT without positions"}  # fmt: skip
FOUND = Path(__file__).parents[1] / "docs" / "experiments.json"
# What suits a world: gaps and sides of masks, px (no side: as wide as the gap); and how many masks the masking
# test lays, up to an eighth of the picture as in the paper
GAPS = {"patchwork": ((8, None), (16, None), (24, None), (32, None), (40, None)),
        "photos": ((4, 8), (8, 8), (16, 8), (24, 8), (32, 8))}  # fmt: skip
MASKS = {"patchwork": (0, 2, 4, 8, 16, 32), "photos": (0, 2, 4, 8, 16, 32)}
MOST = {"patchwork": {"texturised": 40, "interaction": 100, "sensitivity": 30},  # pictures: larger ones take longer
        "photos": {"texturised": 60, "interaction": 100, "sensitivity": 60}}  # fmt: skip


def measure(world: str, images: Tensor, labels: Tensor, nets: dict[str, nn.Module]) -> None:
    """All experiments that need nothing but pictures, labels and nets. Pictures are spread over the classes."""
    write(world, {"weights": {name: manifest()[f"{world}/{name}"]["sha256"] for name in nets}})
    some = {what: spread(labels, count) for what, count in MOST[world].items()}
    textured, masked, curves = some["texturised"], images[some["interaction"]], images[some["sensitivity"]]
    write(world, {"exact": exact(images[:100], nets)})
    kinds = labels // 2 if world == "patchwork" else labels  # the two classes of a pair are as hard as each other
    write(world, {"errors": errors(images, labels, nets, kinds)})
    write(world, {"interaction": interactions(masked, nets, GAPS[world])})
    write(world, {"sensitivity": sensitivity(curves, nets, MASKS[world])})
    write(world, {"texturised": texturised(images[textured], labels[textured], nets)})


def write(world: str, found: dict) -> None:
    known = json.loads(FOUND.read_text(encoding="utf-8")) if FOUND.exists() else {}
    known[world] = {**known.get(world, {}), **found}
    FOUND.write_text(json.dumps(rounded(known), indent=1, sort_keys=True) + "\n", encoding="utf-8")


def rounded(found):
    """The same with floats of six digits, null for NaN and infinity, and in words what cannot be judged."""
    if isinstance(found, Unsure) and np.isnan(found.value):
        return str(found)
    if isinstance(found, dict):
        return {name: rounded(value) for name, value in found.items()}
    if isinstance(found, (list, tuple)):
        return [rounded(value) for value in found]
    if isinstance(found, float):
        return float(f"{found:.6g}") if np.isfinite(found) else None
    return found


def speed() -> float:
    """How many times as many pictures of 224 px a ResNet-50 answers in a second as the published size of BagNet-33."""
    from torchvision.models import resnet50

    images, seconds = torch.rand(4, 3, 224, 224), {}
    for name, net in (("bagnet", bu.bagnet33().eval()), ("resnet", resnet50().eval())):
        net = net.to(memory_format=torch.channels_last)
        runs = []
        for _ in range(4):
            started = time.perf_counter()
            logits(net, images)
            runs.append(time.perf_counter() - started)
        seconds[name] = min(runs[1:])
    return seconds["bagnet"] / seconds["resnet"]


def telling(world, net: nn.Module, count: int = 50) -> dict[str, int]:
    """Of the patches that most tell a tench from a carp, how many show fingers (10 pixels of them at least)?"""
    tench, carp = world.classes.index("tench"), world.classes.index("carp")
    some = (world.labels == tench).nonzero()[:, 0]
    best = bu.top_patches(net, world.images[some], tench, k=count, rather_than=carp)
    on = 0
    for patch in best:
        fingers = world.truth[int(some[patch.picture])].fingers
        window = slice(patch.row, patch.row + net.patch_size), slice(patch.column, patch.column + net.patch_size)
        on += int(fingers[window].sum() >= 10)
    return {"patches": len(best), "on fingers": on}


def spread(labels: Tensor, count: int) -> Tensor:
    """Numbers of `count` pictures that are spread evenly over the classes."""
    return labels.argsort(stable=True)[torch.linspace(0, len(labels) - 1, min(count, len(labels))).long()]


def exact(images: Tensor, nets: dict[str, nn.Module]) -> dict[str, float]:
    """The largest difference between a BagNet's logits and the mean of its patches' evidence, in logits."""
    bags = {name: net for name, net in nets.items() if net.patch_size}
    return {
        name: (bu.evidence(net, images).mean((2, 3)) - logits(net, images)).abs().max().item()
        for name, net in bags.items()
    }


def errors(images: Tensor, labels: Tensor, nets: dict[str, nn.Module], kinds: Tensor) -> dict:
    """Who is right on how many pictures, who errs on the same ones as BagNet-33, and which all nets miss.

    kinds: of what kind each picture is, to see whether those that are hard for one net are hard for another.
    """
    answers = {name: bu.predict(net, images) for name, net in nets.items()}
    right = {name: (answer == labels).numpy() for name, answer in answers.items()}
    by_kind = {name: torch.where(answer == labels, kinds, -1) for name, answer in answers.items()}
    pairs = {}
    for name in answers:
        if name != "bagnet33":
            kappa = error_consistency(answers["bagnet33"], answers[name], labels).kappa
            hard = class_correlation(by_kind["bagnet33"], by_kind[name], kinds, int(kinds.max()) + 1)
            pairs[name] = {"kappa": kappa, "classes": hard}
    three = pairwise(("bagnet9", "bagnet17", "bagnet33"))
    return {
        "pictures": len(labels), "with bagnet33": pairs, "missed by all": missed_by_all(answers, labels),
        "right": {name: int(some.sum()) for name, some in right.items()},
        "points above the smaller": {name: bootstrap(points_above, right[name], right[less]) for less, name in three},
        "percent of the resnet": bootstrap(percent_of, right["bagnet33"], right["resnet"]),
    }  # fmt: skip


def points_above(one: np.ndarray, other: np.ndarray, axis: int = -1) -> float:
    """How many percent of the pictures more the one has right than the other (N booleans each)."""
    return 100 * (one.mean(axis) - other.mean(axis))


def percent_of(one: np.ndarray, other: np.ndarray, axis: int = -1) -> float:
    """How many pictures the one has right, in percent of those that the other has."""
    return 100 * one.mean(axis) / other.mean(axis)


def texturised(images: Tensor, labels: Tensor, nets: dict[str, nn.Module]) -> dict:
    """Right answers before and after the pictures were made anew from their texture statistics."""
    started = time.monotonic()
    parts = [bu.texturise(some, nets["vgg"], steps=200) for some in tqdm(images.split(20), "texturised")]
    seconds = (time.monotonic() - started) / len(images)
    new = torch.cat(parts)
    right = {name: [(bu.predict(net, some) == labels).numpy() for some in (images, new)] for name, net in nets.items()}
    return {
        "pictures": len(labels), "seconds a picture": round(seconds, 2),
        "right": {name: [int(some.sum()) for some in both] for name, both in right.items()},
        "percent kept": {name: bootstrap(percent_of, after, before) for name, (before, after) in right.items()},
    }  # fmt: skip


def interactions(images: Tensor, nets: dict[str, nn.Module], gaps) -> dict:
    """For each net and each gap between masks: the correlation, and the largest difference in logits.

    And by how much Fisher's z of the correlation is higher at the largest gap than at the smallest; and, of BagNet-33
    at the smallest gap, higher than the others'.
    """
    found = {"pictures": len(images), "gaps": [gap for gap, _ in gaps], "size": [size or gap for gap, size in gaps]}
    near = {}
    for name, net in tqdm(nets.items(), "interactions"):
        runs = [bu.interaction(net, images, gap, size) for gap, size in gaps]
        near[name] = runs[0]
        found[name] = {
            "z, far above near": correlations_apart(*runs[-1], *runs[0]),
            "correlation": [run.correlation for run in runs],
            "left over": [run.left_over for run in runs],
            "apart": [(run.together - run.apart).abs().max().item() for run in runs],
        }
        if net.patch_size:  # is what is left nothing but rounding? Ten pictures, in double precision
            some, exact_net = images[:: max(1, len(images) // 10)], copy.deepcopy(net).double()
            runs = [bu.interaction(exact_net, some, gap, size) for gap, size in gaps]
            found[name]["apart, double"] = [(run.together - run.apart).abs().max().item() for run in runs]
    above = {name: correlations_apart(*near["bagnet33"], *run) for name, run in near.items() if name != "bagnet33"}
    return {**found, "z, bagnet33 above": above}


def sensitivity(images: Tensor, nets: dict[str, nn.Module], masks: tuple[int, ...]) -> dict:
    """The leading class's probability while patches are hidden, in the order of each method's map of the net itself,
    of each BagNet's heatmap, and at random.

    For each net and method: the mean curve; its end; the mean over the curve; and how far that lies above the one of
    each BagNet's heatmap. All but the curve have their intervals. And by how much VGG's end, masked by BagNet-33's
    heatmap, lies below the others'.
    """
    found, ends = {"pictures": len(images), "masks": list(masks)}, {}
    bags = {f"heatmap of {TITLES[name]}": net for name, net in nets.items() if net.patch_size}
    for name, net in tqdm(nets.items(), "sensitivity"):
        leading, curves = bu.predict(net, images).tolist(), {}

        def curve(title, maps, net=net, curves=curves):
            pairs = zip(images, maps, strict=True)
            curves[title] = np.stack([bu.masking_curve(net, image, heat, masks).cpu() for image, heat in pairs])

        def maps(asked, *how, leading=leading):
            return [bu.attribute(asked, image, best, *how) for image, best in zip(images, leading, strict=True)]

        for title, other in bags.items():
            curve(title, maps(other, "heatmap"))
        curve("random", [bu.attribute(net, image, 0, "random", seed=n) for n, image in enumerate(images)])
        for method in METHODS:
            try:
                found_maps = maps(net, method)
            except bu.BadInput as problem:
                tqdm.write(f"{name}: {problem}")
                continue
            curve(method, found_maps)
            if method == "deeplift":  # two choices that are seldom told: is the sign kept, and what is blank?
                curve("deeplift, sign dropped", [heat.abs() for heat in found_maps])
                curve("deeplift from black", maps(net, method, "black"))
        found[name] = {
            title: {
                "curve": curve.mean(0).tolist(),
                "end": bootstrap(np.mean, curve[:, -1]),
                "mean": bootstrap(np.mean, curve[:, 1:].mean(1)),
                "above": {bag: bootstrap(np.mean, (curve - curves[bag])[:, 1:].mean(1)) for bag in bags},
            }
            for title, curve in curves.items()
        }
        ends[name] = curves["heatmap of BagNet-33"][:, -1]
    below = {name: bootstrap(np.mean, end - ends["vgg"]) for name, end in ends.items() if name != "vgg"}
    return {**found, "vgg below": below}
