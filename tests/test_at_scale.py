"""Training at scale: files read one by one, in an order that only a seed decides, on any number of processes."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import bagnet_utils as bu
from bagnet_utils.models import at_scale, from_files
from bagnet_utils.models.from_files import Files, Plan, order, parts

ROOT = Path(__file__).parents[1]
PLAN = Plan(epochs=2, batch=4, at_once=2, side=40)
SMALL = {"width": 1 / 8, "depth": (1, 1, 1, 1)}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Four kinds of generated pictures, 10 to learn from and 3 to test on of each."""
    home, random = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    for split, count in (("train", 10), ("val", 3)):
        for kind in range(4):
            folder = home / split / f"kind_{kind}"
            folder.mkdir(parents=True)
            for i in range(count):
                pixels = random.integers(0, 100, (60, 76, 3), np.uint8)
                pixels[..., : kind or None] += np.uint8(40 * kind)
                Image.fromarray(pixels).save(folder / f"{i}.JPEG")
    return home


def both(root: Path, plan: Plan = PLAN) -> tuple[Files, Files]:
    return Files(root, "train", plan), Files(root, "val", plan)


def train(root: Path, folder: Path, plan: Plan = PLAN, **options) -> tuple[dict[str, torch.Tensor], list[dict]]:
    model = at_scale.build("bagnet9", 4, seed=0, **SMALL)
    rows = at_scale.train(model, *both(root, plan), folder, **options)
    return model.state_dict(), rows


def assert_equal(first: dict, second: dict, near: float = 0):
    assert first.keys() == second.keys()
    for key, value in first.items():
        assert torch.allclose(value, second[key], rtol=0, atol=near), key


# ---------------------------------------------------------------- which pictures, in which order


@pytest.mark.parametrize("processes", [1, 2, 4])
def test_an_epoch_shows_each_picture_once_and_its_order_is_the_seeds(processes):
    plan = Plan(batch=8, at_once=3)
    seen = {epoch: [] for epoch in (0, 1)}
    for rank in range(processes):
        for some in parts(plan, 40, 0, 10, rank, processes):
            assert len(some) <= 3
            for epoch, number in some:
                seen[epoch].append(number)
    assert sorted(seen[0]) == sorted(seen[1]) == list(range(40))
    first, second = order(plan, 0, 40), order(plan, 1, 40)
    assert torch.equal(first, order(plan, 0, 40)) and not torch.equal(first, second)
    assert not torch.equal(first, order(Plan(seed=1), 0, 40))


@pytest.mark.parametrize("start", range(1, 10))
def test_whoever_begins_in_the_middle_sees_what_is_left(start):
    plan = Plan(batch=8, at_once=4)
    whole = list(parts(plan, 41, 0, 10, 1, 2))  # five steps an epoch; one picture is left out
    assert list(parts(plan, 41, start, 10, 1, 2)) == whole[start:]
    assert list(parts(plan, 41, 0, start, 1, 2)) + list(parts(plan, 41, start, 10, 1, 2)) == whole
    assert list(parts(plan, 41, 10, 10)) == []


def test_a_picture_is_cut_by_seed_epoch_and_number_whoever_reads_it(root):
    pictures = Files(root, "train", PLAN)
    keys = [[(0, 3), (0, 4)], [(1, 3)], [(0, 3)]]
    torch.manual_seed(5)
    alone = [images for images, _ in at_scale.loader(pictures, keys, 0)]
    torch.manual_seed(6)
    helped = [images for images, _ in at_scale.loader(pictures, keys, 2)]
    assert all(torch.equal(*pair) for pair in zip(alone, helped, strict=True))
    assert alone[0].shape == (2, 3, 40, 40) and alone[0].min() >= 0 and alone[0].max() <= 1
    assert torch.equal(alone[0][0], alone[2][0]) and not torch.equal(alone[0][0], alone[1][0])
    assert not torch.equal(Files(root, "train", Plan(side=40, seed=1))[0, 3][0], alone[0][0])
    before = torch.get_rng_state()
    _ = pictures[0, 0]
    assert torch.equal(torch.get_rng_state(), before)  # nobody else's random numbers move


def test_for_validation_the_middle_is_shown(root):
    held = Files(root, "val", PLAN)
    image, label = held[0, 11]
    file = root / "val" / "kind_3" / "2.JPEG"
    assert label == 3 and torch.equal(image, bu.load_image(file, 40, 1 / 16))


