"""The figures whose order is the cue, 8 px high, broad in their first and last rows: some windows see no more."""

from functools import cache
from typing import NamedTuple

import numpy as np

from bagnet_utils.worlds.patchwork.drawing import rgb, shrink, step

HIGH = 8  # px


class Sprite(NamedTuple):
    """A thing ready to be pasted: how much it covers (h x w, 0..1) and its colour (h x w x 3)."""

    cover: np.ndarray
    colour: np.ndarray


def _ball(x: np.ndarray, y: np.ndarray, radius: float) -> np.ndarray:
    return step(radius - np.sqrt(x**2 + y**2), 0.4)


def _part(width: int, *layers) -> Sprite:
    """Stack layers (cover function, colour) of a figure 8 px high; x and y from its middle, y from -3.5 to 3.5."""
    y, x = (np.mgrid[0 : HIGH * 4, 0 : width * 4] + 0.5) / 4
    y, x = (y - HIGH / 2) * 7 / HIGH, x - width / 2
    colour, cover = np.zeros((*x.shape, 3)), np.zeros_like(x)
    for shape, paint in layers:
        over = shape(x, y)
        colour += (paint - colour) * over[..., None]
        cover = np.maximum(cover, over)
    cover_small = shrink(cover, 4)
    colour_small = shrink(colour * cover[..., None], 4) / np.maximum(cover_small, 1e-9)[..., None]
    return Sprite(cover_small, colour_small)


@cache
def eyes() -> Sprite:
    """Two large owl eyes, wide open under straight lids, 19 x 8 px."""

    def both(radius, right=0.0, down=0.0):
        def shape(x, y):
            left_eye, right_eye = (_ball(x - middle - right, y - down, radius) for middle in (-4.6, 4.6))
            return np.maximum(left_eye, right_eye) * step(3.4 - np.abs(y), 0.4)

        return shape

    return _part(
        19,
        (both(4.7), rgb("5b3413")),
        (both(4.2), rgb("fff6dc")),
        (both(3.3), rgb("ffc21f")),
        (both(2.0), rgb("17120f")),
        (both(0.8, -0.9, -0.9), rgb("ffffff")),
    )


@cache
def beak() -> Sprite:
    """A broad hooked beak, 13 x 8 px."""

    def hook(shrunk):
        return lambda x, y: step(4.3 - 1.2 * shrunk - np.abs(x) - 0.55 * y, 0.6) * step(3.4 - shrunk - np.abs(y), 0.5)

    return _part(
        13,
        (hook(0), rgb("5a1a0c")),
        (hook(0.6), rgb("d6401b")),
        (lambda x, y: hook(1.1)(x, y) * step(-x - 0.4), rgb("f58a45")),
    )


@cache
def cartwheel() -> Sprite:
    """A red wheel with cream spokes seen at a slant, 17 x 8 px."""

    def rim(shrunk):
        return lambda x, y: step((3.4 - shrunk) * (1 - np.hypot(x / (8.4 - shrunk), y / (3.4 - shrunk))), 0.4)

    def spokes(x, y):
        x, y = x / 8.4, y / 3.4  # from above the wheel is round
        across = np.abs(np.sin(3 * np.arctan2(y, x))) * np.hypot(x, y)
        return step(0.3 - across, 0.2) * rim(1.0)(x * 8.4, y * 3.4)

    return _part(
        17,
        (rim(0), rgb("a01020")),
        (rim(0.3), rgb("e8222e")),
        (lambda x, y: rim(0.4)(x, y) * step(-y - 1.7), rgb("ff7566")),
        (rim(1.1), rgb("5e0d1a")),
        (spokes, rgb("ffecc4")),
        (lambda x, y: step(1.2 - np.hypot(x * 0.6, y), 0.4), rgb("ffc21c")),
    )


@cache
def bell() -> Sprite:
    """A wide bell of blue glass, 17 x 8 px."""

    def skirt(shrunk):
        def shape(x, y):
            down = (y + 3.4) / 6  # 0 at the crown, 1 at the lip
            half = np.where(
                down < 0.55, 5.6 * np.sqrt(np.clip(down / 0.55, 0, 1)), 5.6 + 2.8 * ((down - 0.55) / 0.45) ** 2
            )
            return (
                step(half - shrunk - np.abs(x), 0.6) * step(2.6 - 0.6 * shrunk - y, 0.4) * step(down * 6 - shrunk, 0.4)
            )

        return shape

    return _part(
        17,
        (lambda x, y: _ball(x * 0.7, y - 2.3, 1.2), rgb("ffd24a")),
        (skirt(0), rgb("10246e")),
        (skirt(0.6), rgb("2a5be0")),
        (lambda x, y: skirt(0.9)(x, y) * step(0.5 - np.abs(y - 0.9), 0.5), rgb("f2f8ff")),
        (lambda x, y: skirt(0.9)(x, y) * step(-x - 0.5, 2) * step(0.1 - y, 0.5), rgb("6aa2f6")),
        (lambda x, y: step(0.9 - np.hypot((x + 2.3) * 0.8, y + 1.2), 0.5), rgb("e6f4ff")),
    )


