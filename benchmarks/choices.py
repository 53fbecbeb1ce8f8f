"""Which layers does a network need, and how large may its first filters be? A part of docs/claims.md.

Zeiler and Fergus (2014) left out layers of a network and trained it anew (their table 3), and they made its first
filters smaller and closer together (their section 4.1). Here small VGGs are trained on the photographs.

python3 course.py choices            all of it; what was trained already is not trained again
"""

import csv
from dataclasses import asdict
from pathlib import Path

import torch

from bagnet_utils.models import recipes
from bagnet_utils.models.choices import CHOICES, RECIPE, SHIPPED, SNAPSHOTS, build_choice, row_of
from bagnet_utils.models.training import EXACT, train
from bagnet_utils.models.zoo import RUNS, keep


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


if __name__ == "__main__":
    for choice in CHOICES:
        trained(choice)
        if choice in SHIPPED:
            ship(choice)
