"""The picture worlds. `load_world` gives pictures and what is true of them."""

from importlib import import_module

from bagnet_utils.errors import BadInput

WORLDS = {name: f"bagnet_utils.worlds.{name}" for name in ("patchwork", "photos", "tiny", "caltech", "imagenet")}


def load_world(name: str = "patchwork", split: str = "test", n: int | None = 200, **choices):
    """Pictures of a world: .images N x 3 x H x W floats in [0, 1], .labels N, .classes names, .truth about each.

    choices for "patchwork": pairs (names, all five unless told otherwise), seed, cache.
    choices for "photos": root (a folder of class folders), seed; for "tiny", "caltech" and "imagenet": also download
    (yes or no).
    """
    if not isinstance(name, str) or name not in WORLDS:
        raise BadInput(f"load_world: there is no world called {name!r}; there are {', '.join(WORLDS)}.")
    load = getattr(import_module(WORLDS[name]), f"load_{name}")
    known = load.__code__.co_varnames[2 : load.__code__.co_argcount]
    if wrong := [choice for choice in choices if choice not in known]:
        raise BadInput(f"load_world: {wrong[0]}= is no choice for {name}; there are {', '.join(known)}.")
    return load(split, n, **choices)
