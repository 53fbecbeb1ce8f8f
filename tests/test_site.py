"""The website's files, without a browser: every link leads somewhere, and machines can read every page."""

import base64
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import numpy as np
import pytest
from sited import ROOT, page_names, part

pytestmark = pytest.mark.slow
WIDGET = "application/vnd.jupyter.widget-view+json"


class Page(HTMLParser):
    """Ids, addresses and the head of a page, and the pictures of its notebook's outputs."""

    def __init__(self, path: Path):
        super().__init__()
        self.ids, self.links, self.resources, self.metas, self.canonical, self.title = [], [], [], {}, None, ""
        self.pictures, self.outputs, self.depth, self.lang, self.at = [], 0, 0, None, None
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.at = tag
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "link" and given.get("rel") == "canonical":
            self.canonical = given["href"]
        elif tag in ("link", "script", "img") and (found := given.get("href") or given.get("src")):
            self.resources.append(found)
        elif tag == "form" and "action" in given:
            self.resources.append(given["action"])
        if tag == "html":
            self.lang = given.get("lang")
        if tag == "meta" and (key := given.get("name") or given.get("property") or given.get("http-equiv")):
            self.metas[key] = given.get("content", "")
        if tag == "img" and self.outputs:
            self.pictures.append(given)
        if tag == "div":
            self.depth += 1
            if "cell_output" in given.get("class", "").split() and not self.outputs:
                self.outputs = self.depth

    def handle_endtag(self, tag):
        self.at = None
        if tag == "div":
            self.outputs = 0 if self.outputs == self.depth else self.outputs
            self.depth -= 1

    def handle_data(self, words):
        if self.at == "title" and not self.title:
            self.title = words


@pytest.fixture(scope="module")
def pages(website) -> dict[str, Page]:
    found = (path for path in website.rglob("*.html") if "_static" not in path.parts)
    return {path.relative_to(website).as_posix(): Page(path) for path in found}


def test_every_page_of_the_course_is_there(pages):
    assert sorted(name.removesuffix(".html") for name in pages) == page_names()


def test_every_link_leads_somewhere(website, pages, record_property):
    lost, outside = [], set()
    for name, page in pages.items():
        for link in [*page.links, *page.resources]:
            parts = urlsplit(link)
            if parts.scheme == "data":
                continue
            if parts.scheme or parts.netloc:
                outside.add(link)
                continue
            target = (website / name).parent / unquote(parts.path) if parts.path else website / name
            target = target / "index.html" if target.is_dir() else target
            where = target.resolve().relative_to(website.resolve()).as_posix() if target.exists() else ""
            if not where or (parts.fragment and where in pages and unquote(parts.fragment) not in pages[where].ids):
                lost.append(f"{name}: {link}")
    assert lost == []
    assert {link for link in outside if not link.startswith(("https://", "mailto:"))} == set()
    assert len(outside) > 20
    record_property("told", f"links to other sites on the pages: {len(outside)}, not fetched")


def test_nothing_is_loaded_from_elsewhere(pages):
    assert {
        one for page in pages.values() for one in page.resources if urlsplit(one).scheme not in ("", "data")
    } == set()


def test_no_id_comes_twice_on_a_page(pages):
    twice = {name: {one for one in page.ids if page.ids.count(one) > 1} for name, page in pages.items()}
    assert {name: ids for name, ids in twice.items() if ids} == {}


def test_every_page_says_what_it_is(pages):
    for name, page in pages.items():
        assert page.lang == "en" and len(page.title) > 5, name
        assert len(page.metas["description"]) > 20 and len(page.metas["og:title"]) > 2, name
        assert page.metas["og:description"] and page.metas["viewport"], name
        rules = dict(rule.strip().split(" ", 1) for rule in page.metas["Content-Security-Policy"].split(";"))
        assert rules["default-src"] == "'none'" and rules["script-src"].startswith("'self'"), name
        assert not re.search("unsafe|https?:|\\*|data:", rules["script-src"]), name
        assert all(
            words in ("'self'", "'none'") for rule, words in rules.items() if rule in ("connect-src", "base-uri")
        )
    titles = [page.title for page in pages.values()]
    assert len(set(titles)) == len(titles)


