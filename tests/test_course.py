"""course.py on a fresh machine: it sets up and repairs itself. In earnest that takes minutes; see small_course.py."""

import json
import os
import signal
import socket
import time
import urllib.error
import urllib.request

import nbformat
import psutil
import pytest
from small_course import PROJECT, course, paragraph, start, take_the_tests_environment, wait_for

from bagnet_utils.notebooks import editions


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


@pytest.fixture
def served(module, tmp_path):
    """What a JupyterLab says of itself that course.py opened on a small course with one notebook; and its port."""
    folder, env = module.ROOT, {f"JUPYTER_{name}_DIR": str(tmp_path / name) for name in ("CONFIG", "RUNTIME")}
    for place in (folder / "docs", folder / "notebooks", tmp_path / "CONFIG", tmp_path / "RUNTIME"):
        place.mkdir()
    (folder / "docs" / "dot.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="7" height="7"/>')
    text = nbformat.v4.new_markdown_cell("# What is seen?\n\n![a dot](../docs/dot.svg) [next](01_next.ipynb)")
    output = nbformat.v4.new_output("stream", text="the answer\n")
    code = nbformat.v4.new_code_cell("from pathlib import Path\n\nprint(Path.cwd().name)", outputs=[output])
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}}
    for name in ("00_start_here.ipynb", "01_next.ipynb"):
        notebook = nbformat.v4.new_notebook(cells=[text, code], metadata=kernel)
        nbformat.write(notebook, folder / "notebooks" / name)
    take_the_tests_environment(module)
    port = free_port()
    env |= {"JUPYTERLAB_WORKSPACES_DIR": str(tmp_path / "workspaces"), "IPYTHONDIR": str(tmp_path / "ipython")}
    process = start(folder, "lab", "--here", "--no-browser", "--port", str(port), **env)
    try:
        wait_for(lambda: list((tmp_path / "RUNTIME").glob("jpserver-*.json")), seconds=120)
        server = json.loads(next((tmp_path / "RUNTIME").glob("jpserver-*.json")).read_text())
        wait_for(lambda: status_of(f"{server['url']}api/contents?token={server['token']}") == 200)
        yield server, port
    finally:
        process.terminate()  # is passed on: no server is left behind
        process.communicate(timeout=60)
    wait_for(lambda: not list((tmp_path / "RUNTIME").glob("jpserver-*.json")))


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals as on Linux and macOS")
def test_lab_serves_on_loopback_with_a_token(served, module):
    server, port = served
    assert server["hostname"] == "127.0.0.1" and server["port"] == port and server["token"]
    assert status_of(f"{server['url']}api/contents") == 403
    code, output = course(module.ROOT, "lab", "--port", str(port), "--here")
    assert code == 1 and f"Port {port} cannot be used" in paragraph(output)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals as on Linux and macOS")
def test_lab_opens_the_learners_copy(served, module, browser):
    server, _ = served
    page = browser.new_page()
    page.goto(f"{server['url']}?token={server['token']}")
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=90_000)
    assert page.url.endswith("/lab/tree/my_course/00_start_here.ipynb")
    assert page.locator(".jp-DirListing-item").get_by_text("01_next.ipynb").count() == 1  # its neighbours are shown
    assert page.get_by_text("the answer").count() == 0
    dot = page.get_by_alt_text("a dot")
    assert dot.evaluate("async image => (await image.decode(), image.naturalWidth)") == 7
    page.locator(".jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Shift+Enter")
    page.locator(".jp-OutputArea-output").get_by_text("my_course").wait_for(timeout=60_000)
    page.keyboard.press("Control+s")
    copy = module.COPIES / "00_start_here.ipynb"
    wait_for(lambda: "my_course" in copy.read_text(encoding="utf-8"))
    made_from, holds = editions(copy)
    assert made_from == holds  # run and saved is not edited
    page.get_by_role("link", name="next").click()
    page.wait_for_url("**/my_course/01_next.ipynb")
    page.close()
