"""Measure what the course claims, and write it down: docs/claims.md. Nothing on that page is typed.

python3 course.py claims                               Patchwork and the photographs that ship (two hours)
python3 course.py claims --pictures 1000               fewer pictures, wider intervals
python3 course.py claims --world tiny --root DIR       the nets for 64 pixels, on photographs in DIR/val/class/...
python3 course.py claims --world imagenet --root DIR   the published nets on ImageNet's pictures, or some of them
torchrun --nproc-per-node=4 benchmarks/claims.py --world imagenet --root DIR         the same, on four GPUs

What has a verb of its own (course.py leaks, transfer, choices, probes, shapes, stickers, order, context) is measured by
that verb; the page is made anew from all of them.
"""

import argparse
import os
from pathlib import Path

import captions
import carries_over
import context_claims
import corners
import dry_run
import every_net
import front
import intervals
import leaks
import measuring
import order_claims
import paper
import shape_bias_claims
import sizes
import stickers_claims
import storing
import torch
import transfer
import zeiler
from cells import MARK, cell, inside
from leaks import CHANCE
from sizes import LEARNT, NEW, without_copies
from tqdm import tqdm

import bagnet_utils as bu
from bagnet_utils.display.figures import show_sheet
from bagnet_utils.models.scores import accuracy_by_pair
from bagnet_utils.models.zoo import NETS, TITLES, manifest
from bagnet_utils.worlds import imagenet, tiny
from bagnet_utils.worlds.patchwork.scenes import NAMES
from bagnet_utils.worlds.pictures import class_folders, listing, read
from bagnet_utils.worlds.world import World

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "claims.md"
SOLVED, FINGERS, COLLAPSED = (95, 100), (91, 100), (0, 30)  # percent, for the whole interval
STRAY = 40  # px: how far pictures are moved, at most, to see who goes by place
ORDERS = ("face", "wheel", "totem")  # the pairs that only order tells
WANTED = {  # for each net, pair by pair; last for tench with fingers swapped
    "bagnet9": (SOLVED, CHANCE, CHANCE, CHANCE, FINGERS, COLLAPSED),
    "bagnet17": (SOLVED, SOLVED, CHANCE, CHANCE, FINGERS, COLLAPSED),
    "bagnet33": (SOLVED, SOLVED, SOLVED, CHANCE, FINGERS, COLLAPSED),
    **{name: (SOLVED, SOLVED, SOLVED, SOLVED, FINGERS, None) for name in ("resnet", "vgg", "densenet", "vit")},
    "vit_bag": (SOLVED, CHANCE, CHANCE, CHANCE, FINGERS, COLLAPSED),  # a bag of tokens of 8 px
}
SWAPPED = "tench, swapped"


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="course.py claims", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--world", choices=["patchwork", "photos", "tiny", "imagenet"])
    parser.add_argument("--pictures", type=int, help="how many, of the test pictures (default: 5000 of Patchwork, all)")
    parser.add_argument("--root", type=Path, help="a folder of pictures, with a folder in it for each class")
    parser.add_argument("--names", nargs="+", choices=NETS, default=[*NETS], help="imagenet: which nets")
    options = parser.parse_args()
    try:
        if options.world in (None, "patchwork"):
            world = measure_patchwork(options.pictures or 5000)
            nets = {name: bu.load_model(name) for name in shipped("patchwork")}
            storing.write("patchwork", {"telling": measuring.telling(world, nets["bagnet33"])})
            storing.write("patchwork", {"speed": measuring.speed()})
            measuring.measure("patchwork", world.images, world.labels, nets)
        if options.world in (None, "photos"):
            front.draw_all()
            world = measure_photos(options.pictures)
            nets = {name: bu.load_model(name, world="photos") for name in shipped("photos")}
            for what, measure in (("corners", corners.measure), ("flaws", corners.measure_flaws)):
                storing.write("photos", {what: measure(world.images, world.labels, nets)})
            storing.write("photos", {"captions": captions.measure(world, nets)})
            measuring.measure("photos", world.images, world.labels, nets)
        if options.world == "tiny":
            measure_tiny(options.root, options.pictures)
        if options.world == "imagenet":
            measure_imagenet(options.root, options.pictures, options.names)
    except bu.BadInput as problem:
        raise SystemExit(str(problem)) from None
    if int(os.environ.get("RANK", 0)) == 0:
        PAGE.write_text("\n".join(page()) + "\n", encoding="utf-8")
        print(f"written: {PAGE.relative_to(DOCS.parent)}")


def shipped(world: str) -> list[str]:
    return [name for name in TITLES if f"{world}/{name}" in manifest()]


# ------------------------------------------------------------ measuring


