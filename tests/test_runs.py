"""A run is its whole configuration and its pictures: only the same is resumed, and only --ship changes what ships."""

import json
import sys
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from test_training import some_photographs
from torch import nn

import bagnet_utils as bu
from bagnet_utils.models import choices, recipes, training, zoo
from bagnet_utils.models.recipes import Recipe
from bagnet_utils.models.training import share, train

RECIPE = Recipe(epochs=1, pictures=8, batch=4)


def pictures(epoch: int) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.zeros(8, 3, 4, 4, dtype=torch.uint8), torch.arange(8) % 2


def small(width: int = 2) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(48, width))


def test_the_same_run_goes_on_and_its_settings_lie_beside_it(tmp_path):
    rows = train(small(), pictures, RECIPE, tmp_path, about={"seed": 3})
    assert train(small(), pictures, RECIPE, tmp_path, about={"seed": 3}) == rows
    run = json.loads((tmp_path / "run.json").read_text())
    assert (run["rate"], run["batch"], run["seed"], run["network"]) == (3e-3, 4, 3, "Sequential, 98 weights")


CHANGES = {"epochs": 2, "pictures": 4, "batch": 2, "rate": 1e-3, "decay": 0.1, "smoothing": 0.2}


@pytest.mark.parametrize("name", [*CHANGES, "seed", "network", "data"])
def test_another_run_is_refused_in_one_line_that_says_what_differs(tmp_path, name):
    train(small(), pictures, RECIPE, tmp_path, about={"seed": 3})
    recipe = replace(RECIPE, **{name: CHANGES[name]}) if name in CHANGES else RECIPE
    supply = lambda epoch: pictures(epoch)  # noqa: E731
    supply.about = {"data": "new"} if name == "data" else {}
    before = (tmp_path / "checkpoint.pt").read_bytes()
    with pytest.raises(
        bu.BadInput, match=rf"holds another run: {name} was .* and is .*another folder.* or delete"
    ) as told:
        train(
            small(3 if name == "network" else 2), supply, recipe, tmp_path, about={"seed": 4 if name == "seed" else 3}
        )
    assert "\n" not in str(told.value) and (tmp_path / "checkpoint.pt").read_bytes() == before


@pytest.mark.parametrize("words", [None, "", "[1, 2]", "{"], ids=["none", "empty", "a list", "cut short"])
def test_a_checkpoint_of_nobody_knows_which_run_is_refused(tmp_path, words):
    train(small(), pictures, RECIPE, tmp_path)
    (tmp_path / "run.json").unlink() if words is None else (tmp_path / "run.json").write_text(words)
    with pytest.raises(bu.BadInput, match=r"holds a checkpoint, but no run\.json.*or delete it") as told:
        train(small(), pictures, RECIPE, tmp_path)
    assert "\n" not in str(told.value)


def test_pictures_say_which_they_are(tmp_path):
    first = recipes.patchwork_pictures(Recipe(), 1, ("coat",)).about
    assert first["seed"] == 1 and first["pairs"] == ["coat"] and len(first["data"]) == 12
    some_photographs(tmp_path, 52)
    photos = recipes.photo_pictures(Recipe(), root=tmp_path).about
    recipes.photographs.cache_clear()
    assert recipes.photo_pictures(Recipe(), root=tmp_path).about == photos
    file = next((tmp_path / "train" / "tabby").iterdir())
    file.write_bytes(next((tmp_path / "train" / "pizza").iterdir()).read_bytes())
    recipes.photographs.cache_clear()
    assert recipes.photo_pictures(Recipe(), root=tmp_path).about["data"] != photos["data"]


# ---------------------------------------------------------------- the command


@pytest.fixture
def course(tmp_path, monkeypatch):
    """`course.py train` with a recipe of seconds, in folders of its own."""
    monkeypatch.setattr(zoo, "WEIGHTS", tmp_path / "weights")
    monkeypatch.setitem(training.RECIPES, "patchwork", Recipe(epochs=1, pictures=4, batch=2))
    monkeypatch.setitem(training.RECIPES, "tiny", Recipe(epochs=1, pictures=32, batch=16))
    monkeypatch.setattr(recipes, "patchwork_score", lambda: lambda model: {})

    def run(*words: str, runs: str = "runs") -> None:
        monkeypatch.setattr(sys, "argv", ["course.py train", *words, "--runs", str(tmp_path / runs)])
        training.main()

    return run


