"""The networks that ship: small, whole, and as able as they should be, no more."""

import json

import pytest
import torch
from safetensors.torch import load_file

import bagnet_utils as bu
from bagnet_utils.models import zoo
from bagnet_utils.models.scores import accuracy_by_pair, predict
from bagnet_utils.worlds.patchwork.scenes import NAMES

SHIPPED = [
    key.split("/")[1] for key in zoo.manifest() if key.startswith("patchwork/") and key.split("/")[1] in zoo.NETS
]


def assert_same(first, second):
    assert first.keys() == second.keys() and all(torch.equal(value, second[key]) for key, value in first.items())


@pytest.mark.parametrize("name", zoo.NETS)
def test_networks_are_small_and_carry_what_is_promised(name):
    model = zoo.build(name, "patchwork").eval()
    assert model.classes[:2] == ("zebra", "leopard") and len(model.classes) == 10
    assert model.patch_size == {"bagnet9": 9, "bagnet17": 17, "bagnet33": 33}.get(name)
    assert sum(value.numel() * value.element_size() for value in model.state_dict().values()) < 4e6
    images = torch.rand(2, 3, 128, 128)
    with torch.no_grad():
        assert model(images).shape == (2, 10)
    again = zoo.build(name, "patchwork").eval()
    assert_same(model.state_dict(), again.state_dict())  # the same seed, the same weights


@pytest.mark.parametrize("name", ["vgg", "resnet", "densenet", "vit"])
def test_peers_see_the_whole_picture(name):
    model = zoo.build(name, "patchwork").eval()
    image = torch.rand(1, 3, 128, 128, requires_grad=True)
    maps = []
    if name in ("vgg", "densenet"):
        model.features.register_forward_hook(lambda *call: maps.append(call[2]))
    if name == "resnet":
        model.stages.register_forward_hook(lambda *call: maps.append(call[2]))
    logit = model(image)[0, 0]
    unit = maps[0][0, :, maps[0].shape[2] // 2, maps[0].shape[3] // 2].sum() if maps else logit
    (gradient,) = torch.autograd.grad(unit, image)
    rows = (gradient != 0).any(3).any(1)[0].nonzero()
    assert rows.max() - rows.min() > 64  # and so sees both parts of a totem


@pytest.mark.parametrize(("name", "says"), [("vgg", "needs at least 32"), ("vit", "places of 256 patches")])
def test_pictures_that_do_not_fit_are_refused_in_one_line(name, says):
    with pytest.raises(bu.BadInput, match=rf"the picture is 24 x 24 pixels.*{says}") as told:
        bu.occlude(zoo.build(name, "patchwork").eval(), torch.rand(3, 24, 24), 8)
    assert "\n" not in str(told.value)


def test_normalisation_lies_inside():
    model = zoo.build("bagnet9", "patchwork").eval()
    assert model.normalise(torch.full((1, 3, 9, 9), 0.45))[0, 0].abs().max() < 1e-6
    assert "normalise.mean" not in model.state_dict()


STAIRCASE = {  # pairs that it solves, tench (for the wrong reason) aside
    "bagnet9": {"coat"},
    "bagnet17": {"coat", "face"},
    "bagnet33": {"coat", "face", "wheel"},
    **{name: {"coat", "face", "wheel", "totem"} for name in ("resnet", "vgg", "densenet")},
    "vit_bag": {"coat"},
}


def test_every_network_ships():
    assert set(SHIPPED) == set(zoo.NETS)


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_weights_know_their_trade_and_no_more(name):
    model = bu.load_model(name)
    assert not model.training
    world = bu.load_world("patchwork", split="val", n=500, cache=None)
    scores = accuracy_by_pair(predict(model, world.images), world.labels, NAMES)
    assert scores["between"] < 1 and scores["tench"] >= 90
    steps = torch.randint(41, (2, 500), generator=torch.Generator().manual_seed(0))
    moved = accuracy_by_pair(predict(model, bu.move(world.images, *steps)), world.labels, NAMES)
    for pair in NAMES[:4] if name in STAIRCASE else ():
        low, high = (95, 100) if pair in STAIRCASE[name] else (35, 65)  # 100 pictures: 3 standard deviations
        assert low <= scores[pair] <= high, pair
        assert low <= moved[pair] <= high or pair == "coat", f"{pair}, moved: place tells, and not order"


def test_weights_that_ship_are_small_and_listed():
    files = {path.name: path.stat().st_size for path in zoo.WEIGHTS.glob("*.safetensors")}
    assert set(files) == {row["file"] for row in zoo.manifest().values()}
    assert all(size <= 4e6 for size in files.values())
    for world in zoo.WORLDS:
        assert sum(size for name, size in files.items() if name.startswith(world)) <= 25e6


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    monkeypatch.setattr(zoo, "WEIGHTS", tmp_path)
    zoo.keep(zoo.build("bagnet9", "patchwork", seed=3), "bagnet9", "patchwork", {"seed": 3})
    return tmp_path / "patchwork-bagnet9.safetensors"


def test_what_is_kept_is_loaded(shelf):
    assert_same(bu.load_model("bagnet9").state_dict(), load_file(shelf))
    assert json.loads((shelf.parent / "manifest.json").read_text())["patchwork/bagnet9"]["seed"] == 3


@pytest.mark.parametrize("words", ["{", "[1]", '{"patchwork/bagnet9": {"seed": 3}}', "<<<<<<< HEAD"])
def test_a_harmed_manifest_is_named_with_the_cure(shelf, words):
    (shelf.parent / "manifest.json").write_text(words)
    with pytest.raises(bu.BadInput, match=r"manifest\.json is damaged.*git checkout"):
        bu.load_model("bagnet9")


def test_weights_of_another_version_are_refused(shelf):
    zoo.keep(zoo.build("bagnet17", "patchwork"), "bagnet9", "patchwork", {})
    with pytest.raises(bu.BadInput, match="another version"):
        bu.load_model("bagnet9")


@pytest.mark.parametrize("harm", ["missing", "truncated", "altered", "emptied"])
def test_harmed_weights_are_named_with_the_cure(shelf, harm):
    whole = shelf.read_bytes()
    if harm == "missing":
        shelf.unlink()
    else:
        shelf.write_bytes({"truncated": whole[:1000], "altered": whole[:-1] + b"?", "emptied": b""}[harm])
    with pytest.raises(
        bu.BadInput, match=r"patchwork-bagnet9\.safetensors.*course\.py train patchwork bagnet9"
    ) as told:
        bu.load_model("bagnet9")
    assert "\n" not in str(told.value)


def test_unknown_names_are_told_the_known_ones(shelf):
    with pytest.raises(bu.BadInput, match="bagnet9, bagnet17"):
        bu.load_model("bagnet8")
    with pytest.raises(bu.BadInput, match="bagnet9, bagnet17"):
        bu.load_model(["bagnet9"])
    with pytest.raises(bu.BadInput, match="patchwork"):
        bu.load_model("bagnet9", world="mars")
    with pytest.raises(bu.BadInput, match="does not list patchwork/vit"):
        bu.load_model("vit")
    with pytest.raises(bu.BadInput, match="vit_bag was trained for patchwork only, not for tiny"):
        bu.load_model("vit_bag", world="tiny")
    with pytest.raises(bu.BadInput, match="patchwork, photos, tiny"):
        bu.load_world("mars")
