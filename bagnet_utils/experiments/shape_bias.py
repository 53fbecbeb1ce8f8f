"""Does a network go by shape or by texture? Pictures on which the two disagree (Geirhos et al., 2019)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from scipy import stats
from torch import Tensor, nn

from bagnet_utils.checks import check_eval, check_images, check_whole, describe, whole
from bagnet_utils.errors import BadInput
from bagnet_utils.models.scores import ask
from bagnet_utils.statistics import Estimate, NoInterval, bootstrap, confidence_interval
from bagnet_utils.worlds.named_conflicts import SIXTEEN, listed
from bagnet_utils.worlds.pictures import load_image

Groups = Mapping[str, Sequence[int]]  # a kind's name, and the model's classes that it is made of
ENOUGH = 7  # kinds: an interval over fewer was never tried


@dataclass(frozen=True)
class ShapeBias:
    """What a network decided on pictures whose shape is that of one kind and whose texture is that of another."""

    kinds: tuple[str, ...]
    answers: np.ndarray = field(repr=False)  # N numbers of kinds
    shapes: np.ndarray = field(repr=False)
    textures: np.ndarray = field(repr=False)
    left_out: tuple[str, ...] = ()  # of a folder: each file that was not counted, and why

    @property
    def by_shape(self) -> np.ndarray:
        """N booleans: the answer is the shape's kind."""
        return self.answers == self.shapes

    @property
    def by_texture(self) -> np.ndarray:
        """N booleans: the answer is the texture's kind."""
        return self.answers == self.textures

    @property
    def counts(self) -> tuple[int, int, int]:
        """Pictures decided by shape, by texture, and for some third kind."""
        shape, texture = int(self.by_shape.sum()), int(self.by_texture.sum())
        return shape, texture, len(self.answers) - shape - texture

    @property
    def bias(self) -> Estimate:
        """Percent of shape decisions among shape and texture decisions, and its 95 % interval (Wilson)."""
        return self.among(np.ones(len(self.answers), bool))

    @property
    def bias_over_kinds(self) -> Estimate:
        """The same with an interval over kinds (see `reach`), where pictures share few silhouettes and textures."""
        share, pulls = pulls_of(self)
        if not 0 < share < 1:
            return NoInterval(100 * share, "all decisions are alike")
        logit, half = np.log(share / (1 - share)), reach(pulls) / (share * (1 - share))
        return with_ends(100 * share, *(100 / (1 + np.exp(-end)) for end in (logit - half, logit + half)))

    def of_kind(self, kind: str) -> Estimate:
        """The same for the pictures that have the shape of one kind."""
        if kind not in self.kinds:
            raise BadInput(f"of_kind: there is no kind called {kind!r:.60}; there are {', '.join(self.kinds)}.")
        return self.among(self.shapes == self.kinds.index(kind))

    def among(self, chosen: np.ndarray) -> Estimate:
        shape, texture = int((self.by_shape & chosen).sum()), int((self.by_texture & chosen).sum())
        if shape + texture == 0:
            return NoInterval(np.nan, "no picture was decided by shape or by texture")
        return Estimate(100 * shape / (shape + texture), *confidence_interval(shape, shape + texture))


def bias_difference(after: ShapeBias, before: ShapeBias) -> Estimate:
    """How many points higher one network's bias is than another's, on the same pictures (paired bootstrap)."""

    def difference(*decided, axis: int = -1):
        sums = [column.sum(axis) for column in decided]
        return 100 * (sums[0] / (sums[0] + sums[1]) - sums[2] / (sums[2] + sums[3]))

    return bootstrap(
        difference, *(np.where(way, 1.0, 0) for one in (after, before) for way in (one.by_shape, one.by_texture))
    )


def difference_over_kinds(after: ShapeBias, before: ShapeBias) -> Estimate:
    """The same with an interval over kinds, for pictures that share a few silhouettes and textures."""
    (share, pulls), (other, others) = pulls_of(after), pulls_of(before)
    value, half = 100 * (share - other), 100 * reach(pulls - others)
    return with_ends(value, value - half, value + half)


def with_ends(value: float, low: float, high: float) -> Estimate:
    if np.isnan(low):
        return NoInterval(float(value), f"fewer than {ENOUGH} kinds, or none was decided")
    return Estimate(float(value), float(low), float(high))


def pulls_of(one: ShapeBias) -> tuple[float, np.ndarray]:
    """The share of shape decisions; and how far pictures draw it up or down, by kinds of shape and of texture."""
    shape, texture = one.by_shape, one.by_texture
    decided = (shape | texture).sum()
    share = shape.sum() / decided if decided else np.nan
    table = np.zeros((len(one.kinds), len(one.kinds)))
    np.add.at(table, (one.shapes, one.textures), (shape - share * (shape | texture)) / max(decided, 1))
    used = table[np.ix_(*(np.unique(cue) for cue in (one.shapes, one.textures)))]
    return float(share), used


