"""What was found on backgrounds and on how local pictures are, claim by claim: a section of docs/claims.md."""

from collections.abc import Iterator
from itertools import islice

import storing
from cells import MARK, above, ends
from context import BAGS, GAPS, GROUNDS, LOOKED, NAMES, ROUNDS, SCENES
from paper import NOT_YET, WORLDS, Cell
from zeiler import turned

from bagnet_utils.models.zoo import TITLES

SOLVED, STEP = 95, 20  # percent; points


def together(results: dict, world: str) -> Cell:
    return of_nets(results, world, lambda one: one["effects"]["together"], "points more on the own ground")


def helps(results: dict, world: str) -> Cell:
    return of_nets(results, world, lambda one: one["effects"]["helps"], "points more than on grey")


def harms(results: dict, world: str) -> Cell:
    return of_nets(results, world, lambda one: one["effects"]["harms"], "points less than on grey")


def of_nets(results: dict, world: str, what, words: str, names=NAMES) -> Cell:
    part = {name: what(results["context"][f"{world}, {name}"]) for name in names}
    return f"{words}: " + ", ".join(f"{TITLES[name]} {ends(one, 0)}" for name, one in part.items()), above(
        0, *part.values()
    )


def loses_less(results: dict, world: str) -> Cell:
    more = results["context"][f"{world}, differences"]["bagnet9 loses more than"]["bagnet33"]
    return f"BagNet-9 loses {ends(more, 1)} points more", above(0, more)


def tells_alone(results: dict, world: str) -> Cell:
    if world == "patchwork":  # which pair: five of them, equally many scenes
        words, chance = "names the scenery's pair", 20.0
        part = {name: results["context"][f"patchwork, {name}"]["pair named alone"] for name in NAMES}
    else:
        known = results["context"]["alone"]
        words, chance = f"names the kind, of {known['grounds']} grounds", known["most frequent kind"]
        part = {name: one["right"] for name, one in known["nets"].items()}
    text = ", ".join(f"{TITLES[name]} {ends(one, 0)}" for name, one in part.items())
    return f"{words}, %: {text}; the most frequent answer would have {chance:.0f}", above(chance, *part.values())


def on_the_thing(results: dict, world: str) -> Cell:
    ground = LOOKED[world][0]
    part = {name: results["context"][f"{world}, {name}"]["off"][ground] for name in BAGS}
    text = ", ".join(
        f"{TITLES[name]} {ends(one['evidence'], 0)} (blind: {one['patches']:.0f})" for name, one in part.items()
    )
    return f"% of the evidence off it, on {ground} ground: {text}", above(
        0, *(turned(one["more"]) for one in part.values())
    )


def false_lies_behind(results: dict, world: str) -> Cell:
    return of_nets(
        results, world, lambda one: one["false above right"], "points more of it than of right evidence", BAGS
    )


def quick_ruler(results: dict) -> Cell:
    near, middle, far = (results["locality"][f"gap {gap}"] for gap in GAPS)
    first, *steps = (
        near["accuracy"]["bagnet9"],
        middle["gains"]["bagnet9 to bagnet33"],
        far["gains"]["bagnet17 to resnet"],
    )
    text = (
        f"gap {GAPS[0]} px: BagNet-9 {ends(first, 0)} %; gap {GAPS[1]} px: BagNet-33 {ends(steps[0], 0)} points above "
        f"BagNet-9; gap {GAPS[2]} px: ResNet {ends(steps[1], 0)} above BagNet-17"
    )
    holds = above(SOLVED, first), above(STEP, *steps)
    return text, None if None in holds else all(holds)


def kinds_differ(results: dict) -> Cell:
    part = results["locality"]["photos"]
    rows, sure = part["kinds"], sum(one["sure"] for one in part["kinds"])
    most = max(rows, key=lambda one: one["points"][0])
    text = f"{sure} of {len(rows)}; the largest gain is {most['kind']}'s, {ends(most['points'], 0)} points"
    return f"{text}; all kinds together {ends(part['gain'], 1)}", sure > 0


def halves_agree(results: dict) -> Cell:
    r = results["locality"]["photos"]["r of halves, the middle of 20"]
    return f"r {r:.2f} over kinds; cannot be judged: twenty halvings of the same pictures give no interval", None


