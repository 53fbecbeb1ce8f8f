"""Do parts of a picture talk to each other? (Brendel & Bethge, section 3.4; Shapley, 1953)

If they do not, hiding many parts at once changes a logit by the sum of what hiding each of them alone does.
"""

from collections.abc import Callable
from itertools import combinations, product
from math import comb
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from bagnet_utils.checks import check_eval, check_images, check_whole
from bagnet_utils.errors import BadInput
from bagnet_utils.experiments.masking import Place, cover, hidden_one_by_one, squares
from bagnet_utils.statistics import Estimate, bootstrap, correlation


class Interaction(NamedTuple):
    """How far the leading class's logit falls, picture by picture."""

    together: Tensor  # N: with all masks at once
    apart: Tensor  # N: with each mask alone, added up

    @property
    def correlation(self) -> Estimate:
        """Pearson's, over the pictures."""
        return correlation(self.together.double().cpu(), self.apart.double().cpu())

    @property
    def left_over(self) -> Estimate:
        """What interaction there is: the mean difference of the two, as a share of the mean change apart."""
        return bootstrap(share_left, self.together.double().cpu(), self.apart.double().cpu())


def share_left(together: np.ndarray, apart: np.ndarray, axis: int = -1) -> float:
    return np.abs(together - apart).mean(axis) / np.abs(apart).mean(axis)


@torch.no_grad()
def interaction(model: nn.Module, images: Tensor, gap: int = 8, size: int | None = None) -> Interaction:
    """Hide squares of size x size px, `gap` px apart in both directions: all at once, and one by one.

    images: N x 3 x H x W. Each square gets its own mean colour. Without `size` squares are as wide as the gaps, as in
    the paper: every second patch in every second row. For a BagNet the two are equal as soon as gap >= patch_size - 1,
    for then no patch sees two squares.
    """
    check_eval("interaction", model)
    images = check_images("interaction", images, model)
    places = grid(tuple(images.shape[-2:]), gap, size)
    together, apart = [], []
    for image in images:  # one after the other: memory does not grow with their number
        contents = squares(image, places, gap if size is None else size, "mean")
        logits, hidden = model(torch.stack([image, cover(image, places, contents)]))
        best = logits.argmax()
        together.append(logits[best] - hidden[best])
        alone, _ = hidden_one_by_one(model, image, places, contents)
        apart.append((logits[best] - alone[:, best]).sum())
    return Interaction(torch.stack(together), torch.stack(apart))


def grid(sides: tuple[int, int], gap: int, size: int | None = None) -> list[Place]:
    """Where squares lie that are `gap` px apart, as many as there is room for, in the middle: at least two."""
    gap = check_whole("interaction", "gap", gap, 0 if size else 1, min(sides), " (pixels)")
    size = gap if size is None else check_whole("interaction", "size", size, 1, min(sides), " (pixels)")
    lines = []
    for side in sides:
        count = (side + gap) // (size + gap)
        margin = (side - count * (size + gap) + gap) // 2
        lines.append(range(margin, side - size + 1, size + gap))
    if len(lines[0]) * len(lines[1]) < 2:
        raise BadInput(
            f"interaction: a picture of {sides[0]} x {sides[1]} pixels has no room for two squares of {size} px, "
            f"{gap} px apart; use a smaller gap or smaller squares."
        )
    return list(product(*lines))


def shapley(worth: Callable[[frozenset[int]], float], players: int) -> list[float]:
    """Each player's Shapley value: what it adds on average over all orders in which the players may come.

    worth: what a set of players (numbers from 0) is worth, the empty one as well. It is asked about all 2 ** players
    sets, so the values are exact.
    """
    players = check_whole("shapley", "players", players, 1, 16, ": every set of them is asked about")
    if not callable(worth):
        raise BadInput(f"shapley: worth is {worth!r}, but a function is wanted: a set of players -> what it is worth.")
    sets = [frozenset(some) for size in range(players + 1) for some in combinations(range(players), size)]
    told = {some: float(worth(some)) for some in sets}
    return [
        sum(
            (told[some | {player}] - told[some]) / (players * comb(players - 1, len(some)))
            for some in sets
            if player not in some
        )
        for player in range(players)
    ]
