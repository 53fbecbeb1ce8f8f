"""The report: its numbers are those that were measured, it needs nothing else, and nothing of ours is overwritten."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import torch
from test_explorer_page import Seen
from torch import nn

import bagnet_utils as bu
from bagnet_utils.display.report import report
from bagnet_utils.experiments.overview import maps_for, overview
from bagnet_utils.models.bagnet import BagNet
from bagnet_utils.worlds.world import World

NAMES = ('<script>alert("1")</script>', 'a & b\'s "c"', "no_pictures", "</script><!--" + "long" * 30, "猫 😀")
ORDINARY = ("one", "two", "three", "four", "five")


def some_world(count: int = 12, names=ORDINARY, kinds=(0, 1, 3, 4)) -> World:
    images = torch.rand(count, 3, 48, 40, generator=torch.Generator().manual_seed(1))
    files = tuple(f"folder/<q>{number}.png" for number in range(count))
    return World(images, torch.tensor([kinds[n % len(kinds)] for n in range(count)]), names, files)


@pytest.fixture(scope="module")
def bag():
    """A small BagNet-9 with random weights that gives each of its answers to some pictures."""
    torch.manual_seed(3)
    model = BagNet((1, 1, 0, 0), len(ORDINARY), 0.25, (1, 1, 1, 1)).eval()
    says = bu.logits(model, some_world(40).images)
    model.fc.weight.data /= says.std(0).mean()
    model.fc.bias.data = -(says - model.fc.bias).mean(0) / says.std(0).mean()
    return model.eval()


@pytest.fixture(scope="module")
def world(bag):
    """Two of three pictures get the label that the network answers, so that there is something of everything."""
    plain = some_world(40, kinds=(0, 1, 2, 3, 4))
    labels = torch.where(torch.arange(40) % 3 > 0, bu.predict(bag, plain.images), plain.labels)
    return World(plain.images, labels, ORDINARY, plain.truth)


class Page(HTMLParser):
    """Tables by their kind, as lists of rows of texts; all tags with their attributes; the text; the scripts."""

    def __init__(self, path: Path):
        super().__init__()
        self.tables, self.tags, self.text, self.scripts, self.rows = {}, [], "", [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append((tag, attributes))
        if tag == "table":
            self.rows = self.tables[attributes["class"].split()[0]] = []
        elif tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        if tag == "table":
            self.rows = []

    def handle_data(self, data):
        if self.cdata_elem == "script":
            self.scripts.append(data)
        elif self.cdata_elem is None:
            self.text += data
            if self.rows and self.rows[-1]:
                self.rows[-1][-1] += data


@pytest.fixture(scope="module")
def made(bag, world, tmp_path_factory) -> Path:
    return report(bag, world, tmp_path_factory.mktemp("report") / "report.html", commands="net = <mine>")


@pytest.fixture(scope="module")
def page(made) -> Page:
    return Page(made)


# ---------------------------------------------------------------- numbers


def test_accuracy_and_tables_are_what_was_measured(bag, world, page):
    answers = bu.predict(bag, world.images)
    right = int((answers == world.labels).sum())
    low, high = bu.confidence_interval(right, 40)
    assert 5 < right < 35
    assert f"{100 * right / 40:.1f} % 95 % interval {low:.1f} to {high:.1f} %" in page.text
    head, *rows = page.tables["confusion"]
    assert head[1:] == list(ORDINARY)
    counts = np.array([[int(cell or 0) for cell in row[1:]] for row in rows])
    wanted = np.zeros((5, 5), int)
    for label, answer in zip(world.labels, answers, strict=True):
        wanted[label, answer] += 1
    assert (counts == wanted[[ORDINARY.index(row[0]) for row in rows]]).all() and counts.sum() == 40
    shares = []
    for name, correct, share, interval, _, taken in page.tables["by-class"][1:]:
        row = wanted[ORDINARY.index(name)]
        good = row[ORDINARY.index(name)]
        low, high = bu.confidence_interval(int(good), int(row.sum()))
        assert correct == f"{good} of {row.sum()}" and interval == f"{low:.0f} to {high:.0f} %"
        shares.append(good / row.sum())
        assert share == f"{100 * shares[-1]:.0f} %"
        others = {other: n for other, n in zip(ORDINARY, row, strict=True) if other != name}
        if taken:
            other, count = re.fullmatch(r"(\w+) \((\d+)\)", taken).groups()
            assert others[other] == int(count) == max(others.values())
        else:
            assert not any(others.values())
    assert shares == sorted(shares) and len(shares) == len(set(world.labels.tolist()))


def test_pictures_are_chosen_by_the_rules_that_the_page_states(bag, world):
    seen = overview(bag, world)
    sure, answers = bu.logits(bag, world.images).softmax(1).max(1)
    wrong = [n for n in range(40) if answers[n] != world.labels[n]]
    assert seen.mistakes == sorted(wrong, key=lambda n: -sure[n])[:6]
    for number in seen.typical:
        kind = world.labels[number]
        group = sorted((n for n in range(40) if answers[n] == kind == world.labels[n]), key=lambda n: sure[n])
        assert number == group[(len(group) - 1) // 2]
    assert len({world.labels[n].item() for n in seen.typical}) == len(seen.typical) > 2


def test_patches_are_those_of_top_patches(bag, world):
    seen = overview(bag, world)
    assert set(seen.telling) == set(world.labels.tolist())
    for kind in seen.telling:
        for misleading, found in ((False, seen.telling[kind]), (True, seen.misleading[kind])):
            wanted = bu.top_patches(bag, world.images, kind, 5, world.labels, misleading)
            assert [(p.picture, p.row, p.column) for p in found] == [(p.picture, p.row, p.column) for p in wanted]
            assert [p.evidence for p in found] == pytest.approx([p.evidence for p in wanted], rel=1e-4)
            assert all(torch.equal(p.pixels, w.pixels) for p, w in zip(found, wanted, strict=True))


def test_maps_of_a_bag_are_its_evidence_and_others_tell_what_hiding_costs(bag, world):
    image = world.images[0]
    assert torch.equal(maps_for(bag, image, [3, 1]), bu.evidence(bag, image[None])[0, [3, 1]])
    plain = ordinary_net()
    heat = maps_for(plain, image, [2])[0]
    hidden = image.clone()
    hidden[:, 5:13, 10:18] = image[:, 5:13, 10:18].mean((1, 2), keepdim=True)
    fell = bu.logits(plain, image)[0, 2] - bu.logits(plain, hidden)[0, 2]
    assert heat[1, 2] == pytest.approx(fell.item(), abs=1e-5)


# ---------------------------------------------------------------- one page, and nothing else


def test_the_page_asks_for_nothing_and_says_what_its_pictures_show(made, page):
    text = made.read_text(encoding="utf-8")
    assert set(re.findall(r"https?://[^\s\"'`;)]+", text)) == {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xhtml",
    }  # names, never fetched
    for tag, attributes in page.tags:
        for key in ("src", "href"):
            assert attributes.get(key, "#").startswith(("#", "data:")), tag
        assert tag != "img" or len(attributes["alt"]) > 10
    assert ("html", {"lang": "en"}) in page.tags and "net = <mine>" in page.text
    anchors = [attributes["href"][1:] for tag, attributes in page.tags if tag == "a"]
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert set(anchors) <= set(ids) and len(ids) == len(set(ids))
    assert "$" not in re.sub(r"(?s)<script.*?</script>", "", text), "a place of the template was not filled"
    assert len(page.scripts) == 2 and len(json.loads(page.scripts[0])) >= 5


def test_names_of_classes_and_files_are_written_as_they_are_and_never_run(bag, world, tmp_path):
    odd = World(world.images, world.labels, NAMES, world.truth)
    path = report(bag, odd, tmp_path / "odd.html", title="<i>&</i>")
    page, text = Page(path), path.read_text(encoding="utf-8")
    assert len(page.scripts) == 2 and "q" not in {tag for tag, _ in page.tags}
    assert [row[0] for row in page.tables["by-class"][1:]] and page.tables["confusion"][0][1:] == list(NAMES)
    assert "<script>alert" not in text and "</script><!--" not in text and "<q>0.png" in page.text
    assert json.loads(page.scripts[0])[0]["packed"]["names"] == list(NAMES)
    assert "<i>&</i>" in page.text and "<title>&lt;i&gt;" in text


def ordinary_net() -> nn.Module:
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 8, 5, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(32, len(ORDINARY))
    return nn.Sequential(*layers).eval()


def test_other_networks_get_occlusion_maps_and_no_explorer(tmp_path):
    page = Page(report(ordinary_net(), some_world(), tmp_path / "report.html"))
    assert "(occlusion)" in page.text and "exactly the logit" not in page.text
    assert "This network is none, so it is left out" in page.text and not page.scripts
    assert "patches" not in page.tables and {"by-class", "confusion", "shortcuts"} <= set(page.tables)


@pytest.mark.parametrize("count", [1, 2, 9])
def test_few_pictures_and_classes_without_any(bag, tmp_path, count):
    page = Page(report(bag, some_world(count, kinds=(1, 3)), tmp_path / "report.html"))
    assert f"of {count} picture" in page.text and "No pictures to test on: one, three" in page.text
    assert "Classes without pictures: one, three" in page.text and "nan" not in page.text.lower()
    assert ("They could not be made" in page.text) == (count == 1)
    assert "hardly tested" in page.text


def test_grey_pictures_and_two_classes(tmp_path):
    torch.manual_seed(0)
    model = BagNet((1, 1, 0, 0), 2, 0.25, (1, 1, 1, 1)).eval()
    grey = torch.full((4, 3, 20, 20), 0.5)
    page = Page(report(model, World(grey, torch.tensor([0, 1, 0, 1]), ("a", "b"), ()), tmp_path / "report.html"))
    assert "50.0 %" in page.text and "nan" not in page.text.lower()


def test_of_many_classes_only_the_mistakes_are_listed(tmp_path):
    torch.manual_seed(0)
    model = BagNet((1, 1, 0, 0), 90, 0.25, (1, 1, 1, 1)).eval()
    names = tuple(f"kind {number}" for number in range(90))
    images = torch.rand(90, 3, 17, 17)
    page = Page(report(model, World(images, torch.arange(90), names, ()), tmp_path / "report.html"))
    assert "confusion" not in page.tables and "classes could not be read" in page.text
    assert len(page.tables["patches"]) == 41 and "50 more are not" in page.text


@pytest.mark.slow
def test_a_report_on_thirty_two_kinds_is_small(tmp_path):
    photos = bu.load_world("photos", "test", n=64)
    path = report(bu.load_model("bagnet17", "photos"), photos, tmp_path / "report.html")
    assert path.stat().st_size < 3_000_000
    assert len(Page(path).tables["confusion"]) == 33


# ---------------------------------------------------------------- in a browser


@pytest.fixture(scope="module")
def creatures():
    pictures = [bu.scene(label, seed=label) for label in (0, 2, 4, 6)]
    images = torch.stack([torch.from_numpy(scene.image) for scene in pictures])
    labels = torch.tensor([0, 2, 4, 6])
    return World(images, labels, bu.load_model("bagnet17").classes, tuple(pictures))


@pytest.fixture
def opened(browser, creatures, tmp_path):
    """The report on a trained network, opened from the disk; it may not ask for anything, nor complain."""
    path = report(bu.load_model("bagnet17"), creatures, tmp_path / "report.html")
    asked, errors = [], []
    page = browser.new_page(viewport={"width": 1000, "height": 900})
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type in ("error", "warning") else None)
    page.on("request", lambda request: None if request.url.startswith("data:") else asked.append(request.url))
    page.goto(path.as_uri())
    yield page
    page.close()
    assert not errors and asked == [path.as_uri()]


@pytest.mark.slow
def test_the_explorer_lives_in_the_page(opened, creatures):
    model, seen = bu.load_model("bagnet17"), Seen(opened, "#explorer-place")
    number = int(re.search(r"Picture (\d)", opened.locator("#explorer-choice option").first.inner_text())[1])
    explorer = bu.explore(model, creatures.images[number])
    opened.locator("#explorer-choice").focus()
    for _ in range(8):  # the patch size, the class, two buttons, then the picture
        opened.keyboard.press("Tab")
        if opened.evaluate("document.activeElement.getAttribute('role')") == "application":
            break
    for key in ("Control+Home", "ArrowDown", "ArrowRight", "ArrowRight", "Space"):
        opened.keyboard.press(key)
    seen.agrees_with(explorer, 17, 8, 16, explorer.target, [[8, 16]])
    opened.locator("#explorer-choice").select_option("1")
    other = int(re.findall(r"Picture (\d)", opened.locator("#explorer-choice").inner_text())[1])
    explorer = bu.explore(model, creatures.images[other])
    seen.agrees_with(explorer, 17, *seen.readout()[:2], explorer.target)
    opened.locator("#explorer-choice").select_option("0")  # what was done to a picture is kept
    assert seen.sums()["Patches left"] == "195 of 196"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("width", "media"), [(320, "screen"), (640, "screen"), (1200, "screen"), (680, "print")]
)  # 680 px: what a sheet of A4 leaves between its margins
def test_nothing_sticks_out(opened, width, media):
    opened.set_viewport_size({"width": width, "height": 800})
    opened.emulate_media(media=media)
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    assert opened.evaluate("document.querySelectorAll('main img').length") > 20
    assert opened.evaluate("[...document.images].every((image) => image.naturalWidth > 0)")
