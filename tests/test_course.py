"""course.py on a fresh machine: it sets up, repairs itself, and says what is wrong in a paragraph.

The real set-up takes minutes and gigabytes. These tests run the real course.py on a folder whose package is tiny:
its build backend is the few lines below, so no network is needed.
"""

import errno
import importlib.util
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest

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
import os, time, zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    if os.environ.get("FAIL"):
        raise SystemExit(os.environ["FAIL"])
    time.sleep(float(os.environ.get("SLOW", 0)))
    name = "bagnet_course-1-py3-none-any.whl"
    files = {
        "METADATA": ["Metadata-Version: 2.1", "Name: bagnet-course", "Version: 1", "Provides-Extra: dev"],
        "WHEEL": ["Wheel-Version: 1.0", "Generator: test", "Root-Is-Purelib: true", "Tag: py3-none-any"],
        "RECORD": [],
    }
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        for file, lines in files.items():
            wheel.writestr("bagnet_course-1.dist-info/" + file, "\\n".join([*lines, ""]))
    return name
"""


@pytest.fixture
def folder(tmp_path) -> Path:
    """A course of its own in a folder with spaces and letters from elsewhere."""
    place = tmp_path / "Mein Kurs für 学生"
    (place / "benchmarks").mkdir(parents=True)
    shutil.copy(ROOT / "course.py", place)
    (place / "pyproject.toml").write_text(PROJECT.format(requires=[]))
    (place / "backend.py").write_text(BACKEND)
    (place / "constraints.txt").write_text("# nothing\n")
    (place / "benchmarks" / "heatmaps.py").write_text("import sys; print('ran', sys.prefix, sys.argv[1:])")
    return place


def start(folder: Path, *words: str, **env: str) -> subprocess.Popen:
    command = [sys.executable, str(folder / "course.py"), *words]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "encoding": "utf-8", "errors": "replace"}
    env = {**os.environ, "PYTHONUTF8": "1", **env}
    if (
        os.name != "nt"
    ):  # a test run in the background hands on that Ctrl-C is to be ignored; a reader's terminal does not
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


def test_sets_up_once_then_starts_at_once(folder):
    code, output = course(folder, "bench", "--device", "cpu")
    assert code == 0, output
    assert "Setting up the course" in output and "['--device', 'cpu']" in output
    assert f"ran {folder / '.venv'}" in output  # spaces and all
    started = time.monotonic()
    code, output = course(folder, "bench")
    assert code == 0 and "Setting up" not in output
    assert time.monotonic() - started < 2
    settings = folder / ".venv/share/jupyter/lab/settings/overrides.json"
    assert json.loads(settings.read_text())  # JupyterLab asks nothing at its first start


@pytest.mark.skipif(os.name == "nt", reason="signals as on Linux and macOS")
def test_interrupted_set_up_is_repaired(folder):
    process = start(folder, "bench", SLOW="60")
    wait_for(lambda: (folder / ".venv" / "pyvenv.cfg").exists() and any((folder / ".venv").rglob("pip/__init__.py")))
    code, output = course(folder, "bench")  # a second one beside it
    assert code == 1 and "Another course.py is setting up" in paragraph(output)
    started = psutil.Process(process.pid).children(recursive=True)
    for running in [process, *started]:
        running.kill()  # as when the battery runs out
    psutil.wait_procs(started)
    process.communicate()
    (folder / ".venv" / "half-made").touch()
    code, output = course(folder, "bench")
    assert code == 0, output
    assert "Setting up the course" in output and not (folder / ".venv" / "half-made").exists()


@pytest.mark.skipif(os.name == "nt", reason="signals as on Linux and macOS")
def test_what_outlives_a_killed_set_up_is_waited_for(folder):
    process = start(folder, "bench", SLOW="60")
    wait_for(lambda: (folder / ".venv" / "pyvenv.cfg").exists() and any((folder / ".venv").rglob("pip/__init__.py")))
    orphans = psutil.Process(process.pid).children(recursive=True)
    process.kill()  # alone: what it started goes on writing into .venv
    code, output = course(folder, "bench")
    assert code == 1 and "Another course.py is setting up" in paragraph(output)
    for orphan in orphans:
        orphan.kill()
    process.communicate()
    psutil.wait_procs(orphans)
    assert course(folder, "bench")[0] == 0


@pytest.mark.skipif(os.name == "nt", reason="signals as on Linux and macOS")
def test_ctrl_c_leaves_nothing_half_made(folder):
    process = start(folder, "bench", SLOW="60")
    wait_for(lambda: (folder / ".venv" / "pyvenv.cfg").exists())
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Interrupted. Nothing half-made" in paragraph(output)
    assert not (folder / ".venv").exists()


def test_no_network(folder):
    (folder / "pyproject.toml").write_text(PROJECT.format(requires=["a-package-from-the-network"]))
    closed = "http://127.0.0.1:9/simple"
    env = {"PIP_INDEX_URL": closed, "PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "1", "PIP_NO_CACHE_DIR": "1"}
    code, output = course(folder, "bench", **env)
    assert code == 1
    assert "could not be downloaded: no network" in paragraph(output)
    assert not (folder / ".venv").exists()


def test_disk_full(folder):
    code, output = course(folder, "bench", FAIL="OSError: [Errno 28] No space left on device")
    assert code == 1
    assert "The disk is full" in paragraph(output) and str(folder) in paragraph(output)
    assert not (folder / ".venv").exists()


def test_update_in_place_and_without_a_network_go_on(folder):
    course(folder, "bench")
    (folder / ".venv" / "still-the-same").touch()
    (folder / "constraints.txt").write_text("# something new\n")
    code, output = course(folder, "bench", FAIL="ConnectionError: unreachable")
    assert code == 0 and "Going on with the environment as it was" in output and "ran" in output
    code, output = course(folder, "bench")
    assert code == 0 and "updating its environment" in output
    assert (folder / ".venv" / "still-the-same").exists()
    code, output = course(folder, "bench")
    assert code == 0 and "updating" not in output


def test_an_environment_of_the_users_own_is_left_alone(folder):
    (folder / ".venv").mkdir()
    (folder / ".venv" / "mine").touch()
    code, output = course(folder, "bench")
    assert code == 1 and "it is left alone" in paragraph(output)
    assert (folder / ".venv" / "mine").exists()


@pytest.mark.skipif(os.name == "nt", reason="signals as on Linux and macOS")
def test_being_told_to_stop_stops_the_set_up_and_what_it_started(folder):
    process = start(folder, "bench", SLOW="60")
    wait_for(lambda: (folder / ".venv" / "pyvenv.cfg").exists() and any((folder / ".venv").rglob("pip/__init__.py")))
    os.kill(process.pid, signal.SIGTERM)  # to course.py alone
    output, _ = process.communicate(timeout=30)  # ends only when nobody holds its output any more, pip included
    assert process.returncode == 1 and "Nothing half-made" in paragraph(output)
    assert not (folder / ".venv").exists()


def test_a_path_that_the_terminal_cannot_write(folder):
    (folder / "benchmarks" / "heatmaps.py").write_text("print('ran')")
    code, output = course(folder, "bench", PYTHONIOENCODING="cp1252", PYTHONUTF8="0")
    assert code == 0 and "Traceback" not in output


def test_an_environment_of_another_system_is_made_anew(folder):
    course(folder, "bench")
    python = next((folder / ".venv").glob("bin/python"), None) or folder / ".venv/Scripts/python.exe"
    python.unlink()
    python.write_bytes(b"not a program of this system")
    python.chmod(0o755)
    code, output = course(folder, "bench")
    assert code == 0 and "Setting up the course" in output and "ran" in output


@pytest.fixture
def module(folder, monkeypatch):
    spec = importlib.util.spec_from_file_location("course_in_test", folder / "course.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(sys, "argv", ["course.py", "bench"])
    return module


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
    for verb in ("lab", "test", "run", "train", "claims", "leaks", "bench"):
        assert re.search(rf"^  {verb}\s+\w", output, re.MULTILINE)
    assert course(folder, "dance")[0] == 2
    code, output = course(folder, "lab", "--colour", "red")
    assert code == 2 and "--colour" in output
    code, output = course(folder, "lab", "--port", "99999")
    assert code == 1 and "Port 99999 cannot be used" in paragraph(output)
    assert not (folder / ".venv").exists()  # all of that was said before any set-up
    assert "ran" in course(folder, "bench", "--help")[1]  # what follows a verb is the verb's


# ------------------------------------------------------------ the real thing


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def status_of(url: str) -> int:
    try:
        return urllib.request.urlopen(url, timeout=10).status
    except urllib.error.HTTPError as answer:
        return answer.code


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals as on Linux and macOS")
def test_lab_serves_the_notebooks_on_loopback_with_a_token(tmp_path):
    port = free_port()
    env = {"JUPYTER_CONFIG_DIR": str(tmp_path / "config"), "JUPYTER_RUNTIME_DIR": str(tmp_path / "run")}
    (tmp_path / "config").mkdir(), (tmp_path / "run").mkdir()
    where = [] if sys.prefix == str(ROOT / ".venv") else ["--here"]
    process = start(ROOT, "lab", "--no-browser", "--port", str(port), *where, **env)
    try:
        wait_for(lambda: list((tmp_path / "run").glob("jpserver-*.json")), seconds=120)
        server = json.loads(next((tmp_path / "run").glob("jpserver-*.json")).read_text())
        assert server["hostname"] == "127.0.0.1" and server["port"] == port and server["token"]
        wait_for(lambda: status_of(f"{server['url']}api/contents?token={server['token']}") == 200)
        assert status_of(f"{server['url']}api/contents") == 403
        listing = urllib.request.urlopen(f"{server['url']}api/contents?token={server['token']}").read()
        assert "00_start_here.ipynb" in {entry["name"] for entry in json.loads(listing)["content"]}
        code, output = course(ROOT, "lab", "--port", str(port), *where)
        assert code == 1 and f"Port {port} cannot be used" in paragraph(output)
    finally:
        process.terminate()  # is passed on: no server is left behind
        process.communicate(timeout=60)
    wait_for(lambda: not list((tmp_path / "run").glob("jpserver-*.json")))
