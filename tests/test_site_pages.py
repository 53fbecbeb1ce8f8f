"""Every page of the website in a real browser: what it loads, how soon it shows, and whether everybody can use it."""

import importlib.util
import io
from pathlib import Path

import pytest
from PIL import Image
from sited import page_names, printing, quietly, until

pytestmark = pytest.mark.slow
FIRST, SOON = 3e6, 1500  # bytes at first view, and milliseconds until something shows
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
WIDTHS = {"a phone": 390, "200 % zoom": 640}

# Go through the page, so that all that waits until it is seen comes, then back to its top; what never came is told.
# A picture that waits until it is seen waits for ever where it is not: so each is shown, and has ten seconds.
READ = """async () => {
  const pause = (ms) => new Promise((go) => setTimeout(go, ms));
  for (let y = 0; y < document.documentElement.scrollHeight; y += 800) { scrollTo(0, y); await pause(20); }
  const late = [...document.images].filter((image) => !image.complete && image.checkVisibility());
  for (const image of late) {
    image.scrollIntoView();
    await Promise.race([image.decode().catch(() => {}), pause(10000)]);
  }
  scrollTo(0, 0);
  await pause(100);
  return late.filter((image) => !image.complete).map((image) => `never came: ${image.src}`);
}"""
# What sticks out of the window and does not scroll in a box of its own.
WIDE = """() => {
  const [inside, all] = [document.documentElement.clientWidth, document.documentElement.scrollWidth];
  if (all <= inside) return [];
  const scrolls = (e) => getComputedStyle(e).overflowX !== "visible";
  const boxed = (e) => e && e !== document.body && (scrolls(e) || boxed(e.parentElement));
  return [`${all} px`, ...[...document.querySelectorAll("main *, footer *")]
    .filter((e) => e.getBoundingClientRect().right > inside + 1 && !boxed(e.parentElement))
    .map((e) => `${e.tagName} ${e.className}`).slice(0, 5)];
}"""
FOUND = """(found) => found.violations.filter((one) => ["serious", "critical"].includes(one.impact)).flatMap((one) =>
  one.nodes.map((node) => `${one.id}: ${node.target} ${[...node.any, ...node.all, ...node.none][0]?.message ?? ""}`))"""
CHECKED = """async (tags) => (%s)(await axe.run(document, { runOnly: { type: "tag", values: tags }, preload: false,
  rules: { "color-contrast": { enabled: false }, "target-size": { enabled: true } }, resultTypes: ["violations"] }))"""
