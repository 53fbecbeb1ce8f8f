"""How often does a sticker decide the answer, and for how many pictures is it proven that none can? Notebook 13b.

Certified: three ways to defend BagNet-9, 17 and 33, against stickers of 8, 16 and 24 px. Attacked: a sticker that is
optimised by gradient for each network and size, put on test photographs at random places.

python benchmarks/stickers.py         all of it; what is there already is not measured again
"""

from collections.abc import Iterator
from itertools import product

import numpy as np
import storing
import torch
from cells import MARK, above, ends, share

import bagnet_utils as bu
from bagnet_utils.experiments.certify import CLIP, WAYS, certify, windows
from bagnet_utils.experiments.heatmaps import evidence
from bagnet_utils.experiments.patches import top_patches
from bagnet_utils.experiments.stickers import attack, optimise_sticker, random_places, stick, transplant
from bagnet_utils.models.recipes import photographs
from bagnet_utils.models.zoo import TITLES
from bagnet_utils.statistics import bootstrap, confidence_interval, percent_of, point_difference

BAGNETS, OTHERS, SIZES = ("bagnet9", "bagnet17", "bagnet33"), ("resnet", "vgg", "vit"), (8, 16, 24)
WORLDS = {"photos": None, "patchwork": 400}  # test pictures
TARGET, PICTURES, STEPS = "flamingo", 200, 120  # the sticker's kind; test photographs; steps of the optimiser
CLIPS = (5.0, 10.0, 15.0, 20.0, 30.0, 50.0)  # logits
LARGE, SMALL, ASKED = 16, 8, {"right": 72, 8: 50, 16: 32}  # px; percent, asked of BagNet-17 on the photographs


def main() -> None:
    for world in WORLDS:
        for name in BAGNETS:
            once(f"certified, {world}, {name}", certified, world, name)
    once("more certified, photos", compared)
    once("clips", clips)
    once("transplant", transplanted)
    train, test = bu.load_world("photos", "train", n=400), bu.load_world("photos", n=PICTURES)
    for name, size in product((*OTHERS, *BAGNETS), SIZES[::-1]):
        once(f"attack, {name}, {size} px", attacked, name, size, train, test)


def once(key: str, measure, *given) -> None:
    if key not in storing.read().get("stickers", {}):
        found = measure(*given)
        storing.write("stickers", {key: found})
        print(key, found, flush=True)


# ------------------------------------------------------------ the defence

KNOWN: dict = {}  # evidence and labels, so that the pictures are asked once


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
        result[name] = {"apart": max(apart), "pictures": len(apart), "gain": bootstrap(np.mean, np.array(gains)),
                        "evidence": best.evidence, "cells": int(evidence(model, test.images[:1])[0, 0].numel())}  # fmt: skip
    return result


def attacked(name: str, size: int, train, test) -> dict:
    """The sticker made for this network, on this network; of BagNet-17 also on the ResNet and on the defended net."""
    model, target = bu.load_model(name, "photos"), train.classes.index(TARGET)
    sticker, places = optimise_sticker(model, train.images, target, size, STEPS), random_places(test.images, size, 1)
    found = counted(attack(model, test.images, test.labels, sticker, target, places))
    found["sticker"] = [int(value) for value in (255 * sticker).round().flatten()]
    if name == "bagnet17":
        found["on resnet"] = counted(
            attack(bu.load_model("resnet", "photos"), test.images, test.labels, sticker, target, places)
        )
        before = certify(model, test.images, test.labels, size)
        after = certify(model, stick(test.images, sticker, places), test.labels, size).answers
        fooled = (before.answers == test.labels) & (test.labels != target)
        found["on the defended"] = {"fell": int((after == target)[fooled].sum()), "of": int(fooled.sum()),
                                    "certified": int(before.certified.sum()),
                                    "certified that changed": int((after != test.labels)[before.certified].sum())}  # fmt: skip
    return found


def counted(one) -> dict:
    other = (one.after != one.before)[one.counted]
    return {"fell": int(one.success.sum()), "of": len(one.success), "changed": int(other.sum())}


# ------------------------------------------------------------ the page


