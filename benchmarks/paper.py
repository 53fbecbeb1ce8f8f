"""The claims of Brendel and Bethge (2019), one by one, beside what was measured here: a part of docs/claims.md.

Each row holds a claim, its figure in the paper, and for each world what `course.py claims` found: a text, and whether
the claim holds there by a rule that the row states.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import storing
from cells import MARK, above, ends, share

from bagnet_utils.models.zoo import TITLES
from bagnet_utils.statistics import confidence_interval

WORLDS = ("patchwork", "photos")
PEERS = {"vgg": "VGG-16", "resnet": "ResNet-50", "densenet": "DenseNet-169"}  # ours, and the paper's
TOP1 = {"bagnet9": 46.4, "bagnet17": 58.8, "bagnet33": 66.7, "resnet": 76.1}  # percent, an independent evaluation
NOT_THE_PAPERS = "in an independent re-evaluation, not in the paper"
CURVES = {"vgg": (0.56, 0.97), "resnet": (0.52, 0.95), "densenet": (0.51, 0.89)}  # r at 10 and at 70 px, read off
SEVENTH = "bagnet17"  # whose patch is as large a share of a picture as there
BEFORE, AFTER = 90.1, 79.4  # percent, VGG-16 on pictures and on their textures, top-5
EXACT, ROUNDING = 1e-4, 1e-9  # logits, in float32 and in double precision
MANY, TEN = 100, 10  # pictures on which these two are looked for: a largest difference would be smaller on fewer

Cell = tuple[str, bool | None]  # what was found; does the claim hold?
NOT_YET: Cell = ("not measured yet", None)


class Claim(NamedTuple):
    experiment: int
    claim: str
    figure: str  # the paper's
    rule: str  # it holds if ...
    look: Callable[[dict], Cell]  # what was found, of the results of a world
    where: str  # notebook and function


def table() -> Iterator[str]:
    """The lines of the table of claims."""
    yield HEAD
    results = storing.read()
    for one in CLAIMS:
        cells = []
        for world in WORLDS:
            try:
                text, holds = one.look(results[world])
            except KeyError:
                text, holds = NOT_YET
            cells.append(text + MARK[holds])
        yield f"| {one.experiment} | {one.claim} | {one.figure} | {' | '.join(cells)} | {one.rule} | {one.where} |"


# ------------------------------------------------------------ what to look at in a world


def larger_is_better(results: dict) -> Cell:
    part = results["errors"]
    more = [part["points above the smaller"][name] for name in ("bagnet17", "bagnet33")]
    three = ", ".join(share(part["right"][name], part["pictures"]) for name in ("bagnet9", "bagnet17", "bagnet33"))
    return f"{three} %; {' and '.join(ends(one, 1) for one in more)} points more", above(0, *more)


def near_a_resnet(results: dict) -> Cell:
    part = results["errors"]
    bag, deep = (share(part["right"][name], part["pictures"]) for name in ("bagnet33", "resnet"))
    ratio = part["percent of the resnet"]
    return f"{bag} of {deep} %, so {ends(ratio, 0)} %", above(100 * TOP1["bagnet33"] / TOP1["resnet"], ratio)


def slower(results: dict) -> Cell:
    if "corners" in results:  # photographs
        return "(the same networks)", None
    ratio = results["speed"]
    return f"{ratio:.1f} times (full size, 224 px)", ratio > 1


def is_exact(results: dict) -> Cell:
    worst = max(results["exact"].values())
    text = f"they differ by at most {worst:.0e} logits"
    return within(text, worst < EXACT, results["errors"]["pictures"], MANY)


def within(text: str, holds: bool, pictures: int, enough: int) -> Cell:
    """What was found; whether it holds is not said if there were too few pictures."""
    return (text, holds) if pictures >= enough else (f"{text}; cannot be judged on {pictures} pictures", None)


def fingers(results: dict) -> Cell:
    if "corners" in results:  # photographs
        of_black = results["corners"]["bagnet17"]["evidence"]
        return f"{ends(of_black, 0)} % of BagNet-17's evidence for minaret lies on black corners", above(50, of_black)
    part = results["telling"]
    right, of = part["on fingers"], part["patches"]
    text = f"{share(right, of, 0)} % of the {of} patches with the highest evidence show fingers"
    return text, above(50, (100 * right / of, *confidence_interval(right, of)))


def survives_scrambling(results: dict) -> Cell:
    part = results["texturised"]
    (before, after), kept = part["right"]["vgg"], part["percent kept"]["vgg"]
    text = (
        f"from {100 * before / part['pictures']:.1f} to {share(after, part['pictures'])} %, top-1, so {ends(kept, 0)} %"
    )
    return text, above(100 * AFTER / BEFORE, kept)


def exact_beyond(name: str):
    def look(results: dict) -> Cell:
        part, q = results["interaction"], int(name.removeprefix("bagnet"))
        far = [k for k, gap in enumerate(part["gaps"]) if gap >= q - 1]
        low = min(part[name]["correlation"][k][0] for k in far)
        apart = max(part[name]["apart, double"][k] for k in far)
        text = (
            f"at {part['gaps'][far[0]]} px and more: r at least {low:.4f}; in double precision {apart:.0e} logits apart"
        )
        return within(text, apart < ROUNDING, part["pictures"], TEN)

    return look


def interacts(name: str):
    def look(results: dict) -> Cell:
        part = results["interaction"]
        near, far, higher = *(part[name]["correlation"][end] for end in (0, -1)), part[name]["z, far above near"]
        gaps = part["gaps"]
        text = f"{ends(near, 3)} at {gaps[0]} px, {ends(far, 3)} at {gaps[-1]} px; in z {ends(higher)} more"
        return text, above(0, higher)

    return look


def interacts_less(results: dict) -> Cell:
    part = results["interaction"]
    near = ", ".join(f"{TITLES[name]} {ends(part[name]['correlation'][0], 3)}" for name in ("bagnet33", *PEERS))
    higher = {name: part["z, bagnet33 above"][name] for name in PEERS}
    more = ", ".join(f"{TITLES[name]} {ends(one)}" for name, one in higher.items())
    return f"{near}; in z BagNet-33 is above {more}", above(0, *higher.values())


def errs_like(name: str):
    def look(results: dict) -> Cell:
        part = results["errors"]["with bagnet33"][name]
        return f"over classes r {ends(part['classes'])}; kappa {ends(part['kappa'])}", above(0, part["classes"])

    return look


def beats(method: str, names: tuple[str, ...], bag: str = "bagnet33"):
    """A BagNet's heatmap makes these nets' probabilities fall further than this method's maps do."""

    def look(results: dict) -> Cell:
        part, title = results["sensitivity"], f"heatmap of {TITLES[bag]}"
        more = {name: part[name][method]["above"][title] for name in names}
        text = f"{TITLES[bag]}: " + ", ".join(f"{TITLES[name]} {ends(one)}" for name, one in more.items())
        return text, above(0, *more.values())

    return look


