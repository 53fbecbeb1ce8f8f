"""Glossary, bibliography, misconceptions and questions: they are complete, and true to the notebooks."""

import json
import re
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import carries_over
import guards
import paper
import pytest
import storing
from test_notebooks import ASKED

from bagnet_utils.experiments.attributions import METHODS
from bagnet_utils.experiments.masking import FILLS
from bagnet_utils.models.zoo import TITLES, WORLDS

ROOT = Path(__file__).parents[1]
DOCS, NOTEBOOKS = ROOT / "docs", sorted((ROOT / "notebooks").glob("*.ipynb"))
NUMBERED = {path.stem.split("_")[0]: path for path in NOTEBOOKS}
PAGES = {name: DOCS / f"{name}.md" for name in ("glossary", "bibliography", "misconceptions", "questions")}
LINK = re.compile(r"\[([^\]]+)\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)")


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def joined(words: str) -> str:
    """On one line."""
    return " ".join(words.split())


# ---------------------------------------------------------------- what a notebook or page says


@cache
def sections(path: Path) -> dict[str, str]:
    """What stands under each heading, subsections as well; code is indented. Headings in folded parts are none."""
    lines = text(path).splitlines() if path.suffix == ".md" else []
    for cell in [] if lines else json.loads(text(path))["cells"]:
        source = "".join(cell["source"]).splitlines()
        lines += source if cell["cell_type"] == "markdown" else [f"    {line}" for line in source]
    found, above, folded = {}, {}, False
    for line in lines:
        folded = folded or "<details>" in line
        if not folded and (heading := re.match(r"(#+) (.*)", line)):
            above = {depth: name for depth, name in above.items() if 1 < depth < len(heading[1])}
            above[len(heading[1])] = heading[2]
            found.setdefault(heading[2], []).append(heading[2])
        else:
            for name in above.values():
                found[name].append(line)
        folded = folded and "</details>" not in line
    return {name: "\n".join(under) for name, under in found.items()}


def prose(words: str) -> str:
    """Without code, formulas, folded parts and the targets of links."""
    words = "\n".join(line for line in words.splitlines() if not line.startswith("    "))
    return re.sub(r"(?s)```.*?```|`[^`]*`|\$[^$]*\$|<details>.*?</details>|\]\([^)]*\)", "", words)


def emphasised(words: str) -> list[str]:
    """What stands in bold or in italics."""
    words = prose(words)
    bold, rest = re.findall(r"\*\*([^*]+?)\*\*", words), re.sub(r"\*\*([^*]+?)\*\*", "", words)
    spans = bold + re.findall(r"(?<![*\w])\*([^*\s][^*]*?)\*(?![*\w])", rest)
    return [joined(span.replace("\n> ", " ")) for span in spans]


def full(heading: str, path: Path) -> str | None:
    """The heading that a link names: minutes and the notebook's number may be left out."""
    short = re.compile(rf"(?:\d+[ab]? · )?{re.escape(heading)}(?: · \d+ minutes · \S+)?")
    return next(filter(short.fullmatch, sections(path)), None)


# ---------------------------------------------------------------- the glossary


class Entry(NamedTuple):
    term: str
    also: tuple[str, ...]
    words: tuple[str, ...]  # Chinese and Korean
    told: str
    link: str
    target: str

    def names(self) -> tuple[str, ...]:
        return (self.term, *self.also)


ENTRY = r"- \*\*(.+?)\*\*(?: \(also: (.+?)\))?((?: · [^:]+?)*): (.+) \[([^\]]+)\]\(([^)]+)\)"


@cache
def glossary() -> tuple[Entry, ...]:
    entries = []
    for block in re.findall(r"(?ms)^- .+?(?=^- |^\n|\Z)", text(PAGES["glossary"])):
        found = re.fullmatch(ENTRY, joined(block))
        assert found, f"no entry: {block}"
        term, also, words, *rest = found.groups()
        entries.append(Entry(term, tuple(also.split(", ") if also else ()), tuple(words.split(" · ")[1:]), *rest))
    return tuple(entries)


