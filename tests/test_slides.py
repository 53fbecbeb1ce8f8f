"""The slides in a real browser: nothing comes from elsewhere, all fits, keys move them, everybody can read them."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest

for package in ("latex2mathml", "markdown_it", "mdit_py_plugins", "sphinx_revealjs"):
    pytest.importorskip(package)

ROOT = Path(__file__).parents[1]
TEACH = ROOT / "docs" / "teach"
sys.path[:0] = [str(TEACH)] * (str(TEACH) not in sys.path)

import frames  # noqa: E402
import reading  # noqa: E402
import slides  # noqa: E402

LOOKED_AT = ("00_start_here", "05_heatmaps", "13b_stickers_and_order")
SIZE = {"width": 1280, "height": 720}
WHERE = "(() => { const i = Reveal.getIndices(); return [i.h, i.v || 0, i.f ?? -1]; })()"
# Of each slide, all steps of it shown: how far its parts reach beyond it, and the height of its figure.
MEASURED = """Reveal.getSlides().map((slide) => {
  const { h, v } = Reveal.getIndices(slide);
  Reveal.slide(h, v, 99);
  const frame = slide.querySelector(".frame"), box = frame.getBoundingClientRect(), scale = box.width / 1280;
  const parts = [...frame.querySelectorAll("*")].map((part) => part.getBoundingClientRect());
  const image = frame.querySelector("img")?.getBoundingClientRect().height;
  return { name: `${h}/${v} ${frame.firstChild.textContent}`, image: image && image / scale,
    below: Math.max(...parts.map((part) => part.bottom - box.top)) / scale,
    beside: Math.max(...parts.map((part) => part.right - box.left)) / scale };
})"""
FOUND = """async () => (await axe.run(document, { preload: false, resultTypes: ["violations"] })).violations
  .filter((one) => ["serious", "critical"].includes(one.impact))
  .flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html.slice(0, 100)} ${node.failureSummary}`))"""


def of(name: str) -> reading.Notebook:
    return next(notebook for notebook in reading.notebooks() if notebook.name == name)


@pytest.fixture
def opened(browser, tmp_path):
    """Opens a deck from the disk; afterwards nothing may have been asked of a network, and nothing gone wrong."""
    asked, wrong, pages = [], [], []

    def open_deck(name: str, more: str = ""):
        path = tmp_path / f"{name}.html"
        path.write_text(slides.deck(of(name)), encoding="utf-8")
        page = browser.new_page(viewport=SIZE)
        pages.append(page)
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda problem: wrong.append(str(problem)))
        page.goto(path.as_uri() + more)
        page.wait_for_function("window.Reveal && Reveal.isReady()")
        return page

    yield open_deck
    for page in pages:
        page.close()
    assert not [url for url in asked if not url.startswith(("file:", "data:", "about:", "blob:"))]
    assert not wrong


@pytest.mark.parametrize("name", LOOKED_AT)
def test_all_slides_fit_and_load_nothing(opened, name):
    measured = opened(name).evaluate(MEASURED)
    assert len(measured) >= len(of(name).sections)
    assert not [one for one in measured if one["below"] > 700 or one["beside"] > 1280]
    assert not [one for one in measured if one["image"] is not None and one["image"] < 300]


def test_keys_move_through_sections_and_show_what_was_measured_last(opened):
    page = opened("02_receptive_fields", "#/guess-first")
    answer, seen = (
        page.locator("section.present .guess .fragment"),
        "one => one.checkVisibility({opacityProperty: true})",
    )
    assert page.evaluate(WHERE) == [1, 0, -1] and not answer.evaluate(seen)
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"({seen})(document.querySelector('section.present .fragment'))")
    assert page.evaluate(WHERE) == [1, 0, 0] and "Measured: 7" in answer.inner_text()
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**#/find-out-by-poking")
    page.keyboard.press("End")
    assert page.evaluate("Reveal.isLastSlide()")
    page.keyboard.press("Home")
    assert page.evaluate(WHERE)[:2] == [0, 0]
    page.keyboard.press("o")
    assert page.evaluate("Reveal.isOverview()")


def test_the_speakers_window_shows_the_notes_with_hint_and_minutes(opened):
    page = opened("05_heatmaps", "#/grade-it")
    with page.expect_popup() as window:
        page.keyboard.press("s")
    notes = window.value.locator(".speaker-controls-notes .value")
    notes.get_by_text("25 minutes for 2 sections together, together").first.wait_for(timeout=10_000)


def test_printed_each_slide_is_a_page(opened):
    pypdf = pytest.importorskip("pypdf")
    page = opened("02_receptive_fields", "?view=print")
    page.wait_for_selector(".pdf-page")
    count = page.locator(".pdf-page").count()
    assert count >= len(of("02_receptive_fields").sections)
    path = Path(page.url.removeprefix("file://").split("?")[0]).with_suffix(".pdf")
    page.pdf(path=path, prefer_css_page_size=True, print_background=True)
    assert abs(len(pypdf.PdfReader(path).pages) - count) <= 1


def test_a_deck_for_everybody(opened):
    found = importlib.util.find_spec("axe_playwright_python")
    if found is None:
        pytest.skip("no axe-core: pip install axe-playwright-python")
    page = opened("05_heatmaps")
    page.add_script_tag(path=Path(found.origin).parent / "axe.min.js")
    for place in ("", "guess-first", "grade-it", "your-turn-what-is-left", "one-value-for-each-pixel"):
        page.evaluate("place => { location.hash = `#/${place}`; }", place)
        assert not page.evaluate(FOUND)


def test_every_figure_and_every_section_is_there_and_no_solution():
    for notebook in reading.notebooks():
        deck = slides.deck(notebook)
        assert len(re.findall(r'<section id="', deck)) == len(notebook.sections)
        alts = re.findall(r'<img alt="(.*?)"', deck)
        assert all(alts) and len(alts) == sum(len(frames.figures(section)) for section in notebook.sections)
        assert "<details>" not in deck and "Solution</summary>" not in deck
        for section in notebook.sections:
            if section.exercise and len(section.exercise.solution) > 80:
                body = frames.escape(section.exercise.solution.split(":\n", 1)[-1].strip())
                assert body not in deck
        assert all(guess.truth for cell in notebook.guesses.values() for guess in cell)
        assert deck.count('<div class="guess">') == sum(map(len, notebook.guesses.values()))


def test_what_is_long_goes_on_the_next_slide():
    blocks = [frames.Block("<p>words</p>", 4)] * 7
    made = frames.packed("A title", blocks)
    assert len(made) == 4 and all(sum(one.lines for one in frame.blocks) <= frames.ROOM for frame in made)
    table = "| a | b |\n|---|---|\n" + "\n".join(f"| {n} | {'long words ' * 12} |" for n in range(12))
    parts = frames.tables([table])
    assert len(parts) > 1 and all(part.lines <= frames.ROOM and "<thead>" in part.html for part in parts)
    assert sum(part.html.count("<tr>") - 1 for part in parts) == 12


def test_a_question_keeps_the_names_of_networks():
    block = frames.guess(reading.Guess("Which?", "which of these: BagNet-9; ViT (solves it)", "ViT"))
    assert "Which of these: BagNet-9; ViT (solves it)" in block.html


def test_formulas_are_drawn_by_the_browser():
    assert "<math" in slides.deck(of("03_building_bagnet")) and "\\frac" not in slides.deck(of("03_building_bagnet"))
