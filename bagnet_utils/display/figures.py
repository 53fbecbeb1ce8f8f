"""Still pictures. They draw what they are given and compute nothing."""

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from bagnet_utils.display.style import AGAINST, FOR, LARGE, ORANGE, PURPLE, SKY, SMALL, WIDE, evidence_scale, reach_of
from bagnet_utils.experiments.heatmaps import RemainingVote

MINUS = "\N{MINUS SIGN}"
WINDOW_COLOURS = (ORANGE, SKY, PURPLE)


def pixels(image: Tensor) -> np.ndarray:
    """3 x H x W -> H x W x 3, as matplotlib wants it."""
    return image.permute(1, 2, 0).numpy()


def numbers(heatmap: Tensor) -> np.ndarray:
    return torch.as_tensor(heatmap).detach().cpu().numpy()


def show_windows(
    image: Tensor, patch_sizes: list[int], places: list[tuple[int, int]], title: str = "What each BagNet sees at once"
) -> Figure:
    """A 3 x H x W picture, the windows of each size centred on some (row, column) places, and what is in them."""
    sizes = sorted(patch_sizes)
    width = min(5.2 + 1.6 * len(places), WIDE)
    figure = plt.figure(figsize=(width, 1.5 * len(sizes) + 0.6), layout="constrained")
    figure.suptitle(title, fontsize=LARGE)
    grid = figure.add_gridspec(len(sizes), 1 + len(places), width_ratios=[3.2] + [1] * len(places))
    whole = figure.add_subplot(grid[:, 0])
    whole.imshow(pixels(image))
    whole.set_axis_off()
    whole.set_title(f"the picture, {image.shape[1]} x {image.shape[2]} pixels", fontsize=LARGE)
    for number, (row, column) in enumerate(places):
        whole.text(column, row - max(sizes) / 2 - 3, str(number + 1), ha="center", color="white", weight="bold")
        for size, colour in zip(sizes, WINDOW_COLOURS, strict=False):
            top, left = row - size // 2, column - size // 2
            whole.add_patch(Rectangle((left - 0.5, top - 0.5), size, size, fill=False, lw=1.8, ec=colour))
            axis = figure.add_subplot(grid[sizes.index(size), 1 + number])
            axis.imshow(pixels(image[:, top : top + size, left : left + size]), interpolation="nearest")
            frame(axis, colour, 2.5)
            if number == 0:
                axis.set_ylabel(f"BagNet-{size} sees", fontsize=LARGE)
            if size == sizes[0]:
                axis.set_title(f"at {number + 1}", fontsize=LARGE)
    return figure


def frame(axis: Axes, colour: str = "none", width: float = 1) -> None:
    """No ticks, and a border of this colour on all four sides."""
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set(visible=True, color=colour, lw=width)


def show_heatmap(
    heatmap: Tensor,
    title: str = "Evidence for the class (red), against it (blue)",
    axis: Axes | None = None,
    padding: float = 0,
    reach: float | None = None,
) -> Axes:
    """A map of evidence, in logits: red speaks for the class, blue against it, white says nothing.

    padding: how many of the map's outermost values belong to patches that reach into the zeros round the picture
    (`bu.heatmap(..., stride=1)`: half the patch, `patch_size // 2`). A dashed line is drawn round all others.
    reach: the largest value of the colour scale, so that several maps can share one; by default the map's own.
    """
    axis = plt.subplots(figsize=(4.6, 3.8), layout="constrained")[1] if axis is None else axis
    drawn = axis.imshow(numbers(heatmap), **evidence_scale(heatmap, reach=reach))
    axis.figure.colorbar(drawn, ax=axis, label="evidence, in logits", shrink=0.9)
    if padding:
        height, width = heatmap.shape
        size = width - 2 * padding, height - 2 * padding
        inside = Rectangle((padding - 0.5, padding - 0.5), *size, fill=False, lw=0.9, ls="--", ec="black")
        axis.add_patch(inside)
        axis.set_xlabel("outside the dashed line: patches that see padding", fontsize=SMALL)
    frame(axis, "black", 0.8)
    axis.set_title(title, fontsize=LARGE)
    return axis


def show_heatmaps(
    images: Tensor,
    heatmaps: list[list[Tensor]],
    rows: list[str],
    columns: list[str],
    title: str = "Evidence for the class (red), against it (blue), in logits",
    shared: bool = False,
) -> Figure:
    """Pictures (N x 3 x H x W) in the first column, beside each its maps of evidence.

    Each map has its own scale, which is written below it; with `shared`, all have one, with one bar of colours.
    """
    bar = 0.9 if shared else 0
    side = min(2.1, (WIDE - bar) / (1 + len(columns)))
    figure, axes = plt.subplots(
        len(images), 1 + len(columns), figsize=(side * (1 + len(columns)) + bar, 2.1 * len(images) + 0.3),
        layout="constrained", squeeze=False,
    )  # fmt: skip
    figure.suptitle(title, fontsize=LARGE)
    common = evidence_scale(*(heatmap for maps in heatmaps for heatmap in maps))
    for line, image, maps, row in zip(axes, images, heatmaps, rows, strict=True):
        line[0].imshow(pixels(image), interpolation="nearest")
        line[0].set_ylabel(row, fontsize=LARGE)
        for axis, heatmap in zip(line[1:], maps, strict=True):
            scale = common if shared else evidence_scale(heatmap)
            drawn = axis.imshow(numbers(heatmap), **scale)
            axis.set_xlabel("" if shared else reach_of(scale), fontsize=SMALL)
        for axis in line:
            frame(axis, "black", 0.8)
    if shared:
        figure.colorbar(drawn, ax=axes, label="evidence, in logits", shrink=0.6)
    for axis, name in zip(axes[0], ["the picture", *columns], strict=True):
        axis.set_title(name, fontsize=LARGE)
    return figure


