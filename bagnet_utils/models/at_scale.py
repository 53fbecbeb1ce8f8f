"""Train a BagNet of the published size as it was trained: on ImageNet, or on any folder train/class/... val/class/...

python -m bagnet_utils.models.at_scale bagnet33 --root DIR --steps 20                       a dry run
torchrun --nproc-per-node=8 -m bagnet_utils.models.at_scale bagnet33 --root DIR             all of it, on eight GPUs

The recipe is torchvision's reference for a ResNet-50. The course never ran it to its end. A run that is killed goes on
from its last checkpoint, in the middle of an epoch too, and ends at the weights of a run that was never killed.
"""

import argparse
import math
import os
import time
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import asdict, fields
from pathlib import Path

import torch
import torch.nn.functional as F
from lightning_fabric import Fabric
from torch import nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from bagnet_utils import files
from bagnet_utils.checks import check_whole
from bagnet_utils.errors import BadInput
from bagnet_utils.models.bagnet import Normalise, bagnet9, bagnet17, bagnet33, without_tf32
from bagnet_utils.models.from_files import Files, Key, Plan, check_plan, parts
from bagnet_utils.models.published import ADDRESSES, COLOURS
from bagnet_utils.models.training import EXACT, layout, machines, resume, save

SIZES = {"bagnet9": bagnet9, "bagnet17": bagnet17, "bagnet33": bagnet33}
RUNS = files.CACHE / "runs"
IMAGENET = 1_281_167  # pictures to learn from
COARSE = (
    "Note: {} is coarser than float32. The published BagNet-33 does not bear that: another evaluation found 66.7 % "
    "top-1 in float32, 64.2 % in TF32 and 58.0 % in float16. So validation is in float32 here."
)


