"""course.py doctor: it says what is wrong and what to do, needs no environment, and gives nobody away."""

import getpass
import json
import platform
import shutil
from pathlib import Path

import pytest
from small_course import ROOT, course

from bagnet_utils import doctor


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A course with one network and one photograph, not set up yet."""
    for name in ("data/weights", "data/photos/test", "my_course", "bagnet_utils"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text('version = "1.2"\n')
    (tmp_path / "constraints.txt").write_text("torch==9.0\nnumpy==8.0\n")
    net = tmp_path / "data/weights/net.safetensors"
    net.write_bytes(b"weights")
    manifest = {"net": {"file": net.name, "sha256": doctor.sha256(net)}}
    (tmp_path / "data/weights/manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "data/photos/pictures.csv").write_text("picture,sha256,has a twin\ntest/a.jpg,0,\n")
    (tmp_path / "data/photos/test/a.jpg").touch()
    monkeypatch.setattr(doctor, "ROOT", tmp_path)
    monkeypatch.setattr(doctor, "PYTHON", tmp_path / ".venv/bin/python")
    return tmp_path


def told(capsys) -> tuple[int, str]:
    code = doctor.main()
    return code, capsys.readouterr().out


def test_on_this_machine_all_is_found_and_nobody_is_given_away(capsys):
    _, said = told(capsys)
    assert f"| Python | {platform.python_version()} |" in said and "| weights | " in said and "2949 of 2949" in said
    assert "it answers" in said or "not set up yet" in said
    for secret in (str(ROOT), str(Path.home()), platform.node(), getpass.getuser()):
        assert secret in ("", "/", "root") or secret not in said


def test_what_is_missing_or_damaged_is_told_with_what_to_do(place, capsys):
    code, said = told(capsys)
    assert (
        code == 1 and "| weights | 1 of 1 whole |" in said and "environment: python3 course.py lab sets it up" in said
    )
    (place / "data/weights/net.safetensors").write_bytes(b"cut")
    (place / "data/photos/test/a.jpg").unlink()
    (place / "my_course/00.ipynb").write_text("{}")
    code, said = told(capsys)
    todo = said.split("What to do:")[1]
    assert code == 1 and "0 of 1 whole **!**" in said and "1, 1 damaged **!**" in said
    assert (
        "weights: Fetch them again" in todo
        and "photographs: Fetch them again" in todo
        and "working copies: Move" in todo
    )


@pytest.mark.skipif(shutil.which("sh") is None, reason="the stand-in for Python is a shell script")
def test_an_environment_that_is_not_whole_is_found_out(place, capsys):
    doctor.PYTHON.parent.mkdir(parents=True)
    doctor.PYTHON.write_text(
        '#!/bin/sh\ncase "$1" in -I) echo "torch 9.0+cpu"; echo "numpy missing";; *) exit 1;; esac\n'
    )
    doctor.PYTHON.chmod(0o755)
    code, said = told(capsys)
    assert code == 1 and "| torch | 9.0+cpu |" in said and "| numpy | missing (tested with 8.0) **!** |" in said
    assert "it fails" in said and "Delete the folder .venv" in said
    doctor.PYTHON.write_text("no program")
    assert "does not start" in told(capsys)[1]


@pytest.mark.parametrize(
    "line", ["OSError: /home/kim min/x.py is away", r"ImportError: C:\Users\kim\x.dll", f"No {Path.home()} here"]
)
def test_errors_lose_their_paths(line):
    said = doctor.last(f"Traceback\n{line}")
    assert "..." in said and "kim/" not in said and "Users" not in said and str(Path.home()) not in said


def test_it_needs_no_environment_and_makes_none(folder):
    shutil.copytree(ROOT / "bagnet_utils", folder / "bagnet_utils", ignore=shutil.ignore_patterns("__pycache__"))
    code, output = course(folder, "doctor")
    assert code == 1 and not (folder / ".venv").exists() and "Setting up" not in output
    assert "Traceback" not in output and "files of the course: Fetch the course again" in output
