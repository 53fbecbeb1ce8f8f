"""Context, and how local a data set is: a part of docs/claims.md.

The same things before other grounds, on Patchwork and on photographs; accuracy against patch size as a ruler of data
sets. (Accuracies on the test pictures as they are come from `claims`.)

python benchmarks/context.py         all of it; what is there already is not measured again
"""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import storing
import torch
from cells import MARK, above, ends
from paper import NOT_YET, WORLDS, Cell
from zeiler import turned

import bagnet_utils as bu
from bagnet_utils.experiments.context import Context, context, evidence_off
from bagnet_utils.experiments.grounds import Staged, grounds_alone, stage_photographs, stage_scenes
from bagnet_utils.experiments.locality import Profile, locality_profile, probe_profile
from bagnet_utils.models.zoo import TITLES
from bagnet_utils.statistics import confidence_interval, correlation, point_difference
from bagnet_utils.worlds.patchwork import pair

BAGS = ("bagnet9", "bagnet17", "bagnet33")
NAMES = (*BAGS, "resnet", "vgg", "densenet", "vit")
SCENES, ROUNDS = 200, 4  # of Patchwork's test split; grounds of each kind for each thing
RULER = (*BAGS, "resnet")
GAPS, EACH = (4, 12, 28), 200  # px; pictures of each made-up pair, for the quick ruler
SOLVED, STEP = 95, 20  # percent; points
GROUNDS = ("as it is", "own", "white", "grey", "other", "whole")
LOOKED = {"patchwork": ("own", "grey", "other"), "photos": ("white", "own", "other")}


def main() -> None:
    done = {part: storing.read().get(part, {}) for part in ("context", "locality")}
    for world, stage in (("patchwork", scenes), ("photos", photographs)):
        if f"{world}, differences" not in done["context"]:
            measure_context(world, stage())
    if "alone" not in done["context"]:
        storing.write("context", {"alone": alone()})
    if "photos" not in done["locality"]:
        world = bu.load_world("photos", n=None)
        profile = locality_profile({name: bu.load_model(name, "photos") for name in RULER}, world)
        storing.write("locality", {"photos": of_kinds(profile)})
    for gap in GAPS:
        if f"gap {gap}" not in done["locality"]:
            nets = {name: bu.load_model(name, "tiny") for name in RULER}
            profile = probe_profile(nets, pair(gap=gap, n=EACH, split="test"))
            steps = {f"{small} to {large}": profile.gain(small, large) for small, large in combinations(RULER, 2)}
            storing.write(
                "locality", {f"gap {gap}": {"accuracy": profile.accuracy(), "gains": steps, "pictures": EACH}}
            )
            print(gap, profile.accuracy(), flush=True)


def measure_context(world: str, staged: Staged) -> None:
    known = {}
    for name in NAMES:
        model = bu.load_model(name, world)
        known[name] = context(model, staged)
        storing.write("context", {f"{world}, {name}": numbers_of(model, known[name], staged, world)})
        print(world, name, known[name].effects(), flush=True)
    storing.write("context", {f"{world}, differences": differences(known, staged)})


def differences(known: dict[str, Context], staged: Staged) -> dict:
    """Between networks; and own against other ground without the things whose own ground is white, as it was before."""
    lost = {name: one.right["own"] - one.right["other"] for name, one in known.items()}
    found = {"bagnet9 loses more than": {
        name: bu.bootstrap(point_difference, lost[BAGS[0]], lost[name]) for name in NAMES if name != BAGS[0]
    }}  # fmt: skip
    if "white" in staged.pictures:
        away = (staged.pictures["own"] - staged.pictures["white"]).abs().amax((0, 2, 3, 4)) > 0.01
        found |= {"not on white": int(away.sum()), "together, not on white": {
            name: bu.bootstrap(point_difference, one.right["own"][away], one.right["other"][away])
            for name, one in known.items()
        }}  # fmt: skip
    return found


def scenes() -> Staged:
    return stage_scenes(bu.load_world("patchwork", "test", n=SCENES).truth[:])


def photographs() -> Staged:
    return stage_photographs(bu.load_world("photos", n=None), rounds=ROUNDS)


