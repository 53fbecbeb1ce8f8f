"""Widgets. They show what they are given, and work without a kernel: all their numbers travel with them."""

import base64
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor
from traitlets import Dict, observe, validate

from bagnet_utils.checks import check_images, check_target, describe, whole
from bagnet_utils.display.figures import show_patch
from bagnet_utils.display.gallery import Gallery
from bagnet_utils.display.packing import pack
from bagnet_utils.display.traits import BadTrait, Carried, Places, Whole
from bagnet_utils.errors import BadInput
from bagnet_utils.experiments.heatmaps import evidence, silence_patches
from bagnet_utils.models.bagnet import BagNet, check_bagnet

HERE = Path(__file__).parent
MANY, FEW = 20, 10  # of more than MANY classes, only the FEW with the highest logits travel


class Explorer(Carried):
    """The patch explorer. Read what the learner did from its traits; set them, and the widget follows.

    q: the patch size in pixels. row, column: the pixel of the box's top left corner, so that the patch under it is
    `image[:, row : row + q, column : column + q]`. target: the chosen class. silenced: the [row, column] of every
    patch that no longer counts, for this q; each patch size keeps its own.
    """

    _esm = HERE / "explorer.js"
    _css = HERE / "explorer.css"
    movable = ("q", "row", "column", "target", "silenced_by_q")  # `packed` holds the picture, the names, the evidence
    q = Whole().tag(sync=True)
    row = Whole().tag(sync=True)
    column = Whole().tag(sync=True)
    target = Whole().tag(sync=True)
    silenced_by_q = Dict().tag(sync=True)  # {"17": [[row, column], ...]}; `silenced` shows the part that is in view
    silenced = Places()

    def __init__(self, image: Tensor, bags: dict[int, tuple[int, Tensor]], **traits):
        """image: 3 x H x W. bags: for each q its stride and its evidence, C x h x w."""
        self.image, self.bags = image, bags
        super().__init__(**traits)

    def __repr__(self) -> str:
        """What a page without widgets shows in its place."""
        sizes = ", ".join(map(str, self.bags))
        return f"[patch explorer: patches of {sizes} px; run this cell to touch it]"

    @validate("q")
    def check_q(self, proposal) -> int:
        return self.check_size(proposal.value)

    def check_size(self, q: int) -> int:
        """Traits that come in one message are checked one by one: any of them may meet a q that is none."""
        if q not in self.bags:
            known = ", ".join(map(str, self.bags))
            raise BadTrait(f"explore: q is {q}, but there are patches of {known} px here; choose of these.")
        return q

    @validate("target")
    def check_class(self, proposal) -> int:
        if proposal.value not in self.packed["numbers"]:
            known = ", ".join(map(str, self.packed["numbers"]))
            raise BadTrait(
                f"explore: target is {proposal.value}, but this explorer holds the classes {known}; choose one of "
                f"them, or make another with explore(..., target={proposal.value})."
            )
        return proposal.value

    @validate("row", "column")
    def snap(self, proposal) -> int:
        """The nearest place that a patch of this size has."""
        stride, maps = self.bags[self.check_size(self.q)]
        last = maps.shape[1 if proposal.trait.name == "row" else 2] - 1
        return min(max(round(proposal.value / stride), 0), last) * stride

    @validate("silenced")
    def check_silenced(self, proposal) -> list[list[int]]:
        return self.check_places(self.q, proposal.value)

    @validate("silenced_by_q")
    def check_all_silenced(self, proposal) -> dict[str, list[list[int]]]:
        sizes = {str(q): q for q in self.bags}
        return {name: self.check_places(sizes.get(name, name), places) for name, places in proposal.value.items()}

    def check_places(self, q: int, given) -> list[list[int]]:
        """Each place once and in order."""
        stride, maps = self.bags[self.check_size(q)]
        rows, columns = (range(0, side * stride, stride) for side in maps.shape[1:])
        places = {}
        for place in given if isinstance(given, list) else [given]:  # a page may send anything
            pixels = [whole(pixel) for pixel in place] if np.iterable(place) else []
            if len(pixels) != 2 or pixels[0] not in rows or pixels[1] not in columns:
                raise BadTrait(
                    f"explore: silenced holds {place!r}, but [row, column] is wanted, in pixels: rows 0, {stride}, ... "
                    f"{rows[-1]} and columns 0, {stride}, ... {columns[-1]}."
                )
            places[tuple(pixels)] = pixels
        return list(places.values())

    @observe("q", "silenced_by_q")
    def follow_the_widget(self, _) -> None:
        self.row, self.column = self.row, self.column  # the grid of another q may end earlier
        self.silenced = self.silenced_by_q.get(str(self.q), [])

    @observe("silenced")
    def tell_the_widget(self, _) -> None:
        self.silenced_by_q = {**self.silenced_by_q, str(self.q): self.silenced}

    def still(self) -> Figure:
        """What the widget shows now, as a picture for paper and for pages that run no scripts."""
        stride, maps = self.bags[self.q]
        off = torch.zeros(maps.shape[1:], dtype=torch.bool)  # h x w
        for row, column in self.silenced:
            off[row // stride, column // stride] = True
        chosen = self.packed["numbers"].index(self.target)
        before, after = silence_patches(maps, torch.zeros_like(off)), silence_patches(maps, off)
        place = self.row, self.column
        return show_patch(self.image, maps, self.packed["names"], chosen, self.q, stride, place, off, before, after)


def explore(
    models: BagNet | Sequence[BagNet],
    image: Tensor | dict[str, Tensor],
    target: int | None = None,
    classes: Sequence[str] | None = None,
) -> Explorer | Gallery:
    """A widget to look at the evidence of every patch of a picture, and to silence patches.

    models: one BagNet or several of different patch sizes, in eval mode, with the same classes.
    image: 3 x H x W in [0, 1], or several by name: then a list to choose from stands above.
    target: the class to begin with, by default the class that the picture is named after, or the first model's answer.
    classes: their names, by default the model's own. `.still()` of what comes back is the same as a figure.
    """
    models = check_models(models)
    if isinstance(image, dict) and image:
        known = check_names(classes, models[0])
        named = {name: known.index(name) for name in image if name in known} if target is None else {}
        return Gallery(image, lambda name: explore(models, image[name], named.get(name, target), classes))
    image = check_picture(image, models)
    maps = {model.patch_size: evidence(model, image[None])[0].float().cpu() for model in models}  # each C x h x w
    logits = torch.stack([heat.mean((1, 2)) for heat in maps.values()])  # models x C
    names = check_names(classes, models[0])
    target = int(logits[0].argmax()) if target is None else check_target("explore", target, len(names))
    numbers = list(range(len(names)))
    if len(numbers) > MANY:
        best = logits.mean(0).argsort(descending=True).tolist()
        numbers = [target, *(number for number in best if number != target)][:FEW]
    bags = {model.patch_size: (model.stride, maps[model.patch_size][numbers]) for model in models}
    packed = {
        "picture": png(image),
        "height": image.shape[1],
        "width": image.shape[2],
        "names": [names[number] for number in numbers],
        "numbers": numbers,
        "total": len(names),
        "bags": [pack(q, *bags[q]) for q in sorted(bags)],
    }
    stride, heat = bags[models[0].patch_size]
    start = divmod(int(heat[numbers.index(target)].argmax()), heat.shape[2])  # the patch that speaks loudest for it
    row, column = (step * stride for step in start)
    return Explorer(image, bags, packed=packed, q=models[0].patch_size, row=row, column=column, target=target)


def png(image: Tensor) -> str:
    """A 3 x H x W picture in [0, 1] as an address that holds the picture itself."""
    file = io.BytesIO()
    Image.fromarray(np.rint(image.numpy() * 255).astype(np.uint8).transpose(1, 2, 0)).save(file, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def check_models(models) -> list[BagNet]:
    """The models as a list, all of them BagNets that fit together."""
    models = list(models) if isinstance(models, (list, tuple)) else [models]
    if not models:
        raise BadInput("explore: no model was given, but at least one is wanted, such as load_model('bagnet17').")
    for model in models:
        check_bagnet("explore", model)
    sizes = [model.patch_size for model in models]
    if len(set(sizes)) < len(sizes):
        raise BadInput(f"explore: models with patches of {sizes} px were given, but each must differ; leave one out.")
    numbers = [model.fc.out_features for model in models]
    if len(set(numbers)) > 1:
        raise BadInput(f"explore: the models have {numbers} classes, but the same are wanted for all; explore one.")
    return models


def check_picture(image, models: list[BagNet]) -> Tensor:
    """The one picture, 3 x H x W float32 on the processor."""
    for model in models:
        checked = check_images("explore", image, model)
    if len(checked) != 1:
        raise BadInput(f"explore: {len(checked)} pictures were given, but one is wanted; take images[0].")
    image = checked[0].detach().float().cpu()
    low, high = image.min().item(), image.max().item()
    if low < 0 or high > 1:
        raise BadInput(
            f"explore: the picture's values run from {low:.3g} to {high:.3g}, but 0 to 1 is wanted, so that it can be "
            "drawn; give it as it was before it was normalised, or say image.clamp(0, 1)."
        )
    return image


def check_names(classes, model: BagNet) -> list[str]:
    """The name of every class."""
    number = model.fc.out_features
    if classes is None:
        classes = getattr(model, "classes", None) or [f"class {index}" for index in range(number)]
    if not isinstance(classes, (list, tuple)) or not all(isinstance(name, str) for name in classes):
        raise BadInput(
            f"explore: classes is {describe(classes)}, but a list of names is wanted; leave it out for none."
        )
    if len(classes) != number:
        raise BadInput(f"explore: {len(classes)} class names were given, but the model has {number}; name them all.")
    return list(classes)
