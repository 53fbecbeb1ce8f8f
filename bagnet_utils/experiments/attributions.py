"""Whose heatmap predicts whose behaviour? Attribution methods behind one call (Brendel & Bethge, section 3.6).

Captum does the work. Here every method gets the same shape in and out, and a masking test asks which of them knows what
a network needs: hide what a map holds for important, and see how soon the network gives up its answer.
"""

import copy
import warnings
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bagnet_utils.checks import check_choice, check_eval, check_image, check_seed, check_target, check_whole
from bagnet_utils.errors import BadInput
from bagnet_utils.experiments.heatmaps import heatmap
from bagnet_utils.experiments.masking import cover, squares


def saliency(model: nn.Module, image: Tensor, target: int, blank: Tensor) -> Tensor:
    """How fast the logit changes with each number, whichever way."""
    from captum.attr import Saliency

    return Saliency(model).attribute(image, target, abs=True)


def integrated_gradients(model: nn.Module, image: Tensor, target: int, blank: Tensor) -> Tensor:
    """Gradients gathered on the way from a blank picture to the picture."""
    from captum.attr import IntegratedGradients

    return IntegratedGradients(model).attribute(image, blank, target, n_steps=32, internal_batch_size=8)


def lrp(model: nn.Module, image: Tensor, target: int, blank: Tensor) -> Tensor:
    """Epsilon-LRP: each layer hands its relevance down in the shares in which its input made its output.

    Where all is linear but for ReLU and max-pooling that is input times gradient, biases or not (Ancona and others,
    2018). On the course's six such nets the two maps differ by less than 1e-4 of their length, by reason of epsilon.
    """
    from captum.attr import LRP

    from bagnet_utils.models.rewriting import rewrite_for_captum

    shown = getattr(model, "normalise", nn.Identity())(image)
    return LRP(rewrite_for_captum(model, shown, "lrp")).attribute(shown.detach().requires_grad_(), target)


def deeplift(model: nn.Module, image: Tensor, target: int, blank: Tensor) -> Tensor:
    """What each number adds to the difference from a blank picture, one layer after the other."""
    from captum.attr import DeepLift

    from bagnet_utils.models.rewriting import rewrite_for_captum

    normalise = getattr(model, "normalise", nn.Identity())
    shown, blank = normalise(image), normalise(blank)
    net = rewrite_for_captum(model, shown, "deeplift")
    with warnings.catch_warnings():  # that it sets hooks: on our copy
        warnings.filterwarnings("ignore", message="Setting forward, backward hooks")
        return DeepLift(net).attribute(shown.detach().requires_grad_(), blank.detach(), target)


METHODS: dict[str, Callable[[nn.Module, Tensor, int, Tensor], Tensor]] = {  # of a net's own, by looking into it
    "saliency": saliency,
    "integrated gradients": integrated_gradients,
    "lrp": lrp,
    "deeplift": deeplift,
}


def attribute(
    model: nn.Module, image: Tensor, target: int, method: str, baseline: str = "mean", seed: int = 0
) -> Tensor:
    """How much each pixel of a 3 x H x W picture matters for a class, by one of the methods: H x W.

    method: "saliency", "integrated gradients", "lrp" or "deeplift"; "heatmap": a BagNet's exact evidence, of the patch
    round each pixel; "random": numbers drawn with the seed.
    baseline: the blank picture that integrated gradients and DeepLIFT start from, "mean" (the picture's mean colour) or
    "black". There is no right one, and it changes the map.
    """
    check_choice("attribute", "method", method, [*METHODS, "heatmap", "random"])
    check_choice("attribute", "baseline", baseline, ["mean", "black"])
    image = check_image("attribute", image, model)
    seed = check_seed("attribute", seed)
    with torch.no_grad():
        target = check_target("attribute", target, model(image[None]).shape[1])
    if method == "random":
        return torch.rand(image.shape[1:], generator=torch.Generator().manual_seed(seed)).to(image)
    if method == "heatmap":
        return heatmap(model, image, target, stride=1)
    blank = image.mean((1, 2), keepdim=True).expand_as(image) if baseline == "mean" else torch.zeros_like(image)
    with torch.enable_grad():
        return METHODS[method](model, image[None].clone().requires_grad_(), target, blank[None])[0].detach().sum(0)


@torch.no_grad()
def masking_curve(model: nn.Module, image: Tensor, attribution: Tensor, masks: Sequence[int], side: int = 8) -> Tensor:
    """The leading class's probability when the most important patches are hidden: one for each number of `masks`.

    The picture is cut into patches of side x side px, and an attribution (H x W, of whatever method and whatever net)
    ranks them by what lies in them. Hidden patches show their mean colour.
    """
    image = check_image("masking_curve", image, model)
    if tuple(getattr(attribution, "shape", ())) != tuple(image.shape[1:]):
        raise BadInput(
            f"masking_curve: the attribution is {' x '.join(map(str, getattr(attribution, 'shape', '?')))}, but one "
            f"number for each of the picture's {image.shape[1]} x {image.shape[2]} pixels is wanted."
        )
    if not isinstance(masks, (list, tuple, range)) or not masks:
        raise BadInput("masking_curve: masks must be a list of at least one number of patches, such as [0, 4, 8].")
    side = check_whole("masking_curve", "side", side, 1, min(image.shape[1:]), " (pixels)")
    rank = F.avg_pool2d(torch.as_tensor(attribution)[None, None].to(image), side)[0, 0]  # h x w
    if not torch.isfinite(rank).all():
        raise BadInput("masking_curve: the attribution has NaN or infinite numbers, which cannot be ranked.")
    for count in masks:
        check_whole("masking_curve", "a number of masks", count, 0, rank.numel(), f" (patches of {side} px)")
    order = rank.flatten().argsort(descending=True).tolist()
    places = [(side * (cell // rank.shape[1]), side * (cell % rank.shape[1])) for cell in order]
    contents = squares(image, places, side, "mean")
    hidden = torch.stack([cover(image, places[:count], contents[:count]) for count in masks])
    leading = model(image[None]).argmax()
    return torch.cat([model(batch).softmax(1)[:, leading] for batch in hidden.split(25)])


def masking_curves(
    model: nn.Module, images: Tensor, attributions: Sequence[Tensor], masks: Sequence[int], side: int = 8
) -> Tensor:
    """The paper's curve, probability against masks, for each picture and its attribution: N x masks."""
    pairs = zip(images, attributions, strict=True)
    return torch.stack([masking_curve(model, image, attribution, masks, side) for image, attribution in pairs]).cpu()


def with_random_weights(model: nn.Module, seed: int = 0, last: int | None = None) -> nn.Module:
    """The same network as if it had never learnt anything. A map that stays as it was did not show what was learnt.

    last: only its last so many convolutions and linear layers forget, each with the BatchNorm after it.
    """
    check_eval("with_random_weights", model)
    seed = check_seed("with_random_weights", seed)
    blank = copy.deepcopy(model)
    modules = list(blank.modules())
    if last is not None:
        weighted = [place for place, module in enumerate(modules) if isinstance(module, (nn.Conv2d, nn.Linear))]
        last = check_whole("with_random_weights", "last", last, 0, len(weighted), " (layers with weights)")
        modules = modules[([*weighted, len(modules)])[len(weighted) - last] :]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for module in modules:
            if hasattr(module, "reset_parameters"):
                module.reset_parameters()
            else:
                for weight in module.parameters(recurse=False):  # a transformer's positions, say
                    nn.init.normal_(weight, std=0.02)
    return blank
