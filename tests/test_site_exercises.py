"""Exercises that are done in a page: the course's own checks in a real browser, from files alone."""

import functools
import importlib.util
import json
import shutil
import threading
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

SITE = Path(__file__).parents[1] / "docs" / "site"
spec = importlib.util.spec_from_file_location("site_exercises", SITE / "exercises.py")
exercises = importlib.util.module_from_spec(spec)
spec.loader.exec_module(exercises)

RULES = "default-src 'none'; style-src 'self'; img-src data:; script-src 'self'; connect-src 'self'; worker-src 'self'"
PATIENCE = 120_000  # milliseconds, for a busy machine
ENDLESS = "def noticing(patch, stride):\n    while True:\n        patch += 1"


@pytest.mark.slow
def test_exercises_that_need_no_torch_are_found_and_those_that_do_are_not():
    names = exercises.runnable()
    assert {"noticing", "against_rival", "window", "giveaway", "missed", "conflict_plan"} <= set(names)
    assert not {"verdict", "build", "best_patch", "hide", "unmask"} & set(names)
    assert len(names) >= 20


def test_a_place_in_the_page_carries_the_stub_as_it_stands():
    """A stub holds < and " and several lines; what a browser reads from the page is the same."""
    found = []
    reader = HTMLParser()
    reader.handle_starttag = lambda tag, pairs: found.append((tag, dict(pairs)))
    for name in exercises.exercises():
        reader.feed(exercises.place(name, 15))
    assert [(tag, about["class"]) for tag, about in found] == [("div", "course-exercise")] * len(exercises.exercises())
    assert {about["data-check"]: about["data-stub"] for _, about in found} == {
        name: one["stub"] for name, one in exercises.exercises().items()
    }


@pytest.mark.slow
def test_what_a_page_loads_holds_the_checks_and_nothing_of_torch():
    modules = exercises.found()["modules"]
    assert "bagnet_utils/exercises/judging.py" in modules and all((exercises.ROOT / name).is_file() for name in modules)


