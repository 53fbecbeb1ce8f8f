"""The course packed for a class without a network: whole and reproducible, set up offline, and honest when damaged."""

import base64
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from small_course import PROJECT, ROOT, course, held, paragraph, small_course, wheel
from test_course_torch import index  # noqa: F401

NEEDS = ["torch>=2", "torchvision", "plain", "only-source", "for-windows; sys_platform == 'win32'"]
NEEDS += ["for-old-pythons; python_version < '3.10'"]
SHELF = {  # name, version, what wheels of it there are, what it needs
    ("torch", "9.0"): (["py3-none-any"], ["gpu-libraries; sys_platform == 'linux'"]),
    ("torchvision", "9.1"): (["py3-none-any"], []),
    ("plain", "1"): (["py3-none-any"], ["fast"]),
    ("plain", "2"): (["py3-none-any"], ["fast"]),
    ("fast", "1"): (["py3-none-manylinux_2_17_x86_64", "cp312-cp312-win_amd64", "cp312-abi3-macosx_11_0_arm64"], []),
    ("for_windows", "1"): (["py3-none-win_amd64"], []),
    ("gpu_libraries", "1"): (["py3-none-manylinux_2_28_x86_64"], []),
    ("builds_the_course", "1"): (["py3-none-any"], []),
    ("editables", "1"): (["py3-none-any"], []),
}
HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
OFFLINE = ["unshare", "--net", "--map-root-user"]
SOURCE_BACKEND = """
import base64, pathlib

def build_wheel(folder, config_settings=None, metadata_directory=None):
    pathlib.Path(folder, "only_source-1-py3-none-any.whl").write_bytes(base64.b64decode({content!r}))
    return "only_source-1-py3-none-any.whl"
"""


def source() -> bytes:
    """A package that comes as source alone."""
    backend = SOURCE_BACKEND.format(content=base64.b64encode(wheel("only_source", "1")).decode())
    project = '[build-system]\nrequires = []\nbuild-backend = "made"\nbackend-path = ["."]\n'
    about = "Metadata-Version: 2.1\nName: only-source\nVersion: 1\n"
    made = BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for name, text in {"pyproject.toml": project, "made.py": backend, "PKG-INFO": about}.items():
            entry = tarfile.TarInfo(f"only_source-1/{name}")
            entry.size = len(text.encode())
            archive.addfile(entry, BytesIO(text.encode()))
    return made.getvalue()


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    """A teacher's course, set up, and what is to be had from the network that the teacher has."""
    place = tmp_path_factory.mktemp("teacher")
    folder, shelf = small_course(place), place / "shelf"
    shelf.mkdir()
    for (name, version), (tags, needs) in SHELF.items():
        for tag in tags:
            (shelf / f"{name}-{version}-{tag}.whl").write_bytes(wheel(name, version, tag, needs))
    (shelf / "only_source-1.tar.gz").write_bytes(source())
    project = PROJECT.format(requires=["builds-the-course"])
    (folder / "pyproject.toml").write_text(project.replace('version = "1"', f'version = "1"\ndependencies = {NEEDS}'))
    (folder / "constraints.txt").write_text("torch==9.0\ntorchvision==9.1\nplain==1\n")
    (folder / "docs" / "teach").mkdir(parents=True)
    shutil.copy(ROOT / "docs" / "teach" / "bundle.py", folder / "docs" / "teach")
    (folder / "data" / "downloads").mkdir(parents=True)
    (folder / "data" / "downloads" / "bagnet32-2ddd53ed.pth.tar").write_bytes(b"weights")
    (folder / "data" / "downloads" / "pictures.zip").write_bytes(b"may not be passed on")
    (folder / ".gitignore").write_text(".venv\n__pycache__\ndata/downloads/\ndata/cache/\n")
    for words in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    env = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(shelf), "COURSE_CPU_INDEX": "http://127.0.0.1:9/cpu"}
    return folder, place, env


def pack(teacher, name: str, *words: str, **more: str) -> tuple[Path, str]:
    folder, place, env = teacher
    code, output = course(folder, "bundle", str(place / name), *words, **(env | more))
    assert code == 0, output
    return place / name, output


@pytest.fixture(scope="module")
def packed(teacher):
    """A bundle for this machine."""
    return pack(teacher, "class.zip", "--weights")


