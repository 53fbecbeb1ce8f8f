"""The published networks: fetched once, checked, and working like any other."""

import copy
import hashlib
import io

import pytest
import torch
from conftest import Server
from published import weights_by_rule

import bagnet_utils as bu
from bagnet_utils.models import published
from bagnet_utils.models.bagnet import without_tf32
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


@pytest.fixture
def fetched(server, monkeypatch):
    """A published BagNet-9, in a session where a GPU may round to TF32 as it likes."""
    shapes = {key: value.shape for key, value in bu.bagnet9().state_dict().items()}
    offer(server, monkeypatch, "bagnet9", weights_by_rule(shapes, 1))
    before = torch.backends.cudnn.allow_tf32, torch.get_float32_matmul_precision()
    torch.backends.cudnn.allow_tf32 = True
    torch.set_float32_matmul_precision("high")
    yield bu.load_model("bagnet9", world="imagenet")
    torch.backends.cudnn.allow_tf32 = before[0]
    torch.set_float32_matmul_precision(before[1])


def rounding() -> list:
    """Whether convolutions and matrix products are rounded to TF32 on a GPU just now."""
    cuda, cudnn = torch.backends.cuda, torch.backends.cudnn
    if hasattr(cudnn, "conv"):
        return [kind.fp32_precision == "tf32" for kind in (cuda.matmul, cudnn.conv)]
    return [kind.allow_tf32 for kind in (cuda.matmul, cudnn)]


def test_whoever_comes_out_last_turns_tf32_back(fetched):
    """As when two threads ask networks at the same time."""
    first, second = without_tf32(), without_tf32()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert not any(rounding())
    second.__exit__(None, None, None)
    assert all(rounding())


USES = {
    "model": lambda model, image: model(image[None]),
    "features": lambda model, image: model.features(image[None]),
    "evidence": bu.evidence,
    "heatmap": lambda model, image: bu.heatmap(model, image, 3, stride=1),
    "a copy": lambda model, image: copy.deepcopy(model)(image[None]),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_published_bagnets_work_without_tf32_and_leave_it_as_it_was(fetched, monkeypatch, use):
    seen = []

    def spy_on(function):
        def spied(*given, **named):
            seen.append(rounding())
            return function(*given, **named)

        return spied

    for name in ("conv2d", "linear"):
        monkeypatch.setattr(torch.nn.functional, name, spy_on(getattr(torch.nn.functional, name)))
    use(fetched, torch.rand(3, 32, 32))
    assert len(seen) > 10 and not any(any(one) for one in seen)
    assert rounding() == [True, True] and torch.backends.cudnn.allow_tf32
    with pytest.raises((RuntimeError, bu.BadInput)):
        use(fetched, torch.rand(3, 5, 5))
    assert rounding() == [True, True]


def test_published_bagnets_refuse_coarse_numbers_and_take_finer_ones(fetched):
    image = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        logits = fetched(image)
        assert torch.allclose(fetched.double()(image.double()).float(), logits, atol=1e-4)
    assert bu.evidence(fetched, image).dtype == bu.heatmap(fetched, image, 3).dtype == torch.float64
    fetched.float()
    with pytest.raises(bu.BadInput, match="autocast"), torch.autocast("cpu", torch.bfloat16):
        fetched(image)
    with pytest.raises(bu.BadInput, match="float16"):
        fetched.half()(image.half())
    assert rounding() == [True, True]


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
