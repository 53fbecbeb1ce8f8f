"""Do the oldest packages that pyproject.toml allows still work? python benchmarks/oldest.py FOLDER

Makes an environment in FOLDER that holds every package the course asks for in the oldest version its range allows, and
runs the quick tests in it (half an hour and 6 GB on Linux). What these packages need in turn may be new. With --list
it only prints the versions, one a line, as a constraints file for pip.
"""

import argparse
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def oldest(groups: tuple[str, ...] = ("dev",)) -> list[str]:
    """`torch==2.6` for `torch>=2.6`, for everything that the course and these groups of it ask for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *(line for group in groups for line in project["optional-dependencies"][group])]
    return sorted({re.sub(r">=([\d.]+).*", r"==\1", line.split(";")[0].strip()) for line in asked})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", help="where the environment goes (it stays there)")
    parser.add_argument("--list", action="store_true", help="print the versions and stop")
    options, words = parser.parse_known_args()
    if options.list:
        print("\n".join(oldest()))
        return 0
    if options.folder is None:
        parser.error("name a folder for the environment, or say --list")
    folder = options.folder.resolve()
    subprocess.check_call([sys.executable, "-m", "venv", folder])
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    limits = folder / "oldest.txt"
    limits.write_text("\n".join([*oldest(), ""]), encoding="utf-8")
    pip = [python, "-m", "pip", "--disable-pip-version-check"]
    subprocess.check_call([*pip, "install", "--quiet", "--constraint", limits, "--editable", f"{ROOT}[dev]"])
    subprocess.check_call([*pip, "check"])
    return subprocess.call([python, "-m", "pytest", "-m", "not slow", *words], cwd=ROOT)


if __name__ == "__main__":
    sys.exit(main())
