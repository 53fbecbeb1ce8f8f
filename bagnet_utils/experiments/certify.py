"""A defence with a proof: no sticker of this size, at any place and with any content, changes a certified answer.

A sticker changes only the evidence of the patches that see a part of it. They lie in one window of the BagNet's map.
Three defences use this: clipping (Clipped BagNet, 2020), masking the worst window (PatchGuard, 2021), and masking two
windows (PatchCleanser, 2022, there with masks on the pixels).
"""

from itertools import product
from typing import NamedTuple

import torch
from torch import Tensor

from bagnet_utils.checks import check_choice, check_images, check_whole
from bagnet_utils.errors import BadInput
from bagnet_utils.experiments.heatmaps import evidence
from bagnet_utils.experiments.masking import touching
from bagnet_utils.models.bagnet import BagNet, check_bagnet

LEAD = 1e-4  # logits by which a class must win. Rounding is far smaller.
CLIP = (0.0, 10.0)  # logits: the range that clipping and masking the worst window leave to each patch


class Certificate(NamedTuple):
    """What the defended network answers, and for which pictures it is proven."""

    answers: Tensor  # N
    certified: Tensor  # N booleans: the answer is right, and no sticker of the size can change it


def certify(
    model: BagNet, images: Tensor, labels: Tensor, size: int, way: str = "two windows", clip: tuple[float, float] = CLIP
) -> Certificate:
    """Defend a BagNet against one sticker of size x size px, and say which right answers no such sticker can change.

    images: N x 3 x H x W in [0, 1]. way: "two windows", "worst window" or "clipping"; the first keeps evidence as it
    is, the others clip it to the range `clip` (logits).
    """
    check_bagnet("certify", model)
    check_choice("certify", "way to defend", way, WAYS)
    images = check_images("certify", images, model)
    size = check_whole("certify", "size", size, 1, min(images.shape[2:]), " (pixels of the picture)")
    labels = torch.as_tensor(labels).cpu()
    if labels.shape != (len(images),):
        raise BadInput(f"certify: there are {len(images)} pictures, but {labels.numel()} labels; give one each.")
    masks = windows(model, tuple(images.shape[2:]), size)
    return WAYS[way](evidence(model, images).cpu(), labels, masks, clip)


def windows(model: BagNet, shape: tuple[int, int], size: int) -> Tensor:
    """All windows that hide a sticker of size x size px, wherever it lies: W x h x w booleans, True inside.

    For every pixel place the exact set of patches that see the sticker is taken. Near the border it is smaller; a set
    that lies within another is left out.
    """
    q, step, spans, cells = model.patch_size, model.stride, [], []
    for side in shape:
        count = (side - q) // step + 1
        found = {touching(begin, size, q, step, count) for begin in range(side - size + 1)}
        found = {(first, last) for first, last in found if first <= last}  # else: pixels that no patch sees
        spans.append([a for a in sorted(found) if not any(a != b and b[0] <= a[0] and a[1] <= b[1] for b in found)])
        cells.append(count)
    masks = torch.zeros(len(spans[0]) * len(spans[1]), *cells, dtype=torch.bool)
    for mask, ((top, bottom), (left, right)) in zip(masks, product(*spans), strict=True):
        mask[top : bottom + 1, left : right + 1] = True
    return masks


# ------------------------------------------------------------ three ways; each takes N x C x h x w evidence


def two_windows(maps: Tensor, labels: Tensor, masks: Tensor, clip=None) -> Certificate:
    """A class passes if some window can be masked so that it wins, whichever second window is masked as well.

    At most one class passes: if two did, each would win with both their windows masked. The answer is the class that
    passes; if none does, the class that wins unmasked.
    Certified: the right class wins on the clean picture for every two windows. Then it passes on every picture with a
    sticker: mask the sticker's window first, and only clean evidence is left.
    """
    one, other = torch.triu_indices(len(masks), len(masks))
    kept = (~(masks[one] | masks[other])).flatten(1).to(maps)  # pairs x cells
    answers, certified = [], []
    batch = max(1, 4_000_000 // (len(kept) * maps.shape[1]))  # pictures at a time, so that memory stays bounded
    for cells, mine in zip(maps.flatten(2).split(batch), labels.split(batch), strict=True):
        best = (kept @ cells.transpose(1, 2) / cells.shape[2]).topk(2, 2)  # of n x pairs x C logits
        winner, lead = best.indices[:, :, 0], best.values[:, :, 0] - best.values[:, :, 1]
        certified.append(((winner == mine[:, None]) & (lead > 2 * LEAD)).all(1))
        winner[lead <= LEAD] = -1  # nobody wins
        table = winner.new_empty(len(cells), len(masks), len(masks))
        table[:, one, other] = table[:, other, one] = winner
        passes = (table == table[:, :, :1]).all(2) & (table[:, :, 0] >= 0)  # n x W: some class passes with this window
        passing = table[torch.arange(len(cells)), passes.int().argmax(1), 0]
        answers.append(torch.where(passes.any(1), passing, cells.sum(2).argmax(1)))
    return Certificate(torch.cat(answers), torch.cat(certified))


def clipping(maps: Tensor, labels: Tensor, masks: Tensor, clip: tuple[float, float] = CLIP) -> Certificate:
    """The sum of clipped evidence decides. A sticker turns its window's into the least for the right class and the most
    for another: certified if the right class still wins then."""
    low, high = clip
    cells, flat = maps.flatten(2).clamp(low, high), masks.flatten(1).to(maps)
    outside = cells.sum(2)[:, :, None] - cells @ flat.T  # N x C x W
    least, most = of_label(outside, labels) + flat.sum(1) * low, outside + flat.sum(1) * high
    return Certificate(cells.sum(2).argmax(1), wins(least, most, labels, flat))


def worst_window(maps: Tensor, labels: Tensor, masks: Tensor, clip: tuple[float, float] = CLIP) -> Certificate:
    """For each class the window that speaks most for it is masked; the sum of the rest (above the floor) decides.

    With a sticker, another class keeps at most its clean evidence outside the sticker's window. The right class keeps
    at least that, minus what its strongest window then holds.
    """
    low, high = clip
    cells, flat = maps.flatten(2).clamp(low, high) - low, masks.flatten(1).to(maps)
    inside = cells @ flat.T  # N x C x W
    answers = (cells.sum(2) - inside.amax(2)).argmax(1)
    outside, own = cells.sum(2)[:, :, None] - inside, of_label(cells, labels)
    second = torch.stack([(own * (1 - sticker) @ flat.T).amax(1) for sticker in flat], 1)  # N x W
    return Certificate(answers, wins(of_label(outside, labels) - second, outside, labels, flat))


def of_label(values: Tensor, labels: Tensor) -> Tensor:
    """N x C x ... -> N x ..., for each picture that of its label."""
    return values[torch.arange(len(labels)), labels]


def wins(least: Tensor, most: Tensor, labels: Tensor, flat: Tensor) -> Tensor:
    """Whether the label's least exceeds all others' most, for every window: N x W, N x C x W, N -> N booleans."""
    others = most.clone()
    others[torch.arange(len(labels)), labels] = -torch.inf
    return ((least - others.amax(1)) / flat.shape[1] > 2 * LEAD).all(1)


WAYS = {"two windows": two_windows, "worst window": worst_window, "clipping": clipping}