def vgg_falls_most(results: dict) -> Cell:
    part = results["sensitivity"]
    end = ", ".join(f"{TITLES[name]} {ends(part[name]['heatmap of BagNet-33']['end'])}" for name in PEERS)
    below = {name: part["vgg below"][name] for name in PEERS if name != "vgg"}
    more = ", ".join(f"{TITLES[name]} {ends(one)}" for name, one in below.items())
    return f"{end}; VGG is below {more}", above(0, *below.values())


CLAIMS = [
    Claim(1, "Larger patches classify better: q = 9, 17, 33", "top-5 80.5 (17) and 87.6 % (33); "
          f"top-1 46.4, 58.8 and 66.7 % {NOT_THE_PAPERS}",
          "more right than the one before, on the same pictures", larger_is_better, "04, `bu.predict`"),
    Claim(1, "A bag of patches comes near a ResNet", f"66.7 of 76.1 % top-1, so 88 %, {NOT_THE_PAPERS}",
          "the share is above that one", near_a_resnet, "04, `bu.predict`"),
    Claim(1, "BagNet-33 is slower than a ResNet-50", "3.7 times; 2.5 in the authors' blog",
          "by any factor above 1", slower, "04, `course.py bench`"),
    Claim(2, "The patches' evidence adds up to the logit", "exact by construction",
          f"to {EXACT:.0e} logits, on {MANY} pictures", is_exact, "05, `bu.evidence`"),
    Claim(3, "The patches with the highest evidence show what a net relies on, right or wrong: fingers for a tench",
          "seen in a figure", "more than half", fingers, "06, `bu.top_patches`"),
    Claim(4, "A VGG still classifies pictures that were scrambled into textures", "from 90.1 to 79.4 %, top-5",
          "the share kept is above the paper's: 79.4 of 90.1 %, so 88 %", survives_scrambling, "07, `bu.texturise`"),
    *[Claim(5, f"Parts further apart than a patch do not interact in BagNet-{q}",
            "r 1.0 from 28 px on" if q == 33 else "(BagNet-33 only)",
            f"to {ROUNDING:.0e} logits, on {TEN} pictures", exact_beyond(f"bagnet{q}"), "09, `bu.interaction`")
      for q in (9, 17, 33)],
    *[Claim(5, f"Parts interact in {theirs}, less so the further apart",
            f"r {CURVES[name][0]} at 10 px, {CURVES[name][1]} at 70 px (read off)",
            "r is higher at the far end", interacts(name), "09, `bu.interaction`")
      for name, theirs in PEERS.items()],
    Claim(5, "Close by, parts interact less in BagNet-33 than in any of these",
          "r .82 against .56, .52, .51 at 10 px (read off)", "its r is higher than each of theirs",
          interacts_less, "09, `bu.interaction`"),
    *[Claim(6, f"Classes that are hard for BagNet-33 are hard for {theirs}", "a scatter plot",
            "r is above 0", errs_like(name), "10, `bu.class_correlation`, `bu.error_consistency`")
      for name, theirs in PEERS.items()],
    Claim(7, "BagNet-33's heatmap predicts DenseNet's sensitivity better than DeepLIFT does", "better, in a figure",
          "DeepLIFT's probability lies above the heatmap's", beats("deeplift", ("densenet",)),
          "11, `bu.masking_curve`"),
    Claim(7, "The same for a BagNet whose patch is a seventh of the picture, as there", "(BagNet-33 at 224 px)",
          "the same rule", beats("deeplift", ("densenet",), SEVENTH), "11, `bu.masking_curve`"),
    Claim(7, "The same, BagNet-33's, against DeepLIFT from a black picture instead of one of the mean colour",
          "(not stated)", "the same rule", beats("deeplift from black", ("densenet",)), "11, `bu.attribute`"),
    Claim(7, "The same, BagNet-33's, against DeepLIFT without its sign", "(not stated)",
          "the same rule", beats("deeplift, sign dropped", ("densenet",)), "11, `bu.attribute`"),
    Claim(7, "BagNet-33's heatmap predicts where other nets are sensitive", "better than random, in a figure",
          "random masks' probability lies above the heatmap's", beats("random", tuple(PEERS)),
          "11, `bu.masking_curve`"),
    Claim(7, "VGG falls most when masked by BagNet-33's heatmap", "most, in a figure",
          "its probability is lower than each of theirs", vgg_falls_most, "11, `bu.masking_curve`"),
]  # fmt: skip

