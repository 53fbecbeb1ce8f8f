"""What makes a minaret? Black corners, which Caltech-101's rotated pictures have: a part of docs/claims.md.

The corners are found by rule (bu.dark_corners), so how much evidence lies on them is a fact. Two ways round are tried:
fill a minaret's corners with the mean colour of the rest; and paste its corners on pictures of other kinds. The same
for other flaws: the black frames of leopards, the white ground of motorbikes and airplanes, and cars, all of them grey.
"""

from collections.abc import Iterator

import numpy as np
import storing
import torch
import torch.nn.functional as F
from cells import ends, share
from scipy import stats
from torch import Tensor, nn

import bagnet_utils as bu
from bagnet_utils.experiments.flaws import evidence_on, fill_with_mean
from bagnet_utils.experiments.masking import hidden_one_by_one
from bagnet_utils.models.scores import logits
from bagnet_utils.models.zoo import TITLES
from bagnet_utils.statistics import MIN_COUNT, Estimate, bootstrap, confidence_interval, percent_of, point_difference
from bagnet_utils.worlds.photos import CLASSES

MINARET, CAR = CLASSES.index("minaret"), CLASSES.index("car_side")
WINDOW, LEAST = 16, 0.1  # px; and the share of a patch or window that must be black corner
DONORS, OTHERS = 8, 200  # minarets that give their corners, and pictures of other kinds that get them
FLAWS = {  # kinds with a margin of their own, and the colour to look for from the corners on
    "leopards": ("black frame", 0.0),
    "motorbikes": ("white background", 1.0),
    "airplanes": ("white background", 1.0),
}
SEPIA = torch.tensor([1.0, 0.85, 0.65])  # a tint, as of an old photograph


def measure(images: Tensor, labels: Tensor, nets: dict[str, nn.Module]) -> dict:
    mine = labels == MINARET
    minarets, corners = images[mine], bu.dark_corners(images[mine])
    filled = fill_with_mean(minarets, corners)
    others = others_than(mine, images, OTHERS)
    put = [paste(others, corner) for corner in corners[:DONORS]]
    results = {"minarets": len(minarets), "others": len(others), "black": corners.float().mean().item()}
    for name, row in ask(nets, MINARET, minarets, filled, others, put)["nets"].items():
        before, *taken = row["taken"]
        results[name] = row | {"taken before": before, "taken": taken}
        drops, windows = drops_on(nets[name], minarets, MINARET, corners)
        results[name] |= {"drops": drops, "windows": windows}
        if nets[name].patch_size:
            share_of_evidence, share_of_patches = evidence_on(nets[name], minarets, MINARET, corners, LEAST)
            results[name] |= {"evidence": share_of_evidence, "patches": share_of_patches}
    return results


def drops_on(net: nn.Module, images: Tensor, kind: int, masks: Tensor) -> tuple[Estimate, Estimate]:
    """An estimate by occlusion, for nets without exact evidence: windows side by side are covered with the mean colour
    of the rest, one at a time. Percent of all that a kind's logit fell, and percent of windows, on the mask's windows.
    """
    side, drops = images.shape[-1], []
    places = [(row, column) for row in range(0, side, WINDOW) for column in range(0, side, WINDOW)]
    for image, before in zip(images, logits(net, images)[:, kind], strict=True):
        seen = F.avg_pool2d(image, WINDOW).flatten(1).T * WINDOW**2  # P x 3, the sum of colours in each window
        rest = (image.sum((1, 2)) - seen) / (side**2 - WINDOW**2)
        contents = rest[:, :, None, None].expand(-1, -1, WINDOW, WINDOW)
        with torch.no_grad():
            answers, _ = hidden_one_by_one(net, image, places, contents)
        drops.append((before - answers[:, kind]).clamp(min=0))
    drops = torch.stack(drops).double()  # N x P
    black = F.avg_pool2d(masks[:, None].float(), WINDOW).flatten(1) >= LEAST
    on, total = (part.sum(1).numpy() for part in (drops * black, drops))
    return bootstrap(percent_of, on, total), bootstrap(np.mean, 100 * black.double().mean(1).numpy())


