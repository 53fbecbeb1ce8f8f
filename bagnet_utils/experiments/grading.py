"""Is the evidence where the cue is? Patchwork knows the truth, so a heatmap can be graded."""

import numpy as np
import torch
from torch import Tensor

from bagnet_utils.checks import check_number, check_whole
from bagnet_utils.errors import BadInput

Box = tuple[int, int, int, int]  # top, left, bottom, right in px, the last two excluded


def share_on(heatmap, mask) -> float:
    """Percent of the positive evidence that lies on the mask; a blind map scores the mask's share of the picture."""
    heatmap, mask = same_size("share_on", heatmap, mask)
    positive = heatmap.clamp(min=0)
    total = positive.sum().item()
    return 100 * (positive * mask).sum().item() / total if total > 0 else 0.0


def points_at(heatmap, mask, within: int = 0) -> bool:
    """The pointing game: does the highest value lie on the mask, or at most `within` px beside it?"""
    heatmap, mask = same_size("points_at", heatmap, mask)
    within = check_whole("points_at", "within", within, 0, max(heatmap.shape), " (pixels)")
    row, column = divmod(int(heatmap.argmax()), heatmap.shape[1])
    near = mask[max(row - within, 0) : row + within + 1, max(column - within, 0) : column + within + 1]
    return bool(near.any())


def box_around(heatmap, share: float = 0.3) -> Box:
    """The smallest box round all places that reach a share of the highest value."""
    heatmap = torch.as_tensor(heatmap)
    share = check_number("box_around", "share", share, 0, 1)
    high = heatmap >= share * heatmap.max() if heatmap.max() > 0 else torch.ones_like(heatmap, dtype=torch.bool)
    rows, columns = high.any(1).nonzero().flatten(), high.any(0).nonzero().flatten()
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1


def iou(first: Box, second: Box) -> float:
    """Intersection over union of two boxes: 1 where they are the same, 0 where they do not meet."""
    for box in (first, second):
        if len(box) != 4 or box[0] >= box[2] or box[1] >= box[3]:
            raise BadInput(f"iou: {box!r} is no box; top, left, bottom, right are wanted, bottom and right the larger.")
    height = min(first[2], second[2]) - max(first[0], second[0])
    width = min(first[3], second[3]) - max(first[1], second[1])
    both = max(height, 0) * max(width, 0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)]
    return both / (sum(areas) - both)


def same_size(who: str, heatmap, mask) -> tuple[Tensor, Tensor]:
    heatmap, mask = torch.as_tensor(np.asarray(heatmap)).double(), torch.as_tensor(np.asarray(mask)).bool()
    if heatmap.ndim != 2 or heatmap.shape != mask.shape:
        sizes = " and ".join(" x ".join(map(str, thing.shape)) for thing in (heatmap, mask))
        raise BadInput(f"{who}: heatmap and mask must have the same height and width, but they have {sizes}.")
    return heatmap, mask
