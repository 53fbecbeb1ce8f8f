"""Zeiler and Fergus's claims on invariance and correspondence, beside what `changes.py` measured."""

from collections.abc import Callable

import storing
from cells import above, ends

WHERE = "12b, `{}` of bagnet_utils.experiments.{}"
NAMED = {"photos": "photographs", "patchwork": "Patchwork"}
LAYER_5 = "same .067 (right eye), .069 (left eye), .079 (nose), random .107"
LAYER_7 = "same .069, .068, .069, random .073"
NAMES = ("vgg", "resnet", "bagnet33", "vit", "bagnet17", "bagnet9", "densenet")
NEAR = 0.03  # of a Hamming distance: a smaller difference counts as none
HIDDEN = {"photos": [f"cougar_face, {part}" for part in ("right eye", "left eye", "nose")],
          "patchwork": [f"owl, {part}" for part in ("eyes", "beak")]}  # fmt: skip
Row = tuple[str, str, str, bool | None, str, str]


def claims() -> list[Row]:
    """Zeiler and Fergus's claims on invariance and correspondence: claim, theirs, ours, holds, rule, where.

    The VGG decides, the network most like theirs. The text says how it is with the others.
    """
    return [row for world in NAMED for row in (*invariance_claims(world), *correspondence_claims(world))]


def invariance_claims(world: str) -> list[Row]:
    found = {name: storing.read().get("invariance", {}).get(f"{world}, {name}") for name in NAMES}
    of, where = f" ({NAMED[world]})", WHERE.format("invariance_curve", "invariance")
    rows = [
        ("The first layer changes at once when a picture moves", "a steep rise, in a figure",
         lambda one: [one["at once"]["first"]], lambda *shares: above(0.5, *shares),
         "at 2 px the VGG's distance is more than half of that at 32 px"),
        ("The top layer changes nearly linearly with the shift", "nearly linear, in a figure",
         lambda one: [one["half way"]["top"]], lambda *shares: between(0.4, 0.6, *shares),
         "at 16 px the VGG's distance is 0.4 to 0.6 of that at 32 px"),
        ("The top layer changes nearly linearly with the scale", "nearly linear, in a figure",
         lambda one: [one["half scale"]["top"]], lambda *shares: between(0.4, 0.6, *shares),
         "at 1.5 times the VGG's distance is 0.4 to 0.6 of that at 2 times"),
        ("Rotation is not tolerated: it harms more than shift and scale do", "in a figure",
         lambda one: [one["probability, moved minus turned"], one["probability, scaled minus turned"]],
         lambda *more: above(0, *more),
         "the VGG's probability over all shifts, and over all scales, lies above that over all angles"),
        ("unless the object is symmetric", "in a figure, for one object",
         lambda one: [one["symmetric"]["r"]], lambda *r: above(0, *r),
         "r of the probability kept by the VGG with the symmetry is above 0 (photographs: half turns, and likeness of "
         "the pixels; Patchwork: all angles, and leopards, whose spots have no direction, against the rest)"),
    ]  # fmt: skip
    return [(claim + of, theirs, *told(found, look, judge), rule, where) for claim, theirs, look, judge, rule in rows]


def correspondence_claims(world: str) -> list[Row]:
    found = {name: storing.read().get("correspondence", {}).get(f"{world}, {name}") for name in NAMES}
    how = "with places" if world == "photos" else "means"
    of, where = f" ({NAMED[world]}, {how})", WHERE.format("correspondence", "correspondence")

    def more(layer: int, control: str = "random"):
        """Random minus same of each part, at the last layer that has places (-2) or at the top (-1)."""
        return lambda one: [one[what][f"{control}, {how}"][one["layers"][layer]][2] for what in HIDDEN[world]]

    def more_of_maps(control: str = "random"):  # the VGG's hidden linear layer lies between its last map and the top
        return lambda one: more(-3 if "classifier.1" in one["layers"] else -2, control)(one)

    rows = [
        ("At the last layer of maps, hiding the same part changes features more alike than hiding random parts",
         LAYER_5, more_of_maps(), lambda *parts: above(0, *parts),
         "random minus same is above 0 for the VGG, for each part"),
        ("At the top there is no such effect", LAYER_7,
         more(-1), lambda *parts: between(-NEAR, NEAR, *parts), f"random minus same is within {NEAR} of 0 for the VGG"),
    ]  # fmt: skip
    if world == "photos":
        rows.insert(1, ("The same against ONE random place, the same in all pictures", "(not tested)",
                        more_of_maps("one place"), lambda *parts: above(0, *parts), "the same rule"))  # fmt: skip
    return [(claim + of, theirs, *told(found, look, judge), rule, where) for claim, theirs, look, judge, rule in rows]


def told(found: dict, look: Callable, judge: Callable) -> tuple[str, bool | None]:
    """The VGG's numbers, for how many of the other networks it is so, and whether the claim holds."""
    if found["vgg"] is None:
        return "not measured yet", None
    others = [judge(*look(one)) for name, one in found.items() if one is not None and name != "vgg"]
    numbers = ", ".join(ends(one) for one in look(found["vgg"]))
    return f"VGG {numbers}; so for {sum(one is True for one in others)} of {len(others)} others", judge(
        *look(found["vgg"])
    )


def between(floor: float, ceiling: float, *estimates) -> bool | None:
    """Do all intervals lie between these numbers, wholly?"""
    return above(floor, *estimates) and all(one[2] < ceiling for one in estimates)
