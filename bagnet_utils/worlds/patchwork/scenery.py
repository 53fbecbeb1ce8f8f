"""Where Patchwork's creatures live: one background per pair, 128 x 128 x 3 in [0, 1].

Whatever lies behind them says nothing about a cue: both classes of a pair stand before the same scenery.
"""

from functools import cache

import numpy as np

from bagnet_utils.worlds.patchwork.drawing import COLS, ROWS, SIDE, crop, mix, rgb, step, swirl


def disc(radius: float, soft: float = 1.2) -> np.ndarray:
    """A soft disc in a square just large enough."""
    reach = int(np.ceil(radius + soft))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return step(radius - np.hypot(x, y), soft)


DISCS = {radius: disc(radius) for radius in (1, 2, 3, 5, 6, 7, 8, 9)}


def scatter(canvas, rng, colours, radii, count, strength):
    """Lay `count` soft discs anywhere, also across the border."""
    spots = rng.random((count, 4))
    for x, y, size, paint in spots:
        cover = DISCS[radii[int(size * len(radii))]]
        half = len(cover) // 2
        left, top = int(x * (SIDE + 2 * half)) - 2 * half, int(y * (SIDE + 2 * half)) - 2 * half
        up, lo, le, ri = max(top, 0), min(top + len(cover), SIDE), max(left, 0), min(left + len(cover), SIDE)
        if up < lo and le < ri:
            under = canvas[up:lo, le:ri]
            share = strength * cover[up - top : lo - top, le - left : ri - left]
            under += (colours[int(paint * len(colours))] - under) * share[..., None]


def savanna(rng: np.random.Generator) -> np.ndarray:
    """Sky, a far ridge, and dry grass that grows coarser towards the front."""
    skies = np.array(
        [rgb("8cc3e8", "fbe9c6"), rgb("f5b06a", "fde3a7"), rgb("a9b8e0", "fbd3c0"), rgb("9fd6d2", "fdf3d0")]
    )
    grounds = np.array(
        [rgb("8a6f2e", "e3c873"), rgb("6d7d33", "c9cf77"), rgb("a0662f", "e9b46a"), rgb("5d7a3e", "a9c46c")]
    )
    sky, ground = skies[rng.integers(4)], grounds[rng.integers(4)]
    horizon = 44 + rng.integers(20)
    ridge = horizon - 5 - 4 * swirl(rng)[0] - 3 * rng.random()
    land = horizon + 1.5 * swirl(rng)[0]
    canvas = mix(sky[0], sky[1], np.clip(ROWS / horizon, 0, 1))
    sun = np.hypot(COLS - 128 * rng.random(), ROWS - horizon * (0.2 + 0.6 * rng.random()))
    canvas += (rgb("fff6d8") - canvas) * (0.55 * np.exp(-sun / 16) + 0.4 * step(7 - sun, 2))[..., None]
    canvas += (sky[1] * 0.55 + ground[0] * 0.35 - canvas) * step(ROWS - ridge)[..., None]
    depth = np.clip((ROWS - horizon) / 60, 0, 1)
    tone = np.clip(0.62 + (0.06 + 0.16 * depth) * crop("grass", rng) - 0.25 * depth, 0, 1)
    canvas += (mix(ground[0], ground[1], tone) - canvas) * step(ROWS - land)[..., None]
    return canvas


