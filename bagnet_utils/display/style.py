"""How the course looks: sizes, fonts, and one colour for each network, the same in every notebook."""

from importlib import import_module

import matplotlib.pyplot as plt
import torch
from cycler import cycler
from torch import Tensor

from bagnet_utils.errors import BadInput
from bagnet_utils.models.zoo import TITLES

# Inches. At DPI a point is as large on the screen as on paper, and WIDE just fits into a notebook's column.
DPI, NARROW, MIDDLE, WIDE = 96, 4.5, 6.5, 9.5
SMALL, NORMAL, LARGE = 9, 10, 11  # points; nothing in a figure is smaller than SMALL

# Okabe and Ito's colours, told apart by colour-blind readers too (their yellow is left out: too pale on white)
BLUE, VERMILION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY, BLACK, GREY = "#E69F00", "#56B4E9", "#000000", "#999999"
PALETTE = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK)
FOR, AGAINST = "#D6604D", "#4393C3"  # the red and the blue of the map of evidence, for bars

COLOURS = {  # of each network: colour, marker, dash. The larger a BagNet's patch, the darker
    "bagnet9": (SKY, "o", "-"),
    "bagnet17": (BLUE, "s", "-"),
    "bagnet33": (BLACK, "D", "-"),
    "vgg": (ORANGE, "^", "--"),
    "resnet": (VERMILION, "v", "--"),
    "densenet": (PURPLE, "P", "--"),
    "vit": (GREEN, "*", ":"),
    "vit_bag": (GREY, "X", ":"),
}
SETTINGS = {
    "figure.dpi": DPI,
    "savefig.dpi": "figure",
    "figure.figsize": (MIDDLE, 3.6),
    "figure.titlesize": LARGE,
    "font.size": NORMAL,
    "axes.titlesize": LARGE,
    "axes.labelsize": NORMAL,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "legend.fontsize": SMALL,
    "legend.title_fontsize": SMALL,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": cycler(color=PALETTE),
    "lines.linewidth": 1.5,
    "lines.markersize": 5,
    "errorbar.capsize": 2,
}


def style(photographs: bool = False) -> None:
    """Let all figures from here on look as those of the course do.

    photographs: the notebook keeps its figures as JPEG, for photographs make large files; otherwise as PNG.
    """
    plt.rcParams.update(SETTINGS)
    if running_in_a_notebook():
        formats = {"pil_kwargs": {"quality": 82}} if photographs else {}
        inline = import_module("matplotlib_inline.backend_inline")
        inline.set_matplotlib_formats("jpeg" if photographs else "png", **formats)


def running_in_a_notebook() -> bool:
    try:
        return import_module("IPython").get_ipython() is not None
    except ImportError:
        return False


def look(network: str, **changes) -> dict:
    """Colour, marker, dash and name of a network, for a line: `axis.plot(x, y, **bu.look("vgg"))`.

    For bars take `bu.look("vgg")["color"]`. What is named in `changes` is added or replaced, such as `label=None`.
    """
    if network not in COLOURS:
        raise BadInput(f"look: {network!r} is no network of the course; choose one of {', '.join(COLOURS)}.")
    colour, marker, dash = COLOURS[network]
    return {"color": colour, "marker": marker, "linestyle": dash, "label": TITLES[network], **changes}


def evidence_scale(*maps: Tensor, reach: float | None = None) -> dict:
    """One scale for all these maps of evidence: red for, blue against, white is 0: `axis.imshow(heat, **scale)`.

    reach: the largest value that the scale shows, by default the largest of the maps.
    """
    if reach is None:
        reach = max((torch.as_tensor(heat).abs().max().item() for heat in maps), default=0) or 1.0
    return {"cmap": "RdBu_r", "vmin": -reach, "vmax": reach, "interpolation": "nearest"}


def reach_of(scale: dict) -> str:
    """The ends of a scale in words, to be written on a map that has a scale of its own."""
    return f"\N{MINUS SIGN}{scale['vmax']:.1f} to +{scale['vmax']:.1f}"
