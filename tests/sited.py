"""What tests of the website share: the site, made once for all tests that run side by side, and visits to its pages."""

import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAKER = ROOT / "docs" / "site"
MOST = 240  # seconds, to make it
SOURCES = ("docs/**/*", "notebooks/*.ipynb", "data/**/*.md", "bagnet_utils/**/*.py", "bagnet_utils/**/*.[jc]s*", "*.md")
DEVICE = {"width": 1280, "height": 900}


def part(name: str):
    """One of the site's own modules, which are no package."""
    spec = importlib.util.spec_from_file_location(f"site_{name}", MAKER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


printing = part("printing")


def page_names() -> list[str]:
    """The pages that there should be, from the files of the course."""
    patterns = ("notebooks/*.ipynb", "docs/*.md", "docs/teach/*.md", "data/**/README.md")
    found = (path for pattern in patterns for path in ROOT.glob(pattern))
    names = [path.relative_to(ROOT).with_suffix("").as_posix() for path in found if "downloads" not in path.parts]
    own = [path.stem for path in (MAKER / "pages").glob("*.md")]
    return sorted([*names, *own, "CONTRIBUTING", "api", "genindex", "search"])


def newest() -> float:
    """When something last changed of what the site is made from."""
    files = (file for pattern in SOURCES for file in ROOT.glob(pattern) if "_build" not in file.parts)
    return max(file.stat().st_mtime for file in files if file.is_file() and "__pycache__" not in file.parts)


def make(place: Path) -> str:
    """The site in `place`, or why there is none."""
    started = time.monotonic()
    words = [sys.executable, str(MAKER / "build.py"), "--repository", "owner/name", "--out", str(place)]
    done = subprocess.run(words, capture_output=True, text=True)
    seconds = time.monotonic() - started
    if done.returncode:
        return f"failed: {done.stdout}\n{done.stderr}"
    return "" if seconds < MOST else f"failed: making the site took {seconds:.0f} s; at most {MOST} s are allowed"


def made_once(shared: Path) -> Path:
    """Where the site is: whoever comes first makes it, and the others wait."""
    place, told = shared / "course" / "site", shared / "site-is-made"
    place.parent.mkdir(exist_ok=True)
    try:
        (shared / "site-is-being-made").touch(exist_ok=False)
    except FileExistsError:
        while not told.exists():
            time.sleep(0.5)
    else:
        said = "failed: it was broken off"
        try:
            said = make(place)
        finally:
            told.with_suffix(".part").write_text(said, encoding="utf-8")
            told.with_suffix(".part").rename(told)
    assert not told.read_text(encoding="utf-8"), told.read_text(encoding="utf-8")
    return place


@pytest.fixture(scope="session")
def website(tmp_path_factory) -> Path:
    """The folder of the website: the one of this copy of the course if nothing has changed since, or a new one."""
    ready = Path(os.environ.get("BAGNET_SITE", ROOT / "site"))
    mark = ready / "sitemap.xml"
    if mark.exists() and ("BAGNET_SITE" in os.environ or mark.stat().st_mtime > newest()):
        return ready
    for needed in ("sphinx", "myst_nb", "sphinx_book_theme", "latex2mathml"):
        if importlib.util.find_spec(needed) is None:
            pytest.skip("no website: python3 course.py site installs what builds the website")
    own = tmp_path_factory.getbasetemp()
    return made_once(own.parent if "PYTEST_XDIST_WORKER" in os.environ else own)


@pytest.fixture(scope="session")
def address(website) -> Iterator[str]:
    """The address of the website on this machine."""
    with printing.served(website) as where:
        yield where


class Visit:
    """A page that was opened, and what happened meanwhile: requests, what came, and what the browser complained of."""

    def __init__(self, browser, url: str, **options):
        self.asked, self.came, self.complaints = [], [], []
        self.page = page = browser.new_page(**{"viewport": DEVICE, "reduced_motion": "reduce", **options})
        page.on("request", lambda one: None if one.url.startswith(("data:", "blob:")) else self.asked.append(one.url))
        page.on("requestfinished", lambda one: self.came.append(one) if one.url in self.asked else None)
        page.on("requestfailed", lambda one: self.complaints.append(f"{one.url} failed: {one.failure}"))
        page.on("pageerror", lambda one: self.complaints.append(str(one)))
        page.on("console", lambda one: self.complaints.append(one.text) if one.type in ("error", "warning") else None)
        page.goto(url)

    def bytes(self) -> int:
        """What came so far. (Of what is still on its way one would wait for the end, and there may be none.)"""
        answers = [one.response() for one in list(self.came)]
        return sum(len(one.body()) for one in answers if one.status == 200)


@pytest.fixture
def visit(browser, address):
    """visit("notebooks/00_start_here.html") opens that page of the website."""
    visits = []

    def to(name: str, where: str = address, **options) -> Visit:
        visits.append(Visit(browser, f"{where}{name}", **options))
        return visits[-1]

    yield to
    for one in visits:
        one.page.close()


def until(page, expression: str, argument=None, seconds: float = 10) -> None:
    """Wait until something holds on a page. (Playwright's own way of waiting evaluates strings, which pages forbid.)"""
    end = time.monotonic() + seconds
    while not page.evaluate(expression, argument):
        assert time.monotonic() < end, f"not after {seconds} s: {expression}"
        time.sleep(0.02)


@contextmanager
def quietly(visited: Visit) -> Iterator:
    """Nothing is complained of, and nothing comes from elsewhere, while the page is used."""
    yield visited.page
    assert visited.complaints == [], visited.complaints
    base = visited.page.url.split("/", 3)[:3]
    outside = [one for one in visited.asked if one.split("/", 3)[:3] != base]
    assert outside == [], outside
