"""The picture worlds. `load_world` gives pictures and what is true of them."""

from bagnet_utils.errors import BadInput


def load_world(name: str = "patchwork", split: str = "test", n: int = 200, **choices):
    """Pictures of a world: .images N x 3 x H x W floats in [0, 1], .labels N, .classes names, .truth the scenes.

    choices for "patchwork": pairs (names, all five unless told otherwise), seed, cache.
    """
    if name != "patchwork":
        raise BadInput(f"load_world: there is no world called {name!r}; there is 'patchwork'.")
    from bagnet_utils.worlds.patchwork import load_patchwork

    return load_patchwork(split, n, **choices)
