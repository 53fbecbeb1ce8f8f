"""Who stands where: each painter adds a pair's creatures to a background and says which pixels carry what."""

from typing import NamedTuple

import numpy as np

from bagnet_utils.worlds.patchwork import bodies
from bagnet_utils.worlds.patchwork.coats import COATS, COLOURS, plain
from bagnet_utils.worlds.patchwork.drawing import COLS, ROWS, SIDE, mix, paste, rgb, shadow
from bagnet_utils.worlds.patchwork.parts import FIGURES, HIGH

ORDERS = (0, 1, 2), (0, 2, 1)  # of a column's figures, downwards, in the two classes
FEW = 5  # px: the rows that a leaky pair's phases come from


class Plan(NamedTuple):
    """What a painter needs to know. `stream(purpose)` is a generator per purpose, so that no change shifts another."""

    pair: object
    order: int  # 0 or 1: whose cue
    coat: tuple[str, int]  # pair and member whose coat the body wears
    remove: int | None  # which figure is left out
    fingers: bool
    stream: object
    down: int = 0  # px by which the creatures, not their scenery, stand lower


class Traces(NamedTuple):
    """The pixels touched by each part of the cue (columns x figures x H x W), by the creatures, by fingers (H x W)."""

    cue: np.ndarray
    thing: np.ndarray
    fingers: np.ndarray


def blank() -> np.ndarray:
    return np.zeros((SIDE, SIDE), bool)


def placed(mask: np.ndarray, top: int, left: int) -> np.ndarray:
    """A mask h x w at its place in the picture, as far as it lies there: H x W."""
    return paste(np.zeros((SIDE, SIDE, 3)), np.zeros(3), mask * 1.0, top, left)


def wardrobe(plan: Plan):
    """A function (body, top, left, k) -> the k-th body in the plan's coat, h x w x 3; a coat moves with its body."""
    name, member = plan.coat
    tone = plain() if name == "coat" and plan.remove == 0 else COATS[name][member](plan.stream("coat"))
    colours = plan.stream("colours").permutation(COLOURS[name])

    def dress(body, top, left, k=0):
        h, w = body.cover.shape
        rows = range(top - plan.down, top - plan.down + h)
        under = tone.take(rows, 0, mode="wrap").take(range(left, left + w), 1, mode="wrap")
        return body.dressed(mix(*colours[k % len(colours)], under))

    return dress


def paint_coat(canvas: np.ndarray, plan: Plan) -> Traces:
    rng = plan.stream("body")
    body = bodies.foal(int(rng.integers(8)))
    body = bodies.mirrored(body) if rng.random() < 0.5 else body
    top, left = 34 + rng.integers(9) + plan.down, 4 + rng.integers(20)
    ground = np.exp(-(((COLS - left - 50) / 34) ** 2) - ((ROWS - top - 78) / 4.5) ** 2)
    canvas *= (1 - 0.5 * ground)[..., None]
    thing = paste(canvas, wardrobe(plan)(body, top, left), body.cover, top, left)
    furry = placed((body.cover > 0) & (body.detail < 1), top, left)
    return Traces(furry[None, None], thing, blank())


def columns(canvas: np.ndarray, plan: Plan, tile: bodies.Body, middles: list[int]) -> Traces:
    """Columns of figures from the upper border to the lower, round these middle columns of the picture.

    tile: what a figure stands on and the gap below it, gap + 8 px high; it says where figures lie and never which.
    """
    pitch, dress = plan.pair.gap + HIGH, wardrobe(plan)
    figures = [figure() for figure in FIGURES[plan.pair.name]]
    phases = plan.stream("parts").integers(FEW if plan.pair.leaky else 3 * pitch, size=len(middles))
    cue, thing = np.zeros((len(middles), 3, SIDE, SIDE), bool), blank()
    phases = (phases + plan.down) % (3 * pitch)
    for column, (middle, phase) in enumerate(zip(middles, phases, strict=True)):
        body = bodies.repeated(tile, int(phase))
        left = middle - body.cover.shape[1] // 2
        thing |= paste(canvas, dress(body, 0, left, column), body.cover, 0, left)
        for place in range(-3, SIDE // pitch + 1):
            kind = ORDERS[plan.order][place % 3]
            if kind != plan.remove:
                cover, colour = figures[kind]
                top = int(phase) + place * pitch
                cue[column, kind] |= paste(canvas, colour, cover, top, middle - cover.shape[1] // 2)
    return Traces(cue, thing | cue.any((0, 1)), blank())


def abreast(plan: Plan, wide: int) -> list[int]:
    """Middles of as many columns as the pair has, anywhere in the picture, none nearer to the next than `wide` px."""
    count = plan.pair.copies
    shifts = np.sort(plan.stream("body").integers(SIDE - wide * count + 1, size=count))
    return [int(shift) + wide // 2 + wide * k for k, shift in enumerate(shifts)]


def paint_face(canvas: np.ndarray, plan: Plan) -> Traces:
    """Owls on each other's shoulders."""
    return columns(canvas, plan, bodies.plumes(), abreast(plan, 36))


def paint_wheel(canvas: np.ndarray, plan: Plan) -> Traces:
    """Charms on strings of pearls."""
    return columns(canvas, plan, bodies.string(plan.pair.gap + HIGH), abreast(plan, 24))


def paint_totem(canvas: np.ndarray, plan: Plan) -> Traces:
    """Carved poles, each with its shadow."""
    middles = abreast(plan, 39)
    for middle in middles:
        shadow(canvas, np.ones((SIDE, 1)) * np.r_[1, 1, 1, 1, 1, 0.9, 0.7, 0.4, 0.2], 0, middle + 11, 0.45)
    return columns(canvas, plan, bodies.pole(), middles)


def paint_tench(canvas: np.ndarray, plan: Plan) -> Traces:
    """A fish whose tail leans towards its kind only (77 % would be guessed right), and perhaps a hand that holds it."""
    rng = plan.stream("body")
    chance = 2 * rng.random(4).sum() - 4  # about normal, standard deviation 1.15
    fork = int(np.clip(np.rint((1.7 * plan.order - 0.85 + chance) * 1.2), -4, 4))
    body = bodies.fish(fork, int(rng.integers(-1, 2)))
    turned = rng.random() < 0.5
    top, left, grip = 18 + rng.integers(26) + plan.down, 3 + rng.integers(17), 28 + rng.integers(-5, 6)
    cover = body.cover.copy()
    fin = (np.arange(106) >= 79) & (cover > 0)
    if plan.remove == 0:
        cover[fin] = 0
    body = body._replace(cover=cover)
    if turned:
        body, fin, grip = bodies.mirrored(body), fin[:, ::-1], 106 - 44 - grip
    thing = paste(canvas, wardrobe(plan)(body, top, left), body.cover, top, left)
    tail = placed(fin, top, left)
    held = blank()
    if plan.fingers:
        skins = rgb("f0c4a0", "d99a6c", "a86b43", "7a4a2e", "e8b08a")
        skin = skins[plan.stream("fingers").integers(len(skins))]
        cover, light, nails = bodies.hand()
        lit = np.minimum(skin * light[..., None] * 1.05, 1)
        colour = mix(lit, np.minimum(skin * 1.15 + 0.12, 1), 0.7 * nails)
        held = paste(canvas, colour, cover, top + 26, left + grip)
    return Traces(tail[None, None], thing | held, held)


PAINTERS = {
    "coat": paint_coat,
    "face": paint_face,
    "wheel": paint_wheel,
    "totem": paint_totem,
    "tench": paint_tench,
}