def unpacked(bundle: Path, where: Path) -> Path:
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(where)
    return where / "bagnet-course"


def inside(bundle: Path) -> set[str]:
    with zipfile.ZipFile(bundle) as archive:
        assert archive.testzip() is None
        return {name.removeprefix("bagnet-course/") for name in archive.namelist()}


def can_go_offline() -> bool:
    return bool(shutil.which("unshare")) and subprocess.run([*OFFLINE, "true"], capture_output=True).returncode == 0


def alone(folder: Path, *words: str) -> tuple[int, str]:
    """course.py in a world without a network, and without what the teacher's pip was told."""
    if not can_go_offline():
        pytest.skip("this machine makes no network namespaces")
    env = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    env |= {"PIP_CONFIG_FILE": os.devnull, "PYTHONUTF8": "1"}
    command = [*OFFLINE, sys.executable, str(folder / "course.py"), *words]
    done = subprocess.run(command, env=env, stdout=-1, stderr=subprocess.STDOUT, encoding="utf-8", timeout=120)
    return done.returncode, done.stdout


needs_this_machine = pytest.mark.skipif(
    not (sys.platform == "linux" and os.uname().machine == "x86_64"), reason="the stand-ins are for Linux on x86_64"
)


@needs_this_machine
def test_set_up_without_a_network(packed, tmp_path):
    folder = unpacked(packed[0], tmp_path / "ein USB-Stick 学")
    code, output = alone(folder, "bench")
    assert code == 0 and "ran" in output, output
    (line,) = (line for line in output.splitlines() if "folder wheels" in line)
    assert "no network is needed" in line and "PyTorch's index" not in output
    ones = dict.fromkeys(("plain", "fast", "only_source", "gpu_libraries"), "1")
    assert held(folder) == {"torch": "9.0", "torchvision": "9.1", **ones}
    assert (folder / "data/downloads/bagnet32-2ddd53ed.pth.tar").read_bytes() == b"weights"
    code, output = alone(folder, "bench")
    assert code == 0 and "wheels" not in output


@needs_this_machine
def test_what_is_in_it(packed):
    bundle, output = packed
    names = inside(bundle)
    assert {"course.py", "pyproject.toml", "START_HERE.txt", "wheels/builds_the_course-1-py3-none-any.whl"} <= names
    assert not {name for name in names if name.startswith((".git/", ".venv", "data/cache")) or "pictures.zip" in name}
    assert not {name for name in names if "win_amd64" in name or "macosx" in name or "for_" in name}
    with zipfile.ZipFile(bundle) as archive:
        listed = json.loads(archive.read("bagnet-course/wheels/bundle.json"))
        assert {f"wheels/{name}" for name in listed["sha256"]} == {name for name in names if name.endswith(".whl")}
        assert f"linux-x86_64 with Python {HERE}" in archive.read("bagnet-course/START_HERE.txt").decode()
        kinds = {info.filename[-3:]: info.compress_type for info in archive.infolist()}
        assert kinds["whl"] == zipfile.ZIP_STORED  # large, and packed already
    assert "PyTorch's index of builds without GPU libraries gives none" in output
    assert re.search(r"class\.zip: 0\.00 GB, 8 packages for .*, packed in \d+ s\. SHA-256 [0-9a-f]{64}", output), output


@needs_this_machine
def test_pytorch_without_gpu_libraries_is_packed_where_its_index_can_be_reached(teacher, index):  # noqa: F811
    env = {"PIP_NO_INDEX": "0", "PIP_INDEX_URL": f"{index}/empty", "COURSE_CPU_INDEX": f"{index}/whole"}
    bundle, output = pack(teacher, "lean.zip", **env)
    wheels = {name for name in inside(bundle) if name.endswith(".whl")}
    assert {"wheels/torch-9.0+cpu-py3-none-any.whl", "wheels/torchvision-9.1+cpu-py3-none-any.whl"} <= wheels
    assert not {name for name in wheels if "gpu" in name or "torch-9.0-" in name}
    assert "gives none" not in output


