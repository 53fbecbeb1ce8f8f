"""The loop: resumes after a kill as if nothing had happened, and shares work among processes without changing it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import bagnet_utils as bu
from bagnet_utils.models import training, zoo
from bagnet_utils.models.recipes import Recipe, patchwork_pictures, photo_pictures, photographs, vary
from bagnet_utils.models.training import train
from bagnet_utils.worlds.patchwork import Truth
from bagnet_utils.worlds.patchwork.scenes import PAIRS

ROOT = Path(__file__).parents[1]
# A tiny task: bright pictures against dark ones, for a network without BatchNorm (which each process does for itself).
TASK = """
import sys, time, torch
from pathlib import Path
from bagnet_utils.models.recipes import Recipe
from bagnet_utils.models.training import machines, train
from bagnet_utils.models.{module} import {network}
torch.set_num_threads(1)
torch.manual_seed(0)
model = {build}
def pictures(epoch):
    time.sleep({pause})
    random = torch.Generator().manual_seed(epoch)
    labels = torch.arange(32) % 2
    images = torch.randint(0, 128, (32, 3, 32, 32), generator=random) + 100 * labels[:, None, None, None]
    return images.to(torch.uint8), labels
fabric = machines()
seen, bright = [], []
model.register_forward_pre_hook(lambda model, inputs: seen.append(len(inputs[0])))
model.register_forward_pre_hook(lambda model, inputs: bright.append(int((inputs[0].mean((1, 2, 3)) > 0.4).sum())))
train(model, pictures, Recipe(epochs={epochs}, pictures=32, batch=8, rate=1e-3), Path(sys.argv[1]), fabric=fabric)
(Path(sys.argv[1]) / f"seen-{{fabric.global_rank}}.txt").write_text(f"{{sum(seen)}} {{sum(bright)}}")
if fabric.is_global_zero:
    torch.save(model.state_dict(), Path(sys.argv[1]) / "end.pt")
