"""The glossary is in order, leads to where its terms are, and has every term that is used."""

import re

import pytest
from told import (
    DOCS,
    NOTEBOOKS,
    PAGES,
    ROOT,
    emphasised,
    explained,
    full,
    glossary,
    inflected,
    pattern,
    sections,
    text,
    unexplained,
)

from bagnet_utils.experiments.attributions import METHODS
from bagnet_utils.experiments.masking import FILLS
from bagnet_utils.models.zoo import TITLES


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


WHERE_TERMS_ARE_USED = [*NOTEBOOKS, *sorted(DOCS.glob("*.md")), ROOT / "README.md"]


@pytest.mark.parametrize("path", WHERE_TERMS_ARE_USED, ids=lambda path: path.stem)
def test_terms_that_are_used_are_explained(path):
    if path == PAGES["bibliography"]:
        pytest.skip("titles and journals")
    headings = ""
    if path.name == "claims.md":  # headings, and the heads of tables
        headings = "\n".join(re.findall(r"(?m)^#+ .*$|^\|.*\|$(?=\n\|---)", text(path)))
    missing = unexplained("\n".join(sections(path).values()), explained(), headings)
    assert not missing, f"{sorted(missing)}: explain them in docs/glossary.md, or put them in tests/told.py"


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
