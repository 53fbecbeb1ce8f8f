"""Pictures from anywhere: your own, a web address, an upload, or a folder with one subfolder for each class."""

import io
import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor
from tqdm import tqdm

from bagnet_utils.checks import check_whole
from bagnet_utils.errors import BadInput
from bagnet_utils.files import shown
from bagnet_utils.worlds.world import World

MOST = 50_000_000  # pixels; more than any camera of a telephone, less than fills a laptop's memory
HEAVIEST = 50_000_000  # bytes of a picture from the web
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")  # no others: an EPS is a program that another program runs
OPENED = (None, "MPO", *FORMATS)  # what a PIL picture may be: made in memory, or opened as one of these; MPO is JPEG
ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")


def load_image(source, size: int | None = None, edge: float = 0, squeeze: bool = False) -> Tensor:
    """One picture as 3 x H x W floats in [0, 1], upright and in RGB; transparent parts become white.

    source: a path, a web address, bytes, an open file, a PIL picture, or what an ipywidgets FileUpload holds in .value.
    size: cut out the middle square and scale it to size x size pixels; None keeps the picture as it is.
    edge: share of each side to leave out before that (1/16 is customary for ImageNet).
    squeeze: make the whole picture square instead, which keeps its borders and not its proportions.
    """
    if size is not None:
        size = check_whole("load_image", "size", size, 1, 4096, " (pixels), or None")
    name, opened = open_source(source)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about odd metadata, and about many pixels, which we count ourselves
            picture = opened if isinstance(opened, Image.Image) else Image.open(opened, formats=FORMATS)
            if picture.format not in OPENED:  # before its pixels are loaded
                raise UnidentifiedImageError
            if picture.width * picture.height > MOST:
                raise BadInput(
                    f"load_image: {name} has {picture.width} x {picture.height} pixels, but at most {MOST // 10**6} "
                    "million are wanted; make it smaller first."
                )
            picture = in_colour(ImageOps.exif_transpose(picture))
    except Image.DecompressionBombError:
        raise BadInput(
            f"load_image: {name} says that it has more than {MOST // 10**6} million pixels; make it smaller first."
        ) from None
    except UnidentifiedImageError:
        raise BadInput(
            f"load_image: {name} is not a picture that can be read (whatever its ending says); "
            "give a JPEG, PNG, WebP, GIF, BMP or TIFF file."
        ) from None
    except (OSError, SyntaxError, ValueError, EOFError, IndexError) as problem:
        if isinstance(problem, BadInput):
            raise
        raise BadInput(
            f"load_image: {name} is broken or was cut short ({str(problem) or type(problem).__name__}); save it again, "
            "or give another one."
        ) from None
    if size is not None and squeeze:
        picture = picture.resize((size, size), Image.Resampling.BICUBIC)
    elif size is not None:
        picture = ImageOps.fit(picture, (size, size), Image.Resampling.BICUBIC, edge)
    return torch.from_numpy(np.asarray(picture).transpose(2, 0, 1) / np.float32(255))


def open_source(source) -> tuple[str, object]:
    """What to call a source, and something that PIL can open."""
    if isinstance(source, Image.Image):
        return "the picture", source
    if isinstance(source, Sequence) and len(source) == 1 and isinstance(source[0], Mapping):
        source = source[0]  # an upload's .value is a tuple with one entry for each file
    if isinstance(source, Mapping) and "content" in source:
        return str(source.get("name", "the upload")), full(
            bytes(source["content"]), str(source.get("name", "the upload"))
        )
    if isinstance(source, (bytes, bytearray, memoryview)):
        return "the picture", full(bytes(source), "the picture")
    if isinstance(source, str) and source.lower().startswith(("http://", "https://")):
        return source, full(from_the_web(source), source)
    if isinstance(source, (str, os.PathLike)) and str(source):
        path = Path(source).expanduser()
        if path.is_dir():
            raise BadInput(f"load_image: {path} is a folder, but one picture is wanted; load_world takes folders.")
        try:
            content = path.read_bytes()
        except (OSError, ValueError):
            raise BadInput(f"load_image: there is no file {path} that can be read; mend the path.") from None
        return path.name, full(content, path.name)
    if hasattr(source, "read"):
        try:
            content = bytes(source.read())
        except (OSError, TypeError, ValueError):
            raise BadInput(
                "load_image: the open file gives no bytes, which a picture is made of (it was opened as text, or is "
                "closed); open it with open(path, 'rb'), or give its path."
            ) from None
        return "the picture", full(content, "the picture")
    what = "an empty upload" if isinstance(source, (tuple, str, dict)) and not source else f"a {type(source).__name__}"
    raise BadInput(f"load_image: {what} was given, but the path, web address or upload of one picture is wanted.")


