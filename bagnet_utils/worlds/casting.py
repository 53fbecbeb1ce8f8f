"""Who stands where: each painter adds a pair's creatures to a background and says which pixels carry what."""

from typing import NamedTuple

import numpy as np

from bagnet_utils.worlds import bodies
from bagnet_utils.worlds.coats import COATS, COLOURS, plain
from bagnet_utils.worlds.drawing import COLS, ROWS, SIDE, mix, paste, rgb, shadow, step
from bagnet_utils.worlds.parts import PARTS

SITE = 8  # px: a part and its jitter
WIDE = 17  # px: wheel and bell, wide for the sake of contrast; they leave room for three columns


class Plan(NamedTuple):
    """What a painter needs to know. `stream(purpose)` is a generator per purpose, so that no change shifts another."""

    pair: object
    order: int  # 0 or 1: whose cue
    coat: tuple[str, int]  # pair and member whose coat the body wears
    remove: int | None  # which part is left out
    fingers: bool
    stream: object


class Traces(NamedTuple):
    """The pixels touched by each part of the cue (copies x parts x H x W), by the creatures and by fingers (H x W)."""

    cue: np.ndarray
    thing: np.ndarray
    fingers: np.ndarray


def blank() -> np.ndarray:
    return np.zeros((SIDE, SIDE), bool)


def wardrobe(plan: Plan):
    """A function (body, top, left, k) -> the k-th body in the plan's coat, h x w x 3."""
    name, member = plan.coat
    tone = plain() if name == "coat" and plan.remove == 0 else COATS[name][member](plan.stream("coat"))
    colours = plan.stream("colours").permutation(COLOURS[name])

    def dress(body, top, left, k=0):
        h, w = body.cover.shape
        under = tone.take(range(top, top + h), 0, mode="wrap").take(range(left, left + w), 1, mode="wrap")
        return body.dressed(mix(*colours[k % len(colours)], under))

    return dress


