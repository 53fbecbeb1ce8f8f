"""The app in a real browser: what a visitor does, by mouse and by keyboard, and what the page then shows."""

import numpy as np
import pytest
from apped import TOKEN, app, noise, png  # noqa: F401
from PIL import Image
from sited import Visit, quietly, until
from test_site_pages import CHECKED, FOUND, READABLE, RULES, WIDE, WIDTHS, axe  # noqa: F401

pytestmark = pytest.mark.slow
READY = "document.body.dataset.ready === 'yes'"
ANSWERS = "performance.getEntriesByName('answer').length"


class Seen:
    """The page of the app, as a visitor uses it."""

    def __init__(self, visited: Visit):
        self.visited, self.page = visited, visited.page
        until(self.page, READY, seconds=60)
        until(self.page, "document.querySelector('#picture').width === 128", seconds=30)

    def answered(self, do) -> None:
        """Do something that asks the server, and wait until its answer is painted."""
        before = self.page.evaluate(ANSWERS)
        do()
        until(self.page, f"{ANSWERS} > {before}", seconds=60)
        until(self.page, "document.querySelector('#boards').getAttribute('aria-busy') === null")

    def tool(self, name: str) -> None:
        self.page.get_by_role("radio", name=name).check(force=True)

    def click(self, y: float, x: float, where: str = "#stage") -> None:
        self.page.locator(where).scroll_into_view_if_needed()
        box = self.page.locator(where).bounding_box()
        self.page.mouse.click(box["x"] + x / 128 * box["width"], box["y"] + y / 128 * box["height"])

    def pixels(self, where: str = "#picture") -> np.ndarray:
        read = "c => [c.height, c.width, ...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"
        height, width, *values = self.page.locator(where).evaluate(read)
        return np.array(values, np.uint8).reshape(height, width, 4)[..., :3]

    def sums(self, q: int) -> list[str]:
        return self.page.locator(f"[data-q='{q}'] dd").all_inner_texts()

    def says(self, selector: str = "#readout") -> str:
        return self.page.locator(selector).inner_text()


@pytest.fixture
def seen(browser, app):  # noqa: F811
    visited = Visit(browser, f"{app[0]}/?token={TOKEN}")
    yield Seen(visited)
    visited.page.close()


def test_what_a_visitor_does(seen, tmp_path):
    page = seen.page
    with quietly(seen.visited):
        assert "token" not in page.url and "BagNet-9 answers flamingo" in seen.says()
        plain, maps = seen.pixels(), [seen.pixels(f"[data-q='{q}'] canvas") for q in (9, 17, 33)]
        assert [one.shape[:2] for one in maps] == [(15, 15), (14, 14), (12, 12)]
        assert [seen.sums(q)[2] for q in (9, 17, 33)] == ["225 of 225", "196 of 196", "144 of 144"]
        title = page.locator(".bx-sums dt").first  # of the explorer, which the page's own style leaves alone
        assert title.inner_text() == "BagNet-17 answers" and title.bounding_box()["x"] > 0

        seen.tool("Silence")
        page.locator("#size").select_option("32")
        seen.click(64, 64)
        assert [seen.sums(q)[2] for q in (9, 17, 33)] == ["209 of 225", "180 of 196", "128 of 144"]
        assert "180 of 196" in seen.says(".bx-sums") and (seen.pixels() == plain).all()
        page.locator("#explorer").get_by_role("button", name="Bring all back").click()
        assert [seen.sums(q)[2] for q in (9, 17, 33)] == ["209 of 225", "196 of 196", "128 of 144"]
        page.locator("#undo").click()
        assert seen.sums(17)[2] == "180 of 196"
        page.locator("#again").click()
        assert seen.sums(17)[2] == "196 of 196"

        seen.tool("Erase")
        seen.answered(lambda: seen.click(64, 40))
        changed = (seen.pixels() != plain).any(2)
        assert changed[50:78, 26:54].mean() > 0.8 and not changed[:46].any() and not changed[:, 58:].any()
        assert "\N{RIGHTWARDS ARROW}" in seen.sums(9)[1] and "1 erased" in seen.says("#changes")
        seen.tool("Sticker")
        seen.answered(lambda: seen.click(20, 100))
        assert (seen.pixels()[8:32, 88:112] != plain[8:32, 88:112]).any(2).mean() > 0.9
        seen.answered(page.locator("#shuffle").click)
        mixed = seen.pixels()
        assert (mixed != plain).any(2).mean() > 0.5 and "1 shuffled" in seen.says("#changes")
        for _ in range(3):
            seen.answered(page.locator("#undo").click)
        assert (seen.pixels() == plain).all() and seen.says("#changes") == ""
        assert [(seen.pixels(f"[data-q='{q}'] canvas") == one).all() for q, one in zip((9, 17, 33), maps, strict=True)]

        page.locator("#other").select_option(label="ibis")
        assert (seen.pixels("[data-q='9'] canvas") != maps[0]).any() and "flamingo minus ibis" in seen.says()
        value = float(seen.sums(33)[1].replace("\N{MINUS SIGN}", "-"))
        page.locator("#swap").click()
        assert float(seen.sums(33)[1].replace("\N{MINUS SIGN}", "-")) == -value
        seen.answered(page.locator("#dense").click)
        assert seen.pixels("[data-q='33'] canvas").shape[:2] == (128, 128)

        with page.expect_download() as coming:
            page.locator("#keep").click()
        coming.value.save_as(tmp_path / "patches.png")
        kept = Image.open(tmp_path / "patches.png").convert("RGB")
        assert kept.width > 1200 and kept.height > 450 and len(kept.resize((200, 80)).getcolors(16_000)) > 500


