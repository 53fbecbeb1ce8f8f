"""A network rewritten step by step, each step a module that is used once: what Captum's LRP and DeepLIFT ask for.

They hook into modules. A ReLU that is used three times, or a sum or a mean written as plain Python, slips through their
hands, and what comes out is wrong without a word. So the network is traced, and each such step becomes a module that
does the same with the same arguments. Then the answers are compared: they must be the network's own.
"""

import copy
import operator

import torch
import torch.nn.functional as F
from captum.attr._utils.lrp_rules import EpsilonRule
from torch import Tensor, fx, nn
from torch.fx.passes.shape_prop import ShapeProp

from bagnet_utils.errors import BadInput

LAYERS = nn.Conv2d, nn.Linear, nn.BatchNorm2d, nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d
LAYERS += nn.Identity, nn.Dropout  # which do nothing in eval mode
RELU = F.relu, torch.relu, "relu", "relu_"
# Linear in the tensors that they are given, whatever else they are told: which pixels, which dimensions, how much.
LINEAR = {operator.add, operator.sub, operator.getitem, F.avg_pool2d, F.adaptive_avg_pool2d}
LINEAR |= {torch.add, torch.sub, torch.cat, torch.mean, torch.sum, torch.flatten, torch.reshape, torch.clone}
LINEAR |= {"add", "sub", "mean", "sum", "flatten", "reshape", "view"}
OUT_OF_PLACE = {operator.iadd: operator.add, operator.isub: operator.sub, "add_": "add", "sub_": "sub"}


def rewrite_for_captum(
    model: nn.Module,
    image: Tensor,
    method: str,
    who: str = "attribute",
    instead: str = "saliency or integrated gradients, which need gradients alone",
) -> nn.Module:
    """A copy of the model as a chain of modules, for normalised pictures of this size (1 x 3 x H x W).

    Where that cannot be done, `who` says so, and what can be had `instead`, which needs gradients alone.
    Its `.made_by` names, for each module of the model, the step whose output is that module's.
    """
    bare = copy.deepcopy(model)
    bare.normalise = nn.Identity()
    noise = torch.randn(image.shape, generator=torch.Generator().manual_seed(0)).to(image)
    pictures = torch.cat([image.detach(), noise])
    try:
        with torch.no_grad():
            answers = bare(pictures.clone())
        traced = fx.symbolic_trace(bare)
    except Exception:  # of whatever kind: a net may do anything
        raise not_rewritable(f"{who}: {method}", model, instead) from None
    clone_shared_inputs(traced)
    ShapeProp(traced).propagate(pictures.clone())
    if not replace_by_modules(traced):
        raise not_rewritable(f"{who}: {method}", model, instead)
    with torch.no_grad():
        difference = (traced.eval()(pictures.clone()) - answers).abs().max()
    if not difference <= 1e-4 * answers.abs().max():
        raise BadInput(
            f"{who}: {method} needs the network written out step by step, and written out this "
            f"{type(model).__name__} gives other answers (does a step change its input in place?). "
            f"Try {instead}."
        )
    return traced


def replace_by_modules(traced: fx.GraphModule) -> bool:
    """Make a module of every step that the picture passes; False if one of them is not known."""
    live, used = set(), set()  # steps that make a tensor out of the picture; layers that have had their turn
    traced.made_by = {}
    for number, node in enumerate(list(traced.graph.nodes)):
        if node.op == "placeholder" or ("tensor_meta" in node.meta and not live.isdisjoint(node.all_input_nodes)):
            live.add(node)
        if node not in live or not node.op.startswith("call"):
            continue
        given = [one for one in node.all_input_nodes if one in live]
        constants = [one for one in node.all_input_nodes if one not in live]  # sizes, say
        step = as_module(node, layer_of(node, traced), [*given, *constants])
        if step is None:
            return False
        if isinstance(step, (nn.Identity, nn.Dropout)):
            instead = given[0]
        else:
            traced.add_submodule(f"step{number}", copy.deepcopy(step) if step in used else step)
            used.add(step)
            named = {f"x{n}": one for n, one in enumerate(constants, len(given))}  # hooks look at what has no name
            with traced.graph.inserting_before(node):
                instead = traced.graph.call_module(f"step{number}", tuple(given), named)
            live.add(instead)
            traced.made_by |= dict.fromkeys(node.meta.get("nn_module_stack", {}), f"step{number}")
        node.replace_all_uses_with(instead)
        traced.graph.erase_node(node)
    traced.graph.eliminate_dead_code()
    traced.delete_all_unused_submodules()
    traced.recompile()
    return True


def layer_of(node: fx.Node, traced: fx.GraphModule) -> nn.Module | None:
    """The layer that a step of the graph calls; None for functions."""
    return traced.get_submodule(node.target) if node.op == "call_module" else None


def clone_shared_inputs(traced: fx.GraphModule) -> None:
    """Let non-linear steps work on copies of tensors that others see too: two hooks on one tensor would mix."""
    for node in list(traced.graph.nodes):
        layer = layer_of(node, traced)
        if isinstance(layer, nn.MaxPool2d) or is_relu(node, layer):
            (given,) = node.all_input_nodes
            if isinstance(layer, nn.MaxPool2d) or len(given.users) > 1:
                with traced.graph.inserting_before(node):
                    node.replace_input_with(given, traced.graph.call_function(torch.clone, (given,)))


def is_relu(node: fx.Node, layer: nn.Module | None) -> bool:
    return isinstance(layer, nn.ReLU) or (layer is None and node.target in RELU)


def as_module(node: fx.Node, layer: nn.Module | None, given: list[fx.Node]) -> nn.Module | None:
    """The module that a step becomes, to be called with what it is given as x0, x1, ...; None if it is not known."""
    if is_relu(node, layer):
        return nn.ReLU()
    overlapping = isinstance(layer, nn.MaxPool2d) and layer.kernel_size != layer.stride
    if isinstance(layer, LAYERS) and not overlapping:
        return layer
    function = OUT_OF_PLACE.get(node.target, node.target)
    alone = fx.Graph()
    places = {one: alone.placeholder(f"x{n}") for n, one in enumerate(given)}
    if isinstance(layer, nn.Flatten):
        same = alone.call_function(torch.flatten, (*places.values(), layer.start_dim, layer.end_dim))
    elif overlapping:  # which Captum's DeepLIFT cannot undo: all goes to each window's winner
        how = layer.kernel_size, layer.stride, layer.padding, layer.dilation, layer.ceil_mode
        same = alone.call_function(F.max_pool2d, (*places.values(), *how))
    elif layer is None and function in LINEAR:
        same = alone.node_copy(node, places.get)
        same.target = function
    else:
        return None
    alone.output(alone.call_function(torch.clone, (same,)))  # not the very tensor that came in: each has its hooks
    step = fx.GraphModule({}, alone)
    step.rule = EpsilonRule()  # relevance is split in the shares that came in
    return step


def not_rewritable(what: str, model: nn.Module, instead: str) -> BadInput:
    return BadInput(
        f"{what} goes back through a network layer by layer and knows convolutions, linear layers, ReLU, pooling and "
        f"BatchNorm; this {type(model).__name__} has others (attention, say). Try {instead}."
    )