def claims() -> Iterator[tuple[str, str, str, bool | None, str, str]]:
    """Claim, the figure elsewhere, what was found, does it hold?, rule, where."""
    part = storing.read()["stickers"]
    apart = max(part["transplant"][name]["apart"] for name in BAGNETS)
    yield ("What a telling patch does in another picture can be computed beforehand, in a BagNet", "",
           f"at most {apart:.0e} logits apart", apart < 1e-4, "less than 0.0001 logits apart", "13b, `transplant`")  # fmt: skip
    falls = {name: part[f"attack, {name}, {SIZES[-1]} px"] for name in (*BAGNETS, "resnet")}
    text = ", ".join(f"{TITLES[name]} {share(one['fell'], one['of'])} %" for name, one in falls.items())
    ranges = {name: confidence_interval(one["fell"], one["of"]) for name, one in falls.items()}
    yield (f"Stickers of {SIZES[-1]} px succeed more often on BagNets than on a ResNet", "", text,
           all(ranges[name][0] > ranges["resnet"][1] for name in BAGNETS),
           "each BagNet's interval lies above the ResNet's", "13b, `optimise_sticker`")  # fmt: skip
    one = part["certified, photos, bagnet17"]
    for size in (SMALL, LARGE):
        row, of = one[f"two windows, {size} px"], one["pictures"]
        shares = {what: (100 * row[what] / of, *confidence_interval(row[what], of)) for what in ("right", "certified")}
        yield (f"A BagNet-17 can be certified against stickers of {size} px",
               "26.0 of 54.6 % right (PatchGuard, ImageNet, 2 % of the picture)",
               f"{ends(shares['certified'], 1)} % certified, {ends(shares['right'], 1)} % right",
               above(ASKED[size], shares["certified"]) and above(ASKED["right"], shares["right"]),
               f"above {ASKED[size]} % certified and above {ASKED['right']} % right, both intervals", "13b, `certify`")  # fmt: skip
    more = part["more certified, photos"]
    for what, words, figure in (("certified, smaller minus larger", "Smaller patches certify more", "26.0 and 24.1 %"),
                                ("right, larger minus smaller", "... and see less", "54.6 and 60.4 %")):  # fmt: skip
        yield (f"{words}: BagNet-9, 17, 33", f"{figure} (PatchGuard, BagNet-17 and 33)",
               f"at {LARGE} px, {what}: {', '.join(ends(step, 1) for step in more[what])} points",
               above(0, *more[what]), "both steps above 0, on the same photographs", "13b, `certify`")  # fmt: skip
    gains = more["two windows minus"]
    yield ("Masking two windows certifies more than masking one or clipping", "",
           f"at {LARGE} px: " + ", ".join(f"{ends(gain, 1)} points more than {way}" for way, gain in gains.items()),
           above(0, *gains.values()), "both differences above 0", "13b, `certify`")  # fmt: skip


def lines() -> Iterator[str]:
    """The claims, and the tables of certified and of fallen pictures."""
    part = storing.read().get("stickers", {})
    yield HEAD
    try:
        for claim, figure, text, holds, rule, where in claims():
            yield f"| {claim} | {figure} | {text}{MARK[holds]} | {rule} | {where} |"
    except KeyError:
        yield "| not measured yet | | | | |"
    yield CERTIFIED
    for world, name in product(WORLDS, BAGNETS):
        one = part.get(f"certified, {world}, {name}")
        for way in WAYS if one else ():
            cells = [one[f"{way}, {size} px"] for size in SIZES]
            of = one["pictures"]
            yield (
                f"| {world}, {TITLES[name]}, {way} | {share(one['right, undefended'], of)} | "
                + " | ".join(f"{share(cell['right'], of)}; **{share(cell['certified'], of)}**" for cell in cells)
                + " |"
            )
    yield ATTACKED.format(target=TARGET, steps=STEPS)
    for name in (*BAGNETS, *OTHERS):
        cells = [part.get(f"attack, {name}, {size} px") for size in SIZES]
        yield f"| {TITLES[name]} | " + " | ".join(share(one["fell"], one["of"]) if one else "" for one in cells) + " |"


HEAD = """
## Stickers, and a defence with a proof

| Claim | Elsewhere | Found here | It holds if | Where |
|---|---|---|---|---|"""
CERTIFIED = """
Right answers of the defended network; **certified**: right, and no sticker of the size can change them (percent).

| Network and defence | undefended | 8 px | 16 px | 24 px |
|---|---|---|---|---|"""
ATTACKED = """
Test photographs, classified correctly before, that a sticker at a random place turns into *{target}* (percent). It was
optimised for the network, {steps} steps of 8 training pictures.

| Network | 8 px | 16 px | 24 px |
|---|---|---|---|"""

if __name__ == "__main__":
    main()
