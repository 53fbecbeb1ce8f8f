"""The claims of Brendel and Bethge (2019), one by one, beside what was found here: a part of docs/claims.md.

Each row holds a claim, its figure in the paper, and for each world what `course.py claims` found: a text, and whether
the claim holds there by a rule that the row states.
"""

import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import NamedTuple

from cells import MARK, ends
from experiments import FOUND, TITLES

from bagnet_utils.models.scores import interval
from bagnet_utils.models.zoo import manifest

WORLDS = ("patchwork", "photos")
PEERS = {"vgg": "VGG-16", "resnet": "ResNet-50", "densenet": "DenseNet-169"}  # ours, and the paper's
TOP1 = {"bagnet9": 46.4, "bagnet17": 58.8, "bagnet33": 66.7, "resnet": 76.1}  # percent, an independent evaluation
CURVES = {"vgg": (0.56, 0.97), "resnet": (0.52, 0.95), "densenet": (0.51, 0.89)}  # r at 10 and at 70 px, read off
SEVENTH = {"patchwork": "bagnet17", "photos": "bagnet9"}  # whose patch is as large a share of a picture as there
BEFORE, AFTER = 90.1, 79.4  # percent, VGG-16 on pictures and on their textures, top-5
EXACT, ROUNDING = 1e-4, 1e-9  # logits, in float32 and in double precision

Cell = tuple[str, bool | None]  # what was found; does the claim hold?
NOT_YET: Cell = ("not measured yet", None)


def found() -> dict:
    return json.loads(FOUND.read_text(encoding="utf-8")) if FOUND.exists() else {}


class Claim(NamedTuple):
    experiment: int
    claim: str
    figure: str  # the paper's
    rule: str  # it holds if ...
    look: Callable[[str], Cell]  # what was found in a world
    where: str  # notebook and function


def table() -> Iterator[str]:
    """The lines of the table of claims."""
    yield HEAD
    for one in CLAIMS:
        cells = []
        for world in WORLDS:
            try:
                text, holds = one.look(world)
            except KeyError:
                text, holds = NOT_YET
            cells.append(text + MARK[holds])
        yield f"| {one.experiment} | {one.claim} | {one.figure} | {' | '.join(cells)} | {one.rule} | {one.where} |"


def top1(world: str, name: str) -> tuple[float, float, float]:
    """Accuracy in percent, and its interval."""
    row = manifest()[f"{world}/{name}"]
    scores, count = row["accuracy"], row["test pictures"]
    pairs = ("coat", "face", "wheel", "totem", "tench")
    percent = scores["top-1"] if world == "photos" else sum(scores[pair] for pair in pairs) / len(pairs)
    return percent, *interval(round(percent * count / 100), count)


# ------------------------------------------------------------ what to look at in a world


def larger_is_better(world: str) -> Cell:
    three = [top1(world, name) for name in ("bagnet9", "bagnet17", "bagnet33")]
    grows = all(above[1] > below[2] for below, above in pairwise(three))
    return ", ".join(ends(one, 1) for one in three) + " %", grows


def near_a_resnet(world: str) -> Cell:
    bag, deep = top1(world, "bagnet33"), top1(world, "resnet")
    share = 100 * bag[0] / deep[0]
    text = f"{ends(bag, 1)} of {ends(deep, 1)} %, so {share:.0f} %"
    return text, share >= 100 * TOP1["bagnet33"] / TOP1["resnet"]


def slower(world: str) -> Cell:
    if world == "photos":
        return "(the same networks)", None
    ratio = found()[world]["speed"]
    return f"{ratio:.1f} times (full size, 224 px)", ratio > 1


def is_exact(world: str) -> Cell:
    worst = max(found()[world]["exact"].values())
    return f"they differ by {worst:.0e} logits at most", worst < EXACT


def fingers(world: str) -> Cell:
    if world == "photos":
        return "no such cue is known", None
    told = found()[world]["telling"]
    percent = 100 * told["on fingers"] / told["patches"]
    low, high = interval(told["on fingers"], told["patches"])
    return f"{ends((percent, low, high), 0)} % of the {told['patches']} most telling show fingers", low > 50


def survives_scrambling(world: str) -> Cell:
    told = found()[world]["texturised"]
    (before, after), count = told["right"]["vgg"], told["pictures"]
    low, high = interval(after, count)
    text = f"from {100 * before / count:.1f} to {ends((100 * after / count, low, high), 1)} %, top-1"
    return text, high >= 100 * before / count * AFTER / BEFORE


