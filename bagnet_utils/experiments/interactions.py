"""Do parts of a picture interact? (Brendel & Bethge, section 3.4; Shapley, 1953)

If they do not, hiding many parts at once changes a logit by the sum of what hiding each of them alone does.
"""

from collections.abc import Callable, Sequence
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
    """How far the leading class's logit drops, picture by picture."""

    joint_drop: Tensor  # N: with all masks at once
    summed_drops: Tensor  # N: with each mask alone, added up

    @property
    def correlation(self) -> Estimate:
        """Pearson's r of the two, over the pictures."""
        return correlation(self.joint_drop.double().cpu(), self.summed_drops.double().cpu())

    @property
    def left_over(self) -> Estimate:
        """What interaction there is: the mean difference of the two, as a share of the mean summed drop."""
        return bootstrap(relative_difference, self.joint_drop.double().cpu(), self.summed_drops.double().cpu())

    @property
    def largest_difference(self) -> float:
        """Of the two, over the pictures, in logits."""
        return (self.joint_drop - self.summed_drops).abs().max().item()


def relative_difference(joint: np.ndarray, summed: np.ndarray, axis: int = -1) -> float:
    return np.abs(joint - summed).mean(axis) / np.abs(summed).mean(axis)


def interaction_curve(model: nn.Module, images: Tensor, gaps: Sequence[int], size: int | None = None) -> list:
    """The paper's curve, an Interaction for each gap between squares: [one.correlation for one in ...] is r by gap."""
    return [interaction(model, images, gap, size) for gap in gaps]


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
    joint, summed = [], []
    for image in images:  # one after the other: memory does not grow with their number
        contents = squares(image, places, gap if size is None else size, "mean")
        logits, hidden = model(torch.stack([image, cover(image, places, contents)]))
        best = logits.argmax()
        joint.append(logits[best] - hidden[best])
        one_by_one, _ = hidden_one_by_one(model, image, places, contents)
        summed.append((logits[best] - one_by_one[:, best]).sum())
    return Interaction(torch.stack(joint), torch.stack(summed))


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

    worth: what a coalition, a set of players (numbers from 0), is worth, the empty one as well. It is asked about all
    2 ** players coalitions, so the values are exact.
    """
    players = check_whole("shapley", "players", players, 1, 16, ": every set of them is asked about")
    if not callable(worth):
        raise BadInput(f"shapley: worth is {worth!r}, but a function is wanted: a set of players -> what it is worth.")
    sizes = range(players + 1)
    coalitions = [frozenset(members) for size in sizes for members in combinations(range(players), size)]
    values = {coalition: float(worth(coalition)) for coalition in coalitions}

    def value_of(player: int) -> float:
        others = [coalition for coalition in values if player not in coalition]
        gains = ((values[one | {player}] - values[one]) / comb(players - 1, len(one)) for one in others)
        return sum(gains) / players

    return [value_of(player) for player in range(players)]