HEAD = """
## The claims of the paper, one by one

Brendel and Bethge (2019) measured on ImageNet at 224 pixels, with networks of full size. We measured on Patchwork and
on photographs, both at 128 pixels, with small networks. So the figures differ, and what is compared is the claim. The
column *its figure* is the paper's unless it says otherwise. ✓: the claim holds here by the rule in the same row. ✗: it
does not. Every rule asks that the whole 95 % interval lies on the right side, so fewer pictures never make it easier.

How the intervals are made. The networks answer the same pictures, so differences and ratios are paired. Proportions
have Wilson's interval. Right or wrong answers and means: bootstrap over pictures (1,000 draws); differences of right
answers on fewer than 60 pictures: Tango's score interval. Correlations, *r* (Pearson's): each picture is left out once,
on the scale of Fisher's *z*; differences of *r* are given in *z* too. *r* over classes is corrected for the scatter of
accuracies on few pictures, and its interval is over classes; where one network's accuracies do not vary, or the
interval would reach from -1 to 1, it cannot be judged. How often such intervals hold the truth stands further
down on this page. Where a claim fails, the notebook gives the reason that we think most likely.

| experiment | the paper's claim | its figure | Patchwork | photographs | holds if | notebook, function |
|---|---|---|---|---|---|---|"""
