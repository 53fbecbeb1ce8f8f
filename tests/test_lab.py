"""The widgets in a real JupyterLab in a real browser: what a reader does, Python knows."""

import ast
import dis
import re
from pathlib import Path

import nbformat
import pytest
import torch
from explored import net
from test_explorer_page import Seen

import bagnet_utils as bu

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
EXPLORER = [
    "import torch\n\nimport bagnet_utils as bu\nfrom bagnet_utils.models.zoo import build\n\n"
    "nets = [build(f'bagnet{q}', 'patchwork', seed=q).eval() for q in (17, 9, 33)]\n"
    "for net in nets:\n    net.fc.weight.data *= 30\n"
    "image = torch.from_numpy(bu.scene(label=2, seed=7).image)\n"
    "explorer = bu.explore(nets, image)\nexplorer",
    "print(explorer.q, explorer.row, explorer.column, explorer.target, explorer.silenced)",
    "explorer.q, explorer.row, explorer.column, explorer.silenced = 9, 16, 24, [[16, 24], [0, 0]]",
    "explorer",
]
BROWSER = [
    "import bagnet_utils as bu\nfrom bagnet_utils.display.browser import browse\n"
    "from bagnet_utils.experiments.features import peaks, sheet\n\n"
    "vgg, world = bu.load_model('vgg'), bu.load_world('patchwork', 'test', n=20)\n"
    "known = peaks(vgg, world.images, ['features.4', 'features.9'])\n"
    "sheets = [sheet(vgg, world.images, world.labels, one, [4, 1, 2, 3]) for one in known.values()]\n"
    "browser = browse(sheets, world.classes, 10.0)\nbrowser",
    "print(browser.layer, browser.channel)",
    "browser.layer, browser.channel = 0, 3",
]
ASKING = [
    "import bagnet_utils as bu\n\nguess = bu.guess('How many?', low=0, high=10)\nguess",
    "table = bu.expect('Which?', rows=['a', 'b'], columns=['c'])\ntable",
    "import matplotlib.pyplot as plt\n\n\ndef make(gap):\n    figure, axis = plt.subplots(figsize=(gap / 8, 1))\n"
    "    return figure, f'the gap is {gap} px'\n\n\nbox = bu.sliders(make, start={'gap': 16}, gap=[8, 16, 32])\nbox",
    "guess.check(7)\ntable.check({'a': {'c': False}, 'b': {'c': True}})\nprint(box.values, plt.get_fignums())",
]


class Lab:
    """A notebook on a page of JupyterLab."""

    def __init__(self, browser, address: str):
        self.page = browser.new_page(viewport={"width": 1300, "height": 1100})
        self.page.goto(address)
        self.page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=90_000)

    def run(self, number: int):
        """Run a cell; what it is afterwards on the page."""
        cell = self.page.locator(".jp-CodeCell").nth(number)
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Shift+Enter")
        cell.get_by_text(re.compile(r"^\[\d+\]:$")).first.wait_for(timeout=90_000)
        return cell

    def printed(self, number: int) -> str:
        return self.run(number).locator(".jp-OutputArea-output").inner_text().strip()


@pytest.mark.slow
@pytest.mark.parametrize("lab", [ASKING], indirect=True, ids=["asking"])
def test_in_jupyterlab_guesses_ticks_and_sliders_reach_python(browser, lab):
    lab = Lab(browser, lab)
    guess, table, box = lab.run(0), lab.run(1), lab.run(2)
    box.get_by_text("the gap is 16 px").wait_for(timeout=30_000)
    picture = box.locator(".jp-OutputArea-output img")
    wide = picture.evaluate("async image => (await image.decode(), image.naturalWidth)")
    guess.get_by_role("slider").press("ArrowRight")
    table.get_by_role("checkbox").nth(1).check()
    box.get_by_role("slider").press("ArrowRight")
    box.get_by_text("the gap is 32 px").wait_for(timeout=30_000)
    assert picture.evaluate("async image => (await image.decode(), image.naturalWidth)") == 2 * wide
    assert lab.printed(3).splitlines() == [
        "You said 6; it is 7. Close.",
        "You predicted 2 of 2 correctly.",
        "{'gap': 32} []",
    ]
    lab.page.close()


