"""Our BagNets are the published function, at any size."""

import hashlib
import json
import pickle
from pathlib import Path

import pytest
import torch
from published import CASES, model_and_image, weights_by_rule

import bagnet_utils as bu
from bagnet_utils.models.published import load_published


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.build)
@torch.no_grad()
def test_equals_the_published_network(case):
    model, image = model_and_image(case)
    logits = model(image[None])[0]
    assert sum(p.numel() for p in model.parameters()) == case.parameters
    assert torch.allclose(logits[:8], torch.tensor(case.first_logits), atol=1e-3, rtol=0)
    assert abs(logits.sum().item() - case.sum_of_logits) < 1e-2  # a sum of 1000 such logits
    assert logits.argmax() == case.best


def test_names_and_shapes_are_the_published_ones():
    contract = Path(__file__).parents[2] / "shared" / "contracts" / "official_bagnet.json"
    if not contract.exists():
        pytest.skip("the list of published names is not at hand; the test above draws weights by name")
    for name, published in json.loads(contract.read_text())["state_dict_shapes"].items():
        ours = {key: list(value.shape) for key, value in getattr(bu, name)().state_dict().items()}
        assert ours == published


@pytest.mark.parametrize("build, patch, grid", [("bagnet9", 9, 27), ("bagnet17", 17, 26), ("bagnet33", 33, 24)])
def test_patch_size_and_grid_at_224(build, patch, grid):
    model = getattr(bu, build)(num_classes=5, width=1 / 16, depth=(1, 1, 1, 1)).eval()
    assert (model.patch_size, model.stride) == (patch, 8)
    assert model.features(torch.zeros(2, 3, 224, 224)).shape == (2, 128, grid, grid)


def test_the_last_seven_rows_and_columns_of_224_are_never_seen():
    model = bu.bagnet33(5, width=1 / 4).eval()
    image = torch.rand(1, 3, 224, 224)
    changed = image.clone()
    changed[:, :, 217:], changed[:, :, :, 217:] = 0, 0
    with torch.no_grad():
        assert torch.equal(model(image), model(changed))
        changed[:, :, 216, :] = 0
        assert not torch.equal(model(image), model(changed))


def test_larger_patches_by_more_3x3_blocks():
    assert bu.BagNet((1, 1, 1, 3), 5, width=1 / 16).patch_size == 65


def test_classifier_after_the_mean_equals_classifier_before_it():
    model = bu.bagnet17(7, width=1 / 8).eval()
    images = torch.rand(2, 3, 41, 58)
    per_patch = model.fc(model.features(images).permute(0, 2, 3, 1))  # N x h x w x C
    assert torch.allclose(per_patch.mean((1, 2)), model(images), atol=1e-6)


def test_training_reaches_every_weight():
    model = bu.bagnet33(4, width=1 / 8, depth=(1, 1, 2, 2)).train()
    torch.nn.functional.cross_entropy(model(torch.rand(4, 3, 49, 49)), torch.arange(4)).backward()
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in model.parameters())


@pytest.mark.parametrize(
    "arguments, told",
    [
        ({"depth": (1, 1, 2)}, "four whole numbers"),
        ({"depth": (0, 1, 1, 1)}, "at least one block"),
        ({"num_classes": 0}, "at least 1"),
        ({"num_classes": 2.5}, "at least 1"),
        ({"width": 0}, "width"),
    ],
)
def test_impossible_sizes_are_refused_in_one_line(arguments, told):
    with pytest.raises(bu.BadInput, match=told) as caught:
        bu.bagnet33(**arguments)
    assert "\n" not in str(caught.value)


# ------------------------------------------------------------ published files


def published_file(folder: Path, content, name: str = "bagnet8") -> Path:
    plain = folder / "plain"
    torch.save(content, plain)
    return plain.rename(folder / f"{name}-{hashlib.sha256(plain.read_bytes()).hexdigest()[:8]}.pth.tar")


def test_published_files_load_strictly(tmp_path):
    weights = weights_by_rule({k: v.shape for k, v in bu.bagnet9().state_dict().items()}, 7)
    model = load_published(published_file(tmp_path, weights))
    assert model.patch_size == 9 and not model.training
    assert all(torch.equal(weights[key], value) for key, value in model.state_dict().items())


def test_damaged_or_foreign_files_are_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return print, ("arbitrary code ran",)

    weights = {k: v for k, v in bu.bagnet9().state_dict().items() if k != "fc.bias"}
    incomplete = published_file(tmp_path, weights)
    evil = published_file(tmp_path, {"fc.bias": Evil()}, "bagnet16")
    whole = published_file(tmp_path, {"weights": torch.zeros(9)}, "bagnet32")
    content = bytearray(whole.read_bytes())
    content[len(content) // 2] ^= 1
    whole.write_bytes(content)
    text = tmp_path / "bagnet8-00000000.pth.tar"
    text.write_text("<html>404</html>")
    told = {
        incomplete: "does not hold the weights of a bagnet8",
        evil: "does not hold the weights of a bagnet16",
        whole: "download it again",
        text: "download it again",
        tmp_path / "bagnet8-11111111.pth.tar": "no file",
        tmp_path / "mine.pth": "named as published",
    }
    for path, words in told.items():
        with pytest.raises(bu.BadInput, match=words) as caught:
            load_published(path)
        assert path.name in str(caught.value) and "\n" not in str(caught.value)


def test_a_pickle_never_runs_code(tmp_path, capsys):
    class Evil:
        def __reduce__(self):
            return print, ("arbitrary code ran",)

    plain = tmp_path / "plain"
    plain.write_bytes(pickle.dumps(Evil(), protocol=2))
    path = plain.rename(tmp_path / f"bagnet8-{hashlib.sha256(plain.read_bytes()).hexdigest()[:8]}.pth.tar")
    with pytest.raises(bu.BadInput, match="does not hold"):
        load_published(path)
    assert "arbitrary" not in capsys.readouterr().out
