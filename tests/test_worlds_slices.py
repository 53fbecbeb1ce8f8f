"""A world's truth is a sequence: it is counted, numbered and sliced as a list is."""

import numpy as np
import pytest

import bagnet_utils as bu


def test_truth_is_sliced_as_a_list_is():
    truth = bu.load_world("patchwork", n=12, cache=None).truth
    for some in (slice(3), slice(-2, None), slice(None, None, -5), slice(20, 30)):
        assert [scene.label for scene in truth[some]] == truth.labels[some].tolist()
    assert np.array_equal(truth[1:3][0].image, truth[1].image) and truth[np.int64(4)].label == 4
    with pytest.raises(IndexError):
        truth[12]
