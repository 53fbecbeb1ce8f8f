"""Four networks that see the whole picture, each the real architecture made small enough for a laptop.

They are what BagNets are compared with: VGG (Simonyan & Zisserman 2015), ResNet (He et al. 2016), DenseNet
(Huang et al. 2017) and ViT (Dosovitskiy et al. 2021). All take N x 3 x H x W and put out N x C logits.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bagnet_utils.errors import BadInput


def conv_bn(channels_in: int, channels_out: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """A convolution that keeps the map's size (but for its stride), and the BatchNorm after it."""
    convolution = nn.Conv2d(channels_in, channels_out, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(channels_out))


class VGG(nn.Module):
    """3x3 convolutions, max-pooling after each group, and fully connected layers that know where everything lies.

    stem: side and stride of the first convolution. hidden: units of the hidden linear layer; 0 leaves it out.
    """

    smallest = 32  # px on each side, for five poolings

    def __init__(
        self, num_classes: int, groups=((32,), (64,), (96, 96), (128, 128), (128,)), hidden: int = 128, stem=(3, 1)
    ):
        super().__init__()
        self.normalise = nn.Identity()
        layers, channels = [], 3
        for group in groups:
            for wider in group:
                kernel, stride = (3, 1) if layers else stem
                layers += [conv_bn(channels, wider, kernel, stride), nn.ReLU(inplace=True)]
                channels = wider
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.pool = nn.AdaptiveAvgPool2d(4)
        top = [nn.Linear(channels * 16, hidden), nn.ReLU(inplace=True)] if hidden else []
        self.classifier = nn.Sequential(*top, nn.Linear(hidden or channels * 16, num_classes))

    def forward(self, images: Tensor) -> Tensor:
        return self.classifier(self.pool(self.features(self.normalise(images))).flatten(1))


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions and a way around them."""

    def __init__(self, channels_in: int, channels_out: int, stride: int):
        super().__init__()
        self.conv1 = conv_bn(channels_in, channels_out, stride=stride)
        self.conv2 = conv_bn(channels_out, channels_out)
        self.downsample = conv_bn(channels_in, channels_out, kernel=1, stride=stride)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.conv2(F.relu(self.conv1(x))) + self.downsample(x))


class ResNet(nn.Module):
    """Four stages of residual blocks, each halving the map: 16 pixels from unit to unit at the top."""

    def __init__(self, num_classes: int, widths=(24, 48, 96, 192)):
        super().__init__()
        self.normalise = nn.Identity()
        self.stem = nn.Sequential(conv_bn(3, widths[0]), nn.ReLU(inplace=True))
        pairs = zip((widths[0], *widths), widths, strict=False)
        self.stages = nn.Sequential(*[ResidualBlock(before, after, stride=2) for before, after in pairs])
        self.fc = nn.Linear(widths[-1], num_classes)

    def forward(self, images: Tensor) -> Tensor:
        return self.fc(self.stages(self.stem(self.normalise(images))).mean((2, 3)))


class DenseLayer(nn.Module):
    """Looks at everything that came before it in its block, and adds a few channels of its own."""

    def __init__(self, channels: int, growth: int):
        super().__init__()
        self.narrow = nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU(), nn.Conv2d(channels, 4 * growth, 1, bias=False))
        self.look = nn.Sequential(
            nn.BatchNorm2d(4 * growth), nn.ReLU(), nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False)
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, self.look(self.narrow(x))], 1)


class DenseNet(nn.Module):
    """Four blocks of dense layers; between them the channels and the map are halved.

    Before the first block the map is halved by max-pooling, as in the original; pooled=False: by the first convolution.
    """

    def __init__(self, num_classes: int, blocks=(2, 3, 4, 4), growth: int = 16, pooled: bool = True):
        super().__init__()
        self.normalise = nn.Identity()
        channels = 2 * growth
        layers = [conv_bn(3, channels, stride=1 if pooled else 2), nn.ReLU(inplace=True)]
        layers += [nn.MaxPool2d(2)] if pooled else []
        for number, depth in enumerate(blocks):
            for _ in range(depth):
                layers.append(DenseLayer(channels, growth))
                channels += growth
            layers += [nn.BatchNorm2d(channels), nn.ReLU()]
            if number < len(blocks) - 1:
                layers += [nn.Conv2d(channels, channels // 2, 1, bias=False), nn.AvgPool2d(2)]
                channels //= 2
        self.features = nn.Sequential(*layers)
        self.fc = nn.Linear(channels, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        return self.fc(self.features(self.normalise(images)).mean((2, 3)))


class Attention(nn.Module):
    """Every token asks all tokens, and mixes what those answer: N x T x D -> N x T x D."""

    sees_all = True  # so it has no receptive field

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.ask = nn.Linear(width, 3 * width)
        self.mix = nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        parts = self.ask(tokens).unflatten(2, (3, self.heads, -1))  # N x T x 3 x heads x d
        query, key, value = parts.permute(2, 0, 3, 1, 4)  # each N x heads x T x d
        return self.mix(F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2))


class TransformerBlock(nn.Module):
    """Attention among tokens, then a small network on each; both added to what was there."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.attend = nn.Sequential(nn.LayerNorm(width), Attention(width, heads))
        self.think = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )

    def forward(self, tokens: Tensor) -> Tensor:
        tokens = tokens + self.attend(tokens)
        return tokens + self.think(tokens)


class ViT(nn.Module):
    """The picture as a sentence of 8 x 8 patches; without positions, a bag of them.

    placed=False leaves the positions out: then no shuffling of the patches can change a logit.
    """

    def __init__(
        self, num_classes: int, side: int = 128, patch: int = 8, width: int = 128, depth: int = 5, heads=4, placed=True
    ):
        super().__init__()
        self.normalise = nn.Identity()
        self.embed = nn.Conv2d(3, width, patch, patch)
        tokens = (side // patch) ** 2
        self.position = nn.Parameter(0.02 * torch.randn(1, tokens, width)) if placed else 0.0
        self.summary = nn.Parameter(torch.zeros(1, 1, width))
        self.blocks = nn.Sequential(*[TransformerBlock(width, heads) for _ in range(depth)])
        self.norm = nn.LayerNorm(width)
        self.fc = nn.Linear(width, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        tokens = self.embed(self.normalise(images)).flatten(2).transpose(1, 2)  # N x T x D
        if isinstance(self.position, Tensor) and tokens.shape[1] != self.position.shape[1]:
            size, count = " x ".join(map(str, images.shape[2:])), self.position.shape[1]
            raise BadInput(f"ViT: the picture is {size} pixels, but it knows the places of {count} patches; resize it.")
        tokens = tokens + self.position
        tokens = torch.cat([self.summary.expand(len(tokens), -1, -1), tokens], 1)
        return self.fc(self.norm(self.blocks(tokens))[:, 0])
