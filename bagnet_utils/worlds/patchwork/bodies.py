"""The creatures of Patchwork without their coats. Sprites are drawn once and kept."""

from functools import cache
from typing import NamedTuple

import numpy as np

from bagnet_utils.worlds.patchwork.drawing import SIDE, rgb, shrink, step, sunlit, tubes
from bagnet_utils.worlds.patchwork.parts import HIGH


class Body(NamedTuple):
    """A creature without its coat. All h x w: cover, light on the coat; `detail` covers what has its own colour."""

    cover: np.ndarray
    light: np.ndarray
    detail: np.ndarray
    detail_colour: np.ndarray  # h x w x 3

    def dressed(self, coat: np.ndarray) -> np.ndarray:
        """The body in a coat (h x w x 3), lit, with eyes, hooves and fins on top -> h x w x 3."""
        lit = np.minimum(coat * self.light[..., None], 1)
        return lit + (self.detail_colour - lit) * self.detail[..., None]


def mirrored(body: Body) -> Body:
    """The same body facing the other way."""
    return Body(*(layer[:, ::-1] for layer in body))


def repeated(tile: Body, row: int) -> Body:
    """A tile repeated down the whole picture, the first row of one at `row`."""
    return Body(*(layer.take(range(-row, SIDE - row), 0, mode="wrap") for layer in tile))


@cache
def plumes() -> Body:
    """Plumage that goes on for ever, 16 x 33 px: where a figure sits, and a ruff of feathers below it."""
    y, x = (np.mgrid[0:48, 0:99] + 0.5) / 3
    x, side = x - 16.5, np.abs(x - 16.5)
    tip = ((y - 12) % 16) / 16  # where one ruff ends the next begins
    wing = (side > 10.5) & (side < 12.6 + 3.6 * np.sin(np.pi * (0.15 + 0.75 * tip)) ** 0.7)
    body = side < 12.5
    light = 1.04 - 0.009 * x - 0.0014 * x**2
    light = np.where(wing, (0.9 - 0.35 * (1 - tip) ** 3) * (0.92 + 0.08 * np.cos(side * 2.2)), light)
    light = light * (1 - 0.12 * np.exp(-((y - 14.5) ** 2) / 3) * body * (side < 11))
    cover = body | wing
    covered = np.maximum(shrink(cover * 1.0, 3), 1e-9)
    bare = np.zeros_like(covered)
    return Body(shrink(cover * 1.0, 3), shrink(light * cover, 3) / covered, bare, np.zeros((*bare.shape, 3)))


