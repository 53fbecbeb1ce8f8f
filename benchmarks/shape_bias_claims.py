"""What was found on texture and shape, claim by claim, with two tables: a section of docs/claims.md."""

from collections.abc import Iterator

import storing
from cells import MARK, above, below, ends
from shape_bias import MORE, SETS

from bagnet_utils.models.shuffled import SHUFFLES
from bagnet_utils.models.zoo import TITLES
from bagnet_utils.worlds.patchwork.scenes import NAMES

Row = tuple[str, str, str, bool | None, str]  # claim, their figure, what was found, does it hold?, rule
PUSHED = [f"shuffled {what}" for what in SHUFFLES]
NAMES_OF = TITLES | {f"shuffled {what}": f"ResNet, {what} shuffled" for what in SHUFFLES}


def bias(one: dict) -> list[float]:
    return one["bias"]


def claims() -> Iterator[Row]:
    part = storing.read()["shape_bias"]
    drawn, photographs = part["patchwork"]["third scenery"], part["photos"]["white ground"]
    for name in ("bagnet9", "bagnet17", "bagnet33", "resnet"):
        two = bias(drawn[name]), bias(photographs[name])
        yield (
            f"{TITLES[name]} goes by texture",
            "22.1 % (ResNet-50)" if name == "resnet" else "(not measured)",
            f"Patchwork {ends(two[0], 1)}, photographs {ends(two[1], 1)} %",
            below(50, *two),
            "both intervals lie below 50 %",
        )
    for name in PUSHED:
        what = name.removeprefix("shuffled ")
        before, after, more = bias(drawn["resnet"]), bias(drawn[name]), part[MORE][name]
        yield (
            f"A ResNet trained with {what} shuffled goes more by shape",
            "22.1 to 80.6 % (ResNet-50, stylised ImageNet)",
            f"{ends(before, 1)} before, {ends(after, 1)} % after; {ends(more, 1)} points more",
            above(0, more),
            "the difference lies above 0, on the same pictures",
        )
    for name in PUSHED:
        what = name.removeprefix("shuffled ")
        lost = part["accuracy"][name]["lost without the coat's pair"]
        yield (
            f"... and classifies as well as before ({what} shuffled; without zebras and leopards)",
            "(not asked)",
            f"{ends(lost, 1)} points fewer right",
            below(5, lost),
            "the loss is below 5 points, its whole interval",
        )
    for name in PUSHED:
        what, found = name.removeprefix("shuffled "), part["hidden"]
        more = found[name]["more than the ResNet"]["outline"]
        yield (
            f"... and squares on the outline matter more to it ({what} shuffled)",
            "(not asked)",
            f"{ends(found['resnet']['outline'], 1)} % of the effect before, {ends(found[name]['outline'], 1)} after; "
            f"{ends(more, 1)} points more",
            above(0, more),
            "the difference lies above 0",
        )


def lines() -> Iterator[str]:
    """A section of docs/claims.md."""
    part = storing.read().get("shape_bias", {})
    if not {"patchwork", "photos", "accuracy", "hidden", MORE} <= part.keys():
        return
    yield HEAD
    for claim, figure, text, holds, rule in claims():
        yield f"| {claim} | {figure} | {text}{MARK[holds]} | {rule} |"
    yield BIASES.format(pictures=part["photos"]["pictures"], **{name.split()[0]: n for name, (n, _) in SETS.items()})
    for name in NAMES_OF:
        cells = [part["patchwork"][one][name] for one in SETS]
        cells += [part["photos"][one].get(name) for one in ("white ground", "grey ground")]
        shown = (f"{ends(bias(one), 0)}; {counts(one)}" if one else "" for one in cells)
        yield f"| {NAMES_OF[name]} | {' | '.join(shown)} |"
    yield ACCURACIES.format(n=part["accuracy"]["pictures"] // len(NAMES))
    for name in ("resnet", *PUSHED):
        for what, found in part["accuracy"][name].items():
            if what in ("own", *SHUFFLES):
                seen = "as usual" if what == "own" else f"{what} shuffled"
                yield f"| {NAMES_OF[name]} | {seen} | {' | '.join(str(found[pair]) for pair in NAMES)} |"


def counts(one: dict) -> str:
    return "/".join(map(str, one["decisions"]))


HEAD = """
## Texture or shape (Geirhos and others, 2019)

Pictures with the shape of one kind and the texture of another. Shape bias: shape decisions in percent of shape and
texture decisions, with an interval. In Patchwork it is Wilson's; differences are paired, bootstrap over pictures.
Photographs share 21 silhouettes and 14 textures, so theirs is over kinds of silhouettes and of textures (two-way
clusters, Student's t with Welch's degrees of freedom). This way was chosen for what it holds on simulated pictures,
but when the results were known, and BagNet-9's mark depends on it. Geirhos and others' figures, from their raw data:
people 95.9, AlexNet 42.9, GoogLeNet 31.2, VGG-16 17.2, ResNet-50 22.1, ResNet-50 trained on stylised ImageNet 80.6 %.
Patchwork's kinds are its five pairs. A body of one pair wears the coat of another, before the scenery of a third;
eyes, hooves, fins and figures are left out, unless it says otherwise. On photographs: silhouettes of seven kinds that
were photographed on white ground, filled with textures (`bu.texturise`) of the others. Each network was trained once.

| claim | their figure | here | holds if |
|---|---|---|---|"""

BIASES = """
### Shape bias of each network

Percent with its interval; then how many pictures were decided by shape, by texture, and for other kinds. Patchwork:
{third} pictures before the scenery of a third pair, {grey} on grey ground, {details} with details left on the bodies,
which a small patch can hold. Photographs: {pictures} pictures on white ground, and the same on grey.

| network | third scenery | grey ground | details left on | photographs, white | photographs, grey |
|---|---|---|---|---|---|"""

ACCURACIES = """
### What shuffled coats cost

Right answers among ten classes, of {n} test pictures of each pair. Zebra and leopard differ in nothing but their coat:
with coats shuffled, half of them is the most that is possible.

| network | pictures | coat | face | wheel | totem | tench |
|---|---|---|---|---|---|---|"""
