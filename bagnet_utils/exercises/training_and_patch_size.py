"""Checks of notebook 04."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from bagnet_utils.exercises.judging import Wrong, describe, table
from bagnet_utils.experiments.invariance import move

PICTURES = "With {0} pictures "
by_chance = table(
    "Half-width in percent of the interval in which the accuracy of a guess between two classes stays: function(n).",
    right=lambda n: 98 / n**0.5,
    cases=[(100,), (1000,), (64,)],
    draw=lambda random: (int(10 ** random.uniform(0.31, 3.7)),),  # small and large ones alike
    within=0.01,
    wrong=[
        (lambda n: 0.98 / n**0.5, "These are proportions; asked for are percent."),
        (lambda n: 50 / n**0.5, "That is one standard deviation: one guess in three lies further off."),
        (lambda n: 100 / n**0.5, "That is two standard deviations. The task says 1.96."),
        (
            lambda n: 196 / n**0.5,
            "Twice too wide. Asked is half the width, and a single guess has a standard deviation of 0.5.",
        ),
        (lambda n: 49 / n**0.5, "Twice too narrow: 0.25 is the variance of one guess. What is its standard deviation?"),
        (
            lambda n: 98 / n,
            "Four times as many pictures make it half as wide, not a quarter: what is missing at the n?",
        ),
        (lambda n: 98 * n**0.5, PICTURES + "you say {answer}: more pictures make it wider. Multiplied or divided?"),
        (lambda n: 98 / (n - 1) ** 0.5, "The standard deviation is known here, not estimated: divide by n, not n - 1."),
        (lambda n: 82.2 / n**0.5, "That holds 90 of 100 guesses. For 95 of 100 it is 1.96 standard deviations."),
        (lambda n: 50 + 98 / n**0.5, "That is the upper end. Asked is how far it lies from 50."),
        (lambda n: 9.8, "That is right for 100 pictures. Your answer does not change with n."),
    ],
    praise="With 100 pictures 57 % lies within 50 ± 9.8: nothing is shown. With 1,000 it would be beyond ± 3.1.",
    otherwise=PICTURES + "you say {answer}. Guess that often between two classes in NumPy, many times, and look.",
)


def gap_and_stride(random) -> tuple[int, int]:
    return int(random.integers(0, 60)), int(random.integers(1, 17))


WHERE = "Gap {0}, stride {1}: "
patches_for = table(
    "Smallest patch that can see across a gap, and smallest that is sure to: function(gap, stride).",
    right=lambda gap, stride: (gap + 2, gap + 1 + stride),
    cases=[(8, 8), (16, 8), (32, 8), (8, 4), (0, 1)],
    draw=gap_and_stride,
    wrong=[
        (lambda gap, stride: (gap, gap + stride - 1), WHERE + "a patch as wide as the gap sees nothing but the gap."),
        (lambda gap, stride: (gap, gap + stride), WHERE + "a patch as wide as the gap sees nothing but the gap."),
        (
            lambda gap, stride: (gap + 1, gap + stride),
            WHERE + "a patch one pixel wider than the gap sees one figure, never both.",
        ),
        (
            lambda gap, stride: (gap + 2, gap + 2 + stride),
            WHERE + "the worst patch begins stride - 1 pixels too early, for after `stride` comes the next one.",
        ),
        (
            lambda gap, stride: (gap + 2, gap + 2),
            WHERE + "a patch that just fits is sure to lie right only if there is one at every pixel.",
        ),
        (
            lambda gap, stride: (gap + 2, gap + 9),
            WHERE + "your second number does not change with the stride. Patches need not come every 8 pixels.",
        ),
        (
            lambda gap, stride: (gap + 2, gap + 2 + stride // 2),
            WHERE + "a patch may begin as much as stride - 1 pixels too early, not half a stride.",
        ),
        (lambda gap, stride: (gap + 2, gap + 2 * stride + 1), WHERE + "one stride is enough: why two?"),
        (lambda gap, stride: (gap + 1 + stride, gap + 2), WHERE + "the two numbers have changed places."),
        (
            lambda gap, stride: (gap + 16, gap + 16 + stride - 1),
            WHERE + "one row of each figure is enough; they need not be seen whole.",
        ),
        (
            lambda gap, stride: (gap + 2 | 1, (gap + 2 | 1) + stride - 1),
            WHERE + "BagNet's patches are odd, but here the smallest size is asked, be it even or odd.",
        ),
    ],
    praise="So face, 8 px apart, is sure to be seen by windows of 17, and wheel, 16 px, by windows of 25 or more.",
    otherwise=WHERE + "{answer} is not right. Draw the gap, a pixel on either side, and the patches over them.",
)


class Seen(NamedTuple):
    """What there is to see in N pictures: the thing's first row and column, whether it begins blue or is faint."""

    row: Tensor
    column: Tensor
    blue: Tensor
    faint: Tensor


