"""What tests share: seeded numbers, and a server on this machine that gives what servers give, good and bad."""

import os

if "PYTEST_XDIST_WORKER" in os.environ:  # tests run side by side: one core for each, and for what it starts
    os.environ["OMP_NUM_THREADS"] = "1"

import hashlib
import importlib.util
import json
import shutil
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.request import urlopen

import nbformat
import pytest
import torch
from explored import SIZES, net
from sited import address, visit, website  # noqa: F401
from small_course import small_course

import bagnet_utils as bu
from bagnet_utils import files

ROOT = Path(__file__).parents[1]


def pytest_terminal_summary(terminalreporter):
    """What tests have recorded as "told" is told at the end of the run."""
    reports = [
        report for kind in terminalreporter.stats.values() for report in kind if hasattr(report, "user_properties")
    ]
    told = {line for report in reports for name, line in report.user_properties if name == "told"}
    if told:
        terminalreporter.section("told on the way (notebooks: each on one core)")
        terminalreporter.write_line("\n".join(sorted(told)))


@pytest.fixture(autouse=True)
def seeded():
    """Every test draws the same numbers, whichever ran before it."""
    torch.manual_seed(0)


CONTENT = bytes(range(256)) * 400
SHA = hashlib.sha256(CONTENT).hexdigest()


class Server(BaseHTTPRequestHandler):
    """What comes for an address is in `shelf`; the first folder of the address says how it comes."""

    shelf: ClassVar[dict[str, bytes]] = {}
    asked: ClassVar[list[str]] = []

    def do_GET(self):
        how, name = self.path.strip("/").split("/", 1)
        first = self.path not in self.asked
        self.asked.append(self.path)
        content = self.shelf.get(name, CONTENT)
        if how.isdigit():
            return self.send_error(int(how))
        if how in ("busy", "often") and first:
            return self.send_error(503 if how == "busy" else 429)
        if how == "slow":
            threading.Event().wait(2)
        if how == "proxy":
            content = b"<!DOCTYPE html><title>Please log in</title>"
        if how == "altered":
            content = content[:-1] + b"!"
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        broken = how == "breaks" or (how == "flaky" and first)
        self.wfile.write(content[: len(content) // 2] if broken else content)

    def log_message(self, *words):
        pass


@pytest.fixture
def server(tmp_path, monkeypatch):
    """The server's address; downloads go to a folder of this test's own."""
    monkeypatch.setattr(Server, "asked", [])
    monkeypatch.setattr(Server, "shelf", {})
    monkeypatch.setattr(files, "DOWNLOADS", tmp_path / "downloads")
    monkeypatch.setattr(files, "PAUSES", (0.01, 0.01))
    monkeypatch.setattr(files, "PATIENCE", 0.5)
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    running = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()


# ---------------------------------------------------------------- a browser, and JupyterLab in it

FLAGS = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"


@pytest.fixture(scope="session")
def browser():
    """A real one, or the test says that there is none."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")
    with api.sync_playwright() as driver:
        names = ("chromium", "chromium-browser", "google-chrome", "chrome")
        path = next(filter(None, map(shutil.which, names)), None) or driver.chromium.executable_path
        if not Path(path).exists():
            pytest.skip("no Chromium or Chrome was found: playwright install chromium")
        browser = driver.chromium.launch(executable_path=path, args=FLAGS.split())
        yield browser
        browser.close()


@pytest.fixture
def lab(tmp_path, request):
    """The address of a JupyterLab that holds the cells it was given (indirectly) as cells.ipynb."""
    cells = [nbformat.v4.new_code_cell(source) for source in request.param]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}}
    (tmp_path / "work").mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), tmp_path / "work" / "cells.ipynb")
    settings = tmp_path / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    quiet = {"fetchNews": "false", "checkForUpdates": False}
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(quiet), encoding="utf-8")
    folders = {name: str(tmp_path / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR")}
    folders |= {"JUPYTERLAB_WORKSPACES_DIR": str(tmp_path / "workspaces"), "IPYTHONDIR": str(tmp_path / "ipython")}
    environment = {**os.environ, **folders, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    environment["JUPYTERLAB_SETTINGS_DIR"] = str(tmp_path / "settings")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--no-browser", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--IdentityProvider.token=open"]
    options += [f"--ServerApp.root_dir={tmp_path / 'work'}"]
    options += ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    log = (tmp_path / "log").open("w")
    server = subprocess.Popen([sys.executable, "-m", "jupyterlab", *options], env=environment, stdout=log, stderr=log)
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(120):
            try:
                urlopen(f"{address}/api/status?token=open", timeout=5).close()
                break
            except OSError:
                assert server.poll() is None, (tmp_path / "log").read_text()
                time.sleep(0.5)
        yield f"{address}/lab/tree/cells.ipynb?token=open"
    finally:
        server.terminate()  # it takes its kernels with it
        server.wait(30)
        log.close()


# ---------------------------------------------------------------- the explorer


@pytest.fixture(scope="session")
def nets():
    return {q: net(q) for q in SIZES}


@pytest.fixture(scope="session")
def image():
    return torch.from_numpy(bu.scene(label=2, seed=7).image)


@pytest.fixture
def explorer(nets, image):
    return bu.explore([nets[17], nets[9], nets[33]], image)


# ---------------------------------------------------------------- a small course


@pytest.fixture
def folder(tmp_path):
    return small_course(tmp_path)


@pytest.fixture
def module(folder, monkeypatch):
    spec = importlib.util.spec_from_file_location("course_in_test", folder / "course.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(sys, "argv", ["course.py", "bench"])
    return module
