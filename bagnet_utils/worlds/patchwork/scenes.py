"""Patchwork: drawn pictures in five pairs of classes; the two of a pair differ by ONE cue whose size we know.

Three of the pairs are one mechanism of three sizes. Figures 8 px high follow each other down a column, `gap` empty px
between two of them, from border to border, again and again: A B C in one class, A C B in the other. Each column has its
own phase, uniform over its whole period. So at any place each figure is equally likely in both classes; and a window of
at most gap + 1 px never holds two figures of one column. What one window shows has therefore the same law in both
classes, wherever it lies and whatever the network's stride, and so has any mean over windows its expected value: order
is left, and who compares two figures knows it.
"""

from dataclasses import dataclass, field

import numpy as np

from bagnet_utils.checks import check_choice, check_seed, check_switch, check_target, check_whole
from bagnet_utils.errors import BadInput
from bagnet_utils.worlds.patchwork.casting import PAINTERS, Plan
from bagnet_utils.worlds.patchwork.scenery import SCENERY

PURPOSES = ("background", "body", "colours", "coat", "parts", "fingers")  # each has its own stream of random numbers
FAR = 48  # px: how far the creatures may stand lower or higher; the smallest is still seen


@dataclass(frozen=True)
class Pair:
    """Two classes and what tells them apart. `gap`: empty px between two figures, None where the cue is no order."""

    name: str
    classes: tuple[str, str]
    gap: int | None = None
    copies: int = 1  # columns
    leaky: bool = False  # phases from a few rows only: then a figure's place tells the class


PAIRS = (
    Pair("coat", ("zebra", "leopard")),
    Pair("face", ("owl", "topsy owl"), gap=8, copies=3),
    Pair("wheel", ("wheel over bell", "bell over wheel"), gap=16, copies=3),
    Pair("totem", ("mask over wings", "wings over mask"), gap=32, copies=3),
    Pair("tench", ("tench", "carp")),
)
NAMES = tuple(pair.name for pair in PAIRS)
CLASSES = tuple(name for pair in PAIRS for name in pair.classes)


@dataclass(frozen=True)
class Scene:
    """A picture and the truth about it. Masks are H x W, True where a thing touches the pixel."""

    image: np.ndarray = field(repr=False)  # 3 x 128 x 128, float32, every value k/255
    label: int
    seed: int
    pair: Pair
    cue: np.ndarray = field(repr=False)  # columns x figures x 128 x 128: the pixels that carry the cue
    object: np.ndarray = field(repr=False)  # the creatures or things
    fingers: np.ndarray = field(repr=False)
    box: tuple[int, int, int, int]  # round the object: top, left, bottom, right in px, the last two excluded
    changes: dict = field(default_factory=dict)  # what has been changed so far

    def redraw(self, **changes) -> "Scene":
        """The same scene with one thing more changed; `changes` as in `scene`."""
        return draw(self.pair, self.label ^ self.changes.get("swap", False), self.seed, **{**self.changes, **changes})


def fingers_by_default(member: int, seed: int) -> bool:
    """95 % of tench are held by fingers and 5 % of carp: the exception is one block of ten seeds in twenty."""
    return (member == 0) != (seed // 10 % 20 == 7)


def draw(
    pair: Pair,
    label: int,
    seed: int,
    swap: bool = False,
    remove: int | None = None,
    background: str | None = None,
    coat: int | None = None,
    fingers: bool | None = None,
    down: int = 0,
    **unknown,
) -> Scene:
    """Draw a scene of any pair (`scene` says what the changes mean). Its label is that of the cue it shows."""
    changes = {"swap": swap, "remove": remove, "background": background, "coat": coat, "fingers": fingers, "down": down}
    if unknown:
        raise BadInput(f"scene: {', '.join(unknown)} cannot be changed; what can be is {', '.join(changes)}.")
    check_seed("scene", seed)
    for what, switch in (("swap", swap), *([] if fingers is None else [("fingers", fingers)])):
        check_switch("scene", what, switch)
    if remove is not None:
        parts = 1 if pair.gap is None else 3
        check_whole("scene", "remove", remove, 0, parts - 1, f": a part of the cue of {pair.name}")
    if fingers is not None and pair.name != "tench":
        raise BadInput(
            f"scene: fingers={fingers!r}, but only labels 8 and 9, tench and carp, are held by fingers; leave it out."
        )
    if background is not None:
        check_choice("scene", "background", background, NAMES)
    if coat is not None:
        changes["coat"] = check_target("scene", coat, len(CLASSES))
    check_whole("scene", "down", down, -FAR, FAR, " (pixels)")
    plan = planned(pair, label, seed, **changes)
    canvas = SCENERY[background or pair.name](plan.stream("background"))
    traces = PAINTERS[pair.name](canvas, plan)
    rows, cols = np.flatnonzero(traces.thing.any(1)), np.flatnonzero(traces.thing.any(0))
    box = tuple(int(edge) for edge in (rows[0], cols[0], rows[-1] + 1, cols[-1] + 1))
    label ^= bool(swap)
    return Scene(developed(canvas), label, seed, pair, traces.cue, traces.thing, traces.fingers, box, changes)


def planned(
    pair: Pair, label: int, seed: int, swap=False, remove=None, background=None, coat=None, fingers=None, down=0
):
    """What a painter needs to know of a scene; `background` is not the painter's affair."""

    def stream(purpose: str) -> np.random.Generator:
        return np.random.default_rng([NAMES.index(pair.name), seed, PURPOSES.index(purpose)])

    member = label % 2
    order = member ^ swap
    wears = (pair.name, order) if coat is None else (NAMES[coat // 2], coat % 2)
    held = pair.name == "tench" and (fingers_by_default(member, seed) if fingers is None else fingers)
    return Plan(pair, order, wears, remove, held, stream, down)


def developed(canvas: np.ndarray) -> np.ndarray:
    """A canvas, H x W x 3, as a picture: 3 x H x W, float32, every value k/255."""
    # a hair below 0.5: a value that lies exactly between two bytes must not round by the last bit of some system's sum
    return to_float(np.floor(np.clip(canvas, 0, 1) * 255 + 0.499999).astype(np.uint8).transpose(2, 0, 1))


def to_float(images: np.ndarray) -> np.ndarray:
    """Bytes -> float32 in [0, 1]."""
    return images / np.float32(255)


def scene(label: int, seed: int, **changes) -> Scene:
    """The scene of a class (0..9) and a seed; the classes of a pair share all but the cue at equal seeds. Changes:

    swap=True          the cue of the pair's other class (for tench: its tail; fingers stay)
    remove=0, 1 or 2   one figure left out wherever it stands; for coat (0) the pattern, for tench (0) the tail fin
    background="tench" another pair's scenery, by the pair's name
    coat=label         the pattern and colours of another class on this body
    fingers=True       fingers added, or taken away with False (tench and carp)
    down=8             the creatures, coats and all, 8 px lower before the same scenery; columns go on at the border
    """
    label, seed = check_whole("scene", "label", label, 0, len(CLASSES) - 1), check_seed("scene", seed)
    return draw(PAIRS[label // 2], label, seed, **changes)