def test_the_rate_falls_to_a_tenth_and_follows_the_batch():
    plan = Plan()
    assert [plan.rate_in(epoch) for epoch in (0, 29, 30, 60, 89)] == pytest.approx([0.1, 0.1, 0.01, 0.001, 0.001])
    assert Plan(batch=32).rate_in(0) == pytest.approx(0.0125)
    assert (plan.epochs, plan.batch, plan.momentum, plan.decay, plan.side) == (90, 256, 0.9, 1e-4, 224)


# ---------------------------------------------------------------- the loop


def test_a_run_that_stops_goes_on_in_the_middle_of_an_epoch(root, tmp_path):
    whole, rows = train(root, tmp_path / "whole", every=4)
    assert [row["step"] for row in rows] == [4, 8, 10, 12, 16, 20]
    assert [row["step"] for row in rows if row["top-1"] is not None] == [10, 20]
    _, first = train(root, tmp_path / "broken", every=4, steps=13)  # a dry run, then the rest
    assert first[-1]["step"] == 13 and first[-1]["top-5"] == 100
    again, rest = train(root, tmp_path / "broken", every=4)
    assert_equal(whole, again)
    assert [row["step"] for row in rest] == [4, 8, 10, 12, 13, 16, 20]
    assert rest[-1]["loss"] == rows[-1]["loss"] and rest[-1]["top-1"] == rows[-1]["top-1"]
    table = (tmp_path / "broken" / "metrics.csv").read_text().splitlines()
    assert table[0] == "step,epoch,loss,rate,images a second,top-1,top-5" and len(table) == 8
    assert train(root, tmp_path / "broken", every=4)[1] == rest  # nothing is left to do


def test_parts_of_a_batch_add_up_to_it(root, tmp_path, monkeypatch):
    """Without BatchNorm, which takes its means over a part, the size of the parts does not matter."""
    monkeypatch.setattr(torch.nn.BatchNorm2d, "forward", lambda self, x: x * 0.7)
    weights = [train(root, tmp_path / str(n), Plan(batch=6, at_once=n, side=40, rate=1), steps=2)[0] for n in (6, 4, 1)]
    assert_equal(weights[0], weights[1], near=1e-5)
    assert_equal(weights[0], weights[2], near=1e-5)
    fresh = at_scale.build("bagnet9", 4, seed=0, **SMALL).state_dict()
    assert (weights[0]["fc.weight"] - fresh["fc.weight"]).abs().max() > 1e-3


def test_the_steps_are_those_of_sgd_with_momentum_and_decay(root, tmp_path):
    plan = Plan(batch=4, side=40, rate=1)
    given, _ = train(root, tmp_path, plan, steps=2)
    model = at_scale.build("bagnet9", 4, seed=0, **SMALL).train()
    pictures, velocity = Files(root, "train", plan), {}
    for keys in parts(plan, 40, 0, 2):
        images, labels = (
            torch.stack([torch.as_tensor(one[i]) for one in map(pictures.__getitem__, keys)]) for i in (0, 1)
        )
        model.zero_grad()
        torch.nn.functional.cross_entropy(model(images), labels).backward()
        with torch.no_grad():
            for name, weight in model.named_parameters():
                velocity[name] = 0.9 * velocity.get(name, 0) + weight.grad + 1e-4 * weight
                weight -= 1 * 4 / 256 * velocity[name]
    assert_equal(model.state_dict(), given, near=1e-5)


def test_validation_counts_right(root, tmp_path, monkeypatch):
    model = at_scale.build("bagnet9", 4, seed=0, **SMALL)
    with torch.no_grad():
        model.fc.weight.zero_()
        model.fc.bias[:] = torch.tensor([0.0, 3, 2, 1])
    fabric = at_scale.machines()
    assert at_scale.score(model, Files(root, "val", PLAN), fabric, 0, None) == {"top-1": 25, "top-5": 100}
    monkeypatch.setattr(Files, "__len__", lambda self: 9)  # three kinds: 0, 1 and 2
    told = at_scale.score(model, Files(root, "val", PLAN), fabric, 0, 4)  # numbers 0, 3, 5, 8
    assert told == {"top-1": 50, "top-5": 100}


def test_hours():
    assert at_scale.hours(1000) == pytest.approx(90 * 1_281_167 / 3.6e6)
    assert at_scale.hours(10, pictures=36_000, epochs=2) == 2


def test_memory_is_counted_without_computing():
    class Square(torch.nn.Module):
        def forward(self, x):
            x = self.weight * x  # keeps x and the weight
            return x.sigmoid()  # keeps its answer

    net = Square()
    net.weight = torch.nn.Parameter(torch.ones(3, 1, 1))
    assert at_scale.memory(net, count=2, side=10) == 2 * 2 * 3 * 100 * 4
    small = at_scale.build("bagnet33", 4, seed=0, **SMALL)
    assert at_scale.memory(small, 2, 64) == pytest.approx(2 * at_scale.memory(small, 1, 64), rel=0.02)
    assert next(small.parameters()).device.type == "cpu" and small.training


