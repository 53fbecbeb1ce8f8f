"""The claims of Zeiler and Fergus (2014), one by one, beside what was measured here: a part of docs/claims.md.

Each row holds a claim, its figure in the paper, what was found here, and whether the claim holds by a rule that the row
states. Rows on choices of architecture, transfer and probes are made here, the others where they are measured.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import NamedTuple

import changes_claims
import features
import numpy as np
import probes
import storing
from cells import MARK, above, ends, share
from choices import CHOICES, LARGE, RECIPE, SMALL
from paper import NOT_YET, Cell

from bagnet_utils.models.zoo import TITLES
from bagnet_utils.statistics import confidence_interval, over_runs

ELSEWHERE = (features, changes_claims)
LITTLE = 5  # percentage points
Row = tuple[str, str, str, bool | None, str, str]  # claim, their figure, what was found, does it hold?, rule, where


class Claim(NamedTuple):
    claim: str
    figure: str  # the paper's
    rule: str  # it holds if ...
    look: Callable[[dict], Cell]  # what was found, of all results
    where: str  # notebook and function


def rows() -> Iterator[Row]:
    results = storing.read()
    for one in CLAIMS:
        try:
            text, holds = one.look(results)
        except KeyError:
            text, holds = NOT_YET
        yield one.claim, one.figure, text, holds, one.rule, one.where
    for module in ELSEWHERE:
        try:
            yield from module.claims()
        except KeyError:  # some of it is not measured yet
            yield f"(the rows of `benchmarks/{module.__name__}.py`)", "", *NOT_YET, "", ""


# ------------------------------------------------------------ choices of architecture


def costs_little(choice: str):
    def look(results: dict) -> Cell:
        lost = results["choices"][choice]["below full"]
        return f"{of_full(results, choice)}; {ends(lost, 1)} points less", above(-LITTLE, turned(lost))

    return look


def costs_more_together(results: dict) -> Cell:
    choice, more = "without middle and hidden layer", results["choices"]["more lost together"]
    lost = results["choices"][choice]["below full"]
    text = f"{of_full(results, choice)}; {ends(lost, 1)} points less, {ends(more, 1)} more than the two losses added up"
    return text, above(0, more)


def wider_is_better(results: dict) -> Cell:
    lost = results["choices"]["half as wide"]["below full"]
    return f"{of_full(results, 'half as wide')}; {ends(lost, 1)} points less at half the width", above(0, lost)


def of_full(results: dict, choice: str) -> str:
    part = results["choices"]
    return " of ".join(share(part[one]["right"], part["test pictures"]) for one in (choice, "full")) + " % right"


def filters(what: Callable[[dict], int], most: str, least: str):
    """More of one network's first filters are of a kind than of the other's."""

    def look(results: dict) -> Cell:
        found = {one: results["choices"][f"filters of {one}"] for one in (most, least)}
        count, other = what(found[most]), what(found[least])
        of, of_other = found[most]["filters"], found[least]["filters"]
        text = f"{count} of {of} ({KIND[most]}), {other} of {of_other} ({KIND[least]})"
        return text, confidence_interval(count, of)[0] > confidence_interval(other, of_other)[1]

    return look


KIND = {LARGE: "11 px, stride 4", SMALL: "7 px, stride 2"}


def aliases_less(results: dict) -> Cell:
    part = results["choices"]
    both = (f"{ends(part[f'filters of {one}']['shift error'])} ({KIND[one]})" for one in KIND)
    more = part["large above small"]
    return f"share that cannot be foretold: {', '.join(both)}; {ends(more)} more", above(0, more)


def small_filters_are_better(results: dict) -> Cell:
    part = results["choices"]
    both = (f"{share(part[one]['right'], part['test pictures'])} % ({KIND[one]})" for one in KIND)
    more = part["small above large"]
    return f"{', '.join(both)}; {ends(more, 1)} points more", above(0, more)


# ------------------------------------------------------------ transfer and probes


def transfers(each: int):
    def look(results: dict) -> Cell:
        words, gains = [], []
        for name in ("bagnet17", "resnet"):
            ways = ("new last layer", "from scratch")
            runs = [
                [results["transfer"][f"{name}, {way}, {each} a kind, seed {seed}"] for seed in range(5)] for way in ways
            ]
            gains.append(over_runs(np.subtract(*runs)))
            words.append(
                f"{TITLES[name]} {np.mean(runs[0]):.1f} against {np.mean(runs[1]):.1f} %, {ends(gains[-1], 1)}"
            )
        return f"{'; '.join(words)} points more", above(0, *gains)

    return look


def deeper_is_better(name: str):
    def look(results: dict) -> Cell:
        runs = convolutions(results, name)
        gains = [over_runs(np.subtract(after, before)) for before, after in pairwise(runs)]
        means = ", ".join(f"{np.mean(one):.1f}" for one in runs)
        least = min(gains, key=lambda one: one.low)
        return f"SVM, 30 a kind: {means} %; the smallest step is {ends(least, 1)} points", above(0, *gains)

    return look


def convolutions(results: dict, name: str) -> list[list[float]]:
    """Of each layer with places, from first to last, what the SVM got right at 30 pictures a kind, split by split."""
    part = results["probes"][f"{name} at {probes.SIDES[0]} px"]
    pairs = zip(part["layers"], part["SVM"]["30"], strict=True)
    return [runs for layer, runs in pairs if layer != "normalise" and not layer.startswith("classifier")]


def hidden_is_worth_as_much(results: dict) -> Cell:
    part = results["probes"][f"vgg at {probes.SIDES[0]} px"]["SVM"]["30"]
    more = over_runs(np.subtract(part[-1], part[-2]))
    text = f"SVM, 30 a kind: {np.mean(part[-1]):.1f} against {np.mean(part[-2]):.1f} %, {ends(more, 1)} points more"
    return text, above(-LITTLE, more, turned(more))


def turned(estimate):
    """The same with the other sign; what cannot be judged stays as it is."""
    if isinstance(estimate, str) or None in estimate:
        return estimate
    value, low, high = estimate
    return -value, -high, -low


CLAIMS = [
    Claim("Leaving out the two middle layers costs little", "18.1 to 22.1 % top-5 error (layers 3 and 4)",
          f"it costs less than {LITTLE} points", costs_little("without its middle"), "12b, `course.py choices`"),
    Claim("Leaving out the hidden layers costs little", "18.1 to 22.4 % (layers 6 and 7)",
          f"it costs less than {LITTLE} points", costs_little("without its hidden layer"), "12b, `course.py choices`"),
    Claim("Leaving out both costs far more: depth matters", "18.1 to 50.1 % (layers 3, 4, 6 and 7)",
          "both cost more than the two losses added up", costs_more_together, "12b, `course.py choices`"),
    Claim("More channels in the convolutions do better", "16.5 to 16.0 %, layers 3 to 5 wider",
          "the whole width has more right", wider_is_better, "12b, `course.py choices`"),
    Claim("Smaller first filters, closer together: fewer of them are dead", "seen in a figure",
          "the intervals (Wilson) of the shares lie apart", filters(lambda one: one["dead"], LARGE, SMALL),
          "12b, `filters.dead`"),
    Claim("... and more of them look at middle frequencies", "seen in a figure", "the same rule",
          filters(lambda one: one["by band"][1], SMALL, LARGE), "12b, `filters.bands`"),
    Claim("... and there is less aliasing", "seen in a figure", "the large ones' share lies above the small ones'",
          aliases_less, "12b, `filters.shift_error`"),
    Claim("... and the network classifies better", "18.1 to 16.5 % top-5 error, with other changes",
          "the small ones have more right", small_filters_are_better, "12b, `course.py choices`"),
    *[Claim(f"Features learnt elsewhere beat training from scratch, {each} pictures a kind",
            f"{theirs[0]} against {theirs[1]} % (Caltech-101)", "more right, for both networks", transfers(each),
            "12b, `course.py transfer`")
      for each, theirs in ((15, (83.8, 22.8)), (30, (86.5, 46.5)))],
    *[Claim(f"The deeper the layer, the better its features transfer: {words}",
            "44.8, 66.2, 72.3, 76.6, 86.2 %, layers 1 to 5" if name == "vgg" else "(not measured)",
            "each layer has more right than the one before", deeper_is_better(name), "12b, `transfer.fit_probe`")
      for name, words in (("vgg", "a VGG, plain as theirs"), ("resnet", "a ResNet"), ("bagnet33", "BagNet-33"),
                          ("bagnet17", "BagNet-17"), ("bagnet9", "BagNet-9"))],
    Claim("The hidden layer is worth about as much as the last convolution", "85.5 against 86.2 % (layers 7 and 5)",
          f"they differ by less than {LITTLE} points", hidden_is_worth_as_much, "12b, `transfer.fit_probe`"),
]  # fmt: skip


# ------------------------------------------------------------ the page


def lines() -> Iterator[str]:
    """The table of claims, and the two tables behind it."""
    yield HEAD
    for claim, figure, text, holds, rule, where in rows():
        yield f"| {claim} | {figure} | {text}{MARK[holds]} | {rule} | {where} |"
    yield CHOSEN.format(epochs=RECIPE.epochs)
    part = storing.read().get("choices", {})
    for choice in CHOICES:
        if choice not in part:
            yield f"| {choice} | | {NOT_YET[0]} | | |"
            continue
        one, of = part[choice], part["test pictures"]
        lost = "" if choice == "full" else ends(one["below full"], 1)
        yield f"| {choice} | {one['weights']:,} | {share(one['right'], of)} | {share(one['among five'], of)} | {lost} |"
    yield from probes.lines()


HEAD = """
## The claims of Zeiler and Fergus (2014), one by one

They measured on ImageNet at 224 pixels, and for transfer on all of Caltech-101. We measured on 32 of its kinds at 128
pixels, with small networks. So what is compared is the claim. ✓ and ✗ go by the rule in the same row, which asks that
the whole 95 % interval lies on the right side. Answers of two networks to the same photographs: paired, bootstrap over
pictures. Splits and seeds: Student's interval. Each choice of architecture was trained once (one seed), so its interval
does not hold what another seed would change.

| the paper's claim | its figure | here | holds if | notebook, function |
|---|---|---|---|---|"""

CHOSEN = """
### Choices of architecture

Small VGGs, each trained from scratch for {epochs} epochs on the training photographs by one recipe. In percent of the
test photographs: right, and the right kind among the first five. Last: how many points less than the whole network
(paired, bootstrap over pictures). Zeiler and Fergus's replication of Krizhevsky's net, top-5 error: full 18.1; without
layer 7 18.4; without 3 and 4 22.1; without 6 and 7 22.4; without 3, 4, 6 and 7 50.1 %.

| network | weights | right, % | among five, % | points less than full |
|---|---|---|---|---|"""
