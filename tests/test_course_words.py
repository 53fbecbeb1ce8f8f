"""course.py when something is wrong: it says what, and what to do, in a paragraph; and its menu."""

import errno
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest
from small_course import ROOT, course, paragraph


@pytest.mark.parametrize("missing", ["venv", "ensurepip"])
def test_python_without_venv(module, missing, monkeypatch, capsys):
    there = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == missing else there(name))
    assert module.main() == 1
    assert f"its module {missing}" in (told := paragraph(capsys.readouterr().err)) and "python3-venv" in told
    assert not module.VENV.exists()


def test_here_without_pip(module, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["course.py", "--here", "bench"])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert module.main() == 1
    assert "no pip" in paragraph(capsys.readouterr().err)


def test_here_uses_this_python_and_makes_no_environment(module, monkeypatch):
    asked = []
    monkeypatch.setattr(module, "step", lambda command, **_: asked.append(command))
    monkeypatch.setattr(module, "call", lambda command: asked.append(command) or 0)
    monkeypatch.setattr(sys, "argv", ["course.py", "bench", "--here"])
    assert module.main() == 0 and module.main() == 0
    installs = [words for words in asked if "pip" in words]
    assert len(installs) == 1 and installs[0][0] == sys.executable and "constraints.txt" not in installs[0]
    assert asked[-1][0] == Path(sys.executable)
    assert not module.VENV.exists()


def test_what_builds_the_site_is_installed_when_it_is_first_asked_for(module, monkeypatch, capsys):
    asked, there = [], []
    monkeypatch.setattr(module, "step", lambda command, **_: asked.append(command) or there.append("sphinx"))
    monkeypatch.setattr(module, "call", lambda command: asked.append(command) or 0)
    monkeypatch.setattr(module.subprocess, "call", lambda command, **_: 0 if there else 1)
    python = module.VENV / "bin" / "python"
    assert module.site(python, ["--pdf"]) == 0
    assert "Installing what builds the website" in capsys.readouterr().out
    assert module.site(python, []) == 0 and "Installing" not in capsys.readouterr().out
    installs = [words for words in asked if "pip" in words]
    assert len(installs) == 1 and ".[site]" in installs[0] and "constraints.txt" in installs[0]
    assert asked[1][1].name == "build.py" and asked[1][2:] == ["--pdf"]


def test_a_disk_without_locks_does_not_stop_the_course(module, monkeypatch):
    fcntl = pytest.importorskip("fcntl")

    def no_locks(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with module.one_at_a_time():
        pass


def test_a_folder_in_use_is_left_whole(module, monkeypatch):
    module.VENV.mkdir()
    (module.VENV / "course-made-this").touch()
    monkeypatch.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(PermissionError("in use")))
    with pytest.raises(module.Trouble, match="in use, perhaps by an open JupyterLab"):
        module.remove(module.VENV)
    assert (module.VENV / "course-made-this").exists()


def test_python_too_old(folder):
    old = f"import sys, runpy; sys.version_info = (3, 9, 0); runpy.run_path({str(folder / 'course.py')!r})"
    result = subprocess.run([sys.executable, "-c", old], capture_output=True, text=True)
    assert result.returncode == 1
    assert "needs Python 3.11 or newer, but this is Python 3.9" in paragraph(result.stderr)


def test_a_very_old_python_can_read_the_file_as_far_as_that_sentence():
    import ast

    ast.parse((ROOT / "course.py").read_text(encoding="utf-8"), feature_version=(3, 10))
    before = (ROOT / "course.py").read_text(encoding="utf-8").split("sys.exit(")[0]
    assert re.findall(r"^(?:import|from) .*", before, re.MULTILINE) == ["import sys"]


@pytest.mark.parametrize(
    "words, told",
    [
        ("ERROR: No matching distribution found for torch>=2.6", "no build for Python"),
        ("error: externally-managed-environment", "belongs to the operating system"),
        ("PermissionError: [Errno 13] Permission denied: '/x'", "may not be written to"),
        ("NewConnectionError ...\nERROR: No matching distribution found for torch", "could not be downloaded"),
        ("ERROR: ResolutionImpossible: for help visit ...", "no build for Python"),
        ("ERROR: Could not find a version that satisfies torch>=2.6 (from versions: 1.0, 2.0)", "no build for Python"),
        ("something nobody foresaw", "something nobody foresaw"),
    ],
)
def test_reasons_are_one_paragraph_with_a_cure(module, words, told):
    assert told in (reason := module.reason(words))
    assert "\n" not in reason and "  " not in reason


def test_a_folders_name_is_no_reason(module):
    assert "no network" not in module.reason(f"Obtaining {module.ROOT.as_uri()}\nERROR: odd, in {module.ROOT}")


def test_the_menu_names_every_verb(folder):
    code, output = course(folder)
    assert code == 0
    for verb in ("lab", "progress", "test", "run", "train", "claims", "leaks", "choices", "stickers", "bench"):
        assert re.search(rf"^  {verb}\s+\w", output, re.MULTILINE)
    assert course(folder, "dance")[0] == 2
    code, output = course(folder, "lab", "--colour", "red")
    assert code == 2 and "--colour" in output
    code, output = course(folder, "lab", "--port", "99999")
    assert code == 1 and "Port 99999 cannot be used" in paragraph(output)
    (folder / "here.txt").touch()
    for name in ("nothere.ipynb", str(folder / "here.txt"), str(folder)):
        code, output = course(folder, "run", name)
        assert code == 1 and len(output.strip().splitlines()) == 1, output
        assert f"there is no notebook {name}. Name files" in output
    assert not (folder / ".venv").exists()  # all of that was said before any set-up
    assert "ran" in course(folder, "bench", "--help")[1]  # what follows a verb is the verb's
