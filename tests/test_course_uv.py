"""Where uv is installed, it may do the installing: same result, and pip where uv cannot. The uv here is a stand-in."""

import importlib.util
import json
import os
import sys
from pathlib import Path

import pytest
from small_course import PROJECT, course, held, paragraph, wheel

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script for Linux and macOS")
STAND_IN = """#!{python}
import json, os, subprocess, sys
from pathlib import Path
with Path({log!r}).open("a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
if os.environ.get("UV_FAILS"):
    sys.exit(print("error: uv is out of breath") or 2)
words = [word for word in sys.argv[4:] if word != "--compile-bytecode"]
print("Resolved 1 package in 3ms", flush=True)
sys.exit(subprocess.call([words[0], "-m", "pip", "install", "-q", *words[1:]]))
"""


@pytest.fixture
def uv(folder, tmp_path, monkeypatch):
    """A course that needs a package, an index for it, and a uv on the path; told what pip is told, but not by pip."""
    shelf, programs, log = tmp_path / "shelf", tmp_path / "programs", tmp_path / "asked"
    shelf.mkdir()
    programs.mkdir()
    for version in ("1", "2"):
        (shelf / f"plain-{version}-py3-none-any.whl").write_bytes(wheel("plain", version))
    project = PROJECT.format(requires=[]).replace('version = "1"', 'version = "1"\ndependencies = ["plain"]')
    (folder / "pyproject.toml").write_text(project)
    (folder / "constraints.txt").write_text(f"--find-links {shelf.as_uri()}\nplain==1\n")
    (programs / "uv").write_text(STAND_IN.format(python=sys.executable, log=str(log)))
    (programs / "uv").chmod(0o755)
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    return log


def test_uv_installs_the_same_and_an_update_is_pips(folder, uv):
    code, output = course(folder, "bench")
    assert code == 0 and "ran" in output, output
    assert held(folder) == {"plain": "1"}  # as the constraints say
    (asked,) = map(json.loads, uv.read_text().splitlines())
    assert asked[:4] == ["pip", "install", "--python", str(folder / ".venv" / "bin" / "python")]
    (folder / "constraints.txt").write_text((folder / "constraints.txt").read_text().replace("plain==1", "plain==2"))
    code, output = course(folder, "bench")
    assert code == 0 and "updating its environment" in output
    assert held(folder) == {"plain": "2"} and len(uv.read_text().splitlines()) == 1  # uv says not when it begins


def test_when_uv_cannot_a_line_says_so_and_pip_goes_on(folder, uv, tmp_path):
    (tmp_path / "programs" / "uv").write_bytes(b"\x7fELF but not for here")
    code, output = course(folder, "bench")
    assert code == 0 and held(folder) == {"plain": "1"}, output
    assert output.count("uv could not do it, so pip does") == 1 and not uv.exists()


def test_what_neither_can_do_ends_in_pips_paragraph(folder, uv):
    code, output = course(folder, "bench", UV_FAILS="yes", FAIL="OSError: [Errno 28] No space left on device")
    (line,) = (line for line in output.splitlines() if "uv could not do it, so pip does" in line)
    assert line.endswith("uv is out of breath")
    assert code == 1 and "The disk is full" in paragraph(output)
    assert not (folder / ".venv").exists()


def test_pip_is_taken_where_that_is_said_or_where_pip_knows_of_another_index(module, uv, tmp_path, monkeypatch):
    python = Path(sys.executable)
    assert module.find_uv(python) == [str(tmp_path / "programs" / "uv")]
    for name in ("COURSE_PIP", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_CERT"):
        with monkeypatch.context() as said:
            said.setenv(name, "something")
            assert module.find_uv(python) == []
    monkeypatch.setattr(sys, "argv", ["course.py", "bench", "--pip"])
    monkeypatch.setattr(module, "environment", lambda build: python)
    monkeypatch.setattr(module, "call", lambda command: 0)
    monkeypatch.setenv("COURSE_PIP", "")  # so that what the option says is gone after the test
    assert module.main() == 0 and module.find_uv(python) == []


def test_a_uv_that_is_no_program_but_a_module_will_do(module, uv, monkeypatch):
    monkeypatch.setattr(module.shutil, "which", lambda name: None)
    there = importlib.util.find_spec
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: name == "uv" or there(name))
    assert module.find_uv(Path(sys.executable)) == [sys.executable, "-m", "uv"]