class Network:
    """A made-up network for pictures that hold one small thing, red and blue, on grey."""

    def __init__(self, name: str, by_place: bool, answer: Callable[[Seen], Tensor]):
        self.name, self.by_place, self.answer = name, by_place, answer

    def __call__(self, images: Tensor) -> Tensor:
        """N x 3 x H x W -> N classes, 0 or 1."""
        images = images.reshape(-1, *images.shape[-3:])
        colour = images[:, 0] - images[:, 2]  # N x H x W: positive where it is red, negative where it is blue
        thing = colour.abs() > 0.3
        row, column = thing.any(2).int().argmax(1), thing.any(1).int().argmax(1)
        blue = colour[torch.arange(len(images)), row, column] < -0.3
        return self.answer(Seen(row, column, blue, colour.abs().amax((1, 2)) < 0.5)).long()

    def __str__(self) -> str:
        return self.name


NETWORKS = [
    Network("a network that reads the thing alone", False, lambda see: see.blue),
    Network("a network that reads the row", True, lambda see: see.row >= 19),
    Network("a network that reads the column", True, lambda see: see.column >= 19),
    Network(
        "a network with some close calls",
        False,
        lambda see: see.blue ^ (see.faint & ((5 * see.row + 3 * see.column) % 7 < 3)),
    ),
    Network("a network that reads the row modulo 16", True, lambda see: see.row % 16 >= 3),
    Network("a network that reads the column modulo 8", True, lambda see: see.column % 8 >= 3),
    Network("a network that is always wrong", False, lambda see: ~see.blue),
    Network("a network that reads the row and is always wrong", True, lambda see: see.row < 19),
    Network("a network that always says 0", False, lambda see: see.blue & False),
    Network("a network that reads the column modulo 16", True, lambda see: see.column % 16 >= 3),
    Network("a network that reads the row modulo 8", True, lambda see: see.row % 8 >= 3),
    Network("a network that reads whether the column is even", True, lambda see: see.column % 2 == 0),
    Network("a network that reads the row modulo 16 and is half wrong", True, lambda see: abs(see.row % 16 - 12) < 2),
]


GROUND = 0.5 + 0.02 * np.random.default_rng(0).random((3, 48, 48), np.float32)  # grey with some grain
LATE = np.indices((8, 8)) >= 4  # the lower and the right half of a thing


def things(network: Network, random: np.random.Generator, count: int = 12) -> tuple:
    """A network, pictures with one thing of 8 x 8 px each, 16 px or more from every border, and their labels.

    The label stands in the thing (which colour comes first, downwards or across) and in its place as well.
    """
    labels = random.permutation(np.arange(count) % 2)
    images = np.tile(GROUND, (count, 1, 1, 1))
    downwards = random.random() < 0.5
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        top, left = 16 + 4 * label + random.integers(3, size=2)
        late = LATE[0 if downwards else 1]
        blue, strength = late ^ bool(label), 0.2 if number == 0 else 0.4
        image[0, top : top + 8, left : left + 8] = 0.5 + strength * np.where(blue, -1, 1)
        image[2, top : top + 8, left : left + 8] = 0.5 - strength * np.where(blue, -1, 1)
    return network, torch.from_numpy(images), torch.from_numpy(labels)


