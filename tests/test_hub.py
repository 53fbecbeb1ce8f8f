"""The hub for a class: its settings, its refusal to be open to others, and a class of two."""

import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import hub
import hub_learner
import pytest
from traitlets.config import PyFileConfigLoader

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "hubs.md").read_text(encoding="utf-8")
CONFIG = ROOT / "benchmarks" / "hub_config.py"


class Authenticator:
    """JupyterHub's, as far as the settings need it: it knows the hub, whose address is settled by then."""

    def __init__(self, parent):
        self.parent = parent


@pytest.fixture
def settings(monkeypatch):
    """What the file sets, also where JupyterHub is not installed."""
    for name in ("jupyterhub", "jupyterhub.auth"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    sys.modules["jupyterhub.auth"].DummyAuthenticator = Authenticator
    return PyFileConfigLoader(str(CONFIG)).load_config()


def test_each_kernel_computes_with_one_thread(settings):
    environment = settings.Spawner.environment
    assert {environment[f"{name}_NUM_THREADS"] for name in ("OMP", "MKL", "OPENBLAS")} == {"1"}


def test_what_nobody_uses_is_stopped_and_others_cannot_listen(settings):
    said = dict(word.removeprefix("--").split("=") for word in settings.Spawner.args if "=" in word)
    assert 1800 <= int(said["MappingKernelManager.cull_idle_timeout"]) <= 3600  # not while a class talks
    assert said["MappingKernelManager.cull_connected"] == "True"
    assert int(said["ServerApp.shutdown_no_activity_timeout"]) >= int(said["MappingKernelManager.cull_idle_timeout"])
    assert said["KernelManager.transport"] == "ipc" and said["ServerApp.terminals_enabled"] == "False"


def test_the_hub_is_on_loopback_unless_somebody_changes_it(settings):
    assert settings.JupyterHub.bind_url.startswith("http://127.0.0.1:")


@pytest.mark.parametrize("address", ["http://127.0.0.1:8000", "http://localhost:1/hub/", "https://[::1]:8000"])
def test_anybody_may_log_in_on_loopback(settings, address):
    settings.JupyterHub.authenticator_class(parent=SimpleNamespace(bind_url=address))


@pytest.mark.parametrize(
    "address",
    ["http://0.0.0.0:8000", "http://:8000", "http://[::]:80", "http://192.168.0.7:8000", "http://127.0.0.1.example.org",
     "http://127.0.0.1@10.0.0.1:8000", "http+unix://%2Fsrv%2Fhub.sock"],
)  # fmt: skip
def test_nobody_may_log_in_from_elsewhere_without_a_password(settings, address):
    with pytest.raises(SystemExit) as stop:
        settings.JupyterHub.authenticator_class(parent=SimpleNamespace(bind_url=address))
    assert "anybody" in str(stop.value) and "docs/hubs.md" in str(stop.value) and "\n" not in str(stop.value)


def start(settings, home: Path, python: Path) -> subprocess.CompletedProcess:
    """What a learner's server does before it is one; a stand-in for Python says what it is asked for."""
    python.write_text('#!/bin/sh\necho "$@"\necho "$BAGNET_PROGRESS"\n', encoding="utf-8")
    python.chmod(0o755)
    shell, flag, script, *_ = settings.Spawner.cmd
    words = [shell, flag, script.replace(sys.executable, str(python)), "learner", "--port=1"]
    return subprocess.run(words, cwd=home, capture_output=True, text=True, check=True)


@pytest.mark.skipif(sys.platform == "win32", reason="JupyterHub has no Windows")
def test_a_server_starts_with_the_learners_own_copies_and_progress(settings, tmp_path):
    words = start(settings, tmp_path, tmp_path / "python").stdout.splitlines()
    assert words[0] == f"-m bagnet_utils.notebooks copy {ROOT}/notebooks my_course"
    assert words[2] == "-m jupyterhub.singleuser --port=1"
    assert words[3] == str(tmp_path / "my_course" / "progress.json")
    assert (tmp_path / "my_course").stat().st_mode & 0o077 == 0  # nobody else's


@pytest.mark.skipif(sys.platform != "linux", reason="GNU's C library only")
def test_a_kernel_gives_back_what_it_has_freed(settings, tmp_path):
    start(settings, tmp_path, tmp_path / "python")
    (startup,) = (tmp_path / ".ipython/profile_default/startup").glob("*.py")
    calls = {}
    shell = SimpleNamespace(events=SimpleNamespace(register=calls.__setitem__))
    exec(startup.read_text(encoding="utf-8"), {"get_ipython": lambda: shell})
    assert calls["post_run_cell"](None) in (0, 1)  # 1: it gave something back


def test_pauses_are_the_same_for_the_same_seed_and_as_long_as_said():
    def draw(seed, seconds=10):
        thoughts = hub_learner.pauses(seconds, seed)
        return [next(thoughts) for _ in range(2000)]

    assert draw(1) == draw(1) != draw(2)
    assert 9 < sum(draw(1)) / 2000 < 11
    assert set(draw(1, 0)) == {0.0}


def test_the_table_counts_failures_and_compares_with_the_lone_learner():
    alone = hub_learner.Diary(start=3, cells={"a": 1.0, "b": 1.0, "c": 4.0})
    two = [hub_learner.Diary(start=5, cells={"a": 2.0, "b": 2.5, "c": 9.0}), hub_learner.Diary(failures=["a: died"])]
    runs = [hub.Class("alone", [alone], 1.25, 1, True), hub.Class("both", two, 2.5, 2, True)]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in hub.table(runs).splitlines()]
    assert rows[2][:3] == ["alone", "1", "0"] and rows[3][:3] == ["both", "2", "1"]
    assert (rows[3][4], rows[3][7], rows[3][8]) == ("2.50", "2.5", "2.5")


def test_what_is_missing_is_said_in_one_line(monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert hub.main([]) == 2
    said = capsys.readouterr().err
    assert "jupyterhub" in said and "[hub]" in said and said.count("\n") == 1


def test_the_page_names_what_the_settings_are(settings):
    for name in ("OMP_NUM_THREADS", "MALLOC_ARENA_MAX", "cull_idle_timeout", "transport=ipc", "kernelShutdown"):
        assert name in PAGE and name in CONFIG.read_text(encoding="utf-8"), name


@pytest.mark.slow
def test_a_class_of_two_runs_two_cells_each(tmp_path):
    pytest.importorskip("jupyterhub")
    if hub.missing():
        pytest.skip(hub.missing())
    assert hub.main(["--learners", "2", "--cells", "1", "--only", "rush", "--json", str(tmp_path / "all.json")]) == 0
    assert (tmp_path / "all.json").read_text(encoding="utf-8").count("my_course/05_heatmaps.ipynb, cell") == 3
