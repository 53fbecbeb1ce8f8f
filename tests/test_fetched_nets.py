"""The published networks: fetched once, checked, and working like any other."""

import hashlib
import io

import pytest
import torch
from conftest import Server
from published import weights_by_rule

import bagnet_utils as bu
from bagnet_utils.models import published
from bagnet_utils.worlds import imagenet


def offer(server: str, monkeypatch, name: str, state: dict, how: str = "well") -> None:
    """Put weights on the server and the server's address in the place of the real one."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    stem, _, ending = published.ADDRESSES[name].rsplit("/", 1)[1].partition("-")
    file = f"{stem}-{hashlib.sha256(buffer.getvalue()).hexdigest()[:8]}.{ending.split('.', 1)[1]}"
    Server.shelf[file] = buffer.getvalue()
    monkeypatch.setitem(published.ADDRESSES, name, f"{server}/{how}/{file}")


@pytest.mark.parametrize("name", ["bagnet9", "bagnet33"])
def test_published_bagnets_are_fetched_once_and_work_like_any_other(server, monkeypatch, name):
    bare = {"bagnet9": bu.bagnet9, "bagnet33": bu.bagnet33}[name]()
    state = weights_by_rule({key: value.shape for key, value in bare.state_dict().items()}, 1)
    offer(server, monkeypatch, name, state)
    model = bu.load_model(name, world="imagenet")
    bu.load_model(name, world="imagenet")
    assert len(Server.asked) == 1
    assert model.patch_size == bare.patch_size and len(model.classes) == 1000 and model.classes[0] == "tench"
    images = bu.load_world("imagenet").images[:1, :, :64, :64]
    bare.load_state_dict(state)
    mean, deviation = (torch.tensor(values)[:, None, None] for values in published.COLOURS)
    with torch.no_grad():
        logits = model(images)
        assert torch.allclose(logits, bare.eval()((images - mean) / deviation), atol=1e-5)
    assert torch.allclose(bu.evidence(model, images).mean((2, 3)), logits, atol=1e-4)
    assert bu.heatmap(model, images[0], target=3).ndim == 2


def test_published_bagnets_refuse_coarse_numbers(server, monkeypatch):
    bare = bu.bagnet9()
    offer(
        server,
        monkeypatch,
        "bagnet9",
        weights_by_rule({key: value.shape for key, value in bare.state_dict().items()}, 1),
    )
    model = bu.load_model("bagnet9", world="imagenet")
    image = torch.rand(1, 3, 32, 32)
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    model(image)
    assert not torch.backends.cudnn.allow_tf32
    with pytest.raises(bu.BadInput, match="autocast"), torch.autocast("cpu", torch.bfloat16):
        model(image)
    with pytest.raises(bu.BadInput, match="float16"):
        model.half()(image.half())


@pytest.mark.parametrize("name", ["resnet", "densenet"])
def test_torchvisions_nets_come_the_same_way(server, monkeypatch, name):
    import torchvision

    net = torchvision.models.get_model(published.TORCHVISION[name])
    state = weights_by_rule({key: value.shape for key, value in net.state_dict().items()}, 1)
    old = {key.replace("norm1.", "norm.1.") if "denselayer" in key else key: value for key, value in state.items()}
    offer(server, monkeypatch, name, old)
    model = bu.load_model(name, world="imagenet")
    assert model.patch_size is None and len(model.classes) == 1000 and not model.training
    net.load_state_dict(state)
    images = torch.rand(1, 3, 64, 64)
    mean, deviation = (torch.tensor(values)[:, None, None] for values in published.COLOURS)
    with torch.no_grad():
        assert torch.allclose(model(images), net.eval()((images - mean) / deviation), atol=1e-5)


def test_every_address_names_its_hash():
    for name, address in published.ADDRESSES.items():
        digits = address.rsplit("-", 1)[1].split(".")[0]
        assert len(digits) == 8 and int(digits, 16) >= 0, name


def test_the_addresses_that_torchvision_knows_are_the_same():
    import torchvision

    assert torchvision.datasets.Imagenette._ARCHIVES["160px"] == (imagenet.IMAGENETTE, imagenet.IMAGENETTE_MD5)
    for name, net in published.TORCHVISION.items():
        assert torchvision.models.get_model_weights(net).IMAGENET1K_V1.url == published.ADDRESSES[name]
