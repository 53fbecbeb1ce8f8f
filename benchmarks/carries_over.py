"""What of all this carries over to networks of ImageNet's size, and what was not tested: a part of docs/claims.md.

No claim is made here that was not measured: the figures are counted from the tables above it, or are arithmetic.
"""

from collections.abc import Iterator
from typing import NamedTuple

import paper
import storing
import zeiler

from bagnet_utils.models.zoo import TITLES

SIZES = {"bagnet9": 9, "bagnet17": 17, "bagnet33": 33}  # px
STRIDE, OURS, THEIRS = 8, 128, 224  # px: from patch to patch; the side of a picture here, and on ImageNet
STICKER = 0.02  # share of the picture


class Proved(NamedTuple):
    what: str
    why: str
    where: str  # notebook


PROVED = [
    Proved("The logit is the mean of the patches' evidence", "mean and linear layer commute", "03"),
    Proved("Parts further apart than a patch add up", "no patch sees two of them", "09"),
    Proved("What a unit cannot see, it cannot send back", "the way down uses only what fed it", "12a"),
    Proved("A bag learns no pair that its windows show equally often", "their mean is the same for both classes", "04"),
    Proved("A sticker changes a bounded number of cells", "the windows that touch it can be counted", "13b"),
]
NOT_TESTED = [
    "**A thousand kinds, a million photographs.** With more kinds, other cues tell them apart, and a network that must "
    "use them may look further. Our 32 kinds do not show that.",
    "**Networks of full size.** Larger peers may join parts that ours do not join. The paper finds less additive "
    "networks than we do, and a VGG that survives textures better.",
    "**Another training of the same network.** Each network that ships was trained once. Our intervals are those of "
    "other pictures, not of other seeds.",
    "**Where training a BagNet fails on a large scale.** The published BagNet-33 has dead layers, and its answers "
    "change with the precision of the arithmetic. Ours answer in float32 only, and our script for training at that "
    "size was run for a few steps, not to its end.",
    "**People.** No person was shown our scrambled or cue-conflict pictures. What is said of people is quoted.",
    "**Pictures other than photographs and drawings**: medical images, satellite pictures, documents, sounds.",
]


def lines() -> Iterator[str]:
    """The section, with its tables."""
    yield HEAD
    yield from (f"| {one.what} | {one.why} | {one.where} |" for one in PROVED)
    yield ARITHMETIC.format(ours=OURS, theirs=THEIRS, percent=round(100 * STICKER))
    yield from (
        f"| {TITLES[name]} | {of_side(q, OURS)} | {of_side(q, THEIRS)} | {touched(q, OURS)} | {touched(q, THEIRS)} |"
        for name, q in SIZES.items()
    )
    yield MEASURED
    yield from (f"| {whose} | {' | '.join(map(str, marks))} |" for whose, marks in held().items())
    yield published()
    yield from (f"- {one}" for one in NOT_TESTED)


# ------------------------------------------------------------ arithmetic


def of_side(q: int, side: int) -> str:
    """The width of a patch in percent of the picture's."""
    return f"{100 * q / side:.0f} %"


def touched(q: int, side: int) -> str:
    """How many patches see a sticker of this share of the picture, at most, and of how many."""
    sticker = round((STICKER * side**2) ** 0.5)
    cells, most = (side - q) // STRIDE + 1, -(-(sticker + q - 1) // STRIDE)
    return f"{most**2} of {cells**2} ({100 * most**2 / cells**2:.0f} %)"


# ------------------------------------------------------------ what was measured


def held() -> dict[str, tuple[int, int, int]]:
    """For each paper and world: how many claims hold, do not hold, and could not be judged."""
    results = storing.read()
    told = {
        f"Brendel and Bethge, {title}": [look(claim, results.get(world, {})) for claim in paper.CLAIMS]
        for world, title in (("patchwork", "on Patchwork"), ("photos", "on photographs"))
    }
    told["Zeiler and Fergus"] = [row[3] for row in zeiler.rows()]
    return {whose: tuple(marks.count(one) for one in (True, False, None)) for whose, marks in told.items()}


def look(claim: paper.Claim, results: dict) -> bool | None:
    try:
        return claim.look(results)[1]
    except KeyError:
        return None


def published() -> str:
    """Which of the published networks were measured, on how many of ImageNet's pictures."""
    found = storing.read().get("imagenet", {})
    counts = [f"{TITLES[name]} on {row['pictures']:,}" for name, row in found.items()]
    measured = f"measured on pictures of ImageNet: {', '.join(counts)}"
    told = measured if counts else "not measured yet, since their weights and these pictures were not at hand"
    return NOT.format(published=told)


HEAD = """
## What carries over to ImageNet, and what does not

One row is missing in most tables above: the same on ImageNet at 224 pixels, with networks of full size. So here is what
may be expected there, and why.

**What is proved carries over.** It holds for any weights, any pictures and any number of kinds.

| what | because | notebook |
|---|---|---|"""

ARITHMETIC = """
**What depends on sizes can be calculated.** A patch of the same width is a smaller share of a larger picture. So at
{theirs} pixels the BagNets are more local than ours are at {ours}: compare our BagNet-17 with the published BagNet-33.
And a square sticker of {percent} % of the picture reaches a smaller share of their patches.

| | patch, of the side, at {ours} px | at {theirs} px | patches that see the sticker, at {ours} px | at {theirs} px |
|---|---|---|---|---|"""

MEASURED = """
**What was measured carries over as a claim at best, not as a figure.** How many of the papers' claims, found with large
networks, hold for our small ones, by the rules above? A claim that holds in both is worth more than one that was seen
in one of them. Where a claim does not hold here, we cannot tell whether the size of the networks is the reason.

| | holds | does not | cannot be judged |
|---|---|---|---|"""

NOT = """
**The published networks:** {published}. `python3 course.py claims --world imagenet --root DIR` fills the columns
*ImageNet* above. The course's tests run that command on pictures made for the test.

**What we did not test:**
"""