def inflected(name: str) -> str:
    """A pattern for a word and its plural, and for a verb's forms."""
    *before, last = name.split()
    stem = re.escape(last[:-1])
    ends = {"e": rf"{stem}(?:e|es|ed|ing)", "y": rf"{stem}(?:y|ies|ied|ying)", "x": rf"{stem}(?:x|ces)"}
    return r"[\s>]+".join([*map(re.escape, before), ends.get(last[-1], rf"{re.escape(last)}(?:s|es|ed|ing)?")])


def pattern(names) -> re.Pattern:
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(inflected, sorted(names, key=len, reverse=True)))})(?!\w)", re.I)


def test_glossary_is_in_order_and_says_each_term_once_in_two_sentences():
    terms = [entry.term for entry in glossary()]
    plain = [re.sub(r"[^a-z0-9]", "", term.lower()) for term in terms]
    assert plain == sorted(plain) and len(set(plain)) == len(plain) > 150
    assert text(PAGES["glossary"]).count("\n- ") == len(terms) and f"{len(terms)} terms" in text(PAGES["glossary"])
    for entry in glossary():
        sentences = re.split(r"(?<=[.?!])\"?\s+(?=[\"A-Z`0-9])", entry.told)
        assert len(sentences) == 2 and entry.told[-1] in '."', f"{entry.term}: {len(sentences)} sentences"
        assert all(len(sentence.split()) <= 36 for sentence in sentences), f"{entry.term}: a sentence is too long"
        chinese, korean = r"[\u4e00-\u9fff]", r"[\uac00-\ud7a3]"
        scripts = [next((one for one in (chinese, korean) if re.search(one, word)), None) for word in entry.words]
        assert scripts in ([], [chinese], [korean], [chinese, korean]), f"{entry.term}: {entry.words}"


@pytest.mark.parametrize("entry", glossary(), ids=lambda entry: entry.term)
def test_glossary_leads_to_where_the_term_is(entry):
    path = (DOCS / entry.target).resolve()
    number, _, heading = entry.link.partition(": ")
    assert path.suffix == ".md" or path.stem.startswith(f"{number}_")
    found = full(heading if path.suffix == ".ipynb" else entry.link, path)
    assert found, f"{path.name} has no section {heading!r}"
    words = sections(path)[found]
    assert pattern(entry.names()).search(words), f"{entry.term} is not in {path.name}, {entry.link}"
    exactly = re.compile("|".join(map(inflected, entry.names())), re.I)
    for earlier in NOTEBOOKS[: NOTEBOOKS.index(path)] if path in NOTEBOOKS else []:
        spans = [span for words in sections(earlier).values() for span in emphasised(words)]
        assert not any(exactly.fullmatch(span.rstrip(".:")) for span in spans), f"{earlier.stem} has it before"


