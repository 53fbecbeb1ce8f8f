"""Still pictures. They draw what they are given and compute nothing."""

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from bagnet_utils.experiments.silencing import Left

MINUS = "\N{MINUS SIGN}"
WINDOW_COLOURS = ("#E69F00", "#56B4E9", "#CC3377")  # told apart by colour-blind readers too


def show_windows(image: Tensor, patch_sizes: list[int], places: list[tuple[int, int]]) -> Figure:
    """A 3 x H x W picture, the windows of each size centred on some (row, column) places, and what is in them."""
    sizes = sorted(patch_sizes)
    figure = plt.figure(figsize=(5.2 + 1.6 * len(places), 1.75 * len(sizes) + 0.3), layout="constrained")
    grid = figure.add_gridspec(len(sizes), 1 + len(places), width_ratios=[3.2] + [1] * len(places))
    whole = figure.add_subplot(grid[:, 0])
    whole.imshow(image.permute(1, 2, 0))
    whole.set_axis_off()
    whole.set_title(f"the picture, {image.shape[1]} x {image.shape[2]} pixels", fontsize=11)
    for number, (row, column) in enumerate(places):
        whole.text(column, row - max(sizes) / 2 - 3, str(number + 1), ha="center", color="white", weight="bold")
        for size, colour in zip(sizes, WINDOW_COLOURS, strict=False):
            top, left = row - size // 2, column - size // 2
            whole.add_patch(Rectangle((left - 0.5, top - 0.5), size, size, fill=False, lw=1.8, ec=colour))
            axis = figure.add_subplot(grid[sizes.index(size), 1 + number])
            axis.imshow(image[:, top : top + size, left : left + size].permute(1, 2, 0), interpolation="nearest")
            axis.set(xticks=[], yticks=[])
            plt.setp(axis.spines.values(), color=colour, lw=2.5)
            if number == 0:
                axis.set_ylabel(f"BagNet-{size} sees", fontsize=11)
            if size == sizes[0]:
                axis.set_title(f"at {number + 1}", fontsize=11)
    return figure


def show_heatmap(heatmap: Tensor, title: str = "", axis: Axes | None = None) -> Axes:
    """A map of evidence, in logits: red speaks for the class, blue against it, white says nothing."""
    axis = plt.subplots(figsize=(4.6, 3.8), layout="constrained")[1] if axis is None else axis
    reach = torch.as_tensor(heatmap).abs().max().item() or 1.0
    drawn = axis.imshow(heatmap, cmap="RdBu_r", vmin=-reach, vmax=reach, interpolation="nearest")
    axis.figure.colorbar(drawn, ax=axis, label="evidence, in logits", shrink=0.9)
    axis.set(xticks=[], yticks=[])
    axis.set_title(title, fontsize=11)
    return axis


def show_heatmaps(images: Tensor, heatmaps: list[list[Tensor]], rows: list[str], columns: list[str]) -> Figure:
    """Pictures (N x 3 x H x W) in the first column, beside each its maps of evidence, each on its own scale."""
    figure, axes = plt.subplots(
        len(images), 1 + len(columns), figsize=(2.1 + 2.1 * len(columns), 2.1 * len(images)), layout="constrained",
        squeeze=False,
    )  # fmt: skip
    for line, image, maps, row in zip(axes, images, heatmaps, rows, strict=True):
        line[0].imshow(image.permute(1, 2, 0), interpolation="nearest")
        line[0].set_ylabel(row, fontsize=11)
        for axis, heatmap in zip(line[1:], maps, strict=True):
            reach = heatmap.abs().max().item() or 1.0
            axis.imshow(heatmap, cmap="RdBu_r", vmin=-reach, vmax=reach, interpolation="nearest")
            axis.set_xlabel(f"{-reach:+.1f} .. {reach:+.1f}".replace("-", "\N{MINUS SIGN}"), fontsize=8)
        for axis in line:
            axis.set(xticks=[], yticks=[])
    for axis, title in zip(axes[0], ["the picture", *columns], strict=True):
        axis.set_title(title, fontsize=11)
    return figure