def test_nothing_ships_unless_it_is_asked_for(course, tmp_path, capsys):
    course("patchwork", "bagnet9")
    said = capsys.readouterr().out.splitlines()[-1]
    assert said.startswith("Without --ship, what ships stays as it is; the weights are in ")
    assert Path(said.rsplit(" ", 1)[1].rstrip(".")).is_file() and not (tmp_path / "weights").exists()
    course("patchwork", "bagnet9", "--ship")  # nothing is left to train
    assert "ship from now on" in capsys.readouterr().out
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["patchwork-bagnet9-1x4-0"]
    assert bu.load_model("bagnet9").patch_size == 9


@pytest.mark.parametrize("precision", [(), ("--precision", "64-true")], ids=["exact", "finer"])
def test_the_command_in_the_manifest_reproduces_what_ships(course, precision):
    course("patchwork", "bagnet9", *precision, "--ship")
    row = zoo.manifest()["patchwork/bagnet9"]
    python, program, verb, *words = row["command"].split()
    assert (python, program, verb) == ("python3", "course.py", "train")
    course(*words, runs="again")
    again = zoo.manifest()["patchwork/bagnet9"]
    assert again["sha256"] == row["sha256"] and again["command"] == row["command"]


@pytest.mark.parametrize("words", ["--seed 1", "--epochs 2", "--pictures 64", "--trying", "--root photographs"])
def test_only_the_courses_own_recipe_ships(course, tmp_path, words):
    with pytest.raises(SystemExit, match=rf"leave out {words.split()[0]}, or --ship") as told:
        course("tiny", "bagnet9", *words.split(), "--ship")
    assert "\n" not in str(told.value) and not list(tmp_path.iterdir())


def test_photographs_of_ones_own_make_another_run_and_never_ship(course, tmp_path):
    for name in ("mine", "yours"):
        some_photographs(tmp_path / name, 20 if name == "mine" else 21)
    course("tiny", "bagnet9", "--root", str(tmp_path / "mine"))
    course("tiny", "bagnet9", "--root", str(tmp_path / "mine"))
    with pytest.raises(SystemExit, match=r"holds another run: data was '[0-9a-f]{12}' and is") as told:
        course("tiny", "bagnet9", "--root", str(tmp_path / "yours"))
    assert "\n" not in str(told.value) and not (tmp_path / "weights").exists()
    with pytest.raises(SystemExit, match="holds another run: precision was '32-true' and is 'bf16-mixed'"):
        course("tiny", "bagnet9", "--root", str(tmp_path / "mine"), "--precision", "bf16-mixed")


def test_what_ships_says_how_it_is_trained_anew():
    for key, row in zoo.manifest().items():
        if key.split("/")[1] in zoo.NETS:
            command = training.command(*key.split("/"), row["precision"])
            recipe = asdict(recipes.recipe_for(*key.split("/")))
        elif key.startswith("choices/"):
            command, recipe = "python3 course.py choices", asdict(choices.RECIPE)
        else:  # a network of one experiment
            command, recipe = row["command"], {}
            assert command.startswith(("python3 course.py ", "python3 benchmarks/")), key
        assert row["command"] == command
        assert {what: row.get(what) for what in recipe} == recipe, f"{key} was trained by another recipe"


# ---------------------------------------------------------------- several processes


@pytest.mark.parametrize("processes", [1, 2, 3, 5])
@pytest.mark.parametrize("size", [10, 11, 32])
def test_twins_stay_together(size, processes):
    shares = [share(torch.arange(100, 100 + size), processes, number) for number in range(processes)]
    assert torch.equal(torch.cat(shares), torch.arange(100, 100 + size))
    assert all(len(some) and some[0] % 2 == 0 for some in shares)


def test_more_processes_than_twins_are_refused(tmp_path):
    with pytest.raises(bu.BadInput, match="a batch of 4 pictures is too small for 3 processes"):
        train(small(), pictures, RECIPE, tmp_path, fabric=SimpleNamespace(world_size=3))