@cache
def wings() -> Sprite:
    """Carved wings spread from the pole, 35 x 8 px."""

    def spread(x, y):
        return step(
            3.4 - 0.12 * np.abs(x) - np.abs(y + 1.2 - 0.075 * np.abs(x)) + 0.5 * np.sin(np.abs(x) * 1.4), 0.6
        ) * step(17.3 - abs(x))

    return _part(
        35,
        (spread, rgb("12343b")),
        (
            lambda x, y: (
                spread(x, y) * step(1.5 - np.abs(y + 0.8 - 0.06 * np.abs(x))) * step(np.sin(np.abs(x) * 1.4) + 0.3)
            ),
            rgb("35b5ac"),
        ),
        (lambda x, y: step(4.2 - np.abs(x)) * step(3.3 - np.abs(y)), rgb("f3ead2")),
        (lambda x, y: _ball(np.abs(x) - 2.2, y + 0.6, 1.2), rgb("14110f")),
        (lambda x, y: step(2.0 - np.abs(x) - (3.2 - y) * 0.0) * step(y - 1.2, 0.5) * step(3.3 - y, 0.5), rgb("f0a11c")),
    )


@cache
def mask() -> Sprite:
    """A carved mask with ears and teeth, 27 x 8 px."""
    return _part(
        27,
        (lambda x, y: step(13.2 - np.abs(x)) * step(3.3 - np.abs(y) - 0.004 * x**2), rgb("7c1712")),
        (lambda x, y: step(12.2 - np.abs(x)) * step(2.5 - np.abs(y) - 0.004 * x**2), rgb("d8342a")),
        (lambda x, y: _ball(np.abs(x) - 8, y + 0.4, 2.4), rgb("fff3d6")),
        (lambda x, y: _ball(np.abs(x) - 7.6, y + 0.2, 1.2), rgb("14110f")),
        (lambda x, y: step(4.6 - np.abs(x)) * step(1.8 - np.abs(y - 0.6)), rgb("14110f")),
        (
            lambda x, y: step(4.0 - np.abs(x)) * step(1.2 - np.abs(y - 0.6)) * step(np.cos(x * 2.4) + 0.4, 0.8),
            rgb("fff3d6"),
        ),
    )


FOOT = """
..wwwww..
..vwwwv..
...vov...
..ooooo..
.ooooooo.
ooo.o.ooo
oo..o..oo
kk..k..kk
"""


@cache
def feet() -> Sprite:
    """Two feathered legs and blue feet with dark claws, 19 x 8 px, drawn pixel by pixel."""
    paints = {"w": rgb("fff3dc"), "v": rgb("cdb79a"), "o": rgb("3d93e6"), "k": rgb("10203f"), ".": np.zeros(3)}
    left = [list(line) for line in FOOT.split()]
    both = [[*line, ".", *line[::-1]] for line in left]
    return Sprite(np.array([[1.0 * (dot != ".") for dot in line] for line in both]),
                  np.array([[paints[dot] for dot in line] for line in both]))  # fmt: skip


@cache
def leaf() -> Sprite:
    """A green leaf with its veins, 17 x 8 px."""

    def blade(shrunk):
        return lambda x, y: step(3.6 - shrunk - 0.048 * x**2 - np.abs(y), 0.5)

    def veins(x, y):
        ribs = np.abs((x - 0.9 * np.abs(y)) % 2.8 - 1.4)
        return np.maximum(step(0.45 - np.abs(y), 0.4), step(0.3 - ribs, 0.4)) * blade(0.6)(x, y)

    return _part(
        17,
        (blade(0), rgb("0d3d1c")),
        (blade(0.5), rgb("2f9e44")),
        (lambda x, y: blade(0.6)(x, y) * step(-y - 0.2), rgb("57c36a")),
        (veins, rgb("d8f5b0")),
    )


@cache
def snake() -> Sprite:
    """A green snake with a yellow belly that winds to the right, 35 x 8 px."""

    def winding(x):
        return 1.7 * np.sin(0.52 * x + 0.4)

    def body(thick):
        return lambda x, y: step(thick * np.clip((x + 17.5) / 9, 0.25, 1) - np.abs(y - winding(x)), 0.5) * step(13 - x)

    def head(x, y):
        return step(1 - np.hypot((x - 12.6) / 4.2, (y - 0.2) / 2.9), 0.2)

    return _part(
        35,
        (body(1.9), rgb("123b16")),
        (body(1.35), rgb("7ccf3a")),
        (lambda x, y: body(1.35)(x, y) * step(np.cos(1.6 * x) - 0.2, 0.8), rgb("e9e14b")),
        (lambda x, y: step(0.5 - np.abs(y - 0.4)) * step(17.3 - x) * step(x - 15), rgb("d21f2b")),
        (head, rgb("123b16")),
        (lambda x, y: head(x * 1.0, y * 1.25 - 0.05), rgb("7ccf3a")),
        (lambda x, y: _ball(x - 13.2, y + 0.7, 1.1), rgb("fff6dc")),
        (lambda x, y: _ball(x - 13.5, y + 0.7, 0.6), rgb("14110f")),
    )


# a column's figures: in this order in a pair's first class, the last two changed over in its second
FIGURES = {"face": (eyes, beak, feet), "wheel": (cartwheel, bell, leaf), "totem": (mask, wings, snake)}
