"""Does a network know that a part is the same part in other pictures? (Zeiler & Fergus 2014, section 4.3)

Hide the same part in several pictures. If a layer's features change alike in all of them, the layer treats the part as
one thing. The control hides random parts, as large, elsewhere on each object.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from scipy.signal import correlate
from torch import Tensor, nn

from bagnet_utils.checks import check_images, check_seed
from bagnet_utils.errors import BadInput
from bagnet_utils.experiments.invariance import features_at
from bagnet_utils.statistics import Estimate, bootstrap

NOTHING = 1e-5  # of a layer's largest feature: a smaller change is rounding


class Correspondence(NamedTuple):
    """How differently a layer's features change in two pictures, by their signs: 0 alike, 1 all different."""

    same: Estimate  # the same part is hidden in both
    random: Estimate  # random parts are hidden
    more: Estimate  # random minus same, on the same pairs of pictures: above 0 there is a correspondence
    zeros: float  # percent of the features that do not change when the part is hidden


def correspondence(
    model: nn.Module, images: Tensor, parts: Tensor, controls: Sequence[Tensor], layers: Sequence[str], places=True
) -> dict[str, Correspondence]:
    """The test for some layers, on N x 3 x H x W pictures that all show a part.

    parts: N x H x W booleans, what is hidden. controls: as many masks again, several times, see `elsewhere`; the mean
    is taken over the times. layers: as in `invariance_curve`. places: compare the changes at each place of a map, as
    Zeiler and Fergus did, or those of its mean over places. Intervals: pictures are drawn anew, and the pairs of
    different ones are compared.
    """
    images = check_images("correspondence", images)
    for masks in (parts, *controls):
        if tuple(masks.shape) != (len(images), *images.shape[2:]):
            raise BadInput(
                f"correspondence: masks of shape {tuple(masks.shape)} were given, but a mask is wanted for each of "
                f"{len(images)} pictures of {images.shape[2]} x {images.shape[3]} pixels."
            )
    before, _ = features_at(model, images, layers, places)

    def changes(masks: Tensor) -> dict[str, Tensor]:
        after, _ = features_at(model, hide(images, masks), layers, places)
        return {layer: signs(before[layer], after[layer]) for layer in layers}

    same, found = changes(parts), {}
    random = [{layer: hamming(now) for layer, now in changes(masks).items()} for masks in controls]
    for layer in layers:
        alike, apart = hamming(same[layer]), np.mean([one[layer] for one in random], axis=0)
        zeros = 100 * (same[layer] == 0).double().mean().item()
        found[layer] = Correspondence(*(over_pairs(pairs) for pairs in (alike, apart, apart - alike)), zeros)
    return found


def hide(images: Tensor, masks: Tensor) -> Tensor:
    """The pictures, N x 3 x H x W, with their own mean colour under the masks, N x H x W."""
    hidden = torch.as_tensor(masks).bool()[:, None]
    return torch.where(hidden, images.mean((2, 3), keepdim=True), images)


def signs(before: Tensor, after: Tensor) -> Tensor:
    """Of features N x F, before minus after: 1, -1, or 0 where nothing changed."""
    change = before - after
    return torch.where(change.abs() > NOTHING * before.abs().max(), change.sign(), 0).to(torch.int8)


def hamming(signs: Tensor) -> np.ndarray:
    """The share of features whose signs differ, for each pair of N pictures: N x N.

    A sign is one of three: two zeros are alike, and a zero differs from both others.
    """
    alike = sum(which @ which.T for which in ((signs == sign).float() for sign in (-1, 0, 1)))
    return (1 - alike.double() / signs.shape[1]).numpy()


def over_pairs(matrix: np.ndarray) -> Estimate:
    """The mean over pairs of different pictures, N x N; its interval is over pictures drawn anew."""

    def mean(chosen: np.ndarray, axis: int = -1) -> np.ndarray:  # axis is always the last
        one, other = chosen[..., :, None], chosen[..., None, :]
        return (matrix[one, other] * (one != other)).sum((-2, -1)) / (one != other).sum((-2, -1))

    return bootstrap(mean, np.arange(len(matrix)))


def elsewhere(parts: np.ndarray, objects: np.ndarray, seed: int = 0, together: bool = False) -> np.ndarray:
    """The control: each part, N x H x W booleans, moved to a random place on its object where it does not touch itself.

    So a control has as many pixels in the same shape. All such places are equally likely, for each picture anew;
    together=True moves all by the same step.
    """
    parts, objects = np.asarray(parts, bool), np.asarray(objects, bool)
    random, controls = np.random.default_rng(check_seed("elsewhere", seed)), np.zeros_like(parts)
    free = np.array([steps_on(part, thing) for part, thing in zip(parts, objects, strict=True)])
    if together:
        free[:] = free.all(0)
    for number, (part, allowed) in enumerate(zip(parts, free, strict=True)):
        if not allowed.any():
            raise BadInput(f"elsewhere: part {number} fits nowhere else on its object; hide a smaller one.")
        if number == 0 or not together:
            places = np.argwhere(allowed)
            step = places[random.integers(len(places))] - part.shape + 1
        controls[number] = np.roll(part, step, (0, 1))
    return controls


def steps_on(part: np.ndarray, thing: np.ndarray) -> np.ndarray:
    """By which steps a part can move and lie wholly on the thing but not on itself: (2 H - 1) x (2 W - 1) booleans."""
    on_thing, on_itself = (np.rint(correlate(ground * 1.0, part * 1.0)) for ground in (thing, part))
    return (on_thing == part.sum()) & (on_itself == 0)


def square(shape: Sequence[int], row: int, column: int, size: int) -> np.ndarray:
    """A square of `size` px, its first row and column, as a mask of this shape: H x W booleans."""
    mask = np.zeros(shape, bool)
    mask[row : row + size, column : column + size] = True
    return mask


def figure_box(scene, figure: int, column: int = 1) -> np.ndarray:
    """The box round one figure of a Patchwork scene's column, that nearest to the middle: H x W booleans."""
    cue = scene.cue[column, figure]
    rows = np.flatnonzero(cue.any(1))
    whole = [run for run in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1) if len(run) == 8]
    run = min(whole, key=lambda run: abs(run.mean() - len(cue) / 2))
    box = np.zeros_like(cue)
    box[np.ix_(run, np.flatnonzero(cue[run].any(0)))] = True
    return box


def head_box(scene, size: int = 20) -> np.ndarray:
    """A square on the head of a Patchwork zebra or leopard: H x W booleans. The head is below the ears, which are
    highest, at the end of the body that they are nearer to."""
    top, left, _, right = scene.box
    ears = np.flatnonzero(scene.object[top : top + 4].any(0)).mean()
    return square(scene.object.shape, top + 7, left + 2 if 2 * ears < left + right else right - 2 - size, size)