def measure_patchwork(count: int) -> World:
    world = bu.load_world("patchwork", split="test", n=count)
    swapped, labels = fingers_swapped(world)
    random = torch.Generator().manual_seed(0)
    ordered = torch.isin(world.labels // 2, torch.tensor([NAMES.index(pair) for pair in ORDERS]))
    steps = torch.randint(STRAY + 1, (2, int(ordered.sum())), generator=random)
    moved, truth = bu.move(world.images[ordered], *steps), world.labels[ordered]
    for name in shipped("patchwork"):
        model = bu.load_model(name)
        scores = accuracy_by_pair(bu.predict(model, world.images), world.labels, NAMES)
        other = accuracy_by_pair(bu.predict(model, swapped), labels, NAMES)
        scores |= {SWAPPED: other["tench"], "between, swapped": other["between"]}
        strayed = accuracy_by_pair(bu.predict(model, moved), truth, NAMES)
        scores |= {f"{pair}, moved": strayed[pair] for pair in ORDERS}
        scores = {what: round(percent, 2) for what, percent in scores.items()}
        write_accuracy("patchwork", name, scores, {"test pictures": count, "swapped pictures": len(labels)})
    sheet = show_sheet(world.images[:80], world.classes)
    sheet.savefig(DOCS / "images" / "patchwork.jpg", dpi=110, pil_kwargs={"quality": 88})
    return world


def fingers_swapped(world) -> tuple[torch.Tensor, torch.Tensor]:
    """The test split's tench and carp, drawn again with fingers where there were none and none where there were."""
    scenes = [world.truth[n] for n in range(len(world.labels)) if world.labels[n] // 2 == NAMES.index("tench")]
    images = [torch.from_numpy(scene.redraw(fingers=not scene.fingers.any()).image) for scene in scenes]
    return torch.stack(images), torch.tensor([scene.label for scene in scenes])


def measure_photos(count: int | None) -> World:
    """Accuracy on the test pictures that ship, and on those learnt from."""
    world, learnt = (bu.load_world("photos", split, n=count) for split in ("test", "train"))
    new = without_copies(world, learnt)
    storing.write("photos", {NEW: len(new.labels)})
    for name in shipped("photos"):
        note_accuracy(name, "photos", {"top-1": world, LEARNT: learnt, NEW: new})
    return world


def measure_tiny(root: Path | None, count: int | None) -> None:
    world = bu.load_world("tiny", split="val", n=count, root=root, download=root is None)
    if world.classes != tiny.CLASSES:
        raise bu.BadInput(f"claims: {root} holds other classes than the twenty kinds; name a folder of these.")
    worlds = {"top-1": world}
    if ((root or tiny.UNPACKED) / "train").is_dir():  # how far does a network do better on what it has seen?
        worlds[LEARNT] = bu.load_world("tiny", split="train", n=2000, root=root)
    for name in shipped("tiny"):
        note_accuracy(name, "tiny", worlds)


def note_accuracy(name: str, world: str, worlds: dict[str, World]) -> None:
    """A network's accuracy in percent on some pictures."""
    model, scores = bu.load_model(name, world=world), {}
    for what, pictures in worlds.items():
        right = bu.predict(model, pictures.images) == pictures.labels
        scores[what] = round(100 * right.float().mean().item(), 4)  # 86.8531 is 86.9; 86.85 would be printed as 86.8
    write_accuracy(world, name, scores, {"test pictures": len(worlds["top-1"].labels)})


def write_accuracy(world: str, name: str, scores: dict[str, float], counts: dict[str, int]) -> None:
    row = {**scores, "weights": manifest()[f"{world}/{name}"]["sha256"][:12]}
    storing.write(world, {"accuracy": storing.read().get(world, {}).get("accuracy", {}) | {name: row}, **counts})
    print(name, scores, flush=True)


def measure_imagenet(root: Path | None, count: int | None, names: list[str]) -> None:
    """Top-1 and top-5 of the published nets; under torchrun each process takes its share of the pictures."""
    from bagnet_utils.models.training import machines

    fabric = machines()
    if root is None:
        bu.load_world("imagenet", n=1, download=True)
    files, classes = listing(
        class_folders(root or imagenet.UNPACKED, "val"), imagenet.imagenet_classes(), imagenet.label_of_class
    )
    if classes != imagenet.imagenet_classes():
        raise bu.BadInput(f"claims: folders of {root} are not named after ImageNet's classes or their WordNet numbers.")
    files = imagenet.spread(files, count, seed=0)
    mine = files[fabric.global_rank :: fabric.world_size]
    for name in names:
        model = bu.load_model(name, world="imagenet").to(fabric.device)
        right = torch.zeros(2, device=fabric.device)
        parts = [mine[i : i + 50] for i in range(0, len(mine), 50)]
        for part in tqdm(parts, name, disable=not fabric.is_global_zero):
            world = read(part, classes, imagenet.SIDE, imagenet.EDGE)
            with torch.no_grad():
                best = model(world.images.to(fabric.device)).topk(5).indices.cpu()
            hit = best == world.labels[:, None]
            right += torch.tensor([hit[:, 0].sum(), hit.any(1).sum()], device=fabric.device)
        right = fabric.all_reduce(right, reduce_op="sum")
        if fabric.is_global_zero:
            row = {"top-1": int(right[0]), "top-5": int(right[1]), "pictures": len(files)}
            storing.write("imagenet", {name: row})
            print(name, row, flush=True)


# ------------------------------------------------------------ the page


def page() -> list[str]:
    patchwork = storing.read()["patchwork"]
    count, swapped = patchwork["test pictures"], patchwork["swapped pictures"]
    lines = [HEAD.format(count=count, each=count // 5, swapped=swapped, stray=STRAY)]
    for name in shipped("patchwork"):
        scores, wanted = patchwork["accuracy"][name], WANTED.get(name, [None] * 6)
        cells = []
        for pair, limits in zip(NAMES, wanted, strict=False):
            both = [scores[pair], scores[f"{pair}, moved"]] if pair in ORDERS else [scores[pair]]
            met = None if limits is None else all(inside(percent, count // 5, limits) for percent in both)
            cells += [cell(percent, count // 5) + MARK[met] for percent in both]
        cells.append(cell(scores[SWAPPED], swapped, wanted[5]))
        cells += [f"{scores[what]:.2f}" for what in ("between", "between, swapped")]
        lines.append(f"| {TITLES[name]} | {' | '.join(cells)} |")
    lines += [
        PREDICTED,
        *leaks.lines(),
        *sizes.lines(),
        *corners.lines(),
        *captions.lines(),
        *transfer.lines(),
        *paper.table(),
        *zeiler.lines(),
        *shape_bias_claims.lines(),
        *context_claims.lines(),
        *stickers_claims.lines(),
        *order_claims.lines(),
        *every_net.lines(),
        *dry_run.lines(),
        *carries_over.lines(),
        *intervals.lines(),
        TRAINING,
    ]
    facts = ("pictures", "epochs", "batch", "seed", "precision", "device", "threads", "minutes")
    for world in ("patchwork", "photos", "tiny"):
        for name in shipped(world):
            row = {"precision": "32-true", "device": "processor", **manifest()[f"{world}/{name}"]}
            cells = " | ".join(str(row[fact]) for fact in facts)
            lines.append(f"| {TITLES[name]} | {world} | {cells} | `{row['command']}` |")
    return lines


HEAD = """# What the course claims, measured

Made by `python3 course.py claims`; no figure of ours on this page is typed by hand.

## Patchwork: which patch size solves which pair

Accuracy inside each pair in percent (chance is 50), with the 95 % interval (Wilson), on {count} test pictures ({each}
for each pair) from seeds that training never used. ✓: the whole interval lies where the design of the world predicts.
✗: it does not. A cell without a mark has no prediction.

*Moved*: the same pictures, each moved down and to the right by 0 to {stray} px (the part that is new has the picture's
mean colour). Both columns together get one mark, so a network that relies on position gets no ✓. *Swapped*: {swapped}
pictures of tench and carp; fingers were added where there were none, and removed where there were some. *Between
pairs*: percent of pictures that were taken for a class of another pair, for the test pictures and for the swapped ones.

| | coat | face | face, moved | wheel | wheel, moved | totem | totem, moved | tench | tench, swapped | between pairs \
| between, swapped |
|---|---|---|---|---|---|---|---|---|---|---|---|"""

PREDICTED = """
What is predicted, for the whole interval:

- coat: at least 95 for all networks;
- face, wheel and totem, as drawn and moved: at least 95 for networks whose patches span the gap (8, 16 and 32 px), and
  42 to 58 for the others (with 1,000 pictures for each pair that is a proportion of 45 to 55);
- tench: at least 91 with fingers as in training (a proportion of 93); for BagNets at most 30 with fingers swapped.

A ViT that was trained without position embeddings is a bag of tokens of 8 px, so the prediction is BagNet-9's. The
other networks see the whole picture and should solve all pairs.
"""

TRAINING = """
## How the networks that ship were trained

Precision has the names of PyTorch Lightning. The networks for 64 pixels were trained in bfloat16 (`--precision
bf16-mixed`), which is faster. All networks answer in float32. Where a GPU is named, several networks were trained on it
at the same time, so their minutes are more than one network alone would need.

| network | world | pictures an epoch | epochs | batch | seed | precision | on | threads | minutes | command |
|---|---|---|---|---|---|---|---|---|---|---|"""

if __name__ == "__main__":
    main()