def show_patches(rows: dict[str, list], title: str = "Patches, and the evidence of each in logits") -> Figure:
    """Rows of patches (as `top_patches` gives them), each row with its name, each patch with its evidence in logits."""
    columns = max(map(len, rows.values()))
    size = min(1.05 * columns + 1.3, WIDE), 1.3 * len(rows) + 0.3
    figure, axes = plt.subplots(len(rows), columns, figsize=size, layout="constrained", squeeze=False)
    figure.suptitle(title, fontsize=LARGE)
    for line, (name, patches) in zip(axes, rows.items(), strict=True):
        for axis in line:
            frame(axis)
        for axis, patch in zip(line, patches, strict=False):
            axis.imshow(pixels(patch.pixels), interpolation="nearest")
            axis.set_xlabel(f"{patch.evidence:+.1f}".replace("-", MINUS), fontsize=SMALL)
        line[0].set_ylabel(name, fontsize=SMALL, rotation=0, ha="right", va="center")
    return figure


def show_sheet(images: Tensor, classes: tuple[str, ...], title: str | None = None) -> Figure:
    """A contact sheet: one row for each class, of N x 3 x H x W pictures whose classes take turns."""
    columns = len(images) // len(classes)
    size = min(1.1 * columns + 1, WIDE), 1.1 * len(classes) + 0.4
    figure, axes = plt.subplots(len(classes), columns, figsize=size, layout="constrained", squeeze=False)
    figure.get_layout_engine().set(w_pad=0.01, h_pad=0.01, wspace=0, hspace=0)
    figure.suptitle(title or f"{columns} pictures of each of {len(classes)} classes", fontsize=LARGE)
    for number, image in enumerate(images[: columns * len(classes)]):
        axis = axes[number % len(classes), number // len(classes)]
        axis.imshow(pixels(image), interpolation="antialiased")
        frame(axis)
        if number < len(classes):
            axis.set_ylabel(classes[number], fontsize=SMALL)
    return figure


def show_patch(
    image: Tensor,
    evidence: Tensor,
    names: list[str],
    target: int,
    q: int,
    stride: int,
    place: tuple[int, int],
    silenced: Tensor,
    before: RemainingVote,
    after: RemainingVote,
) -> Figure:
    """The patch explorer on paper: a picture, one q x q patch of it, what that patch says, and the map it lies in.

    evidence: C x h x w, in logits. place: the (row, column) of the patch's top left pixel. silenced: h x w.
    """
    figure = plt.figure(figsize=(WIDE, 3.6), layout="constrained")
    whole, patch, bars, heat = figure.subplots(1, 4, width_ratios=[3, 1.7, 2.4, 3.4])
    row, column = place
    whole.imshow(pixels(image), interpolation="nearest")
    for colour, width in (("black", 4), ("white", 2)):  # seen on every ground
        whole.add_patch(Rectangle((column - 0.5, row - 0.5), q, q, fill=False, lw=width, ec=colour))
    whole.set_title("the picture", fontsize=LARGE)
    whole.set_xlabel(f"{image.shape[1]} x {image.shape[2]} px")
    patch.imshow(pixels(image[:, row : row + q, column : column + q]), interpolation="nearest")
    patch.set_title("the patch", fontsize=LARGE)
    patch.set_xlabel(f"{q} x {q} px\nrow {row}, column {column}")
    i, j = row // stride, column // stride
    order = before.logits.argsort(descending=True)[:10].tolist()
    says = [evidence[number, i, j].item() for number in order]
    bars.barh(range(len(order)), says, color=[AGAINST if value < 0 else FOR for value in says])
    bars.set_yticks(range(len(order)), [names[number] for number in order], fontsize=SMALL)
    bars.set(ylim=(len(order) - 0.4, -0.6), xlabel="evidence, in logits")
    bars.axvline(0, color="black", lw=0.8)
    bars.spines[["top", "right", "left"]].set_visible(False)
    bars.set_title("what this patch says", fontsize=LARGE)
    show_heatmap(evidence[target], f"evidence for {names[target]}", heat)
    heat.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, fill=False, lw=2.5, ec="black"))
    rows, columns = numbers(silenced).nonzero()
    heat.plot(columns, rows, "x", color="black", ms=6, lw=0)
    centre = (q - 1) / 2
    whole.plot(columns * stride + centre, rows * stride + centre, "x", color="black", ms=6, mew=3, lw=0)
    whole.plot(columns * stride + centre, rows * stride + centre, "x", color="white", ms=5, mew=1.2, lw=0)
    for axis in (whole, patch):
        axis.set(xticks=[], yticks=[])
    words = f"{names[target]}: logit {before.logits[target]:.2f}, probability {percent(before.probabilities[target])}"
    if after.patches == 0:
        words += "; no patch is left, so there is no answer"
    elif after.patches < before.patches:
        words += f"; of the {after.patches} of {before.patches} patches left: logit {after.logits[target]:.2f}"
        words += f", probability {percent(after.probabilities[target])}"
    figure.suptitle(f"BagNet-{q}. {words.replace('logit -', 'logit ' + MINUS)}", fontsize=LARGE)
    return figure


def percent(share: Tensor) -> str:
    """A share in percent, with more digits where it is nearly none or nearly all."""
    digits = 3 if min(share, 1 - share) < 0.001 else 1
    return f"{100 * share:.{digits}f} %"
