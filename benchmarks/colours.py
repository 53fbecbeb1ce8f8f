"""What red-green blind readers see in the course's figures: sheets to look at, and colours that come close.

    python benchmarks/colours.py FOLDER    # docs/colours.md says what was seen on the sheets

The simulation is that of Viénot, Brettel and Mollon (1999). Who lacks a kind of cone confuses colours that differ in
one direction only. Each colour moves in this direction, in linear RGB, to the plane of black, white and blue (R = G).
"""

import base64
import io
import json
import sys
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.colors import to_hex, to_rgb
from PIL import Image, ImageDraw, ImageFont, ImageOps
from scipy.ndimage import binary_erosion, maximum_filter, minimum_filter
from skimage.color import deltaE_ciede2000, rgb2lab, rgb2xyz, xyz2rgb
from skimage.color.colorconv import rgb_from_xyz, xyz_from_rgb

from bagnet_utils.display.style import AGAINST, COLOURS, FOR, PALETTE

ROOT = Path(__file__).parents[1]
# x and y in the CIE diagram of 1931: here the missing cone's lines of confused colours meet (Smith and Pokorny 1975)
MEET = {"deuteranopia": (1.4000, -0.4000), "protanopia": (0.7465, 0.2535)}
CLEAR, CLOSE = 20, 10  # CIEDE2000: two colours that are clearly two; that may be taken for one
FLAT = 8  # of 255: where no neighbour differs by more, it is probably no photograph
FILLS, LINES = 0.003, 0.0002  # least share of a figure: a colour of flat areas, a style's colour in lines and markers
NAMES = sorted({*PALETTE, FOR, AGAINST, *(colour for colour, _, _ in COLOURS.values())})
COLUMN, HEIGHT = 512, 1500  # pixels, of the sheets


class Figure(NamedTuple):
    name: str  # the notebook's and its number there, or the file's
    about: str  # the heading above it
    image: Image.Image


def figures(root: Path = ROOT) -> list[Figure]:
    """All saved pictures of all notebooks, and the files in docs/images."""
    found = [figure for path in sorted((root / "notebooks").glob("*.ipynb")) for figure in figures_of(path)]
    files = sorted((root / "docs" / "images").iterdir())
    return found + [Figure(f"docs/images/{path.name}", "", Image.open(path).convert("RGB")) for path in files]


def figures_of(path: Path) -> list[Figure]:
    found, heading = [], ""
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "markdown":
            heading = ([heading] + [line for line in "".join(cell["source"]).splitlines() if line[:1] == "#"])[-1]
        for output in cell.get("outputs", []):
            for kind in {"image/png", "image/jpeg"} & set(output.get("data", {})):
                image = Image.open(io.BytesIO(base64.b64decode(output["data"][kind]))).convert("RGB")
                found.append(Figure(f"{path.stem} {len(found) + 1}", heading.strip("# "), image))
    return found


def matrix(kind: str) -> np.ndarray:
    """The projection in the missing cone's direction on the plane R = G, for columns of linear RGB."""
    cone = rgb_from_xyz @ np.array([*MEET[kind], 1 - sum(MEET[kind])])
    return np.eye(3) - np.outer(cone / (cone[0] - cone[1]), [1, -1, 0])


def simulated(colours: np.ndarray | Image.Image, kind: str) -> np.ndarray:
    """sRGB colours of 0 to 255 (last axis), as a reader without this kind of cone sees them."""
    xyz = rgb2xyz(np.asarray(colours, np.uint8))
    return (255 * xyz2rgb(xyz @ (xyz_from_rgb @ matrix(kind) @ rgb_from_xyz).T)).round().astype(np.uint8)


def apart(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """CIEDE2000 between sRGB colours of 0 to 255, row by row."""
    both = np.broadcast_arrays(some, others)
    return deltaE_ciede2000(*(rgb2lab(colours.astype(np.uint8)) for colours in both))


def main_colours(image: Image.Image) -> np.ndarray:
    """The colours of flat areas, most frequent first, and those colours of the style that lines and markers have."""
    pixels = np.asarray(image).astype(int)
    flat = np.ptp([maximum_filter(pixels, (3, 3, 1)), minimum_filter(pixels, (3, 3, 1))], axis=0).max(axis=2) <= FLAT
    bins, counts = np.unique(pixels[flat] // 8 * 8 + 4, axis=0, return_counts=True)
    order = np.argsort(-counts, kind="stable")[: (counts > flat.size * FILLS / 10).sum()]
    bins, counts, found = bins[order], counts[order], []
    while len(bins):  # the most frequent colour takes in what looks like it
        near = apart(bins, bins[0]) < CLOSE / 2
        found += [bins[0]] if counts[near].sum() >= flat.size * FILLS else []
        bins, counts = bins[~near], counts[~near]
    for colour in ((255 * np.array(to_rgb(name))).round().astype(int) for name in NAMES):
        drawn = binary_erosion(np.abs(pixels - colour).max(axis=2) <= FLAT, np.ones((2, 2))).mean() >= LINES
        found += [colour] if drawn and apart(np.array([*found, 255 - colour]), colour).min() >= CLOSE / 2 else []
    return np.array(found)


def closest(colours: np.ndarray, kind: str) -> str:
    """Of all pairs of colours that are clearly two: how close the closest come, and which they are."""
    pairs = np.array(list(combinations(colours, 2)), int).reshape(-1, 2, 3)
    pairs = pairs[apart(pairs[:, 0], pairs[:, 1]) >= CLEAR]
    if not len(pairs):
        return "inf"
    distances = apart(simulated(pairs[:, 0], kind), simulated(pairs[:, 1], kind))
    return f"{distances.min():.1f} {' '.join(to_hex(one / 255) for one in pairs[distances.argmin()])}"


def networks() -> list[tuple]:
    """Each pair of networks: their names and how far their colours are apart, as they are and in each simulation."""
    pairs = np.array(list(combinations([255 * np.array(to_rgb(look[0])) for look in COLOURS.values()], 2)))
    seen = [pairs, *(simulated(pairs, kind) for kind in MEET)]
    return list(zip(combinations(COLOURS, 2), *(apart(one[:, 0], one[:, 1]).round(1) for one in seen), strict=True))


def strip(figure: Figure) -> np.ndarray:
    """A figure three times in a row, its name above."""
    seen = [figure.image, *(Image.fromarray(simulated(figure.image, kind)) for kind in MEET)]
    columns = [ImageOps.contain(one, (COLUMN, HEIGHT)) for one in seen]
    paper = Image.new("RGB", (3 * COLUMN + 16, columns[0].height + 24), "white")
    ImageDraw.Draw(paper).text((4, 2), f"{figure.name}: {figure.about}", "black", ImageFont.load_default(14))
    for number, column in enumerate(columns):
        paper.paste(column, (number * (COLUMN + 8), 20))
    return np.asarray(paper)


if __name__ == "__main__":
    folder, sheets = Path(sys.argv[1]), [[]]
    folder.mkdir(parents=True, exist_ok=True)
    everything = figures()
    found = [(one.name, one.about, *(closest(main_colours(one.image), kind) for kind in MEET)) for one in everything]
    lines = [f"| {' | '.join(map(str, cells))} |\n" for cells in [*found, *networks()]]
    (folder / "colours.md").write_text("".join(lines), encoding="utf-8")
    for one in map(strip, everything):
        if sum(map(len, sheets[-1])) + len(one) > HEIGHT + 24:
            sheets.append([])
        sheets[-1].append(one)
    for number, strips in enumerate(sheets, 1):
        Image.fromarray(np.concatenate(strips)).save(folder / f"sheet_{number:02}.png")
