"""Checks of notebook 13a: what does a background do to the answers, and what does the cut do?"""

import numpy as np

from bagnet_utils.exercises.judging import table

Shares = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def points(more: np.ndarray, less: np.ndarray) -> float:
    """Percentage points between two shares of right answers."""
    return 100 * float(more.mean() - less.mean())


def effects(as_it_is, same_cut, own_ground, other_ground) -> tuple[float, float, float]:
    """What the cut costs, what an own ground adds, what another's takes away: each against the same cut."""
    return points(as_it_is, same_cut), points(own_ground, same_cut), points(same_cut, other_ground)


def of_those_right(as_it_is, same_cut, own_ground, other_ground) -> tuple[float, float, float]:
    """Only things that are right as they are: these can lose, and hardly gain."""
    return effects(*(answers[as_it_is] for answers in (as_it_is, same_cut, own_ground, other_ground)))


def changed(more: np.ndarray, less: np.ndarray) -> float:
    return 100 * float((more != less).mean())


def relative(more: np.ndarray, less: np.ndarray) -> float:
    return 100 * float((more.mean() - less.mean()) / less.mean())


def four_answers(random: np.random.Generator) -> Shares:
    """Right or wrong for the same 20 to 80 things in four pictures each; backgrounds may help or harm, or the cut."""
    count = int(random.integers(20, 80))
    skill = random.normal(size=count)  # some things are easier on every ground
    columns = [skill + random.normal(random.uniform(-0.6, 1.2), 0.7, size=count) > 0 for _ in range(4)]
    columns[0][:2], columns[1][:2], columns[2][:2], columns[3][:2] = (True, False), (True, True), (True, False), False
    return tuple(columns)


def row(text: str) -> np.ndarray:
    return np.array([letter == "1" for letter in text])


FEW = "For {0}, {1}, {2} and {3}: "
SAME = (
    row("1111011101"), row("1110011101"), row("1111011001"), row("0100011000"),
)  # fmt: skip
background_effects = table(
    "Points by the cut, the own ground, another's: function(as_it_is, same_cut, own_ground, other_ground), N booleans.",
    right=effects,
    cases=[SAME, (row("11101111"), row("10111110"), row("11011011"), row("00010010"))],
    draw=four_answers,
    within=1e-6,
    wrong=[
        (
            lambda a, c, o, x: (points(a, c), points(o, c), points(a, x)),
            "Your third number compares with the picture as it is. Between the two lie the cut AND the ground: "
            "then the cut may be the reason.",
        ),
        (
            lambda a, c, o, x: (points(a, c), points(o, a), points(a, x)),
            "Your second and third number compare with the picture as it is. Compare what was cut alike.",
        ),
        (
            lambda a, c, o, x: (points(a, c), points(o, a), points(c, x)),
            "Your second number compares with the picture as it is, so it holds the cut as well.",
        ),
        (
            lambda a, c, o, x: (points(a, c), points(o, x), points(c, x)),
            "Your second number goes from another's ground to the own one: that is help AND harm in one number.",
        ),
        (
            lambda a, c, o, x: (points(a, c), points(o, c), points(o, x)),
            "Your third number goes from the own ground to another's: that is help AND harm in one number.",
        ),
        (
            of_those_right,
            "You look only at things that are right as they are. These can be lost, but not won: so each change looks "
            "like harm. Keep all of them.",
        ),
        (
            lambda *four: tuple(abs(one) for one in effects(*four)),
            "For some answers a number must lie below 0: a background can harm where you ask whether it helps.",
        ),
        (
            lambda *four: tuple(-one for one in effects(*four)),
            "All your numbers have the wrong sign. What is asked: cost, help, harm, each as a positive number.",
        ),
        (
            lambda a, c, o, x: (points(a, c), points(o, c), points(x, c)),
            "Your third number has the wrong sign: harm is a positive number where fewer are right.",
        ),
        (
            lambda a, c, o, x: (points(c, a), points(o, c), points(c, x)),
            "Your first number has the wrong sign: what the cut costs is a positive number where fewer are right.",
        ),
        (
            lambda a, c, o, x: (changed(a, c), changed(o, c), changed(c, x)),
            "You count things whose answer changes. Those that are won and those that are lost cancel: subtract means.",
        ),
        (
            lambda a, c, o, x: (relative(a, c), relative(o, c), -relative(x, c)),
            "You divide by what was right before. Asked for are percentage points: a difference, and no ratio.",
        ),
        (
            lambda *four: tuple(one / 100 for one in effects(*four)),
            "These are shares. Give percentage points, 100 times as much.",
        ),
        (
            lambda *four: effects(*four)[::-1],
            "Right numbers in the wrong order: first the cut, then the own ground, then another's.",
        ),
    ],
    praise="Each number compares two pictures that differ in one thing and in nothing else.",
    otherwise="{answer} is not right. For each of the three: which two pictures differ in this one thing only?",
)
