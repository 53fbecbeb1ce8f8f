"""A network written out step by step, each step a module that is used once: what Captum's LRP and DeepLIFT ask for.

They hook into modules. A ReLU that is used three times, or a sum or a mean written as plain Python, slips through their
hands, and what comes out is wrong without a word. So the network is traced, and each such step becomes a module.
"""

import copy
import operator

import torch
import torch.nn.functional as F
from captum.attr._utils.lrp_rules import EpsilonRule
from torch import Tensor, fx, nn
from torch.fx.passes.shape_prop import ShapeProp

from bagnet_utils.errors import BadInput

LAYERS = nn.Conv2d, nn.Linear, nn.BatchNorm2d, nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.Identity, nn.Dropout


class Linear(nn.Module):
    """A step without weights that is linear in what it is given: relevance is split in the shares that came in."""

    def __init__(self, step):
        super().__init__()
        self.step, self.rule = step, EpsilonRule()

    def forward(self, *given: Tensor) -> Tensor:
        return self.step(*given)


def written_out(model: nn.Module, image: Tensor, method: str) -> nn.Module:
    """A copy of the model as a chain of modules, for normalised pictures of this size (1 x 3 x H x W)."""
    bare = copy.deepcopy(model)
    bare.normalise = nn.Identity()
    try:
        traced = fx.symbolic_trace(bare)
    except Exception:
        raise cannot(method, model) from None
    ShapeProp(traced).propagate(image)
    graph = traced.graph
    for number, node in enumerate(list(graph.nodes)):
        step, given = as_module(node, dict(traced.named_modules()))
        if step is None:
            layer = traced.get_submodule(node.target) if node.op == "call_module" else node.target
            known = isinstance(layer, LAYERS) or layer in ("flatten", torch.flatten)
            if node.op.startswith("call") and "tensor_meta" in node.meta and not known:
                raise cannot(method, model)
            continue
        traced.add_submodule(f"step{number}", step)
        with graph.inserting_before(node):
            instead = graph.call_module(f"step{number}", tuple(given))
        node.replace_all_uses_with(instead)
        graph.erase_node(node)
    for node in list(graph.nodes):
        if node.op == "call_module" and isinstance(traced.get_submodule(node.target), (nn.Identity, nn.Dropout)):
            node.replace_all_uses_with(node.args[0])
            graph.erase_node(node)
    graph.eliminate_dead_code()
    traced.delete_all_unused_submodules()
    traced.recompile()
    return traced.eval()


def as_module(node: fx.Node, modules: dict[str, nn.Module]) -> tuple[nn.Module | None, tuple]:
    """The module that a step of the graph becomes, and the tensors it is given; None where it can stay as it is."""
    if node.target in (F.relu, torch.relu) or isinstance(modules.get(node.target), nn.ReLU):
        return nn.ReLU(), node.args[:1]
    pool = modules.get(node.target)
    if isinstance(pool, nn.MaxPool2d) and pool.kernel_size == pool.stride:
        # DeepLIFT's hook on a ReLU comes before that on the pooling if both hold the same tensor
        return nn.Sequential(Linear(torch.clone), pool), node.args[:1]
    if node.target in (operator.add, operator.iadd, torch.add):
        return Linear(torch.add), node.args
    if node.target is torch.cat:
        return Linear(lambda *parts: torch.cat(parts, 1)), node.args[0]
    if node.op == "call_method" and node.target == "mean":
        return Linear(lambda maps: maps.mean((2, 3))), node.args[:1]
    if node.target is F.adaptive_avg_pool2d:
        return nn.AdaptiveAvgPool2d(node.args[1]), node.args[:1]
    if node.target is operator.getitem and len(getattr(node.meta.get("tensor_meta"), "shape", ())) == 4:  # cropping
        height, width = node.meta["tensor_meta"].shape[2:]
        return Linear(lambda maps: maps[:, :, :height, :width]), node.args[:1]
    return None, ()


def cannot(method: str, model: nn.Module) -> BadInput:
    return BadInput(
        f"attribute: {method} goes back through a network layer by layer and knows convolutions, linear layers, ReLU, "
        f"pooling and BatchNorm; this {type(model).__name__} has others (attention, say). "
        "Try saliency or integrated gradients, which need gradients alone."
    )
