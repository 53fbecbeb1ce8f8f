"""What the layers of a network put out for pictures: every experiment on features looks in through here."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from bagnet_utils.checks import check_eval, check_images
from bagnet_utils.errors import BadInput

BATCH = 8  # pictures at once: more are slower on a processor, for their maps no longer fit into its cache


@torch.no_grad()
def watch(who: str, model: nn.Module, images: Tensor, names: Sequence[str], look: Callable) -> Tensor:
    """Call look(name, output, start) with what each layer puts out for batches that begin at `start`; the N x C logits.

    names: as in `model.named_modules()`, or "top": what the last linear layer is given. An output is only there during
    the call: the next layer may work in place, so whoever keeps it keeps a copy.
    """
    check_eval(who, model)
    pictures, modules, start = check_images(who, images, model), dict(model.named_modules()), 0
    linear = [module for module in modules.values() if isinstance(module, nn.Linear)][-1:]
    there = [*modules, "top"] if linear else list(modules)
    if isinstance(names, str) or (unknown := [name for name in names if name not in there or not name]):
        wrong = names if isinstance(names, str) else unknown[0]
        what = "a list of layers is wanted, not" if isinstance(names, str) else "there is no layer called"
        raise BadInput(f"{who}: {what} {wrong!r}; there are {', '.join(there[1:])}.")

    def hook_for(name: str) -> Callable:
        def hook(module: nn.Module, given, output) -> None:
            seen = given[0] if name == "top" else output
            if not isinstance(seen, Tensor) or seen.ndim not in (2, 3, 4):
                raise BadInput(f"{who}: {name!r} gives no feature maps; choose a layer that gives N x D x h x w.")
            look(name, seen, start)

        return hook

    handles = [(linear[0] if name == "top" else modules[name]).register_forward_hook(hook_for(name)) for name in names]
    logits = []
    try:
        for part in pictures.split(BATCH):
            logits.append(model(part.contiguous(memory_format=torch.channels_last)))  # a third faster than usual
            start += len(part)
    finally:
        for handle in handles:
            handle.remove()
    return torch.cat(logits)


def as_maps(output: Tensor) -> Tensor:
    """N x T x D, a ViT's tokens, as N x D x 1 x T; all else as it is."""
    return output.transpose(1, 2)[:, :, None] if output.ndim == 3 else output


def with_places(output: Tensor) -> Tensor:
    """N x D x h x w, whatever a layer puts out; a layer without places has one."""
    return output[:, :, None, None] if output.ndim == 2 else as_maps(output)


def over_places(output: Tensor) -> Tensor:
    """The mean over places: N x D."""
    return with_places(output).mean((2, 3))
