"""At which depth do features become useful for other kinds? A part of docs/claims.md.

Zeiler and Fergus (2014, section 5.3) put a linear classifier on each layer of their network. Here the networks for 64
pixels ("tiny", twenty other kinds) stay as they are; each layer's features, as their mean over places, are what an SVM
and softmax regression learn the 32 kinds of photographs from, at 15 and 30 pictures a kind, each with five splits.

python3 course.py probes            all of it; what is there already is not measured again
"""

from itertools import product

import storing
import torch
import torch.nn.functional as F

import bagnet_utils as bu
from bagnet_utils.experiments.looking_inside import layers
from bagnet_utils.experiments.transfer import PROBES, fit_probe, percent_right, pooled_features, some_of_each
from bagnet_utils.models.zoo import build

NAMES, EACH, SEEDS = ("resnet", "bagnet17", "vgg", "bagnet33", "bagnet9"), (15, 30), 5
SIDES = (128, 64)  # px: the photographs as they are (shown in notebook 12), and as large as what the nets learnt from
LOOSENESS = {"SVM": (0.001, 0.01, 0.1, 1), "softmax": (0.01, 0.1, 1, 10)}  # scikit-learn's C
FOLDS = 3  # of the training pictures, to choose C on


def main() -> None:
    learnt, test = bu.load_world("photos", "train", n=None), bu.load_world("photos", n=None)
    pairs = [*product(SIDES, NAMES)]
    for fresh, (side, name) in [*product((False,), pairs), *product((True,), pairs[: len(NAMES)])]:
        key = f"{name} at {side} px" + ", fresh weights" * fresh
        if key in storing.read().get("probes", {}):
            continue
        model = build(name, "tiny", seed=0).eval() if fresh else bu.load_model(name, "tiny")
        names = ["normalise", *layers(model)]  # the first one's mean over places is the picture's mean colour
        known, new = (pooled_features(model, sized(world.images, side), names) for world in (learnt, test))
        found = {"layers": names, "channels": [known[layer].shape[1] for layer in names], "C": {}}
        for kind in PROBES:
            best = [choose(kind, known[layer], learnt.labels) for layer in names]
            found["C"][kind] = best
            found[kind] = {str(each): [[] for _ in names] for each in EACH}
            for each, seed in product(EACH, range(SEEDS)):
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
    """The C that is best on the first split's 30 training pictures a kind: on each third, taught on the other two."""
    chosen = some_of_each(labels, max(EACH), seed=0)
    third = torch.arange(len(chosen)) % FOLDS
    tried = dict.fromkeys(LOOSENESS[kind], 0.0)
    for looseness, fold in product(tried, range(FOLDS)):
        taught, held = chosen[third != fold], chosen[third == fold]
        probe = fit_probe(kind, features[taught], labels[taught], looseness)
        tried[looseness] += percent_right(probe, features[held], labels[held])
    return max(tried, key=tried.get)


if __name__ == "__main__":
    main()