def measure_flaws(images: Tensor, labels: Tensor, nets: dict[str, nn.Module]) -> dict:
    """Right before and after the flaw is taken away; and, of pictures of other kinds, taken for this kind before and
    after it is put there (three margins).
    """
    results = {}
    for kind, (_, colour) in FLAWS.items():
        mine = labels == CLASSES.index(kind)
        pictures, margins = images[mine], bu.dark_corners((images[mine] - colour).abs())
        filled = fill_with_mean(pictures, margins)
        large = margins.float().mean((1, 2)).argsort(descending=True, stable=True)[len(pictures) // 4 :][:3]
        put = [torch.where(margin, colour, others_than(mine, images)) for margin in margins[large]]
        results[kind] = ask(nets, CLASSES.index(kind), pictures, filled, others_than(mine, images), put)
        results[kind]["area"] = margins.float().mean().item()
    mine = labels == CAR
    tinted = images[mine] * SEPIA[:, None, None]
    grey = others_than(mine, images).mean(1, keepdim=True).expand(-1, 3, -1, -1)
    results["car_side"] = ask(nets, CAR, images[mine], tinted, others_than(mine, images), [grey])
    return results


def others_than(mine: Tensor, images: Tensor, count: int = OTHERS // 2) -> Tensor:
    """Pictures of other kinds, spread over them."""
    return images[~mine][torch.linspace(0, int((~mine).sum()) - 1, count).long()]


def ask(nets: dict, kind: int, pictures: Tensor, without: Tensor, others: Tensor, put: list[Tensor]) -> dict:
    """How many of a kind's pictures are right, as they are and without the flaw; and which others are taken for it."""
    rows = {}
    for name, net in nets.items():
        before, after = ((bu.predict(net, these) == kind).numpy() for these in (pictures, without))
        taken = np.stack([(bu.predict(net, these) == kind).numpy() for these in (others, *put)])
        rows[name] = {
            "right": [int(before.sum()), int(after.sum())],
            "points less": bootstrap(point_difference, before, after),
            "taken": taken.sum(1).tolist(),
        }
        if len(put) >= MIN_COUNT:
            rows[name]["taken share"] = over_donors_and_pictures(taken[1:])
    return {"pictures": len(pictures), "others": len(others), "nets": rows}


def over_donors_and_pictures(taken: np.ndarray, draws: int = 1000, seed: int = 0) -> Estimate:
    """Percent of donors x pictures booleans that are true, and its 95 % interval over other donors and other pictures.

    Both are drawn anew, each by itself, and the ends lie as far out as Student's t asks for so few donors. With 8
    donors and 200 pictures it held 93 to 99 times of 100 (donors' log odds with a standard deviation of at most 1), but
    only 87 to 93 times where they differ half as much again and the share is small. Three donors are too few.
    """
    donors, pictures = taken.shape
    value = 100 * float(taken.mean())
    if taken.all() or not taken.any():
        return Estimate(value, *confidence_interval(pictures * bool(taken.all()), pictures))
    random, tail = np.random.default_rng(seed), stats.t.ppf(0.975, donors - 1) * np.sqrt(donors / (donors - 1))
    rows, columns = (random.multinomial(count, [1 / count] * count, draws) / count for count in taken.shape)
    means = ((rows @ taken.astype(float)) * columns).sum(1)
    return Estimate(value, *(100 * float(end) for end in np.quantile(means, stats.norm.cdf([-tail, tail]))))


def paste(images: Tensor, corners: Tensor) -> Tensor:
    """The pictures with black corners."""
    return images * ~corners


def lines() -> Iterator[str]:
    """The table, if it was measured."""
    results = storing.read().get("photos", {})
    if "corners" not in results:
        return
    corners = results["corners"]
    yield HEAD.format(minarets=corners["minarets"], black=100 * corners["black"], window=WINDOW)
    nets = [(TITLES[name], corners[name]) for name in TITLES if name in corners]
    for title, one in nets:
        parts = ("evidence", "patches", "drops", "windows")
        yield f"| {title} | {' | '.join(ends(one[what], 0) if what in one else '' for what in parts)} |"
    yield BOTH_WAYS.format(others=corners["others"], donors=DONORS)
    for title, one in nets:
        taken = sorted(100 * count / corners["others"] for count in one["taken"])
        cells = [*(share(right, corners["minarets"], 0) for right in one["right"]), ends(one["points less"], 0)]
        cells += [share(one["taken before"], corners["others"]), ends(one["taken share"], 1)]
        cells += [f"{taken[0]:.1f} to {taken[-1]:.1f}, median {sum(taken[3:5]) / 2:.1f}"]
        yield f"| {title} | {' | '.join(cells)} |"
    if "flaws" in results:
        yield from flaws_lines(results["flaws"])


def flaws_lines(flaws: dict) -> Iterator[str]:
    yield FLAWS_HEAD.format(others=OTHERS // 2, **{kind: 100 * flaws[kind]["area"] for kind in FLAWS})
    for kind, one in flaws.items():
        title = f"{kind.replace('_', ' ')}, {FLAWS[kind][0] if kind in FLAWS else 'grey'}"
        for name in [name for name in TITLES if name in one["nets"]]:
            row = one["nets"][name]
            cells = [f"{right} of {one['pictures']}" for right in row["right"]] + [ends(row["points less"], 0)]
            before, *after = [share(count, one["others"], 0) for count in row["taken"]]
            cells += [before, "; ".join(after)]
            yield f"| {title} | {TITLES[name]} | {' | '.join(cells)} |"


HEAD = """
## What makes a minaret?

Caltech-101's pictures of minarets were rotated until all towers had about the same slant, their tips to the upper
right, which left black corners: {black:.0f} % of the area of the {minarets} minarets for testing, found by a rule
(`bu.dark_corners`).

Where does the evidence lie? *Evidence*: percent of a BagNet's positive evidence for minaret that lies on patches with a
tenth or more of black corner; this is exact, and only BagNets have it. *Patches*: percent of patches that have as much.
*Drops*: an estimate by occlusion, which every network can have. Windows of {window} x {window} px, side by side, were
covered with the mean colour of the rest of the picture, one at a time: percent of all that the logit for minaret fell
which lies on windows with a tenth or more of black corner. *Windows*: percent of windows that have as much. For BagNets
the two can be compared.

| | evidence | patches | drops | windows |
|---|---|---|---|---|"""

BOTH_WAYS = """
And without the corners, or with them elsewhere? *Right*: percent of minarets classified correctly, as they are and with
the corners filled with the mean colour of the rest. *Taken for minarets*: percent of {others} pictures of other kinds,
before and after the corners of {donors} minarets were pasted on them: the mean of the {donors}, with an interval over
other minarets and other pictures (both drawn anew), and the smallest, the largest and the median of the {donors}.

| | right | right, filled | points lost | taken, before | taken, with corners | each minaret's corners |
|---|---|---|---|---|---|---|"""

FLAWS_HEAD = """
### Other flaws

The black frame of leopards ({leopards:.0f} % of their area) and the white background of motorbikes ({motorbikes:.0f}
%) and airplanes ({airplanes:.0f} %) are found from the corners on, by the same rule. They are *removed* by filling
them with the mean colour of the rest, and *added* to {others} pictures of other kinds, three such margins one after
the other. Cars, seen from the side, are all grey: this flaw is removed by a sepia tint, and added to other pictures
by making them grey. The last two columns are percent of the {others} pictures, with Wilson's interval over pictures,
for each margin alone: three margins, chosen by their size, so no interval over margins.

| kind and flaw | network | right | right, removed | points lost | others taken for it | with the flaw added |
|---|---|---|---|---|---|---|"""
