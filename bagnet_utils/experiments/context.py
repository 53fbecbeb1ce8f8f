"""Context: does what lies around a thing help a network, or harm it? And how much of the evidence lies there?"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from bagnet_utils.checks import check_choice
from bagnet_utils.experiments.grading import share_on
from bagnet_utils.experiments.grounds import Staged
from bagnet_utils.experiments.heatmaps import evidence
from bagnet_utils.models.bagnet import BagNet
from bagnet_utils.models.scores import predict
from bagnet_utils.statistics import Estimate, bootstrap, confidence_interval, point_difference


class Context(NamedTuple):
    """A network's answers to the same N things before several grounds; shares are over the R versions of a ground."""

    right: dict[str, np.ndarray]  # by ground: N shares of right answers, 0 to 1
    taken: dict[str, np.ndarray]  # by ground: N shares of answers that name the host, whose ground "other" is
    own: dict[str, np.ndarray]  # by ground: N shares of answers that name the thing's own group: its kind, or pair

    def percent(self, ground: str) -> Estimate:
        """Right answers on this ground, in percent (one version: Wilson; several: bootstrap over the things)."""
        right = counted(self.right[ground])
        if right.dtype == bool:
            return Estimate(100 * float(right.mean()), *confidence_interval(int(right.sum()), len(right)))
        return bootstrap(np.mean, 100 * right)

    def points(self, before: str, after: str) -> Estimate:
        """How many points more are right on the one ground than on the other (paired)."""
        return bootstrap(point_difference, counted(self.right[before]), counted(self.right[after]))

    def effects(self) -> dict[str, Estimate]:
        """In points: how much the own ground helps, another's harms (both against grey), and both together."""
        pairs = {"helps": ("own", "grey"), "harms": ("grey", "other"), "together": ("own", "other")}
        return {what: self.points(*grounds) for what, grounds in pairs.items()}


def counted(shares: np.ndarray) -> np.ndarray:
    """The same as booleans, if each thing is right or wrong: their interval is another one (see `bootstrap`)."""
    return shares.astype(bool) if np.isin(shares, (0, 1)).all() else shares


def context(model: nn.Module, staged: Staged) -> Context:
    """What a network answers on each ground."""
    right, taken, own = {}, {}, {}
    for ground, pictures in staged.pictures.items():
        answers = predict(model, pictures.flatten(0, 1)).reshape(pictures.shape[:2])  # R x N
        right[ground] = (answers == staged.labels).double().mean(0).numpy()
        taken[ground] = (staged.group[answers] == staged.hosts).double().mean(0).numpy()
        own[ground] = (staged.group[answers] == staged.group[staged.labels]).double().mean(0).numpy()
    return Context(right, taken, own)


class Off(NamedTuple):
    """Percent of each thing's evidence, and of its patches, that lie off it: on patches that hold no pixel of it."""

    evidence: np.ndarray  # N
    patches: np.ndarray  # N: what a blind map would have there

    def more(self) -> Estimate:
        """How many points more evidence lies there than patches; below 0: the network looks at the thing."""
        return bootstrap(np.mean, self.evidence - self.patches)


def evidence_off(model: BagNet, staged: Staged, ground: str, false: bool = False) -> Off:
    """Where the positive evidence lies: right class rather than the strongest wrong one, or the other way round."""
    pictures = staged.pictures[check_choice("evidence_off", "ground", ground, staged.pictures)]
    off = ~touched(staged.masks, model.patch_size, model.stride)  # N x h x w
    shares = []
    for images in pictures:
        votes = evidence(model, images)  # N x C x h x w
        numbers = torch.arange(len(votes))
        logits = votes.mean((2, 3))
        logits[numbers, staged.labels] = -torch.inf
        heat = votes[numbers, staged.labels] - votes[numbers, logits.argmax(1)]
        heat = -heat if false else heat
        shares.append([share_on(one, mask) for one, mask in zip(heat, off, strict=True)])
    return Off(np.mean(shares, 0), 100 * off.double().mean((1, 2)).numpy())


def touched(masks: Tensor, patch: int, stride: int) -> Tensor:
    """Which patches hold at least one pixel of the masks: N x H x W -> N x h x w booleans."""
    return masks.unfold(1, patch, stride).unfold(2, patch, stride).any(-1).any(-1)
