"""Training at scale from end to end: killed and resumed, and published nets on pictures of one's own."""

import os
import subprocess
import sys
import time
from pathlib import Path

import dry_run
import matplotlib.pyplot as plt
import nbformat
import pytest
import storing
import torch
from published import weights_by_rule
from test_at_scale import ROOT, assert_equal, root  # noqa: F401
from test_fetched_nets import offer

import bagnet_utils as bu
from bagnet_utils import files
from bagnet_utils.models import at_scale


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="torchrun over gloo is tested on Linux")
def test_the_dry_run_on_two_processes_is_killed_goes_on_and_ends_as_an_unbroken_one(root, tmp_path):  # noqa: F811
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    words = "-m bagnet_utils.models.at_scale bagnet33 --side 64 --width 0.125 --depth 1 1 1 1 --batch 8 --at-once 2"
    words = f"{words} --steps 20 --every 3 --workers 0".split()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": ROOT}
    quiet["env"] = {**os.environ, "OMP_NUM_THREADS": "1"}

    def start(name: str) -> subprocess.Popen:
        return subprocess.Popen([*launcher, *words, "--root", str(root), "--runs", str(tmp_path / name)], **quiet)

    def folder(name: str) -> Path:
        return tmp_path / name / "at-scale-bagnet33-0"

    def steps(name: str) -> list[int]:
        return [int(line.split(",")[0]) for line in (folder(name) / "metrics.csv").read_text().splitlines()[1:]]

    whole, broken = start("whole"), start("broken")
    until = time.monotonic() + 300
    while not (folder("broken") / "metrics.csv").exists() and time.monotonic() < until:
        time.sleep(0.01)
    dry_run.kill(broken)
    assert 3 <= steps("broken")[-1] < 20
    assert whole.wait(timeout=300) == 0
    assert start("broken").wait(timeout=300) == 0
    assert steps("broken") == steps("whole") == [3, 5, 6, 9, 10, 12, 15, 18, 20]
    states = [torch.load(folder(name) / "checkpoint.pt", weights_only=True) for name in ("whole", "broken")]
    assert_equal(states[0]["model"], states[1]["model"])
    assert states[0]["rows"][-1]["top-1"] == states[1]["rows"][-1]["top-1"]
    assert sorted(path.name for path in folder("broken").iterdir()) == ["checkpoint.pt", "metrics.csv", "run.json"]


# ---------------------------------------------------------------- published nets on pictures of one's own


@pytest.mark.slow
def test_published_nets_take_a_folder_of_ones_own(server, monkeypatch, root):  # noqa: F811
    """The cell of notebook 14 that runs only where the published weights are."""
    shapes = {key: value.shape for key, value in bu.bagnet33().state_dict().items()}
    offer(server, monkeypatch, "bagnet33", weights_by_rule(shapes, 1))
    assert not at_scale.is_here("bagnet33")
    bu.load_model("bagnet33", world="imagenet")
    assert at_scale.is_here("bagnet33")
    notebook = next((ROOT / "notebooks").glob("14*.ipynb"), None)
    if notebook is None:
        pytest.skip("there is no notebook 14")
    (cell,) = [cell for cell in nbformat.read(notebook, 4).cells if "is_here(" in cell.source]
    monkeypatch.setattr("matplotlib.pyplot.show", lambda: None)
    exec(cell.source.replace("MY_FOLDER = None", f"MY_FOLDER = {str(root)!r}"), {"bu": bu, "torch": torch, "plt": plt})


def test_the_claims_page_says_whether_the_resumed_run_ended_alike(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "RESULTS", tmp_path / "results.json")
    assert list(dry_run.lines()) == []
    told = {"steps": 20, "processes": 2, "pictures a step": 2, "killed after step": 5, "seconds a step": 2.5}
    told |= {"processor seconds": 2.4, "megabytes a process": 1500.0}
    storing.write(
        "at_scale", {"speed": {name: {"forward": 2.0, "forward and backward": 0.5} for name in dry_run.PAPER}}
    )
    for apart, mark in ((0.0, "✓"), (1e-3, "✗")):
        storing.write("at_scale", {"dry run": {**told, "largest difference": apart}})
        text = "\n".join(dry_run.lines())
        assert f"{apart:.2g} {mark} (predicted" in text and "| BagNet-33 | 2.00 | 0.50 | 64,058 | 155 |" in text
        assert "1.0 times as fast as BagNet-33 here, and 3.7 times in the paper" in text
