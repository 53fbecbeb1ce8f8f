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
