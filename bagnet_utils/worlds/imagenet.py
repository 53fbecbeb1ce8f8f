"""ImageNet's kind of pictures, 224 pixels: Imagenette (ten of its classes), or any folder of class folders."""

import tarfile
from functools import cache
from pathlib import Path

from bagnet_utils.files import CACHE, fetch, put, unpacking
from bagnet_utils.worlds.pictures import class_folders, listing, read, spread
from bagnet_utils.worlds.tiny import at_hand
from bagnet_utils.worlds.world import World

SIDE, EDGE = 224, 1 / 16  # the customary 256 px on the short side and 224 of them in the middle
IMAGENETTE = "https://s3.amazonaws.com/fast-ai-imageclas/imagenette2-160.tgz"
IMAGENETTE_MD5 = "e793b78cc4c9e9a4ccc0c1155377a412"
UNPACKED = CACHE / "imagenette2-160"
LABELS_AT_HAND = (281, 967, 657)  # tabby, espresso, missile


@cache
def imagenet_classes() -> tuple[str, ...]:
    """ImageNet's thousand class names in the order of the labels, as torchvision spells them."""
    from torchvision.models import ResNet50_Weights

    return tuple(ResNet50_Weights.IMAGENET1K_V1.meta["categories"])


@cache
def numbers() -> tuple[str, ...]:
    """WordNet's numbers of the classes, in the order of the labels (which is the order of the numbers)."""
    return tuple(Path(__file__).with_name("imagenet_numbers.txt").read_text(encoding="ascii").split())


def label_of_class(folder: str) -> int | None:
    """The label of an ImageNet class, by its WordNet number or its name."""
    if folder in numbers():
        return numbers().index(folder)
    plain = folder.lower().replace("_", " ")
    return next((i for i, name in enumerate(imagenet_classes()) if plain == name.lower()), None)


def load_imagenet(
    split: str = "val", n: int | None = 200, root: str | Path | None = None, download: bool = False, seed: int = 0
) -> World:
    """Pictures of ImageNet's classes, 224 x 224 px; .truth names each file.

    root: a folder root/class/... or root/val/class/..., its classes given by WordNet number or by name; a folder whose
    classes are others is a world of its own. download=True gets Imagenette, once (94 MB). With neither: what was
    downloaded before, or else the three photographs that are always at hand.
    """
    if root is None and not download and not UNPACKED.is_dir():
        return at_hand(SIDE, imagenet_classes(), LABELS_AT_HAND)
    if root is None:
        root = UNPACKED if UNPACKED.is_dir() else unpack(fetch(IMAGENETTE, IMAGENETTE_MD5, "md5"))
    files, classes = listing(class_folders(root, split), imagenet_classes(), label_of_class)
    return read(spread(files, n, seed), classes, SIDE, EDGE)


def unpack(archive: Path) -> Path:
    """Imagenette's folders out of its archive."""
    with unpacking(archive, UNPACKED) as part, tarfile.open(archive) as pictures:
        for member in pictures:  # one by one: the first releases of Python 3.11 know no extractall that is safe
            match member.name.split("/"):
                case [_, "train" | "val" as split, number, file] if member.isfile() and number in numbers():
                    put(pictures.extractfile(member).read(), part, split, number, file)
    return UNPACKED
