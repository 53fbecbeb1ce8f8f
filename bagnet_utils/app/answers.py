"""What the networks say of a picture, as the page gets it. What has not changed since last time is not computed.

A BagNet need not be asked all over again: a change of the picture changes only the patches that see it.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from bagnet_utils.display.packing import pack
from bagnet_utils.experiments.heatmaps import evidence, heatmap
from bagnet_utils.experiments.masking import touching
from bagnet_utils.models.bagnet import BagNet

ALL, FEW = (
    40,
    10,
)  # of more than ALL classes, only those travel that are chosen or among the FEW with the highest logits
WORTH = 0.6  # share of the patches up to which a cut-out is quicker than the whole picture
ROWS = 56  # of a dense map in one piece, so that others need not wait for all of it


class Known(NamedTuple):
    """A picture and what one network says of all its patches."""

    picture: Tensor  # 3 x H x W
    maps: Tensor  # C x h x w


def ask(model: BagNet, picture: Tensor, known: list[Known]) -> Known:
    """The evidence of all patches: C x h x w, equal to `evidence(model, picture)`.

    known: what was computed before; only the patches that see a difference to one of these are computed.
    """
    q, step = model.patch_size, model.stride
    rows, columns = ((side - q) // step + 1 for side in picture.shape[1:])
    cuts = []
    for one in known:
        if one.picture.shape == picture.shape:
            changed = (one.picture != picture).any(0)  # H x W
            if not changed.any():
                return Known(picture, one.maps)
            (top, bottom), (left, right) = (
                touching(int(at[0]), int(at[-1] - at[0]) + 1, q, step, cells)
                for at, cells in ((changed.any(1).nonzero()[:, 0], rows), (changed.any(0).nonzero()[:, 0], columns))
            )
            cuts.append((max(0, bottom + 1 - top) * max(0, right + 1 - left), top, bottom + 1, left, right + 1, one))
    cells, top, bottom, left, right, one = min(cuts, key=lambda cut: cut[0], default=(rows * columns, *[None] * 5))
    if cells > WORTH * rows * columns:
        return Known(picture, evidence(model, picture)[0])
    maps = one.maps.clone()
    if cells:
        cut = picture[:, top * step : (bottom - 1) * step + q, left * step : (right - 1) * step + q]
        maps[:, top:bottom, left:right] = evidence(model, cut)[0]
    return Known(picture, maps)


def packed(
    nets: dict[int, BagNet], now: dict[int, Known], before: dict[int, Known], chosen: list[int], address: str
) -> dict:
    """What the explorer takes (see `display.widgets.explore`), and for each q the logits of the picture as it was."""
    names = nets[min(nets)].classes
    first, last = ({q: one.maps.mean((1, 2)) for q, one in which.items()} for which in (before, now))
    numbers = list(range(len(names)))
    if len(numbers) > ALL:
        best = [torch.stack([*logits.values()]).mean(0).topk(FEW).indices.tolist() for logits in (first, last)]
        numbers = list(dict.fromkeys([*chosen, *best[0], *best[1]]))
    picture = now[min(now)].picture
    whole = {
        "picture": address,
        "height": picture.shape[1],
        "width": picture.shape[2],
        "names": [names[number] for number in numbers],
        "numbers": numbers,
        "total": len(names),
        "bags": [pack(q, nets[q].stride, now[q].maps[numbers]) for q in sorted(now)],
    }
    return {"packed": whole, "before": {q: logits[numbers].tolist() for q, logits in first.items()}}


def bands(height: int) -> list[tuple[int, int]]:
    """First row and end of the pieces of a dense map."""
    return [(top, min(top + ROWS, height)) for top in range(0, height, ROWS)]


def dense(model: BagNet, picture: Tensor, target: int, rows: tuple[int, int]) -> Tensor:
    """Some rows of `heatmap(model, picture, target, stride=1)`: one value for each pixel of them."""
    reach = (model.patch_size - 1) // 2
    _, height, width = picture.shape
    around = torch.zeros(3, height + 2 * reach, width + 2 * reach)
    around += getattr(model.normalise, "mean", 0)  # which is 0 to the network, as its border is
    around[:, reach : reach + height, reach : reach + width] = picture
    return heatmap(model, around[:, rows[0] : rows[1] + 2 * reach], target, stride=1, pad=False)
