"""Coats: fields of tone, 128 x 128, 0 the dark colour of a coat, 1 the light one; and the colours they come in."""

from functools import cache

import numpy as np

from bagnet_utils.worlds.patchwork.drawing import COLS, ROWS, rgb, step, swirl


def stripes(rng: np.random.Generator) -> np.ndarray:
    """Zebra: wavy bands 6 px from one to the next, so that every 9-px window in the coat holds an edge."""
    lean = 0.9 * (rng.random() - 0.5)
    across = COLS * np.cos(lean) + ROWS * np.sin(lean) + 1.7 * swirl(rng)
    return step(np.sin(across * 2 * np.pi / 6), 0.9)


def spots(rng: np.random.Generator) -> np.ndarray:
    """Leopard: round spots 6 px apart, as much dark as the stripes have."""
    x, y = COLS + 1.3 * swirl(rng), ROWS + 1.3 * swirl(rng)
    waves = sum(np.cos(2 * np.pi / 6 * (x * np.cos(a) + y * np.sin(a))) for a in np.pi * np.array([1, 3, 5]) / 6)
    return step(0.25 - waves, 1.2)


@cache
def scallops(width: int, height: int, depth: float) -> np.ndarray:
    """Feathers or scales: rows of round tips `width` px wide, each `height` px below the last and half a tip aside."""
    row = ROWS // height
    tone = np.ones_like(ROWS)
    for above in (2, 1, 0):  # the tips of lower rows lie under those of the rows above
        across = (COLS + (row - above) % 2 * width / 2) % width - (width - 1) / 2
        down = ROWS - (row - above) * height + 0.5
        reach = np.hypot(across / (0.56 * width), down / (2.1 * height))
        tone = np.where(reach < 1, 1 - depth * np.clip((reach - 0.55) / 0.45, 0, 1) ** 2, tone)
    return tone


def plumage(rng: np.random.Generator) -> np.ndarray:
    """Owl: small round feathers."""
    return scallops(8, 4, 0.55)


def grain(rng: np.random.Generator) -> np.ndarray:
    """Carved wood, and pearls: grain that runs straight down and nothing else."""
    streaks = np.sin(COLS * 1.9 + rng.random() * 6) * 0.12 + np.sin(COLS * 0.73 + rng.random() * 6) * 0.13 + 0.7
    return streaks + np.zeros_like(ROWS)


def scales(rng: np.random.Generator) -> np.ndarray:
    """Fish."""
    return scallops(6, 3, 0.8)


def plain() -> np.ndarray:
    """No pattern: what is left when the cue of the coat is taken away."""
    return np.full_like(ROWS, 0.6)


COATS = {
    "coat": (stripes, spots),
    "face": (plumage, plumage),
    "wheel": (grain, grain),
    "totem": (grain, grain),
    "tench": (scales, scales),
}
COLOURS = {  # dark and light; n x 2 x 3
    "coat": rgb("2a211d", "f4ead6", "3b2618", "e6bd78", "33302f", "d9d5cf", "4a2a1c", "efd2ab").reshape(-1, 2, 3),
    "face": rgb(
        "6b4a32", "d2a877", "565d70", "aab2c4", "9a938c", "ece6da", "70351f", "c98250", "4a4038", "9c8a76"
    ).reshape(-1, 2, 3),
    "wheel": rgb("a8746a", "f0cfc2", "6f9488", "cfe3d6", "b08a4a", "f0dba6", "8a80a4", "dcd4e8").reshape(-1, 2, 3),
    "totem": rgb("4a2c18", "b07a48", "3f2a20", "9a7458", "54341a", "c08f52").reshape(-1, 2, 3),
    "tench": rgb("44421c", "bfae58", "35452c", "9fae72", "55431c", "cfb062").reshape(-1, 2, 3),
}