def test_speed_counts_pictures_by_the_clock_that_it_is_given():
    ticks = iter([0, 9, 10, 12, 0, 9, 10, 14])
    net, images = at_scale.build("bagnet9", 4, seed=0, **SMALL), torch.rand(2, 3, 33, 33)
    assert at_scale.speed(net, images, clock=lambda: next(ticks)) == 1  # 2 pictures in 2 seconds; the first pass is not
    assert at_scale.speed(net, images, training=True, clock=lambda: next(ticks)) == 0.5
    assert not net.training and all(weight.grad is None for weight in net.parameters())


# ---------------------------------------------------------------- what may go wrong


def refused(root: Path, words: str, monkeypatch) -> str:
    monkeypatch.setattr(sys, "argv", ["at_scale", "bagnet9", "--root", str(root), *words.split()])
    with pytest.raises(SystemExit) as told:
        at_scale.main()
    assert "\n" not in str(told.value)
    return str(told.value)


DRY = "--side 40 --width 0.125 --depth 1 1 1 1 --workers 0 --steps 2 --batch 4"


def test_what_is_wrong_is_said_in_one_line(root, tmp_path, monkeypatch, capsys):
    at = f"{DRY} --runs {tmp_path}"
    assert "fewer than one batch of 256; use --batch" in refused(root, at + " --batch 256", monkeypatch)
    assert "--steps is 0, but a whole number from 1" in refused(root, at + " --steps 0", monkeypatch)
    assert "side is 20, but a whole number from 33" in refused(root, at + " --side 20", monkeypatch)
    assert "there is no folder" in refused(root / "nowhere", at, monkeypatch)
    (tmp_path / "odd" / "train" / "cat").mkdir(parents=True)
    (tmp_path / "odd" / "val" / "dog").mkdir(parents=True)
    for split, kind in (("train", "cat"), ("val", "dog")):
        Image.new("RGB", (50, 50)).save(tmp_path / "odd" / split / kind / "0.png")
    assert "train and val hold other classes (cat, dog)" in refused(tmp_path / "odd", at + " --batch 1", monkeypatch)
    with pytest.raises(
        bu.BadInput, match="a batch of 4 pictures cannot be shared equally by 3 processes; use --batch 3"
    ):
        from_files.check_plan(PLAN, *both(root), 3)


def test_another_run_is_not_continued(root, tmp_path, monkeypatch):
    train(root, tmp_path, steps=1)
    with pytest.raises(bu.BadInput, match=r"holds another run: rate was 0\.1 and is 0\.2"):
        train(root, tmp_path, Plan(epochs=2, batch=4, at_once=2, side=40, rate=0.2))


@pytest.mark.parametrize("workers", [0, 1])
def test_a_broken_picture_is_named_in_one_line_and_the_run_goes_on_once_it_is_mended(
    root, tmp_path, monkeypatch, capsys, workers
):
    at = f"{DRY} --runs {tmp_path} --every 1 --batch 40 --steps 3 --validate 3 --workers {workers}"
    monkeypatch.setattr(
        sys, "argv", ["at_scale", "bagnet9", "--root", str(root), *at.replace("--steps 3", "--steps 1").split()]
    )
    at_scale.main()
    file = root / "train" / "kind_2" / "7.JPEG"
    whole = file.read_bytes()
    try:
        file.write_bytes(whole[:100])
        assert refused(root, at, monkeypatch).startswith("load_image: 7.JPEG is ")
    finally:
        file.write_bytes(whole)
    capsys.readouterr()
    monkeypatch.setattr(sys, "argv", ["at_scale", "bagnet9", "--root", str(root), *at.split()])
    at_scale.main()
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in said[:2]] == ["2", "3"]
    assert re.match(r"At [\d.]+ images a second, 90 epochs of 40 pictures take [\d.]+ hours\.", said[-2])


def test_coarse_numbers_are_warned_of(root, tmp_path, monkeypatch, capsys):
    at = f"{DRY} --runs {tmp_path} --precision bf16-mixed"
    monkeypatch.setattr(sys, "argv", ["at_scale", "bagnet9", "--root", str(root), *at.split()])
    at_scale.main()
    said = capsys.readouterr().out
    assert "bf16-mixed is coarser than float32" in said and "58.0 % in float16" in said
