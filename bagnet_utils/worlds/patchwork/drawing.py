"""Brushes for Patchwork: textures, tubes with light on them, pasting. Arrays: H x W or H x W x 3, float64 in [0, 1].

Everything is computed in float64 and rounded to 8 bits once, at the very end, so that a scene has the same bytes on
every system.
"""

from functools import cache

import numpy as np
import skimage.data

SIDE = 128  # pixels; tiles of 8, 16, 32 and 64 divide it
ROWS, COLS = np.mgrid[0:SIDE, 0:SIDE].astype(np.float64)


def rgb(*codes: str) -> np.ndarray:
    """Colours written as six hex digits -> n x 3 in [0, 1] (3 numbers for a single colour)."""
    colours = np.array([[int(code[i : i + 2], 16) / 255 for i in (0, 2, 4)] for code in codes])
    return colours[0] if len(codes) == 1 else colours


def mix(first: np.ndarray, second: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Blend two colours: `share` (H x W) of the second, the rest of the first -> H x W x 3."""
    return first + (second - first) * share[..., None]


def step(value: np.ndarray, width: float = 1.0) -> np.ndarray:
    """A soft edge: 0 below -width/2, 1 above +width/2, straight between."""
    return np.clip(value / width + 0.5, 0, 1)


def shrink(fine: np.ndarray, factor: int) -> np.ndarray:
    """Average factor x factor blocks: how every sprite gets its smooth edges."""
    h, w = fine.shape[0] // factor, fine.shape[1] // factor
    return fine.reshape(h, factor, w, factor, *fine.shape[2:]).mean(axis=(1, 3))


def soften(values: np.ndarray, times: int) -> np.ndarray:
    """Blur by repeated [1 2 1]/4 steps along both axes; the border repeats."""
    for _ in range(times):
        for axis in (0, 1):
            padded = np.pad(values, [(1, 1) if a == axis else (0, 0) for a in range(values.ndim)], mode="edge")
            first, mid, last = (np.take(padded, range(i, i + values.shape[axis]), axis) for i in range(3))
            values = (first + 2 * mid + last) / 4
    return values


@cache
def photo(name: str) -> np.ndarray:
    """A CC0 photograph from scikit-image at half size, 256 x 256, evened out: mean 0, standard deviation 1."""
    grey = shrink(getattr(skimage.data, name)().astype(np.float64), 2)
    return (grey - grey.mean()) / grey.std()


def crop(name: str, rng: np.random.Generator, height: int = SIDE) -> np.ndarray:
    """A random height x 128 window of a photograph, half of them mirrored."""
    top, left = rng.integers(257 - height), rng.integers(129)
    window = photo(name)[top : top + height, left : left + SIDE]
    return window[:, ::-1] if rng.random() < 0.5 else window


@cache
def _swirls() -> np.ndarray:
    """Eight fields of smooth noise, made of waves of 20 px and more: mean 0, standard deviation 1."""
    down, right = np.meshgrid(np.fft.fftfreq(SIDE), np.fft.rfftfreq(SIDE), indexing="ij")
    heights = np.exp(-(down**2 + right**2) * 20**2)
    heights[0, 0] = 0
    phases = np.random.default_rng(1).random((8, *heights.shape))
    fields = np.fft.irfft2(heights * np.exp(2j * np.pi * phases))
    return fields / fields.std((1, 2), keepdims=True)


def swirl(rng: np.random.Generator) -> np.ndarray:
    """Smooth noise 128 x 128 from a stored bank, rolled at random."""
    bank = _swirls()
    return np.roll(bank[rng.integers(len(bank))], tuple(rng.integers(SIDE, size=2)), axis=(0, 1))


def tubes(height: int, width: int, limbs: list[tuple], factor: int = 3) -> np.ndarray:
    """Height above the paper of round limbs (x0, y0, r0, x1, y1, r1), `factor` times finer than height x width px."""
    y, x = (np.mgrid[0 : height * factor, 0 : width * factor] + 0.5) / factor
    relief = np.zeros_like(x)
    for x0, y0, r0, x1, y1, r1 in limbs:
        dx, dy = x1 - x0, y1 - y0
        along = np.clip(((x - x0) * dx + (y - y0) * dy) / max(dx * dx + dy * dy, 1e-9), 0, 1)
        apart2 = (x - x0 - along * dx) ** 2 + (y - y0 - along * dy) ** 2
        relief = np.maximum(relief, np.sqrt(np.maximum((r0 + along * (r1 - r0)) ** 2 - apart2, 0)))
    return relief


def sunlit(relief: np.ndarray, factor: int = 3, smooth: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Cover (0..1) and brightness (about 0.45..1.15) of a relief lit from the upper left, at picture size."""
    smoothed = soften(relief, smooth)
    slope_y, slope_x = (slope * factor for slope in np.gradient(smoothed))
    lit = (0.5 * slope_x + 0.65 * slope_y + 0.75) / np.sqrt(1 + slope_x**2 + slope_y**2)
    light = 0.5 + 0.6 * np.clip(lit, 0, 1.1)
    cover = (relief > 0).astype(np.float64)
    shrunk = shrink(cover, factor)
    return shrunk, shrink(light * cover, factor) / np.maximum(shrunk, 1e-9)


def paste(canvas: np.ndarray, colour: np.ndarray, cover: np.ndarray, top: int, left: int) -> np.ndarray:
    """Lay a sprite (colour h x w x 3 or 3, cover h x w) on the canvas in place -> touched pixels, H x W bool."""
    touched = np.zeros(canvas.shape[:2], bool)
    h, w = cover.shape
    up, lo, le, ri = max(top, 0), min(top + h, SIDE), max(left, 0), min(left + w, SIDE)
    if up < lo and le < ri:
        inside = slice(up - top, lo - top), slice(le - left, ri - left)
        over, share = colour[inside] if colour.ndim == 3 else colour, cover[inside][..., None]
        # this form, not under + (over - under) * share: where the share is 1 nothing of what lies under may be left
        canvas[up:lo, le:ri] = canvas[up:lo, le:ri] * (1 - share) + over * share
        touched[up:lo, le:ri] = cover[inside] > 0
    return touched


def shadow(canvas: np.ndarray, cover: np.ndarray, top: int, left: int, depth: float = 0.4) -> None:
    """Darken the canvas softly where the cover (h x w) falls."""
    paste(canvas, np.zeros(3), cover * depth, top, left)
