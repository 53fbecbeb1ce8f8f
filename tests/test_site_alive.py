"""What lives on the website's pages: a reader moves it, and the page says what the notebook would have said."""

import contextlib
import io
import json
import re
from collections.abc import Iterator

import matplotlib.pyplot as plt
import pytest
from sited import ROOT, quietly, until
from test_explorer_page import Seen

import bagnet_utils as bu

pytestmark = pytest.mark.slow
MOVE = """(input, value) => { input.value = value; input.dispatchEvent(new Event("input", { bubbles: true })); }"""
START = "notebooks/00_start_here.html"


def live(kind: str) -> list[tuple[str, str, dict]]:
    """Notebook, cell and content of all widgets of one kind in the course."""
    return [
        (path.stem, cell, one)
        for path in sorted(ROOT.glob("docs/live/*.json"))
        for cell, every in json.loads(path.read_text(encoding="utf-8")).items()
        for one in every
        if one["kind"] == kind
    ]


def cell_of(notebook: str, cell: str) -> str:
    cells = json.loads((ROOT / "notebooks" / f"{notebook}.ipynb").read_text(encoding="utf-8"))["cells"]
    return "".join(next(one for one in cells if one["id"] == cell)["source"])


def awake(page, selector: str):
    """A place of the page, once it is near the window and its script has come."""
    place = page.locator(selector)
    place.scroll_into_view_if_needed()
    place.locator("input, select").first.wait_for()
    return place


# ---------------------------------------------------------------- explorer, gallery, browser


def test_the_gallery_begins_with_the_flamingo_and_shows_what_is_chosen(visit):
    with quietly(visit(START)) as page:
        gallery = awake(page, '[data-kind="gallery"]')
        names = gallery.get_by_label("Picture", exact=True).locator("option").all_inner_texts()
        assert names[0] == "flamingo" and len(names) == 12
        was = gallery.locator(".bx-sums").inner_text()
        assert "answers" in was
        gallery.get_by_label("Picture", exact=True).select_option("crab")
        until(page, "was => document.querySelector('.bx-sums').innerText !== was", was)
        assert gallery.locator(".bagnet-explorer").count() == 1


def test_the_explorer_follows_the_mouse_and_a_click_silences(visit):
    with quietly(visit(START)) as page:
        awake(page, '[data-kind="explorer"]')
        seen = Seen(page, '[data-kind="explorer"]')
        seen.stage.scroll_into_view_if_needed()
        seen.hover(20, 20)
        first = seen.readout()
        seen.hover(60, 90)
        assert seen.readout()[:2] != first[:2]
        assert seen.sums()["Patches left"] == "225 of 225"
        page.mouse.down()
        page.mouse.up()
        assert seen.sums()["Patches left"] == "224 of 225" and "it is silenced" in seen.readout()[4]


def test_the_explorer_is_used_and_heard_without_a_mouse(visit):
    with quietly(visit(START)) as page:
        seen = Seen(page, '[data-kind="explorer"]')
        awake(page, '[data-kind="explorer"]').get_by_label("9 px").focus()
        for _ in range(6):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.getAttribute('role')") == "application":
                break
        page.keyboard.press("Control+Home")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowDown")
        assert seen.readout()[:2] == (8, 8)
        page.keyboard.press("Space")
        assert seen.sums()["Patches left"] == "224 of 225"
        told = seen.root.locator(".bx-readout")
        assert told.get_attribute("aria-live") == "polite" and "it is silenced" in told.inner_text()
        page.keyboard.press("Tab")
        assert not seen.stage.evaluate("stage => stage === document.activeElement"), "the keyboard cannot leave"


