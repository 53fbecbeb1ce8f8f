"""One loop that trains every network of the course: on a processor, on a GPU, or on many of them.

python3 course.py train patchwork bagnet17            one network (or `all`)
python3 course.py train patchwork bagnet17 --ship     the same, and its weights replace those that ship
torchrun --nproc-per-node=4 -m bagnet_utils.models.training patchwork bagnet17      the same, on four GPUs

BagNets are trained on whole pictures: no patch is ever cut.
"""

import argparse
import csv
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import torch
import torch.nn.functional as F
from lightning_fabric import Fabric
from torch import Tensor, nn
from tqdm import tqdm

from bagnet_utils.errors import BadInput
from bagnet_utils.files import shown
from bagnet_utils.models import recipes
from bagnet_utils.models.recipes import RECIPES, Pictures, Recipe
from bagnet_utils.models.zoo import NETS, RUNS, build, check, keep, load_model, manifest, take_features

EXACT = "32-true"


def train(
    model: nn.Module,
    epoch_of_pictures: Callable[[int], Pictures],
    recipe: Recipe,
    folder: Path | str,
    score: Callable[[nn.Module], dict[str, float]] = lambda model: {},
    fabric: Fabric | None = None,
    about: dict | None = None,
) -> list[dict[str, float]]:
    """Train the model in place, and leave it in eval mode; returns what `metrics.csv` in the folder holds, one row an
    epoch.

    Pictures are learnt in the order that `epoch_of_pictures` gives them. After each epoch the folder gets a
    checkpoint. Whoever starts again with the same folder goes on from there, and ends at the same weights as a run that
    was never broken. For that all must be the same: recipe, network, what the pictures say of themselves in `.about`,
    and what `about` adds to it. The folder's `run.json` holds it.
    """
    if recipe.epochs < 1 or recipe.pictures < recipe.batch:
        raise BadInput(
            f"train: {recipe.epochs} epochs of {recipe.pictures} pictures were asked for, but at least one epoch of "
            f"{recipe.batch} is wanted, one batch."
        )
    fabric, folder = fabric or machines(), Path(folder)
    if (recipe.batch + 1) // 2 < fabric.world_size:
        raise BadInput(
            f"train: a batch of {recipe.batch} pictures is too small for {fabric.world_size} processes, for twins stay "
            "together; use larger batches or fewer processes."
        )
    weights = sum(weight.numel() for weight in model.parameters())
    supplied = getattr(epoch_of_pictures, "about", {})
    run = {"network": f"{type(model).__name__}, {weights} weights", **asdict(recipe), **supplied, **(about or {})}
    model.to(memory_format=layout(model))
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
    model, optimizer = fabric.setup(model, optimizer)
    steps = recipe.pictures // recipe.batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.rate, total_steps=recipe.epochs * steps)
    parts = {"model": model, "optimizer": optimizer, "schedule": schedule}
    rows = resume(folder, parts, run)

    for epoch in range(len(rows), recipe.epochs):
        started = time.monotonic()
        pictures, labels = epoch_of_pictures(epoch)
        model.train()
        total = 0.0
        batches = torch.arange(len(labels))[: steps * recipe.batch].split(recipe.batch)
        title = f"epoch {epoch + 1} of {recipe.epochs}"
        for chosen in tqdm(batches, title, disable=None if fabric.is_global_zero else True):  # None: terminals only
            mine = share(chosen, fabric.world_size, fabric.global_rank)
            images = pictures[mine].to(fabric.device).float() / 255
            loss = F.cross_entropy(model(images), labels[mine].to(fabric.device), label_smoothing=recipe.smoothing)
            fabric.backward(loss * (len(mine) * fabric.world_size / len(chosen)))  # processes count by their pictures
            fabric.clip_gradients(model, optimizer, max_norm=1.0)
            optimizer.step()
            optimizer.zero_grad()
            schedule.step()
            total += loss.item()
        row = {"epoch": epoch + 1, "loss": total / steps, "seconds": time.monotonic() - started}
        model.eval()
        rows.append({name: round(value, 4) for name, value in {**row, **score(model.module)}.items()})
        if fabric.is_global_zero:
            save(folder, parts, rows, run)
            print("  ".join(f"{name} {value:g}" for name, value in rows[-1].items()), flush=True)
        fabric.barrier()
    model.eval()
    return rows


def layout(model: nn.Module) -> torch.memory_format:
    """The order of numbers in memory in which to train: channels last is faster, but not always safe.

    On a processor PyTorch (2.6 to 2.15 at least) writes beyond its memory where a 1x1 convolution with a stride, and of
    fewer than 16 channels, learns in that order: https://github.com/uxlfoundation/oneDNN/issues/6035
    """
    layers = [layer for layer in model.modules() if isinstance(layer, nn.Conv2d) and layer.in_channels < 16]
    unsafe = any(max(layer.kernel_size) == 1 < max(layer.stride) for layer in layers)
    return torch.contiguous_format if unsafe else torch.channels_last


def share(batch: Tensor, processes: int, number: int) -> Tensor:
    """The part of a batch that falls to one process: every two neighbours, who may be twins, stay together."""
    twos = batch.split(2)
    return torch.cat([twos[i] for i in torch.arange(len(twos)).tensor_split(processes)[number]])