def train(
    model: nn.Module,
    pictures: Files,
    held: Files,
    folder: Path | str,
    steps: int | None = None,
    every: int = 500,
    workers: int = 0,
    validate: int | None = None,
    fabric: Fabric | None = None,
    about: dict | None = None,
) -> list[dict]:
    """Train in place; returns the rows of `metrics.csv` in the folder: one every `every` steps and after each epoch.

    pictures, held: those to learn from, by their plan, and those for validation. With each row goes a checkpoint.
    Whoever starts again with the same folder goes on from there: on a processor to the last bit, on a GPU nearly so.
    steps: stop after so many in all (a dry run is the beginning of the real run, and can be continued).
    workers: processes that read pictures, for each that trains. validate: how many pictures of val to look at.
    """
    fabric, folder, plan = fabric or machines(), Path(folder), pictures.plan
    epoch_steps = check_plan(plan, pictures, held, fabric.world_size)
    stop = min(plan.epochs * epoch_steps, steps or math.inf)
    run = {**asdict(plan), "data": pictures.names(), "processes": fabric.world_size, **(about or {})}
    order = layout(model)
    model.to(memory_format=order)
    optimizer = torch.optim.SGD(model.parameters(), plan.rate, plan.momentum, weight_decay=plan.decay)
    model, optimizer = fabric.setup(model, optimizer)
    state = {"model": model, "optimizer": optimizer}
    rows = resume(folder, state, run)
    start = rows[-1]["step"] if rows else 0
    keys = parts(plan, len(pictures), start, stop, fabric.global_rank, fabric.world_size)
    reader = iter(loader(pictures, keys, workers))
    parts_of_a_step = math.ceil(plan.batch / fabric.world_size / plan.at_once)
    losses, began = [], time.monotonic()
    for step in tqdm(range(start, stop), "steps", disable=None if fabric.is_global_zero else True):
        model.train()
        for group in optimizer.param_groups:
            group["lr"] = plan.rate_in(step // epoch_steps)
        for part in range(parts_of_a_step):
            images, labels = (given.to(fabric.device, non_blocking=True) for given in next(reader))
            with fabric.no_backward_sync(model, enabled=part < parts_of_a_step - 1):
                found = model(images.contiguous(memory_format=order))
                loss = F.cross_entropy(found, labels, reduction="sum") * fabric.world_size / plan.batch
                fabric.backward(loss)
            losses.append(loss.detach())
        optimizer.step()
        optimizer.zero_grad()
        done, last = step + 1, (step + 1) % epoch_steps == 0 or step + 1 == stop
        if last or done % every == 0:
            loss = fabric.all_reduce(torch.stack(losses).sum(), reduce_op="mean").item()
            since = len(losses) // parts_of_a_step  # steps
            row = {
                "step": done,
                "epoch": done / epoch_steps,
                "loss": loss / since,
                "rate": plan.rate_in(step // epoch_steps),
            }
            row |= {"images a second": since * plan.batch / (time.monotonic() - began)}
            row |= score(model.module, held, fabric, workers, validate) if last else {"top-1": None, "top-5": None}
            rows.append({name: value and float(f"{value:.6g}") for name, value in row.items()} | {"step": done})
            if fabric.is_global_zero:
                save(folder, state, rows, run)
                print(
                    "  ".join(f"{name} {value:g}" for name, value in rows[-1].items() if value is not None), flush=True
                )
            fabric.barrier()
            losses, began = [], time.monotonic()
    model.eval()
    return rows


def loader(pictures: Files, keys: Iterable[list[Key]], workers: int) -> DataLoader:
    """Batches of pictures and labels, read by so many processes; by this one if there are none."""
    pinned = torch.cuda.is_available()
    return DataLoader(pictures, batch_sampler=keys, num_workers=workers, pin_memory=pinned)


@torch.no_grad()
def score(model: nn.Module, held: Files, fabric: Fabric, workers: int, count: int | None) -> dict[str, float]:
    """Top-1 and top-5 in percent on pictures spread over the classes; in float32, whatever the training was in."""
    model.eval()
    if fabric.world_size > 1:
        for buffer in model.buffers():  # each process has BatchNorm's means of its own last step
            torch.distributed.broadcast(buffer, 0)
    chosen = torch.linspace(0, len(held) - 1, min(count or len(held), len(held))).round().long()
    mine = chosen[fabric.global_rank :: fabric.world_size].split(held.plan.at_once)
    right = torch.zeros(2, device=fabric.device)
    keys = ([(0, number) for number in some.tolist()] for some in mine if len(some))
    for images, labels in loader(held, keys, workers):
        with without_tf32():
            best = model(images.to(fabric.device)).topk(min(5, len(held.classes))).indices.cpu()
        hit = best == labels[:, None]
        right += torch.tensor([hit[:, 0].sum(), hit.sum()], device=fabric.device)
    right = 100 * fabric.all_reduce(right, reduce_op="sum") / len(chosen)
    return {"top-1": right[0].item(), "top-5": right[1].item()}


def speed(model: nn.Module, images: torch.Tensor, training: bool = False, clock=time.perf_counter) -> float:
    """Pictures a second: forward alone, or forward and backward. The first pass, which is slower, is not counted."""
    model.train(training)
    for _ in range(2):
        if images.is_cuda:
            torch.cuda.synchronize()
        began = clock()
        with torch.set_grad_enabled(training):
            answers = model(images)
        if training:
            answers.sum().backward()
            model.zero_grad()
        if images.is_cuda:
            torch.cuda.synchronize()
        took = clock() - began
    model.eval()
    return len(images) / took


def hours(images_a_second: float, pictures: int = IMAGENET, epochs: int = Plan.epochs) -> float:
    """How long a training takes at this speed (of forward and backward passes together)."""
    return epochs * pictures / images_a_second / 3600


def memory(model: nn.Module, count: int = 1, side: int = 224) -> int:
    """Bytes that a forward pass must keep for its backward pass, without weights; counted, nothing is computed."""
    kept, everything = {}, {**dict(model.named_parameters()), **dict(model.named_buffers())}
    everything = {name: one.detach().to("meta").requires_grad_(one.requires_grad) for name, one in everything.items()}
    weights = {one.untyped_storage()._cdata for one in everything.values()}
    mode = model.training

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()  # held, so that no other gets its number
        kept[storage._cdata] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        torch.func.functional_call(model.train(), everything, torch.empty(count, 3, side, side, device="meta"))
    model.train(mode)
    return sum(one.nbytes() for number, one in kept.items() if number not in weights)


def is_here(name: str) -> bool:
    """Whether a published network was downloaded before, so that `bu.load_model(name, "imagenet")` needs no network."""
    return (files.DOWNLOADS / ADDRESSES[name].rsplit("/", 1)[1]).is_file()


def build(name: str, classes: int, seed: int, width: float = 1.0, depth: tuple[int, ...] = (3, 4, 6, 3)) -> nn.Module:
    """A BagNet with fresh weights, for pictures in [0, 1]; the published size unless width or depth say otherwise."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = SIZES[name](classes, width, depth)
    model.normalise = Normalise(*COLOURS)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="at_scale", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("name", choices=SIZES)
    parser.add_argument("--root", type=Path, required=True, help="a folder train/class/... and val/class/...")
    parser.add_argument("--steps", type=int, help="stop after so many: a dry run")
    for field in fields(Plan):
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=field.type, default=field.default)
    parser.add_argument("--width", type=float, default=1.0, help="factor on the number of channels")
    parser.add_argument("--depth", type=int, nargs=4, default=[3, 4, 6, 3], help="blocks in each stage")
    parser.add_argument("--every", type=int, default=500, help="steps from one checkpoint to the next")
    parser.add_argument("--workers", type=int, default=0 if os.name == "nt" else 4, help="that read, for each process")
    parser.add_argument("--validate", type=int, help="so many pictures of val (all)")
    parser.add_argument("--precision", default=EXACT, help="bf16-mixed is quicker where the hardware knows bfloat16")
    parser.add_argument("--runs", type=Path, default=RUNS, help="where checkpoints go, each run's into its own folder")
    options = parser.parse_args()
    plan = Plan(**{field.name: getattr(options, field.name) for field in fields(Plan)})
    fabric = machines(options.precision)
    exact = options.precision == EXACT
    about = {"network": options.name, "width": options.width, "depth": options.depth, "precision": options.precision}
    try:
        for word, least in (("every", 1), ("steps", 1), ("validate", 1), ("workers", 0)):
            if getattr(options, word) is not None:
                check_whole("at_scale", f"--{word}", getattr(options, word), least, 10**9)
        if not exact and fabric.is_global_zero:
            print(COARSE.format(options.precision))
        pictures, held = (Files(options.root, split, plan) for split in ("train", "val"))
        model = build(options.name, len(pictures.classes), plan.seed, options.width, tuple(options.depth))
        folder = options.runs / f"at-scale-{options.name}-{plan.seed}"
        with without_tf32() if exact else nullcontext():
            rows = train(
                model, pictures, held, folder, options.steps, options.every, options.workers, options.validate,
                fabric, about,
            )  # fmt: skip
    except BadInput as problem:  # from a reading process it comes with that one's traceback; the last line says it
        raise SystemExit(
            str(problem).strip().splitlines()[-1].removeprefix(f"{BadInput.__module__}.BadInput: ")
        ) from None
    if fabric.is_global_zero:
        speed = rows[-1]["images a second"]
        told = hours(speed, len(pictures), plan.epochs)
        print(
            f"At {speed:.1f} images a second, {plan.epochs} epochs of {len(pictures)} pictures take {told:.1f} hours."
        )
        print(f"Weights and metrics.csv are in {files.shown(folder)}; the same command goes on from there.")


if __name__ == "__main__":
    main()
