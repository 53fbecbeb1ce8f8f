"""Which layers does a network need, and how large may its first filters be? A part of docs/claims.md.

Zeiler and Fergus (2014) left out layers of a network and trained it anew (their table 3), and they made its first
filters smaller and closer together (their section 4.1). Here small VGGs are trained on the photographs.

python3 course.py choices            all of it; what was trained already is not trained again
"""

import csv
from dataclasses import asdict
from pathlib import Path

import numpy as np
import storing
import torch

import bagnet_utils as bu
from bagnet_utils.experiments.filters import bands, dead, shift_error
from bagnet_utils.experiments.invariance import move
from bagnet_utils.experiments.looking_inside import activations, layers
from bagnet_utils.models import recipes
from bagnet_utils.models.choices import CHOICES, RECIPE, SHIPPED, SNAPSHOTS, build_choice, row_of
from bagnet_utils.models.training import EXACT, train
from bagnet_utils.models.zoo import RUNS, keep
from bagnet_utils.statistics import bootstrap, point_difference

_, LARGE, SMALL = STEMS = SHIPPED
TOGETHER = ("without middle and hidden layer", "without its middle", "without its hidden layer")
PICTURES = 100  # on which the first layer is looked at


def folder_of(choice: str) -> Path:
    return RUNS / ("choices-" + choice.replace(",", "").replace(" ", "-"))


def trained(choice: str) -> torch.nn.Module:
    """The network after the recipe's last epoch. Snapshots of "full" are left in its folder."""
    model, folder = build_choice(choice), folder_of(choice)

    def snapshot(model) -> dict[str, float]:
        metrics = folder / "metrics.csv"  # a heading, and a row for each epoch before this one
        epoch = len(metrics.read_text().splitlines()) if metrics.exists() else 1
        if choice == "full" and epoch in SNAPSHOTS:
            folder.mkdir(parents=True, exist_ok=True)
            torch.save(model.state_dict(), folder / f"after-{epoch}.pt")
        return {}

    train(model, recipes.photo_pictures(RECIPE, world="photos"), RECIPE, folder, snapshot)
    return model


def ship(choice: str) -> None:
    """Put a trained network among those that ship; of "full" the weights after each of SNAPSHOTS."""
    folder = folder_of(choice)
    with open(folder / "metrics.csv", newline="", encoding="utf-8") as file:
        seconds = [float(row["seconds"]) for row in csv.DictReader(file)]
    for epoch in SNAPSHOTS if choice == "full" else (RECIPE.epochs,):
        model, name = build_choice(choice), row_of(choice, epoch).removeprefix("choices/")
        if choice == "full":
            weights = torch.load(folder / f"after-{epoch}.pt", map_location="cpu", weights_only=True)
        else:
            weights = torch.load(folder / "checkpoint.pt", map_location="cpu", weights_only=True)["model"]
        model.load_state_dict(weights)
        facts = {**asdict(RECIPE), "seed": 0, "after": epoch, "minutes": round(sum(seconds[:epoch]) / 60, 1)}
        facts |= {"threads": 1, "device": "processor", "precision": EXACT, "command": "python3 course.py choices"}
        keep(model, name, "choices", facts)


def finished(choice: str) -> bool:
    metrics = folder_of(choice) / "metrics.csv"
    return metrics.exists() and len(metrics.read_text().splitlines()) > RECIPE.epochs


# ------------------------------------------------------------ measuring


def measure() -> None:
    """Of the networks that are trained: right answers on the test photographs, and what their first filters see."""
    world = bu.load_world("photos", n=None)
    nets = {choice: trained(choice) for choice in CHOICES if finished(choice)}
    logits = {choice: bu.logits(net, world.images) for choice, net in nets.items()}
    right = {choice: (given.argmax(1) == world.labels).numpy() for choice, given in logits.items()}
    for choice, given in logits.items():
        among = (given.topk(5).indices == world.labels[:, None]).any(1)
        found = {"right": int(right[choice].sum()), "among five": int(among.sum())}
        found["weights"] = sum(weight.numel() for weight in nets[choice].parameters())
        found["below full"] = bootstrap(point_difference, right["full"], right[choice])
        storing.write("choices", {choice: found, "test pictures": len(world.labels)})
        print(choice, found, flush=True)
    if all(choice in right for choice in TOGETHER):
        lost = bootstrap(lost_together, *(right[choice] for choice in ("full", *TOGETHER)))
        storing.write("choices", {"more lost together": lost})
    pictures, first = world.images[:: len(world.labels) // PICTURES][:PICTURES], layers(nets["full"])[0]
    errors = {choice: shift_error(nets[choice], pictures, first).numpy() for choice in STEMS if choice in nets}
    for choice, error in errors.items():
        net, found = nets[choice], {"right": int(right[choice].sum()), "step": CHOICES[choice].get("stem", (3, 1))[1]}
        filters = net.features[0][0].weight
        found |= {"filters": len(filters), "dead": int(dead(activations(net, pictures, first)).sum())}
        found |= {
            "by band": bands(filters).argmax(1).bincount(minlength=3).tolist(),
        }
        found |= {"shift error": bootstrap(np.mean, error), "pictures": PICTURES}
        moved = bu.logits(net, move(world.images, 0, 1)).argmax(1)
        found["answers that change"] = int((moved != logits[choice].argmax(1)).sum())
        storing.write("choices", {f"filters of {choice}": found})
        print(choice, found, flush=True)
    if LARGE in errors and SMALL in errors:
        more = {"shift error": bootstrap(mean_difference, errors[LARGE], errors[SMALL])}
        more["right"] = bootstrap(point_difference, right[SMALL], right[LARGE])
        storing.write("choices", {"large above small": more["shift error"], "small above large": more["right"]})


def lost_together(full, both, middle, hidden, axis: int = -1) -> float:
    """Percentage points: what leaving out both costs, minus what each alone costs."""
    return 100 * ((full - 1.0 * both) - (full - 1.0 * middle) - (full - 1.0 * hidden)).mean(axis)


def mean_difference(first, second, axis: int = -1) -> float:
    return first.mean(axis) - second.mean(axis)


if __name__ == "__main__":
    for choice in CHOICES:
        trained(choice)
        if choice in SHIPPED:
            ship(choice)
    measure()
