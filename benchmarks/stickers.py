"""How often does a sticker decide the answer, and for how many pictures is it proven that none can? Notebook 13b.

Certified: three ways to defend BagNet-9, 17 and 33, against stickers of 8, 16 and 24 px. Attacked: a sticker that is
optimised by gradient for each network and size, put on test photographs at random places.

python benchmarks/stickers.py         all of it; what is there already is not measured again
"""

from itertools import product

import numpy as np
import storing
import torch

import bagnet_utils as bu
from bagnet_utils.experiments.certify import CLIP, WAYS, certify, windows
from bagnet_utils.experiments.heatmaps import evidence
from bagnet_utils.experiments.patches import top_patches
from bagnet_utils.experiments.stickers import attack, optimise_sticker, random_places, stick, transplant
from bagnet_utils.models.recipes import photographs
from bagnet_utils.statistics import bootstrap, percent_of, point_difference

BAGNETS, OTHERS, SIZES = ("bagnet9", "bagnet17", "bagnet33"), ("resnet", "vgg", "vit"), (8, 16, 24)
WORLDS = {"photos": None, "patchwork": 400}  # test pictures
TARGET, PICTURES, STEPS = "flamingo", 200, 60  # the sticker's kind; test photographs; steps of the optimiser
CLIPS = (5.0, 10.0, 15.0, 20.0, 30.0, 50.0)  # logits
SMALL, LARGE = 8, 16  # px
MORE_OFTEN = f"more often than on the resnet, {SIZES[-1]} px"


def main() -> None:
    for world in WORLDS:
        for name in BAGNETS:
            once(f"certified, {world}, {name}", certified, world, name)
    once("more certified, photos", compared)
    once("clips", clips)
    once("transplant", transplanted)
    train, test = bu.load_world("photos", "train", n=400), bu.load_world("photos", n=PICTURES)
    for size, name in product(SIZES[::-1], (*BAGNETS, *OTHERS)):
        once(f"attack, {name}, {size} px", attacked, name, size, train, test)
    once(MORE_OFTEN, more_often, train, test)


def once(key: str, measure, *given) -> None:
    if key not in storing.read().get("stickers", {}):
        found = measure(*given)
        storing.write("stickers", {key: found})
        print(key, found, flush=True)


# ------------------------------------------------------------ the defence

KNOWN: dict = {}  # evidence and answers, so that the pictures are asked once


def maps_of(world: str, name: str):
    if (world, name) not in KNOWN:
        pictures = bu.load_world(world, n=WORLDS[world])
        model = bu.load_model(name, world)
        KNOWN[world, name] = model, evidence(model, pictures.images), pictures.labels, tuple(pictures.images.shape[2:])
    return KNOWN[world, name]


