"""Cue conflicts: pictures with the shape of one kind and the texture of another (Geirhos et al., 2019).

In Patchwork such pictures are drawn truly: a body in the coat of another pair, before the scenery of a third. All
triples of three different pairs come equally often, so that no pair is favoured. What is on a body in its own colours
(eyes, hooves, fins, and the figures on columns) speaks for the shape's kind too, and a small patch can hold it. It is
left out unless it is asked for.
"""

from itertools import permutations
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from bagnet_utils.checks import check_choice, check_seed, check_switch, check_whole
from bagnet_utils.worlds.patchwork import bodies
from bagnet_utils.worlds.patchwork.casting import PAINTERS, Plan, abreast, wardrobe
from bagnet_utils.worlds.patchwork.drawing import SIDE, paste
from bagnet_utils.worlds.patchwork.parts import HIGH
from bagnet_utils.worlds.patchwork.scenery import SCENERY
from bagnet_utils.worlds.patchwork.scenes import NAMES, PAIRS, developed, planned

KINDS = {pair.name: (2 * n, 2 * n + 1) for n, pair in enumerate(PAIRS)}  # the two classes of each pair
GREY = 0.5
TILES = {"face": bodies.plumes, "wheel": lambda: bodies.string(16 + HIGH), "totem": bodies.pole}
WIDE = {"face": 36, "wheel": 24, "totem": 39}  # px from column to column at least, as in the scenes


class Conflicts(NamedTuple):
    """Pictures whose cues disagree, and the kind that each cue speaks for."""

    images: Tensor  # N x 3 x H x W
    shapes: Tensor  # N kinds, by number
    textures: Tensor
    sceneries: Tensor  # -1 where there is none


def patchwork_conflicts(n: int = 120, scenery: bool = True, details: bool = False, seed: int = 0) -> Conflicts:
    """n Patchwork pictures, 128 x 128: the bodies of one pair in the coat of another; kinds are the five pairs.

    scenery: that of a third pair (60 triples in turn), or else plain grey (20 twos in turn). details: eyes, hooves,
    fins and figures stay on the body, as in Patchwork's own pictures. Fingers never come in.
    """
    who = "patchwork_conflicts"
    n, seed = check_whole(who, "n", n, 1, 100_000, " (pictures)"), check_seed(who, seed)
    scenery, details = check_switch(who, "scenery", scenery), check_switch(who, "details", details)
    cues = [cues for cues in permutations(range(len(NAMES)), 3 if scenery else 2)]
    shown = [cues[i % len(cues)] for i in range(n)]
    images = [
        conflict(*(NAMES[cue] for cue in one), seed=10**6 * seed + i, details=details) for i, one in enumerate(shown)
    ]
    table = torch.tensor([(*one, -1)[:3] for one in shown])
    return Conflicts(torch.from_numpy(np.stack(images)), *table.T)


def conflict(
    shape: str | None, texture: str | None, scenery: str | None = None, seed: int = 0, details: bool = False
) -> np.ndarray:
    """One picture, 3 x 128 x 128, with these cues, each the name of a pair. None leaves a cue out: a grey coat, a grey
    ground, and without a shape the coat fills the picture.
    """
    for what, name in (("shape", shape), ("texture", texture), ("scenery", scenery)):
        if name is not None:
            check_choice("conflict", what, name, NAMES)
    random = np.random.default_rng([check_seed("conflict", seed), 77])
    label, coat = (2 * NAMES.index(name or NAMES[0]) + int(random.integers(2)) for name in (shape, texture))
    pair = PAIRS[label // 2]
    plan = planned(pair, label, seed, coat=coat, fingers=False)
    canvas = SCENERY[scenery](plan.stream("background")) if scenery else np.full((SIDE, SIDE, 3), GREY)
    if details and shape and texture:
        PAINTERS[shape](canvas, plan)
        return developed(canvas)
    dress = wardrobe(plan) if texture else lambda body, *place: body.dressed(np.full((*body.cover.shape, 3), GREY))
    if shape is None:
        bare = np.zeros((SIDE, SIDE))
        flat = bodies.Body(bare + 1, bare + 1, bare, np.zeros((SIDE, SIDE, 3)))
        paste(canvas, dress(flat, 0, 0, 0), flat.cover, 0, 0)
        return developed(canvas)
    for k, (body, top, left) in enumerate(standing(plan)):
        bare = body._replace(detail=np.zeros_like(body.detail))
        paste(canvas, dress(bare, top, left, k), body.cover, top, left)
    return developed(canvas)


def standing(plan: Plan) -> list[tuple[bodies.Body, int, int]]:
    """A pair's bodies without figures, each with its top and left in px, at places as in Patchwork's own pictures."""
    name, random = plan.pair.name, plan.stream("body")
    if name in TILES:
        tile = TILES[name]()
        phases = plan.stream("parts").integers(len(tile.cover), size=plan.pair.copies)
        middles = abreast(plan, WIDE[name])
        return [
            (bodies.repeated(tile, int(phase)), 0, middle - tile.cover.shape[1] // 2)
            for middle, phase in zip(middles, phases, strict=True)
        ]
    if name == "coat":
        body, top, left = bodies.foal(int(random.integers(8))), 34 + random.integers(9), 4 + random.integers(20)
    else:
        fish = bodies.fish(int(random.integers(-4, 5)), int(random.integers(-1, 2)))
        body, top, left = fish, 18 + random.integers(26), 3 + random.integers(17)
    return [(bodies.mirrored(body) if random.random() < 0.5 else body, int(top), int(left))]