def place_parts(canvas: np.ndarray, plan: Plan, sites: list[tuple[int, int]], sideways: int) -> np.ndarray:
    """Put the parts of each copy on its two sites (row of the upper, middle column) -> masks copies x 2 x H x W."""
    kinds = [kind() for kind in PARTS[plan.pair.name]]
    cue = np.zeros((len(sites), 2, SIDE, SIDE), bool)
    # the jitter belongs to the site and is drawn before the order is looked at
    jitter = plan.stream("parts").integers((0, -sideways), (2, sideways + 1), size=(len(sites), 2, 2))
    for copy, (row, col) in enumerate(sites):
        for site in (0, 1):
            kind = site ^ plan.order
            if kind != plan.remove:
                cover, colour = kinds[kind]
                down, right = jitter[copy, site]
                top = row + site * (plan.pair.gap + SITE) + down
                cue[copy, kind] = paste(canvas, colour, cover, top, col - cover.shape[1] // 2 + right)
    return cue


def paint_coat(canvas: np.ndarray, plan: Plan) -> Traces:
    rng = plan.stream("body")
    body = bodies.foal(int(rng.integers(8)))
    body = bodies.mirrored(body) if rng.random() < 0.5 else body
    top, left = 34 + rng.integers(9), 4 + rng.integers(20)
    ground = np.exp(-(((COLS - left - 50) / 34) ** 2) - ((ROWS - top - 78) / 4.5) ** 2)
    canvas *= (1 - 0.5 * ground)[..., None]
    thing = paste(canvas, wardrobe(plan)(body, top, left), body.cover, top, left)
    furry = blank()
    furry[top : top + 84, left : left + 100] = (body.cover > 0) & (body.detail < 1)
    return Traces(furry[None, None], thing, blank())


def paint_face(canvas: np.ndarray, plan: Plan) -> Traces:
    rng, dress, body = plan.stream("body"), wardrobe(plan), bodies.owl()
    sites, thing = [], blank()
    first = rng.integers(19, 22)  # the middle of the first column; rows so that 17-px windows see most of both parts
    for row, top in enumerate((0, 64)):
        line = top + 59 + 1.5 * np.sin(COLS[0] / (9 + 6 * rng.random()) + 6 * rng.random())
        bough = step(3.4 - np.abs(ROWS - line))
        canvas += (mix(rgb("2d1d17"), rgb("8a6248"), step(line - ROWS, 6)) - canvas) * bough[..., None]
        for k in range(3):
            up, middle = top + rng.integers(0, 2), first + 40 * k
            thing |= paste(canvas, dress(body, up - 2, middle - 24, 3 * row + k), body.cover, up - 2, middle - 24)
            sites.append((up + 20, middle))
    cue = place_parts(canvas, plan, sites, sideways=1)
    return Traces(cue, thing, blank())


def repeated(tile: bodies.Body, row: int) -> bodies.Body:
    """A tile repeated down the whole picture, its first row at `row`."""
    return bodies.Body(*(layer.take(range(-row, SIDE - row), 0, mode="wrap") for layer in tile))


def paint_wheel(canvas: np.ndarray, plan: Plan) -> Traces:
    """Strings of pearls from the upper border to the lower: no end of a string says which site is near."""
    rng, dress, gap = plan.stream("body"), wardrobe(plan), plan.pair.gap
    pitch = WIDE + gap
    slack = 121 - gap - pitch * plan.pair.copies
    shifts = np.sort(rng.integers(slack + 1, size=plan.pair.copies))
    sites, thing = [], blank()
    for copy, shift in enumerate(shifts):
        row = int(rng.integers(gap, 121 - gap - (gap + 2 * SITE) + 1))
        middle = int(gap + WIDE // 2 + pitch * copy + shift)
        string = repeated(bodies.string(), row)
        thing |= paste(canvas, dress(string, 0, middle - 3, copy), string.cover, 0, middle - 3)
        sites.append((row, middle))
    cue = place_parts(canvas, plan, sites, sideways=0)
    return Traces(cue, thing | cue.any((0, 1)), blank())


def paint_totem(canvas: np.ndarray, plan: Plan) -> Traces:
    rng, dress = plan.stream("body"), wardrobe(plan)
    # Few rows, for the sake of nets that see the whole picture: these learn where a part lies, on their own coarser
    # grid or in the picture, and a row that either site may hold would tell them nothing. A bag on a stride-8 grid
    # has no use for it: the sites lie five steps of that grid apart.
    row, col = int(rng.integers(33, 38)), int(rng.integers(51, 70))
    turns = repeated(bodies.pole(), row)
    shadow(canvas, np.ones((SIDE, 1)) * np.r_[1, 1, 1, 1, 1, 0.9, 0.7, 0.4, 0.2], 0, col + 11, 0.45)
    thing = paste(canvas, dress(turns, 0, col - 16), turns.cover, 0, col - 16)
    cue = place_parts(canvas, plan, [(row, col)], sideways=1)
    return Traces(cue, thing | cue.any((0, 1)), blank())


def paint_tench(canvas: np.ndarray, plan: Plan) -> Traces:
    """A fish whose tail leans towards its kind only (77 % would be guessed right), and perhaps a hand that holds it."""
    rng = plan.stream("body")
    chance = 2 * rng.random(4).sum() - 4  # about normal, standard deviation 1.15
    fork = int(np.clip(np.rint((1.7 * plan.order - 0.85 + chance) * 1.2), -4, 4))
    body = bodies.fish(fork, int(rng.integers(-1, 2)))
    turned = rng.random() < 0.5
    top, left, grip = 18 + rng.integers(26), 3 + rng.integers(17), 28 + rng.integers(-5, 6)
    cover = body.cover.copy()
    fin = (np.arange(106) >= 79) & (cover > 0)
    if plan.remove == 0:
        cover[fin] = 0
    body = body._replace(cover=cover)
    if turned:
        body, fin, grip = bodies.mirrored(body), fin[:, ::-1], 106 - 44 - grip
    thing = paste(canvas, wardrobe(plan)(body, top, left), body.cover, top, left)
    tail = blank()
    tail[top : top + 56, left : left + 106] = fin
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
