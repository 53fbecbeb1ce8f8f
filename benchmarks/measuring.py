"""Measure the experiments of Brendel and Bethge (2019) on all nets of a world. Run by `python3 course.py claims`."""

import copy
import time
from itertools import pairwise

import numpy as np
import storing
import torch
from torch import Tensor, nn
from tqdm import tqdm

import bagnet_utils as bu
from bagnet_utils.experiments.agreement import missed_by_all
from bagnet_utils.experiments.attributions import METHODS, masking_curves
from bagnet_utils.experiments.interactions import interaction_curve
from bagnet_utils.experiments.patches import pixels_on
from bagnet_utils.experiments.scrambling import scrambling_curve
from bagnet_utils.models.zoo import TITLES, manifest
from bagnet_utils.statistics import correlation_difference, percent_of, point_difference

# What suits a world: gaps and sides of masks, px (no side: as wide as the gap); and how many masks the masking
# test lays, up to an eighth of the picture as in the paper
GAPS = {"patchwork": (8, 16, 24, 32, 40), "photos": (4, 8, 16, 24, 32)}
SIZE = {"patchwork": None, "photos": 8}
TILES = (128, 64, 32, 16, 8)  # px; 128: the whole picture
MASKS = {"patchwork": (0, 2, 4, 8, 16, 32), "photos": (0, 2, 4, 8, 16, 32)}
# Pictures; larger ones take longer
MOST = {"patchwork": {"scrambled": 1000, "texturised": 40, "interaction": 100, "sensitivity": 30},
        "photos": {"scrambled": 715, "texturised": 60, "interaction": 100, "sensitivity": 60}}  # fmt: skip


def measure(world: str, images: Tensor, labels: Tensor, nets: dict[str, nn.Module]) -> None:
    """All experiments that need nothing but pictures, labels and nets. Pictures are spread over the classes."""
    storing.write(world, {"weights": {name: manifest()[f"{world}/{name}"]["sha256"] for name in nets}})
    chosen = {what: spread(labels, count) for what, count in MOST[world].items()}
    textured, masked, curves = chosen["texturised"], images[chosen["interaction"]], images[chosen["sensitivity"]]
    storing.write(world, {"exact": exact(images[:100], nets)})
    kinds = labels // 2 if world == "patchwork" else labels  # the two classes of a pair are as hard as each other
    storing.write(world, {"errors": errors(images, labels, nets, kinds)})
    storing.write(world, {"interaction": interactions(masked, nets, GAPS[world], SIZE[world])})
    storing.write(world, {"sensitivity": sensitivity(curves, nets, MASKS[world])})
    mixed = chosen["scrambled"]
    storing.write(world, {"scrambled": scrambled(images[mixed], labels[mixed], nets)})
    storing.write(world, {"texturised": texturised(images[textured], labels[textured], nets)})


def speed() -> float:
    """How many times as many pictures of 224 px a ResNet-50 answers in a second as the published size of BagNet-33."""
    from torchvision.models import resnet50

    images, seconds = torch.rand(4, 3, 224, 224), {}
    for name, net in (("bagnet", bu.bagnet33().eval()), ("resnet", resnet50().eval())):
        net = net.to(memory_format=torch.channels_last)
        runs = []
        for _ in range(4):
            started = time.perf_counter()
            bu.logits(net, images)
            runs.append(time.perf_counter() - started)
        seconds[name] = min(runs[1:])
    return seconds["bagnet"] / seconds["resnet"]


def telling(world, net: nn.Module, count: int = 50) -> dict[str, int]:
    """Of the patches that most tell a tench from a carp, how many show fingers (10 pixels of them at least)?"""
    tench, carp = world.classes.index("tench"), world.classes.index("carp")
    held = (world.labels == tench).nonzero()[:, 0].tolist()
    best = bu.top_patches(net, world.images[held], tench, k=count, rather_than=carp)
    fingers = [world.truth[number].fingers for number in held]
    return {"patches": len(best), "on fingers": sum(pixels >= 10 for pixels in pixels_on(best, fingers))}


def spread(labels: Tensor, count: int) -> Tensor:
    """Numbers of `count` pictures that are spread evenly over the classes."""
    return labels.argsort(stable=True)[torch.linspace(0, len(labels) - 1, min(count, len(labels))).long()]


