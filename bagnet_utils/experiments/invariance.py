"""Does the answer stay when the picture moves? (after Zeiler & Fergus, section 4.1)"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bagnet_utils.checks import check_images, check_number
from bagnet_utils.errors import BadInput
from bagnet_utils.experiments.watching import over_places, watch
from bagnet_utils.statistics import Estimate, bootstrap


def move(images: Tensor, down, right=0) -> Tensor:
    """Each picture moved by whole pixels, down and to the right (up and to the left where negative).

    images: N x 3 x H x W (or one, 3 x H x W) -> the same shape. down, right: one number, or one for each picture. What
    leaves the picture is gone, and what comes in has the picture's mean colour: it continues nothing and repeats
    nothing, so that no order and no place is made up.
    """
    many = check_images("move", images)
    moved = many.mean((2, 3), keepdim=True).expand_as(many).clone()
    ways = zip(steps(down, many), steps(right, many), strict=True)
    for one, new, (rows, columns) in zip(many, moved, ways, strict=True):
        (above, height), (before, width) = span(rows, one.shape[1]), span(columns, one.shape[2])
        kept = one[:, max(-rows, 0) :, max(-columns, 0) :][:, :height, :width]
        new[:, above : above + height, before : before + width] = kept
    return moved.reshape(images.shape)


def span(step: int, side: int) -> tuple[int, int]:
    """Where what is kept of `side` pixels begins after a step, and how much it is."""
    return max(step, 0), side - abs(step)


def steps(given, images: Tensor) -> list[int]:
    """A whole number of pixels for each picture."""
    count, most = len(images), min(images.shape[-2:])
    numbers = np.asarray(given)
    if numbers.dtype.kind not in "iu" or numbers.shape not in ((), (count,)) or abs(numbers).max() > most:
        raise BadInput(
            f"move: {str(given)[:60]} was given, but whole numbers of pixels are wanted, up to {most} either way: one "
            f"for all pictures, or one for each of the {count}."
        )
    return np.broadcast_to(numbers, count).tolist()


def zoom(images: Tensor, factor: float) -> Tensor:
    """Each picture `factor` times as large about its middle, cut to its old size. What comes in is its mean colour.

    Resampled, and averaged where it shrinks. Its sides are rounded so that the middle stays in the middle.
    """
    many = check_images("zoom", images)
    factor = check_number("zoom", "factor", factor, 0, 8)
    height, width = many.shape[2:]
    sides = [max(1, side % 2 + 2 * round((side * factor - side % 2) / 2)) for side in (height, width)]
    ground = many.mean((2, 3), keepdim=True)
    larger = F.interpolate(many - ground, sides, mode="bilinear", antialias=True)
    rows, columns = ((new - old) // 2 for new, old in zip(sides, (height, width), strict=True))
    cut = F.pad(larger, (-columns, -columns, -rows, -rows))  # a negative number cuts, a positive one adds
    return (cut + ground).reshape(images.shape)


def turn(images: Tensor, degrees: float) -> Tensor:
    """Each picture turned to the left about its middle, and cut to its old size. What comes in is its mean colour.

    Resampled, but for quarter turns of squares: other angles blur a little.
    """
    many = check_images("turn", images)
    angle = np.deg2rad(check_number("turn", "degrees", degrees, -361, 360))
    height, width = many.shape[2:]
    cos, sin = np.cos(angle), np.sin(angle)
    way = many.new_tensor([[cos, -sin * height / width, 0], [sin * width / height, cos, 0]])
    grid = F.affine_grid(way.expand(len(many), 2, 3), list(many.shape), align_corners=False)
    ground = many.mean((2, 3), keepdim=True)
    return (F.grid_sample(many - ground, grid, align_corners=False) + ground).reshape(images.shape)


class Curve(NamedTuple):
    """What changing pictures more and more does to a network. Intervals are over pictures."""

    amounts: tuple[float, ...]
    distances: dict[str, np.ndarray]  # layer -> amounts x N: to the picture unchanged; 1 is as far as to other pictures
    probabilities: np.ndarray  # amounts x N, of the right class

    def distance(self, layer: str) -> list[Estimate]:
        """The mean distance over pictures at each amount."""
        return [bootstrap(np.mean, row) for row in self.distances[layer]]

    def probability(self) -> list[Estimate]:
        """The mean probability of the right class at each amount."""
        return [bootstrap(np.mean, row) for row in self.probabilities]


def invariance_curve(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    layers: Sequence[str],
    transform: Callable[[Tensor, float], Tensor],
    amounts: Sequence[float],
) -> Curve:
    """How far features go from those of N x 3 x H x W pictures as these change, by `transform(images, amount)`.

    layers: names as in `model.named_modules()`, or "top": what the last linear layer is given, which knows no places.
    A layer's distance is Euclid's. It is divided by the picture's mean distance to the others as they were, so that
    networks and layers compare: 0 is no change, 1 as much as another picture.
    """
    images, labels = check_images("invariance_curve", images), torch.as_tensor(labels)
    if len(images) < 2 or labels.shape != images.shape[:1]:
        raise BadInput(
            f"invariance_curve: {len(images)} pictures and labels of shape {tuple(labels.shape)} were given, but two "
            "pictures at least are wanted, and a label for each."
        )
    before, _ = features_at(model, images, layers)
    others = {layer: torch.cdist(now, now).sum(1) / (len(images) - 1) for layer, now in before.items()}
    distances, probabilities = {layer: [] for layer in before}, []
    for amount in amounts:
        after, logits = features_at(model, transform(images, amount), layers)
        for layer, now in after.items():
            distances[layer].append(((now - before[layer]).norm(dim=1) / others[layer]).double().numpy())
        probabilities.append(logits.double().softmax(1)[torch.arange(len(labels)), labels].numpy())
    return Curve(tuple(amounts), {layer: np.array(rows) for layer, rows in distances.items()}, np.array(probabilities))


def features_at(
    model: nn.Module, images: Tensor, layers: Sequence[str], places: bool = True
) -> tuple[dict[str, Tensor], Tensor]:
    """What layers put out for pictures, each N x F with all its places, or N x D for "top"; and the N x C logits.

    places=False: a layer's mean over its places, N x D.
    """
    seen = {}

    def look(layer: str, output: Tensor, start: int) -> None:
        features = output.flatten(1).clone() if places or layer == "top" else over_places(output)
        seen.setdefault(layer, []).append(features)

    logits = watch("features_at", model, images, layers, look)
    return {layer: torch.cat(seen[layer]) for layer in layers}, logits
