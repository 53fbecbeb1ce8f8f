"""How much of a picture may be missing? A ViT can go without some of its tokens; for other nets they are painted over.

Naseer and others (2021) hid up to nine tenths of a picture from ViTs.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from bagnet_utils.checks import check_eval, check_images, check_number, check_seed, check_whole, describe
from bagnet_utils.errors import BadInput
from bagnet_utils.models.peers import ViT
from bagnet_utils.models.scores import predict

BATCH = 10  # pictures at a time
SIDE = 8  # px: of a square that may be missing, and of a token of the course's ViTs


def missing(pictures: int, sides: tuple[int, int], share: float, size: int = SIDE, seed: int = 0) -> Tensor:
    """Which of a picture's squares of size x size px are missing: `share` of them, for each picture others.

    -> pictures x rows x columns, True where the square is missing. The same seed and a larger share: the same squares
    and more.
    """
    pictures = check_whole("missing", "pictures", pictures, 1, 10**6)
    size = check_whole("missing", "size", size, 1, min(sides), " (pixels)")
    if any(side % size for side in sides):
        raise BadInput(f"missing: squares of {size} px do not divide a picture of {sides[0]} x {sides[1]} px.")
    share = 0.0 if share == 0 else check_number("missing", "share", share, 0, 1)
    rows, columns = (side // size for side in sides)
    random = torch.Generator().manual_seed(check_seed("missing", seed))
    ranks = torch.rand(pictures, rows * columns, generator=random).argsort(1).argsort(1)
    return (ranks < round(share * rows * columns)).unflatten(1, (rows, columns))


def paint_over(images: Tensor, gone: Tensor) -> Tensor:
    """Pictures whose missing squares show the mean colour of the whole picture: N x 3 x H x W -> the same.

    Not the mean of each square, as in `occlude`: a mosaic of such means would still show the picture, only coarsely.
    """
    images = check_images("paint_over", images)
    check_squares("paint_over", images, gone)
    size = images.shape[2] // gone.shape[1]
    squares = gone.repeat_interleave(size, 1).repeat_interleave(size, 2)[:, None]  # N x 1 x H x W
    return torch.where(squares, images.mean((2, 3), keepdim=True), images)


@torch.no_grad()
def drop_tokens(model: ViT, images: Tensor, gone: Tensor) -> Tensor:
    """Logits of a ViT that is never given the tokens that are missing: N x C. The others keep their positions.

    gone: N x rows x columns of tokens, as many True in each picture; see `missing`.
    """
    if not isinstance(model, ViT):
        raise BadInput(
            f"drop_tokens: the model is {describe(model)}, but a ViT of the course is wanted, such as "
            "load_model('vit'): only what reads tokens can go without some; for others use paint_over."
        )
    check_eval("drop_tokens", model)
    images = check_images("drop_tokens", images, model)
    check_squares("drop_tokens", images, gone, model.embed.kernel_size[0])
    counts = (~gone).flatten(1).sum(1)
    if len(counts.unique()) > 1:
        raise BadInput("drop_tokens: some pictures miss more tokens than others, but as many from each are wanted.")
    kept = (~gone).flatten(1).nonzero()[:, 1].reshape(len(gone), -1)  # N x K
    answers = []
    for part, some in zip(images.split(BATCH), kept.split(BATCH), strict=True):
        summary = torch.zeros(len(some), 1, dtype=torch.long)  # the first token, which belongs to no place
        rows = torch.arange(len(some))[:, None], torch.cat([summary, some.cpu() + 1], 1)
        hook = model.blocks.register_forward_pre_hook(lambda _, given, rows=rows: given[0][rows])
        try:
            answers.append(model(part))
        finally:
            hook.remove()
    return torch.cat(answers)


def check_squares(who: str, images: Tensor, gone, size: int | None = None) -> None:
    """Raise unless `gone` says yes or no for each square of each picture."""
    fits = isinstance(gone, Tensor) and gone.dtype == torch.bool and gone.ndim == 3 and len(gone) == len(images)
    if fits:
        sizes = {side / count for side, count in zip(images.shape[2:], gone.shape[1:], strict=True)}
        fits = len(sizes) == 1 and sizes.pop().is_integer() if size is None else sizes == {size}
    if not fits:
        raise BadInput(
            f"{who}: gone is {describe(gone)}, but yes or no is wanted for each square of each of the {len(images)} "
            "pictures, as `missing` gives it."
        )


def dropping_curve(
    model: nn.Module, images: Tensor, labels: Tensor, shares: Sequence[float], drop: bool = False, seed: int = 0
) -> dict[float, np.ndarray]:
    """Accuracy against the share that is missing: for each share, which of the N pictures are still right.

    drop: tokens are dropped, for a ViT. Otherwise the same squares are painted over.
    """
    right = {}
    for share in shares:
        gone = missing(len(images), tuple(images.shape[2:]), share, seed=seed)
        answers = drop_tokens(model, images, gone).argmax(1) if drop else predict(model, paint_over(images, gone))
        right[share] = (answers.cpu() == torch.as_tensor(labels)).numpy()
    return right
