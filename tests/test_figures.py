"""Figures: one look for each network, white is 0 in every map of evidence, and the zeros round a picture are shown."""

import itertools

import matplotlib.pyplot as plt
import pytest
import torch

import bagnet_utils as bu
from bagnet_utils.display.style import COLOURS, DPI, PALETTE, SMALL, TITLES, WIDE


@pytest.fixture(autouse=True)
def own_settings():
    with plt.rc_context():
        yield
    plt.close("all")


def texts(figure) -> list:
    figure.canvas.draw()
    return [text for text in figure.findobj(plt.Text) if text.get_text()]


def test_networks_are_told_apart_by_colour_and_by_marker():
    assert set(TITLES) == set(COLOURS)
    for (colour, marker, _), (other, another, _) in itertools.combinations(COLOURS.values(), 2):
        assert colour != other and marker != another
    (line,) = plt.plot([1, 2], **bu.look("vgg", label="here"))
    assert line.get_color() == COLOURS["vgg"][0] and line.get_label() == "here"
    with pytest.raises(bu.BadInput, match="'alexnet' is no network of the course; choose one of bagnet9"):
        bu.look("alexnet")


def test_style_is_what_later_figures_have():
    bu.style(photographs=True)
    assert plt.figure().dpi == DPI and plt.plot([1, 2])[0].get_color() == PALETTE[0]


def test_white_is_nothing_said_and_scales_can_be_shared():
    maps = torch.tensor([[1.0, -4.0]]), torch.tensor([[2.0, 0.0]])
    first, second, shared = (
        bu.show_heatmap(heat, reach=reach).images[0] for heat, reach in ((maps[0], None), (maps[1], None), (maps[1], 4))
    )
    assert first.get_clim() == shared.get_clim() == (-4, 4) and second.get_clim() == (-2, 2)
    assert first.cmap(first.norm(0.0))[:3] == pytest.approx((0.97, 0.97, 0.97), abs=0.01)
    grid = [[maps[0]], [maps[1]]]
    for one_scale, wanted in ((True, [(-4, 4), (-4, 4)]), (False, [(-4, 4), (-2, 2)])):
        figure = bu.show_heatmaps(torch.rand(2, 3, 8, 8), grid, ["a", "b"], ["zebra"], shared=one_scale)
        assert [axis.images[0].get_clim() for axis in (figure.axes[1], figure.axes[3])] == wanted
        assert ("\N{MINUS SIGN}2.0 to +2.0" in [text.get_text() for text in texts(figure)]) != one_scale


def test_a_dashed_line_goes_round_the_patches_that_see_no_padding():
    net, image = bu.bagnet9().eval(), torch.rand(3, 24, 32)
    with torch.no_grad():
        heat, whole = (bu.heatmap(net, image, 0, stride=1, pad=pad) for pad in (None, False))
    (line,) = bu.show_heatmap(heat, padding=net.patch_size // 2).patches
    left, top = (round(edge + 0.5) for edge in line.get_xy())
    inside = heat[top : top + round(line.get_height()), left : left + round(line.get_width())]
    assert inside.shape == whole.shape and torch.allclose(inside, whole, atol=1e-5)
    assert not bu.show_heatmap(heat).patches


def test_figures_have_a_title_and_nothing_in_them_is_too_small_or_too_wide():
    bu.style()
    image, heat = torch.rand(3, 64, 64), torch.randn(6, 6)
    windows = bu.show_windows(image, [9, 17], [(30, 30)] * 5)
    maps = bu.show_heatmaps(image[None], [[heat] * 6], ["a"], list("abcdef"))
    for figure in (windows, maps, bu.show_heatmap(heat, padding=1).figure):
        assert all(text.get_fontsize() >= SMALL for text in texts(figure))
        assert figure.get_size_inches()[0] <= WIDE
        assert figure.get_suptitle() or figure.axes[0].get_title()