@pytest.mark.slow
@pytest.mark.parametrize("lab", [EXPLORER], indirect=True, ids=["explorer"])
def test_in_jupyterlab_the_explorer_and_python_follow_each_other(browser, lab):
    explorer = bu.explore([net(17), net(9), net(33)], torch.from_numpy(bu.scene(label=2, seed=7).image))
    lab = Lab(browser, lab)
    page = lab.page
    lab.run(0)
    seen, target = Seen(page, ".jp-CodeCell >> nth=0"), explorer.target
    seen.stage.wait_for(timeout=30_000)
    seen.agrees_with(explorer, 17, explorer.row, explorer.column, target)
    seen.stage.scroll_into_view_if_needed()
    seen.hover(40 + 8.5, 64 + 8.5)
    seen.agrees_with(explorer, 17, 40, 64, target)
    page.mouse.down()
    page.mouse.up()
    seen.agrees_with(explorer, 17, 40, 64, target, [[40, 64]])
    assert lab.printed(1) == f"17 40 64 {target} [[40, 64]]"
    seen.stage.focus()
    cells = page.locator(".jp-CodeCell").count()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "Space", "Home", "b"):  # none of them may reach the notebook
        page.keyboard.press(key)
    seen.agrees_with(explorer, 17, 48, 0, target, [[40, 64], [48, 80]])
    assert seen.stage.evaluate("element => element === document.activeElement")
    seen.root.get_by_role("button", name="Bring all back").press("b")
    assert page.locator(".jp-CodeCell").count() == cells
    seen.root.get_by_label("33 px").check()
    seen.root.get_by_label("Class").select_option("zebra")
    seen.root.get_by_role("button", name="Silence all").click()
    assert lab.printed(1).startswith("33 40 0 0 [[0, 0], [0, 8],")
    seen.root.get_by_role("button", name="Bring all back").click()
    seen.agrees_with(explorer, 33, 40, 0, 0)
    term, value = (seen.root.locator(f".bx-sums {tag}").first.bounding_box() for tag in ("dt", "dd"))
    assert term["x"] == value["x"] and term["y"] < value["y"], "the lab's own style reaches into the explorer"
    lab.run(2)  # Python moves the widget
    page.wait_for_function("document.querySelector('.bx-readout').textContent.includes('row 16, column 24')")
    seen.agrees_with(explorer, 9, 16, 24, 0, [[16, 24], [0, 0]])
    lab.run(3)  # shown again
    again = Seen(page, ".jp-CodeCell >> nth=3")
    again.stage.wait_for(timeout=30_000)
    again.agrees_with(explorer, 9, 16, 24, 0, [[16, 24], [0, 0]])
    page.close()


@pytest.mark.slow
@pytest.mark.parametrize("lab", [BROWSER], indirect=True, ids=["browser"])
def test_in_jupyterlab_the_feature_browser_and_python_follow_each_other(browser, lab):
    lab = Lab(browser, lab)
    root = lab.run(0).locator(".bagnet-browser")
    layer, channel = root.get_by_role("slider").all()
    words = root.locator(".bx-readout")
    assert "Layer features.9, channel 4:" in words.inner_text()
    layer.press("ArrowLeft")
    channel.press("ArrowRight")
    channel.press("ArrowRight")
    root.get_by_text("Layer features.4, channel 2:").wait_for(timeout=30_000)
    assert lab.printed(1) == "0 2"
    lab.run(2)  # Python moves the widget
    root.get_by_text("Layer features.4, channel 3:").wait_for(timeout=30_000)
    lab.page.close()


def names(code, *operations: str) -> set[str]:
    """The names that a piece of compiled code, and the functions in it, load or store in the notebook's own space."""
    found = {step.argval for step in dis.get_instructions(code) if step.opname in operations}
    return found.union(*(names(one, *operations) for one in code.co_consts if hasattr(one, "co_code")))


def needed(path: Path) -> str:
    """One cell's worth of code: what a notebook's sliders need, and no more, then the sliders themselves."""
    cells = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    (last,) = [number for number, source in enumerate(cells) if "= bu.sliders(" in source]
    box = re.search(r"(\w+) = bu\.sliders\(", cells[last])[1]
    wanted, kept = {box}, []
    for statement in reversed([one for source in cells[: last + 1] for one in ast.parse(source).body]):
        code = compile(ast.Module([statement], []), "cell", "exec")
        loaded, made = names(code, "LOAD_NAME", "LOAD_GLOBAL"), names(code, "STORE_NAME")
        filled = {ast.unparse(node.value) for node in ast.walk(statement)  # tables and lists that were there before
                  if (isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store))
                  or (isinstance(node, ast.Attribute) and node.attr in ("append", "update"))}  # fmt: skip
        if (made | filled) & wanted:
            wanted = (wanted - made) | loaded | (filled & wanted)
            kept.append(ast.unparse(statement))
    return "\n".join([*reversed(kept), box])


WITH_SLIDERS = [path for path in NOTEBOOKS if "= bu.sliders(" in path.read_text(encoding="utf-8")]


@pytest.mark.slow
@pytest.mark.parametrize("lab", [[needed(path) for path in WITH_SLIDERS]], indirect=True, ids=["sliders"])
def test_in_jupyterlab_every_slider_of_the_course_changes_what_is_shown(browser, lab):
    assert {path.stem[:2] for path in WITH_SLIDERS} >= {"02", "07", "08", "09", "10", "11"}
    lab = Lab(browser, lab)
    for number, path in enumerate(WITH_SLIDERS):
        cell = lab.run(number)
        cell.get_by_role("slider").first.wait_for(timeout=120_000)
        picture, words = cell.locator(".jp-OutputArea-output img"), cell.locator(".jp-OutputArea-output pre")

        def shown(picture=picture, words=words) -> str:
            return words.inner_text() + (picture.get_attribute("src") or "")  # a new picture has a new address

        for slider in cell.get_by_role("slider").all():
            before, read = shown(), slider.get_attribute("aria-valuetext")
            for key in ("ArrowRight", "ArrowLeft"):  # one of them leads away from an end
                slider.press(key)
                if slider.get_attribute("aria-valuetext") != read:
                    break
            for _ in range(120):
                if shown() != before:
                    break
                lab.page.wait_for_timeout(500)
            assert shown() != before, f"{path.stem}: a slider moved and nothing changed"
            assert "Error" not in cell.inner_text()
    lab.page.close()