def changes(network, images: Tensor, steps: Sequence[tuple[int, int]], most: float = 0.2) -> bool:
    """Whether some move changes more than `most` of the answers."""
    before = network(images)
    return any((network(move(images, *step)) != before).float().mean().item() > most for step in steps)


def loses(network, images: Tensor, labels: Tensor, steps: Sequence[tuple[int, int]]) -> bool:
    """Whether some move makes the accuracy fall by a fifth."""
    right = (network(images) == labels).float().mean()
    return any((network(move(images, *step)) == labels).float().mean() < right - 0.2 for step in steps)


def turned(network, images: Tensor, axis: int) -> bool:
    return bool((network(images) != network(images.flip(axis))).float().mean() > 0.2)


def yes_or_no(answer) -> float:
    answer = answer.item() if tuple(getattr(answer, "shape", (0,))) in ((), (1,)) else answer
    if not isinstance(answer, bool):
        raise Wrong(f"True or False is wanted, but {describe(answer)} came.")
    return float(answer)


DOWN, RIGHT = [(step, 0) for step in range(1, 9)], [(0, step) for step in range(1, 9)]
NAMED = "There is {0}. "
unmask = table(
    "Does a network go by place? function(network, images, labels) -> True or False.",
    right=lambda network, images, labels: network.by_place,
    cases=[things(network, np.random.default_rng(number)) for number, network in enumerate(NETWORKS)],
    draw=lambda random: things(NETWORKS[random.integers(len(NETWORKS))], random),
    read=yes_or_no,
    wrong=[
        (lambda net, x, y: False, "You never find a reader of places. " + NAMED + "What happens if its pictures move?"),
        (lambda net, x, y: True, "You suspect every network. " + NAMED + "It answers the same wherever the thing is."),
        (lambda net, x, y: changes(net, x, DOWN), NAMED + "You move pictures down only, so it is not noticed."),
        (lambda net, x, y: changes(net, x, RIGHT), NAMED + "You move pictures sideways only, so it is not noticed."),
        (lambda net, x, y: changes(net, x, [(16, 0), (0, 16)]), NAMED + "After 16 px it sees what it saw before."),
        (lambda net, x, y: changes(net, x, [(8, 0), (0, 8)]), NAMED + "After 8 px it sees what it saw before."),
        (
            lambda net, x, y: changes(net, x, [(1, 0), (0, 1)]),
            NAMED + "A move by one pixel is too small to trouble it.",
        ),
        (
            lambda net, x, y: changes(net, x, DOWN + RIGHT, 0),
            NAMED + "A few of its answers change with the grid. That is no proof: how many are too many?",
        ),
        (
            lambda net, x, y: loses(net, x, y, DOWN + RIGHT),
            NAMED + "Its accuracy does not fall, it rises. Compare answers with answers, not with labels.",
        ),
        (
            lambda net, x, y: bool((net(x) == y).float().mean() < 0.75),
            NAMED + "How often it is right on these pictures tells nothing: all labels stand in the place, too.",
        ),
        (
            lambda net, x, y: turned(net, x, 2) or turned(net, x, 3),
            NAMED + "You change more than the place: a flip turns the thing round, a long move pushes it out.",
        ),
        (
            lambda net, x, y: turned(net, x, 2),
            NAMED + "A flip changes the place and the thing, and only top and bottom.",
        ),
        (
            lambda net, x, y: turned(net, x, 3),
            NAMED + "A flip changes the place and the thing, and only left and right.",
        ),
    ],
    praise="It finds readers of rows, columns and of places on the grid, and suspects nobody for a close call.",
    otherwise=NAMED + "Your answer is {answer}. What changes when you move its pictures, and what stays?",
)
