"""One loop that trains every network of the course: on a processor, on a GPU, or on many of them.

python3 course.py train patchwork bagnet17            one network (or `all`)
torchrun --nproc-per-node=4 -m bagnet_utils.models.training patchwork bagnet17      the same, on four GPUs

BagNets are trained on whole pictures: no patch is ever cut.
"""

import argparse
import csv
import os
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import torch
import torch.nn.functional as F
from lightning_fabric import Fabric
from torch import nn
from tqdm import tqdm

from bagnet_utils.errors import BadInput
from bagnet_utils.models import recipes
from bagnet_utils.models.recipes import RECIPES, Pictures, Recipe
from bagnet_utils.models.zoo import NETS, RUNS, build, check, keep


def train(
    model: nn.Module,
    epoch_of_pictures: Callable[[int], Pictures],
    recipe: Recipe,
    folder: Path | str,
    score: Callable[[nn.Module], dict[str, float]] = lambda model: {},
    fabric: Fabric | None = None,
) -> list[dict[str, float]]:
    """Train the model in place, and leave it in eval mode; returns what `metrics.csv` in the folder holds, one row an
    epoch.

    Pictures are learnt in the order that `epoch_of_pictures` gives them. After each epoch the folder gets a
    checkpoint. Whoever starts again with the same folder goes on from there, and ends at the same weights as a run that
    was never broken.
    """
    if recipe.epochs < 1 or recipe.pictures < recipe.batch:
        raise BadInput(
            f"train: {recipe.epochs} epochs of {recipe.pictures} pictures were asked for, but at least one epoch of "
            f"{recipe.batch} is wanted, one batch."
        )
    fabric, folder = fabric or machines(), Path(folder)
    model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
    model, optimizer = fabric.setup(model, optimizer)
    steps = recipe.pictures // recipe.batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.rate, total_steps=recipe.epochs * steps)
    parts = {"model": model, "optimizer": optimizer, "schedule": schedule}
    rows = resume(folder, parts)

    for epoch in range(len(rows), recipe.epochs):
        started = time.monotonic()
        pictures, labels = epoch_of_pictures(epoch)
        model.train()
        total = 0.0
        batches = torch.arange(len(labels))[: steps * recipe.batch].split(recipe.batch)
        title = f"epoch {epoch + 1} of {recipe.epochs}"
        for chosen in tqdm(batches, title, disable=None if fabric.is_global_zero else True):  # None: terminals only
            mine = chosen.tensor_split(fabric.world_size)[fabric.global_rank]  # its share; twins stay together
            images = pictures[mine].to(fabric.device).float() / 255
            loss = F.cross_entropy(model(images), labels[mine].to(fabric.device), label_smoothing=recipe.smoothing)
            fabric.backward(loss)
            fabric.clip_gradients(model, optimizer, max_norm=1.0)
            optimizer.step()
            optimizer.zero_grad()
            schedule.step()
            total += loss.item()
        row = {"epoch": epoch + 1, "loss": total / steps, "seconds": time.monotonic() - started}
        model.eval()
        rows.append({name: round(value, 4) for name, value in {**row, **score(model.module)}.items()})
        if fabric.is_global_zero:
            save(folder, parts, rows)
            print("  ".join(f"{name} {value:g}" for name, value in rows[-1].items()), flush=True)
        fabric.barrier()
    model.eval()
    return rows


def machines(precision: str = "32-true") -> Fabric:
    """All processes that torchrun started, or else this one, on a GPU if there is one."""
    here, everywhere = int(os.environ.get("LOCAL_WORLD_SIZE", 1)), int(os.environ.get("WORLD_SIZE", 1))
    strategy = "ddp" if everywhere > 1 else "auto"
    fabric = Fabric(devices=here, num_nodes=everywhere // here, strategy=strategy, precision=precision)
    fabric.launch()
    return fabric


def save(folder: Path, parts: dict, rows: list[dict]) -> None:
    """Write checkpoint and metrics beside the old ones, then put them in their place: a kill leaves no half a file."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {name: part.state_dict() for name, part in parts.items()}
    torch.save({**state, "rows": rows}, folder / "checkpoint.part")
    os.replace(folder / "checkpoint.part", folder / "checkpoint.pt")
    with open(folder / "metrics.part", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    os.replace(folder / "metrics.part", folder / "metrics.csv")


def resume(folder: Path, parts: dict) -> list[dict]:
    """Bring model, optimizer and schedule to where the last checkpoint left them; its rows, or none."""
    if not (folder / "checkpoint.pt").exists():
        return []
    state = torch.load(folder / "checkpoint.pt", map_location="cpu", weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(state[name])
    return state["rows"]


def main() -> None:
    parser = argparse.ArgumentParser(prog="course.py train", description="Train networks of the course.")
    parser.add_argument("world", choices=RECIPES)
    parser.add_argument("name", choices=[*NETS, "all"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--pictures", type=int, help="in each epoch")
    parser.add_argument("--root", type=Path, help="photos: a folder train/class/... instead of Tiny ImageNet")
    parser.add_argument("--trying", action="store_true", help="photos: hold some pictures out, to compare recipes on")
    parser.add_argument(
        "--precision", default="32-true", help="bf16-mixed is quicker where the hardware knows bfloat16"
    )
    options = parser.parse_args()
    fabric = machines(options.precision)
    able = [name for name, net in NETS.items() if options.world in net.worlds]
    try:
        for name in able if options.name == "all" else [options.name]:
            train_one(name, options, fabric)
    except BadInput as problem:
        raise SystemExit(str(problem)) from None


def train_one(name: str, options: argparse.Namespace, fabric: Fabric) -> None:
    """Train one of the course's networks; its weights ship if recipe and seed are the course's own."""
    check(name, options.world)
    own = replace(RECIPES[options.world], rate=NETS[name].rate)
    chosen = {key: value for key in ("epochs", "pictures") if (value := getattr(options, key)) is not None}
    recipe, seed = replace(own, **chosen), options.seed
    if options.world == "patchwork":
        supply, score = recipes.patchwork_pictures(recipe, seed), recipes.patchwork_score()
    else:
        (_, labels), _ = recipes.photographs(options.root, options.trying)
        recipe = replace(recipe, pictures=min(recipe.pictures, len(labels)))  # else the learning rate never gets low
        supply = recipes.photo_pictures(recipe, seed, options.root, options.trying)
        score = recipes.photo_score(options.root) if options.trying else lambda model: {}
    folder = f"{options.world}-{name}-{recipe.epochs}x{recipe.pictures}-{seed}{'-trying' * options.trying}"
    model = build(name, options.world, seed=seed)
    rows = train(model, supply, recipe, RUNS / folder, score, fabric)
    if fabric.is_global_zero:
        minutes = sum(row["seconds"] for row in rows) / 60
        facts = {
            **asdict(recipe),
            "seed": seed,
            "minutes": round(minutes, 1),
            "threads": torch.get_num_threads() * fabric.world_size,
        }
        facts["precision"] = options.precision
        if (recipe, seed, options.trying) == (own, 0, False):
            keep(model, name, options.world, {**facts, "validation": rows[-1]})
        else:
            print(f"Not the course's own recipe, so what ships stays as it is; the weights are in {RUNS / folder}.")


if __name__ == "__main__":
    main()
