"""Telling patches and grades: what is said of a patch is what the network says when it sees that patch alone."""

import numpy as np
import pytest
import torch

import bagnet_utils as bu
from bagnet_utils.experiments.grading import iou

MODEL = bu.bagnet17(num_classes=4, width=1 / 8, depth=(1, 1, 2, 2)).eval()
IMAGES = torch.rand(12, 3, 48, 56, generator=torch.Generator().manual_seed(0))
LABELS = torch.arange(12) % 4


def test_top_patches_are_the_strongest_and_come_from_different_pictures():
    found = bu.top_patches(MODEL, IMAGES, target=2, k=5)
    best = bu.evidence(MODEL, IMAGES)[:, 2].flatten(1).amax(1)
    assert np.allclose([patch.evidence for patch in found], best.sort(descending=True).values[:5], atol=1e-6)
    assert len({patch.picture for patch in found}) == 5
    for patch in found:
        cut = IMAGES[patch.picture, :, patch.row : patch.row + 17, patch.column : patch.column + 17]
        assert torch.equal(patch.pixels, cut)
        with torch.no_grad():
            assert MODEL(cut[None])[0, 2].item() == pytest.approx(patch.evidence, abs=1e-5)


def test_telling_patches_are_searched_in_the_class_and_misleading_ones_in_the_others():
    telling = bu.top_patches(MODEL, IMAGES, 1, labels=LABELS)
    misleading = bu.top_patches(MODEL, IMAGES, 1, labels=LABELS, misleading=True)
    assert sorted(patch.picture for patch in telling) == [1, 5, 9]
    assert len(misleading) == 8 and all(LABELS[patch.picture] != 1 for patch in misleading)


def test_what_tells_two_classes_apart_is_the_difference_of_their_evidence():
    found = bu.top_patches(MODEL, IMAGES, 2, k=3, rather_than=0)
    maps = bu.evidence(MODEL, IMAGES)
    best = (maps[:, 2] - maps[:, 0]).flatten(1).amax(1).sort(descending=True)
    assert np.allclose([patch.evidence for patch in found], best.values[:3], atol=1e-6)
    assert [patch.picture for patch in found] == best.indices[:3].tolist()


def test_prototypes_gather_patches_that_look_alike():
    found = bu.prototypes(MODEL, IMAGES, k=5, examples=3)
    rows, columns = bu.evidence(MODEL, IMAGES).shape[2:]
    assert found.heap.shape == (12, rows, columns) and set(np.unique(found.heap)) <= set(range(5))
    assert found.centres.shape[0] == 5 and np.array_equal(bu.prototypes(MODEL, IMAGES, k=5).heap, found.heap)
    for number, patches in enumerate(found.nearest):
        assert len(patches) <= 3 and len({patch.picture for patch in patches}) == len(patches)
        assert all(found.heap[patch.picture, patch.row // 8, patch.column // 8] == number for patch in patches)
        assert [patch.evidence for patch in patches] == sorted((patch.evidence for patch in patches), reverse=True)
        for patch in patches:
            assert torch.equal(
                patch.pixels, IMAGES[patch.picture, :, patch.row : patch.row + 17, patch.column : patch.column + 17]
            )


def test_share_pointing_box_and_overlap():
    heatmap, mask = torch.full((10, 12), -1.0), np.zeros((10, 12), bool)
    mask[2:5, 3:7] = True
    heatmap[3, 4], heatmap[4, 6], heatmap[8, 9] = 3.0, 1.0, 1.0
    assert bu.share_on(heatmap, mask) == pytest.approx(80)
    assert bu.points_at(heatmap, mask)
    heatmap[8, 9] = 9.0
    assert not bu.points_at(heatmap, mask) and bu.points_at(heatmap, mask, within=4)
    assert bu.box_around(heatmap) == (3, 4, 9, 10) and bu.box_around(heatmap, share=0.9) == (8, 9, 9, 10)
    assert iou((0, 0, 4, 4), (0, 0, 4, 4)) == 1 and iou((0, 0, 4, 4), (4, 0, 8, 4)) == 0
    assert iou((0, 0, 4, 4), (2, 0, 6, 4)) == pytest.approx(1 / 3)
    even = torch.ones(10, 12)
    assert bu.share_on(even, mask) == pytest.approx(100 * mask.mean())  # a blind map
    assert bu.share_on(-even, mask) == 0 and bu.box_around(-even) == (0, 0, 10, 12)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: bu.top_patches(MODEL, IMAGES, 4), "classes are the numbers 0 to 3"),
        (lambda: bu.top_patches(MODEL, IMAGES, 0, labels=LABELS[:3]), "12 pictures, but 3 labels"),
        (lambda: bu.top_patches(MODEL, IMAGES, 0, misleading=True), "give their labels"),
        (lambda: bu.top_patches(MODEL, IMAGES, 0, rather_than=4), "4"),
        (lambda: bu.top_patches(MODEL, IMAGES[1:2], 0, labels=LABELS[1:2]), "none of the pictures is of class 0"),
        (lambda: bu.prototypes(MODEL, IMAGES, k=0), "k is 0"),
        (lambda: bu.share_on(torch.ones(3, 4), np.ones((4, 3))), "same height and width"),
        (lambda: bu.box_around(torch.ones(3, 4), share=0), "share is 0"),
        (lambda: iou((0, 0, 0, 4), (0, 0, 4, 4)), "is no box"),
    ],
)
def test_errors_are_sentences(call, says):
    with pytest.raises(bu.BadInput, match=says) as caught:
        call()
    assert "\n" not in str(caught.value)