def test_the_page_and_the_net_that_ships_agree_on_evidence(visit):
    photos = bu.load_world("photos", n=None)
    image = photos.images[next(n for n, file in enumerate(photos.truth) if "ibis" in file and "image_0009" in file)]
    flamingo = photos.classes.index("flamingo")
    page = visit(START).page
    awake(page, '[data-kind="explorer"]')
    seen = Seen(page, '[data-kind="explorer"]')
    for size, row, column in ((9, 40, 48), (17, 64, 24)):
        seen.root.get_by_label(f"{size} px").check()
        seen.stage.press("Control+Home")
        for _ in range(row // 8):
            page.keyboard.press("ArrowDown")
        for _ in range(column // 8):
            page.keyboard.press("ArrowRight")
        at = seen.readout()
        assert at[:2] == (row, column) and at[3] == "flamingo"
        evidence = bu.evidence(bu.load_model(f"bagnet{size}", world="photos"), image)
        assert at[2] == pytest.approx(evidence.squeeze(0)[flamingo, row // 8, column // 8].item(), abs=0.0051)


def test_the_feature_browser_is_moved_by_its_sliders(visit):
    with quietly(visit("notebooks/12a_looking_inside.html")) as page:
        place = awake(page, '[data-kind="browser"]')
        said = place.locator(".bx-readout")
        was = said.inner_text()
        place.get_by_label("Channel").press("ArrowRight")
        after = said.inner_text()
        assert after != was and after.split(":")[0] != was.split(":")[0]
        place.get_by_label("Layer").press("Home")
        assert said.inner_text().startswith("Layer ") and said.inner_text() != after
        assert place.locator("svg[role=img]").first.get_attribute("aria-label").startswith("Patch 1: ")


def test_on_the_front_page_a_cat_and_a_bird(visit):
    with quietly(visit("index.html")) as page:
        place = awake(page, '[data-kind="gallery"]')
        seen = Seen(page, '[data-kind="gallery"]')
        assert place.locator("option").first.inner_text() == "Chelsea, a cat"
        assert seen.readout()[3] == "tabby"
        place.get_by_label("Picture", exact=True).select_option("an ibis")
        until(page, "document.querySelector('.bx-readout').innerText.includes('flamingo')")
        for size in (9, 17, 33):
            seen.root.get_by_label(f"{size} px").check()
            assert seen.sums()[f"BagNet-{size} answers"].endswith("flamingo")


def test_all_of_it_works_from_a_disk(visit, website):
    where = f"{website.resolve().as_uri()}/"
    for name in ("index.html", START):
        with quietly(visit(name, where=where)) as page:
            awake(page, '[data-kind="gallery"]')
            seen = Seen(page, '[data-kind="gallery"]')
            seen.stage.press("Control+Home")
            assert seen.readout()[:2] == (0, 0)


# ---------------------------------------------------------------- sliders


@pytest.mark.parametrize(
    "notebook, cell, content", live("sliders"), ids=lambda one: one if isinstance(one, str) else ""
)
def test_sliders_move_what_is_shown_and_fixed_ones_say_why(notebook, cell, content, visit):
    with quietly(visit(f"notebooks/{notebook}.html")) as page:
        place = awake(page, f'[data-name="{notebook}-{cell}"]')
        shown = "box => [box.querySelector('img').src, box.querySelector('pre').textContent]"
        at, options = dict(content["start"]), dict(content["options"])

        def expected() -> list[str]:
            place = 0
            for name in content["free"]:
                place = place * len(options[name]) + at[name]
            return content["shown"][place]

        for name, values in options.items():
            slider = place.get_by_label(name.replace("_", " "), exact=True)
            assert slider.get_attribute("aria-valuetext") == values[at[name]]
            if name not in content["free"]:
                assert slider.is_disabled()
                assert "run the notebook to move this one" in slider.locator("xpath=..").inner_text()
                continue
            was = place.evaluate(shown)
            for key, end in (("Home", 0), ("End", len(values) - 1)):
                slider.press(key)
                at[name] = end
                picture, words = place.evaluate(shown)
                assert words == expected()[1] and expected()[0] in ("", picture), f"{name} at {values[end]}"
                assert place.locator("img").is_visible() == bool(expected()[0])
            assert place.evaluate(shown) != was or at[name] == content["start"][name]


@pytest.mark.parametrize(
    "notebook, cell, steps",
    [
        ("02_receptive_fields", "4d28ad07", {"stage_1": 2, "stage_3": 0, "stage_4": 3}),
        ("10_shared_errors", "8052ebc0", {"alike": 70}),
    ],
)
def test_sliders_show_what_python_would_draw(notebook, cell, steps, visit):
    space = {"bu": bu, "plt": plt}
    exec(cell_of(notebook, cell), space)
    page = visit(f"notebooks/{notebook}.html").page
    place = awake(page, f'[data-name="{notebook}-{cell}"]')
    for name, value in steps.items():
        options = [str(one) for one in space["sliders"].sliders[name].options]
        place.get_by_label(name.replace("_", " "), exact=True).evaluate(MOVE, options.index(str(value)))
    figure, words = space["sliders"].made(**steps)
    assert place.locator("pre").text_content() == words
    if figure is not None:
        wide, high = figure.get_size_inches()
        plt.close(figure)
        size = place.locator("img").evaluate(
            "image => image.decode().then(() => image.naturalWidth / image.naturalHeight)"
        )
        assert size == pytest.approx(wide / high, rel=0.01)


# ---------------------------------------------------------------- guesses


def scored(thing, truth) -> str:
    """What the notebook prints."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        thing.check(truth)
    return said.getvalue().strip()


def checks() -> dict[tuple[str, str], dict]:
    return {(notebook, one["question"]): one for notebook, _, one in live("check")}


def button_of(page, question: str):
    mark = json.dumps(question)
    number = page.locator(".live-check").evaluate_all(
        "(all, mark) => all.findIndex((one) => JSON.parse(one.dataset.check).question === JSON.parse(mark))", mark
    )
    result = page.locator(".live-check").nth(number)
    return result, result.locator("xpath=preceding-sibling::button[1]")


def asked_on(page, notebook: str, kind: str) -> Iterator[tuple]:
    """Each question of a kind on a page: what it carries, its words, its truth, where its score stands, its button."""
    for _, _, one in [row for row in live(kind) if row[0] == notebook]:
        question = one["question"]
        yield one, question, checks()[notebook, question]["truth"], *button_of(page, question)


def fieldset(page, question: str):
    return page.locator("fieldset", has=page.locator("legend", has_text=re.compile(f"^{re.escape(question)}$")))


@pytest.mark.parametrize("notebook", sorted({notebook for notebook, _, _ in live("guess")}))
def test_guesses_are_scored_as_in_the_notebook(notebook, visit, monkeypatch):
    monkeypatch.delenv("BAGNET_PROGRESS", raising=False)
    with quietly(visit(f"notebooks/{notebook}.html")) as page:
        for one, question, truth, result, button in asked_on(page, notebook, "guess"):
            assert not result.is_visible()
            button.click()
            guess = bu.guess(question, one["low"], one["high"], one["unit"], one["step"])
            assert result.inner_text().strip() == scored(guess, truth)
            slider = fieldset(page, question).get_by_label("Your guess")
            last = int(slider.get_attribute("max"))
            nearest = round((truth - one["low"]) / one["step"])
            for place in sorted({0, last, min(max(nearest, 0), last), last // 3}):
                slider.evaluate(MOVE, place)
                guess.slider.value = one["low"]  # so that it has moved
                guess.slider.value, guess.moved = one["low"] + place * one["step"], True
                button.click()
                assert result.inner_text().strip() == scored(guess, truth)


@pytest.mark.parametrize("notebook", sorted({notebook for notebook, _, _ in live("expect")}))
def test_tables_of_boxes_are_scored_as_in_the_notebook(notebook, visit, monkeypatch):
    monkeypatch.delenv("BAGNET_PROGRESS", raising=False)
    with quietly(visit(f"notebooks/{notebook}.html")) as page:
        for one, question, truth, result, button in asked_on(page, notebook, "expect"):
            truth = {  # what is kept is sorted by name; what is said follows the question
                row: {column: truth[row][column] for column in one["columns"] if column in truth[row]}
                for row in one["rows"]
                if row in truth
            }
            table = bu.expect(question, one["rows"], one["columns"])
            button.click()
            assert result.inner_text().strip() == scored(table, truth)
            for row, column in ((one["rows"][0], one["columns"][0]), (one["rows"][-1], one["columns"][-1])):
                box = fieldset(page, question).get_by_label(f"{row}, {column}", exact=True)
                box.click()
                table.boxes[row][column].value = box.is_checked()
                button.click()
                assert result.inner_text().strip() == scored(table, truth)
