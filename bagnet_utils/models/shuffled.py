"""A ResNet that cannot use coats: trained on Patchwork with coats shuffled among the classes.

Each creature wears the coat (pattern and colours) of a class drawn at random, so that a coat says nothing about the
class; the two of a pair wear the same. The labels stay the ten classes. Zebra and leopard differ in nothing but their
coat: they cannot be told apart any more, and half of their pictures right is the most that is possible. The other
four pairs keep their cues. In "coats and scenery shuffled" the scenery is that of a pair drawn at random as well: then
bodies, and what is on them, are all that is left.

python3 course.py shapes            trains both and measures (half an hour)
"""

from collections.abc import Callable

import numpy as np
import torch

from bagnet_utils.checks import check_choice
from bagnet_utils.models.peers import ResNet
from bagnet_utils.models.recipes import Pictures, Recipe
from bagnet_utils.models.zoo import build, with_shipped_weights

RECIPE = Recipe()  # that of all Patchwork networks
SHUFFLES = {"coats": ("coat",), "coats and scenery": ("coat", "background")}
COMMAND = "python3 course.py shapes"


def load_shuffled(what: str = "coats") -> ResNet:
    """The trained ResNet, checked and in eval mode; takes Patchwork's pictures in [0, 1].

    what: "coats" shuffled among the classes when it learnt, or "coats and scenery".
    """
    check_choice("load_shuffled", "shuffle", what, SHUFFLES)
    return with_shipped_weights("load_shuffled", build("resnet", "patchwork"), row_of(what), COMMAND)


def row_of(what: str) -> str:
    """Its key in the manifest of what ships."""
    return f"shuffled/resnet {what}"


def shuffled_pictures(recipe: Recipe, what: str = "coats", seed: int = 0) -> Callable[[int], Pictures]:
    """Patchwork's training pictures, anew for each epoch, two by two as in `recipes.patchwork_pictures`; here the two
    of a pair share the coat that was drawn for them, and the scenery.
    """
    from bagnet_utils.worlds.patchwork import Truth, drawing_code
    from bagnet_utils.worlds.patchwork.scenes import PAIRS

    def draw(epoch: int) -> Pictures:
        truth = Truth(PAIRS, "train", recipe.pictures // 2 * 2, seed=100 * seed + epoch, twins=True)
        order = np.random.default_rng([seed, epoch]).permutation(len(truth) // 2)
        order = np.stack([2 * order, 2 * order + 1], axis=1).ravel()
        images = np.stack([np.rint(dressed(truth, int(i), what).image * 255).astype(np.uint8) for i in order])
        return torch.from_numpy(images), torch.from_numpy(truth.labels[order])

    draw.about = {"shuffled": what, "seed": seed, "data": drawing_code()[:12]}
    return draw


def dressed(truth, index: int, what: str = "coats"):
    """The scene with this number in a coat of a random class (and before the scenery of a random pair)."""
    from bagnet_utils.worlds.patchwork.scenes import CLASSES, NAMES, draw

    pair, label = truth.classes[index % len(truth.classes)]
    random = np.random.default_rng([int(truth.seeds[index]), NAMES.index(pair.name), 99])  # a stream of its own
    coat, scenery = int(random.integers(len(CLASSES))), NAMES[random.integers(len(NAMES))]
    changes = {"coat": coat, "background": scenery}
    return draw(pair, label, int(truth.seeds[index]), **{key: changes[key] for key in SHUFFLES[what]})
