"""The patch explorer: what travels with it is the truth, and what the reader does to it has the effect it should."""

import base64
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from explored import SIZES, net, unpacked

import bagnet_utils as bu
from bagnet_utils.experiments.heatmaps import silence_patches

ROOT = Path(__file__).parents[1]
DISPLAY = ROOT / "bagnet_utils" / "display"


# ---------------------------------------------------------------- in Python


@pytest.mark.parametrize("q", SIZES)
def test_packed_evidence_averages_to_the_logits(explorer, nets, image, q):
    with torch.no_grad():
        logits = nets[q](image[None])[0]
    assert torch.allclose(unpacked(explorer, q).mean((1, 2)), logits, atol=1e-5, rtol=1e-5)


def test_it_begins_with_the_first_model_its_answer_and_the_patch_that_speaks_loudest_for_it(explorer, nets, image):
    maps = bu.evidence(nets[17], image)[0]
    assert explorer.q == 17 and explorer.target == maps.mean((1, 2)).argmax()
    assert maps[explorer.target, explorer.row // 8, explorer.column // 8] == maps[explorer.target].max()


def test_state_is_small_and_needs_nothing_else(explorer):
    state = json.dumps(explorer.get_state())
    assert len(state) < 300_000
    code = (DISPLAY / "explorer.js").read_text(encoding="utf-8") + (DISPLAY / "explorer.css").read_text("utf-8")
    addresses = set(re.findall(r"https?://[^\s\"']+|\bimport\b|\bfetch\b", code))
    assert addresses == {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml"}  # names, never fetched
    assert len((DISPLAY / "explorer.js").read_text(encoding="utf-8").splitlines()) <= 350


def test_a_static_page_gets_the_script_too(explorer):
    from ipywidgets.embed import embed_data

    state = embed_data(views=[explorer])["manager_state"]["state"][explorer.model_id]["state"]
    assert "export default" in state["_esm"] and ".bagnet-explorer" in state["_css"]


def test_the_packed_picture_is_the_picture(explorer, image):
    from io import BytesIO

    from PIL import Image

    data = base64.b64decode(explorer.packed["picture"].removeprefix("data:image/png;base64,"))
    assert np.array_equal(np.asarray(Image.open(BytesIO(data))), np.rint(image.permute(1, 2, 0).numpy() * 255))


def test_silencing_leaves_the_mean_of_what_is_left():
    maps = torch.arange(12.0).reshape(3, 2, 2)
    off = torch.tensor([[True, False], [False, True]])
    left = silence_patches(maps, off)
    assert left.patches == 2 and left.logits.tolist() == [1.5, 5.5, 9.5]
    assert torch.allclose(left.probabilities, left.logits.softmax(0))
    assert silence_patches(maps, torch.ones_like(off)) == (0, None, None)


def test_of_many_classes_only_the_ten_highest_travel_and_the_chosen_one(image):
    model = bu.bagnet9(num_classes=30, width=0.25, depth=(1, 1, 1, 1)).eval()
    logits = model(image[None])[0]
    worst = int(logits.argmin())
    explorer = bu.explore(model, image, target=worst)
    best = logits.argsort(descending=True).tolist()
    assert explorer.packed["numbers"] == [worst, *best[:9]] and explorer.packed["total"] == 30
    assert explorer.packed["names"][1] == f"class {best[0]}"
    assert torch.allclose(unpacked(explorer, 9).mean((1, 2)), logits[[worst, *best[:9]]], atol=1e-5)
    with pytest.raises(bu.BadInput, match=rf"target is {best[-2]}, but this explorer holds .*explore\(..., target="):
        explorer.target = best[-2]


def test_traits_stay_on_the_grid_and_each_patch_size_keeps_what_it_silenced(explorer):
    explorer.row, explorer.column = 1000, 37
    assert (explorer.row, explorer.column) == (104, 40)
    explorer.silenced = [(0, 8), [16, 16], [0, 8]]
    assert explorer.silenced == [[0, 8], [16, 16]] == explorer.get_state()["silenced_by_q"]["17"]
    explorer.q = 33
    assert explorer.row == 88 and explorer.silenced == []
    explorer.q = 17
    assert explorer.silenced == [[0, 8], [16, 16]]
    explorer.set_state({"silenced_by_q": {"17": [[8, 8]]}, "row": 16})  # as a message from the page would
    assert explorer.silenced == [[8, 8]] and explorer.row == 16


@pytest.mark.parametrize("silenced", [[], [[0, 0], [8, 0]], "all"], ids=["none", "two", "all"])
def test_still_shows_the_same(explorer, silenced):
    import matplotlib.pyplot as plt

    every = [[row, column] for row in range(0, 112, 8) for column in range(0, 112, 8)]
    explorer.silenced = every if silenced == "all" else silenced
    figure = explorer.still()
    picture, patch, bars, heat = figure.axes[:4]
    row, column = explorer.row, explorer.column
    drawn = torch.as_tensor(np.asarray(patch.images[0].get_array())).permute(2, 0, 1)
    assert torch.equal(drawn, explorer.image[:, row : row + 17, column : column + 17])
    says = unpacked(explorer, 17)[:, row // 8, column // 8]
    assert np.allclose(sorted(bar.get_width() for bar in bars.patches), sorted(says), atol=1e-5)
    assert len(picture.patches) and len(heat.patches)
    words = figure.get_suptitle()
    assert ("no patch is left" in words) == (silenced == "all") and ("194 of 196" in words) == (len(silenced) == 2)
    plt.close(figure)


WRONG = {
    "no model": (lambda nets, image: ([], image), "no model was given"),
    "not a BagNet": (lambda nets, image: (torch.nn.Flatten(), image), "a BagNet is wanted"),
    "train mode": (lambda nets, image: (net(9).train(), image), "call model.eval"),
    "two alike": (lambda nets, image: ([nets[9], nets[9]], image), "each must differ"),
    "other classes": (lambda nets, image: ([nets[9], bu.bagnet17(3, 0.1).eval()], image), "the same are wanted"),
    "bytes": (lambda nets, image: (nets[9], (image * 255).byte()), "floats are wanted"),
    "normalised": (lambda nets, image: (nets[9], image * 4 - 2), "0 to 1 is wanted"),
    "too small": (lambda nets, image: (list(nets.values()), image[:, :20]), "BagNet-33 needs at least 33"),
    "two pictures": (lambda nets, image: (nets[9], torch.stack([image, image])), "one is wanted"),
    "target": (lambda nets, image: (nets[9], image, 10), "target is 10"),
    "too few names": (lambda nets, image: (nets[9], image, 0, ["cat"]), "the model has 10"),
    "no names": (lambda nets, image: (nets[9], image, 0, 5), "a list of names is wanted"),
}


@pytest.mark.parametrize(("given", "words"), WRONG.values(), ids=WRONG)
def test_what_a_reader_may_get_wrong_is_said_in_one_line(nets, image, given, words):
    with pytest.raises(bu.BadInput, match=words) as caught:
        bu.explore(*given(nets, image))
    assert "\n" not in str(caught.value) and str(caught.value).startswith("explore: ")


@pytest.mark.parametrize(
    ("trait", "value"),
    [
        *[("q", 11), ("q", "17"), ("q", 17.5), ("target", 10), ("target", None), ("row", "top"), ("column", 0.5)],
        *[
            ("silenced", [[0, 3]]),
            ("silenced", [7]),
            ("silenced", [[0, 112]]),
            ("silenced", [[0, 8, 8]]),
            ("silenced", 8),
        ],
    ],
)
def test_a_trait_set_wrongly_is_said_in_one_line_and_changes_nothing(explorer, trait, value):
    before = explorer.get_state()
    with pytest.raises(bu.BadInput, match=f"explore: {trait}") as caught:
        setattr(explorer, trait, value)
    assert "\n" not in str(caught.value) and explorer.get_state() == before


def test_whole_numbers_of_any_kind_will_do(explorer):
    explorer.q, explorer.row, explorer.target = np.int64(33), np.int64(16), torch.tensor(3)
    explorer.silenced = [np.array([0, 8]), torch.tensor([8, 8]), (0, np.int8(8))]
    assert (explorer.q, explorer.row, explorer.target, explorer.silenced) == (33, 16, 3, [[0, 8], [8, 8]])
    json.dumps(explorer.get_state())


BAD_MESSAGES = {
    "no such size": {"q": 99},
    "no such size, after others": {"row": 8, "column": 16, "q": 99, "silenced_by_q": {"17": [[8, 8]]}},
    "a word": {"q": "seventeen"},
    "nothing": {"target": None},
    "no such class": {"q": 9, "target": 77},
    "beside the grid": {"target": 3, "silenced_by_q": {"17": [[3, 3]]}},
    "beside the grid of another size": {"silenced_by_q": {"17": [[8, 8]], "33": [[104, 104]]}},
    "silenced in no size": {"silenced_by_q": {"99": []}},
    "no places": {"silenced_by_q": {"17": 5}},
    "no sizes": {"silenced_by_q": [[8, 8]]},
}


@pytest.mark.parametrize("message", BAD_MESSAGES.values(), ids=BAD_MESSAGES)
def test_after_a_bad_message_from_a_page_all_is_as_it_was(explorer, monkeypatch, message):
    explorer.silenced = [[0, 8]]
    before, silenced, told = explorer.get_state(), explorer.silenced, []
    monkeypatch.setattr(explorer, "_send", lambda sent, **_: told.append(sent["state"]))
    explorer.set_state(message)
    assert explorer.get_state() == before and explorer.silenced == silenced
    assert told[-1] == {name: before[name] for name in ("q", "row", "column", "target", "silenced_by_q")}
    explorer.set_state({"q": 33, "row": 16})  # and it is not stuck
    assert (explorer.q, explorer.row, explorer.silenced) == (33, 16, [])


def test_a_page_cannot_change_what_was_packed(explorer):
    before = explorer.get_state()
    explorer.set_state({"packed": {"numbers": []}})
    assert explorer.get_state() == before
