"""How local is a data set? The ruler is accuracy against patch size: what patches of q px tell of a class, and no more.

The ruler measures networks. A small patch may tell more than ours has learnt, so each mark is a lower bound.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from scipy import stats
from torch import Tensor, nn

from bagnet_utils.checks import check_seed, check_whole
from bagnet_utils.errors import BadInput
from bagnet_utils.experiments.looking_inside import layers
from bagnet_utils.experiments.transfer import fit_probe, pooled_features
from bagnet_utils.models.scores import predict
from bagnet_utils.statistics import Estimate, bootstrap, confidence_interval, point_difference
from bagnet_utils.worlds.world import World

SMALL, LARGE = "bagnet9", "bagnet33"
SURE = 0.05  # the chance of at least one false alarm among all kinds (Holm)
LOOSENESS = 0.01  # scikit-learn's C of the probe


class Gain(NamedTuple):
    """What one kind gains from a larger patch."""

    kind: str
    pictures: int
    points: Estimate  # percentage points, paired bootstrap over its pictures
    sure: bool  # clear even after one has looked at all kinds (sign test, Holm's correction)


class Profile(NamedTuple):
    """Who is right on which picture of a world."""

    right: dict[str, np.ndarray]  # by network: N booleans
    labels: np.ndarray  # N
    classes: tuple[str, ...]

    def accuracy(self) -> dict[str, Estimate]:
        """Percent right, by network (Wilson)."""
        counts = {name: (int(hits.sum()), len(hits)) for name, hits in self.right.items()}
        return {name: Estimate(100 * hit / of, *confidence_interval(hit, of)) for name, (hit, of) in counts.items()}

    def gain(self, small: str = SMALL, large: str = LARGE) -> Estimate:
        """How many points more the one network has right than the other, on the same pictures."""
        return bootstrap(point_difference, self.right[large], self.right[small])

    def gains(self, small: str = SMALL, large: str = LARGE) -> list[Gain]:
        """The same for each kind, from the least to the most."""
        found = []
        for label in np.unique(self.labels):
            less, more = (self.right[name][self.labels == label] for name in (small, large))
            won, lost = int((more & ~less).sum()), int((less & ~more).sum())
            chance = stats.binomtest(won, won + lost).pvalue if won + lost else 1.0
            found.append((self.classes[label], len(less), bootstrap(point_difference, more, less), chance))
        sure = holm([chance for *_, chance in found])
        rows = [Gain(*row[:3], one) for row, one in zip(found, sure, strict=True)]
        return sorted(rows, key=lambda row: (row.points.value, row.kind))

    def in_halves(self, small: str = SMALL, large: str = LARGE, seed: int = 0) -> np.ndarray:
        """Each kind's gain (points), measured on one half of its pictures and on the other: 2 x kinds."""
        random, halves = np.random.default_rng(check_seed("in_halves", seed)), []
        steps = 100.0 * (self.right[large].astype(int) - self.right[small])
        for label in np.unique(self.labels):
            mine = random.permutation(steps[self.labels == label])
            halves.append((mine[::2].mean(), mine[1::2].mean()))
        return np.array(halves).T


def locality_profile(models: Mapping[str, nn.Module], world: World) -> Profile:
    """Who is right on which picture, for networks that know this world's classes."""
    check_models("locality_profile", models)
    for name, model in models.items():
        if tuple(model.classes) != tuple(world.classes):
            raise BadInput(
                f"locality_profile: {name} knows other classes than these {len(world.classes)}; give networks of this "
                "world, or use probe_profile, which teaches each of them a last layer."
            )
    answers = {name: predict(model, world.images) for name, model in models.items()}
    return Profile(
        {name: (answer == world.labels).numpy() for name, answer in answers.items()},
        world.labels.numpy(),
        tuple(world.classes),
    )


def probe_profile(models: Mapping[str, nn.Module], world: World, folds: int = 4, seed: int = 0) -> Profile:
    """The same for classes that the networks never learnt: each one's features stay, and a linear classifier learns.

    Each picture is answered once, by a classifier that was taught on the other folds. A minute or two for 500 pictures.
    """
    check_models("probe_profile", models)
    fold_of = folds_of(world.labels, folds, seed)
    right = {}
    for name, model in models.items():
        last = layers(model)[-1]
        features = pooled_features(model, world.images, [last])[last]
        right[name] = np.zeros(len(features), bool)
        for fold in range(folds):
            held = fold_of == fold
            probe = fit_probe("SVM", features[~held], world.labels[~held], LOOSENESS)
            right[name][held] = probe.predict(features[held].double().numpy()) == world.labels[held].numpy()
    return Profile(right, world.labels.numpy(), tuple(world.classes))


def folds_of(labels: Tensor, folds: int, seed: int) -> Tensor:
    """Into which fold each picture goes, so that every class is in all of them alike: N."""
    kinds, counts = labels.unique(return_counts=True)
    if len(kinds) < 2:
        raise BadInput("probe_profile: there is one class only, but two or more are wanted to be told apart.")
    most = int(counts.min())
    if most < 2:
        raise BadInput("probe_profile: one class has a single picture, but two at least are wanted, better thirty.")
    folds = check_whole("probe_profile", "folds", folds, 2, most, " (the smallest class has no more pictures)")
    random = torch.Generator().manual_seed(check_seed("probe_profile", seed))
    fold_of = torch.empty_like(labels)
    for kind in kinds:
        mine = (labels == kind).nonzero()[:, 0]
        fold_of[mine[torch.randperm(len(mine), generator=random)]] = torch.arange(len(mine)) % folds
    return fold_of


def holm(chances: list[float]) -> list[bool]:
    """Which of many tests are sure, so that all together raise a false alarm in SURE of all cases at most."""
    order = np.argsort(chances, kind="stable")
    limits = SURE / np.arange(len(order), 0, -1)
    passed = np.cumprod(np.asarray(chances)[order] <= limits).astype(bool)
    sure = np.zeros(len(order), bool)
    sure[order] = passed
    return sure.tolist()


def share_of_way(accuracy: float, best: float, chance: float) -> float:
    """How far an accuracy is on the way from chance to the best network's, in percent; all three in percent."""
    return 100 * (accuracy - chance) / (best - chance)


def check_models(who: str, models) -> None:
    if not isinstance(models, Mapping) or not models:
        raise BadInput(f"{who}: networks are wanted by name, such as {{'bagnet9': load_model('bagnet9', 'photos')}}.")
