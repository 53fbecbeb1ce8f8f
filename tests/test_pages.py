"""Bibliography, misconceptions and questions: they are complete, and true to the notebooks."""

import re
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import carries_over
import guards
import paper
import pytest
import storing
from test_notebooks import ASKED
from told import DOCS, LINK, NOTEBOOKS, NUMBERED, PAGES, ROOT, full, joined, sections, text

# ---------------------------------------------------------------- the bibliography


@cache
def references() -> dict[str, dict[str, str]]:
    """references.bib, by key; `who` are the authors' surnames."""
    entries = {}
    for kind, key, fields in re.findall(r"(?ms)^@(\w+)\{([^,]+),\n(.*?)\n\}$", text(DOCS / "references.bib")):
        entry = dict(re.findall(r"(?m)^  (\w+) = \{(.*)\},?$", fields)) | {"kind": kind}
        letters = re.sub(r"[{}\\\"'](?=\w|\\|\")|[{}]", "", entry["author"])
        entries[key] = entry | {"who": [one.split(",")[0] for one in letters.split(" and ")]}
    return entries


@cache
def listed() -> dict[str, str]:
    """The entries of the page, by key."""
    return {
        key: joined(told)
        for key, told in re.findall(r"(?ms)^- `(\w+)` (.+?)(?=^- |^\n|\Z)", text(PAGES["bibliography"]))
    }


def test_forty_references_on_the_page_and_in_bibtex():
    bib = text(DOCS / "references.bib")
    assert len(listed()) >= 40 and list(listed()) == list(references())
    assert bib.count("@") == len(references()) and bib.count("{") == bib.count("}")


@pytest.mark.parametrize("key", references())
def test_a_reference_is_whole_and_the_same_on_both(key):
    entry, told = references()[key], listed()[key]
    assert {"author", "title", "year"} <= entry.keys() and {"eprint", "doi"} & entry.keys()
    assert re.fullmatch(r"\d{4}\.\d{4,5}", entry.get("eprint", "1904.00760"))
    assert re.fullmatch(r"10\.\d{4,9}/[^\s}]+", entry.get("doi", "10.1000/x"))
    assert re.fullmatch(r"19\d\d|20[012]\d", entry["year"]) and f"({entry['year']})" in told
    assert key.startswith(re.sub(r"\W", "", entry["who"][0].split()[-1].lower())[:4]) and entry["year"] in key
    assert f"*{entry['title'].strip('{}')}.*" in told
    assert ("eprint" not in entry) or f"https://arxiv.org/abs/{entry['eprint']}" in told
    assert ("doi" not in entry) or f"https://doi.org/{entry['doi']}" in told
    why = re.search(r"\*\*Why:\*\* (.+?) Used in \[", told)
    assert why and 6 <= len(why[1].split()) <= 40
    used = [(DOCS / target).resolve() for _, target in LINK.findall(told)]
    assert used
    for path in filter(Path.exists, used):
        words = "\n".join(sections(path).values())
        signs = [entry["who"][0], *(entry[name] for name in ("eprint", "doi", "keywords") if name in entry)]
        assert any(sign.lower() in words.lower() for sign in signs), f"{path.stem} has none of {signs}"


ONE = r"(?:[A-Z][\w-]+\s)?([A-Z][\w-]+)"  # perhaps with a first name
REST = r"(?:,\s[A-Z][\w-]+)*,?\sand\s(?:[A-Z][\w-]+\s)?(?:[A-Z][\w-]+|others)"
TITLE = r"(?:,?\s\[[^\]]+\]\([^)]+\)|,\s\*[^*]+\*)?"
CITED = re.compile(rf"\b(?:{ONE}{REST}|([A-Z][\w-]+)(?=\s\()){TITLE}(?:,\s|\s\()\(?(?:[A-Z]\w+,?\s)?((?:19|20)\d\d)\b")


