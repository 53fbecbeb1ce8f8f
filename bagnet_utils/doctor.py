"""What this machine has, what works, and what to do: `python3 course.py doctor`.

It needs nothing but Python, so that it works where the course does not. What it prints can be pasted into a question:
it holds no path and no name of a person or a machine.
"""

import csv
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PYTHON = ROOT / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
PACKAGES = ("torch", "torchvision", "numpy", "matplotlib", "ipywidgets", "anywidget", "jupyterlab", "ipykernel")
ASK = f"""
from importlib.metadata import PackageNotFoundError, version
for name in {PACKAGES}:
    try: print(name, version(name))
    except PackageNotFoundError: print(name, "missing")
"""
TRY = """
import torch, bagnet_utils as bu
found = bu.load_model("bagnet9")(bu.load_world("patchwork", n=2).images)
print("ok", tuple(found.shape), bool(torch.isfinite(found).all()))
"""


class Found(NamedTuple):
    """One thing that was looked at; `do` is empty where all is well."""

    what: str
    found: str
    do: str = ""


def asked(*command, seconds: float = 60) -> tuple[bool, str]:
    """Whether a program ends well, and what it says."""
    try:
        done = subprocess.run(
            [str(word) for word in command], capture_output=True, text=True, timeout=seconds, cwd=ROOT
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        return False, type(problem).__name__
    return done.returncode == 0, (done.stdout if done.returncode == 0 else done.stderr).strip()


def memory() -> float | None:
    """Gigabytes of memory, where the system tells it."""
    if sys.platform == "linux":
        with open("/proc/meminfo", encoding="ascii") as file:
            return int(file.readline().split()[1]) / 1e6
    if sys.platform == "darwin":
        well, told = asked("sysctl", "-n", "hw.memsize")
        return int(told) / 1e9 if well else None
    return None


def machine() -> Iterator[Found]:
    """Before anything of the course is looked at."""
    release = platform.release().split("-")[0]  # what follows may be anything
    yield Found("system", f"{platform.system()} {release}, {platform.machine()}, {os.cpu_count()} cores")
    fits = (3, 11) <= sys.version_info[:2] <= (3, 14)
    yield Found("Python", platform.python_version(), "" if fits else "The course is made for Python 3.11 to 3.14.")
    has = memory()
    if has is not None:
        few = "A notebook needs 1.5 GB: close what you do not need, and run one notebook at a time."
        yield Found("memory", f"{has:.0f} GB", few if has < 4 else "")
    free = shutil.disk_usage(ROOT).free / 1e9
    wanted = 1 if PYTHON.exists() else 8 if sys.platform == "linux" else 2
    yield Found("free disk", f"{free:.0f} GB", f"{wanted} GB are wanted: free some space." if free < wanted else "")
    well, told = asked("nvidia-smi", "--query-gpu=name", "--format=csv,noheader")
    yield Found("graphics card", ", ".join(told.splitlines()) if well else "none of NVIDIA's (none is needed)")
    browsers = ("chromium", "chromium-browser", "google-chrome", "chrome")
    yield Found(
        "Chromium, for tests", next(filter(shutil.which, browsers), "not found: tests that need it are skipped")
    )


def course() -> Iterator[Found]:
    """The files of the course."""
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)[1]
    well, commit = asked("git", "log", "-1", "--format=%h of %cs")
    changed = len(asked("git", "status", "--porcelain", "--untracked-files=no")[1].splitlines()) if well else 0
    yield Found("course", f"{version}, {commit if well else 'without git'}, {changed} files changed")
    manifest = json.loads((ROOT / "data" / "weights" / "manifest.json").read_text(encoding="utf-8"))
    good = sum(sha256(ROOT / "data" / "weights" / one["file"]) == one["sha256"] for one in manifest.values())
    mend = "Fetch them again: git checkout -- data"
    yield Found("weights", f"{good} of {len(manifest)} whole", "" if good == len(manifest) else mend)
    with (ROOT / "data" / "photos" / "pictures.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    there = sum((ROOT / "data" / "photos" / row["picture"]).is_file() for row in rows)
    yield Found("photographs", f"{there} of {len(rows)} there", "" if there == len(rows) else mend)
    copies = sorted((ROOT / "my_course").glob("*.ipynb"))
    broken = sum(not whole(copy) for copy in copies)
    mend = "Move a damaged copy out of my_course; course.py lab makes a new one."
    yield Found("working copies", f"{len(copies)}, {broken} damaged", mend if broken else "")


def environment() -> Iterator[Found]:
    """The course's own environment, or none yet."""
    if not PYTHON.exists():
        yield Found("environment", "not set up yet", "python3 course.py lab sets it up.")
        return
    anew = "Delete the folder .venv, then start course.py again: it makes a new one."
    well, told = asked(PYTHON, "-I", "-c", ASK)
    if not well:
        yield Found("environment", f"does not start ({last(told)})", anew)
        return
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").lower().splitlines()
    tested = dict(line.split("==") for line in lines if "==" in line)
    for name, version in (line.split() for line in told.splitlines()):
        other = "" if version.split("+")[0] == tested.get(name) else f" (tested with {tested.get(name)})"
        yield Found(name, version + other, anew if version == "missing" else "")
    well, told = asked(PYTHON, "-c", TRY, seconds=180)
    yield Found(
        "a network is asked",
        "it answers" if well and "True" in told else f"it fails: {last(told)}",
        "" if well else anew,
    )


def readable(part: Callable[[], Iterator[Found]]) -> Iterator[Found]:
    """That part, as far as its files are there."""
    try:
        yield from part()
    except (OSError, ValueError, LookupError) as problem:
        yield Found(f"files of the {part.__name__}", last(str(problem)), "Fetch the course again, or: git checkout .")


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def whole(notebook: Path) -> bool:
    try:
        return "cells" in json.loads(notebook.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False


def last(words: str) -> str:
    """The last line, without anything that tells where or whose this machine is."""
    line = words.splitlines()[-1] if words else "no word"
    for place in (str(ROOT), str(Path.home())):
        line = line.replace(place, "...")
    return re.sub(r"(?:[A-Za-z]:)?[\\/][^\s'\",:]+", "...", line)[:200]


def main() -> int:
    """Print all of it as a table, then what to do."""
    found = [*machine(), *readable(course), *readable(environment)]
    print("| looked at | found |\n|---|---|")
    for one in found:
        print(f"| {one.what} | {one.found}{' **!**' if one.do else ''} |")
    todo = list(dict.fromkeys(f"{one.what}: {one.do}" for one in found if one.do))
    print("\n" + ("\n".join(["What to do:", *(f"- {line}" for line in todo)]) if todo else "All is well."), flush=True)
    return 1 if todo else 0


if __name__ == "__main__":
    sys.exit(main())
