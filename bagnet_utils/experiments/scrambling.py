"""Does order matter? Pictures whose parts are all there, but not in their places (Brendel & Bethge, 2019)."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from bagnet_utils.checks import check_eval, check_images, check_number, check_seed, check_whole, whole
from bagnet_utils.errors import BadInput
from bagnet_utils.models.bagnet import BagNet, check_bagnet
from bagnet_utils.models.scores import predict


def scramble(images: Tensor, tile: int, seed: int = 0) -> Tensor:
    """Each picture cut into tiles of tile x tile pixels, its tiles put back in an order of its own.

    images: N x 3 x H x W (or one, 3 x H x W) -> the same shape. The same seed gives the same orders.
    """
    many = check_images("scramble", images)
    tile = check_tile("scramble", tile, many.shape[-2:])
    seed = check_seed("scramble", seed)
    tiles = F.unfold(many, tile, stride=tile)  # N x 3tt x T
    random = torch.Generator().manual_seed(seed)
    orders = torch.stack([torch.randperm(tiles.shape[2], generator=random) for _ in many])  # N x T
    moved = tiles.gather(2, orders[:, None].expand_as(tiles).to(tiles.device))
    return F.fold(moved, many.shape[-2:], tile, stride=tile).reshape(images.shape)


def scrambling_curve(
    model: nn.Module, images: Tensor, labels: Tensor, tiles: Sequence[int], seed: int = 0
) -> dict[int, np.ndarray]:
    """Accuracy against tile: for each tile (its side in px), which of the N scrambled pictures are still right."""
    labels = torch.as_tensor(labels)
    return {tile: (predict(model, scramble(images, tile, seed)) == labels).numpy() for tile in tiles}


def whole_patches(model: BagNet, sides: tuple[int, int], tile: int) -> Tensor:
    """Which of a BagNet's patches lie within one tile, so that shuffling the tiles only carries them about: h x w.

    All others look across a seam. After shuffling they see what was never there.
    """
    check_bagnet("whole_patches", model)
    if not isinstance(sides, (tuple, list)) or len(sides) != 2:
        raise BadInput(f"whole_patches: sides is {sides!r}, but height and width are wanted, such as (128, 128).")
    sides = [check_whole("whole_patches", "a side", side, model.patch_size, 100_000, " (pixels)") for side in sides]
    tile = check_tile("whole_patches", tile, sides)
    if tile % model.stride:
        raise BadInput(
            f"whole_patches: tiles of {tile} px carry patches off the model's grid; multiples of {model.stride} do not."
        )
    inside = []
    for side in sides:
        begins = torch.arange(0, side - model.patch_size + 1, model.stride)
        inside.append(begins // tile == (begins + model.patch_size - 1) // tile)
    return inside[0][:, None] & inside[1]


def check_tile(who: str, tile, sides) -> int:
    (height, width), number = sides, whole(tile)
    if number is None or number < 1 or height % number or width % number:
        fit = [n for n in range(1, min(height, width) + 1) if height % n == 0 and width % n == 0]
        raise BadInput(
            f"{who}: tiles of {tile!r} px do not divide a picture of {height} x {width}; "
            f"these do: {', '.join(map(str, fit))}."
        )
    return number


@torch.enable_grad()
def texturise(images: Tensor, net: nn.Module, steps: int = 200, rate: float = 0.05, seed: int = 0) -> Tensor:
    """New pictures with the texture statistics of these: equal Gram matrices of a VGG's features (Gatys et al., 2015).

    images: N x 3 x H x W in [0, 1]. They begin as noise and are changed until, in every layer, features occur together
    as often as in the original, wherever that may be. `net` is a VGG such as load_model("vgg"): what it has in
    `.features` is listened to, just before each pooling.
    """
    check_eval("texturise", net)
    images = check_images("texturise", images, net)
    steps = check_whole("texturise", "steps", steps, 1, 10_000)
    rate, seed = check_number("texturise", "rate", rate, 0, 1), check_seed("texturise", seed)
    with torch.no_grad():
        wanted = grams(net, images)
    random = torch.Generator().manual_seed(seed)
    noise = torch.randn(images.shape, generator=random).to(images)
    pictures = images.mean((2, 3), keepdim=True) + images.std((2, 3), keepdim=True) * noise
    pictures = pictures.clamp(0, 1).requires_grad_()
    optimizer = torch.optim.Adam([pictures], lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in tqdm(range(steps), "texturising", disable=None):  # None: a bar in terminals, none in files
        apart = (
            (have - want).square().sum((1, 2)) / want.square().sum((1, 2))
            for have, want in zip(grams(net, pictures), wanted, strict=True)
        )
        optimizer.zero_grad()
        sum(apart).sum().backward(inputs=[pictures])  # the network's weights gather no gradients
        optimizer.step()
        schedule.step()
        with torch.no_grad():
            pictures.clamp_(0, 1)
    return pictures.detach()


def grams(net: nn.Module, pictures: Tensor) -> list[Tensor]:
    """How often each two features occur together, for the layer before each pooling: N x D x D each."""
    whole = getattr(net, "net", net)  # the published VGG comes with its normalisation in front
    layers = getattr(whole, "features", None)
    if not isinstance(layers, nn.Sequential) or sum(isinstance(layer, nn.MaxPool2d) for layer in layers) < 2:
        raise BadInput(
            f"texturise: the network is a {type(whole).__name__}, but a VGG is wanted, such as load_model('vgg'): "
            "what its layers say before each pooling is compared."
        )
    x, matrices = getattr(net, "normalise", nn.Identity())(pictures), []
    for layer in layers:
        if isinstance(layer, nn.MaxPool2d):
            flat = x.flatten(2)  # N x D x places
            matrices.append(flat @ flat.transpose(1, 2) / flat.shape[2])
            if min(x.shape[2:]) < 2:
                raise BadInput("texturise: the pictures are too small for so many poolings; use larger ones.")
            x = F.avg_pool2d(x, layer.kernel_size, layer.stride)  # smoother than the maximum, say Gatys et al.
        else:
            x = layer(x)
    return matrices
