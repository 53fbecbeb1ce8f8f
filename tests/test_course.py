"""course.py on a fresh machine: it sets up and repairs itself. In earnest that takes minutes; see small_course.py."""

import json
import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request

import psutil
import pytest
from small_course import PROJECT, ROOT, course, paragraph, start, wait_for


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
    except urllib.error.URLError:  # it has written its address down, but does not listen yet
        return 0


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
