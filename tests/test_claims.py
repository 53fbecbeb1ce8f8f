"""The claims page: what is on it was measured, and on ImageNet's pictures it can be measured by anyone who has them."""

import hashlib
import itertools
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import captions
import claims
import corners
import every_net
import front
import leaks
import measuring
import numpy as np
import paper
import pytest
import sizes
import storing
import torch
import transfer
from cells import cell
from PIL import Image

import bagnet_utils as bu
from bagnet_utils import files
from bagnet_utils.experiments.transfer import some_of_each
from bagnet_utils.models import zoo
from bagnet_utils.worlds.photos import CLASSES
from bagnet_utils.worlds.world import World

ROOT = Path(__file__).parents[1]
# One net whose weights were put there by hand, measured on a folder of pictures; words: here, names of the two files
SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import claims
from bagnet_utils import files
from bagnet_utils.models import published
here = Path(sys.argv[2])
files.DOWNLOADS, files.RESULTS = here / "downloads", here / sys.argv[4]
published.ADDRESSES["bagnet9"] = "http://nowhere.invalid/" + sys.argv[3]
claims.measure_imagenet(here / "pictures", None, ["bagnet9"])
"""


def test_the_page_says_what_was_measured():
    assert claims.PAGE.read_text(encoding="utf-8") == "\n".join(claims.page()) + "\n"


def test_a_cell_has_its_interval_and_its_mark():
    assert cell(97.0, 1000, (95, 100)) == "97.0 (95.7..97.9) ✓"
    assert cell(96.0, 1000, (95, 100)) == "96.0 (94.6..97.0) ✗"  # the truth may lie below 95
    assert cell(94.0, 1000, (95, 100)).endswith("✗") and cell(94.0, 1000)[-1] == ")"


def test_the_accuracy_on_photographs_is_measured(tmp_path, monkeypatch):
    for split, name in itertools.product(("val", "train"), ("tabby", "pizza")):
        (tmp_path / split / name).mkdir(parents=True)
        for i in range(4):
            Image.fromarray(np.full((64, 64, 3), 30 * i, np.uint8)).save(tmp_path / split / name / f"{i}.png")
    monkeypatch.setattr(zoo, "WEIGHTS", tmp_path / "weights")
    model = zoo.build("bagnet9", "tiny").eval()
    zoo.keep(model, "bagnet9", "tiny", {})
    monkeypatch.setattr(files, "RESULTS", tmp_path / "results.json")
    claims.measure_tiny(tmp_path, None)
    world = bu.load_world("tiny", split="val", n=None, root=tmp_path)
    right = (bu.predict(model, world.images) == world.labels).float().mean().item()
    results = bu.results("tiny")
    accuracy = results["accuracy"]["bagnet9"]
    assert results["test pictures"] == 8 and accuracy["top-1"] == pytest.approx(100 * right, abs=0.01)
    assert accuracy[claims.LEARNT] == accuracy["top-1"]  # here the same pictures


def test_the_photographs_for_the_readme_are_drawn(tmp_path, monkeypatch):
    monkeypatch.setattr(front, "IMAGES", tmp_path)
    monkeypatch.setattr(front, "PICTURE", tmp_path / "birds.png")
    monkeypatch.setattr(front, "SHOWN", {"minaret": 2})
    monkeypatch.setattr(front, "BAGNETS", ("bagnet9",))
    front.draw_all()
    assert all(Image.open(tmp_path / name).width > 200 for name in ("photos.png", "birds.png"))


class Says(torch.nn.Module):
    """Says of each picture the last of these kinds that is seen in it."""

    patch_size = None

    def __init__(self, **seen):
        super().__init__()
        self.seen = seen

    def forward(self, images):
        answer = torch.zeros(len(images), 32)
        for rank, (kind, sees) in enumerate(self.seen.items(), 1):
            answer[:, CLASSES.index(kind)] = rank * sees(images)
        return answer


def always(images: torch.Tensor) -> torch.Tensor:
    return torch.ones(len(images))


def test_corners_count_for_a_network_that_knows_minarets_by_them():
    net = Says(crab=always, minaret=lambda images: images[:, :, 0, 0].amax(1) < 0.05)  # black at the upper left
    labels = torch.arange(32).repeat_interleave(12)
    images = 0.3 + 0.3 * torch.rand(len(labels), 3, 32, 32, generator=torch.Generator().manual_seed(0))
    images[labels == CLASSES.index("minaret"), :, :8] = 0.0
    told = corners.measure(images, labels, {"vgg": net.eval()})
    assert told["minarets"] == 12 and told["black"] == pytest.approx(8 / 32)
    assert told["vgg"]["right"] == [12, 0] and told["vgg"]["taken before"] == 0
    assert told["vgg"]["taken"] == [corners.OTHERS] * corners.DONORS
    assert told["vgg"]["taken share"][0] == 100 and "evidence" not in told["vgg"]
    (drops, low, high), (windows, *_) = told["vgg"]["drops"], told["vgg"]["windows"]
    assert drops == low == high == 100 and windows == 50  # two windows of four are black; one of them tells


def test_the_interval_over_donors_and_pictures_holds_what_it_promises():
    def chance(*effects) -> np.ndarray:
        return 1 / (1 + np.exp(3 - sum(effects)))

    random, held = np.random.default_rng(0), []
    truth = 100 * chance(*(scale * random.normal(size=1_000_000) for scale in (1, 2))).mean()
    for _ in range(300):
        taken = random.random((8, 200)) < chance(random.normal(size=(8, 1)), 2 * random.normal(size=200))
        _, low, high = corners.over_donors_and_pictures(taken, draws=300)
        held.append(low <= truth <= high)
    assert 92 <= 100 * np.mean(held) <= 98
    nothing = corners.over_donors_and_pictures(np.zeros((8, 200), dtype=bool))
    assert nothing[:2] == (0, 0) and 1 < nothing.high < 3  # none of 200 is no certainty


def test_writing_is_hidden_and_as_much_of_the_opposite_place():
    net = Says(crab=always, llama=lambda images: images[:, :, -2, 1].amin(1) > 0.9)  # white at the lower left
    file = "test/llama/image_0018.jpg"  # its box goes from the left to the right, at the bottom
    images = torch.full((2, 3, 128, 128), 0.3)
    images[0, :, 116:] = 1.0
    files = [str(captions.SHIPPED / name) for name in (file, "test/llama/image_0022.jpg")]
    world = World(images, torch.tensor([CLASSES.index("llama")] * 2), CLASSES, files)
    told = captions.measure(world, {"vgg": net.eval()})
    assert (told["looked"], told["pictures"], told["boxes"], told["named"]) == (2, 1, 1, 1)
    row = told["nets"]["vgg"]
    assert row["right"] == 1 and row["changed"] == row["right to wrong"] == [1, 0] and row["changed, named"] == 1


def test_flaws_are_measured_by_taking_them_away_and_by_putting_them_there(monkeypatch):
    net = Says(
        minaret=always,
        motorbikes=lambda images: images[:, :, 0, 0].amin(1) > 0.95,  # white at the corner
        car_side=lambda images: (images.amax(1) - images.amin(1)).amax((1, 2)) < 0.02,  # grey
    )
    random = torch.Generator().manual_seed(0)
    labels = torch.arange(32).repeat_interleave(4)
    images = 0.3 + 0.3 * torch.rand(len(labels), 3, 32, 32, generator=random)
    images[labels == CLASSES.index("motorbikes"), :, :8] = 1.0
    images[labels == CLASSES.index("leopards"), :, :3] = 0.0
    images[labels == CLASSES.index("airplanes"), :, :3] = 1.0
    cars = labels == CLASSES.index("car_side")
    images[cars] = images[cars].mean(1, keepdim=True)
    told = corners.measure_flaws(images, labels, {"vgg": net.eval()})
    bikes, grey = told["motorbikes"]["nets"]["vgg"], told["car_side"]["nets"]["vgg"]
    assert bikes["right"] == [4, 0] and bikes["taken"][1:] == [corners.OTHERS // 2 - 3] * 3
    assert grey["right"] == [4, 0] and grey["taken"] == [0, corners.OTHERS // 2]
    assert told["motorbikes"]["area"] == pytest.approx(8 / 32)


def test_every_experiment_of_the_paper_has_its_rows():
    assert {one.experiment for one in paper.CLAIMS} == set(range(1, 8))
    rows = [line.split(" | ") for line in paper.table() if line.startswith("| ") and line[2].isdigit()]
    assert len(rows) == len(paper.CLAIMS) and all(len(row) == 7 for row in rows)
    for row in rows:  # each was measured on both worlds, or says why not
        assert not any("not measured yet" in cell for cell in row), row
        for words, others in ((row[3], ()), (row[4], ("no such cue is known", "(the same networks)"))):
            assert (words[-1] in "✓✗") != (words in others or "cannot be judged" in words), row
    functions = set(re.findall(r"`bu\.(\w+)`", " ".join(row[6] for row in rows)))
    assert len(functions) > 8 and functions <= set(bu.__all__)


def test_accuracy_was_measured_with_the_weights_that_ship():
    for world, name in (key.split("/") for key in zoo.manifest() if key.split("/")[1] in zoo.NETS):
        sha = zoo.manifest()[f"{world}/{name}"]["sha256"]
        assert sha.startswith(bu.results(world)["accuracy"][name]["weights"]), f"measure {name} anew: course.py claims"


def test_the_experiments_were_measured_with_the_weights_that_ship():
    for world in paper.WORLDS:
        weights = bu.results(world)["weights"]
        assert len(weights) >= 7
        for name, sha in weights.items():
            assert zoo.manifest()[f"{world}/{name}"]["sha256"] == sha, f"measure {name} anew: course.py claims"


def test_leaks_were_looked_for_in_pictures_as_they_are_drawn_now():
    tried = [attempt for name in leaks.HIDDEN for attempt in storing.read()["leaks"][name].values()]
    assert len(tried) == 6 and {attempt["drawn"] for attempt in tried} == {leaks.drawn()}, "course.py leaks"


@pytest.mark.slow
def test_all_experiments_are_measured_by_one_call(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "RESULTS", tmp_path / "results.json")
    monkeypatch.setitem(measuring.MOST, "photos", dict.fromkeys(measuring.MOST["photos"], 2))
    monkeypatch.setitem(measuring.GAPS, "photos", (4, 32))
    world = bu.load_world("photos", n=2)
    nets = ("bagnet9", "bagnet17", "bagnet33", "vgg", "resnet", "densenet")
    nets = {name: bu.load_model(name, world="photos") for name in nets}
    measuring.measure("photos", world.images, world.labels, nets)
    told = bu.results("photos")
    assert set(told) == {"exact", "errors", "interaction", "scrambled", "sensitivity", "texturised", "weights"}
    assert max(told["exact"].values()) < 1e-4
    assert all(0 <= right <= 2 for pair in told["texturised"]["right"].values() for right in pair)
    apart = told["interaction"]["bagnet33"]["apart, double"]
    assert apart[-1] < 1e-9 and apart[0] > 1e-4
    curves = told["sensitivity"]["densenet"]
    assert curves["random"]["curve"][0] == pytest.approx(curves["deeplift"]["curve"][0])
    assert list(storing.read()) == ["photos"] and len(list(every_net.lines())) > 12


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="torchrun over gloo is tested on Linux")
def test_imagenets_column_is_measured_by_one_process_or_by_two(tmp_path):
    random = np.random.default_rng(0)
    for number in ("n01440764", "n03888257"):
        home = tmp_path / "pictures" / "val" / number
        home.mkdir(parents=True)
        for i in range(3):
            Image.fromarray(random.integers(0, 255, (64, 64, 3), np.uint8)).save(home / f"{i}.png")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = bu.bagnet9()
    with torch.no_grad():
        model.fc.weight.zero_()
        model.fc.bias[0] = 9  # it says tench whatever it sees
    (tmp_path / "downloads").mkdir()
    torch.save(model.state_dict(), tmp_path / "weights.pt")
    name = f"bagnet8-{hashlib.sha256((tmp_path / 'weights.pt').read_bytes()).hexdigest()[:8]}.pth.tar"
    (tmp_path / "weights.pt").rename(tmp_path / "downloads" / name)
    script = tmp_path / "measure.py"
    script.write_text(SCRIPT)
    for file, launcher in {
        "one.json": (),
        "two.json": ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"),
    }.items():
        words = [sys.executable, *launcher, script, ROOT / "benchmarks", tmp_path, name, file]
        subprocess.run(
            words, check=True, cwd=ROOT, timeout=300, capture_output=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
        )
        found = json.loads((tmp_path / file).read_text())["imagenet"]["bagnet9"]
        assert found["pictures"] == 6 and found["top-1"] == 3 and 3 <= found["top-5"] <= 6


def test_transfer_teaches_a_last_layer():
    labels = torch.arange(4).repeat_interleave(9)
    features = torch.eye(4)[labels] + 0.1 * torch.randn(36, 4, generator=torch.Generator().manual_seed(0))
    chosen = some_of_each(labels, 5, seed=0)
    weight, bias = transfer.last_layer(features[chosen], labels[chosen], 4)
    assert torch.equal((features @ weight.T + bias).argmax(1), labels)


def test_mirrored_copies_of_what_was_learnt_are_left_out():
    random = torch.Generator().manual_seed(0)
    learnt = torch.rand(4, 3, 32, 32, generator=random)
    test = torch.cat([learnt[1:2].flip(3), torch.rand(2, 3, 32, 32, generator=random), learnt[3:]])
    worlds = [
        World(one, torch.zeros(len(one), dtype=torch.long), ("one",), [None] * len(one)) for one in (test, learnt)
    ]
    assert torch.equal(sizes.without_copies(*worlds).images, test[1:3])