def cited(words: str) -> tuple[set[str], set[tuple[str, str]]]:
    """Numbers of arXiv and DOIs; and who is cited with a year."""
    numbers = set(re.findall(r"arxiv\.org/\w+/(\d{4}\.\d{4,5})|(?:doi\.org/|doi:? ?)(10\.\d{4,9}/[^\s)\]>]+)", words))
    words = joined(words)
    return {one or other for one, other in numbers}, {(one or two, year) for one, two, year in CITED.findall(words)}


@pytest.mark.parametrize(
    "path", [*NOTEBOOKS, ROOT / "README.md", DOCS / "package.md", DOCS / "claims.md"], ids=lambda path: path.stem
)
def test_what_is_cited_is_in_the_bibliography(path):
    numbers, people = cited("\n".join(sections(path).values()))
    known = {entry.get(name) for entry in references().values() for name in ("eprint", "doi")}
    who = {(entry["who"][0], entry["year"]) for entry in references().values()}
    assert not numbers - known and not people - who, f"{numbers - known} {people - who}: put them into the bibliography"


def test_citations_are_seen():
    numbers, people = cited(
        "Read on: Luo, Li and Zemel, [A title](https://arxiv.org/abs/1701.04128) (2016);\nSivic and Zisserman, *Video* "
        "(2003), of Nie and others, 2018; Rudin (2019); Sturmfels and Lee, [B](https://x.org/y) (Distill, 2020); in "
        "2013 Zeiler and Fergus hid parts; [doi](https://doi.org/10.22002/D1.20086)"
    )
    assert numbers == {"1701.04128", "10.22002/D1.20086"}
    assert people == {("Luo", "2016"), ("Sivic", "2003"), ("Nie", "2018"), ("Rudin", "2019"), ("Sturmfels", "2020")}
    everything = [cited("\n".join(sections(path).values())) for path in NOTEBOOKS]
    assert len(set().union(*(numbers for numbers, _ in everything))) >= 15
    assert len(set().union(*(people for _, people in everything))) >= 12


# ---------------------------------------------------------------- misconceptions and questions


def answers(page: str) -> dict[str, str]:
    """Under the heading of each wrong idea or question, what is said of it."""
    level = {"misconceptions": "##", "questions": "###"}[page]
    return dict(re.findall(rf"(?ms)^{level} (.+?)\n(.+?)(?=^##|\Z)", text(PAGES[page])))


ANSWERS = [(page, asked) for page in ("misconceptions", "questions") for asked in answers(page)]


@pytest.mark.parametrize("page, asked", ANSWERS)
def test_an_answer_is_short_and_its_links_lead_to_sections(page, asked):
    told, _, where = answers(page)[asked].partition({"misconceptions": "**See it:**", "questions": "**Where:**"}[page])
    sentences = re.split(r"(?<=[.?!])\s+(?=[A-Z`])", told.strip())
    assert 2 <= len(sentences) <= 4 and max(len(one.split()) for one in sentences) <= 36
    links = LINK.findall(joined(where))
    assert links
    for shown, target in links:
        path = (DOCS / target).resolve()
        number, _, heading = shown.partition(": ")
        if path.suffix == ".md":
            assert heading in sections(path)
        else:
            assert NUMBERED[number] == path and full(heading, path), f"{path.stem} has no section {heading!r}"


def test_twenty_wrong_ideas_each_said_as_one_says_it():
    ideas = list(answers("misconceptions"))
    assert len(ideas) == 20
    assert all(re.fullmatch(rf'{number} · ".+"', idea) for number, idea in enumerate(ideas, start=1))


@pytest.mark.parametrize("question", ASKED)
def test_what_people_ask_is_answered_with_a_link_to_the_notebook_that_answers(question):
    (asked,) = (one for one in answers("questions") if question.lower() in one.lower())
    assert NUMBERED[ASKED[question]].name in answers("questions")[asked]


# ---------------------------------------------------------------- figures, links, and what carries over

