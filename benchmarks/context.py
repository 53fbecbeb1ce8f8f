"""Context, and how local a data set is. `context_claims.py` writes the section of docs/claims.md.

The same things before other grounds, on Patchwork and on photographs; accuracy against patch size as a ruler of data
sets. (Accuracies on the test pictures as they are come from `claims`.)

python benchmarks/context.py         all of it; what is there already is not measured again
"""

from itertools import combinations

import numpy as np
import storing
import torch

import bagnet_utils as bu
from bagnet_utils.experiments.context import Context, context, evidence_off
from bagnet_utils.experiments.grounds import Staged, grounds_alone, stage_photographs, stage_scenes
from bagnet_utils.experiments.locality import Profile, locality_profile, probe_profile
from bagnet_utils.statistics import confidence_interval, pearson, point_difference
from bagnet_utils.worlds.patchwork import pair

BAGS = ("bagnet9", "bagnet17", "bagnet33")
NAMES = (*BAGS, "resnet", "vgg", "densenet", "vit")
SCENES, ROUNDS = 200, 4  # of Patchwork's test split; grounds of each kind for each thing
RULER = (*BAGS, "resnet")
GAPS, EACH = (4, 12, 28), 200  # px; pictures of each made-up pair, for the quick ruler
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
    halves = [float(pearson(*profile.in_halves(seed=seed))) for seed in range(20)]
    middle = sorted(halves)[len(halves) // 2]  # no interval: halves of the same pictures, drawn twenty times
    return {
        "kinds": rows,
        "gain": profile.gain(),
        "accuracy": profile.accuracy(),
        "r of halves, the middle of 20": middle,
    }


if __name__ == "__main__":
    main()
