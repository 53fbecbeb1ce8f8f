"""Filters: which are fine, which are dead, and which look at places too far apart."""

import pytest
import torch
from torch import nn

import bagnet_utils as bu
from bagnet_utils.experiments.filters import bands, dead, high_frequency, shift_error
from bagnet_utils.models.choices import build_choice

RANDOM = torch.Generator().manual_seed(0)
COLUMN, ROW = torch.meshgrid(torch.arange(11.0), torch.arange(11.0), indexing="ij")
CHECKERBOARD, MEAN = 1 - 2 * ((COLUMN + ROW) % 2), torch.ones(11, 11)


def wave(length: float) -> torch.Tensor:
    return torch.cos(2 * torch.pi * ROW / length)


def colours(filter: torch.Tensor) -> torch.Tensor:
    return filter.expand(1, 3, *filter.shape)


def test_a_checkerboard_is_high_frequency_and_a_mean_is_not():
    filters = torch.cat([colours(one) for one in (CHECKERBOARD, MEAN, wave(3), wave(5.5), wave(22))])
    assert high_frequency(filters).tolist() == [True, False, True, False, False]
    assert bands(filters).argmax(1).tolist() == [2, 0, 2, 1, 0]
    assert torch.allclose(bands(filters).sum(1), torch.ones(5))


def test_neither_size_nor_direction_nor_colour_changes_a_filters_bands():
    one = bands(colours(wave(5.5)))
    turned, twice = colours(wave(5.5).T), 7 * colours(wave(5.5))
    red = twice * torch.tensor([1.0, 0, 0]).view(1, 3, 1, 1)
    for other in (turned, twice, red):
        assert torch.allclose(bands(other), one, atol=1e-5)
    assert bands(torch.zeros(1, 3, 7, 7)).tolist() == [[0, 0, 0]]
    with pytest.raises(bu.BadInput, match="D x C x k x k"):
        bands(torch.ones(3, 7, 7))


def test_a_channel_is_dead_if_its_answers_hardly_vary():
    maps = torch.rand(6, 5, 8, 8, generator=RANDOM)
    maps[:, 1] = 0  # never active
    maps[:, 2] = 3 + 1e-3 * maps[:, 2]  # always the same
    maps[:, 3] *= 0.3  # weak, and alive
    assert dead(maps).tolist() == [False, True, True, False, False]
    assert not dead(maps[:, [0, 3, 4]]).any()


def layer(kernel: torch.Tensor, stride: int) -> nn.Sequential:
    side = kernel.shape[-1]
    net = nn.Sequential(nn.Conv2d(3, 1, side, stride, side // 2, bias=False), nn.ReLU())
    net[0].weight.data[:] = kernel
    return net.eval()


def test_stride_1_does_not_alias_and_steps_larger_than_what_is_seen_do():
    pictures = torch.rand(4, 3, 96, 96, generator=RANDOM)
    stripes = wave(7) - wave(7).mean()
    every, second, fourth = (shift_error(layer(stripes, stride), pictures, "1") for stride in (1, 2, 4))
    assert every.shape == (4,) and every.max() < 1e-9
    assert (second > 0.01).all() and (fourth > 1.5 * second).all()
    blurred = shift_error(layer(MEAN, 2), pictures, "0")
    assert (blurred < 0.5 * second).all()  # a mean changes slowly, so its places may lie apart


def test_the_answer_is_the_same_for_each_picture_alone_and_nets_of_the_course_are_taken():
    pictures = torch.rand(3, 3, 128, 128, generator=RANDOM)
    net = build_choice("first filters 11 px, stride 4").eval()
    together = shift_error(net, pictures, "features.1")
    assert torch.allclose(together[1], shift_error(net, pictures[1:2], "features.1")[0], atol=1e-5)
    assert together.min() > 0.01 and shift_error(build_choice().eval(), pictures, "features.1").max() < 1e-6
    with pytest.raises(bu.BadInput, match="8 places wide"):
        shift_error(net, pictures, "features.13")
