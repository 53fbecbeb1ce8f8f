"""Measure what the course claims, and write it down: docs/claims.md. Nothing on that page is typed.

python3 course.py claims --pictures 1000        fewer pictures, wider intervals
"""

import argparse
import json
from pathlib import Path

import torch
from leaks import HIDDEN, SOLVABLE, TESTED
from leaks import PAGE as LEAKS_FOUND

import bagnet_utils as bu
from bagnet_utils.models.scores import accuracy_by_pair, interval
from bagnet_utils.models.zoo import NETS, manifest, write_down
from bagnet_utils.worlds.scenes import NAMES

PAGE = Path(__file__).parents[1] / "docs" / "claims.md"
SOLVED, CHANCE, FINGERS = (95, 100), (45, 55), (93, 100)  # percent
WANTED = {  # for each net, pair by pair
    "bagnet9": (SOLVED, CHANCE, CHANCE, CHANCE, FINGERS),
    "bagnet17": (SOLVED, SOLVED, CHANCE, CHANCE, FINGERS),
    "bagnet33": (SOLVED, SOLVED, SOLVED, CHANCE, FINGERS),
    "resnet": (SOLVED, SOLVED, SOLVED, SOLVED, FINGERS),
}
TITLES = {"bagnet9": "BagNet-9", "bagnet17": "BagNet-17", "bagnet33": "BagNet-33", "resnet": "ResNet", "vgg": "VGG",
          "densenet": "DenseNet", "vit": "ViT"}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="course.py claims", description=__doc__)
    parser.add_argument("--pictures", type=int, default=5000, help="of the test split; a fifth for each pair")
    count = parser.parse_args().pictures
    world = bu.load_world("patchwork", split="test", n=count)
    swapped, labels = fingers_swapped(world)
    lines = [HEAD.format(count=count, each=count // 5, swapped=len(labels))]
    for name in [net for net in TITLES if net in NETS and f"patchwork/{net}" in manifest()]:
        model = bu.load_model(name)
        scores = accuracy_by_pair(bu.predict(model, world.images), world.labels, NAMES)
        cells = [cell(scores[pair], count // 5, WANTED.get(name, [None] * 5)[n]) for n, pair in enumerate(NAMES)]
        other = accuracy_by_pair(bu.predict(model, swapped), labels, NAMES)
        limit = (0, 30) if name.startswith("bagnet") else None
        cells += [cell(other["tench"], len(labels), limit), f"{scores['between']:.2f}", f"{other['between']:.2f}"]
        lines.append(f"| {TITLES[name]} | {' | '.join(cells)} |")
        print(lines[-1], flush=True)
        measured = {pair: round(scores[pair], 2) for pair in NAMES} | {"tench, swapped": round(other["tench"], 2)}
        write_down(name, "patchwork", {"accuracy": measured, "test pictures": count})
    sheet = bu.show_sheet(world.images[:80], world.classes)
    sheet.savefig(PAGE.parent / "images" / "patchwork.jpg", dpi=110, pil_kwargs={"quality": 88})
    PAGE.write_text("\n".join([*lines, *leaks(), TAIL.format(rows=training_rows())]), encoding="utf-8")


HEAD = """# What the course claims, measured

Made by `python3 course.py claims`; nothing on this page is typed by hand.

## Patchwork: which patch size solves which pair

Accuracy inside each pair in percent, 50 being chance, with the 95 % interval (Wilson), on {count} test pictures
({each} a pair) from seeds never used in training. ✓ meets what the design of the world predicts, ✗ does not; cells
without a mark carry no prediction. *Swapped*: tench and carp with fingers where there were none and none where there
were, {swapped} pictures. *Between pairs*: percent of pictures taken for a class of another pair, on the test pictures
and on the swapped ones.

| | coat | face | wheel | totem | tench | tench, swapped | between pairs | between, swapped |
|---|---|---|---|---|---|---|---|---|"""

PREDICTED = """
Predicted: coat at least 95 for all; face, wheel and totem at least 95 for nets whose patches span the gap of 8, 16 and
32 pixels, and 45 to 55 for the others; tench at least 93 with fingers as in training and, for BagNets, at most 30 with
fingers swapped.
"""

LEAKS = """## Does anything leak?

Cells at chance mean something only if the network could not have learnt the pair by other means. `python3 course.py
leaks` tries twice. *Longer*: a network trained from scratch on the pairs that it must not solve, with three times as
many pictures of them as the shipped one had; accuracy in percent on {each} fresh pictures of each pair. *Windows*: a
network trained on single windows that hold a piece of the cue, each told its picture's class, so that no averaging
buries a faint hint; accuracy in percent over all such windows of {each} fresh pictures (windows of one picture are not
independent, so no interval is given). The last column is the same for a pair that it can solve, to show that the
attempt would see a hint.

| | pair | longer | windows | windows, a pair that it can solve |
|---|---|---|---|---|"""

TAIL = """
## How these networks were trained

| network | pictures an epoch | epochs | seed | threads | minutes | file |
|---|---|---|---|---|---|---|
{rows}
"""


def leaks() -> list[str]:
    """What benchmarks/leaks.py found, as far as it has been run."""
    found = json.loads(LEAKS_FOUND.read_text(encoding="utf-8")) if LEAKS_FOUND.exists() else {}
    lines = [PREDICTED, LEAKS.format(each=TESTED)]
    for name, pairs in HIDDEN.items():
        trained, alone = (found.get(name, {}).get(attempt, {}) for attempt in ("longer", "window"))
        for pair in pairs:
            cells = [TITLES[name], pair, cell(trained[pair], TESTED, CHANCE) if pair in trained else "not run yet"]
            cells += [
                f"{pair} {alone[pair]:.1f}" if pair in alone else "not run yet" for pair in (pair, SOLVABLE[name])
            ]
            lines.append(f"| {' | '.join(cells)} |")
    return lines


def fingers_swapped(world) -> tuple[torch.Tensor, torch.Tensor]:
    """The test split's tench and carp, drawn again with fingers where there were none and none where there were."""
    scenes = [world.truth[n] for n in range(len(world.labels)) if world.labels[n] // 2 == NAMES.index("tench")]
    images = [torch.from_numpy(scene.redraw(fingers=not scene.fingers.any()).image) for scene in scenes]
    return torch.stack(images), torch.tensor([scene.label for scene in scenes])


def cell(percent: float, of: int, wanted: tuple[int, int] | None) -> str:
    low, high = interval(round(percent * of / 100), of)
    mark = "" if wanted is None else " ✓" if wanted[0] <= percent <= wanted[1] else " ✗"
    return f"{percent:.1f} ({low:.1f}..{high:.1f}){mark}"


def training_rows() -> str:
    rows = manifest().items()
    facts = ("pictures", "epochs", "seed", "threads", "minutes", "file")
    return "\n".join(
        f"| {TITLES[key.split('/')[1]]} | {' | '.join(str(row[fact]) for fact in facts)} |" for key, row in rows
    )


if __name__ == "__main__":
    main()
