"""At which depth do features become useful for other kinds? A part of docs/claims.md.

Zeiler and Fergus (2014, section 5.3) put a linear classifier on each layer of their network. Here the networks for 64
pixels ("tiny", twenty other kinds) stay as they are; each layer's features, as their mean over places, are what an SVM
and softmax regression learn the 32 kinds of photographs from, at 15 and 30 pictures a kind, each with five splits.

python3 course.py probes            all of it; what is there already is not measured again
"""

from collections.abc import Iterator
from itertools import product

import storing
import torch
import torch.nn.functional as F
from cells import ends

import bagnet_utils as bu
from bagnet_utils.experiments.looking_inside import layers
from bagnet_utils.experiments.transfer import PROBES, fit_probe, percent_right, pooled_features, some_of_each
from bagnet_utils.models.zoo import TITLES, build
from bagnet_utils.statistics import over_runs

NAMES, EACH, SEEDS = ("resnet", "bagnet17", "vgg", "bagnet33", "bagnet9"), (15, 30), 5
SIDES = (128, 64)  # px: the photographs as they are (shown in notebook 12), and as large as what the nets learnt from
LOOSENESS = {"SVM": (0.001, 0.01, 0.1), "softmax": (0.01, 0.1, 1)}  # scikit-learn's C
FOLDS = 3  # of the training pictures, to choose C on


def main() -> None:
    learnt, test = bu.load_world("photos", "train", n=None), bu.load_world("photos", n=None)
    pairs = [*product(SIDES, NAMES)]
    for fresh, (side, name) in [*product((False,), pairs), *product((True,), pairs[len(NAMES) :])]:
        key = f"{name} at {side} px" + ", fresh weights" * fresh
        if key in storing.read().get("probes", {}):
            continue
        model = build(name, "tiny", seed=0).eval() if fresh else bu.load_model(name, "tiny")
        names = ["normalise", *layers(model)]  # the first one's mean over places is the picture's mean colour
        known, new = (pooled_features(model, sized(world.images, side), names) for world in (learnt, test))
        found = {"layers": names, "channels": [known[layer].shape[1] for layer in names], "C": {}}
        control = fresh or side != SIDES[0]
        for kind in PROBES[:1] if control else PROBES:
            best = [choose(kind, known[layer], learnt.labels) for layer in names]
            found["C"][kind] = best
            counts = EACH[-1:] if control else EACH
            found[kind] = {str(each): [[] for _ in names] for each in counts}
            for each, seed in product(counts, range(SEEDS)):
                chosen = some_of_each(learnt.labels, each, seed)
                for layer, looseness, runs in zip(names, best, found[kind][str(each)], strict=True):
                    probe = fit_probe(kind, known[layer][chosen], learnt.labels[chosen], looseness)
                    runs.append(percent_right(probe, new[layer], test.labels))
        storing.write("probes", {key: found, "test pictures": len(test.labels)})
        print(key, [round(sum(runs) / SEEDS, 1) for runs in found["SVM"]["30"]], flush=True)


def sized(images: torch.Tensor, side: int) -> torch.Tensor:
    """Square pictures made smaller by a whole factor: means of blocks of pixels."""
    return F.avg_pool2d(images, images.shape[-1] // side)


def choose(kind: str, features: torch.Tensor, labels: torch.Tensor) -> float:
    """The C that is best on the first split's 15 training pictures a kind: on each third, taught on the other two."""
    chosen = some_of_each(labels, min(EACH), seed=0)
    third = torch.arange(len(chosen)) % FOLDS
    tried = dict.fromkeys(LOOSENESS[kind], 0.0)
    for looseness, fold in product(tried, range(FOLDS)):
        taught, held = chosen[third != fold], chosen[third == fold]
        probe = fit_probe(kind, features[taught], labels[taught], looseness)
        tried[looseness] += percent_right(probe, features[held], labels[held])
    return max(tried, key=tried.get)


def lines() -> Iterator[str]:
    """The tables, as far as they were measured: all pooled layers, from the picture's mean colour on."""
    found = storing.read().get("probes", {})
    yield HEAD
    for name, kind, each in product(NAMES, PROBES, EACH):
        part = found.get(f"{name} at {SIDES[0]} px")
        cells = [ends(over_runs(runs), 1) for runs in part[kind][str(each)]] if part else ["not measured yet"]
        yield f"| {TITLES[name]}, {kind}, {each} a kind | {' | '.join(cells + [''] * (DEPTH - len(cells)))} |"
    yield CONTROLS
    for name, key in product(NAMES, (f"at {SIDES[1]} px", f"at {SIDES[1]} px, fresh weights")):
        part = found.get(f"{name} {key}")
        cells = [ends(over_runs(runs), 1) for runs in part["SVM"]["30"]] if part else ["not measured yet"]
        yield f"| {TITLES[name]} {key} | {' | '.join(cells + [''] * (DEPTH - len(cells)))} |"


DEPTH = 7  # the mean colour, and at most six layers
COLUMNS = """
| | mean colour | layer 1 | layer 2 | layer 3 | layer 4 | layer 5 | hidden |
|---|---|---|---|---|---|---|---|"""
HEAD = (
    """
### Probes: what each layer's features are worth for other kinds

Percent right on the test photographs, of a linear classifier on one layer's features (means over places). The networks
for 64 pixels learnt twenty other kinds, and stay as they are. Photographs of 128 px. Mean over five splits of the
training photographs, with Student's 95 % interval. The classifier's one setting (C) is chosen for each layer by
cross-validation inside the training photographs.
"""
    + COLUMNS
)
CONTROLS = (
    """
The same with photographs of 64 px, as large as those that the networks learnt from; and with networks whose
weights are fresh: they learnt nothing. SVM, 30 pictures a kind.
"""
    + COLUMNS
)

if __name__ == "__main__":
    main()
