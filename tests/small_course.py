"""The real course.py in a folder whose package is tiny: it is set up in seconds, and without a network."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = """
[build-system]
requires = {requires}
build-backend = "backend"
backend-path = ["."]
[project]
name = "bagnet-course"
version = "1"
[project.optional-dependencies]
dev = []
"""
BACKEND = """
import os, time, tomllib, zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    if os.environ.get("FAIL"):
        raise SystemExit(os.environ["FAIL"])
    time.sleep(float(os.environ.get("SLOW", 0)))
    name = "bagnet_course-1-py3-none-any.whl"
    with open("pyproject.toml", "rb") as file:
        needs = tomllib.load(file)["project"].get("dependencies", [])
    files = {
        "METADATA": ["Metadata-Version: 2.1", "Name: bagnet-course", "Version: 1", "Provides-Extra: dev"]
        + ["Requires-Dist: " + need for need in needs],
        "WHEEL": ["Wheel-Version: 1.0", "Generator: test", "Root-Is-Purelib: true", "Tag: py3-none-any"],
        "RECORD": [],
    }
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        for file, lines in files.items():
            wheel.writestr("bagnet_course-1.dist-info/" + file, "\\n".join([*lines, ""]))
    return name
"""


def small_course(tmp_path: Path) -> Path:
    """A course of its own in a folder with spaces and letters from elsewhere."""
    place = tmp_path / "Mein Kurs für 学生"
    (place / "benchmarks").mkdir(parents=True)
    shutil.copy(ROOT / "course.py", place)
    (place / "pyproject.toml").write_text(PROJECT.format(requires=[]))
    (place / "backend.py").write_text(BACKEND)
    (place / "constraints.txt").write_text("# nothing\n")
    (place / "benchmarks" / "heatmaps.py").write_text("import sys; print('ran', sys.prefix, sys.argv[1:])")
    return place


def wheel(name: str, version: str, tag: str = "py3-none-any", needs: tuple[str, ...] = ()) -> bytes:
    """A package that holds nothing but its name and what it needs."""
    made, home = BytesIO(), f"{name}-{version}.dist-info"
    told = [
        "Metadata-Version: 2.1",
        f"Name: {name}",
        f"Version: {version}",
        *(f"Requires-Dist: {one}" for one in needs),
    ]
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(f"{home}/METADATA", "\n".join([*told, ""]))
        archive.writestr(f"{home}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
        archive.writestr(f"{home}/RECORD", "")
    return made.getvalue()


def held(folder: Path) -> dict[str, str]:
    """What lies in the environment, and in which version."""
    homes = (home.name.removesuffix(".dist-info").split("-") for home in (folder / ".venv").rglob("*.dist-info"))
    return {name: version for name, version in homes if name not in ("pip", "setuptools", "bagnet_course")}


def take_the_tests_environment(module) -> None:
    """As after a set-up with --here: the Python that runs the tests holds the course already."""
    ready = module.fingerprint(course=str(module.ROOT), python=sys.version, at=sys.prefix)
    (module.ROOT / ".here-ready.json").write_text(json.dumps(ready), encoding="utf-8")


def start(folder: Path, *words: str, **env: str) -> subprocess.Popen:
    command = [sys.executable, str(folder / "course.py"), *words]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "encoding": "utf-8", "errors": "replace"}
    env = {**os.environ, "PYTHONUTF8": "1", **env}
    if os.name != "nt":  # tests in the background hand on that Ctrl-C is ignored; a reader's terminal does not
        pipes["preexec_fn"] = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
    return subprocess.Popen(command, env=env, cwd=folder.parent, start_new_session=True, **pipes)


def course(folder: Path, *words: str, **env: str) -> tuple[int, str]:
    process = start(folder, *words, **env)
    output, _ = process.communicate(timeout=120)
    return process.returncode, output


def paragraph(output: str) -> str:
    assert "Traceback" not in output
    return output.strip().split("\n\n")[-1]


def wait_for(condition, seconds: float = 60):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.05)
