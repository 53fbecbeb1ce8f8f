"""Figures for red-green blind readers: the simulation does what theory says, and the page counts all figures."""

import re
from pathlib import Path

import colours
import numpy as np
import pytest
from PIL import Image
from skimage.color.colorconv import xyz_from_rgb

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "colours.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("|")]
KINDS = pytest.mark.parametrize("kind", colours.MEET)


def far(one, other, kind: str | None = None) -> float:
    pair = np.array([one, other]) if kind is None else colours.simulated(np.array([one, other]), kind)
    return float(colours.apart(pair[:1], pair[1:])[0])


@KINDS
def test_greys_and_blue_stay_as_they_are(kind):
    kept = np.array([[value] * 3 for value in range(0, 256, 15)] + [[0, 0, 255]])
    assert np.abs(colours.simulated(kept, kind).astype(int) - kept).max() <= 1


@KINDS
def test_red_equals_green_everywhere_and_a_second_loss_changes_nothing(kind):
    seen = colours.simulated(np.random.default_rng(0).integers(0, 256, (500, 3)), kind)
    assert np.abs(seen[:, 0].astype(int) - seen[:, 1]).max() <= 1
    assert colours.matrix(kind) @ colours.matrix(kind) == pytest.approx(colours.matrix(kind))


@KINDS
def test_colours_on_a_line_through_the_meeting_point_look_alike_and_others_do_not(kind):
    x, y = colours.MEET[kind]
    step = np.linalg.inv(xyz_from_rgb) @ np.array([x, y, 1 - x - y])
    lights = 0.3 + np.outer([-1, 1], 0.2 * step / np.abs(step).max())
    pair = np.round(255 * (1.055 * lights ** (1 / 2.4) - 0.055)).astype(int)
    assert far(*pair) > 20 and far(*pair, kind) < 1.5
    other = next(one for one in colours.MEET if one != kind)
    assert far(*pair, other) > 3 * far(*pair, kind)


def test_the_matrices_are_the_published_ones_for_these_primaries():
    """As printed for sRGB by others who derived them from Viénot, Brettel and Mollon: daltonlens.org (2021)."""
    assert colours.matrix("protanopia")[0] == pytest.approx([0.112, 0.888, 0], abs=0.005)
    assert colours.matrix("deuteranopia")[0] == pytest.approx([0.293, 0.707, 0], abs=0.005)


def test_who_lacks_the_cones_for_red_sees_red_darker():
    shades = {kind: int(colours.simulated(np.array([[255, 0, 0]]), kind)[0, 0]) for kind in colours.MEET}
    assert shades["protanopia"] < shades["deuteranopia"] < 255


def test_close_pairs_are_found_in_areas_and_in_thin_lines_but_not_in_noise():
    picture = np.full((200, 300, 3), 255, np.uint8)
    picture[20:90, 20:120], picture[20:90, 150:250] = (164, 172, 92), (228, 132, 108)  # olive, salmon
    picture[150:152, 10:290] = 0, 158, 115  # the style's green, two pixels high
    found = colours.main_colours(Image.fromarray(picture))
    for wanted in ((255, 255, 255), (164, 172, 92), (228, 132, 108), (0, 158, 115)):
        assert np.abs(found - wanted).max(axis=1).min() <= 7
    distance = float(colours.closest(found, "deuteranopia").split()[0])
    assert distance < colours.CLOSE < colours.CLEAR <= far((164, 172, 92), (228, 132, 108))
    noise = np.random.default_rng(0).integers(0, 256, (100, 100, 3)).astype(np.uint8)
    assert not len(colours.main_colours(Image.fromarray(noise)))


def test_every_notebook_with_figures_is_on_the_page_with_their_number():
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        if count := len(colours.figures_of(path)):
            assert [cells[1] for cells in ROWS if cells[0] == path.stem] == [str(count)], path.stem


def test_networks_that_come_close_are_on_the_page():
    near = {names: distances for names, *distances in colours.networks() if min(distances) < colours.CLEAR}
    told = {tuple(cells[0].split(", ")): list(map(float, cells[1:4])) for cells in ROWS if ", " in cells[0]}
    assert told.keys() == near.keys()
    assert all(told[names] == pytest.approx(near[names], abs=0.06) for names in near)


@pytest.mark.slow
def test_distances_on_the_page_are_those_of_the_script():
    wanted = {cells[0]: cells[3:5] for cells in ROWS if re.fullmatch(r"\w+ \d+|docs/images/\S+", cells[0])}
    figures = {figure.name: figure.image for figure in colours.figures()}
    assert len(wanted) > 10
    for name, distances in wanted.items():
        found = colours.main_colours(figures[name])
        measured = [float(colours.closest(found, kind).split()[0]) for kind in colours.MEET]
        assert list(map(float, distances)) == pytest.approx(measured, abs=1), name