def machines(precision: str = EXACT) -> Fabric:
    """All processes that torchrun started, or else this one, on a GPU if there is one."""
    here, everywhere = int(os.environ.get("LOCAL_WORLD_SIZE", 1)), int(os.environ.get("WORLD_SIZE", 1))
    strategy = "ddp" if everywhere > 1 else "auto"
    fabric = Fabric(devices=here, num_nodes=everywhere // here, strategy=strategy, precision=precision)
    fabric.launch()
    return fabric


def save(folder: Path, parts: dict, rows: list[dict], run: dict) -> None:
    """Write all beside what was there, then put it in its place: a kill leaves no half a file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.part").write_text(json.dumps(run, indent=2) + "\n", encoding="utf-8")
    os.replace(folder / "run.part", folder / "run.json")
    state = {name: part.state_dict() for name, part in parts.items()}
    torch.save({**state, "rows": rows}, folder / "checkpoint.part")
    os.replace(folder / "checkpoint.part", folder / "checkpoint.pt")
    with open(folder / "metrics.part", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    os.replace(folder / "metrics.part", folder / "metrics.csv")


def resume(folder: Path, parts: dict, run: dict) -> list[dict]:
    """Bring model, optimizer and schedule to where the last checkpoint of the same run left them; its rows, or none."""
    if not (folder / "checkpoint.pt").exists():
        return []
    cure = "name another folder (--runs), or delete it"
    try:
        before = dict(json.loads((folder / "run.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        raise BadInput(
            f"train: {shown(folder)} holds a checkpoint, but no run.json that says of which run; {cure}."
        ) from None
    now = json.loads(json.dumps(run))
    changed = [key for key in {**before, **now} if before.get(key) != now.get(key)]
    if changed:
        what = ", ".join(f"{key} was {before.get(key)!r} and is {now.get(key)!r}" for key in changed)
        raise BadInput(f"train: {shown(folder)} holds another run: {what}; set it as it was, {cure}.")
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
    parser.add_argument("--root", type=Path, help="tiny, photos: a folder train/class/... instead")
    parser.add_argument("--trying", action="store_true", help="the same: hold some out, to compare recipes on")
    parser.add_argument("--precision", default=EXACT, help="bf16-mixed is quicker where the hardware knows bfloat16")
    parser.add_argument("--runs", type=Path, default=RUNS, help="where checkpoints go, each run's into its own folder")
    parser.add_argument("--ship", action="store_true", help="put the weights among those that ship with the course")
    options = parser.parse_args()
    fabric = machines(options.precision)
    able = [name for name, net in NETS.items() if options.world in net.worlds]
    try:
        if options.ship and (given := own_words(options)):
            raise BadInput(
                f"train: what ships is trained by the course's own recipe on pictures that everybody can get; leave "
                f"out {', '.join(given)}, or --ship."
            )
        for name in able if options.name == "all" else [options.name]:
            train_one(name, options, fabric)
    except BadInput as problem:
        raise SystemExit(str(problem)) from None


def own_words(options: argparse.Namespace) -> list[str]:
    """The options that make a run differ from the one whose weights ship."""
    words = "seed", "epochs", "pictures", "root", "trying"
    return [f"--{word}" for word in words if getattr(options, word) not in (None, 0, False)]


def command(world: str, name: str, precision: str) -> str:
    """What to say to train a network that ships anew."""
    exact = "" if precision == EXACT else f" --precision {precision}"
    return f"python3 course.py train {world} {name}{exact} --ship"


def train_one(name: str, options: argparse.Namespace, fabric: Fabric) -> None:
    """Train one of the course's networks. Its weights ship if that was asked for."""
    check(name, options.world)
    chosen = {key: value for key in ("epochs", "pictures") if (value := getattr(options, key)) is not None}
    recipe, seed = replace(recipes.recipe_for(options.world, name), **chosen), options.seed
    if options.world == "patchwork":
        supply, score = recipes.patchwork_pictures(recipe, seed), recipes.patchwork_score()
    else:
        (_, labels), _ = recipes.photographs(options.world, options.root, options.trying)
        recipe = replace(recipe, pictures=min(recipe.pictures, len(labels)))  # else the learning rate never gets low
        supply = recipes.photo_pictures(recipe, seed, options.root, options.trying, options.world)
        score = recipes.photo_score(options.world, options.root) if options.trying else lambda model: {}
    run = f"{options.world}-{name}-{recipe.epochs}x{recipe.pictures}-{seed}{'-trying' * options.trying}"
    folder = options.runs / run
    model = build(name, options.world, seed=seed)
    about = {"world": options.world, "name": name, "precision": options.precision}
    if recipe.begin:
        take_features(model, load_model(name, recipe.begin))
        about["features"] = manifest()[f"{recipe.begin}/{name}"]["sha256"][:12]
    rows = train(model, supply, recipe, folder, score, fabric, about)
    if fabric.is_global_zero:
        minutes = sum(row["seconds"] for row in rows) / 60
        facts = {
            **asdict(recipe),
            "seed": seed,
            "minutes": round(minutes, 1),
            "threads": torch.get_num_threads() * fabric.world_size,
            "device": torch.cuda.get_device_name(fabric.device) if fabric.device.type == "cuda" else "processor",
        }
        facts |= {"precision": options.precision, "command": command(options.world, name, options.precision)}
        if options.ship:
            keep(model, name, options.world, {**facts, "validation": rows[-1]})
            print(f"These weights of {name} ship from now on.")
        else:
            print(f"Without --ship, what ships stays as it is; the weights are in {shown(folder / 'checkpoint.pt')}.")


if __name__ == "__main__":
    main()