def test_for_other_systems_and_pythons(teacher, tmp_path):
    words = ["--systems", "windows-x86_64,macos-arm64", "--python", "3.12"]
    bundle, _ = pack(teacher, "others.zip", *words)
    wheels = {name.removeprefix("wheels/") for name in inside(bundle) if name.endswith(".whl")}
    assert {"for_windows-1-py3-none-win_amd64.whl", "fast-1-cp312-cp312-win_amd64.whl"} <= wheels
    assert {"fast-1-cp312-abi3-macosx_11_0_arm64.whl", "only_source-1-py3-none-any.whl"} <= wheels
    assert not {name for name in wheels if "linux" in name or "gpu" in name}
    code, output = course(unpacked(bundle, tmp_path), "bench", **teacher[2])
    told = paragraph(output)
    if HERE != "3.12" or sys.platform == "linux":
        assert code == 1 and "windows-x86_64 with Python 3.12, macos-arm64 with Python 3.12, and this is" in told
        assert f"with Python {HERE}. Start course.py with such a Python, or move the folder away" in told
        assert not (tmp_path / "bagnet-course" / ".venv").exists()
    assert pack(teacher, "again.zip", *words)[0].read_bytes() == bundle.read_bytes()


@needs_this_machine
@pytest.mark.parametrize("harm", ["shorter", "altered", "missing"])
def test_a_damaged_package_is_named_before_anything_is_installed(packed, tmp_path, harm):
    folder = unpacked(packed[0], tmp_path)
    file = folder / "wheels" / "plain-1-py3-none-any.whl"
    content = file.read_bytes()
    file.write_bytes(content[:-9] if harm == "shorter" else content[:-1] + b"!")
    if harm == "missing":
        file.unlink()
    code, output = course(folder, "bench")
    how = "missing" if harm == "missing" else "damaged"
    assert code == 1 and f"{file.name} in the folder wheels is {how}. Unpack the bundle once more" in paragraph(output)
    assert not (folder / ".venv").exists()


@needs_this_machine
def test_what_was_not_packed_is_said(packed, tmp_path):
    folder = unpacked(packed[0], tmp_path)
    project = (folder / "pyproject.toml").read_text()
    (folder / "pyproject.toml").write_text(project.replace("'plain'", "'plain', 'came-later'"))
    code, output = course(folder, "bench")
    assert code == 1 and "does not hold all that is wanted here. Ask for a bundle that does" in paragraph(output)


@pytest.mark.parametrize(
    "words, told",
    [
        (["a.tar"], "name a file that ends in .zip"),
        (["a.zip", "--systems", "amiga"], "cannot pack for amiga with Python"),
        (["a.zip", "--with", "cake"], "no group 'cake'. Its groups: dev"),
        (["a.zip", "--systems", "linux-aarch64"], "There is no build of gpu-libraries for linux-aarch64 with Python"),
    ],
)
def test_what_cannot_be_packed_is_said_in_a_line_and_leaves_nothing(teacher, words, told):
    folder, place, env = teacher
    code, output = course(folder, "bundle", str(place / words[0]), *words[1:], **env)
    assert code == 1 and told in paragraph(output), output
    assert not list(place.glob("a.*")) and not list((folder / "data" / "cache").glob("*"))


# ---------------------------------------------------------------- how the file is written


@pytest.fixture
def module():
    spec = importlib.util.spec_from_file_location("bundle_in_test", ROOT / "docs" / "teach" / "bundle.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_an_interrupted_bundle_leaves_the_last_one_whole(module, tmp_path, monkeypatch):
    (tmp_path / "text").write_text("words")
    (tmp_path / "class.zip").write_text("the last one")

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(module.shutil, "copyfileobj", interrupted)
    with pytest.raises(KeyboardInterrupt):
        module.write(tmp_path / "class.zip", {"text": tmp_path / "text"})
    assert (tmp_path / "class.zip").read_text() == "the last one"
    assert {file.name for file in tmp_path.iterdir()} == {"text", "class.zip"}


def test_a_file_too_large_for_old_sticks_is_said_before(module, tmp_path, monkeypatch, capsys):
    (tmp_path / "text").write_text("words")
    module.write(tmp_path / "class.zip", {"text": tmp_path / "text"})
    assert "FAT32" not in capsys.readouterr().out
    monkeypatch.setattr(module, "FAT32", 4)
    module.write(tmp_path / "class.zip", {"text": tmp_path / "text"})
    assert "FAT32 holds no file over 4.2 GB. Format the stick as exFAT; or unpack" in capsys.readouterr().out
