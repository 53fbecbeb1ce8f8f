"""What is asked of numbers and pictures is asked in one way: whole numbers of any kind, finite pixels."""

import inspect

import numpy as np
import pytest
import torch
from test_heatmaps import SMALL

import bagnet_utils as bu
from bagnet_utils.checks import check_images, whole

torch.manual_seed(0)
MODEL, IMAGES = bu.bagnet9(**SMALL).eval(), torch.rand(4, 3, 48, 64)
IMAGE, LABELS, NUMBERS = IMAGES[0], torch.tensor([0, 1, 2, 3]), np.random.default_rng(0).random(12)
VALID = {  # of every function that is given a model, pictures, a class, a seed, or whole numbers: what will do
    "attribute": {"model": MODEL, "image": IMAGE, "target": 1, "method": "random", "seed": 2},
    "bootstrap": {"statistic": np.mean, "draws": 9, "seed": 1},
    "certify": {"model": MODEL, "images": IMAGES, "labels": LABELS, "size": 4},
    "confidence_interval": {"right": 3, "total": 4},
    "dark_corners": {"images": IMAGES, "reach": 3},
    "error_consistency": {"first": LABELS, "second": LABELS, "labels": LABELS, "draws": 9, "seed": 1},
    "evidence": {"model": MODEL, "images": IMAGES},
    "explore": {"models": MODEL, "image": IMAGE, "target": 0},
    "finetune": {"source": "no such folder", "network": "bagnet9", "seed": 1},
    "heatmap": {"model": MODEL, "image": IMAGE, "target": 2, "stride": 4},
    "interaction": {"model": MODEL, "images": IMAGES, "gap": 9, "size": 8},
    "load_image": {"source": np.zeros(0), "size": 8},
    "load_world": {"n": 4, "seed": 1},
    "logits": {"model": MODEL, "images": IMAGES, "batch": 2},
    "masking_curve": {"model": MODEL, "image": IMAGE, "attribution": IMAGES[0, 0], "masks": [0, 3], "side": 8},
    "move": {"images": IMAGES, "down": 2},
    "occlude": {"model": MODEL, "image": IMAGE, "size": 16, "stride": 16, "fill": "noise", "seed": 1},
    "pair": {"gap": 8, "copies": 2, "n": 2, "seed": 1},
    "points_at": {"heatmap": IMAGES[0, 0], "mask": IMAGES[0, 0] > 0, "within": 2},
    "predict": {"model": MODEL, "images": IMAGES, "batch": 2},
    "project": {"model": MODEL, "images": IMAGES, "layer": "layer1", "channel": 1, "position": (2, 3)},
    "prototypes": {"model": MODEL, "images": IMAGES, "k": 2, "examples": 1, "seed": 1},
    "receptive_field": {"model": MODEL, "by": "gradient", "seed": 1},
    "scene": {"label": 0, "seed": 1},
    "scramble": {"images": IMAGES, "tile": 16, "seed": 3},
    "shape_bias": {"model": MODEL, "images": IMAGES, "shapes": [0, 1, 2, 0], "textures": [1, 2, 0, 2]},
    "shapley": {"worth": len, "players": 3},
    "texturise": {"images": IMAGES[:1], "net": bu.load_model("vgg"), "steps": 1, "seed": 1},
    "top_patches": {"model": MODEL, "images": IMAGES, "target": 1, "k": 2, "rather_than": 0},
    "with_random_weights": {"model": MODEL, "seed": 1, "last": 2},
}
PICTURES = {
    "1 channels": IMAGES[:, :1], "shape 48 x 64, but": IMAGES[0, 0], "uint8 numbers": (255 * IMAGES).byte(),
    "NaN": IMAGES / 0 * 0, "str was given": "cat.jpg", "nothing in it": IMAGES[:0], "object values": np.full(3, None),
}  # fmt: skip
MODELS = {"train mode": bu.bagnet9(**SMALL), "(model|BagNet) is wanted": bu.bagnet33, "(model|BagNet|VGG) is": "vgg"}
WHOLE = ("seed", "target", "rather_than", "label", "batch", "size", "stride", "side", "gap", "tile", "k", "examples",
         "players", "copies", "steps", "pictures", "draws", "right", "total", "n", "reach", "within")  # fmt: skip
WRONG = {"image": PICTURES, "images": PICTURES, "model": MODELS, "models": MODELS, "net": MODELS}
WRONG |= {name: {f"{given!r}": given for given in (-1, True, 2.5, "2")} for name in WHOLE}


@pytest.mark.parametrize("name", VALID)
def test_what_is_wrong_is_said_in_one_line_by_every_function(name):
    for parameter in WRONG.keys() & VALID[name].keys():
        for told, wrong in WRONG[parameter].items():
            columns = (NUMBERS,) if name == "bootstrap" else ()
            with pytest.raises(bu.BadInput, match=told) as caught:
                changed = {**VALID[name], parameter: wrong}
                getattr(bu, name)(*([changed.pop("statistic"), *columns] if columns else []), **changed)
            assert str(caught.value).startswith(f"{name}: "), (parameter, wrong)
            assert "\n" not in str(caught.value) and len(str(caught.value)) < 300
            assert [str(caught.value)] == [line[5:-4] for line in caught.value._render_traceback_()]  # in a notebook


def test_no_function_is_left_out():
    for name, (module, _) in bu.TABLE.items():
        if inspect.isfunction(function := getattr(bu, name)) and not module.startswith(("display", "models.bagnet")):
            asked = WRONG.keys() & inspect.signature(function).parameters.keys()
            assert asked - VALID.get(name, {}).keys() <= ({"right"} if name == "move" else set()), name  # below 0 too


CALLS = {
    name: lambda n, name=name: getattr(bu, name)(
        **{key: n(given) if type(given) is int else given for key, given in VALID[name].items()}
    )
    for name in ("scramble", "heatmap", "shapley", "attribute", "masking_curve", "predict")
} | {
    "top_patches": lambda n: bu.top_patches(MODEL, IMAGES, n(1), k=n(2), rather_than=n(0))[1].evidence,
    "prototypes": lambda n: bu.prototypes(MODEL, IMAGES, k=n(2), examples=n(1)).heap,
    "occlude": lambda n: bu.occlude(MODEL, IMAGE, n(16), n(16), "noise", n(1)).logits,
    "interaction": lambda n: bu.interaction(MODEL, IMAGES, n(9), n(8)).joint_drop,
    "bagnet9": lambda n: sum(p.numel() for p in bu.bagnet9(n(7), 1 / 8, (n(1), n(1), n(1), n(1))).parameters()),
}


@pytest.mark.parametrize("kind", [np.int64, np.uint8, torch.tensor], ids=["int64", "uint8", "tensor"])
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_whole_numbers_of_any_kind_will_do(call, kind):
    assert np.array_equal(np.asarray(call(int)), np.asarray(call(kind)))


def test_what_is_no_whole_number():
    for given in (True, np.True_, 2.0, np.float64(2), torch.tensor(2.0), torch.tensor([1, 2]), "2", None):
        assert whole(given) is None
    for given in (-2, np.int8(-2), torch.tensor(-2), torch.tensor([-2])):
        assert whole(given) == -2 and type(whole(given)) is int


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64], ids=str)
def test_one_pixel_that_is_no_number_is_found(bad, dtype):
    images = IMAGES.to(dtype, copy=True)
    assert check_images("bu", images) is not None
    images[1, 2, 3, 4] = bad
    with pytest.raises(bu.BadInput, match="NaN or infinite"):
        check_images("bu", images)
