"""What was found about stickers: a part of docs/claims.md. `stickers.py` measures it."""

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

import storing
from cells import MARK, above, ends, share
from paper import within
from stickers import BAGNETS, LARGE, MORE_OFTEN, OTHERS, SIZES, SMALL, STEPS, TARGET, WORLDS

from bagnet_utils.experiments.certify import WAYS
from bagnet_utils.models.zoo import TITLES
from bagnet_utils.statistics import confidence_interval

CLOSE, TRIED = 1e-4, 40  # logits; pictures on which a difference is looked for: the largest is smaller on fewer
ASKED, RIGHT = {SMALL: 50, LARGE: 32}, 72  # percent certified and right: the aim, set beforehand, for BagNet-17


class Row(NamedTuple):
    claim: str
    figure: str  # elsewhere
    found: str
    holds: bool | None
    rule: str
    where: str


def claims() -> Iterator[Row]:
    part = storing.read()["stickers"]
    apart, pictures = (pick(part["transplant"][name][what] for name in BAGNETS)
                       for pick, what in ((max, "apart"), (min, "pictures")))  # fmt: skip
    claim = "What a telling patch does in another picture can be computed beforehand, in a BagNet"
    found = within(f"at most {apart:.0e} logits apart", apart < CLOSE, pictures, TRIED)
    yield Row(claim, "", *found, f"less than {CLOSE} logits apart, on {TRIED} pictures", "13b, `transplant`")
    yield more_on_bagnets(part)
    for size in ASKED:
        yield certified_enough(part["certified, photos, bagnet17"], size)
    more = part["more certified, photos"]
    for what, words, figure in (
        ("certified, smaller minus larger", "Smaller patches certify more", "26.0 and 24.1 %"),
        ("right, larger minus smaller", "... and see less", "54.6 and 60.4 %"),
    ):
        found = f"at {LARGE} px, {what}: {', '.join(ends(step, 1) for step in more[what])} points"
        figure, rule = f"{figure} (PatchGuard, BagNet-17 and 33)", "both steps above 0, on the same photographs"
        yield Row(f"{words}: BagNet-9, 17, 33", figure, found, above(0, *more[what]), rule, "13b, `certify`")
    gains = more["two windows minus"]
    claim = "Masking two windows certifies more than masking one or clipping, both at 0 to 10 logits (BagNet-17)"
    found = ", ".join(f"{ends(gain, 1)} points more than {way}" for way, gain in gains.items())
    yield Row(claim, "", f"at {LARGE} px: {found}", above(0, *gains.values()), "both above 0", "13b, `certify`")


def more_on_bagnets(part: dict) -> Row:
    size = SIZES[-1]
    falls = {name: part[f"attack, {name}, {size} px"] for name in (*BAGNETS, "resnet")}
    points = [part[MORE_OFTEN][name]["points"] for name in BAGNETS]
    found = ", ".join(f"{TITLES[name]} {share(one['fell'], one['of'])} %" for name, one in falls.items())
    return Row(
        f"Stickers of {size} px succeed more often on BagNets than on a ResNet",
        "",
        f"{found}; than on the ResNet, BagNet-9, 17, 33: {', '.join(ends(one, 1) for one in points)} points more",
        above(0, *points),
        "all above 0, on the photographs that both have right",
        "13b, `optimise_sticker`",
    )


def certified_enough(part: dict, size: int) -> Row:
    row, of = part[f"two windows, {size} px"], part["pictures"]
    right, sure = ((100 * row[what] / of, *confidence_interval(row[what], of)) for what in ("right", "certified"))
    return Row(
        f"A BagNet-17 can be certified against stickers of {size} px",
        "26.0 of 54.6 % right (PatchGuard, ImageNet, 2 % of the picture)",
        f"{ends(sure, 1)} % certified, {ends(right, 1)} % right",
        above(ASKED[size], sure) and above(RIGHT, right),
        f"above {ASKED[size]} % certified and above {RIGHT} % right, both intervals",
        "13b, `certify`",
    )


def lines() -> Iterator[str]:
    """The claims, and the tables of certified and of fallen pictures."""
    part = storing.read().get("stickers", {})
    yield HEAD
    try:
        for claim, figure, text, holds, rule, where in claims():
            yield f"| {claim} | {figure} | {text}{MARK[holds]} | {rule} | {where} |"
    except KeyError:
        yield "| not measured yet | | | | |"
    yield CERTIFIED
    for world, name in product(WORLDS, BAGNETS):
        one = part.get(f"certified, {world}, {name}")
        for way in WAYS if one else ():
            cells = [one[f"{way}, {size} px"] for size in SIZES]
            of = one["pictures"]
            yield (
                f"| {world}, {TITLES[name]}, {way} | {share(one['right, undefended'], of)} | "
                + " | ".join(f"{share(cell['right'], of)}; **{share(cell['certified'], of)}**" for cell in cells)
                + " |"
            )
    yield ATTACKED.format(target=TARGET, steps=STEPS)
    for name in (*BAGNETS, *OTHERS):
        cells = [part.get(f"attack, {name}, {size} px") for size in SIZES]
        yield f"| {TITLES[name]} | " + " | ".join(share(one["fell"], one["of"]) if one else "" for one in cells) + " |"


HEAD = """
## Stickers, and a defence with a proof

The aims (50 and 32 % certified, 72 % right) were set before anything was measured; the other rules after about 100 test
photographs had been seen by BagNet-17, and first stickers for four networks.

| Claim | Elsewhere | Found here | It holds if | Where |
|---|---|---|---|---|"""
CERTIFIED = """
Right answers of the defended network; **certified**: right, and no sticker of the size can change them (percent).

| Network and defence | undefended | 8 px | 16 px | 24 px |
|---|---|---|---|---|"""
ATTACKED = """
Test photographs, classified correctly before, that a sticker at a random place turns into *{target}* (percent). It was
optimised for the network, {steps} steps of 8 training pictures.

| Network | 8 px | 16 px | 24 px |
|---|---|---|---|"""
