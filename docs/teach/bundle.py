"""The course and all its packages in one file, for a class without a network: python3 course.py bundle FILE

docs/offline.md says how a teacher uses it. In the file, the folder `wheels` beside course.py holds the packages: where
course.py finds it, it sets itself up from there and asks no network.
"""

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
import course  # noqa: E402

FAT32 = 2**32 - 1  # bytes that a file may have on a stick with the oldest format
TOP = "bagnet-course"  # the folder in the bundle
# What fits Linuxes since 2018, the best first; and then, for want of these, what needs one of 2022, the oldest first.
LINUX = [f"manylinux_2_{minor}" for minor in range(28, 4, -1)] + ["manylinux2014", "manylinux2010", "manylinux1"]
LINUX += [f"manylinux_2_{minor}" for minor in range(29, 36)]
SYSTEMS = {  # the names that wheels for it bear, and what a package asks about the system it is on
    "linux-x86_64": ([f"{name}_x86_64" for name in LINUX], ("posix", "linux", "Linux", "x86_64")),
    "linux-aarch64": ([f"{name}_aarch64" for name in LINUX], ("posix", "linux", "Linux", "aarch64")),
    "macos-arm64": (["macosx_14_0_arm64"], ("posix", "darwin", "Darwin", "arm64")),
    "windows-x86_64": (["win_amd64"], ("nt", "win32", "Windows", "AMD64")),
}
# pip asks the machine it runs on whether a package is wanted "on Windows only"; this has it ask the one it packs for.
PIP_ELSEWHERE = """
import json, sys
from pip._vendor.packaging import markers
here, there = markers.default_environment, json.loads(sys.argv.pop(1))
markers.default_environment = lambda: {**here(), **there}
from pip._internal.cli.main import main
sys.exit(main())
"""
README = """THE BAGNET COURSE, WITH ALL ITS PACKAGES

1. Copy this file's folder to the computer's own disk. Leave {gb} GB free there.
2. Python must be on the computer. The packages here are for
   {systems}
   If it is not there, install it from python.org: bring its installer on the stick, too.
3. Open a terminal in this folder and say

   python3 course.py lab        (on Windows: py course.py lab)

The first start takes a few minutes and needs no network: it takes the packages from the folder "wheels", and first
checks each of them against its SHA-256 in wheels/bundle.json. Then the course opens in the browser. Nothing leaves
the computer. docs/offline.md tells teachers more.
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="course.py bundle", description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, help="what to write: a name that ends in .zip")
    here, python = course.this_system().split(" with Python ")
    parser.add_argument("--systems", default=here, help=f"of {', '.join(SYSTEMS)}, with commas (default: {here})")
    parser.add_argument("--python", default=python, help=f"for example 3.11,3.12 (default: {python})")
    parser.add_argument("--with", dest="extras", default="", metavar="GROUPS", help="site, teach: their packages, too")
    parser.add_argument("--weights", action="store_true", help="the published networks from data/downloads, too")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, course.stop)
    try:
        pack(options, [name for name in options.extras.split(",") if name])
    except (course.Trouble, OSError) as trouble:
        print(f"\n{trouble}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. Nothing half-made is left; the same line starts again.", file=sys.stderr)
        return 1
    return 0


def pack(options: argparse.Namespace, extras: list[str]) -> None:
    started, target = time.monotonic(), options.file.resolve()
    targets = [(system, python) for system in options.systems.split(",") for python in options.python.split(",")]
    check(target, targets)
    files = {name: ROOT / name for name in tracked()}
    if options.weights:
        weights = [file for file in (ROOT / "data" / "downloads").glob("*.pth*") if not file.name.endswith(".part")]
        course.say(f"{len(weights)} published networks in data/downloads: they come along.")
        files |= {f"data/downloads/{file.name}": file for file in weights}
    workshop = ROOT / "data" / "cache"
    workshop.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bundle-", dir=workshop) as folder:
        wheels, requirements = Path(folder, "wheels"), Path(folder, "wanted.txt")
        wheels.mkdir()
        requirements.write_text("\n".join(wanted(extras)), encoding="utf-8")
        for system, python in targets:
            fetch(system, python, wheels, requirements)
        if course.this_system() in {f"{system} with Python {python}" for system, python in targets}:
            trial = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-index"]
            trial += ["--find-links", str(wheels), "--constraint", "constraints.txt", "--editable", ".[dev]"]
            course.step(trial, "trying the set-up from these packages")
        packed = {file.name: file for file in sorted(wheels.iterdir())}
        names = [f"{system} with Python {python}" for system, python in targets]
        listed = {"for": names, "sha256": {name: course.digest(file) for name, file in packed.items()}}
        (Path(folder) / "bundle.json").write_text(json.dumps(listed, indent=1), encoding="utf-8")
        words = README.format(gb=course.GIGABYTES, systems="\n   ".join(names))
        (Path(folder) / "START_HERE.txt").write_text(words, encoding="utf-8")
        files |= {name: Path(folder) / name.rsplit("/")[-1] for name in ("START_HERE.txt", "wheels/bundle.json")}
        files |= {f"wheels/{name}": file for name, file in packed.items()}
        write(target, files)
    size, digest = target.stat().st_size / 1e9, course.digest(target)
    course.say(
        f"{target}: {size:.2f} GB, {len(packed)} packages for {', '.join(names)}, packed in "
        f"{time.monotonic() - started:.0f} s. SHA-256 {digest}"
    )


def check(target: Path, targets: list[tuple[str, str]]) -> None:
    for system, python in targets:
        if system not in SYSTEMS or not re.fullmatch(r"3\.\d+", python):
            raise course.Trouble(
                f"course.py bundle cannot pack for {system} with Python {python}. Systems: {', '.join(SYSTEMS)}; "
                "Pythons as 3.11 or 3.11,3.12."
            )
    if target.suffix != ".zip" or target.is_dir() or not target.parent.is_dir():
        raise course.Trouble(f"{target} cannot be written: name a file that ends in .zip, in a folder that is there.")


def tracked() -> list[str]:
    """The course's own files, as git knows them."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    except (OSError, subprocess.CalledProcessError):
        raise course.Trouble(
            "course.py bundle asks git which files are the course's, and git does not know this folder. Get the course "
            "with git clone, and pack it there."
        ) from None
    return sorted(name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file())