# Words that are emphasised, or stand in a heading of the claims page, and are no terms of the field. Words of up to
# three letters and names of classes need not stand here.
ORDINARY = """
    above absent across added after again against alike alone among another answer anything arrangement away
    backward because before bell below best better between bird black both bound cannot carp carries certain choices
    claim claims climbs command copy corners cost course data days depends details difference differences different
    does down drawn draws dropped each elsewhere empty equal equally every exactly experiment fails false feet
    fergus figure filled first five flaw flaws flower forward found from frozen full function geirhos grey ground
    guessing harms help here hidden hide holds honesty hour html human inside itself judged jupyterlab larger last
    learning learnt left less line longer looks lost lower made makes mask masked matters mean measured medicine
    memory middle minaret minus minutes missing more most nearly network networks new nine none notebook nothing
    number order other others over page painted paper passes person photo photograph picture pictures pixels place
    places plain points pole present probable proved published question random removed repeats report
    reproducibility reverse right rule ruler same scale scenery seen shape ship should side size solve solves some
    something stand-in strange success sure surely take taken tell test than that their them there these thing third
    this threads three together trained training trust twelve undecided undefended useful values were what where
    which white whole wings with within without word worth wrong your zeiler
"""
NAMES = """
    BibTeX BP BY CC CC0 CDIP CIEDE2000 CITATION CONTRIBUTING CPU CSV CVPR DockerSpawner DOI DOIs ECCV ESC EuroSAT
    exFAT FAT32 GB GitHub HTML ICCV ICLR ICML IIIT IPython JPEG JSTARS JupyterHub JupyterLab KubeSpawner LDAP
    LICENSE LTI macOS MB MIT NativeAuthenticator NC NeurIPS NumPy NVIDIA OAuth OK ONE PAM PatchCamelyon PDF PNG
    PostScript PSS PyPI PyTorch README RVL SA SHA SIGKILL SystemdSpawner TensorFlow TLS USB USENIX VS
"""


def unexplained(words: str, known: re.Pattern, headings: str = "") -> set[str]:
    """Terms of a text that are not in the glossary: emphasised words, words of headings, and names such as XyZ."""
    classes = {part for home in WORLDS.values() for name in home.classes for part in re.split(r"[ _]", name.lower())}
    ordinary = set(ORDINARY.split())
    short = [span for span in emphasised(words) if len(span.split()) <= 3 and span[-1] not in ".?!:"]
    left = known.sub(" ", "\n".join([*short, headings]))
    found = {
        word
        for word in re.findall(r"[a-z][a-z-]{3,}", re.sub(r"['\N{RIGHT SINGLE QUOTATION MARK}]s\b", "", left.lower()))
    }
    singular = {word for word in found if word.rstrip("s") in ordinary | classes}
    names = re.findall(r"\b\w*[A-Z]\w*[A-Z]\w*\b", known.sub(" ", prose(words)))
    return (found - ordinary - classes - singular) | (set(names) - set(NAMES.split()))


@cache
def explained() -> re.Pattern:
    return pattern({name for entry in glossary() for name in entry.names()})


WHERE_TERMS_ARE_USED = [*NOTEBOOKS, *sorted(DOCS.glob("*.md")), ROOT / "README.md"]


@pytest.mark.parametrize("path", WHERE_TERMS_ARE_USED, ids=lambda path: path.stem)
def test_terms_that_are_used_are_explained(path):
    if path == PAGES["bibliography"]:
        pytest.skip("titles and journals")
    headings = ""
    if path.name == "claims.md":  # headings, and the heads of tables
        headings = "\n".join(re.findall(r"(?m)^#+ .*$|^\|.*\|$(?=\n\|---)", text(path)))
    missing = unexplained("\n".join(sections(path).values()), explained(), headings)
    assert not missing, f"{sorted(missing)}: explain them in docs/glossary.md, or put them into ORDINARY in {__file__}"


def test_methods_fills_and_networks_are_explained():
    names = {*METHODS, *(name for name in TITLES.values() if " " not in name)}
    assert not {name for name in names if not explained().fullmatch(name.replace("_", " "))}
    (fill,) = (entry for entry in glossary() if entry.term == "fill")
    assert all(one in fill.told for one in FILLS)


def test_a_term_that_nobody_explains_is_found():
    known = explained()
    assert unexplained("a **frobnicator** and a *tamed gradient*", known) == {"frobnicator", "tamed"}
    assert unexplained("by XYZ and by MyNet, not by VGG or ViTs", known) == {"XYZ", "MyNet"}
    assert unexplained("**one** *patch* is *another*, `**code**` and **see for yourself what this is**", known) == set()
    assert unexplained("", known, "## Accuracy against entropy") == {"entropy"}
    assert unexplained("**patches** in *Gram\nmatrices* and the *zebra*", known) == set()


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