def dusk(rng: np.random.Generator) -> np.ndarray:
    """Blue hour in a wood: a moon, dim trunks, out-of-focus lights."""
    skies = np.array(
        [rgb("16213f", "5a5b8c"), rgb("1b2a4a", "7a5f86"), rgb("12303f", "47808a"), rgb("2a1f47", "8a5f7d")]
    )
    sky = skies[rng.integers(4)]
    canvas = mix(sky[0], sky[1], np.clip(ROWS / SIDE + 0.10 * swirl(rng), 0, 1))
    moon = np.hypot(COLS - 128 * rng.random(), ROWS - 70 * rng.random())
    glow = 0.35 * np.exp(-moon / 14) + 0.6 * step(8 - moon, 1.5)
    canvas += (rgb("f7efcf") - canvas) * glow[..., None]
    scatter(canvas, rng, rgb("f2c98a", "9fb7e8", "e89fb0"), (2, 3, 5, 6), 14, 0.22)
    for x, width in zip(128 * rng.random(3), 5 + 6 * rng.random(3), strict=True):
        trunk = step(width - np.abs(COLS[0] - x + 2 * np.sin(ROWS[:, :1] / 21 + x)), 2)
        canvas += (sky[0] * 0.75 - canvas) * (0.75 * trunk)[..., None]
    return canvas


def veranda(rng: np.random.Generator) -> np.ndarray:
    """Morning light out of focus, pale and calm."""
    airs = np.array(
        [rgb("e3cbb4", "fbeeda"), rgb("c3d6cc", "eef5e6"), rgb("c6d3e2", "f1f3f4"), rgb("e2c8c8", "faeae2")]
    )
    air = airs[rng.integers(4)]
    canvas = mix(air[0], air[1], np.clip(0.55 + 0.10 * swirl(rng), 0, 1))
    scatter(canvas, rng, np.concatenate([air, rgb("fffaf0", "f7e3b8")]), (5, 6, 7, 8, 9), 40, 0.3)
    return canvas


def wood(rng: np.random.Generator) -> np.ndarray:
    """Leaves out of focus."""
    leaves = np.array(
        [rgb("1d3a34", "5f9a6c"), rgb("23413c", "7aa57a"), rgb("2f3f2a", "8f9f5a"), rgb("20404a", "6a9a94")]
    )
    leaf = leaves[rng.integers(4)]
    canvas = mix(leaf[0], leaf[1], np.clip(0.35 + 0.2 * swirl(rng), 0, 1))
    scatter(canvas, rng, np.concatenate([leaf, leaf * 1.25, rgb("d9d68a", "cfe3b0")]), (5, 6, 7, 8, 9), 46, 0.28)
    return canvas


@cache
def _rays() -> np.ndarray:
    return np.stack([np.sin((COLS + 0.45 * ROWS) / 9 + phase) * np.exp(-ROWS / 60) for phase in range(6)])


def pond(rng: np.random.Generator) -> np.ndarray:
    """Under water: light from above, weed, bubbles, a pebbly bottom."""
    waters = np.array(
        [rgb("9fd8c4", "1f5f63"), rgb("a8dcd8", "20576e"), rgb("b9dca0", "2a5f4a"), rgb("8fcbe0", "1f4a70")]
    )
    water = waters[rng.integers(4)]
    canvas = mix(water[0], water[1], np.clip(ROWS / 105 + 0.06 * swirl(rng), 0, 1))
    canvas += 0.07 * _rays()[rng.integers(6)][..., None]
    for x, tall, lean in zip(128 * rng.random(7), 30 + 50 * rng.random(7), rng.random(7) - 0.5, strict=True):
        up = SIDE - ROWS[:, :1]
        blade = step(2.6 * (1 - up / tall) - np.abs(COLS[:1] - x - lean * up * 0.5 - 3 * np.sin(up / 11 + x)), 1.2)
        canvas += (water[1] * rgb("6fb04f") * 1.7 - canvas) * (0.55 * blade)[..., None]
    bed = 112 + 3 * swirl(rng)[0]
    pebbles = np.clip(0.5 + 0.2 * crop("gravel", rng, 24), 0, 1)
    floor = canvas[104:]
    floor += (mix(water[1] * 0.6, rgb("c9b98a"), 0.75 * pebbles) - floor) * step(ROWS[104:] - bed, 3)[..., None]
    scatter(canvas, rng, rgb("e8fbf6", "d0f0f0"), (1, 1, 2), 10, 0.45)
    return canvas


SCENERY = {"coat": savanna, "face": dusk, "wheel": veranda, "totem": wood, "tench": pond}
