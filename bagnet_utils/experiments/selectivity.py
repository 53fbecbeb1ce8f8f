"""Numbers for what one sees in the top pictures of channels: one kind or many, colour or not, settled or not."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from bagnet_utils.checks import check_seed, check_whole
from bagnet_utils.errors import BadInput
from bagnet_utils.experiments.watching import BATCH, watch, with_places
from bagnet_utils.statistics import Estimate

LUMINANCE = (0.299, 0.587, 0.114)  # of red, green and blue (ITU-R BT.601)


@dataclass(frozen=True)
class Selectivity:
    """Of each channel of a layer: do its top pictures show one kind or many?"""

    shares: np.ndarray = field(repr=False)  # D, percent of the top pictures that are of the most frequent kind
    kinds: np.ndarray = field(repr=False)  # D, that kind
    chance: Estimate  # percent for labels that are shuffled: the mean, and the ends of 95 % of all shufflings


def selectivity(values: Tensor, labels: Tensor, top: int = 100, draws: int = 1000, seed: int = 0) -> Selectivity:
    """For each channel, the share of its top pictures that belong to their most frequent kind.

    values: N x D, the highest activation of each channel in each picture. labels: N. A channel that is above 0 in
    fewer than `top` pictures has no top pictures: its share is NaN, its kind -1. A kind with fewer than `top` pictures
    cannot fill the top, and large kinds come up more often by chance: compare with `chance`, not with 0 or 100.
    """
    top = check_whole("selectivity", "top", top, 1, len(values), ": there are no more pictures")
    draws = check_whole("selectivity", "draws", draws, 1, 1_000_000)
    labels = torch.as_tensor(labels)
    if labels.shape != values.shape[:1]:
        raise BadInput(f"selectivity: there are {len(values)} pictures, but {labels.numel()} labels; give one each.")
    highest, pictures = values.topk(top, 0)  # top x D
    most, kinds = counted(labels[pictures].T, int(labels.max()) + 1)
    lit = (highest[-1] > 0).numpy()
    random = np.random.default_rng(check_seed("selectivity", seed))
    shuffled = np.stack([random.permutation(labels.numpy())[:top] for _ in range(draws)])  # any place is the top's
    chances = 100 * counted(torch.from_numpy(shuffled), int(labels.max()) + 1)[0] / top
    chance = Estimate(float(chances.mean()), *(float(end) for end in np.quantile(chances, [0.025, 0.975])))
    return Selectivity(np.where(lit, 100 * most / top, np.nan), np.where(lit, kinds, -1), chance)


def counted(labels: Tensor, kinds: int) -> tuple[np.ndarray, np.ndarray]:
    """How often the most frequent kind comes up in each row, and which it is."""
    counts = torch.stack([(labels == kind).sum(1) for kind in range(kinds)], 1)
    most, which = counts.max(1)
    return most.numpy(), which.numpy()


def evenly_spaced(shares: np.ndarray, count: int = 8) -> list[int]:
    """The rule by which channels are chosen to be shown: in the order of their shares, from the lowest to the highest,
    at even steps. Channels without a share are left out; of channels alike, that with the lower number comes first.
    """
    order = np.argsort(shares, kind="stable")[: np.isfinite(shares).sum()]
    count = check_whole("evenly_spaced", "count", count, 1, len(order), ": there are no more channels")
    return order[np.rint(np.linspace(0, len(order) - 1, count)).astype(int)].tolist()


def grey(images: Tensor) -> Tensor:
    """The pictures without colour: each pixel's luminance in all three channels."""
    weights = torch.tensor(LUMINANCE)[:, None, None]
    return (images * weights).sum(-3, keepdim=True).expand_as(images).contiguous()


def share_lost(before: Tensor, after: Tensor) -> np.ndarray:
    """Percent of the activation that each channel loses, K, of K x k activations; NaN for a channel that has none."""
    total = before.sum(1)
    return np.where(total > 0, 100 * (1 - after.sum(1) / total), np.nan)


def likeness(first: nn.Module, second: nn.Module, images: Tensor, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Pearson's r of each channel's activations in two networks, over all pictures and places: D for each layer.

    NaN for a channel that never changes in one of the two. How early a layer settles: first is a snapshot, second the
    trained network.
    """
    sums, maps = {name: 0 for name in names}, {}
    for batch in images.split(BATCH):
        for model in (first, second):
            watch("likeness", model, batch, names, lambda name, out, _, of=model: maps.update({(of, name): flat(out)}))
        for name in names:
            x, y = maps[first, name], maps[second, name]
            sums[name] = sums[name] + torch.stack(
                [one.sum(1) for one in (torch.ones_like(x), x, y, x * x, y * y, x * y)]
            )
    with np.errstate(invalid="ignore", divide="ignore"):
        return {name: from_sums(*sums[name].numpy()) for name in names}


def flat(maps: Tensor) -> Tensor:
    """n x D x h x w, or what a layer without places gives -> D x (n h w), in double precision."""
    return with_places(maps).transpose(0, 1).flatten(1).double().cpu()


def from_sums(n, x, y, xx, yy, xy) -> np.ndarray:
    """Pearson's r from how many there are and from the sums of x, y, x * x, y * y and x * y; NaN where one is even."""
    spread = [square - one * one / n for one, square in ((x, xx), (y, yy))]
    even = [np.isclose(rest, 0, atol=1e-9 * square.max()) for rest, square in zip(spread, (xx, yy), strict=True)]
    r = (xy - x * y / n) / np.sqrt(spread[0] * spread[1])
    return np.where(even[0] | even[1], np.nan, r)
