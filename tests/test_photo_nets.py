"""The networks trained on photographs: what ships, what its manifest says of it, and whether that is so."""

import tarfile
from pathlib import Path

import pytest
import torch

import bagnet_utils as bu
from bagnet_utils.files import put
from bagnet_utils.models import zoo
from bagnet_utils.models.recipes import RECIPES
from bagnet_utils.worlds import tiny

ROWS = {key.split("/")[1]: row for key, row in zoo.manifest().items() if key.startswith("tiny/")}
NETS = [name for name, net in zoo.NETS.items() if "tiny" in net.worlds]
BAGNETS = ["bagnet9", "bagnet17", "bagnet33"]
PICTURES = Path(__file__).parents[2] / "shared" / "data" / "photos20.tar"  # only on some machines


def test_every_network_ships_with_the_same_recipe_and_is_measured():
    assert set(ROWS) == set(NETS)
    recipe = RECIPES["tiny"]
    for row in ROWS.values():
        assert (row["epochs"], row["batch"], row["smoothing"]) == (recipe.epochs, recipe.batch, recipe.smoothing)
        assert row["seed"] == 0 and row["pictures"] == 9000
    results = bu.results("tiny")
    assert results["test pictures"] == 1000 and all(5 < results["accuracy"][name]["top-1"] < 100 for name in NETS)


@pytest.mark.parametrize("name", BAGNETS)
def test_evidence_of_photographs_adds_up(name):
    model, world = bu.load_model(name, world="tiny"), bu.load_world("tiny")
    assert model.classes == tiny.CLASSES and not model.training
    maps = bu.evidence(model, world.images)
    side = (tiny.SIDE - model.patch_size) // 8 + 1
    assert maps.shape == (3, 20, side, side)
    with torch.no_grad():
        assert torch.allclose(maps.mean((2, 3)), model(world.images), atol=1e-4)
    assert bu.heatmap(model, world.images[0], int(world.labels[0]), stride=1).shape == (tiny.SIDE, tiny.SIDE)


@pytest.mark.slow
@pytest.mark.skipif(not PICTURES.exists(), reason="the photographs are not on this machine")
@pytest.mark.parametrize("name", NETS)
def test_accuracy_is_what_the_manifest_says(name, tmp_path_factory):
    folder = tmp_path_factory.getbasetemp() / "tiny"
    if not folder.exists():
        with tarfile.open(PICTURES) as archive:
            for member in archive:  # one by one: the first releases of Python 3.11 know no extractall that is safe
                if "/val/" in member.name and member.isfile():
                    put(archive.extractfile(member).read(), folder, member.name)
    world = bu.load_world("tiny", split="val", n=None, root=next(folder.iterdir()))
    right = (bu.predict(bu.load_model(name, world="tiny"), world.images) == world.labels).float().mean().item()
    assert 100 * right == pytest.approx(
        bu.results("tiny")["accuracy"][name]["top-1"], abs=0.3
    )  # roundings differ among processors