def exact_beyond(name: str):
    def look(world: str) -> Cell:
        told, q = found()[world]["interaction"], int(name.removeprefix("bagnet"))
        far = [k for k, gap in enumerate(told["gaps"]) if gap >= q - 1]
        low = min(told[name]["correlation"][k][1] for k in far)
        apart = max(told[name]["apart, double"][k] for k in far)
        text = (
            f"at {told['gaps'][far[0]]} px and more: r at least {low:.4f}; in double precision {apart:.0e} logits apart"
        )
        return text, apart < ROUNDING

    return look


def interacts(name: str):
    def look(world: str) -> Cell:
        told = found()[world]["interaction"]
        near, far = told[name]["correlation"][0], told[name]["correlation"][-1]
        gaps = told["gaps"]
        return f"{ends(near, 3)} at {gaps[0]} px, {ends(far, 3)} at {gaps[-1]} px", far[1] > near[2]

    return look


def interacts_less(world: str) -> Cell:
    told = found()[world]["interaction"]
    near = {name: told[name]["correlation"][0] for name in ("bagnet33", *PEERS)}
    others = ", ".join(f"{TITLES[name]} {ends(near[name], 3)}" for name in PEERS)
    return f"{ends(near['bagnet33'], 3)}; {others}", all(near["bagnet33"][1] > near[name][2] for name in PEERS)


def errs_like(name: str):
    def look(world: str) -> Cell:
        told = found()[world]["errors"]["with bagnet33"][name]
        return f"over classes r {ends(told['classes'])}; kappa {ends(told['kappa'])}", told["classes"][1] > 0

    return look


def beats(method: str, names: tuple[str, ...], bag: Callable[[str], str]):
    """A BagNet's heatmap makes these nets' probabilities fall further than this method's maps do."""

    def look(world: str) -> Cell:
        told, title = found()[world]["sensitivity"], f"heatmap of {TITLES[bag(world)]}"
        above = {name: told[name][method]["above"][title] for name in names}
        text = f"{TITLES[bag(world)]}: " + ", ".join(f"{TITLES[name]} {ends(one)}" for name, one in above.items())
        return text, all(one[1] > 0 for one in above.values())

    return look


def vgg_falls_most(world: str) -> Cell:
    told = found()[world]["sensitivity"]
    end = {name: told[name]["heatmap of BagNet-33"]["end"] for name in PEERS}
    most = all(end["vgg"][2] < end[name][1] for name in PEERS if name != "vgg")
    return ", ".join(f"{TITLES[name]} {ends(one)}" for name, one in end.items()), most


def same_net(world: str) -> str:
    return "bagnet33"


CLAIMS = [
    Claim(1, "Larger patches classify better: q = 9, 17, 33", "top-5 80.5 (17), 87.6 (33); top-1 46.4, 58.8, 66.7 %",
          "each interval lies above the one before", larger_is_better, "04, `bu.predict`"),
    Claim(1, "A bag of patches comes near a ResNet", "66.7 of 76.1 %, so 88 % (top-1)",
          "the share is at least the paper's", near_a_resnet, "04, `bu.predict`"),
    Claim(1, "BagNet-33 is slower than a ResNet-50", "3.7 times; 2.5 in the authors' blog",
          "by any factor above 1", slower, "04, `course.py bench`"),
    Claim(2, "The patches' evidence adds up to the logit", "exact by construction",
          f"to {EXACT:.0e} logits", is_exact, "05, `bu.evidence`"),
    Claim(3, "Telling patches show what a net goes by, right or wrong: tench by fingers", "seen in a figure",
          "more than half, with the interval", fingers, "06, `bu.top_patches`"),
    Claim(4, "A VGG still names pictures that were scrambled into textures", "from 90.1 to 79.4 %, top-5",
          "the interval reaches the paper's share, 88 %", survives_scrambling, "07, `bu.texturise`"),
    *[Claim(5, f"Parts further apart than a patch do not interact in BagNet-{q}",
            "r 1.0 from 28 px on" if q == 33 else "(BagNet-33 only)",
            f"to {ROUNDING:.0e} logits", exact_beyond(f"bagnet{q}"), "09, `bu.interaction`")
      for q in (9, 17, 33)],
    *[Claim(5, f"Parts interact in {theirs}, less so the further apart",
            f"r {CURVES[name][0]} at 10 px, {CURVES[name][1]} at 70 px (read off)",
            "the intervals of the two ends do not meet", interacts(name), "09, `bu.interaction`")
      for name, theirs in PEERS.items()],
    Claim(5, "Close by, parts interact less in BagNet-33 than in any of these",
          "r .82 against .56, .52, .51 at 10 px (read off)", "its interval lies above theirs",
          interacts_less, "09, `bu.interaction`"),
    *[Claim(6, f"Classes that are hard for BagNet-33 are hard for {theirs}", "a scatter plot",
            "r is above 0, with the interval", errs_like(name), "10, `bu.class_correlation`, `bu.error_consistency`")
      for name, theirs in PEERS.items()],
    Claim(7, "BagNet-33's heatmap predicts DenseNet's sensitivity better than DeepLIFT does", "better, in a figure",
          "DeepLIFT's probability lies above the heatmap's", beats("deeplift", ("densenet",), same_net),
          "11, `bu.masking_curve`"),
    Claim(7, "The same for a BagNet whose patch is a seventh of the picture, as there", "(BagNet-33 at 224 px)",
          "as above", beats("deeplift", ("densenet",), SEVENTH.get), "11, `bu.masking_curve`"),
    Claim(7, "The same, BagNet-33's, against DeepLIFT from a black picture instead of one of the mean colour",
          "(not said)", "as above", beats("deeplift from black", ("densenet",), same_net), "11, `bu.attribute`"),
    Claim(7, "The same, BagNet-33's, against DeepLIFT without its sign", "(not said)",
          "as above", beats("deeplift, sign dropped", ("densenet",), same_net), "11, `bu.attribute`"),
    Claim(7, "BagNet-33's heatmap predicts where other nets are sensitive", "better than random, in a figure",
          "random masks' probability lies above the heatmap's", beats("random", tuple(PEERS), same_net),
          "11, `bu.masking_curve`"),
    Claim(7, "VGG falls most when masked by BagNet-33's heatmap", "most, in a figure",
          "its interval lies below the others'", vgg_falls_most, "11, `bu.masking_curve`"),
]  # fmt: skip

