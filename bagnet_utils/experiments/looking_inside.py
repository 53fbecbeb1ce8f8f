"""What does a unit look for? One activation is sent back to the pixels (Zeiler & Fergus 2014, section 2.1: deconvnet).

Down it goes through the same layers: convolutions turned round, and max-pooling undone with its switches, the places of
the maxima on the way up. The three ways differ only in what a ReLU lets through on the way down.
"""

import gc
import warnings
from collections.abc import Sequence

import numpy as np
import torch
from captum.attr import NeuronDeconvolution, NeuronGradient, NeuronGuidedBackprop
from torch import Tensor, nn

from bagnet_utils.checks import check_choice, check_eval, check_images, check_whole, describe
from bagnet_utils.errors import BadInput
from bagnet_utils.experiments.watching import as_maps, watch
from bagnet_utils.models.bagnet import BagNet
from bagnet_utils.models.peers import VGG, DenseNet, ResNet, ViT
from bagnet_utils.models.rewriting import rewrite_for_captum

BATCH = 4  # pictures at a time, so that memory stays bounded
RULES = {
    "deconvnet": NeuronDeconvolution,  # what is positive on the way down
    "guided": NeuronGuidedBackprop,  # what is positive on the way down and was positive on the way up
    "gradient": NeuronGradient,  # what was positive on the way up
}


def project(
    model: nn.Module,
    images: Tensor,
    layer: str,
    channel: int | Sequence[int],
    position: tuple[int, int] | None = None,
    rule: str = "deconvnet",
) -> Tensor:
    """One activation of each picture sent back to the pixels: N x 3 x H x W, or 3 x H x W for a single picture.

    layer: a name from `model.named_modules()`. channel: one, or one for each picture. position: row and column in that
    layer's map, by default where the channel is strongest in each picture. rule: "deconvnet", "guided" or "gradient".
    With "gradient" it is the gradient of the activation. What comes back is what one unit of the activation is made
    from, not the activation's own size.
    """
    check_eval("project", model)
    check_choice("project", "rule", rule, RULES)
    pictures = check_images("project", images, model)
    some = pictures[:BATCH]
    maps = activations(model, some, layer)  # n x D x h x w, or n x D
    chosen = list(channel) if isinstance(channel, (Sequence, Tensor, np.ndarray)) else [channel] * len(pictures)
    if len(chosen) != len(pictures):
        raise BadInput(f"project: {len(chosen)} channels were given for {len(pictures)} pictures; give one for each.")
    chosen = torch.tensor([check_whole("project", "channel", one, 0, maps.shape[1] - 1) for one in chosen])
    net, name, given = model, layer, pictures
    if rule != "gradient":
        given = getattr(model, "normalise", nn.Identity())(pictures).detach()
        net = rewrite_for_captum(
            model, given[:1], f"rule {rule}", "project", 'rule="gradient", which needs gradients alone'
        )
        name = net.made_by.get(layer, "")
        if not name or not torch.allclose(activations(net, given[:BATCH], name), maps, atol=1e-4, rtol=1e-4):
            raise BadInput(f"project: {layer!r} gives no map of its own; choose another layer, such as a convolution.")
    method, sent_back = RULES[rule](net, net.get_submodule(name)), []
    for part in torch.arange(len(pictures)).split(BATCH):
        maps = activations(net, given[part], name)
        places = (
            torch.arange(len(part)),
            chosen[part],
            *places_of(maps[torch.arange(len(part)), chosen[part]], position),
        )
        with warnings.catch_warnings(), torch.enable_grad():  # that Captum sets hooks
            warnings.simplefilter("ignore")
            asked = given[part].clone().requires_grad_()
            sent_back.append(method.attribute(asked, lambda output, at=places: as_maps(output)[at]).detach())
    if net is not model:  # written out it refers to itself, and to maps of this size: only the collector frees it
        del net, method
        gc.collect()
    return torch.cat(sent_back).reshape(images.shape)


def layers(model: nn.Module) -> list[str]:
    """The layers of one of the course's networks at which it is looked into, from the first to the last.

    One for each size of the map: where it leaves its ReLU (VGG, DenseNet) or its block (ResNet, BagNet, ViT). A VGG's
    hidden linear layer comes last.
    """
    if isinstance(model, BagNet):
        return ["relu", "layer1", "layer2", "layer3", "layer4"]
    if isinstance(model, ResNet):
        return ["stem", *(f"stages.{number}" for number in range(len(model.stages)))]
    if isinstance(model, ViT):
        return ["embed", *(f"blocks.{number}" for number in range(len(model.blocks)))]
    if isinstance(model, VGG):
        hidden = ["classifier.1"] if len(model.classifier) > 1 else []
        return [
            f"features.{n - 1}" for n, layer in enumerate(model.features) if isinstance(layer, nn.MaxPool2d)
        ] + hidden
    if isinstance(model, DenseNet):
        return [f"features.{n}" for n, layer in enumerate(model.features) if isinstance(layer, nn.ReLU)]
    raise BadInput(f"layers: {describe(model)} was given, but a network of the course is wanted; name layers yourself.")


def activations(model: nn.Module, images: Tensor, layer: str) -> Tensor:
    """What a layer puts out for these pictures: N x D x h x w, or N x D for layers without places.

    A ViT's layers give N x T x D, tokens by channels; they come as N x D x 1 x T.
    """
    kept = []
    watch("project", model, images, [layer], lambda name, output, start: kept.append(output.clone()))
    return as_maps(torch.cat(kept))


def places_of(maps: Tensor, position: tuple[int, int] | None) -> tuple[Tensor, ...]:
    """Row and column in each of N x h x w maps: the given one, or where the map is highest. Nothing for N numbers."""
    if maps.ndim == 1:
        return ()
    if position is None:
        return torch.unravel_index(maps.flatten(1).argmax(1), maps.shape[1:])
    if not isinstance(position, (tuple, list)) or len(position) != 2:
        raise BadInput(f"project: position is {position!r}, but a row and a column are wanted, such as (3, 4).")
    ends = zip(("row", "column"), position, maps.shape[1:], strict=True)
    return tuple(torch.full((len(maps),), check_whole("project", what, one, 0, end - 1)) for what, one, end in ends)
