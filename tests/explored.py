"""What tests of the explorer and of the feature browser share."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

from bagnet_utils.models.zoo import build

SIZES = (9, 17, 33)
DISPLAY = Path(__file__).parents[1] / "bagnet_utils" / "display"

# A page without a kernel: a model that keeps its state, as anywidget's does in static HTML (the report's own), and the
# same script.
MODEL = (DISPLAY / "report.js").read_text(encoding="utf-8").split("const models")[0]
PAGE = """<!doctype html><meta charset="utf-8"><style>%s</style>
<div id="a"></div><div id="b"></div><div id="again"></div>
<script type="module">
import widget from "./widget.js";
%s
const state = await (await fetch("./state.json")).json();
window.models = { a: live(structuredClone(state)), b: live(state) };
window.show = (name, place) => widget.render({ model: window.models[name], el: document.getElementById(place) });
window.show("a", "a");
window.show("b", "b");
window.ready = true;
</script>"""


def net(q: int):
    """A random-weight BagNet whose evidence is large enough to be told apart at two decimals."""
    model = build(f"bagnet{q}", "patchwork", seed=q).eval()
    model.fc.weight.data *= 30
    return model


def unpacked(explorer, q: int) -> torch.Tensor:
    (bag,) = (bag for bag in explorer.packed["bags"] if bag["q"] == q)
    values = np.frombuffer(base64.b64decode(bag["evidence"]), "<f4").reshape(-1, bag["rows"], bag["columns"])
    return torch.from_numpy(values.copy())


@contextmanager
def without_a_kernel(browser, name: str, style: str, widget) -> Iterator:
    """A page that shows a widget twice, in #a and #b, with no network. It may not ask for anything, nor fail."""
    state = {key: value for key, value in widget.get_state().items() if not key.startswith("_")}
    files = {
        "": ("text/html", PAGE % (style, MODEL)),
        "widget.js": ("text/javascript", (DISPLAY / f"{name}.js").read_text(encoding="utf-8")),
        "state.json": ("application/json", json.dumps(state)),
    }
    asked, errors = [], []

    def answer(route):
        kind, body = files[route.request.url.removeprefix("http://page.test/")]
        route.fulfill(content_type=kind, body=body)

    page = browser.new_page(viewport={"width": 1000, "height": 900})
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: None if request.url.startswith("data:") else asked.append(request.url))
    page.route("http://page.test/**", answer)
    page.goto("http://page.test/")
    page.wait_for_function("window.ready")
    yield page
    page.close()
    assert not errors
    assert sorted(asked) == [f"http://page.test/{file}" for file in sorted(files)], "the widget asked for more"
