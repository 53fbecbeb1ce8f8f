"""Small VGGs that differ in one choice each, and one of them watched while it learns (Zeiler & Fergus 2014).

All have half the width of the course's VGG, so that a laptop trains one in a quarter of an hour, and all are trained
alike, from scratch, on the photographs: python3 course.py choices
"""

import torch

from bagnet_utils.checks import check_choice
from bagnet_utils.errors import BadInput
from bagnet_utils.models.bagnet import Normalise
from bagnet_utils.models.peers import VGG
from bagnet_utils.models.recipes import Recipe
from bagnet_utils.models.zoo import WORLDS, with_shipped_weights

RECIPE = Recipe(epochs=30, pictures=2234, batch=32, smoothing=0.1)
BLOCKS = (16,), (32,), (48, 48), (64, 64), (64,)  # widths of the convolutions; max-pooling after each group
STEM = (32,), (32,), (48, 48, 64, 64)
CHOICES = {
    "full": {"groups": BLOCKS},
    "without its last block": {"groups": BLOCKS[:4]},
    "without its middle": {"groups": ((16,), (32,), (64, 64), (64,))},
    "without its hidden layer": {"groups": BLOCKS, "hidden": 0},
    "without middle and hidden layer": {"groups": ((16,), (32,), (64, 64), (64,)), "hidden": 0},
    "half as wide": {"groups": ((8,), (16,), (24, 24), (32, 32), (32,)), "hidden": 32},
    "first filters 11 px, stride 4": {"groups": STEM, "stem": (11, 4)},
    "first filters 7 px, stride 2": {"groups": STEM, "stem": (7, 2)},
}
SNAPSHOTS = (1, 2, 5, 10, 20, RECIPE.epochs)  # epochs after which the weights of "full" are kept
SHIPPED = ("full", "first filters 11 px, stride 4", "first filters 7 px, stride 2")


def build_choice(choice: str = "full", seed: int = 0) -> VGG:
    """One of the small VGGs with fresh weights; takes photographs in [0, 1]."""
    check_choice("build_choice", "choice", choice, CHOICES)
    classes, _, colours = WORLDS["photos"]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = VGG(len(classes), **{"hidden": 64, **CHOICES[choice]})
    model.normalise, model.classes, model.patch_size = Normalise(*colours), classes, None
    return model


def load_choice(choice: str = "full", after: int | None = None) -> VGG:
    """A trained small VGG that ships, checked and in eval mode; takes photographs in [0, 1].

    choice: "full" or one of the two with larger first filters. after: "full" as it was after 1, 2, 5, 10, 20 or 30
    epochs; by default at the end.
    """
    check_choice("load_choice", "choice that ships", choice, SHIPPED)
    if after is not None and (choice != "full" or after not in SNAPSHOTS):
        raise BadInput(
            f"load_choice: after is {after!r}, but weights were kept after {', '.join(map(str, SNAPSHOTS))} epochs of "
            '"full" only; leave after out for the end of training.'
        )
    key = row_of(choice, after)
    return with_shipped_weights("load_choice", build_choice(choice), key, "python3 course.py choices")


def row_of(choice: str, after: int | None = None) -> str:
    """Its key in the manifest of what ships."""
    return f"choices/{choice} after {after or RECIPE.epochs}" if choice == "full" else f"choices/{choice}"