@cache
def foal(pose: int) -> Body:
    """A young animal on four legs facing left, 84 x 100 px, in one of eight poses."""
    stride, head = (pose % 4) - 1.5, 5 * (pose // 4)
    near = [(31, 46, 7, 28 + stride, 60, 4.2), (28 + stride, 60, 4.2, 27 + 2.2 * stride, 76, 3.2)]
    near += [(70, 45, 8.5, 72 - stride, 59, 4.6), (72 - stride, 59, 4.6, 72 - 2.2 * stride, 76, 3.2)]
    far = [(36, 46, 6, 37 - stride, 60, 3.8), (37 - stride, 60, 3.8, 37 - 2.2 * stride, 75, 2.8)]
    far += [(64, 46, 7, 63 + stride, 60, 4), (63 + stride, 60, 4, 62 + 2.2 * stride, 75, 2.8)]
    trunk = [(35, 38, 15, 52, 40, 14.5), (52, 40, 14.5, 68, 37, 14), (30, 33, 11, 20, 18 + head, 7.5)]
    skull = [(20, 16 + head, 8, 9, 22 + head, 5.2)]
    ears = [(22, 10 + head, 3, 25, 3 + head, 1.2), (17, 9 + head, 2.6, 17.5, 2 + head, 1)]
    tail = [(80, 32, 2.4, 88, 38, 2), (88, 38, 2, 90, 50, 2.2), (90, 50, 2.6, 89, 58, 3.4)]
    h, w = 84, 100
    back = tubes(h, w, far)
    front = tubes(h, w, trunk + skull + near + ears + tail[:2])
    brush = tubes(h, w, tail[2:])
    mane = tubes(h, w, [(22.5, 8 + head, 3, 37, 25, 3.2)])
    front = np.maximum(front, np.maximum(brush, mane * (front < 7)))
    _, light_back = sunlit(back)
    cover_front, light_front = sunlit(front)
    cover = shrink((np.maximum(back, front) > 0) * 1.0, 3)
    light = light_front * cover_front + light_back * 0.6 * (1 - cover_front)
    y, x = (np.mgrid[0 : h * 3, 0 : w * 3] + 0.5) / 3
    hoof = (y > 73) & ((front > 0) | (back > 0))
    muzzle = (np.hypot(x - 7.5, y - 23 - head) < 5.6) & (front > 0)
    hair = ((mane > 0) & (mane > front - 0.01)) | (brush > 0)
    eye = np.hypot((x - 14.8) * 1.1, y - 15.5 - head) < 2.1
    glint = np.hypot(x - 14.2, y - 14.8 - head) < 0.75
    nostril = np.hypot(x - 5.2, y - 21.8 - head) < 0.9
    colour = np.zeros((*x.shape, 3)) + rgb("2b211d")
    colour[muzzle] = rgb("6b5048")
    colour[eye | nostril] = rgb("120d0b")
    colour[glint] = rgb("ffffff")
    detail = hoof | muzzle | hair | eye | glint
    return Body(
        cover, light, shrink(detail * 1.0, 3) * cover, shrink(colour, 3) * np.clip(light, 0.5, 1.3)[..., None] ** 0.8
    )


@cache
def fish(fork: int, bend: int) -> Body:
    """A fish facing left, 56 x 106 px. `fork` -4 (tail rounded) .. 4 (tail forked), `bend` -1, 0, 1."""
    y, x = (np.mgrid[0:168, 0:318] + 0.5) / 3
    y = y - 28 + bend * 3 * np.sin((x - 20) / 26)
    along = np.clip((x - 5) / 74, 0, 1)
    half = 16 * np.sin(np.pi * along**0.72) ** 0.75 + 4.2 * along
    inside = (x > 5) & (x < 79)
    relief = np.sqrt(np.maximum(half**2 - y**2, 0)) * inside
    edge = 97 - 1.1 * fork * (1 - np.abs(y) / 8)
    tail = (x > 74) & (x < edge) & (np.abs(y) < 4 + 0.55 * (x - 76)) & (np.abs(y) < 14)
    dorsal = (
        (np.abs(x - 45) < 15)
        & (y < 0)
        & (y > -half - 9 * np.sqrt(np.clip((x - 29) / 16, 0, 1)) * np.clip((61 - x) / 14, 0, 1))
    )
    lower = [(34, 52, 3.2), (56, 48, 2.6)]
    fins = sum(((np.hypot((x - a - (y - 12) * 0.5) / 5, (y - half - 1) / 5.5) < 1) & (y > 0)) for a, _, _ in lower) > 0
    fin = (tail | dorsal | fins) & ~(relief > 0)
    cover, light = sunlit(np.maximum(relief, 1.5 * fin))
    rays = 0.85 + 0.15 * np.sin(np.where(x > 72, y * 2.4, x * 1.8 - y))
    colour = rgb("9a5a2a") * rays[..., None]
    cheek = np.hypot(x - 12, y * 0.9) < 13
    gill = cheek & (np.hypot(x - 12, y * 0.9) > 11.8) & (relief > 0)
    side = np.hypot((x - 31 - np.abs(y - 4) * 0.2) / 6, (y - 4) / 3.2) < 1
    eye, pupil, glint = (
        np.hypot(x - cx, y - cy) < r for cx, cy, r in ((14, -3, 3), (13.8, -3, 1.9), (13.2, -3.8, 0.8))
    )
    mouth = (np.abs(y - 2.5 - (x - 6) * 0.25) < 0.5) & (x < 11) & (relief > 0)
    for region, paint in (
        (gill | mouth, rgb("3d3517")),
        (side, rgb("a8662f")),
        (eye, rgb("f0b429")),
        (pupil, rgb("15100c")),
        (glint, rgb("ffffff")),
    ):
        colour[region] = paint
    detail = fin | gill | side | eye | mouth
    belly = 0.85 + 0.4 * step(shrink(y, 3) - 2, 22)
    return Body(cover, light * belly, shrink(detail * 1.0, 3), shrink(colour, 3))


@cache
def hand() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Four fingers round a belly and the wrist below, 84 x 44 px: cover, light, and where the nails are."""
    tips = [(6.5, 8.2, 8.0), (15.5, 16.2, 4.6), (24.5, 24.2, 5.2), (33, 31.5, 9.0)]  # base x, tip x, tip y
    fingers = [(base, 28, 4.7, tip, top, 4.0) for base, tip, top in tips]
    palm = [(9, 34, 8, 31, 34, 8), (20, 36, 13, 20, 52, 10.5), (20, 52, 10.5, 21, 90, 12)]
    cover, light = sunlit(tubes(84, 44, fingers + palm))
    y, x = np.mgrid[0:84, 0:44] + 0.5
    nails = sum(step(2.1 - np.hypot(x - tip, (y - top - 0.6) * 0.75)) for _, tip, top in tips)
    return cover, light, nails


@cache
def pole() -> Body:
    """One turn of a totem's pole, 40 x 33 px: a bare collar where a figure sits (rows 0..7), then a carved head."""
    y, x = (np.mgrid[0:120, 0:99] + 0.5) / 3
    x, down = x - 16.5, y - 24  # from the middle of the head
    head = np.abs(down) < 13.5
    cover = np.abs(x) < np.where(head, 15 - (np.abs(down) / 15) ** 6 * 2.5, 11.5)
    light = 1.06 - 0.022 * x - 0.0024 * x**2
    light = light * np.where(head, 1, 0.85) * np.where(np.abs(np.abs(down) - 13.8) < 0.7, 0.6, 1)
    side = np.abs(x)
    layers = (
        ((np.abs(down + 8.2 + 0.25 * side) < 2.4 - 0.06 * side) & (side < 13), "2f6f6a"),  # brow
        (np.hypot((side - 7) / 5.2, (down + 2.6) / 3.7) < 1, "f2e6c9"),  # eyes
        (np.hypot((side - 6.6) / 2.4, (down + 2.6) / 2.8) < 1, "17120f"),
        (np.hypot(x + 6.6 * -np.sign(x) + 0.8, down + 3.6) < 0.8, "ffffff"),
        ((side < 2.1 + 0.16 * (down + 5)) & (np.abs(down) < 5), "d9a63c"),  # nose
        (np.hypot(side - 10.5, down - 4.5) < 1.9, "c9743a"),  # cheeks
        ((side < 9 - 0.12 * (down - 8.5) ** 2) & (np.abs(down - 8.5) < 2.8), "2a1a14"),  # mouth
        ((side < 8) & (np.abs(down - 7.4) < 1.1) & (np.cos(x * 1.9) > -0.75), "f2e6c9"),  # teeth
    )
    colour, painted = np.zeros((*x.shape, 3)), np.zeros_like(head)
    for region, paint in layers:
        colour[region] = rgb(paint)
        painted |= region
    colour = np.clip(colour * light[..., None], 0, 1)
    whole = shrink(painted * 1.0, 3)
    colour = shrink(colour * painted[..., None], 3) / np.maximum(whole, 1e-9)[..., None]
    return Body(shrink(cover * 1.0, 3), shrink(light, 3), whole, colour)


@cache
def string(pitch: int) -> Body:
    """Pearls on a string, `pitch` x 7 px, one for each 8 px or so."""
    y, x = (np.mgrid[0 : 3 * pitch, 0:21] + 0.5) / 3
    apart = pitch / (pitch // HIGH)
    x, y = x - 3.5, y % apart - apart / 2
    pearl = np.hypot(x, y) < 2.5
    thread = np.abs(x) < 0.6
    light = np.where(pearl, 1.04 - 0.10 * x - 0.10 * y - 0.05 * (x**2 + y**2), 0.62)
    light = light + 0.35 * (np.hypot(x + 0.9, y + 0.9) < 0.8)
    cover = (pearl | thread) * 1.0
    small = shrink(cover, 3)
    bare = np.zeros_like(small)
    return Body(small, shrink(light * cover, 3) / np.maximum(small, 1e-9), bare, np.zeros((*small.shape, 3)))