def exact(images: Tensor, nets: dict[str, nn.Module]) -> dict[str, float]:
    """The largest difference between a BagNet's logits and the mean of its patches' evidence, in logits."""
    bags = {name: net for name, net in nets.items() if net.patch_size}
    return {
        name: (bu.evidence(net, images).mean((2, 3)) - bu.logits(net, images)).abs().max().item()
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
            kappa = bu.error_consistency(answers["bagnet33"], answers[name], labels).kappa
            hard = bu.class_correlation(by_kind["bagnet33"], by_kind[name], kinds, int(kinds.max()) + 1)
            pairs[name] = {"kappa": kappa, "classes": hard}
    points = {
        larger: bu.bootstrap(point_difference, right[larger], right[smaller])
        for smaller, larger in pairwise(("bagnet9", "bagnet17", "bagnet33"))
    }
    return {
        "pictures": len(labels),
        "with bagnet33": pairs,
        "missed by all": missed_by_all(answers, labels),
        "right": {name: int(hits.sum()) for name, hits in right.items()},
        "points above the smaller": points,
        "percent of the resnet": bu.bootstrap(percent_of, right["bagnet33"], right["resnet"]),
    }


def scrambled(images: Tensor, labels: Tensor, nets: dict[str, nn.Module]) -> dict:
    """Right answers by the tile into which the pictures were cut, in px, before the tiles were shuffled."""
    right = {}
    for name, net in tqdm(nets.items(), "scrambled"):
        curve = scrambling_curve(net, images, labels, TILES, seed=1)
        right[name] = [int(hits.sum()) for hits in curve.values()]
    return {"pictures": len(labels), "tiles": list(TILES), "right": right}


def texturised(images: Tensor, labels: Tensor, nets: dict[str, nn.Module]) -> dict:
    """Right answers before and after the pictures were made anew from their texture statistics."""
    started = time.monotonic()
    parts = [bu.texturise(part, nets["vgg"], steps=200) for part in tqdm(images.split(20), "texturised")]
    seconds = (time.monotonic() - started) / len(images)
    new = torch.cat(parts)
    right = {
        name: [(bu.predict(net, pictures) == labels).numpy() for pictures in (images, new)]
        for name, net in nets.items()
    }
    return {
        "pictures": len(labels),
        "seconds a picture": round(seconds, 2),
        "right": {name: [int(hits.sum()) for hits in both] for name, both in right.items()},
        "percent kept": {name: bu.bootstrap(percent_of, after, before) for name, (before, after) in right.items()},
        "vgg keeps more": {  # than the others, in points of these percents: the textures are made of its features
            name: bu.bootstrap(kept_more, *right["vgg"], *both) for name, both in right.items() if name != "vgg"
        },
    }


def kept_more(before, after, others_before, others_after, axis: int = -1):
    """What percent of its right answers a net keeps, minus what another keeps (N booleans each)."""
    return percent_of(after, before, axis) - percent_of(others_after, others_before, axis)


def interactions(images: Tensor, nets: dict[str, nn.Module], gaps: tuple[int, ...], size: int | None) -> dict:
    """For each net and each gap between masks: the correlation, and the largest difference in logits.

    And by how much Fisher's z of the correlation is higher at the largest gap than at the smallest; and, of BagNet-33
    at the smallest gap, higher than the others'.
    """
    found = {"pictures": len(images), "gaps": list(gaps), "size": [size or gap for gap in gaps]}
    near = {}
    for name, net in tqdm(nets.items(), "interactions"):
        runs = interaction_curve(net, images, gaps, size)
        near[name] = runs[0]
        found[name] = {
            "z, far above near": correlation_difference(*runs[-1], *runs[0]),
            "correlation": [run.correlation for run in runs],
            "left over": [run.left_over for run in runs],
            "apart": [run.largest_difference for run in runs],
        }
        if net.patch_size:  # is what is left nothing but rounding? Ten pictures, in double precision
            ten = images[:: max(1, len(images) // 10)]
            runs = interaction_curve(copy.deepcopy(net).double(), ten, gaps, size)
            found[name]["apart, double"] = [run.largest_difference for run in runs]
    above = {name: correlation_difference(*near["bagnet33"], *run) for name, run in near.items() if name != "bagnet33"}
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
            curves[title] = masking_curves(net, images, maps, masks).numpy()

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
                "end": bu.bootstrap(np.mean, curve[:, -1]),
                "mean": bu.bootstrap(np.mean, curve[:, 1:].mean(1)),
                "above": {bag: bu.bootstrap(np.mean, (curve - curves[bag])[:, 1:].mean(1)) for bag in bags},
            }
            for title, curve in curves.items()
        }
        ends[name] = curves["heatmap of BagNet-33"][:, -1]
    below = {name: bu.bootstrap(np.mean, end - ends["vgg"]) for name, end in ends.items() if name != "vgg"}
    return {**found, "vgg below": below}
