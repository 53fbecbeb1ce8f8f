"""Does writing on the photographs tell networks anything? A part of docs/claims.md.

No rule finds writing: data/photos/captions.csv lists what one reader saw. Here it is hidden.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import storing
import torch
from cells import ends, share
from torch import nn

import bagnet_utils as bu
from bagnet_utils.experiments.flaws import fill_with_mean
from bagnet_utils.models.zoo import TITLES
from bagnet_utils.statistics import bootstrap, point_difference
from bagnet_utils.worlds.photos import SHIPPED
from bagnet_utils.worlds.world import World

NAMES_IT = "names the thing"  # of writing, in captions.csv


def measure(world: World, nets: dict[str, nn.Module]) -> dict:
    """How many answers change when writing on a picture is hidden; and, as a control, as much at the opposite place."""
    place = {name_of(file): number for number, file in enumerate(world.truth)}
    rows = [row for row in listed() if row["file"] in place]
    named = {row["file"] for row in rows if row["what"].startswith(NAMES_IT)}
    files = sorted({row["file"] for row in rows})
    chosen = [place[file] for file in files]
    pictures, labels = world.images[chosen], world.labels[chosen].numpy()
    boxes = torch.zeros(len(files), *pictures.shape[2:], dtype=torch.bool)
    for row in rows:
        x, y, width, height = (int(row[what]) for what in ("x", "y", "width", "height"))
        boxes[files.index(row["file"]), y : y + height, x : x + width] = True
    shown = pictures, fill_with_mean(pictures, boxes), fill_with_mean(pictures, boxes.flip(1, 2))
    names_it, results = np.array([file in named for file in files]), {}
    for name, net in nets.items():
        before, hidden, control = (bu.predict(net, these).numpy() for these in shown)
        right, changed = before == labels, [answers != before for answers in (hidden, control)]
        results[name] = {
            "right": int(right.sum()),
            "changed": [int(one.sum()) for one in changed],
            "right to wrong": [int((one & right).sum()) for one in changed],
            "points more": bootstrap(point_difference, *changed),
            "changed, named": int(changed[0][names_it].sum()),
        }
    area = boxes.float().mean((1, 2)).median().item()
    counts = {"looked": len(world.labels), "pictures": len(files), "boxes": len(rows), "named": len(named)}
    return {**counts, "area": area, "nets": results}


def listed() -> list[dict[str, str]]:
    """Writing that a reader saw on test photographs: file, x, y, width, height (px of the 128-px picture), what."""
    with open(SHIPPED / "captions.csv", newline="", encoding="ascii") as file:
        return list(csv.DictReader(file))


def name_of(file: str) -> str:
    """The name of a picture that ships, as the tables in data/photos have it."""
    return Path(file).relative_to(SHIPPED).as_posix()


def lines() -> Iterator[str]:
    """The table, if it was measured."""
    found, kinds = storing.read().get("photos", {}).get("captions"), {}
    if not found:
        return
    for row in listed():
        kinds.setdefault(row["what"].split(":")[0], set()).add(row["file"])
    kinds = sorted(kinds.items(), key=lambda one: (-len(one[1]), one[0]))
    words = ", ".join(f"{kind} ({len(files)})" for kind, files in kinds)
    yield HEAD.format(**found | {"area": 100 * found["area"]}, listed=words)
    for name in [name for name in TITLES if name in found["nets"]]:
        row, of = found["nets"][name], found["pictures"]
        cells = [
            f"{row['right']} of {of}",
            *(share(count, of, 0) for count in row["changed"]),
            ends(row["points more"], 0),
        ]
        cells += [*map(str, row["right to wrong"]), f"{row['changed, named']} of {found['named']}"]
        yield f"| {TITLES[name]} | {' | '.join(cells)} |"


HEAD = """
### Writing on the photographs

No rule finds watermarks and captions. So one reader looked through all {looked} test photographs, enlarged,
and listed visible writing in `data/photos/captions.csv`: {pictures} pictures, {boxes} boxes around writing. In {named}
of them the writing names the thing. By kind (pictures): {listed}. Not listed: what belongs to the thing itself (names
of airlines, STOP, dials of watches, brands on balls and umbrellas), and marks of which the reader was not sure to see
writing. Another reader may list others, and the training pictures were not looked through.

Each box was filled with the mean colour of the rest of the picture (half of the pictures lose less than {area:.1f} %
of their area). *Changed*: percent of the {pictures} pictures that get another answer. *Control*: the same with boxes
of the same size at the opposite place, mirrored through the middle of the picture. *Points more*: changed with the
writing hidden, less changed in the control, on the same pictures. *Right to wrong*: number of right answers that
became wrong. *Named*: changed answers among pictures whose writing names the thing.

| | right | changed | changed, control | points more | right to wrong | right to wrong, control | named |
|---|---|---|---|---|---|---|---|"""