def show_patches(rows: dict[str, list]) -> Figure:
    """Rows of patches (as `top_patches` gives them), each row with its name, each patch with its evidence in logits."""
    columns = max(map(len, rows.values()))
    figure, axes = plt.subplots(
        len(rows), columns, figsize=(1.05 * columns + 1.3, 1.3 * len(rows)), layout="constrained", squeeze=False
    )
    for line, (name, patches) in zip(axes, rows.items(), strict=True):
        for axis in line:
            axis.set(xticks=[], yticks=[])
            plt.setp(axis.spines.values(), visible=False)
        for axis, patch in zip(line, patches, strict=False):
            axis.imshow(patch.pixels.permute(1, 2, 0), interpolation="nearest")
            axis.set_xlabel(f"{patch.evidence:+.1f}".replace("-", "\N{MINUS SIGN}"), fontsize=8)
        line[0].set_ylabel(name, fontsize=9, rotation=0, ha="right", va="center")
    return figure


def show_sheet(images: Tensor, classes: tuple[str, ...]) -> Figure:
    """A contact sheet: one row for each class, of N x 3 x H x W pictures whose classes take turns."""
    columns = len(images) // len(classes)
    figure, axes = plt.subplots(len(classes), columns, figsize=(1.1 * columns + 0.5, 1.1 * len(classes)))
    figure.subplots_adjust(left=0.06, right=1, bottom=0, top=1, wspace=0.03, hspace=0.03)
    for number, image in enumerate(images[: columns * len(classes)]):
        axis = axes[number % len(classes), number // len(classes)]
        axis.imshow(image.permute(1, 2, 0), interpolation="antialiased")
        axis.set(xticks=[], yticks=[])
        plt.setp(axis.spines.values(), visible=False)
        if number < len(classes):
            axis.set_ylabel(classes[number], fontsize=8)
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
    before: Left,
    after: Left,
) -> Figure:
    """The patch explorer on paper: a picture, one q x q patch of it, what that patch says, and the map it lies in.

    evidence: C x h x w, in logits. place: the (row, column) of the patch's top left pixel. silenced: h x w.
    """
    figure = plt.figure(figsize=(12, 3.9), layout="constrained")
    whole, patch, bars, heat = figure.subplots(1, 4, width_ratios=[3, 1.7, 2.4, 3.4])
    row, column = place
    whole.imshow(image.permute(1, 2, 0), interpolation="nearest")
    for colour, width in (("black", 4), ("white", 2)):  # seen on every ground
        whole.add_patch(Rectangle((column - 0.5, row - 0.5), q, q, fill=False, lw=width, ec=colour))
    whole.set_title(f"the picture, {image.shape[1]} x {image.shape[2]} px", fontsize=11)
    patch.imshow(image[:, row : row + q, column : column + q].permute(1, 2, 0), interpolation="nearest")
    patch.set_title(f"the patch, {q} px", fontsize=11)
    patch.set_xlabel(f"row {row}, column {column}")
    i, j = row // stride, column // stride
    order = before.logits.argsort(descending=True)[:10].tolist()
    says = [evidence[number, i, j].item() for number in order]
    bars.barh(range(len(order)), says, color=["#4393c3" if value < 0 else "#d6604d" for value in says])
    bars.set_yticks(range(len(order)), [names[number] for number in order], fontsize=9)
    bars.set(ylim=(len(order) - 0.4, -0.6), xlabel="evidence, in logits")
    bars.axvline(0, color="black", lw=0.8)
    bars.spines[["top", "right", "left"]].set_visible(False)
    bars.set_title("what this patch says", fontsize=11)
    show_heatmap(evidence[target], f"evidence for {names[target]}", heat)
    heat.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, fill=False, lw=2.5, ec="black"))
    rows, columns = torch.nonzero(silenced, as_tuple=True)
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
    figure.suptitle(f"BagNet-{q}. {words.replace('logit -', 'logit ' + MINUS)}", fontsize=11)
    return figure


def percent(share: Tensor) -> str:
    """A share in percent, with more digits where it is nearly none or nearly all."""
    digits = 3 if min(share, 1 - share) < 0.001 else 1
    return f"{100 * share:.{digits}f} %"
