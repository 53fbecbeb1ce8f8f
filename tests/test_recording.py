"""What widgets leave for pages without a kernel: all of it, only when asked, and it leaves the notebook."""

import base64
import io
import json

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
import torch
from explored import unpacked
from PIL import Image

import bagnet_utils as bu
from bagnet_utils import notebooks
from bagnet_utils.display.recording import ASKED, LIVE
from bagnet_utils.display.sliders import SENTENCES, STILLS, movable


@pytest.fixture
def asked(monkeypatch):
    monkeypatch.setenv(ASKED, "1")


def bundle(widget) -> dict:
    shown = widget._repr_mimebundle_()
    return shown[0] if isinstance(shown, tuple) else shown


def test_nothing_is_kept_unless_it_is_asked_for(explorer):
    for widget in (explorer, bu.guess("How many?", 0, 10), bu.sliders(lambda a: str(a), a=[1, 2])):
        assert LIVE not in bundle(widget) and bundle(widget)["text/plain"]


def test_the_explorer_leaves_all_that_it_shows(asked, explorer):
    live = json.loads(json.dumps(bundle(explorer)[LIVE]))
    assert live["kind"] == "explorer" and live["state"]["packed"] == explorer.packed
    assert {name: live["state"][name] for name in ("q", "row", "target")} == {
        "q": explorer.q, "row": explorer.row, "target": explorer.target,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("sizes", "most", "free"),
    [
        ({"a": 4, "b": 5}, 60, ["a", "b"]),
        ({"a": 4, "b": 4, "c": 4, "d": 4}, 60, ["a", "b"]),  # of 16 all, the first two
        ({"a": 10, "b": 10, "c": 21}, 60, ["c"]),
        ({"a": 4, "b": 5, "c": 3}, 60, ["a", "b", "c"]),
        ({"a": 100}, 60, []),
    ],
)
def test_as_many_sliders_move_as_there_is_room_for(sizes, most, free):
    assert movable({name: list(range(size)) for name, size in sizes.items()}, most) == free


def test_sliders_leave_every_still_in_order(asked):
    def make(wide: int, high: int):
        if high > 2:
            raise bu.BadInput("too high")
        return plt.figure(figsize=(wide, high)), f"{wide} < {high}"

    box = bu.sliders(make, start={"high": 2}, wide=[1, 2, 3], high=[1, 2, 3])
    open_before = plt.get_fignums()
    live = json.loads(json.dumps(bundle(box)[LIVE]))
    assert live["options"] == [["wide", ["1", "2", "3"]], ["high", ["1", "2", "3"]]]
    assert live["start"] == {"wide": 0, "high": 1} and live["free"] == ["wide", "high"]
    assert [words for _, words in live["shown"]] == [
        "1 < 1", "1 < 2", "too high", "2 < 1", "2 < 2", "too high", "3 < 1", "3 < 2", "too high",
    ]  # fmt: skip
    picture = Image.open(io.BytesIO(base64.b64decode(live["shown"][4][0].removeprefix("data:image/webp;base64,"))))
    assert picture.size == (2 * 96, 2 * 96) and live["shown"][2][0] == ""
    assert box.values == {"wide": 1, "high": 2} and plt.get_fignums() == open_before


def test_what_only_speaks_may_leave_more(asked):
    live = bundle(bu.sliders(lambda a, b: f"{a}, {b}", a=range(20), b=range(20)))[LIVE]
    assert STILLS < len(live["shown"]) == 400 <= SENTENCES and live["shown"][21] == ["", "1, 1"]


def test_a_gallery_shows_the_picture_that_was_chosen(asked, nets, image):
    pictures = {"owl": image, "turned": image.flip(2)}
    gallery = bu.explore([nets[17]], pictures, classes=["zebra", "leopard", "owl", *map(str, range(7))])
    assert gallery.explorer.target == 2 and torch.equal(gallery.explorer.image, image)  # it is named after its class
    gallery.chooser.value = "turned"
    assert torch.equal(gallery.explorer.image, image.flip(2)) and gallery.still() is not None
    assert gallery.explorer.target == int(bu.predict(nets[17], image.flip(2)[None]))
    live = bundle(gallery)[LIVE]
    assert [name for name, _ in live["explorers"]] == ["owl", "turned"]
    assert np.allclose(unpacked(gallery.explorer, 17), bu.evidence(nets[17], image.flip(2)[None])[0], atol=1e-5)


def test_guesses_leave_what_they_are_scored_by(asked, monkeypatch):
    told = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: told.append(data[LIVE]))
    slider = bu.guess("How many?", 0, 100, " %")
    boxes = bu.expect("Which?", ["a", "b"], ["left", "right"])
    live = bundle(slider)[LIVE], bundle(boxes)[LIVE]
    assert live[0] == {
        "kind": "guess",
        "question": "How many?",
        "unit": " %",
        "close": 0.1,
        "low": 0,
        "high": 100,
        "step": 1,
    }
    assert live[1] == {"kind": "expect", "question": "Which?", "rows": ["a", "b"], "columns": ["left", "right"]}
    slider.check(np.float64(41.5))
    boxes.check({"a": {"left": np.bool_(True), "right": False}})
    assert told[0]["said"].startswith("It is 41.5 %") and json.loads(json.dumps(told))[1]["truth"]["a"]["left"] is True


def test_a_run_takes_it_out_of_the_notebook():
    one, two = (nbformat.v4.new_code_cell("x") for _ in range(2))
    stream = {"output_type": "stream", "name": "stdout", "text": ["It is 3."]}
    mark = {"output_type": "display_data", "metadata": {}, "data": {LIVE: {"kind": "check"}, "text/plain": ""}}
    view = {"output_type": "execute_result", "metadata": {}, "data": {LIVE: {"kind": "guess"}, "text/plain": "[a]"}}
    more = stream | {"text": ["It is 4."]}
    one["outputs"], two["outputs"] = [stream, mark, more], [view]
    words = nbformat.v4.new_markdown_cell("words")
    live = notebooks.take_out_what_is_live({"cells": [one, words, two]})
    assert live == {one["id"]: [{"kind": "check"}], two["id"]: [{"kind": "guess"}]}
    assert one["outputs"] == [stream | {"text": ["It is 3.It is 4."]}] and two["outputs"][0]["data"] == {
        "text/plain": "[a]"
    }