def test_search_engines_find_all_pages(website, pages):
    space = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    found = [one.text for one in ElementTree.parse(website / "sitemap.xml").findall("s:url/s:loc", space)]
    listed = sorted(set(pages) - {"search.html", "genindex.html"})
    base = found[0].removesuffix(listed[0])
    assert found == [base + name for name in listed]
    assert f"Sitemap: {base}sitemap.xml" in (website / "robots.txt").read_text(encoding="utf-8").splitlines()
    if base:
        assert base.startswith("https://") and all(page.canonical == base + name for name, page in pages.items())
        assert all(page.metas["og:image"].startswith(base) for page in pages.values())
        assert {(website / page.metas["og:image"].removeprefix(base)).exists() for page in pages.values()} == {True}


def test_a_canonical_address_stands_only_where_one_is_known():
    about = part("finishing").about
    text = "<title>A page &#8212; the course</title><article><p>" + "Words enough. " * 9 + "</p></article>"
    assert 'rel="canonical" href="https://school.test/bag/a.html"' in about(text, "a.html", "https://school.test/bag/")
    assert "canonical" not in about(text, "a.html", "") and 'og:title" content="A page"' in about(text, "a.html", "")


# ---------------------------------------------------------------- what a notebook's outputs became

NOTEBOOKS = sorted(ROOT.glob("notebooks/*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_figures_have_the_words_of_their_cell_and_wait_until_they_are_seen(path, pages):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    drawn = [
        cell["metadata"]["alt"]
        for cell in cells
        for output in cell.get("outputs", [])
        if {"image/png", "image/jpeg"} & set(output.get("data", {}))
    ]
    pictures = pages[f"notebooks/{path.stem}.html"].pictures
    assert [picture["alt"] for picture in pictures] == drawn
    assert all(one["loading"] == "lazy" and int(one["width"]) > 0 and int(one["height"]) > 0 for one in pictures)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_widget_has_what_makes_it_live(path):
    live = json.loads((ROOT / "docs" / "live" / f"{path.stem}.json").read_text(encoding="utf-8"))
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        shown = [one["data"] for one in cell.get("outputs", []) if WIDGET in one.get("data", {})]
        needed = [data for data in shown if "FileUpload" not in "".join(data.get("text/plain", ""))]
        kept = [one for one in live.get(cell["id"], []) if one["kind"] != "check"]
        assert len(kept) == len(needed), f"{cell['id']}: python3 course.py run {path.name}"
        printed = "".join("".join(one["text"]) for one in cell.get("outputs", []) if "text" in one)
        said = [one["said"] for one in live.get(cell["id"], []) if one["kind"] == "check"]
        assert [one for one in said if one not in printed] == [], f"{cell['id']}: python3 course.py run {path.name}"
        for one in kept:
            lists = one.get("options", []), one.get("explorers", [])
            assert all(isinstance(every, list) for every in lists), f"{cell['id']}: python3 course.py run {path.name}"


def test_the_front_page_says_what_its_networks_answer(tmp_path, monkeypatch):
    """Only patches of 33 px see a cat in Chelsea; all three sizes take the ibis for a flamingo."""
    pytest.importorskip("latex2mathml", reason="python3 course.py site installs what builds the website")
    monkeypatch.syspath_prepend(ROOT / "docs" / "site")
    part("staging").front(tmp_path)
    text = (tmp_path / "front.js").read_text(encoding="utf-8")
    live = json.loads(text[text.index("{") : text.rindex("}") + 1])
    answers = {}
    for title, explorer in live["explorers"]:
        packed = explorer["state"]["packed"]
        for bag in packed["bags"]:
            values = np.frombuffer(base64.b64decode(bag["evidence"]), "<f4").reshape(len(packed["names"]), -1)
            answers[title, bag["q"]] = packed["names"][int(values.mean(1).argmax())]
    cats = [answers["Chelsea, a cat", q] == "tabby" for q in (9, 17, 33)]
    assert cats == [False, False, True]
    assert [answers["an ibis", q] for q in (9, 17, 33)] == ["flamingo"] * 3
