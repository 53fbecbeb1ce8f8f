"""The patch explorer in a browser, on a page without a kernel: what a reader does, and what the page then says."""

import re

import pytest
import torch
from explored import DISPLAY, unpacked, without_a_kernel

from bagnet_utils.experiments.heatmaps import silence_patches


@pytest.fixture
def page(browser, explorer):
    """A page with two explorers, #a and #b, and no network at all."""
    with without_a_kernel(
        browser, "explorer", (DISPLAY / "explorer.css").read_text(encoding="utf-8"), explorer
    ) as page:
        yield page


def number(text: str) -> float:
    return float(text.replace("\N{MINUS SIGN}", "-").rstrip("%").strip())


class Seen:
    """What one explorer on a page says to its reader."""

    def __init__(self, page, selector: str):
        self.page, self.root = page, page.locator(selector)
        self.stage = self.root.get_by_role("application")

    def readout(self) -> tuple[int, int, float, str, str]:
        """Row, column, evidence, class, and the rest of the sentence."""
        words = self.root.locator(".bx-readout").inner_text()
        found = re.match(r"Patch at row (\d+), column (\d+): evidence (\S+) for ([\w ]+); (.*)", words)
        return int(found[1]), int(found[2]), number(found[3]), found[4], found[5]

    def sums(self) -> dict[str, str]:
        rows = self.root.locator(".bx-sums > div")
        return dict(row.split("\n", 1) for row in rows.all_inner_texts())

    def table(self) -> dict[str, list[str]]:
        lines = self.root.locator("tbody tr:visible").all()
        return {line.locator("th").inner_text(): line.locator("td").all_inner_texts()[1:] for line in lines}

    def hover(self, y: float, x: float) -> None:
        """The mouse over the pixel (y, x) of the picture, which has 128 x 128."""
        box = self.stage.bounding_box()
        self.page.mouse.move(box["x"] + x / 128 * box["width"], box["y"] + y / 128 * box["height"])

    def agrees_with(self, explorer, q: int, row: int, column: int, target: int, silenced=()) -> None:
        """Every number on the page against the same number computed in Python."""
        maps = unpacked(explorer, q)
        off = torch.zeros(maps.shape[1:], dtype=torch.bool)
        for r, c in silenced:
            off[r // 8, c // 8] = True
        names = explorer.packed["names"]
        before, after = silence_patches(maps, torch.zeros_like(off)), silence_patches(maps, off)
        here = maps[:, row // 8, column // 8].tolist()
        at_row, at_column, says, name, rest = self.readout()
        assert (at_row, at_column, name) == (row, column, names[target])
        assert says == pytest.approx(here[target], abs=0.0051)
        assert rest.startswith("it is silenced." if off[row // 8, column // 8] else "it counts.")
        assert ("No patch is left" in rest) == (after.patches == 0)
        sums = self.sums()
        assert sums["Patches left"] == f"{after.patches} of {before.patches}"
        pairs = [sums[f"Logit of {name}"].split(" \N{RIGHTWARDS ARROW} ")]
        pairs.append(sums[f"Probability of {name}"].split(" \N{RIGHTWARDS ARROW} "))
        assert number(pairs[0][0]) == pytest.approx(before.logits[target].item(), abs=0.0051)
        assert number(pairs[1][0]) == pytest.approx(100 * before.probabilities[target].item(), abs=0.051)
        answers = sums[f"BagNet-{q} answers"].split(" \N{RIGHTWARDS ARROW} ")
        assert answers[0] == names[before.logits.argmax()]
        table = self.table()
        assert list(table) == [names[n] for n in before.logits.argsort(descending=True)]
        assert [number(table[name][0]) for name in names] == pytest.approx(here, abs=0.0051)
        assert [number(table[name][1]) for name in names] == pytest.approx(before.logits.tolist(), abs=0.0051)
        if after.patches:
            assert number(pairs[0][1]) == pytest.approx(after.logits[target].item(), abs=0.0051)
            assert number(pairs[1][1]) == pytest.approx(100 * after.probabilities[target].item(), abs=0.051)
            assert [number(table[name][2]) for name in names] == pytest.approx(after.logits.tolist(), abs=0.0051)
            assert answers[-1] == names[after.logits.argmax()]
        else:
            assert [pair[1] for pair in pairs] == ["none", "none"]
            assert {row[2] for row in table.values()} == {"\N{EN DASH}"}
        assert "NaN" not in self.root.inner_text() and "undefined" not in self.root.inner_text()
        ends = [number(end) for end in self.root.locator(".bx-ends span").all_inner_texts()]
        assert max(map(abs, here)) <= ends[2] == -ends[0] and ends[1] == 0
        for name, says in zip(names, here, strict=True):  # the bars, in percent of the axis
            bar = self.root.locator("tbody tr", has=self.page.get_by_role("rowheader", name=name, exact=True))
            style = bar.locator("i").evaluate("bar => [bar.style.left, bar.style.width].map(parseFloat)")
            assert style == pytest.approx([50 + 50 * min(says, 0) / ends[2], 50 * abs(says) / ends[2]], abs=0.01)
        self.draws(explorer, q, row, column)

    def draws(self, explorer, q: int, row: int, column: int) -> None:
        """The box, the lens and the mark are where they belong."""
        box = self.root.locator(".bx-picture rect").first
        assert [float(box.get_attribute(key)) for key in ("x", "y", "width", "height")] == [column, row, q, q]
        lens = self.root.locator(".bx-patch svg").get_attribute("viewBox")
        assert lens == f"{column} {row} {q} {q}"
        mark = self.root.locator(".bx-heat rect").first
        assert [float(mark.get_attribute(key)) for key in ("x", "y", "width")] == [column / 8, row / 8, 1]


@pytest.mark.slow
def test_hover_moves_the_box_to_the_patch_round_the_mouse(page, explorer):
    seen = Seen(page, "#a")
    seen.agrees_with(explorer, 17, explorer.row, explorer.column, explorer.target)
    seen.hover(40 + 8.5, 64 + 8.5)
    seen.agrees_with(explorer, 17, 40, 64, explorer.target)
    seen.hover(127, 1)  # no patch reaches over the border
    seen.agrees_with(explorer, 17, 104, 0, explorer.target)
    heat = page.locator("#a .bx-heat canvas").bounding_box()
    page.mouse.move(heat["x"] + heat["width"] * 3.5 / 14, heat["y"] + heat["height"] * 6.5 / 14)
    seen.agrees_with(explorer, 17, 48, 24, explorer.target)
    assert page.evaluate("[models.a.state.row, models.a.state.column]") == [48, 24]


@pytest.mark.slow
def test_everything_can_be_done_from_the_keyboard(page, explorer):
    seen = Seen(page, "#a")
    for _ in range(12):  # radios, class, buttons, picture
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('role')") == "application":
            break
    assert seen.stage.evaluate("element => element === document.activeElement")
    assert seen.stage.evaluate("element => getComputedStyle(element).outlineWidth") == "3px"
    places = [
        ("Control+Home", 0, 0), ("ArrowUp", 0, 0), ("ArrowLeft", 0, 0), ("ArrowDown", 8, 0), ("ArrowRight", 8, 8),
        ("ArrowRight", 8, 16), ("ArrowLeft", 8, 8), ("End", 8, 104), ("ArrowRight", 8, 104), ("PageDown", 104, 104),
        ("Home", 104, 0), ("PageUp", 0, 0), ("Control+End", 104, 104), ("ArrowUp", 96, 104),
    ]  # fmt: skip
    for key, row, column in places:
        page.keyboard.press(key)
        assert seen.readout()[:2] == (row, column), key
    seen.agrees_with(explorer, 17, 96, 104, explorer.target)
    for key, silenced in (("Space", [[96, 104]]), ("Enter", []), ("Space", [[96, 104]])):
        page.keyboard.press(key)
        seen.agrees_with(explorer, 17, 96, 104, explorer.target, silenced)
    page.keyboard.press("Shift+Tab")  # "Bring all back" comes just before the picture
    page.keyboard.press("Space")
    seen.agrees_with(explorer, 17, 96, 104, explorer.target)
    assert page.evaluate("document.activeElement.textContent") == "Bring all back", "the button lost the focus"


@pytest.mark.slow
def test_patch_size_and_class_can_be_chosen(page, explorer):
    seen = Seen(page, "#a")
    seen.hover(40 + 8.5, 64 + 8.5)
    for q, row, column in ((9, 40, 64), (33, 32, 56), (17, 40, 64), (33, 32, 56), (9, 40, 64)):
        seen.root.get_by_label(f"{q} px").check()
        seen.agrees_with(explorer, q, row, column, explorer.target)
    seen.root.get_by_label("Class").select_option("zebra")
    seen.agrees_with(explorer, 9, 40, 64, 0)
    assert seen.root.locator(".bx-heat figcaption").inner_text() == "Evidence for zebra"
    assert page.evaluate("[models.a.state.q, models.a.state.target]") == [9, 0]


@pytest.mark.slow
def test_the_heatmap_is_red_for_and_blue_against(page, explorer):
    seen = Seen(page, "#a")
    seen.root.get_by_label("Class").select_option("zebra")
    read = "c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"
    dots = torch.tensor(page.locator("#a canvas").evaluate(read)).reshape(14, 14, 4)
    zebra = unpacked(explorer, 17)[0]
    clear = zebra.abs() > 0.1 * zebra.abs().max()
    assert ((dots[..., 0] > dots[..., 2]) == (zebra > 0))[clear].all()


@pytest.mark.slow
def test_patches_are_silenced_and_brought_back(page, explorer):
    seen, target = Seen(page, "#a"), explorer.target
    seen.hover(40 + 8.5, 16 + 8.5)
    page.mouse.down()
    page.mouse.up()
    seen.agrees_with(explorer, 17, 40, 16, target, [[40, 16]])
    page.mouse.down()
    seen.hover(40 + 8.5, 64 + 8.5)  # a drag that starts on a silenced patch brings back
    page.mouse.up()
    seen.agrees_with(explorer, 17, 40, 64, target)
    page.mouse.down()
    seen.hover(40 + 8.5, 16 + 8.5)  # one leap of the mouse, and no gap in the line
    page.mouse.up()
    line = [[40, column] for column in range(16, 72, 8)]
    seen.agrees_with(explorer, 17, 40, 16, target, line)
    assert sorted(page.evaluate("models.a.state.silenced_by_q[17]")) == line
    seen.root.get_by_label("33 px").check()  # each patch size keeps its own
    seen.agrees_with(explorer, 33, 32, 8, target)
    seen.root.get_by_label("17 px").check()
    seen.agrees_with(explorer, 17, 40, 16, target, line)
    seen.root.get_by_role("button", name="Silence all").click()
    every = [[row, column] for row in range(0, 112, 8) for column in range(0, 112, 8)]
    seen.agrees_with(explorer, 17, 40, 16, target, every)
    seen.stage.focus()
    page.keyboard.press("Space")
    seen.agrees_with(explorer, 17, 40, 16, target, [place for place in every if place != [40, 16]])
    seen.root.get_by_role("button", name="Bring all back").click()
    seen.agrees_with(explorer, 17, 40, 16, target)


@pytest.mark.slow
def test_a_finger_first_moves_then_silences(browser, page, explorer):
    seen = Seen(page, "#a")
    tap = """(stage, [type, x, y]) => { const b = stage.getBoundingClientRect();
      stage.setPointerCapture = () => {};  // a made-up finger cannot be captured
      stage.dispatchEvent(new PointerEvent(type, { pointerType: 'touch', pointerId: 7, button: 0, bubbles: true,
        clientX: b.left + x / 128 * b.width, clientY: b.top + y / 128 * b.height })); }"""
    for silenced in ([], [[40, 64]]):
        for kind in ("pointerdown", "pointerup"):
            seen.stage.evaluate(tap, [kind, 72.5, 48.5])
        seen.agrees_with(explorer, 17, 40, 64, explorer.target, silenced)


@pytest.mark.slow
def test_explorers_leave_each_other_alone_follow_their_model_and_clean_up(page, explorer):
    a, b = Seen(page, "#a"), Seen(page, "#b")
    was = b.readout(), b.sums()
    a.hover(48.5, 72.5)
    page.mouse.down()
    page.mouse.up()
    a.root.get_by_label("9 px").check()
    assert (b.readout(), b.sums()) == was and b.root.get_by_label("17 px").is_checked()
    page.evaluate("void (window.done = show('a', 'again'))")  # shown twice: both follow
    again = Seen(page, "#again")
    a.root.get_by_label("33 px").check()
    assert again.readout() == a.readout() and again.root.get_by_label("33 px").is_checked()
    assert a.root.get_by_label("33 px").is_checked(), "the second view took the first one's radio button"
    page.evaluate("models.a.set('row', 0); models.a.set('column', 16)")  # as when Python sets them
    assert again.readout()[:2] == a.readout()[:2] == (0, 16)
    count = "Object.values(models.a.heard).map((calls) => calls.length)"
    assert page.evaluate(count) == [2] * 5
    page.evaluate("done()")
    assert page.evaluate(count) == [1] * 5
    assert page.locator("#again").inner_html() == ""
    a.stage.press("ArrowRight")
    assert a.readout()[:2] == (0, 24)


@pytest.mark.slow
@pytest.mark.parametrize("width", [320, 400, 640, 1200])
def test_nothing_sticks_out_in_narrow_cells(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for box in page.locator("#a button, #a select, #a input, #a figure, #a table, #a dl").all():
        frame = box.bounding_box()
        assert frame["x"] >= 0 and frame["x"] + frame["width"] <= width + 0.5