def reach(pulls: np.ndarray) -> float:
    """Half of the interval of a share: as if the kinds of shapes, and those of textures, had been drawn anew.

    Pictures of one kind's shape (or texture) are alike, so their sums are what varies: both variances are added, and
    what they count twice is taken off (two-way clusters; Cameron, Gelbach and Miller, 2011). Student's t, with the
    degrees of freedom that a sum of two variances has (Welch and Satterthwaite).
    """
    count = min(pulls.shape)
    if count < ENOUGH:
        return np.nan
    rows, columns = (count / (count - 1) * (pulls.sum(axis) ** 2).sum() for axis in (1, 0))
    if rows + columns == 0:
        return 0.0
    free = (count - 1) * (rows + columns) ** 2 / (rows**2 + columns**2)
    return stats.t.ppf(0.975, free) * np.sqrt(max(rows + columns - (pulls**2).sum(), rows, columns))


def shape_bias(
    model: nn.Module, images: Tensor, shapes: Sequence[int], textures: Sequence[int], groups: Groups | None = None
) -> ShapeBias:
    """Decisions of a network, in eval mode, on cue conflicts: N x 3 x H x W, of each the kinds of shape and of texture.

    Kinds are numbers. groups: which classes of the model make up each kind, {"zebra or leopard": (0, 1), ...} in the
    order of the kinds; None: each class is a kind. The answer is the kind with the highest mean probability over its
    classes; classes in no kind are not asked for.
    """
    images = check_images("shape_bias", images)
    kinds, answers = decide("shape_bias", model, images, groups)
    shapes, textures = (
        checked(what, given, len(images), len(kinds)) for what, given in (("shapes", shapes), ("textures", textures))
    )
    if alike := int((shapes == textures).sum()):
        raise BadInput(
            f"shape_bias: in {alike} of {len(images)} pictures shape and texture are of the same kind, so that they "
            "tell nothing about the bias; leave them out."
        )
    return ShapeBias(kinds, answers, shapes, textures)


def decide(
    who: str, model: nn.Module, images: Tensor, groups: Groups | None = None
) -> tuple[tuple[str, ...], np.ndarray]:
    """The kinds, and which of them the network finds in each picture: the one whose classes have the highest mean
    probability.
    """
    chances = ask(who, model, images, 10).softmax(1)  # N x C
    if groups is None:
        names = getattr(model, "classes", range(chances.shape[1]))
        return tuple(map(str, names)), chances.argmax(1).numpy()
    if not isinstance(groups, Mapping) or len(groups) < 2:
        given = f"{len(groups)} kind" if isinstance(groups, Mapping) else describe(groups)
        raise BadInput(
            f"{who}: groups is {given}, but a dict of two kinds or more is wanted: each kind's name, and its classes."
        )
    means = []
    for kind, classes in groups.items():
        members = [whole(one) for one in classes] if isinstance(classes, (Sequence, range)) else []
        if not members or any(one is None or not 0 <= one < chances.shape[1] for one in members):
            raise BadInput(
                f"{who}: the classes of {kind!r:.40} are {str(classes)[:60]}, but some of the numbers 0 to "
                f"{chances.shape[1] - 1} are wanted in a list."
            )
        means.append(chances[:, members].mean(1))
    return tuple(map(str, groups)), torch.stack(means, 1).argmax(1).numpy()


def checked(what: str, given, pictures: int, kinds: int) -> np.ndarray:
    """One kind a picture, as a whole number."""
    row = np.asarray(given)
    if row.shape != (pictures,) or row.dtype.kind not in "iu" or row.min() < 0 or row.max() >= kinds:
        raise BadInput(
            f"shape_bias: {what} are {str(given)[:60]}, but one whole number from 0 to {kinds - 1} is wanted for each "
            f"of the {pictures} pictures."
        )
    return row


def shape_bias_of_folder(model: nn.Module, folder: str | Path, side: int = 224, batch: int = 20) -> ShapeBias:
    """Decisions of an ImageNet network on a folder of cue conflicts named as in texture-vs-shape: cat1-car3.png has
    the shape of a cat and the texture of a car, both of the sixteen kinds of `named_conflicts.SIXTEEN`.

    Pictures whose shape and texture agree are left out, as are files that are named otherwise or cannot be read;
    `.left_out` has a line for each. Pictures are cut square and scaled to `side` px; only `batch` are held at once.
    """
    who = "shape_bias_of_folder"
    check_eval(who, model)
    side, batch = check_whole(who, "side", side, 32, 1024, " (pixels)"), check_whole(who, "batch", batch, 1, 1000)
    files, notes = listed(folder)
    notes, answers, cues = list(notes), [], []
    for start in range(0, len(files), batch):
        images = []
        for file, *both in files[start : start + batch]:
            try:
                images.append(load_image(file, side))
                cues.append(both)
            except BadInput as problem:
                notes.append(str(problem).removeprefix("load_image: "))
        if images:
            answers.append(decide(who, model, torch.stack(images), SIXTEEN)[1])
    if not answers:
        raise BadInput(f"{who}: of {len(files)} pictures in {folder} none can be read: {notes[-1]}")
    shapes, textures = np.array(cues).T
    return ShapeBias(tuple(SIXTEEN), np.concatenate(answers), shapes, textures, tuple(notes))