# The contrast of one text of each kind: those with the same colour, size and weight on the same ground have the same.
READABLE = """async () => {
  const ground = (e) => {
    const all = [];
    for (; e; e = e.parentElement) {
      const { backgroundColor, backgroundImage, opacity } = getComputedStyle(e);
      all.push(backgroundImage.slice(0, 60), opacity, backgroundColor);
      if (/^rgb\\(/.test(backgroundColor)) break;
    }
    return all.filter((one) => one !== "none" && one !== "1" && one !== "rgba(0, 0, 0, 0)");
  };
  const kinds = new Map();
  for (const e of document.body.querySelectorAll("*")) {
    const words = [...e.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (!words || !e.checkVisibility({ visibilityProperty: true })) continue;
    const { color, fontSize, fontWeight } = getComputedStyle(e);
    const kind = [color, fontSize, fontWeight, ...ground(e)].join();
    if (!kinds.has(kind)) kinds.set(kind, e);
  }
  const rule = { type: "rule", values: ["color-contrast"] };
  const options = { runOnly: rule, preload: false, resultTypes: ["violations"] };
  return (%s)(await axe.run({ include: [...kinds.values()] }, options));
}"""


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core that comes with the package."""
    found = importlib.util.find_spec("axe_playwright_python")
    if found is None:
        pytest.skip("no axe-core: pip install axe-playwright-python")
    return (Path(found.origin).parent / "axe.min.js").read_text(encoding="utf-8")


def first_view(visited) -> float:
    """Milliseconds until something showed."""
    visited.page.wait_for_timeout(1000)
    return visited.page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")


@pytest.mark.parametrize("name", page_names())
def test_a_page_for_everybody(name, visit, axe, record_property):
    visited = visit(f"{name}.html")
    problems = []
    with quietly(visited) as page:
        shown, came, number = first_view(visited), visited.bytes(), len(visited.asked)
        problems += page.evaluate(READ)
    if came > FIRST:
        problems.append(f"{came / 1e6:.1f} MB at first view")
    if shown > SOON:  # once more, in case the machine was busy
        shown = first_view(visit(f"{name}.html"))
    if shown > SOON:
        problems.append(f"nothing shows before {shown:.0f} ms")

    page.context.new_cdp_session(page).send("Runtime.evaluate", {"expression": axe})
    problems += page.evaluate(CHECKED % FOUND, list(RULES))
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        until(page, f"document.documentElement.dataset.theme === '{scheme}'")
        problems += [f"{scheme}: {problem}" for problem in page.evaluate(READABLE % FOUND)]
    papers = page.locator(".cell_output img, .live-box img").evaluate_all(
        "images => images.map((image) => getComputedStyle(image).backgroundColor)"
    )
    problems += ["a figure without white paper in the dark"] if {*papers} - {"rgb(255, 255, 255)"} else []
    for width in WIDTHS:
        page.set_viewport_size({"width": WIDTHS[width], "height": 800})
        if page.evaluate(WIDE):  # once more, when the page has settled
            page.wait_for_timeout(500)
        problems += [f"on {width}: {problem}" for problem in page.evaluate(WIDE)]
    assert problems == []
    asked = f"{number} requests, {came / 1e6:.2f} MB at first view, {visited.bytes() / 1e6:.2f} MB in all"
    record_property("told", f"{name}: {asked}, shows after {shown:.0f} ms")


def test_only_the_sites_own_scripts_run(visit):
    page = visit("notebooks/00_start_here.html").page
    page.evaluate("""() => {
        document.body.append(Object.assign(document.createElement("script"), { textContent: "window.inline = 1" }));
        document.body.insertAdjacentHTML("beforeend", '<img src="nowhere.png" onerror="window.handler = 1">');
        setTimeout("window.string = 1");
    }""")
    page.wait_for_timeout(300)
    assert page.evaluate("[window.inline, window.handler, window.string]") == [None, None, None]
    refused = "fetch('https://example.org').then(() => 'came', () => 'refused')"
    assert page.evaluate(refused) == "refused"


def test_a_figure_is_seen_on_light_paper_in_the_dark(visit):
    page = visit("notebooks/02_receptive_fields.html", color_scheme="dark").page
    figure = page.locator(".cell_output img").first
    figure.scroll_into_view_if_needed()
    figure.evaluate("image => image.decode()")
    seen = Image.open(io.BytesIO(figure.screenshot())).convert("L")
    around = Image.open(io.BytesIO(page.screenshot())).convert("L")
    edges = [seen.getpixel((x, y)) for x in range(seen.width) for y in (4, seen.height - 5)]
    assert sum(edges) / len(edges) > 240
    assert around.getpixel((around.width // 2, 2)) < 60


def test_search_finds_the_notebook_without_a_network(visit, website):
    for where in ({}, {"where": f"{website.resolve().as_uri()}/"}):
        visited = visit("search.html?q=fingers", **where)
        with quietly(visited) as page:
            until(page, "document.querySelector('.search-summary')?.innerText.startsWith('Search finished')")
            found = page.locator("#search-results li a").evaluate_all("links => links.map((link) => link.href)")
            assert any("notebooks/06_telling_patches.html" in link for link in found)
            if not where:  # what is found shows a few words of its page; who left before they came would break them off
                until(page, "[...document.querySelectorAll('#search-results li')].every((one) => one.children[1])")
                words = page.locator("#search-results li", has_text="convince").first.inner_text()
                assert "finger" in words.lower()
            page.locator("#search-results li a", has_text="convince").first.click()
            page.wait_for_url("**/06_telling_patches.html*")


# ---------------------------------------------------------------- paper


def test_on_paper_there_is_only_the_page(visit):
    page = visit("notebooks/05_heatmaps.html").page
    page.emulate_media(media="print")
    beside = "#pst-primary-sidebar, #pst-secondary-sidebar, .bd-header-article, .open-in, .live-button, .prev-next-area"
    assert page.locator(beside).count() >= 5
    assert [one for one in page.locator(f":is({beside})").all() if one.is_visible()] == []
    assert page.locator("h1:visible").count() == 1
    assert page.locator("button:visible:not(.bagnet-explorer *)").count() == 0


def test_pages_become_one_pdf_with_contents(website, browser, tmp_path):
    pypdf = pytest.importorskip("pypdf", reason="python3 course.py site installs what builds the website")
    printing.print_pages(browser, website, ["index", "notebooks/02_receptive_fields"], tmp_path / "course.pdf")
    made = pypdf.PdfReader(tmp_path / "course.pdf")
    assert len(made.pages) > 3
    assert [one.title for one in made.outline if not isinstance(one, list)][1].startswith("2 · What can one unit see?")
    words = "\n".join(page.extract_text() for page in made.pages)
    assert "One hour" in words and "What can one unit see?" in words
    assert sum(len(page.images) for page in made.pages) >= 4