MEASURED = {  # figures on these pages, from what was measured
    "87 to 22 %": lambda of: "{:.0f} to {:.0f} %".format(
        *(
            100 * of["photos"]["scrambled"]["right"]["bagnet33"][n] / of["photos"]["scrambled"]["pictures"]
            for n in (0, 3)
        )
    ),
    "3.3 times": lambda of: f"{of['patchwork']['speed']:.1f} times",
    "63 %": lambda of: f"{of['photos']['corners']['bagnet17']['evidence'][0]:.0f} %",
    "r = 0.98": lambda of: f"r = {of['photos']['interaction']['resnet']['correlation'][2][0]:.2f}",
    "20 % are left": lambda of: f"{100 * of['photos']['interaction']['resnet']['left over'][2][0]:.0f} % are left",
    "95 % correctly": lambda of: f"{of['patchwork']['accuracy']['vgg']['tench']:.0f} % correctly",
    "and 5 % when": lambda of: f"and {of['patchwork']['accuracy']['vgg']['tench, swapped']:.0f} % when",
    "74, 82 and 87 %": lambda of: "{:.0f}, {:.0f} and {:.0f} %".format(
        *(of["photos"]["accuracy"][f"bagnet{q}"]["top-1"] for q in (9, 17, 33))
    ),
}
QUOTED = {
    "misconceptions": ["18.3 million", "3.7 times", "about 2.5 times", "90.1 to 79.4 %"],
    "questions": [],
    "glossary": [
        "87.6, 90.1 and 79.4 %",
        "96 %",
        "22 %",
        "50 %",
        "3 %",
        "95 %",
        "95 of 100",
        "2.7 times",
        "0.69",
        "0 or 100 %",
    ],
}


@pytest.mark.parametrize("page", QUOTED)
def test_figures_are_measured_or_quoted(page):
    cell = SimpleNamespace(source=text(PAGES[page]), metadata={"numbers": MEASURED, "quoted": QUOTED[page]})
    assert not guards.covered(cell)["bare"]
    unused = [key for key in QUOTED[page] if not guards.places(key, cell.source)]
    assert not unused


@pytest.mark.parametrize("key", MEASURED)
def test_measured_figures_are_what_was_measured(key):
    assert MEASURED[key](storing.read()) == key
    assert any(guards.places(key, text(path)) for path in PAGES.values())


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    for shown, target in LINK.findall(joined(text(PAGES[page]))):
        path = (DOCS / target).resolve()
        assert path.exists(), f"{shown} leads to {target}, which is not there"


def test_what_carries_over_counts_the_marks_of_the_page_and_the_cells_of_a_sticker():
    for whose, marks in carries_over.held().items():
        assert sum(marks) >= len(paper.CLAIMS) and marks[0] > 0, whose
    told = list(carries_over.lines())
    row = next(line for line in told if line.startswith("| Brendel and Bethge, on photographs"))
    table = [line for line in paper.table() if line.startswith("| ") and line[2].isdigit()]
    seen = [line.split(" | ")[4][-1] for line in table]
    assert row.split(" | ")[1:3] == [str(seen.count("✓")), str(seen.count("✗"))]
    # PatchGuard's figures: a sticker of 32 of 224 px touches 5, 6 and 8 cells a side
    assert [carries_over.touched(q, 224).split(" of ")[0] for q in (9, 17, 33)] == ["25", "36", "64"]
    assert [carries_over.touched(q, 224).split(" of ")[1].split()[0] for q in (9, 17, 33)] == ["729", "676", "576"]


def test_what_carries_over_says_what_was_not_measured(monkeypatch):
    assert "not measured yet" in carries_over.published()
    monkeypatch.setattr(storing, "read", lambda: {"imagenet": {"bagnet9": {"top-1": 3, "pictures": 50000}}})
    assert "BagNet-9 on 50,000" in carries_over.published()
    assert all(marks[:2] == (0, 0) for marks in carries_over.held().values())
