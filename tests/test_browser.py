"""The feature browser: its sprites and numbers are what was computed, and a page without a kernel shows them."""

import base64
import io
import json
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from explored import DISPLAY, without_a_kernel
from PIL import Image
from test_looking_inside import VGG_NET

import bagnet_utils as bu
from bagnet_utils.display import browser as module
from bagnet_utils.display.browser import browse, mosaic, show_features
from bagnet_utils.experiments.features import peaks, sheet

LAYERS = ("features.1", "features.9", "features.15")
CLASSES = [f"kind {number}" for number in range(12)]


def smooth_pictures(count: int) -> torch.Tensor:
    """Pictures with slow changes, as photographs have: JPEG keeps these."""
    coarse = torch.rand(count, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.interpolate(coarse, 64, mode="bicubic").clamp(0, 1)


@pytest.fixture(scope="module")
def sheets():
    images, labels = smooth_pictures(24), torch.arange(24) % 12
    known = peaks(VGG_NET, images, LAYERS)
    return [
        sheet(VGG_NET, images, labels, known[layer], [2, 0, 5, 7], shares=[10.0, 20.0, 30.4, 40.0]) for layer in LAYERS
    ]


@pytest.fixture
def made(sheets):
    return browse(sheets, CLASSES, chance=12.0)


def decoded(made, layer: int) -> np.ndarray:
    text = made.packed["sheets"][layer]["sprite"].removeprefix("data:image/jpeg;base64,")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(text)))).astype(float)


@pytest.mark.parametrize("layer", range(len(LAYERS)))
def test_sprites_hold_what_was_computed(made, sheets, layer):
    one, tile = sheets[layer], made.packed["sheets"][layer]["tile"]
    sprite = decoded(made, layer)
    assert sprite.shape == (4 * tile, 18 * tile, 3)
    wanted = mosaic(one, tile).astype(float)
    size = one.patches.shape[-1]
    pick = (np.arange(tile) + 0.5) * size / tile  # the pixel of the patch under each pixel of the tile
    nearest = one.patches[1, 3][:, pick.astype(int)][:, :, pick.astype(int)].permute(1, 2, 0).numpy() * 255
    assert np.abs(wanted[tile : 2 * tile, 3 * tile : 4 * tile] - nearest).mean() < 12  # scaled down it is smoothed
    errors = np.abs(sprite - wanted).reshape(4, tile, 18, tile, 3).mean((1, 3, 4))  # channels x tiles
    assert errors.max() < 16  # colours are kept at half the size
    others = np.abs(sprite - np.roll(wanted, tile, 1)).reshape(4, tile, 18, tile, 3).mean((1, 3, 4))
    assert (errors[:, :9] < others[:, :9]).mean() > 0.9  # and they lie where they belong


def test_a_projection_of_nothing_is_grey_and_its_largest_value_reaches_the_end_of_the_scale(sheets):
    tiles = mosaic(sheets[1], 32)[:, 9 * 32 :]
    biggest = sheets[1].projections.abs().amax((2, 3, 4))
    assert (np.abs(tiles.astype(int).reshape(4, 32, 9, 32, 3) - 127.5).max((1, 3, 4)) > 125)[biggest > 0].all()
    assert np.abs(np.median(tiles) - 128) <= 1


