"""Checks of notebook 13a on texture and shape."""

from collections import Counter
from itertools import combinations, permutations, product

import numpy as np

from bagnet_utils.exercises.judging import Wrong, array, call, exercise

CASES = [(kinds, copies) for kinds in (4, 3, 5, 6) for copies in (1, 2, 3)] + [
    (int(kinds), int(copies)) for kinds, copies in np.random.default_rng(13).integers((3, 1), (8, 5), (20, 2))
]
CUES = ("shape", "texture", "scenery")


def planned(kinds: int, copies: int) -> list[tuple[int, int, int]]:
    """The plan as it should be."""
    return list(permutations(range(kinds), 3)) * copies


def next_kind(kinds: int, copies: int) -> list[tuple[int, int, int]]:
    """The scenery is that of the next kind that is neither shape nor texture."""
    rows = []
    for shape, texture in permutations(range(kinds), 2):
        free = [kind % kinds for kind in range(shape + 1, shape + kinds) if kind % kinds != texture]
        rows += [(shape, texture, free[0])] * copies * (kinds - 2)
    return rows


def at_random(kinds: int, copies: int) -> list[tuple[int, int, int]]:
    random = np.random.default_rng(0)
    count = len(planned(kinds, copies))
    return [tuple(random.permutation(kinds)[:3].tolist()) for _ in range(count)]


def plain(kinds: int, copies: int) -> list[tuple[int, int, int]]:
    """Always before the scenery of the last kind, which then is never a shape."""
    pairs = permutations(range(kinds - 1), 2)
    return [(*pair, kinds - 1) for pair in pairs for _ in range(copies)]


@exercise(
    wrong=[
        (lambda k, n: [(s, t, c) for s, t, c in product(range(k), repeat=3) if s != c != t] * n, "no conflict"),
        (lambda k, n: [(s, t, s) for s, t in permutations(range(k), 2)] * n, "speaks for the shape"),
        (lambda k, n: [(s, t, t) for s, t in permutations(range(k), 2)] * n, "speaks for the texture"),
        (plain, "The scenery is always that of kind"),
        (lambda k, n: [(*pair, c) for pair in combinations(range(k), 2) for c in range(k) if c not in pair] * n,
         "never the other way round"),
        (next_kind, "Then the scenery tells the shape"),
        (lambda k, n: [(t, s, c) for s, t, c in next_kind(k, n)], "Then the scenery tells the texture"),
        (at_random, "By chance some come more often"),
        (lambda k, n: planned(k, 1), "How many pictures"),
    ]
)  # fmt: skip
def conflict_plan(function):
    """A balanced plan: function(kinds, copies) -> N x 3 numbers of kinds: shape, texture, scenery."""
    for kinds, copies in CASES:
        judged(array(call(function, kinds, copies)), kinds, copies)
    return "Whatever a network likes best, no cue gains by it: only the two cues that disagree are compared."


def judged(rows: np.ndarray, kinds: int, copies: int) -> None:
    """Say what is wrong with a plan, if anything is."""
    where = f"With {kinds} kinds and {copies} of each: "
    if rows.ndim != 2 or rows.shape[1] != 3 or not len(rows):
        raise Wrong(f"{where}a list of threes is wanted, (shape, texture, scenery), one for each picture.")
    if not (np.isfinite(rows).all() and (rows == np.floor(rows)).all() and rows.min() >= 0 and rows.max() < kinds):
        raise Wrong(f"{where}kinds are the whole numbers from 0 to {kinds - 1}, and yours are others.")
    rows = rows.astype(int)
    shapes, textures, sceneries = rows.T
    for same, says in (
        (shapes == textures, "shape and texture are of one kind: no conflict."),
        (sceneries == shapes, "the scenery speaks for the shape as well. Then shape has two votes."),
        (sceneries == textures, "the scenery speaks for the texture as well. Then texture has two votes."),
    ):
        if same.any():
            raise Wrong(f"{where}in picture {int(same.argmax())} {says}")
    if len(set(sceneries)) == 1 < kinds - 2 + (kinds == 3):
        raise Wrong(f"{where}The scenery is always that of kind {sceneries[0]}. What if a network likes that kind?")
    pairs = Counter(zip(shapes.tolist(), textures.tolist(), strict=True))
    one_way = [pair for pair in pairs if pair[::-1] not in pairs]
    if 2 * len(one_way) > len(pairs):
        shape, texture = one_way[0]
        raise Wrong(
            f"{where}kind {shape} lends its shape to the texture of {texture}, never the other way round. What if a "
            "network likes one of the two kinds?"
        )
    telling(rows, kinds, where)
    if len(rows) != copies * kinds * (kinds - 1) * (kinds - 2):
        raise Wrong(f"{where}you have {len(rows)}. How many pictures does each three of kinds get, in each order?")


def telling(rows: np.ndarray, kinds: int, where: str) -> None:
    """Say so if one cue tells another."""
    threes = Counter(map(tuple, rows.tolist()))
    if len({threes[one] for one in permutations(range(kinds), 3)}) == 1:
        return
    if kinds > 3 and len(threes) == len({one[:2] for one in threes}):  # shape and texture leave one scenery each time
        tables = np.zeros((2, kinds, kinds), int)
        for cue in (0, 1):
            np.add.at(tables[cue], (rows[:, cue], rows[:, 2]), 1)
        cue = int(tables.max((1, 2)).argmax())
        kind, scenery = np.unravel_index(tables[cue].argmax(), (kinds, kinds))
        raise Wrong(
            f"{where}with the {CUES[cue]} of kind {kind} the scenery of kind {scenery} comes {tables[cue].max()} "
            f"times of {tables[cue][kind].sum()}. Then the scenery tells the {CUES[cue]}, at least in part."
        )
    most, least = max(threes.values()), min(threes[one] for one in permutations(range(kinds), 3))
    raise Wrong(f"{where}one three of kinds comes {most} times, another {least} times. By chance some come more often.")
