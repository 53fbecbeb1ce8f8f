"""What was measured on order, claim by claim: a part of docs/claims.md. The measuring is in order.py."""

from collections.abc import Iterator

import storing
from cells import MARK, above, below, cell, ends, inside, share
from order import GAPS, MOVED_IN_TILES
from paper import NOT_YET

from bagnet_utils.models.order import COMMAND, HEADED, IN_TILES, TILE
from bagnet_utils.models.zoo import NETS, TITLES
from bagnet_utils.worlds.patchwork.scenes import NAMES

WHAT = {
    "resnet": "ResNet",
    IN_TILES: "ResNet that learnt from shuffled tiles",
    "bagnet33": "BagNet-33",
    "patches with places": "BagNet-33 and a head: places, no attention",
    "attention": "BagNet-33 and a head: attention, no places",
    "attention with places": "BagNet-33 and a head: attention and places",
}
SOLVED, CHANCE = (95, 100), (42, 58)  # percent; where the whole interval must lie
LITTLE = 0.01  # of what hiding squares costs: less does not count as interaction


def lines() -> Iterator[str]:
    """Claims on order with their marks, and the tables behind them."""
    found = storing.read().get("order", {})
    if not {"missing", MOVED_IN_TILES} <= found.keys():
        yield f"## Order\n\n{NOT_YET[0]}: `{COMMAND}`"
        return
    yield HEAD.format(tile=TILE, pictures=found["pictures"], each=found["pictures"] // 5, asked=found["asked"])
    for name, title in WHAT.items():
        yield f"| {title} | {' | '.join(cells_of(name, found))} |"
    yield CLAIMS
    for claim, text, holds, rule in claims(found):
        yield f"| {claim} | {text}{MARK[holds]} | {rule} |"
    part = found["missing"]
    yield MISSING.format(of=part["photographs"])
    for name, counts in part["right"].items():
        title = TITLES[name.removesuffix(", dropped")] + (", tokens dropped" if "dropped" in name else "")
        yield f"| {title} | {' | '.join(share(right, part['photographs']) for right in counts)} |"


def cells_of(name: str, found: dict) -> list[str]:
    """Accuracy pair by pair, whole and in tiles; moved totems; what is left over at the two widest gaps."""
    part, each, many = found.get(name), found["pictures"] // 5, found["pictures"]
    if name in NETS:  # as the table of Patchwork has it
        patchwork = storing.read()["patchwork"]
        each, scores = patchwork["test pictures"] // 5, patchwork["accuracy"][name]
        cells = [cell(scores[pair], each) for pair in (*NAMES, "totem, moved")]
    else:
        tiles = [f"; {part['in tiles'][pair]:.0f}" if "in tiles" in part else "" for pair in NAMES]
        cells = [cell(part["whole"][pair], each) + cut for pair, cut in zip(NAMES, tiles, strict=True)]
        cells[NAMES.index("totem")] = share(part["totems"][0], many) + tiles[NAMES.index("totem")]
        cells.append(share(part["totems"][1], many))
    return [*cells, ends(widest(name, found), 3)]


def widest(name: str, found: dict) -> list[float]:
    """What is left over where squares of 32 px lie 32 px apart: no patch of BagNet-33 sees two of them."""
    if name in NETS:
        return storing.read()["patchwork"]["interaction"][name]["left over"][GAPS.index(32)]
    return found[name]["left over"][list(found[name]["gaps"]).index(32)]


def claims(found: dict) -> Iterator[tuple[str, str, bool | None, str]]:
    many, share_of = found["pictures"], "the whole interval lies in {} to {} %, moved as well"
    rights = {**found[MOVED_IN_TILES], "totem": found[IN_TILES]["totems"]}
    for pair, wanted, words in (
        ("face", SOLVED, "solves face, as BagNet-33 does: two figures often lie in one tile"),
        ("wheel", SOLVED, "solves wheel, as BagNet-33 does: two figures lie in one tile in parts"),
        ("totem", CHANCE, "does not solve totem: no tile holds two figures"),
    ):
        claim = f"A ResNet that learnt from shuffled tiles {words}"
        yield claim, *drawn_and_moved(rights[pair], many, wanted), share_of.format(*wanted)
    more = found["more left over in the resnet"]
    text = f"{ends(more['32'], 3)} and {ends(more['40'], 3)} more in the ResNet, 32 and 40 px apart"
    yield "... and its parts interact less than those of the ResNet", text, above(0, *more.values()), "both above 0"
    for kind, wanted, words in (
        ("attention with places", SOLVED, "Attention and places: BagNet-33 climbs the last step, totem"),
        ("attention", CHANCE, "Attention without places: chance (expected; there is no proof)"),
        ("patches with places", CHANCE, "Places without attention: chance (proved)"),
    ):
        yield words, *drawn_and_moved(found[kind]["totems"], many, wanted), share_of.format(*wanted)
    left = {kind: widest(kind, found) for kind in HEADED}
    text = ", ".join(f"{kind} {ends(one, 4)}" for kind, one in left.items())
    both = above(LITTLE, left["attention"], left["attention with places"]), below(LITTLE, left["patches with places"])
    holds = None if None in both else all(both)
    yield (
        "Additivity ends where patches ask each other, with places or without",
        text,
        holds,
        f"above {LITTLE}; else below",
    )
    part = found["missing"]
    text = f"{ends(part['kept'], 0)} % of its right answers"
    yield KEEPS, text, above(50, part["kept"]), "more than half of them"
    text = ", ".join(f"{TITLES[name]} {ends(one, 0)}" for name, one in part["dropped above"].items())
    yield (
        "... more than any network keeps whose squares are painted over",
        text,
        above(0, *part["dropped above"].values()),
        "paired, all above 0",
    )


def drawn_and_moved(rights: list[int], of: int, wanted: tuple[int, int]) -> tuple[str, bool]:
    """Two shares, and whether both lie within what was wanted."""
    both = [100 * right / of for right in rights]
    return f"{cell(both[0], of)}, moved {cell(both[1], of)}", all(inside(one, of, wanted) for one in both)


KEEPS = (
    "A ViT does without 80 % of its tokens (Naseer and others: about 60 % top-1 on ImageNet, a figure of large ViTs)"
)
HEAD = """## Order

The ResNet was trained once more on Patchwork, its pictures cut into tiles of {tile} px and shuffled anew in each epoch.
On the patch features of BagNet-33, which stays as it is, heads were trained: a small network that judges each patch,
with places or with attention among the patches or with both; the mean of its verdicts is added to the logits. Each was
trained once (one seed), so no interval holds what another seed would change. Percent right on {pictures} test pictures
({each} a pair) and on {pictures} totems, as drawn and moved, with Wilson's interval (ResNet and BagNet-33: as in the
first table); after the semicolon, the first in shuffled tiles of {tile} px. The claims on face and wheel were judged on
{pictures} pictures of each, as drawn and moved. *Left over*: with squares of 32 px hidden, 32 px apart, the difference
between what hiding all of them costs and the sum of what each alone costs, as a share of that sum ({asked} pictures,
bootstrap).

When were the rules set? Those of the tiles after a look at 40 pictures a pair, that of the ViT after 32 photographs,
those of the heads before any head was measured. The heads were first asked about 200 totems; two rows that say "at
chance" were then ✗, only because the intervals were wide. So 1,000 were taken, as in the first table. The rules
stayed as they were; only that the ResNet's pictures are moved as well was added later.

| | coat | face | wheel | totem | tench | totem, moved | left over |
|---|---|---|---|---|---|---|---|"""
CLAIMS = """
| claim | here | holds if |
|---|---|---|"""
MISSING = """
Photographs with squares of 8 px missing, at random places of their own: percent of {of} test photographs right. Painted
over with the mean colour of the picture; for the ViT as well really dropped, so that it never gets these tokens.

| missing | 0 % | 20 % | 40 % | 60 % | 80 % | 90 % |
|---|---|---|---|---|---|---|"""
