"""One PDF of the course: every notebook and the pages beside it, printed by a headless Chromium."""

import functools
import http.server
import re
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FLAGS = "--no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update"
BESIDE = ("claims", "glossary", "misconceptions", "questions", "projects", "bibliography", "lesson_plan")
FOOT = (
    '<div style="font-size: 8px; width: 100%; margin: 0 15mm; display: flex; justify-content: space-between">'
    '<span class="title"></span><span class="pageNumber"></span></div>'
)
# Pictures that wait until they are seen would be missing, and what was not opened stays folded.
LOADED = """async () => {
  for (const image of document.images) image.loading = "eager";
  await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
}"""


class NoBrowser(Exception):
    """One sentence for the reader."""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *words) -> None:
        pass


@contextmanager
def served(site: Path) -> Iterator[str]:
    """The address of the site on this machine, while it is needed."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def chromium(driver) -> str:
    """Where a Chromium or Chrome is."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    path = next(filter(None, map(shutil.which, names)), None) or driver.chromium.executable_path
    if not Path(path).exists():
        raise NoBrowser("A PDF needs Chromium or Chrome, and none was found: playwright install chromium")
    return path


def print_course(site: Path, pdf: Path) -> None:
    """All of the course, in the order in which it is read."""
    from playwright.sync_api import sync_playwright

    names = ["index", *(f"notebooks/{page.stem}" for page in sorted(site.glob("notebooks/*.html")))]
    names += [*(f"docs/{name}" for name in BESIDE), "api", "credits"]
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium(driver), args=FLAGS.split())
        pages = print_pages(browser, site, names, pdf)
        browser.close()
    print(f"{pdf.parent.name}/{pdf.name}: {pages} pages, {pdf.stat().st_size / 1e6:.0f} MB", file=sys.stderr)


def print_pages(browser, site: Path, names: list[str], pdf: Path) -> int:
    """Print page after page and bind them, each with an entry in the list of contents; how many sheets they are."""
    from pypdf import PdfWriter

    bound = PdfWriter()
    with served(site) as address, tempfile.TemporaryDirectory() as folder:
        page = browser.new_page(color_scheme="light")
        for n, name in enumerate(names):
            page.goto(f"{address}{name}.html")
            page.emulate_media(media="print")
            page.evaluate(LOADED)
            sheet, margin = Path(folder) / f"{n}.pdf", dict.fromkeys(("top", "bottom", "left", "right"), "15mm")
            foot = {"display_header_footer": True, "header_template": "<span></span>", "footer_template": FOOT}
            page.pdf(path=sheet, format="A4", margin=margin, print_background=True, tagged=True, **foot)
            title = re.sub(r" [\u2014-] BagNet, a course$", "", page.title())
            bound.append(sheet, outline_item=title)
        page.close()
    bound.compress_identical_objects()
    bound.add_metadata({"/Title": "BagNet, a course", "/Author": "The BagNet course authors"})
    bound.write(pdf)
    return len(bound.pages)
