"""Networks of notebook 13b on order: a ResNet that learnt from shuffled tiles, and a BagNet that compares its patches.

The second kind is BagNet-33 as it ships, and what a small head adds to its logits:

    logits = the bag's logits + mean over patches of the head's verdict on each patch

The head may let each patch ask all others (attention), and may know places: where a patch lies; or, if patches ask
each other, how far below and to the right of the one that asks the other lies. Only with both can two patches be
compared by which stands above. All of them are trained by: python3 course.py order
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bagnet_utils.checks import check_choice
from bagnet_utils.errors import BadInput
from bagnet_utils.models.bagnet import BagNet
from bagnet_utils.models.zoo import build, load_model, with_shipped_weights

WIDTH, HEADS = 64, 4
TILE = 32  # px: a tile often holds two neighbours of face, hardly two of wheel, and never two of totem
IN_TILES = "resnet in tiles"
HEADED = {  # do patches ask each other? do they know places?
    "patches with places": (False, True),
    "attention": (True, False),
    "attention with places": (True, True),
}
COMMAND = "python3 course.py order"


class Asking(nn.Module):
    """Every patch asks all patches, and mixes what those answer: N x T x WIDTH -> the same.

    placed: whom it asks depends on how far below and to the right the other lies, too.
    """

    def __init__(self, side: int, placed: bool):
        super().__init__()
        self.norm, self.ask, self.mix = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        steps = torch.arange(side)[None] - torch.arange(side)[:, None] + side - 1  # 0 to 2 side - 2, side x side
        pairs = steps[:, None, :, None] * (2 * side - 1) + steps[None, :, None, :]
        self.register_buffer("pairs", pairs.reshape(side**2, side**2), persistent=False)  # T x T: which distance
        self.by_distance = nn.Parameter(torch.zeros(HEADS, (2 * side - 1) ** 2)) if placed else None

    def forward(self, x: Tensor) -> Tensor:
        parts = self.ask(self.norm(x)).unflatten(2, (3, HEADS, -1))  # N x T x 3 x HEADS x d
        query, key, value = parts.permute(2, 0, 3, 1, 4)  # each N x HEADS x T x d
        liking = None if self.by_distance is None else self.by_distance[:, self.pairs]  # HEADS x T x T
        return self.mix(F.scaled_dot_product_attention(query, key, value, liking).transpose(1, 2).flatten(2))


class PatchHead(nn.Module):
    """A verdict on each patch, and their mean: N x D x h x w features -> N x C."""

    def __init__(self, channels: int, classes: int, side: int, asks: bool, placed: bool):
        super().__init__()
        self.side = side  # patches in a row
        self.scale = nn.BatchNorm1d(channels, affine=False)
        self.narrow = nn.Linear(channels, WIDTH)
        self.place = nn.Parameter(waves(side)) if placed and not asks else None
        self.ask = Asking(side, placed) if asks else None
        self.think = nn.Sequential(
            nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 2 * WIDTH), nn.GELU(), nn.Linear(2 * WIDTH, WIDTH)
        )
        self.fc = nn.Linear(WIDTH, classes)

    def forward(self, maps: Tensor) -> Tensor:
        if maps.shape[2:] != (self.side, self.side):
            raise BadInput(
                f"PatchHead: a map of {maps.shape[2]} x {maps.shape[3]} patches came, but it was made for "
                f"{self.side} x {self.side}; give pictures of 128 x 128 pixels."
            )
        x = self.narrow(self.scale(maps.flatten(2)).transpose(1, 2))  # N x T x WIDTH
        x = x if self.place is None else x + self.place
        x = x if self.ask is None else x + self.ask(x)
        return self.fc((x + self.think(x)).mean(1))


def waves(side: int) -> Tensor:
    """To begin with, a place is told by sines and cosines of its row and of its column: T x WIDTH."""
    lengths = torch.logspace(0.4, 1.4, WIDTH // 4)  # of the waves, from 2.5 to 25 patches
    angles = 2 * torch.pi * torch.arange(side)[:, None] / lengths
    one = torch.cat([angles.sin(), angles.cos()], 1)  # side x WIDTH / 2
    rows, columns = one[:, None].expand(side, side, -1), one.expand(side, side, -1)
    return torch.cat([rows, columns], 2).flatten(0, 1)


class HeadedBag(nn.Module):
    """A BagNet, and what a head adds to its logits."""

    def __init__(self, bag: BagNet, head: PatchHead):
        super().__init__()
        self.bag, self.head = bag, head
        self.classes, self.smallest, self.patch_size = bag.classes, bag.patch_size, None

    def forward(self, images: Tensor) -> Tensor:
        maps = self.bag.features(images)  # N x D x h x w
        return self.bag.fc(maps.mean((2, 3))) + self.head(maps)


def build_head(kind: str, seed: int = 0) -> PatchHead:
    """A head for BagNet-33 on Patchwork with fresh weights; see HEADED for its kinds."""
    check_choice("build_head", "kind of head", kind, HEADED)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return PatchHead(512, 10, 12, *HEADED[kind])


def load_order(name: str) -> nn.Module:
    """A trained network, checked and in eval mode; takes Patchwork's pictures in [0, 1].

    name: "resnet in tiles", the ResNet that learnt from shuffled tiles of 32 px; or BagNet-33 and a head: "patches with
    places", "attention" or "attention with places".
    """
    check_choice("load_order", "network", name, [IN_TILES, *HEADED])
    if name == IN_TILES:
        return with_shipped_weights("load_order", build("resnet", "patchwork"), f"order/{name}", COMMAND)
    head = with_shipped_weights("load_order", build_head(name), f"order/{name}", COMMAND)
    return HeadedBag(load_model("bagnet33"), head).eval()
