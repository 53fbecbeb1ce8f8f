"""Where uv is installed, it may do the installing: same result, and pip where uv cannot. The uv here is a stand-in."""

import os
import sys

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


def test_uv_installs_the_same_and_later_starts_do_not_ask_it(folder, uv):
    code, output = course(folder, "bench")
    assert code == 0 and "ran" in output, output
    assert held(folder) == {"plain": "1"}  # as the constraints say
    (asked,) = uv.read_text().splitlines()
    assert '"--constraint", "constraints.txt", "--editable", ".[dev]"' in asked
    assert str(folder / ".venv").encode("ascii", "backslashreplace").decode() in asked
    assert course(folder, "bench")[0] == 0 and len(uv.read_text().splitlines()) == 1


def test_an_update_is_pips_for_uv_does_not_say_when_it_begins(folder, uv):
    course(folder, "bench")
    (folder / "constraints.txt").write_text((folder / "constraints.txt").read_text().replace("plain==1", "plain==2"))
    code, output = course(folder, "bench")
    assert code == 0 and "updating its environment" in output
    assert held(folder) == {"plain": "2"} and len(uv.read_text().splitlines()) == 1


def test_when_uv_fails_a_line_says_so_and_pip_goes_on(folder, uv):
    code, output = course(folder, "bench", UV_FAILS="yes")
    assert code == 0 and held(folder) == {"plain": "1"}, output
    (line,) = (line for line in output.splitlines() if "uv could not do it, so pip does" in line)
    assert line.endswith("uv is out of breath")


def test_what_neither_can_do_ends_in_pips_paragraph(folder, uv):
    code, output = course(folder, "bench", FAIL="OSError: [Errno 28] No space left on device")
    assert code == 1 and "The disk is full" in paragraph(output)
    assert not (folder / ".venv").exists()


@pytest.mark.parametrize("how", ["said", "environment", "another index", "a broken program"])
def test_pip_is_taken_instead(folder, uv, tmp_path, how):
    words, env = ["--pip"] if how == "said" else [], {}
    if how == "environment":
        env = {"COURSE_PIP": "1"}
    if how == "another index":  # which uv would not know of
        env = {"PIP_EXTRA_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"}
    if how == "a broken program":
        (tmp_path / "programs" / "uv").write_bytes(b"\x7fELF but not for here")
    code, output = course(folder, "bench", *words, **env)
    assert code == 0 and held(folder) == {"plain": "1"}, output
    assert not uv.exists() and ("uv could not do it" in output) == (how == "a broken program")