CONTEXT = [  # claim, rule, what to look at, where
    ("Another's background harms, against the own one", "more right on the own one, every network", together,
     "13a, `context`"),
    ("The own background helps, against plain grey", "more right than on grey, every network", helps, "13a, `context`"),
    ("Another's background harms, against plain grey", "more right on grey, every network", harms, "13a, `context`"),
    ("The larger a BagNet's patch, the less it loses on another's background",
     "BagNet-9 loses more than BagNet-33 (paired)", loses_less, "13a, `context`"),
    ("The background alone tells the class (Patchwork: the pair)", "above the most frequent answer, every network",
     tells_alone, "13a, `grounds_alone`"),
    ("BagNets' evidence lies on the thing, more than a blind map's would",
     "a smaller share of evidence than of patches lies off it, each BagNet", on_the_thing, "13a, `evidence_off`"),
    ("On another's background, false evidence lies off the thing more than right evidence does",
     "a larger share of it, each BagNet", false_lies_behind, "13a, `evidence_off`"),
]  # fmt: skip
LOCALITY = [
    ("The quick ruler (frozen features, linear probe) finds the step of data sets of known locality",
     f"gap {GAPS[0]} px: BagNet-9 above {SOLVED} %; gaps {GAPS[1]} and {GAPS[2]} px: the step is above {STEP} points",
     quick_ruler, "13a, `probe_profile`"),
    ("Some kinds gain more than nothing from 9 to 33 px, whichever are looked at",
     "at least one passes the sign test with Holm's correction for 32 kinds", kinds_differ, "13a, `locality_profile`"),
    ("Which kinds gain can be told: two halves of the test pictures agree", "(no rule)", halves_agree,
     "13a, `Profile.in_halves`"),
]  # fmt: skip


def lines() -> Iterator[str]:
    """The section of the claims page."""
    results = storing.read()
    yield HEAD.format(scenes=SCENES, rounds=ROUNDS)
    rows = claims(results)
    for claim, cells, rule, where in islice(rows, len(CONTEXT)):
        yield f"| {claim} | {' | '.join(text + MARK[holds] for text, holds in cells)} | {rule} | {where} |"
    yield from right_by_ground(results)
    yield LOCAL
    for claim, ((text, holds),), rule, where in rows:
        yield f"| {claim} | {text}{MARK[holds]} | {rule} | {where} |"


def claims(results: dict) -> Iterator[tuple[str, list[Cell], str, str]]:
    """Claim, what was found in each world (or in all of them), rule, where: first of CONTEXT, then of LOCALITY."""
    for claim, rule, look, where in CONTEXT:
        yield claim, [seen(look, results, world) for world in WORLDS], rule, where
    for claim, rule, look, where in LOCALITY:
        yield claim, [seen(look, results)], rule, where


def seen(look, *given) -> Cell:
    try:
        return look(*given)
    except KeyError:
        return NOT_YET


def right_by_ground(results: dict) -> Iterator[str]:
    """Of each network: percent right on each ground."""
    for world in WORLDS:
        part = results.get("context", {})
        known = [(name, part[f"{world}, {name}"]) for name in NAMES if f"{world}, {name}" in part]
        if known:
            grounds = [ground for ground in GROUNDS if ground in known[0][1]["right"]]
            yield f"\nRight, in percent, {TITLE[world]} ({known[0][1]['things']} things):\n"
            yield f"| network | {' | '.join(grounds)} |"
            yield "|---" * (len(grounds) + 1) + "|"
            for name, one in known:
                yield f"| {TITLES[name]} | {' | '.join(ends(one['right'][ground], 1) for ground in grounds)} |"


TITLE = {"patchwork": "Patchwork", "photos": "photographs"}
HEAD = """
## Context: another background

No paper's figures stand beside these. Patchwork: {scenes} test scenes in their own scenery, in that of another pair,
and on plain grey, all of them drawn. Photographs: all things of the test split that stand on white ground and can be
cut out by rule; each is put on white, on grey, on grounds of its own kind and on grounds of other kinds ({rounds} of
each; a ground is one corner of another picture, mirrored again and again). The cut is the same on all grounds. Paired,
bootstrap over things. Evidence: right class rather than the strongest wrong one. *Off* the thing: patches that hold no
pixel of it. ✓ and ✗ go by the rule in the same row.

| claim | Patchwork | photographs | holds if | notebook, function |
|---|---|---|---|---|"""

LOCAL = """
## How local is a data set?

| claim | here | holds if | notebook, function |
|---|---|---|---|"""
