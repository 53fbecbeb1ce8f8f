"""The nets of the papers at 224 pixels: the authors' BagNets, and torchvision's VGG-16, ResNet-50, DenseNet-169, ViT.

Their weights do not ship: each is downloaded once, on request, and checked.
"""

import hashlib
import pickle
import re
from collections import OrderedDict
from pathlib import Path

import torch
from torch import Tensor, nn

from bagnet_utils.errors import BadInput
from bagnet_utils.files import fetch
from bagnet_utils.models.bagnet import BagNet, Normalise, bagnet9, bagnet17, bagnet33, without_tf32
from bagnet_utils.worlds.imagenet import imagenet_classes

# The authors named their nets after the patch size less one. A file's name ends in the first digits of its SHA-256.
PUBLISHED = {"bagnet8": bagnet9, "bagnet16": bagnet17, "bagnet32": bagnet33}
AUTHORS = (
    "https://bitbucket.org/wielandbrendel/bag-of-feature-pretrained-models/raw/249e8fa82c0913623a807d9d35eeab9da7dcc2a8"
)
ADDRESSES = {
    "bagnet9": f"{AUTHORS}/bagnet8-34f4ccd2.pth.tar",
    "bagnet17": f"{AUTHORS}/bagnet16-105524de.pth.tar",
    "bagnet33": f"{AUTHORS}/bagnet32-2ddd53ed.pth.tar",
    "vgg": "https://download.pytorch.org/models/vgg16-397923af.pth",
    "resnet": "https://download.pytorch.org/models/resnet50-0676ba61.pth",
    "densenet": "https://download.pytorch.org/models/densenet169-b2777c0a.pth",
    "vit": "https://download.pytorch.org/models/vit_b_16-c867db91.pth",
}
TORCHVISION = {"vgg": "vgg16", "resnet": "resnet50", "densenet": "densenet169", "vit": "vit_b_16"}
COLOURS = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # mean and standard deviation that all of them expect


def fetch_model(name: str) -> nn.Module:
    """A net of the papers, in eval mode; takes 224 x 224 pictures in [0, 1]; carries .classes and .patch_size."""
    address = ADDRESSES[name]
    file = fetch(address, begins=address.rsplit("-", 1)[1].split(".")[0])
    if name in TORCHVISION:
        import torchvision

        net = torchvision.models.get_model(TORCHVISION[name])
        # DenseNet's file is older than its code: norm.1 there is norm1 here
        state = torch.load(file, map_location="cpu", weights_only=True)
        net.load_state_dict({re.sub(r"(norm|conv)\.([12])\.", r"\1\2.", key): value for key, value in state.items()})
        model = nn.Sequential(OrderedDict(normalise=Normalise(*COLOURS), net=net)).eval()
        model.patch_size = None
    else:
        model = load_published(file)
        model.normalise = InFloat32(*COLOURS).eval()
    model.classes = imagenet_classes()
    return model


class PublishedBagNet(BagNet):
    """Coarse numbers are not for the published BagNets: layers of theirs are dead, and what is left is a hair thin.

    An independent evaluation found the top-1 accuracy of BagNet-33 on ImageNet at 66.7 % in float32, 64.2 % in TF32 and
    58.0 % in float16. So TF32 is turned off while they work, and float16 and autocast are turned away.
    """

    def features(self, images: Tensor) -> Tensor:
        with without_tf32():
            return super().features(images)

    def forward(self, images: Tensor) -> Tensor:
        with without_tf32():
            return super().forward(images)


class InFloat32(Normalise):
    """Pictures in [0, 1] -> normalised ones, in float32 or in the finer float64."""

    def forward(self, images: Tensor) -> Tensor:
        autocast = torch.is_autocast_enabled(images.device.type)
        if autocast or images.dtype not in (torch.float32, torch.float64):
            raise BadInput(
                "The published BagNets lose accuracy in anything coarser than float32, but "
                f"{'autocast is on' if autocast else f'{images.dtype} was given'}; "
                "use model.float() and images.float(), and no autocast."
            )
        return super().forward(images)


def load_published(path: str | Path) -> BagNet:
    """A BagNet with the weights of a published file such as bagnet32-2ddd53ed.pth.tar, in eval mode.

    It wants pictures normalised by ImageNet's mean and standard deviation, in float32 or float64: with coarser numbers
    (float16) the published BagNet-33 loses accuracy.
    """
    if not isinstance(path, (str, Path)):
        raise BadInput(f"load_published: the path of a file is wanted, but {type(path).__name__} was given.")
    path = Path(path)
    name, _, digits = path.name.split(".")[0].partition("-")
    if name not in PUBLISHED or not digits:
        known = ", ".join(f"{name}-<hash>.pth.tar" for name in PUBLISHED)
        raise BadInput(f"load_published: {path.name} was given, but a file named as published is wanted: {known}.")
    if not path.is_file():
        raise BadInput(f"load_published: there is no file {path}; download it, or mend the path.")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if not digest.startswith(digits):
        raise BadInput(
            f"load_published: {path.name} is damaged or not what its name says: its SHA-256 begins with "
            f"{digest[: len(digits)]} instead of {digits}. Delete it and download it again."
        )
    model = PUBLISHED[name]()
    model.__class__ = PublishedBagNet  # the same net, which works in exact numbers
    try:
        model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True), strict=True)
    except (pickle.UnpicklingError, RuntimeError, TypeError, AttributeError, EOFError) as problem:
        lines = str(problem).strip().splitlines() or [type(problem).__name__]
        raise BadInput(f"load_published: {path.name} does not hold the weights of a {name} ({lines[0]})") from None
    return model.eval()
