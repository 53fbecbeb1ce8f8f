"""What is asked of numbers and pictures is asked in one way: whole numbers of any kind, finite pixels."""

import numpy as np
import pytest
import torch
from test_heatmaps import SMALL

import bagnet_utils as bu
from bagnet_utils.checks import check_images, whole

torch.manual_seed(0)
MODEL, IMAGES = bu.bagnet9(**SMALL).eval(), torch.rand(4, 3, 48, 64)
CALLS = {
    "scramble": lambda n: bu.scramble(IMAGES, n(16), seed=n(3)),
    "whole_patches": lambda n: bu.whole_patches(MODEL, (n(48), n(64)), n(16)),
    "heatmap": lambda n: bu.heatmap(MODEL, IMAGES[0], n(2), stride=n(4)),
    "top_patches": lambda n: bu.top_patches(MODEL, IMAGES, n(1), k=n(2), rather_than=n(0))[1].evidence,
    "prototypes": lambda n: bu.prototypes(MODEL, IMAGES, k=n(2), examples=n(1)).heap,
    "occlude": lambda n: bu.occlude(MODEL, IMAGES[0], n(16), n(16), "noise", n(1)).logits,
    "interaction": lambda n: bu.interaction(MODEL, IMAGES, n(9), n(8)).together,
    "shapley": lambda n: bu.shapley(len, n(3)),
    "attribute": lambda n: bu.attribute(MODEL, IMAGES[0], n(1), "random", seed=n(2)),
    "masking_curve": lambda n: bu.masking_curve(MODEL, IMAGES[0], IMAGES[0, 0], [n(0), n(3)], side=n(8)),
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