def numbers_of(model: torch.nn.Module, known: Context, staged: Staged, world: str) -> dict:
    """Right answers on each ground, what the ground changes, and of a BagNet the evidence off the thing."""
    found = {"things": len(staged.labels), "right": {ground: known.percent(ground) for ground in known.right}}
    found |= {
        "effects": known.effects(),
        "taken for the host": {
            ground: bu.bootstrap(np.mean, 100 * known.taken[ground]) for ground in ("grey", "other", "whole", "alone")
            if ground in known.taken
        },
    }  # fmt: skip
    if world == "patchwork":  # the scenery is that of the right pair
        named = int(known.own["alone"].sum())
        found["pair named alone"] = [100 * named / SCENES, *confidence_interval(named, SCENES)]
    if world == "photos":
        found |= {"cut": known.points("as it is", "white"), "whole": known.points("other", "whole")}
    if model.patch_size:
        looked = {ground: evidence_off(model, staged, ground) for ground in LOOKED[world]}
        looked["other, false"] = evidence_off(model, staged, "other", false=True)
        found["off"] = {
            what: {
                "evidence": bu.bootstrap(np.mean, one.evidence),
                "patches": float(one.patches.mean()),
                "more": one.more(),
            }
            for what, one in looked.items()
        }
        found["false above right"] = bu.bootstrap(np.mean, looked["other, false"].evidence - looked["other"].evidence)
    return found


def alone() -> dict:
    """Photographs' grounds with nothing on them: how often is their kind named? And what are plain sheets taken for?"""
    world = bu.load_world("photos", n=None)
    grounds, labels = grounds_alone(world)
    sheets = torch.stack([torch.full((3, 128, 128), shade) for shade in (1.0, 0.5, 0.0)])
    most = 100 * int(labels.bincount().max()) / len(labels)
    found = {"grounds": len(labels), "kinds": len(labels.unique()), "most frequent kind": most, "nets": {}}
    for name in NAMES:
        model = bu.load_model(name, "photos")
        right = (bu.predict(model, grounds) == labels).numpy()
        named = [world.classes[label] for label in bu.predict(model, sheets)]
        share = 100 * right.mean(), *confidence_interval(int(right.sum()), len(right))
        found["nets"][name] = {"right": [float(end) for end in share], "white, grey, black": named}
    return found


def of_kinds(profile: Profile) -> dict:
    """Each kind's gain from 9 to 33 px, and whether two halves of its pictures agree on it."""
    rows = [
        {
            "kind": one.kind,
            "pictures": one.pictures,
            "points": one.points,
            "sure": one.sure,
            "right": {
                name: int(hits[profile.labels == profile.classes.index(one.kind)].sum())
                for name, hits in profile.right.items()
            },
        }
        for one in profile.gains()
    ]
    halves = [correlation(*profile.in_halves(seed=seed)) for seed in range(20)]
    middle = sorted(halves)[len(halves) // 2]
    return {
        "kinds": rows,
        "gain": profile.gain(),
        "accuracy": profile.accuracy(),
        "r of halves, the middle of 20": middle,
    }


# ------------------------------------------------------------ the page


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
    return f"r {ends(r)} over kinds", above(0, r)


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
    ("Which kinds gain can be told: two halves of the test pictures agree", "r over kinds is above 0", halves_agree,
     "13a, `Profile.in_halves`"),
]  # fmt: skip


def lines() -> Iterator[str]:
    """The section of the claims page."""
    results = storing.read()
    yield HEAD.format(scenes=SCENES, rounds=ROUNDS)
    for claim, rule, look, where in CONTEXT:
        cells = []
        for world in WORLDS:
            try:
                text, holds = look(results, world)
            except KeyError:
                text, holds = NOT_YET
            cells.append(text + MARK[holds])
        yield f"| {claim} | {' | '.join(cells)} | {rule} | {where} |"
    yield from right_by_ground(results)
    yield LOCAL
    for claim, rule, look, where in LOCALITY:
        try:
            text, holds = look(results)
        except KeyError:
            text, holds = NOT_YET
        yield f"| {claim} | {text}{MARK[holds]} | {rule} | {where} |"


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

if __name__ == "__main__":
    main()
