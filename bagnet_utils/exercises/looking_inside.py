"""Checks of notebook 12a."""

import functools

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from bagnet_utils.exercises.judging import Wrong, exercise, normal, table


def pooled(random: np.random.Generator) -> tuple[Tensor, Tensor, int, int]:
    """What comes down for a map of any size, and the switches that its pooling left, which are never all alike."""
    side = int(random.integers(2, 4))
    height, width = (side * int(random.integers(2, 5)) for _ in range(2))
    _, switches = F.max_pool2d(normal(random, 1, 1, height, width), side, return_indices=True)
    return normal(random, height // side, width // side), switches[0, 0], height, width


def put_back(values: Tensor, switches: Tensor, height: int, width: int) -> Tensor:
    back = torch.zeros(height * width, dtype=values.dtype)
    back[switches.flatten()] = values.flatten()
    return back.reshape(height, width)


def at_corners(values: Tensor, switches: Tensor, height: int, width: int) -> Tensor:
    """Every value in the upper left place of its window."""
    back = torch.zeros(height, width)
    back[:: height // len(values), :: width // values.shape[1]] = values
    return back


def copied(values: Tensor, switches: Tensor, height: int, width: int) -> Tensor:
    """Every value in all places of its window."""
    return F.interpolate(values[None, None], size=(height, width))[0, 0]


def by_columns(values: Tensor, switches: Tensor, height: int, width: int) -> Tensor:
    """The switches read as if places were counted column by column."""
    return put_back(values, switches, width, height).T


SIDES = "For {2} x {3} places "
unpool = table(
    "Each value back at its switch: function(values, switches, height, width) -> height x width.",
    right=put_back,
    cases=[
        (torch.tensor([[5.0, 7], [9, 8]]), torch.tensor([[1, 6], [12, 15]]), 4, 4),
        (torch.tensor([[-1.0, 2, 3]]), torch.tensor([[7, 2, 11]]), 2, 6),
    ],
    draw=pooled,
    wrong=[
        (at_corners, SIDES + "all values are in the upper left corners of their windows. What are the switches for?"),
        (copied, SIDES + "you give each value to its whole window. All places but one get 0."),
        (
            lambda values, switches, height, width: (
                copied(values, switches, height, width) * len(values) * values.shape[1] / (height * width)
            ),
            SIDES + "you share each value out over its window. It belongs to one place.",
        ),
        (by_columns, SIDES + "you count the places column by column. They are counted row by row."),
        (
            lambda values, switches, height, width: put_back(values.relu(), switches, height, width),
            SIDES + "negative values are gone. Cutting them off is the work of the ReLU, later.",
        ),
        (
            lambda values, switches, height, width: put_back(torch.ones_like(values), switches, height, width),
            SIDES + "the places are right, but all values are 1. What came from above?",
        ),
        (
            lambda values, switches, height, width: put_back(switches.float(), switches, height, width),
            SIDES + "you put the switches themselves into the map. They say where, not how much.",
        ),
        (
            lambda values, switches, height, width: put_back(values.flip(0), switches, height, width),
            SIDES + "the values and the switches are not in the same order.",
        ),
        (
            lambda values, switches, height, width: put_back(values.T.contiguous(), switches, height, width),
            SIDES + "the values and the switches are not in the same order.",
        ),
        (
            lambda values, switches, height, width: put_back(values, switches, height, width).flatten(),
            "{2} x {3} numbers are wanted, with rows and columns. Yours stand in one row.",
        ),
    ],
    praise="The values come from above, the places from the picture.",
    otherwise=SIDES + "the values are not where they should be: each at its switch, and 0 elsewhere.",
)


def a_step(random: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """What comes down, the map that was pooled on the way up, and the filters below."""
    channels, colours = int(random.integers(1, 4)), int(random.integers(1, 4))
    height, width = (int(random.integers(2, 5)) for _ in range(2))
    before = normal(random, 1, channels, 2 * height, 2 * width)
    return normal(random, 1, channels, height, width), before, normal(random, channels, colours, 3, 3)


def switches_of(maps: Tensor) -> Tensor:
    return F.max_pool2d(maps, 2, return_indices=True)[1]


def step(unpooled: Tensor, filters: Tensor) -> Tensor:
    return F.conv_transpose2d(unpooled.relu(), filters, padding=1)


one_step_down = table(
    "One step of a deconvnet: function(back, before, filters) -> 1 x C x 2h x 2w.",
    right=lambda back, before, filters: step(F.max_unpool2d(back, switches_of(before), 2), filters),
    draw=a_step,
    wrong=[
        (
            lambda back, before, filters: step(F.interpolate(back, scale_factor=2), filters),
            "Blocks still come back: every value goes to all four places of its window. Which one had the maximum?",
        ),
        (
            lambda back, before, filters: step(F.interpolate(back, scale_factor=2) / 4, filters),
            "Fainter blocks are blocks. Which of the four places had the maximum?",
        ),
        (
            lambda back, before, filters: step(F.interpolate(back, scale_factor=2, mode="bilinear"), filters),
            "Smooth blocks are blocks. Which of the four places had the maximum?",
        ),
        (
            lambda back, before, filters: step(
                F.max_unpool2d(back, switches_of(F.interpolate(back, scale_factor=2)), 2), filters
            ),
            "Your switches come from what is sent down. They must come from the map that was pooled on the way up.",
        ),
        (
            lambda back, before, filters: step(F.max_unpool2d(back, switches_of(-before), 2), filters),
            "Your switches are where the map was lowest.",
        ),
        (
            lambda back, before, filters: step(F.max_unpool2d(back, switches_of(before.abs()), 2), filters),
            "Your switches are where the map was furthest from 0. Pooling takes the highest.",
        ),
        (
            lambda back, before, filters: step(F.interpolate(back, scale_factor=2) * (before > 0), filters),
            "That looks at what was positive on the way up. Which of the four places had the maximum?",
        ),
        (
            lambda back, before, filters: step(F.max_unpool2d(back, switches_of(before), 2) * (before > 0), filters),
            "You also close what was closed on the way up: that is the rule `guided`.",
        ),
        (
            lambda back, before, filters: F.conv_transpose2d(
                F.max_unpool2d(back, switches_of(before), 2) * (before > 0), filters, padding=1
            ),
            "Your ReLU is closed where it was closed on the way up: that is the rule `gradient`.",
        ),
        (
            lambda back, before, filters: F.conv_transpose2d(
                F.max_unpool2d(back, switches_of(before), 2), filters, padding=1
            ),
            "The switches are right now, but the ReLU is gone. A deconvnet has one.",
        ),
        (
            lambda back, before, filters: step(F.max_unpool2d(back, switches_of(before), 2), filters).relu(),
            "The switches are right now, but there is a ReLU after the convolution, too.",
        ),
        (
            lambda back, before, filters: step(F.max_unpool2d(back, switches_of(before), 2), filters.flip(2, 3)),
            "The switches are right now, but the filters are turned round once too often: conv_transpose2d does it.",
        ),
        (
            lambda back, before, filters: step(
                F.max_unpool2d(F.max_pool2d(before, 2), switches_of(before), 2), filters
            ),
            "You send the maxima of the picture down. The values must be those that come from above.",
        ),
    ],
    praise="With its switches it draws lines again. All the rest of the step was right.",
    otherwise="That is not it yet. Only one of the three lines has a mistake: which one does not look at the picture?",
)

LAYER, CHANNELS = "features.17", (8, 32)  # of the eight on the sheet, the two whose common kind is the best of neither


@functools.cache
def strength_by_kind() -> dict[str, tuple[float, float]]:
    """For each kind, how high the two channels get on average in its test photographs; the best kind has 1."""
    from bagnet_utils.experiments.looking_inside import activations
    from bagnet_utils.models.zoo import load_model
    from bagnet_utils.worlds import load_world

    net, world = load_model("vgg", "photos"), load_world("photos", "test", n=320)
    maps = torch.cat([activations(net, some, LAYER)[:, CHANNELS] for some in world.images.split(32)])
    highest = maps.flatten(2).amax(2)  # N x 2
    means = torch.stack([highest[world.labels == kind].mean(0) for kind in range(len(world.classes))])
    return dict(zip(world.classes, map(tuple, (means / means.amax(0)).tolist()), strict=True))


@exercise(
    wrong=[
        ("lotus", "the first channel likes best, but the second"),
        ("Dalmatian", "the second channel likes best, but the first"),
        ("sunflower", "as high as on their best kinds"),
        ("watch", "as high as on their best kinds"),
        ("zebra", "none of the 32 kinds is called"),
        (8, "A kind is wanted"),
    ]
)
def common_kind(kind) -> str:
    """The kind for which both channels are high: its name."""
    if not isinstance(kind, str):
        raise Wrong("A kind is wanted, its name in quotes, such as 'starfish'.")
    strengths, name = strength_by_kind(), kind.strip().lower().replace(" ", "_")
    if name not in strengths:
        raise Wrong(f"Of the photographs, none of the 32 kinds is called {kind!r:.40}.")
    both = {one: first * second for one, (first, second) in strengths.items()}
    if name == max(both, key=both.get):
        return "It is the best kind of neither, but the only one that drives both."
    first, second = strengths[name]
    if first == 1:
        raise Wrong(f"This is what the first channel likes best, but the second gets to {second:.2f} of its best only.")
    if second == 1:
        raise Wrong(f"This is what the second channel likes best, but the first gets to {first:.2f} of its best only.")
    raise Wrong(
        f"On test photographs of this kind they are {first:.2f} and {second:.2f} as high as on their best kinds."
    )
