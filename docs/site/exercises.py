"""Exercises that can be done in a page: which they are, and what the page loads for them.

The page runs Python by Pyodide (MPL-2.0) with NumPy (BSD-3-Clause), without torch. Both come by npm, once,
into data/downloads: `course.py site --exercises`. Without them, a page has no exercises to be done in it.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from functools import cache
from html import escape
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

SITE = Path(__file__).resolve().parent
ROOT = SITE.parents[1]
sys.path[:0] = [str(ROOT)] * (str(ROOT) not in sys.path)

from bagnet_utils import files  # noqa: E402

PYODIDE = (  # npm's name for it, the file, and its SHA-256
    "pyodide@0.29.5",
    "pyodide-0.29.5.tgz",
    "6749b10ee515a1458ecea36d860c8ce2a48366e85b3f92d749ad1840e4aff181",
)
NUMPY = (  # NumPy's own index has no wheel for a browser; this package carries the one of Pyodide, as it is
    "@bentopdf/pymupdf-wasm@0.11.16",
    "bentopdf-pymupdf-wasm-0.11.16.tgz",
    "cd093f8824761031cae51a5f4f7b47e34030e7a000e09030b7871a11a52e73a0",
)
WHEEL = "package/assets/numpy-2.2.5-cp313-cp313-pyodide_2025_0_wasm32.whl"
ENGINE = ("pyodide.mjs", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip")
LEFT_OUT = re.compile(r"/tests/|/f2py/|/include/|\.pyi$|\.a$")
SOURCES = """Python in the page:
Pyodide 0.29.5, Mozilla Public License 2.0, source: https://github.com/pyodide/pyodide
  It holds CPython 3.13.2 (PSF License Version 2, https://github.com/python/cpython).
NumPy 2.2.5, BSD 3-Clause License, source: https://github.com/numpy/numpy
  Its tests and what only compilers need are left out of numpy.zip; its licence is in there.
"""
CHECK = re.compile(r"^bu\.check\.(\w+)\((\w+)\)", re.MULTILINE)
SOLUTION = re.compile(r"<summary>Solution</summary>\s*```python\n(.*?)```", re.DOTALL)


def fetched() -> bool:
    """Whether everything is here that the page loads."""
    return all((files.DOWNLOADS / file).is_file() for _, file, _ in (PYODIDE, NUMPY))


def fetch() -> None:
    """Get it by npm, once: 46 MB, as course.py site --exercises does."""
    files.DOWNLOADS.mkdir(parents=True, exist_ok=True)
    for name, file, _ in (PYODIDE, NUMPY):
        if not (files.DOWNLOADS / file).is_file():
            if not (npm := shutil.which("npm")):
                raise OSError(
                    "Python in the pages comes by way of npm, and there is none here: install Node.js, or put "
                    f"{file} into data/downloads."
                )
            subprocess.run([npm, "pack", "--silent", name], cwd=files.DOWNLOADS, check=True)


def opened(file: str, sha256: str) -> tarfile.TarFile:
    """One of those archives, if it is what it should be."""
    path = files.DOWNLOADS / file
    if files.digest(path, "sha256") != sha256:
        raise OSError(f"{files.shown(path)} is damaged, or not what its name says: delete it and try again.")
    return tarfile.open(path)


def prepare(static: Path) -> None:
    """Put into static/exercises what the page loads."""
    home = static / "exercises"
    home.mkdir(parents=True, exist_ok=True)
    with opened(*PYODIDE[1:]) as archive:
        for name in ENGINE:
            (home / name).write_bytes(archive.extractfile(f"package/{name}").read())
        lock = json.load(archive.extractfile("package/pyodide-lock.json"))
    (home / "pyodide-lock.json").write_text(json.dumps({"info": lock["info"], "packages": {}}), encoding="utf-8")
    with opened(*NUMPY[1:]) as archive, ZipFile(BytesIO(archive.extractfile(WHEEL).read())) as wheel:
        pack(home / "numpy.zip", {name: wheel.read(name) for name in wheel.namelist() if not LEFT_OUT.search(name)})
    own = [*(ROOT / name for name in found()["modules"]), SITE / "checking.py"]
    places = {path.relative_to(ROOT if path.is_relative_to(ROOT / "bagnet_utils") else SITE): path for path in own}
    pack(home / "course.zip", {place.as_posix(): path.read_bytes() for place, path in places.items()})
    (home / "licences.txt").write_text(SOURCES, encoding="utf-8")


def pack(path: Path, contents: dict[str, bytes]) -> None:
    """A zip archive that is the same whenever it is made."""
    with ZipFile(path, "w") as archive:
        for name, content in sorted(contents.items()):
            archive.writestr(ZipInfo(name), content, ZIP_DEFLATED)


def megabytes(static: Path) -> int:
    """What the page loads at the first click."""
    return round(sum(path.stat().st_size for path in (static / "exercises").iterdir()) / 1e6)


# ---------------------------------------------------------------- which exercises


@cache
def exercises() -> dict[str, dict[str, str]]:
    """Each exercise of the notebooks: the name that is checked, the stub and the solution."""
    every = {}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        texts = ["".join(cell["source"]) for cell in cells]
        for i, text in enumerate(texts):
            if cells[i]["cell_type"] == "code" and (call := CHECK.search(text)):
                solution = SOLUTION.search(texts[i + 1])
                every[call[1]] = {
                    "variable": call[2],
                    "stub": texts[i - 1],
                    "solution": solution[1] if solution else "",
                }
    return every


def runnable() -> list[str]:
    """Names of the exercises whose checks, stubs and solutions work without torch."""
    return found()["runnable"]


@cache
def found() -> dict:
    """Those exercises, and the modules of the course that their checks need, tried in a Python of its own."""
    command = [sys.executable, str(SITE / "exercises.py"), "--try"]
    alone = {name: value for name, value in os.environ.items() if name != "BAGNET_PROGRESS"}  # nothing is remembered
    made = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True, encoding="utf-8", env=alone)
    return json.loads(made.stdout)


def tried() -> dict:
    """What works here and now, where torch is out of reach."""
    import checking

    checks = checking.checks()
    names = [name for name, one in exercises().items() if works(checking, checks[name], **one)]
    modules = {name: module.__file__ for name, module in sys.modules.items() if name.split(".")[0] == "bagnet_utils"}
    return {"runnable": names, "modules": sorted(Path(file).relative_to(ROOT).as_posix() for file in modules.values())}


def works(checking, check, variable: str, stub: str, solution: str) -> bool:
    """Whether a check says of the stub, the solution and the known mistakes what it should, and wants no torch."""

    def said(answer=None, code: str = "") -> str:
        text = checking.checked(lambda named: check(named if code else answer), variable, code)
        return "" if checking.missed or "cannot be judged" in text else text[:1]

    checking.missed.clear()
    honest = said(code=stub) == "○" and said(code=solution) == "✓"
    return honest and all(said(answer) == "✗" for answer, _ in check.wrong)


def place(name: str, size: int) -> str:
    """The HTML of an exercise that can be done in the page, to stand below its stub. size: megabytes to load."""
    one = exercises()[name]
    about = {"check": name, "variable": one["variable"], "stub": one["stub"], "size": str(size)}
    data = " ".join(f'data-{key}="{escape(value, quote=True)}"' for key, value in about.items())
    return f'<div class="course-exercise" {data}></div>'


if __name__ == "__main__":
    print(json.dumps(tried())) if "--try" in sys.argv else fetch()