def test_all_that_travels_is_small_and_needs_nothing_else(made):
    assert len(json.dumps(made.get_state())) < 500_000
    code = "".join((DISPLAY / f"browser.{kind}").read_text(encoding="utf-8") for kind in ("js", "css"))
    addresses = set(re.findall(r"https?://[^\s\"']+|\bimport\b|\bfetch\b", code))
    assert addresses == {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml"}  # names, never fetched
    one = made.packed["sheets"][1]["channels"][2]
    assert (one["number"], one["share"], len(one["labels"]), len(one["means"])) == (5, 30.4, 9, 12)


def test_a_static_page_gets_the_script_too(made):
    from ipywidgets.embed import embed_data

    state = embed_data(views=[made])["manager_state"]["state"][made.model_id]["state"]
    assert "export default" in state["_esm"] and ".bagnet-browser" in state["_css"] and state["packed"]["sheets"]


@pytest.mark.parametrize(("trait", "value"), [("layer", 3), ("layer", -1), ("channel", 4), ("channel", "two")])
def test_a_trait_set_wrongly_is_said_in_one_line_and_changes_nothing(made, trait, value):
    before = made.get_state()
    with pytest.raises(bu.BadInput, match=f"browse: {trait}") as caught:
        setattr(made, trait, value)
    assert "\n" not in str(caught.value) and made.get_state() == before
    made.set_state({trait: value, "packed": {}})  # as a message from a page
    assert made.get_state() == before


def test_sheets_that_differ_in_size_are_refused(sheets):
    with pytest.raises(bu.BadInput, match="browse: sheets of"):
        browse([sheets[0], type(sheets[0])(**{**vars(sheets[1]), "patches": sheets[1].patches[:2]})], CLASSES, 1.0)


def test_still_shows_the_same_channel(made, sheets):
    made.layer, made.channel = 2, 3
    figure = made.still()
    assert figure.get_suptitle() == "features.15, channel 7"
    bars = figure.axes[2].patches
    assert np.allclose([bar.get_width() for bar in bars], sheets[2].means[3].sort(descending=True)[0][: module.KINDS])
    assert figure.axes[0].images[0].get_array().shape == figure.axes[1].images[0].get_array().shape
    plt.close(figure)


def test_a_sheet_on_paper_names_its_channels(sheets):
    figure = show_features(sheets[1])
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names == ["2: 10 %", "0: 20 %", "5: 30 %", "7: 40 %"] and "22 x 22 px" in figure.axes[0].get_title()
    plt.close(figure)


# ---------------------------------------------------------------- in a browser, without a kernel


@pytest.fixture
def page(browser, made):
    with without_a_kernel(browser, "browser", made._css, made) as page:
        yield page


def agrees(page, made, layer: int, channel: int) -> None:
    """All that is seen and said on the page against what was packed."""
    one = made.packed["sheets"][layer]
    row, tile, root = one["channels"][channel], one["tile"], page.locator("#a")
    words = root.locator(".bx-readout").inner_text()
    assert words.startswith(f"Layer {one['layer']}, channel {row['number']}: a unit sees {one['size']} x {one['size']}")
    best = int(np.argmax(row["means"]))
    assert f"{CLASSES[best]}, {row['means'][best]:.3f}" in words and f"{row['share']:.0f} % are of one kind" in words
    for label in row["labels"]:
        assert f"{CLASSES[label]} {row['labels'].count(label)}" in words
    tiles = root.locator(".bf-tiles svg")
    assert tiles.count() == 18
    for number in (0, 4, 8, 9, 17):
        box = tiles.nth(number).get_attribute("viewBox")
        assert box == f"{number * tile} {channel * tile} {tile} {tile}"
        assert tiles.nth(number).locator("image").get_attribute("href") == one["sprite"]
    label = tiles.nth(4).get_attribute("aria-label")
    assert label == f"Patch 5: {CLASSES[row['labels'][4]]}, activation {row['values'][4]:.2f}"
    bars = [line.split("\t") for line in root.locator("tbody tr").all_inner_texts()]
    order = sorted(range(12), key=lambda kind: -row["means"][kind])[:10]
    assert [bar[0] for bar in bars] == [CLASSES[kind] for kind in order]
    width = root.locator("tbody i").nth(9).evaluate("bar => parseFloat(bar.style.width)")
    assert width == pytest.approx(100 * max(row["means"][order[9]], 0) / (max(map(abs, row["means"])) or 1), abs=0.01)
    assert "NaN" not in root.inner_text() and "undefined" not in root.inner_text()


@pytest.mark.slow
def test_sliders_move_by_keys_and_what_is_shown_follows(page, made):
    agrees(page, made, 1, 0)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.type") == "range"
    for key, layer in (("ArrowRight", 2), ("ArrowRight", 2), ("Home", 0), ("ArrowUp", 1)):
        page.keyboard.press(key)
        agrees(page, made, layer, 0)
    page.keyboard.press("Tab")
    for key, channel in (("End", 3), ("ArrowLeft", 2), ("ArrowDown", 1)):
        page.keyboard.press(key)
        agrees(page, made, 1, channel)
    assert page.evaluate("[models.a.state.layer, models.a.state.channel]") == [1, 1]
    assert page.evaluate("[models.b.state.layer, models.b.state.channel]") == [1, 0]  # the other one stayed
    assert page.get_by_label("Channel").first.get_attribute("aria-valuetext") == "channel 0, 2 of 4"
    page.evaluate("models.a.set('layer', 0)")  # as when Python sets it
    agrees(page, made, 0, 1)


@pytest.mark.slow
def test_the_tiles_on_the_page_are_the_patches(page, made, sheets):
    """The pixels of the screen against the sprite: the right part of it, the right way up."""
    tile, shown = made.packed["sheets"][1]["tile"], page.locator("#a .bf-tiles svg").nth(4)
    picture = Image.open(io.BytesIO(shown.screenshot())).convert("RGB").resize((tile, tile), Image.Resampling.BOX)
    wanted = decoded(made, 1)[:tile, 4 * tile : 5 * tile]
    assert np.abs(np.asarray(picture).astype(float) - wanted)[2:-2, 2:-2].mean() < 8


@pytest.mark.slow
@pytest.mark.parametrize("width", [320, 500, 1200])
def test_nothing_sticks_out_in_narrow_cells(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for box in page.locator("#a input, #a figure, #a table, #a output").all():
        frame = box.bounding_box()
        assert frame["x"] >= 0 and frame["x"] + frame["width"] <= width + 0.5