def certificates(world: str, name: str, way: str, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Right answers of the defended network, and certified ones: N booleans each."""
    model, maps, labels, shape = maps_of(world, name)
    found = WAYS[way](maps, labels, windows(model, shape, size), CLIP)
    return (found.answers == labels).numpy(), found.certified.numpy()


def certified(world: str, name: str) -> dict:
    _, maps, labels, _ = maps_of(world, name)
    result = {"pictures": len(labels), "right, undefended": int((maps.mean((2, 3)).argmax(1) == labels).sum())}
    for way, size in product(WAYS, SIZES):
        right, sure = certificates(world, name, way, size)
        result[f"{way}, {size} px"] = {"right": int(right.sum()), "certified": int(sure.sum()),
                                       "certified of the right": bootstrap(percent_of, sure, right)}  # fmt: skip
    return result


def compared() -> dict:
    """Percentage points between patch sizes, and between ways, on the same photographs."""
    nets = {name: certificates("photos", name, "two windows", LARGE) for name in BAGNETS}
    ways = {way: certificates("photos", "bagnet17", way, LARGE)[1] for way in WAYS}
    pairs = (("bagnet9", "bagnet17"), ("bagnet17", "bagnet33"))
    return {
        "certified, smaller minus larger": [bootstrap(point_difference, nets[a][1], nets[b][1]) for a, b in pairs],
        "right, larger minus smaller": [bootstrap(point_difference, nets[b][0], nets[a][0]) for a, b in pairs],
        "two windows minus": {
            way: bootstrap(point_difference, ways["two windows"], ways[way]) for way in ways if way != "two windows"
        },
    }


def clips() -> dict:
    """Which range of clipping certifies most? On training photographs (ten of each kind), never on test ones."""
    _, (images, labels) = photographs("photos", None, True)
    model = bu.load_model("bagnet17", "photos")
    maps, masks = evidence(model, images.float() / 255), windows(model, tuple(images.shape[2:]), SMALL)
    found = {"pictures": len(labels)}
    for way, high in product(("clipping", "worst window"), CLIPS):
        given = WAYS[way](maps, labels, masks, (0.0, high))
        found[f"{way}, 0 to {high:g}"] = [int((given.answers == labels).sum()), int(given.certified.sum())]
    return found


# ------------------------------------------------------------ the attack


def transplanted() -> dict:
    """The most telling patch of a kind on test photographs: how far is the logit from the one that was predicted?"""
    train, test = bu.load_world("photos", "train", n=400), bu.load_world("photos", n=40)
    target, result = train.classes.index(TARGET), {}
    for name in BAGNETS:
        model = bu.load_model(name, "photos")
        best = top_patches(model, train.images, target, 1, train.labels)[0]
        known, step = evidence(model, train.images[best.picture])[0, :, best.row // 8, best.column // 8], model.stride
        apart, gains = [], []
        for number, image in enumerate(test.images):
            row, column = number % 11, (3 * number) % 11
            said = transplant(model, image, best.pixels, known, row, column)
            place = torch.tensor([[row * step, column * step]])
            seen = bu.logits(model, stick(image[None], best.pixels, place))[0]
            apart.append((seen - said.predicted).abs().max().item())
            gains.append((seen - said.before)[target].item())
        cells = evidence(model, test.images[:1])[0, 0].numel()
        result[name] = {"apart": max(apart), "pictures": len(apart), "gain": bootstrap(np.mean, np.array(gains))}
        result[name] |= {"evidence": best.evidence, "cells": cells}
    return result


def struck(name: str, size: int, train, test):
    """The sticker made for this network, where it is put, and what it does to this network's answers."""
    if (name, size) not in KNOWN:
        model, target = bu.load_model(name, "photos"), train.classes.index(TARGET)
        sticker = optimise_sticker(model, train.images, target, size, STEPS)
        places = random_places(test.images, size, 1)
        KNOWN[name, size] = sticker, places, attack(model, test.images, test.labels, sticker, target, places)
    return KNOWN[name, size]


def more_often(train, test) -> dict:
    """How many points more often a BagNet falls than the ResNet, of the photographs that both have right."""
    falls = {name: struck(name, SIZES[-1], train, test)[2] for name in (*BAGNETS, "resnet")}
    theirs, found = falls["resnet"], {}
    for name in BAGNETS:
        both = falls[name].counted & theirs.counted
        fell = [(one.after == one.target)[both].numpy() for one in (falls[name], theirs)]
        found[name] = {"pictures": int(both.sum()), "points": bootstrap(point_difference, *fell)}
    return found


def attacked(name: str, size: int, train, test) -> dict:
    """The sticker made for this network, on this network; of BagNet-17 also on the ResNet and on the defended net."""
    model, target = bu.load_model(name, "photos"), train.classes.index(TARGET)
    sticker, places, one = struck(name, size, train, test)
    found = counted(one)
    if name == "bagnet17":
        found["on resnet"] = counted(
            attack(bu.load_model("resnet", "photos"), test.images, test.labels, sticker, target, places)
        )
        before = certify(model, test.images, test.labels, size)
        after = certify(model, stick(test.images, sticker, places), test.labels, size).answers
        fooled = (before.answers == test.labels) & (test.labels != target)
        changed = int((after != test.labels)[before.certified].sum())
        found["on the defended"] = {"fell": int((after == target)[fooled].sum()), "of": int(fooled.sum())}
        found["on the defended"] |= {"certified": int(before.certified.sum()), "certified that changed": changed}
    return found


def counted(one) -> dict:
    other = (one.after != one.before)[one.counted]
    return {"fell": int(one.success.sum()), "of": len(one.success), "changed": int(other.sum())}


if __name__ == "__main__":
    main()
