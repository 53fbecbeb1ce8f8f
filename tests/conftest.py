"""What tests share: seeded numbers, and a server on this machine that gives what servers give, good and bad."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
import torch

from bagnet_utils import files


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
        if how == "missing":
            return self.send_error(404)
        if how == "busy" and first:
            return self.send_error(503)
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
