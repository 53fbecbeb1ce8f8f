"""Still pictures. They draw what they are given and compute nothing."""

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

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
