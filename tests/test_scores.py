"""What a network answers: asked in batches, of pictures in any of the usual forms, and never changed by the asking."""

import numpy as np
import pytest
import torch
from test_heatmaps import SMALL
from torch import nn

import bagnet_utils as bu
from bagnet_utils.models.recipes import Recipe
from bagnet_utils.models.training import train
from bagnet_utils.models.zoo import build

torch.manual_seed(0)
MODEL, IMAGES = bu.bagnet9(**SMALL).eval(), torch.rand(5, 3, 40, 48)


def test_pictures_may_be_many_or_one_a_tensor_or_an_array():
    expected = bu.evidence(MODEL, IMAGES).mean((2, 3))
    for batch in (1, 2, 25, np.int64(3)):
        assert torch.allclose(bu.logits(MODEL, IMAGES, batch), expected, atol=1e-5)
    assert torch.equal(bu.predict(MODEL, IMAGES), expected.argmax(1))
    assert torch.allclose(bu.logits(MODEL, IMAGES[2]), expected[2:3], atol=1e-5)
    assert torch.equal(bu.predict(MODEL, IMAGES.double().numpy()[:, :, ::-1][:, :, ::-1]), expected.argmax(1))
    assert not bu.logits(MODEL, IMAGES).requires_grad


WRONG = {
    "bytes": (MODEL, (255 * IMAGES).byte(), "uint8 numbers, but floats are wanted; for 0..255 use"),
    "colours last": (MODEL, IMAGES.permute(0, 2, 3, 1), r"48 channels|permute"),
    "too small": (MODEL, IMAGES[:, :, :8], "BagNet-9 needs at least 9"),
    "too small for a peer": (build("vgg", "patchwork").eval(), IMAGES[:, :, :24], "VGG, which needs at least 32"),
}


@pytest.mark.parametrize("function", [bu.logits, bu.predict], ids=lambda f: f.__name__)
@pytest.mark.parametrize(("model", "images", "says"), WRONG.values(), ids=WRONG)
def test_what_a_reader_may_get_wrong_is_said_in_one_line(function, model, images, says):
    with pytest.raises(bu.BadInput, match=says) as told:
        function(model, images)
    assert str(told.value).startswith(f"{function.__name__}: ") and "\n" not in str(told.value)


def test_no_part_of_a_model_changes_its_mode_whatever_happens():
    model = nn.Sequential(nn.Dropout(), bu.bagnet9(**SMALL)).train()
    model[1].eval()  # frozen, as in fine-tuning
    before = [module.training for module in model.modules()]
    for images in (IMAGES, IMAGES[:, :, :4]):
        with pytest.raises(bu.BadInput):
            bu.predict(model, images)
        assert [module.training for module in model.modules()] == before


def test_training_asks_and_leaves_a_model_in_eval_mode(tmp_path):
    modes = []

    def score(model: nn.Module) -> dict[str, float]:
        modes.append(model.training)
        return {"right": (bu.predict(model, IMAGES) == 0).float().mean().item()}

    model, supply = bu.bagnet9(**SMALL), lambda epoch: ((255 * IMAGES).byte(), torch.zeros(5, dtype=torch.int64))
    recipe = Recipe(epochs=2, pictures=4, batch=2)
    assert len(train(model, supply, recipe, tmp_path, score)) == 2 and modes == [False, False]
    assert not any(module.training for module in model.modules())
    again = bu.bagnet9(**SMALL)
    train(again, supply, recipe, tmp_path, score)  # nothing is left to do
    assert not any(module.training for module in again.modules()) and len(modes) == 2