class Files(SimpleHTTPRequestHandler):
    """Files alone, as on a static host."""

    asked: ClassVar[list[str]] = []
    extensions_map: ClassVar[dict[str, str]] = {
        **SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def do_GET(self):
        self.asked.append(self.path.rsplit("/", 1)[-1])
        super().do_GET()

    def log_message(self, *words): ...


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The address of a small site with all those exercises on its one page."""
    if not exercises.fetched():
        pytest.skip("Python for the page was not fetched: python3 course.py site --exercises")
    home = tmp_path_factory.mktemp("site")
    static = shutil.copytree(SITE / "static", home / "_static")
    exercises.prepare(static)
    places = "".join(exercises.place(name, exercises.megabytes(static)) for name in exercises.runnable())
    head = (
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{RULES}"><title>exercises</title>'
    )
    style = "".join(f'<link rel="stylesheet" href="_static/{name}.css">' for name in ("site", "exercise"))
    body = f'<link rel="icon" href="data:,">{style}<main>{places}</main><script src="_static/exercise.js"></script>'
    (home / "index.html").write_text(f'<!DOCTYPE html><html lang="en">{head}{body}', encoding="utf-8")
    running = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Files, directory=home))
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}/"
    running.shutdown()
    running.server_close()


@pytest.fixture(scope="module")
def page(site, browser):
    """That page, with Python started by a click on the first exercise."""
    page = browser.new_page()
    page.errors = []
    page.on("console", lambda message: page.errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda problem: page.errors.append(str(problem)))
    page.outside = []
    page.on("request", lambda request: page.outside.append(request.url) if not request.url.startswith(site) else None)
    Files.asked.clear()
    page.goto(site, wait_until="networkidle")
    page.before = list(Files.asked)
    page.notes = sorted(set(page.get_by_text("loads Python").all_inner_texts()))
    page.size = page.locator(".course-exercise").first.get_attribute("data-size")
    started = page.evaluate("performance.now()")
    box(page, "noticing")
    page.get_by_text("Python is ready.").wait_for(timeout=PATIENCE)
    page.seconds = (page.evaluate("performance.now()") - started) / 1000
    yield page
    page.close()


def box(page, name: str):
    """The editor of an exercise, opened if it is not yet, and all around it."""
    place = page.locator(f'.course-exercise[data-check="{name}"]')
    if place.get_by_role("button", name="Solve it here").count():
        place.get_by_role("button", name="Solve it here").click()
    return place


def said(page, name: str, code: str) -> str:
    """What the page says of this code."""
    place = box(page, name)
    place.get_by_role("textbox").fill(code)
    place.get_by_role("button", name="Check").click()
    answer = place.get_by_role("status")
    page.wait_for_timeout(50)
    answer.filter(has_not_text="Checking ...").wait_for(timeout=PATIENCE)
    return answer.inner_text()


@pytest.mark.slow
def test_nothing_is_loaded_before_the_click_and_nothing_from_outside(page, record_property):
    assert not {"pyodide.asm.wasm", "numpy.zip", "course.zip", "exercise-worker.js"} & set(page.before)
    assert {"pyodide.asm.wasm", "numpy.zip", "course.zip"} <= set(Files.asked)
    assert page.notes == [f"loads Python and NumPy from this site: {page.size} MB, once, some 15 seconds"]
    assert not page.get_by_text("loads Python").count()  # for the second exercise it is here already
    assert page.outside in ([], ["data:,"]) and page.errors == []
    record_property("told", f"Python in the page was ready {page.seconds:.1f} s after the click")


@pytest.mark.slow
def test_stubs_and_solutions_are_judged_as_in_the_notebooks(page):
    for name in exercises.runnable():
        one = exercises.exercises()[name]
        assert said(page, name, one["stub"]).startswith("○ Not tried yet"), name
        assert said(page, name, one["solution"]).startswith("✓ Right"), name


@pytest.mark.slow
def test_a_wrong_answer_gets_its_own_sentence(page):
    assert "A picture has two." in said(
        page, "noticing", "def noticing(patch, stride):\n    return -(-patch // stride)"
    )
    alone = "def against_rival(word_map, points, one):\n    return points[one][word_map]"
    assert "What speaks for its rival as much must cancel." in said(page, "against_rival", alone)
    assert "returns nothing" in said(page, "grid", "def grid(side, patch, stride):\n    print('hm')")


@pytest.mark.slow
def test_an_error_names_its_line_and_prints_are_shown(page):
    assert said(page, "noticing", "x = 1\nprint(x + 1)\ny = z").startswith("2\n✗ Line 3: NameError")
    assert said(page, "noticing", "def noticing(:\n    pass").startswith("✗ Line 1: SyntaxError")
    assert said(page, "noticing", "raise SystemExit").startswith("✗ Line 1: SystemExit")


@pytest.mark.slow
def test_an_endless_loop_is_stopped_and_the_next_check_works(page):
    place = box(page, "noticing")
    place.get_by_role("textbox").fill(ENDLESS)
    place.get_by_role("button", name="Check").click()
    assert place.get_by_role("status").inner_text() == "Checking ..."
    place.get_by_role("textbox").press("End")  # the page is awake
    place.get_by_role("status").filter(has_text="Does").wait_for(timeout=PATIENCE)
    assert "seconds. Does" in place.get_by_role("status").inner_text()
    assert said(page, "noticing", exercises.exercises()["noticing"]["solution"]).startswith("✓ Right")


@pytest.mark.slow
def test_it_works_by_keyboard_alone_and_tab_leaves_the_editor(page):
    place = box(page, "window")
    editor = place.get_by_role("textbox")
    editor.fill("")
    editor.focus()
    page.keyboard.type("def window(kernels, strides):\nreturn 1")
    assert editor.input_value() == "def window(kernels, strides):\n    return 1"
    page.keyboard.press("Control+Enter")
    place.get_by_role("status").filter(has_text="✗ Not yet.").wait_for(timeout=PATIENCE)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Check"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert editor.input_value() == exercises.exercises()["window"]["stub"]
    assert place.get_by_role("textbox", name="Your code: window").count() == 1


@pytest.mark.slow
def test_axe_finds_nothing_serious(page):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    page.evaluate("document.activeElement.blur()")
    found = axe.Axe().run(page).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == [], json.dumps(found)[:2000]
