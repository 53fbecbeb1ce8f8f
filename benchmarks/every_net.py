"""What was found for every net, whether the paper speaks of it or not: a part of docs/claims.md."""

from collections.abc import Iterator

import storing
from cells import ends, share

from bagnet_utils.models.zoo import TITLES


def lines() -> Iterator[str]:
    """The tables of each world."""
    for world, results in storing.read().items():
        if not {"texturised", "interaction", "errors", "sensitivity"} <= results.keys():
            continue
        textures, pairs, errors, curves = (
            results[what] for what in ("texturised", "interaction", "errors", "sensitivity")
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
            cells = [f"{100 * before / count:.0f}", share(after, count, 0)]
            for r, left in zip(pairs[name]["correlation"], pairs[name]["left over"], strict=True):
                cells.append(f"{r[0]:.3f}, {100 * left[0]:.1f} %")
            cells.append(ends(errors["with bagnet33"][name]["kappa"]) if name != "bagnet33" else "")
            yield f"| {TITLES[name]} | {' | '.join(cells)} |"
        if mixed := results.get("scrambled"):
            yield SCRAMBLED.format(
                pictures=mixed["pictures"],
                tiles=" | ".join("whole" if tile == 128 else f"{tile} px" for tile in mixed["tiles"]),
                rules="---|" * len(mixed["tiles"]),
            )
            for name in names:
                cells = [share(right, mixed["pictures"], 0) for right in mixed["right"][name]]
                yield f"| {TITLES[name]} | {' | '.join(cells)} |"
        methods = list(curves["densenet"])
        yield SENSITIVITY.format(methods=" | ".join(methods), rules="---|" * len(methods))
        for name in names:
            cells = [ends(curves[name][one]["mean"]) if one in curves[name] else "not available" for one in methods]
            yield f"| {TITLES[name]} | {' | '.join(cells)} |"


DETAILS = """
### {world}: every network

*Textures*: percent right on {textures} pictures (*before*) and on their textures (Gram matrices of the VGG that ships,
200 steps of Adam, {seconds} s for each picture on one core). *Interaction* on {pairs} pictures, for each gap between
masks: r, and the mean |joint drop - sum of single drops| in percent of the mean |sum of single drops|. *Kappa*: error
consistency with BagNet-33 on {errors} pictures; every network is wrong on {missed} of them.

The last table: the probability of the leading class, the mean over {curves} pictures and over {fewest} to {most}
masked squares of 8 x 8 px. A map decides which squares are masked first: each method's map of the network itself, the
heatmaps of the three BagNets, or random numbers. The lower the probability, the better the map knows what the network
needs.

| | before | textures |{gaps} kappa |
|---|---|---|{rules}---|"""

SCRAMBLED = """
Percent right on {pictures} pictures cut into tiles, by the side of the tiles, after the tiles were shuffled:

| tiles of | {tiles} |
|---|{rules}"""

SENSITIVITY = """
| probability, masked by | {methods} |
|---|{rules}"""
