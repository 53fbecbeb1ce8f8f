"""Evidence sums to the logit, and a heatmap is what one gets by showing the network every patch by itself."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from published import CASES, model_and_image
from torch import Tensor, nn

import bagnet_utils as bu
from bagnet_utils.experiments import heatmaps

SMALL = {"num_classes": 6, "width": 1 / 8, "depth": (1, 1, 2, 2)}


def trained_looking(model: nn.Module) -> nn.Module:
    """BatchNorm statistics and weights as training leaves them, so that folding them in wrongly would show."""
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.normal_(layer.bias, std=0.2)
            layer.running_mean.normal_(std=0.2)
            layer.running_var.uniform_(0.5, 1.5)
    return model.eval()


NETS = {
    "bagnet9": lambda: bu.bagnet9(**SMALL),
    "bagnet17": lambda: bu.bagnet17(**SMALL),
    "bagnet33": lambda: bu.bagnet33(**SMALL),
    "bagnet49": lambda: bu.BagNet((1, 1, 1, 2), **SMALL),
    "bagnet3": lambda: bu.BagNet((0, 0, 0, 0), **SMALL),
}


@pytest.fixture(params=NETS)
def model(request):
    return trained_looking(NETS[request.param]())


@torch.no_grad()
def patch_by_patch(model: nn.Module, picture: Tensor, target: int, stride: int) -> Tensor:
    """Cut every patch out of a 3 x H x W picture and classify each of them alone: h x w."""
    q = model.patch_size
    patches = picture.unfold(1, q, stride).unfold(2, q, stride)  # 3 x h x w x q x q
    rows, columns = patches.shape[1:3]
    patches = patches.permute(1, 2, 0, 3, 4).reshape(-1, 3, q, q)
    return torch.cat([model(some)[:, target] for some in patches.split(1000)]).reshape(rows, columns)


@pytest.mark.parametrize("side", [(64, 64), (57, 90), (128, 49), (73, 73)])
@torch.no_grad()
def test_mean_of_evidence_is_the_logit(model, side):
    images = torch.rand(2, 3, *side)
    evidence = bu.evidence(model, images)
    rows, columns = ((length - model.patch_size) // 8 + 1 for length in side)
    assert evidence.shape == (2, 6, rows, columns)
    assert torch.allclose(evidence.mean((2, 3)), model(images), atol=1e-5, rtol=0)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.build)
@torch.no_grad()
def test_mean_of_evidence_is_the_logit_at_published_size(case):
    model, image = model_and_image(case)
    for picture in (image[None], image[None, :, : case.side // 2, : case.side - 5]):
        assert torch.allclose(bu.evidence(model, picture).mean((2, 3)), model(picture), atol=1e-5, rtol=0)


def test_evidence_in_several_goes_is_the_same(model):
    images = torch.rand(3, 3, 480, 500)  # more pixels than go through at a time
    alone = torch.cat([bu.evidence(model, image) for image in images])
    assert torch.allclose(bu.evidence(model, images), alone, atol=1e-6)


def test_evidence_is_local(model):
    """Change one pixel: only the cells whose patch holds it may move, and all of those do."""
    image = torch.rand(3, 120, 120)
    changed = image.clone()
    changed[:, 60, 70] = torch.tensor([5.0, -5.0, 5.0])
    moved = (bu.evidence(model, image) != bu.evidence(model, changed)).any(1)[0]
    corner = 8 * torch.arange(len(moved))
    holds_row = (corner <= 60) & (corner + model.patch_size > 60)
    holds_column = (corner <= 70) & (corner + model.patch_size > 70)
    assert torch.equal(moved, holds_row[:, None] & holds_column[None])


@pytest.mark.parametrize("stride", [8, 4, 2, 1])
@pytest.mark.parametrize("side", [(64, 64), (53, 87)])
def test_heatmap_equals_patch_by_patch(model, side, stride):
    image = torch.rand(3, *side)
    inside = patch_by_patch(model, image, 2, stride)
    near = {"atol": 1e-4 * (inside.max() - inside.min()).item(), "rtol": 0}
    assert torch.allclose(bu.heatmap(model, image, 2, stride, pad=False), inside, **near)
    padded = F.pad(image, [(model.patch_size - 1) // 2] * 4)
    centred = patch_by_patch(model, padded, 2, stride)
    assert centred.shape == tuple(-(-length // stride) for length in side)
    assert torch.allclose(bu.heatmap(model, image, 2, stride, pad=True), centred, **near)


def test_stride_8_is_the_models_own_grid_and_stride_1_has_one_value_per_pixel(model):
    image = torch.rand(3, 75, 101)
    own = bu.heatmap(model, image, 4)
    assert torch.allclose(own, bu.evidence(model, image)[0, 4], atol=1e-5)
    assert torch.allclose(own.mean(), model(image[None])[0, 4].detach(), atol=1e-5)
    assert bu.heatmap(model, image, 4, stride=1).shape == (75, 101)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.build)
@pytest.mark.slow
def test_equals_the_published_utility(case):
    model, image = model_and_image(case)
    heatmap = bu.heatmap(model, image, target=case.salt, stride=1)
    for row, column, value in case.heatmap:
        assert abs(heatmap[row, column].item() - value) < 1e-3


@pytest.mark.parametrize("stride", [8, 4, 2, 1])
def test_rows_and_bands_at_a_time_do_not_show(model, stride, monkeypatch):
    image = torch.rand(3, 71, 122)
    whole = bu.heatmap(model, image, 0, stride)
    monkeypatch.setattr(heatmaps, "WIDEST", 13)
    monkeypatch.setitem(heatmaps.PIXELS_AT_ONCE, "cpu", 40)
    assert torch.allclose(bu.heatmap(model, image, 0, stride), whole, atol=1e-5)


def test_zeros_are_padded_after_normalisation():
    model = trained_looking(bu.bagnet9(**SMALL))
    image = torch.rand(3, 33, 41)
    wanted = bu.heatmap(model, (image - 0.4) / 0.2, 1, stride=1)

    class Normalise(nn.Module):
        def forward(self, images):
            return (images - 0.4) / 0.2

    model.normalise = Normalise().eval()
    assert torch.allclose(bu.heatmap(model, image, 1, stride=1), wanted, atol=1e-5)


def test_pictures_may_be_arrays_or_batches_of_one_and_models_float64():
    model = trained_looking(bu.bagnet9(**SMALL))
    image = np.random.default_rng(0).random((3, 40, 40))
    wanted = bu.heatmap(model, torch.tensor(image, dtype=torch.float32), 1)
    assert torch.equal(bu.heatmap(model, image, np.int64(1)), wanted)
    assert torch.equal(bu.heatmap(model, image[None], torch.tensor(1)), wanted)
    flipped = torch.tensor(image).flip(1).float()
    assert torch.equal(bu.heatmap(model, image[:, ::-1], 1), bu.heatmap(model, flipped, 1))
    assert torch.allclose(bu.heatmap(model.double(), image, 1).float(), wanted, atol=1e-5)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
@pytest.mark.parametrize("stride", [8, 1])
def test_gpu_equals_cpu(model, stride):
    image = torch.rand(3, 300, 280)
    wanted = bu.heatmap(model, image, 3, stride)
    found = bu.heatmap(model.cuda(), image, 3, stride).cpu()
    assert torch.allclose(found, wanted, atol=1e-4 * (wanted.max() - wanted.min()).item())


MODEL = bu.bagnet33(**SMALL).eval()
IMAGE = torch.rand(3, 64, 64)
BAD = {
    "image smaller than a patch": ((MODEL, IMAGE[:, :20, :31], 0), "20 x 31 pixels.*BagNet-33 needs at least 33"),
    "grey": ((MODEL, IMAGE[:1], 0), "1 channels.*3 are wanted.*RGB"),
    "colours last": ((MODEL, IMAGE.permute(1, 2, 0), 0), "64 x 64 x 3.*permute"),
    "target too large": ((MODEL, IMAGE, 6), "target is 6.*0 to 5"),
    "stride that does not divide": ((MODEL, IMAGE, 0, 3), "stride is 3.*8, 4, 2 or 1"),
    "stride zero": ((MODEL, IMAGE, 0, 0), "stride is 0"),
    "several pictures": ((MODEL, IMAGE.expand(2, -1, -1, -1), 0), "2 pictures.*one is wanted"),
    "a class, not a model": ((bu.bagnet33, IMAGE, 0), "BagNet is wanted"),
    "a stride that is a float": ((MODEL, IMAGE, 0, 8.0), "stride is 8.0"),
    "a stride that is a truth": ((MODEL, IMAGE, 0, True), "stride is True"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gets_one_line(case):
    arguments, told = BAD[case]
    with pytest.raises(bu.BadInput, match=f"heatmap: .*{told}") as caught:
        bu.heatmap(*arguments)
    assert "\n" not in str(caught.value)