def full(content: bytes, name: str) -> io.BytesIO:
    if not content:
        raise BadInput(f"load_image: {name} is empty (0 bytes); give another one.")
    return io.BytesIO(content)


def from_the_web(address: str) -> bytes:
    import requests

    try:
        with requests.get(address, timeout=20, stream=True) as answer:
            answer.raise_for_status()
            content = bytearray()  # it grows in place, while bytes would be copied with each piece
            for piece in answer.iter_content(2**16):
                content += piece
                if len(content) > HEAVIEST:
                    break
    except requests.HTTPError as problem:
        raise BadInput(f"load_image: {address} answers {problem.response.status_code}; mend the address.") from None
    except (requests.RequestException, OSError):
        raise BadInput(
            f"load_image: {address} cannot be reached; check the address and the connection, or give a file."
        ) from None
    if len(content) > HEAVIEST:
        raise BadInput(f"load_image: {address} holds more than {HEAVIEST // 10**6} MB; give a smaller picture.")
    return bytes(content)


def in_colour(picture: Image.Image) -> Image.Image:
    """Any kind of picture -> RGB, 8 bits a colour; of an animated one the first frame."""
    if picture.mode.startswith(("I", "F")):  # 16 or more bits of grey
        grey = np.nan_to_num(np.asarray(picture, dtype=np.float64))
        white = 65535 if picture.mode.startswith("I") else max(grey.max(initial=1), 1)
        return Image.fromarray(np.clip(grey / white * 255, 0, 255).astype(np.uint8)).convert("RGB")
    if picture.mode in ("RGBa", "La"):  # colours that are multiplied by their opacity already
        picture = picture.convert(picture.mode.upper())
    if "A" in picture.getbands() or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(white, picture).convert("RGB")
    return picture.convert("RGB")


def class_folders(root: str | Path, split: str) -> dict[str, list[Path]]:
    """Picture files of each class: root/split/class/... or root/class/..., classes and files in alphabetical order."""
    root = Path(root).expanduser()
    if not root.is_dir():
        raise BadInput(f"load_world: there is no folder {root}; name one that holds a folder of pictures per class.")
    wanted = ("train",) if split == "train" else (split, "val")
    root = next((root / name for name in wanted if (root / name).is_dir()), root)
    files_of = {
        folder.name: sorted(file for file in folder.rglob("*") if file.suffix.lower() in ENDINGS)
        for folder in sorted(root.iterdir())
        if folder.is_dir() and not folder.name.startswith(".")
    }
    files_of = {name: files for name, files in files_of.items() if files}
    if not files_of:
        raise BadInput(
            f"load_world: the folder {root} has no subfolders with pictures; make one subfolder for each class, with "
            f"its pictures in it ({', '.join(ENDINGS)})."
        )
    return files_of


def spread(files: list[tuple[Path, int]], n: int | None, seed: int) -> list[tuple[Path, int]]:
    """n of the files, the classes in turn as long as they last, drawn with a seed; all of them for None."""
    turn: dict[int, int] = {}
    ranked = []
    for i in np.random.default_rng(seed).permutation(len(files)):
        file, label = files[i]
        turn[label] = turn.get(label, -1) + 1
        ranked.append((turn[label], label, file))
    return [(file, label) for _, label, file in sorted(ranked)[:n]]


def listing(folders: dict[str, list[Path]], classes: tuple[str, ...], label_of) -> tuple[list, tuple[str, ...]]:
    """Files with their labels, and the classes. Folders that are not all of the world's are a world of their own."""
    labels = [label_of(name) for name in folders]
    if None in labels:
        classes, labels = tuple(folders), range(len(folders))
    return [(file, label) for files, label in zip(folders.values(), labels, strict=True) for file in files], classes


def read(
    files: list[tuple[Path, int]],
    classes: tuple[str, ...],
    side: int,
    edge: float = 0,
    squeeze: bool = False,
    cure: str = "",
) -> World:
    """The pictures in these files, cut square (or squeezed) and scaled. cure: how to get a damaged one back."""
    images = torch.empty(len(files), 3, side, side)
    for i, (file, _) in enumerate(tqdm(files, "reading pictures", disable=len(files) < 2000)):
        try:
            images[i] = load_image(file, side, edge, squeeze)
        except BadInput as problem:  # many kinds have a picture of the same name
            told = str(problem).replace(f": {file.name} ", f": {file.parent.name}/{file.name} ", 1)
            raise BadInput(f"{told} {cure}".strip()) from None
    return World(images, torch.tensor([label for _, label in files]), classes, tuple(str(file) for file, _ in files))


def again(unpacked: Path) -> str:
    """How a damaged picture comes back that was downloaded."""
    return f"Or delete the folder {shown(unpacked)} and load the world again with download=True."