HEAD = """
## The claims of the paper, one by one

Brendel and Bethge (2019) measured on ImageNet at 224 pixels, with full-size nets; we on Patchwork at 128 and on
photographs at 64 pixels, with small ones. So figures differ; what is compared is the claim. ✓ holds here by the rule
beside it, ✗ does not. 95 % intervals: of shares Wilson's, of all others by bootstrap over pictures (1,000 draws).
*r* is Pearson's correlation. Where a claim fails, the notebook says what we think is the reason.

| experiment | the paper claims | its figure | Patchwork | photographs | holds if | notebook, function |
|---|---|---|---|---|---|---|"""


def details() -> Iterator[str]:
    """What was found for every net, whether the paper speaks of it or not."""
    for world, told in found().items():
        if not {"texturised", "interaction", "errors", "sensitivity"} <= told.keys():
            continue
        textures, pairs, errors, curves = (
            told[what] for what in ("texturised", "interaction", "errors", "sensitivity")
        )
        names = [name for name in TITLES if name in pairs]
        yield DETAILS.format(
            world={"patchwork": "Patchwork", "photos": "Photographs"}[world],
            textures=textures["pictures"], seconds=textures["seconds a picture"], pairs=pairs["pictures"],
            curves=curves["pictures"], errors=errors["pictures"], missed=len(errors["missed by all"]),
            fewest=curves["masks"][1], most=curves["masks"][-1],
            gaps="".join(f" {gap} px |" for gap in pairs["gaps"]), rules="---|" * len(pairs["gaps"]),
        )  # fmt: skip
        for name in names:
            (before, after), count = textures["right"][name], textures["pictures"]
            cells = [f"{100 * before / count:.0f}", ends((100 * after / count, *interval(after, count)), 0)]
            for r, left in zip(pairs[name]["correlation"], pairs[name]["left over"], strict=True):
                cells.append(f"{r[0]:.3f}, {100 * left[0]:.1f} %")
            cells.append(ends(errors["with bagnet33"][name]["kappa"]) if name != "bagnet33" else "")
            yield f"| {TITLES[name]} | {' | '.join(cells)} |"
        methods = list(curves["densenet"])
        yield SENSITIVITY.format(methods=" | ".join(methods), rules="---|" * len(methods))
        for name in names:
            cells = [ends(curves[name][one]["mean"]) if one in curves[name] else "cannot be had" for one in methods]
            yield f"| {TITLES[name]} | {' | '.join(cells)} |"


DETAILS = """
### {world}: what every net did

*Textures*: right in percent on {textures} pictures and on their textures (Gram matrices of the VGG that ships, 200
steps of Adam, {seconds} s a picture on one core). *Interaction* on {pairs} pictures, for each gap between masks: r, and
what is left over, the mean |together - apart| as a share of the mean |apart|. *Kappa*: error consistency with BagNet-33
on {errors} pictures; {missed} of them every net misses. The table below that: the leading class's probability, the mean
over {curves} pictures and over {fewest} to {most} masked patches of 8 x 8 px, in the order of a map: each method's map
of the net itself, the heatmaps of the three BagNets, or none. The lower, the better the map knows what the net needs.

| | before | textures |{gaps} kappa |
|---|---|---|{rules}---|"""

SENSITIVITY = """
| probability, masked by | {methods} |
|---|{rules}"""
