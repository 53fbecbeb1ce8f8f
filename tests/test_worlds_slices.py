"""A world's truth is a sequence: it is counted, numbered and sliced as a list is."""

import numpy as np
import pytest

import bagnet_utils as bu


def test_truth_is_sliced_as_a_list_is():
    truth = bu.load_world("patchwork", n=12, cache=None).truth
    for some in (slice(3), slice(-2, None), slice(None, None, -5), slice(20, 30)):
        assert [scene.label for scene in truth[some]] == truth.labels[some].tolist()
    assert np.array_equal(truth[1:3][0].image, truth[1].image) and truth[np.int64(4)].label == 4
    for number in (12, -13):
        with pytest.raises(IndexError, match=f"^truth: there is no scene {number}; there are 12.$"):
            truth[number]


@pytest.mark.parametrize("number", [1.5, "1", None, True, np.array([1, 2]), (0, 1)], ids=repr)
def test_what_is_no_number_of_a_scene_gets_one_line(number):
    truth = bu.load_world("patchwork", n=12, cache=None).truth
    with pytest.raises(bu.BadInput, match=r"^truth: the number of a scene is .*whole number or a slice is wanted\.$"):
        truth[number]