def wanted(extras: list[str]) -> list[str]:
    """What pip is asked for: the course's packages, those of the groups, and what builds the course itself.

    hatchling asks for editables when the course is installed where it lies.
    """
    said = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = said["project"].get("optional-dependencies", {})
    for name in extras:
        if name not in groups:
            raise course.Trouble(f"pyproject.toml has no group {name!r}. Its groups: {', '.join(sorted(groups))}.")
    lists = [said["build-system"]["requires"], ["editables"], said["project"].get("dependencies", [])]
    return [line for asked in [*lists, *(groups[name] for name in ("dev", *extras))] for line in asked]


def fetch(system: str, python: str, wheels: Path, requirements: Path) -> None:
    """All packages for one system and one Python."""
    names, (os_name, sys_platform, platform_system, machine) = SYSTEMS[system]
    newest = f"{python}.99"  # some packages do not fit the first ones of a series, such as 3.11.2
    there = {"os_name": os_name, "sys_platform": sys_platform, "platform_system": platform_system}
    there |= {"platform_machine": machine, "python_version": python, "python_full_version": newest}
    pip = [sys.executable, "-c", PIP_ELSEWHERE, json.dumps(there), "download", "--disable-pip-version-check"]
    pip += ["--only-binary=:all:", "--implementation=cp", f"--python-version={newest}"]
    pip += [f"--abi={abi}" for abi in (f"cp{python.replace('.', '')}", "abi3", "none")]
    pip += [f"--platform={name}" for name in names]
    if system.startswith("linux"):
        without_gpu_libraries(pip, wheels, f"{system} with Python {python}")
    pip += ["--dest", str(wheels), "--find-links", str(wheels), "--constraint", str(ROOT / "constraints.txt")]
    built = set()
    while True:
        try:
            return course.step([*pip, "--requirement", str(requirements)], f"fetching for {system}, Python {python}")
        except course.Trouble as trouble:
            missing = re.search(
                r"(?:distribution found for|requested \(constraint\)) ([^\s;]+)", str(trouble.__cause__)
            )
            if not missing:
                raise
            if missing[1] in built:
                raise course.Trouble(f"There is no build of {missing[1]} for {system} with Python {python}.") from None
            built.add(missing[1])  # perhaps it is only to be had as source
            build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", str(wheels), missing[1]]
            course.step(build, f"building {missing[1]}")


def without_gpu_libraries(pip: list[str], wheels: Path, where: str) -> None:
    """PyTorch for Linux, without 3 GB of libraries for graphics cards, if PyTorch's own index gives it."""
    if not (pins := course.pytorch_pins()):
        return
    apart = wheels.with_name("pytorch")
    try:
        if not course.answers(f"{course.CPU_INDEX}/torch/"):
            raise course.Trouble
        command = [*pip, "--no-deps", "--retries=0", "--timeout=9", "--index-url", course.CPU_INDEX, *pins]
        course.step([*command, "--dest", str(apart)], f"fetching PyTorch without GPU libraries for {where}")
        for file in apart.iterdir():
            file.replace(wheels / file.name)
    except course.Trouble:
        course.say("PyTorch's index of builds without GPU libraries gives none: the ordinary one is packed, 3 GB more.")


def write(target: Path, files: dict[str, Path]) -> None:
    """The bundle, under its name only when it is whole. The same files give the same bytes."""
    size = sum(file.stat().st_size for file in files.values())
    if size > FAT32:
        course.say(
            f"The bundle will have about {size / 1e9:.1f} GB, and a stick in the old format FAT32 holds no file over "
            "4.2 GB. Format the stick as exFAT; or unpack the bundle here and copy the folder, whose files are smaller."
        )
    part = target.with_name(target.name + ".part")
    try:
        with zipfile.ZipFile(part, "w") as archive:
            for name, file in files.items():
                entry = zipfile.ZipInfo(f"{TOP}/{name}")  # as of 1980, so that time leaves no trace
                entry.create_system, entry.external_attr, entry.file_size = 3, 0o644 << 16, file.stat().st_size
                entry.compress_type = zipfile.ZIP_STORED if file.suffix == ".whl" else zipfile.ZIP_DEFLATED
                with file.open("rb") as content, archive.open(entry, "w") as place:
                    shutil.copyfileobj(content, place, 2**20)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
