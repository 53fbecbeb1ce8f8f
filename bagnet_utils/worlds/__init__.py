"""The picture worlds. `load_world` gives pictures and what is true of them."""

from importlib import import_module

from bagnet_utils.checks import check_choice, check_seed, check_switch, check_whole
from bagnet_utils.errors import BadInput
from bagnet_utils.worlds.world import SPLITS

WORLDS = {name: f"bagnet_utils.worlds.{name}" for name in ("patchwork", "photos", "tiny", "caltech", "imagenet")}


def load_world(name: str = "patchwork", split: str = "test", n: int | None = 200, **choices):
    """Pictures of a world: .images N x 3 x H x W floats in [0, 1], .labels N, .classes names, .truth about each.

    choices for "patchwork": pairs (names, all five unless told otherwise), seed, cache.
    choices for "photos": root (a folder of class folders), seed; for "tiny", "caltech" and "imagenet": also download
    (yes or no).
    """
    check_choice("load_world", "world", name, WORLDS)
    check_choice("load_world", "split", split, SPLITS)
    if n is not None:
        check_whole("load_world", "n", n, 1, 2**20, " (pictures), or None for all that there are")
    check_seed("load_world", choices.get("seed", 0))
    check_switch("load_world", "download", choices.get("download", False))
    load = getattr(import_module(WORLDS[name]), f"load_{name}")
    known = load.__code__.co_varnames[2 : load.__code__.co_argcount]
    if wrong := [choice for choice in choices if choice not in known]:
        raise BadInput(f"load_world: {wrong[0]}= is no choice for {name}; there are {', '.join(known)}.")
    return load(split, n, **choices)