"""
VIT = {"module": "peers", "network": "ViT", "build": "ViT(2, side=32, width=16, depth=1, heads=2)"}
BAGNET = {"module": "bagnet", "network": "bagnet9", "build": "bagnet9(2, 1 / 8, (1, 1, 1, 1))"}


def command(folder: Path, launcher=(), pause: float = 0, epochs: int = 3, net=VIT) -> list[str]:
    folder.mkdir(exist_ok=True)
    (folder / "task.py").write_text(TASK.format(pause=pause, epochs=epochs, **net))
    return [sys.executable, *launcher, str(folder / "task.py"), str(folder)]


def run(*words, **options) -> dict[str, torch.Tensor]:
    subprocess.run(command(*words, **options), check=True, cwd=ROOT, capture_output=True, timeout=200)
    return torch.load(words[0] / "end.pt", weights_only=True)


def assert_equal(first, second, **near):
    assert first.keys() == second.keys()
    for key, value in first.items():
        assert torch.allclose(value, second[key], **near), key


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL there")
def test_a_killed_run_resumes_and_ends_as_an_unbroken_one(tmp_path):
    whole = run(tmp_path / "whole", net=BAGNET)
    broken = tmp_path / "broken"
    process = subprocess.Popen(command(broken, pause=2, net=BAGNET), cwd=ROOT, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 100
    while not (broken / "metrics.csv").exists() and time.monotonic() < until:
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (broken / "end.pt").exists()
    rows = (broken / "metrics.csv").read_text().splitlines()
    assert 2 <= len(rows) < 4 and rows[0].startswith("epoch,loss,seconds")
    resumed = run(broken, net=BAGNET)
    assert_equal(whole, resumed, rtol=0, atol=1e-6)
    assert len((broken / "metrics.csv").read_text().splitlines()) == 4
    assert sorted(path.suffix for path in broken.iterdir()) == [
        ".csv",
        ".json",
        ".pt",
        ".pt",
        ".py",
        ".txt",
    ]  # nothing half-written


@pytest.mark.skipif(sys.platform != "linux", reason="torchrun over gloo is tested on Linux")
@pytest.mark.parametrize("shares", [["48 24", "48 24"], ["48 24", "24 12", "24 12"]], ids=["two", "three"])
def test_several_processes_reach_the_same_weights_as_one(tmp_path, shares):
    one = run(tmp_path / "one")
    launcher = ("-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={len(shares)}")
    several = run(tmp_path / "several", launcher=launcher)
    assert_equal(one, several, rtol=0, atol=1e-4)
    assert (tmp_path / "one" / "seen-0.txt").read_text() == "96 48"
    seen = [(tmp_path / "several" / f"seen-{number}.txt").read_text() for number in range(len(shares))]
    assert seen == shares  # pictures, bright ones: neighbours stay together


def test_training_learns(tmp_path):
    run(tmp_path / "run", epochs=12)
    losses = [float(line.split(",")[1]) for line in (tmp_path / "run" / "metrics.csv").read_text().splitlines()[1:]]
    assert losses[-1] < 0.5 * losses[0]


def test_smoothed_labels_leave_a_floor_to_the_loss(tmp_path):
    images, labels = torch.zeros(16, 3, 32, 32, dtype=torch.uint8), torch.arange(16) % 2
    images += 200 * labels.to(torch.uint8)[:, None, None, None]
    for smoothing, floor in ((0.0, 0.0), (0.5, 0.562)):  # 0.562: the entropy of three quarters against one
        recipe = Recipe(epochs=40, pictures=16, batch=2, rate=1e-2, smoothing=smoothing)
        model = training.nn.Sequential(training.nn.Flatten(), training.nn.Linear(3 * 32 * 32, 2))
        loss = train(model, lambda epoch: (images, labels), recipe, tmp_path / str(smoothing))[-1]["loss"]
        assert floor - 1e-3 <= loss < floor + 0.1


def test_patchwork_is_learnt_two_by_two_from_seeds_that_no_test_uses():
    supply = patchwork_pictures(Recipe(pictures=41), pairs=("face", "tench"))
    images, labels = supply(0)
    assert len(images) == 40 and images.dtype == torch.uint8 and set(labels.tolist()) == {2, 3, 8, 9}
    assert (labels[::2] % 2 == 0).all() and torch.equal(labels[1::2], labels[::2] + 1)
    twins = (images[::2] != images[1::2]).any(1)  # 20 x 128 x 128: where the two differ
    assert twins.flatten(1).any(1).all() and twins.float().mean() < 0.15
    assert len(labels[::2].unique_consecutive()) > 4  # pairs come mixed
    assert torch.equal(supply(0)[0], images) and not torch.equal(supply(1)[0], images)
    learnt = [seed for epoch in (0, 1, 100) for seed in set(Truth(PAIRS, "train", 3000, epoch, twins=True).seeds)]
    assert len(set(learnt)) == len(learnt) == 4500  # no picture comes twice
    assert not set(learnt) & {seed for split in ("val", "test") for seed in Truth(PAIRS, split, 5000, 0).seeds}


def some_photographs(root: Path, each: int) -> None:
    random = np.random.default_rng(0)
    for name in ("tabby", "pizza"):
        (root / "train" / name).mkdir(parents=True)
        for i in range(each):
            pixels = random.integers(0, 255, (64, 64, 3), np.uint8)
            Image.fromarray(pixels).save(root / "train" / name / f"{i:02}.png")


def test_however_many_photographs_there_are_the_learning_rate_gets_to_its_end(tmp_path, monkeypatch, capsys):
    some_photographs(tmp_path, 98)
    monkeypatch.setattr(training, "RUNS", tmp_path / "runs")
    words = ["tiny", "bagnet9", "--root", str(tmp_path), "--trying", "--epochs", "2"]
    monkeypatch.setattr(sys, "argv", ["course.py train", *words])
    training.main()
    (folder,) = (tmp_path / "runs").iterdir()
    schedule = torch.load(folder / "checkpoint.pt", weights_only=True)["schedule"]
    assert schedule["total_steps"] == schedule["last_epoch"] == 2 * 3  # 96 of 196 are not held out: 3 batches of 32
    assert "what ships stays as it is" in capsys.readouterr().out


def test_photographs_are_moved_and_mirrored_but_never_blurred(tmp_path):
    some_photographs(tmp_path, 60)
    recipe = Recipe(pictures=100)
    supply = photo_pictures(recipe, root=tmp_path, trying=True)
    images, labels = supply(0)
    assert images.dtype == torch.uint8 and images.shape == (20, 3, 64, 64)  # 50 of each kind are held out
    assert labels.bincount()[labels.unique()].tolist() == [10, 10]
    assert torch.equal(supply(0)[0], images) and not torch.equal(supply(1)[0], images)
    (learnt, _), (held, _) = photographs("tiny", tmp_path, True)
    assert len(held) == 100 and not any((one == learnt).flatten(1).all(1).any() for one in held[:10])
    assert len(photo_pictures(recipe, root=tmp_path)(0)[0]) == 100
    middle = learnt[0, :, 8:56, 8:56]
    found = set()
    for one in vary(learnt[:1].expand(40, -1, -1, -1), torch.Generator().manual_seed(0)):
        for mirrored in (False, True):
            straight = one.flip(2) if mirrored else one
            windows = straight.unfold(1, 48, 1).unfold(2, 48, 1)  # 3 x 17 x 17 x 48 x 48
            places = (windows == middle[:, None, None]).flatten(3).all(3).all(0).nonzero().tolist()
            found |= {(mirrored, row, column) for row, column in places}
    assert len(found) > 20 and {mirrored for mirrored, *_ in found} == {False, True}
    assert all(2 <= row <= 14 and 2 <= column <= 14 for _, row, column in found)  # at most 6 px from where it was


def test_impossible_recipes_are_refused(tmp_path):
    with pytest.raises(bu.BadInput, match="10 pictures"):
        training.train(zoo.build("bagnet9", "patchwork"), None, training.Recipe(pictures=10), tmp_path)


@pytest.mark.parametrize("kernel3", [(1, 1, 0, 0), (0, 0, 0, 0)], ids=["shortcut", "middle"])
def test_narrow_networks_learn_in_the_order_that_does_not_crash(kernel3):
    narrow, wide = (bu.BagNet(kernel3, 2, width, (1, 1, 1, 1)) for width in (1 / 8, 1 / 4))
    assert training.layout(narrow) == torch.contiguous_format
    assert training.layout(wide) == torch.channels_last
