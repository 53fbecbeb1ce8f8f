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
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from lightning_fabric import Fabric
from torch import Tensor, nn
from tqdm import tqdm

from bagnet_utils.errors import BadInput
from bagnet_utils.models.scores import accuracy_by_pair, predict
from bagnet_utils.models.zoo import NETS, RUNS, build, keep

Pictures = tuple[Tensor, Tensor]  # N x 3 x H x W bytes, N labels


@dataclass(frozen=True)
class Recipe:
    epochs: int = 6
    pictures: int = 3000  # in each epoch
    batch: int = 32
    rate: float = 3e-3  # the learning rate at its height; it climbs there and falls to nothing, once ("one cycle")
    decay: float = 0.05


def train(
    model: nn.Module,
    epoch_of_pictures: Callable[[int], Pictures],
    recipe: Recipe,
    folder: Path,
    score: Callable[[nn.Module], dict[str, float]] = lambda model: {},
    fabric: Fabric | None = None,
) -> list[dict[str, float]]:
    """Train the model in place; returns what `metrics.csv` in the folder holds, one row an epoch.

    Pictures are learnt in the order that `epoch_of_pictures` gives them. After each epoch the folder gets a
    checkpoint. Whoever starts again with the same folder goes on from there, and ends at the same weights as a run that
    was never broken.
    """
    if recipe.epochs < 1 or recipe.pictures < recipe.batch:
        raise BadInput(
            f"train: {recipe.epochs} epochs of {recipe.pictures} pictures were asked for, but at least one epoch of "
            f"{recipe.batch} is wanted, one batch."
        )
    fabric = fabric or machines()
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
        for chosen in tqdm(batches, title, disable=not fabric.is_global_zero):
            mine = chosen.tensor_split(fabric.world_size)[fabric.global_rank]  # its share; twins stay together
            images = pictures[mine].to(fabric.device).float() / 255
            loss = F.cross_entropy(model(images), labels[mine].to(fabric.device))
            fabric.backward(loss)
            fabric.clip_gradients(model, optimizer, max_norm=1.0)
            optimizer.step()
            optimizer.zero_grad()
            schedule.step()
            total += loss.item()
        row = {"epoch": epoch + 1, "loss": total / steps, "seconds": time.monotonic() - started}
        rows.append({name: round(value, 4) for name, value in {**row, **score(model.module)}.items()})
        if fabric.is_global_zero:
            save(folder, parts, rows)
            print(rows[-1], flush=True)
        fabric.barrier()
    return rows


def machines() -> Fabric:
    """All processes that torchrun started, or else this one, on a GPU if there is one."""
    here, everywhere = int(os.environ.get("LOCAL_WORLD_SIZE", 1)), int(os.environ.get("WORLD_SIZE", 1))
    strategy = "ddp" if everywhere > 1 else "auto"
    fabric = Fabric(devices=here, num_nodes=everywhere // here, strategy=strategy)
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
    parser.add_argument("world", choices=["patchwork"])
    parser.add_argument("name", choices=[*NETS, "all"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=Recipe.epochs)
    parser.add_argument("--pictures", type=int, default=Recipe.pictures, help="in each epoch")
    options = parser.parse_args()
    fabric = machines()
    for name in NETS if options.name == "all" else [options.name]:
        recipe = Recipe(options.epochs, options.pictures, rate=NETS[name].rate)
        model = build(name, options.world, seed=options.seed)
        folder = RUNS / f"{options.world}-{name}-{recipe.epochs}x{recipe.pictures}-{options.seed}"
        rows = train(model, patchwork_pictures(recipe, options.seed), recipe, folder, patchwork_score(), fabric)
        if fabric.is_global_zero:
            minutes = sum(row["seconds"] for row in rows) / 60
            facts = {**asdict(recipe), "seed": options.seed, "minutes": round(minutes, 1)}
            facts |= {"threads": torch.get_num_threads(), "validation": rows[-1]}
            if (recipe, options.seed) == (Recipe(rate=recipe.rate), 0):
                keep(model, name, options.world, facts)
            else:
                print(f"Not the course's own recipe, so what ships stays as it is; the weights are in {folder}.")


def patchwork_pictures(
    recipe: Recipe, seed: int = 0, pairs: tuple[str, ...] | None = None
) -> Callable[[int], Pictures]:
    """Pictures drawn anew for each epoch, from seeds that no test ever uses, in random order but always two by two.

    The two are twins, one of each class of a pair, alike but for the cue: what they share (scenery, colours, poses)
    counts for both answers alike and cancels in the gradient; the cue is left. With pictures in any order the noise of
    pairs that a net cannot solve hides from it, for long, those that it can.
    """
    from bagnet_utils.worlds.patchwork import Truth, paint
    from bagnet_utils.worlds.scenes import PAIRS

    shown = tuple(pair for pair in PAIRS if pairs is None or pair.name in pairs)

    def draw(epoch: int) -> Pictures:
        truth = Truth(shown, "train", recipe.pictures // 2 * 2, seed=100 * seed + epoch, twins=True)
        random = torch.Generator().manual_seed(1000 * seed + epoch)
        order = torch.randperm(len(truth) // 2, generator=random)
        order = torch.stack([2 * order, 2 * order + 1], dim=1).flatten()
        return torch.from_numpy(paint(truth))[order], torch.from_numpy(truth.labels)[order]

    return draw


def patchwork_score() -> Callable[[nn.Module], dict[str, float]]:
    """Accuracy on 500 validation pictures, pair by pair, in percent."""
    from bagnet_utils.worlds import load_world
    from bagnet_utils.worlds.scenes import NAMES

    world = load_world("patchwork", split="val", n=500)
    return lambda model: accuracy_by_pair(predict(model, world.images), world.labels, NAMES)


if __name__ == "__main__":
    main()
