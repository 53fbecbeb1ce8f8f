"""Caltech-101 as a whole: 101 kinds, with an outline of what each picture shows; downloaded on request.

Li, Andreetto, Ranzato, Perona (2022), doi 10.22002/D1.20086, CC BY 4.0; gathered from the web in 2003.
"""

import io
import tarfile
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile

import numpy as np

from bagnet_utils.errors import BadInput
from bagnet_utils.files import CACHE, fetch, put, unpacking
from bagnet_utils.worlds.photos import SIDE
from bagnet_utils.worlds.pictures import again, class_folders, listing, read, spread
from bagnet_utils.worlds.world import World

CALTECH = "https://data.caltech.edu/records/mzrjq-6wc02/files/caltech-101.zip"
CALTECH_MD5 = "3138e1922a9193bfa496528edbbc45d0"
UNPACKED = CACHE / "caltech-101"
PICTURES, OUTLINES = "101_ObjectCategories", "Annotations"
KIND_OF = {  # outlines that lie in a folder of another name than the pictures
    "Airplanes_Side_2": "airplanes",
    "Faces_2": "Faces",
    "Faces_3": "Faces_easy",
    "Motorbikes_16": "Motorbikes",
}


class Outlined(NamedTuple):
    """What is known of a picture."""

    file: str
    outline: np.ndarray | None  # 2 x P: row and column of each corner of the object's outline, in px of the picture


def load_caltech(
    split: str = "test", n: int | None = 200, root: str | Path | None = None, download: bool = False, seed: int = 0
) -> World:
    """All 101 kinds squeezed to 128 x 128 px; .truth gives each file and the outline of the object in it.

    Every fourth picture of a kind is for testing. download=True gets CaltechDATA's archive, once (137 MB). root: where
    it was unpacked by other means.
    """
    from PIL import Image

    if root is None and not UNPACKED.is_dir():
        if not download:
            raise BadInput(
                "load_world: Caltech-101 is not here; download=True fetches it once (137 MB). The 32 kinds of "
                "load_world('photos') ship with the course."
            )
        unpack(fetch(CALTECH, CALTECH_MD5, "md5"))
    root, cure = Path(root or UNPACKED), again(UNPACKED) if root is None else ""
    folders = class_folders(root / PICTURES if (root / PICTURES).is_dir() else root, split)
    folders.pop("BACKGROUND_Google", None)
    parts = {
        name: [file for k, file in enumerate(files) if (k % 4 == 3) != (split == "train")]
        for name, files in folders.items()
    }
    files, classes = listing(parts, tuple(folders), tuple(folders).index)
    world = read(chosen := spread(files, n, seed), classes, SIDE, squeeze=True, cure=cure)
    truth = []
    for file, _ in chosen:
        with Image.open(file) as picture:
            scale = SIDE / np.array([picture.height, picture.width])
        truth.append(Outlined(str(file), outline(root, file, scale)))
    return World(world.images, world.labels, world.classes, tuple(truth))


def outline(root: Path, picture: Path, scale: np.ndarray) -> np.ndarray | None:
    """The outline of the object in a picture, or None if there is none."""
    from scipy.io import loadmat

    file = root / OUTLINES / picture.parent.name / picture.name.replace("image", "annotation")
    if not file.with_suffix(".mat").is_file():
        return None
    annotation = loadmat(file.with_suffix(".mat"))
    corner = annotation["box_coord"].ravel()[[2, 0], None]  # of its box, from which the outline is given
    columns, rows = annotation["obj_contour"] + corner
    return np.stack([rows, columns]) * scale[:, None]


def unpack(archive: Path) -> Path:
    """Pictures and outlines out of CaltechDATA's archive of archives."""
    with unpacking(archive, UNPACKED) as part, ZipFile(archive) as whole:
        for inner, ending in ((f"{PICTURES}.tar.gz", ".jpg"), (f"{OUTLINES}.tar", ".mat")):
            [name] = [name for name in whole.namelist() if name.endswith(f"/{inner}") and "__MACOSX" not in name]
            with tarfile.open(fileobj=io.BytesIO(whole.read(name))) as files:
                for member in files:  # one by one: the first releases of Python 3.11 know no extractall that is safe
                    match member.name.removeprefix("./").split("/"):
                        case [folder, kind, file] if member.isfile() and file.endswith(ending) and file[0] != ".":
                            put(files.extractfile(member).read(), part, folder, KIND_OF.get(kind, kind), file)
    return UNPACKED
