"""Which PyTorch the set-up takes, from an index on this machine that holds stand-ins: whole, slow, broken, away."""

import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from small_course import course, held, wheel

PINS = "torch==9.0\ntorchvision==9.1\n"


class Index(BaseHTTPRequestHandler):
    """A package index. The first part of the address says what is wrong with it; every package is on offer."""

    def do_GET(self):
        how, name, *file = self.path.strip("/").split("/")
        if how == "slow" or (how == "stuck" and file):
            time.sleep(30)
        version = {"torch": "9.0+cpu", "torchvision": "9.1+cpu"}.get(name, "99")
        if file:
            content = b"no wheel" if how == "broken" else wheel(name, version)
        else:
            content = f'<a href="{name}-{version}-py3-none-any.whl">{name}</a>'.encode()
        self.send_response(404 if how == "empty" else 200)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Type", "application/octet-stream" if file else "text/html")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *words):
        pass


@pytest.fixture
def index():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Index)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def pinned(folder, monkeypatch):
    """A small course that pins both, on a Linux without a card."""
    (folder / "constraints.txt").write_text(PINS)
    text = (folder / "course.py").read_text(encoding="utf-8")
    text = text.replace("return bool(shutil.which", "return bool(os.environ.get('CARD')) and bool(shutil.which", 1)
    text = text.replace('sys.platform == "linux"', "True")
    (folder / "course.py").write_text(text, encoding="utf-8")
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    return folder


def test_without_a_card_both_come_from_pytorchs_own_index_and_nothing_else_does(pinned, index):
    code, output = course(pinned, "bench", COURSE_CPU_INDEX=f"{index}/whole")
    assert code == 0 and "fetching PyTorch without GPU libraries" in output, output
    assert held(pinned) == {"torch": "9.0+cpu", "torchvision": "9.1+cpu"}
    code, output = course(pinned, "bench", COURSE_CPU_INDEX=f"{index}/whole")
    assert code == 0 and "PyTorch" not in output


@pytest.mark.parametrize("how", ["away", "empty", "slow", "broken"])
def test_when_that_index_fails_one_line_says_so_and_the_set_up_goes_on(pinned, index, how):
    address = "http://127.0.0.1:9/simple" if how == "away" else f"{index}/{how}"
    code, output = course(pinned, "bench", COURSE_CPU_INDEX=address)
    assert code == 0 and "ran" in output, output
    (line,) = (line for line in output.splitlines() if "taking the ordinary one" in line)
    assert ("cannot be reached" in line) == (how != "broken")
    assert not held(pinned)


@pytest.mark.parametrize("how", ["slow", "empty", "whole"])
def test_that_index_is_waited_for_ten_seconds_at_most(module, index, how):
    started = time.monotonic()
    assert module.answers(f"{index}/{how}/torch/") == (how == "whole")
    assert time.monotonic() - started < (10 if how == "slow" else 4)  # what fails at once is not waited for


def test_an_index_that_answers_and_then_sends_nothing_is_left_in_ten_seconds(module, index, monkeypatch, capsys):
    (module.ROOT / "constraints.txt").write_text(PINS)
    monkeypatch.setattr(module, "CPU_INDEX", f"{index}/stuck")
    started = time.monotonic()
    module.pytorch(Path(sys.executable), module.ROOT / "ready", "cpu", anew=False)
    assert "gave no build without GPU libraries that fits here" in capsys.readouterr().out
    assert time.monotonic() - started < 10


def test_what_is_said_outright_holds_and_is_remembered(pinned, index):
    env = {"COURSE_CPU_INDEX": f"{index}/whole", "PIP_INDEX_URL": f"{index}/ordinary"}
    code, output = course(pinned, "bench", "--gpu", **env)  # its dependency brings it, and here nothing depends on it
    assert code == 0 and "with its GPU libraries" in output, output
    assert held(pinned)["torch"] == "9.0+cpu"  # the stand-in of the ordinary index bears the same name
    code, output = course(pinned, "bench", **env)
    assert code == 0 and "PyTorch" not in output
    code, output = course(pinned, "bench", "--cpu", **env)
    assert code == 0 and "updating" in output and "without GPU libraries" in output
    code, output = course(pinned, "bench", **env)
    assert code == 0 and "updating" not in output
    code, output = course(pinned, "bench", "--cpu", "--gpu", **env)
    assert code == 1 and "--cpu and --gpu do not go together" in output


def test_where_there_is_a_card_nothing_is_asked(module, monkeypatch, tmp_path):
    (tmp_path / "constraints.txt").write_text(PINS)
    asked = []
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module.sys, "platform", "linux")
    monkeypatch.setattr(module, "has_gpu", lambda: True)
    monkeypatch.setattr(module, "step", lambda *words, **_: asked.append(words))
    monkeypatch.setattr(module, "answers", lambda address: asked.append(address))
    module.pytorch(tmp_path / "python", tmp_path / "ready", "", anew=False)
    assert not asked
    module.pytorch(tmp_path / "python", tmp_path / "ready", "cpu", anew=True)
    assert asked  # unless somebody wants it so