def test_a_picture_of_ones_own_and_bad_ones(seen):
    page = seen.page
    page.locator("#file").set_input_files({"name": "x.jpg", "mimeType": "image/jpeg", "buffer": b"<html>"})
    page.locator("#message").wait_for()
    assert "is not a picture that can be read" in seen.says("#message") and "answers flamingo" in seen.says()
    large = {"name": "x.png", "mimeType": "image/png", "buffer": bytes(21 * 2**20)}
    page.locator("#file").set_input_files(large)
    assert "21 MB, but at most 20 MB" in seen.says("#message")
    flat = png(np.full((50, 80, 3), (10, 200, 30), np.uint8))
    page.locator("#file").set_input_files({"name": "x.png", "mimeType": "image/png", "buffer": flat})
    until(page, "document.querySelector('[data-name=own]')?.getAttribute('aria-pressed') === 'true'")
    until(page, "document.querySelector('#picture').getContext('2d').getImageData(9, 9, 1, 1).data[1] === 200")
    assert page.locator("#message").is_hidden() and "your own" in seen.says("#credit")
    seen.answered(lambda: page.locator("#side").select_option("224"))
    until(page, "document.querySelector('#picture').width === 224")
    dropped = """(bytes) => { const all = new DataTransfer(); all.items.add(new File([new Uint8Array(bytes)], "y.png"));
      document.dispatchEvent(new DragEvent("drop", { dataTransfer: all, bubbles: true, cancelable: true })); }"""
    page.evaluate(dropped, list(noise(1)))
    until(page, "document.querySelector('#picture').getContext('2d').getImageData(9, 9, 1, 1).data[1] !== 200")


def test_all_of_it_by_keyboard_and_in_words(seen):
    page = seen.page
    with quietly(seen.visited):
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.id") == "stage":
                break
        assert page.evaluate("document.activeElement.id") == "stage"
        page.keyboard.press("Home")
        page.keyboard.press("PageUp")
        page.keyboard.press("ArrowDown")
        assert seen.says().startswith("Row 8, column 0. Evidence for flamingo: BagNet-9 ")
        page.keyboard.press("p")
        assert page.evaluate("document.documentElement.className") == "projector" and page.url.endswith("#projector")
        assert "S silence" in seen.says("#keys")
        page.keyboard.press("s")
        page.keyboard.press("Space")
        assert seen.sums(9)[2] == "221 of 225" and seen.says().startswith("Silenced. BagNet-9 answers")
        page.keyboard.press("e")
        seen.answered(lambda: page.keyboard.press("Enter"))
        assert seen.says().startswith("Erased 16 by 16 pixels.")
        seen.answered(lambda: page.keyboard.press("h"))
        assert seen.says().startswith("Shuffled tiles of 32 pixels.")
        seen.answered(lambda: page.keyboard.press("u"))
        seen.answered(lambda: page.keyboard.press("n"))
        assert page.locator("#strip [aria-pressed=true]").inner_text() == "sunflower"
        page.keyboard.press("p")
        assert page.evaluate("document.documentElement.className") == ""
        assert page.locator("#readout").get_attribute("aria-live") == "polite"


def test_for_everybody(seen, axe):  # noqa: F811
    page, problems = seen.page, []
    page.context.new_cdp_session(page).send("Runtime.evaluate", {"expression": axe})
    for projector in (False, True):
        if projector:
            page.locator("#projector").click()
        problems += page.evaluate(CHECKED % FOUND, list(RULES))
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            until(page, f"document.documentElement.dataset.theme === '{scheme}'")
            problems += [f"{scheme}: {problem}" for problem in page.evaluate(READABLE % FOUND)]
        for width in WIDTHS.values():
            page.set_viewport_size({"width": width, "height": 800})
            problems += [f"{width} px, projector {projector}: {one}" for one in page.evaluate(WIDE)]
    assert problems == []


def test_nothing_comes_from_elsewhere_and_a_closed_page_is_forgotten(browser, app):  # noqa: F811
    visited = Visit(browser, f"{app[0]}/?token={TOKEN}")
    with quietly(visited) as page:
        Seen(visited)
        assert page.evaluate("fetch('https://example.org').then(() => 'came', () => 'refused')") == "refused"
        visited.complaints.clear(), visited.asked.clear()
        before = set(app[1].visitors.here)
    page.goto("about:blank")
    page.wait_for_timeout(500)
    assert len(set(app[1].visitors.here)) == len(before) - 1
    page.close()


def test_a_page_that_the_server_has_forgotten_begins_anew_with_its_picture(seen, app):  # noqa: F811
    page = seen.page
    page.locator("#file").set_input_files({"name": "x.png", "mimeType": "image/png", "buffer": noise(2)})
    until(page, "document.querySelector('[data-name=own]')?.getAttribute('aria-pressed') === 'true'")
    app[1].visitors.here.clear()
    seen.tool("Erase")
    seen.answered(lambda: seen.click(64, 64))
    assert seen.says("#changes") == "1 erased"
