"""What a network answers, and how often it is right."""

import torch
from torch import Tensor, nn

from bagnet_utils.checks import check_eval, check_images, check_whole


def logits(model: nn.Module, images: Tensor, batch: int = 10) -> Tensor:
    """N x C logits for N pictures (or one, 3 x H x W), `batch` of them at a time. The model is in eval mode."""
    return ask("logits", model, images, batch)


def predict(model: nn.Module, images: Tensor, batch: int = 10) -> Tensor:
    """The best class for each of N pictures (or one, 3 x H x W). The model is in eval mode."""
    return ask("predict", model, images, batch).argmax(1)


@torch.no_grad()
def ask(who: str, model: nn.Module, images: Tensor, batch: int) -> Tensor:
    """N x C logits on the processor, wherever the model is."""
    check_eval(who, model)
    images, batch = check_images(who, images), check_whole(who, "batch", batch, 1, 100_000, " (pictures)")
    answers = []
    for part in images.split(batch):
        part = check_images(who, part, model).contiguous(memory_format=torch.channels_last)  # a third faster like that
        answers.append(model(part).cpu())
    return torch.cat(answers)


def accuracy_by_pair(answers: Tensor, labels: Tensor, pairs: tuple[str, ...]) -> dict[str, float]:
    """Percent of Patchwork pictures classified right, by pair; `between`: percent taken for another pair's class."""
    right, pair_of = answers == labels, labels // 2
    scores = {name: 100 * right[pair_of == n].float().mean().item() for n, name in enumerate(pairs) if n in pair_of}
    return {**scores, "between": 100 * (answers // 2 != pair_of).float().mean().item()}
