"""Make the photographs that ship, data/photos, out of Caltech-101's folders: python3 benchmarks/pack_photos.py DIR

Each picture is squeezed to 128 x 128 px, so that its frame and its corners survive, and saved as JPEG. Every fourth of
a kind, in the order of the files' names, is for testing; but pictures that show the same as another (Caltech-101 has
such twins) are all for training, else a test would ask for what was learnt by heart.
"""

import csv
import hashlib
import shutil
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from bagnet_utils.worlds.photos import CLASSES, SHIPPED, SIDE, label_of_kind

QUALITY = 90
ALIKE = 0.985  # correlation of two pictures at 16 x 16 grey pixels


def main(root: Path) -> None:
    for split in ("train", "test"):
        shutil.rmtree(SHIPPED / split, ignore_errors=True)
    rows = []
    for folder in sorted(root.iterdir()):
        if not folder.is_dir() or (label := label_of_kind(folder.name)) is None:
            continue
        files = sorted(folder.glob("*.jpg"))
        twins = have_twins(files)
        alone = np.cumsum(~twins)
        for number, file in enumerate(files):
            split = "test" if alone[number] % 4 == 0 and not twins[number] else "train"
            new = SHIPPED / split / CLASSES[label] / file.name
            new.parent.mkdir(parents=True, exist_ok=True)
            with Image.open(file) as picture:
                small = picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BICUBIC)
            small.save(new, quality=QUALITY, optimize=True)
            name = new.relative_to(SHIPPED).as_posix()
            rows.append([name, hashlib.sha256(new.read_bytes()).hexdigest(), "twin" if twins[number] else ""])
    with open(SHIPPED / "pictures.csv", "w", newline="", encoding="ascii") as file:
        csv.writer(file, lineterminator="\n").writerows([["picture", "sha256", "has a twin"], *sorted(rows)])
    tests = sum(name.startswith("test/") for name, *_ in rows)
    print(f"{len(rows)} pictures, {tests} for testing; {sum(bool(twin) for *_, twin in rows)} have a twin")


def have_twins(files: list[Path]) -> np.ndarray:
    """Which of these pictures show the same as another of them?"""
    small = []
    for file in files:
        with Image.open(file) as picture:
            small.append(np.asarray(picture.convert("L").resize((16, 16), Image.Resampling.BOX), dtype=float).ravel())
    return (np.corrcoef(small) - np.eye(len(files))).max(1) > ALIKE


if __name__ == "__main__":
    main(Path(sys.argv[1]))
