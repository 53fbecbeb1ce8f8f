"""The quiz bank: forty fair questions, true to the notebooks, whole in every file; and the lesson of 45 minutes."""

import html
import json
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import guards
import nbformat
import pytest
import storing
from told import NUMBERED, explained, full, sections, unexplained

ROOT = Path(__file__).parents[1]
TEACH = ROOT / "docs" / "teach"
sys.path.insert(0, str(TEACH))

import quiz  # noqa: E402
import quiz_bank  # noqa: E402

BANK = quiz.questions()
each = pytest.mark.parametrize("one", BANK, ids=lambda one: one.id)


def words(one: quiz_bank.Question) -> str:
    return "\n\n".join([one.asks, *(part for choice in one.choices for part in (choice.text, choice.why))])


# ---------------------------------------------------------------- fair


def test_forty_questions_at_least_two_for_each_notebook_and_three_levels():
    assert len(BANK) >= 40
    asked = Counter(one.notebook for one in BANK)
    assert asked.keys() == NUMBERED.keys() and min(asked.values()) >= 2
    assert [one.notebook for one in BANK] == sorted(one.notebook for one in BANK)
    levels = Counter(one.level for one in BANK)
    assert levels.keys() == set(quiz_bank.LEVELS) and min(levels.values()) >= len(BANK) / 6
    assert len({choice.idea for one in BANK for choice in one.choices} - {None}) >= 15


def test_the_right_choice_is_neither_at_one_place_nor_of_one_length():
    letters = Counter(one.letter for one in BANK)
    assert letters.keys() == set(quiz_bank.LETTERS) and max(letters.values()) - min(letters.values()) <= 2
    assert not re.search(r"(.)\1\1", "".join(one.letter for one in BANK))  # nor three times running
    for extreme in (max, min):
        found = [
            one
            for one in BANK
            for choice in one.choices
            if choice.right and len(choice.text) == extreme(len(other.text) for other in one.choices)
        ]
        assert len(found) <= 0.35 * len(BANK), extreme.__name__


@each
def test_choices_are_of_about_the_same_length_and_none_leans_on_another(one):
    sizes = [len(choice.text) for choice in one.choices]
    assert max(sizes) <= 1.25 * min(sizes)
    for choice in one.choices:
        assert choice.text[0].isupper() and choice.text[-1] not in ".?!"
        assert not re.search(
            r"(?i)\b(all|none|both|two) of (the above|these)\b|\b(a|b|c|d) and (a|b|c|d)\b", choice.text
        )
        assert not re.search(r"(?i)\bnot\b[^,.:;]*\b(not|no|never|none|nothing)\b", choice.text)  # two in one clause
        assert len(choice.why.split()) >= 10 and choice.why[-1] == "."
    assert one.asks[-1] == "?"


@each
def test_its_sentences_are_short_and_its_terms_the_courses(one):
    for sentence in re.split(r"(?<=[.?!])\s+|\n\n", words(one)):
        assert len(sentence.split()) <= 30, sentence
    assert not unexplained(words(one), explained())


# ---------------------------------------------------------------- true


@each
def test_the_section_that_teaches_it_exists(one):
    assert full(one.section, NUMBERED[one.notebook])


@cache
def printed(number: str) -> str:
    notebook = nbformat.read(NUMBERED[number], as_version=4)
    return guards.text_until(notebook, len(notebook.cells))


@each
def test_its_figures_and_claims_are_what_was_measured(one):
    cell = SimpleNamespace(source=words(one), metadata={"numbers": one.numbers, "quoted": one.quoted})
    assert not guards.covered(cell)["bare"]
    assert all(guards.places(key, cell.source) for key in [*one.numbers, *one.quoted])
    given = json.loads(guards.answers({"of": storing.read()}, one.numbers, printed(one.notebook)))
    wrong = [verdict for verdict in guards.verdicts(one.notebook, 0, cell, given) if verdict.problem]
    assert not wrong, "\n".join(map(str, wrong))


# ---------------------------------------------------------------- what is wrong in the source is told


@pytest.mark.parametrize(
    "old, new, told",
    [
        ('level = "●○○"', 'level = "easy"', "question 1 (00-sum): the level is 'easy', one of ●○○, ●●○, ●●● is wanted"),
        ('notebook = "00"', 'notebook = "99"', "question 1 (00-sum): the notebook '99' is not in the course"),
        ('section = "The answer is a plain sum"', 'section = "x"', "the section 'x' is no heading of notebook 00"),
        ('id = "00-sum"', 'id = "sum"', "the id must begin with the notebook's number, 00-"),
        ('id = "00-pixel"', 'id = "00-sum"', "question 2: the id '00-sum' is taken"),
        ("right = true\n", "", "0 of its choices have right = true, exactly one is wanted"),
        ("idea = 1\n", "right = true\n", "2 of its choices have right = true"),
        ("idea = 1\n", "idea = 21\n", "question 1 (00-sum), choice 3: the wrong idea is 21, a number from 1 to 20"),
        ("right = true\n", "right = true\nidea = 1\n", "for a wrong choice only"),
        ("right = true\n", 'rigth = true\nright = true\nwhy = "x"\n', "quiz.toml: "),  # a key twice: no TOML
        ("right = true\n", "rigth = true\n", "rigth is not known; a choice has idea, right, text, why"),
        ('asks = """', 'ask = """', "asks is missing; a question has asks, choice, id, level, notebook, section"),
        ('text = "The largest of', 'text = "The mean of', "two of its choices are the same"),
        ("[[question.choice]]", '[[question.choice]]\ntext = "x"\nwhy = "x"\n[[question.choice]]', "it has 5 choices"),
        ('text = "The mean', 'text = ""\n# "', "text is '', words are wanted"),
    ],
)
def test_a_mistake_is_told_in_one_line(tmp_path, old, new, told):
    text = quiz_bank.BANK.read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "quiz.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(quiz.BadQuiz) as caught:
        quiz.questions(tmp_path / "quiz.toml")
    assert told in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text, told",
    [
        ("", "quiz.toml: it has no question in double brackets"),
        ('[question]\nid = "00-x"', "quiz.toml: it has no question in double brackets"),
        (
            '[[question]]\nid = "00-x"',
            "quiz.toml, question 1 (00-x): asks, choice, level, notebook, section is missing",
        ),
        ("[[question", "quiz.toml: "),
    ],
)
def test_what_is_no_bank_is_told_in_one_line(tmp_path, text, told):
    (tmp_path / "quiz.toml").write_text(text, encoding="utf-8")
    with pytest.raises(quiz.BadQuiz) as caught:
        quiz.questions(tmp_path / "quiz.toml")
    assert told in str(caught.value) and "\n" not in str(caught.value)


# ---------------------------------------------------------------- round trips

ODD = r"a ~ b = c # d {e} f: g \ h \n :: #### // %50% -> <i> & ]]> 'x' é 中 ●"
CHOICES = tuple(quiz_bank.Choice(f"{ODD} {n}", f"{ODD} why {n}", n == 2, 12 if n == 0 else None) for n in range(4))
EVERY = [*BANK, BANK[-1]._replace(id="14-odd", section=ODD, asks=f"`code` and {ODD}?", choices=CHOICES)]


def as_source(one: quiz_bank.Question) -> tuple:
    choices = [(choice.text, choice.reason, choice.right) for choice in one.choices]
    return f"{one.id} · {one.section}", one.asks, quiz.general(one), choices


def test_moodle_xml_gives_back_the_source():
    root = ElementTree.fromstring(quiz.moodle(EVERY))

    def said(node: ElementTree.Element, name: str, marked: bool = True) -> str:
        text = node.findtext(f"{name}/text" if name else "text")
        text = re.sub(r"</?code>", "`", text.removeprefix("<p>").removesuffix("</p>")) if marked else text
        assert not marked or not re.search(r"<(?!code>)", text)
        return html.unescape(text) if marked else text

    found, place = [], []
    for node in root:
        if node.get("type") == "category":
            category = node.findtext("category/text")
            continue
        place.append(re.split(r"(?<!/)/(?!/)", category))
        answers = node.findall("answer")
        assert sorted(answer.get("fraction") for answer in answers) == ["0", "0", "0", "100"]
        settings = ("single", "shuffleanswers", "answernumbering", "hidden", "defaultgrade")
        assert [node.findtext(name) for name in settings] == ["true", "true", "ABCD", "0", "1"]
        choices = [(said(a, ""), said(a, "feedback"), a.get("fraction") == "100") for a in answers]
        name = said(node, "name", marked=False)
        assert node.findtext("idnumber") == f"bagnet-{name.split(' · ')[0]}"
        found.append((name, said(node, "questiontext"), said(node, "generalfeedback"), choices))
        number = name.split("-")[0]
        assert {f"notebook {number}"} < {tag.text for tag in node.iterfind("tags/tag/text")}
        assert place[-1] == ["$course$", "top", quiz.TITLE, quiz.title(number)]
    assert found == [as_source(one) for one in EVERY]
    assert len({id.text for id in root.iter("idnumber")}) == len(EVERY)
    assert "wrong idea 12" in {tag.text for tag in root[-1].iterfind("tags/tag/text")}


def read_gift(text: str) -> list[tuple]:
    """A reader of its own, by the rules of the format: an unescaped ~ = # { } or :: is a sign, all else is text."""

    def plain(part: str) -> str:
        return re.sub(r"(?s)\\(.)", r"\1", part).strip()

    found = []
    for block in re.split(r"\n\s*\n", text.strip()):
        lines = "\n".join(line for line in block.splitlines() if not line.startswith("//"))
        if not lines or lines.startswith("$CATEGORY: $course$/top/"):
            continue
        name, stem, body = re.fullmatch(
            r"::((?:\\.|[^\\:])+)::\[plain\]((?:\\.|[^\\{}~=#:])+)\{((?:\\.|[^\\{}:])+)\}", lines
        ).groups()
        body, general = re.fullmatch(r"(?s)(.+?)\n####((?:\\.|[^\\~=#])+)", body.strip()).groups()
        part = r"((?:\\.|[^\\~=#])+)"
        assert not re.sub(rf"[~=]{part}#{part}", "", body).strip()
        answers = re.findall(rf"([~=]){part}#{part}", body)
        choices = [(plain(said), plain(why), mark == "=") for mark, said, why in answers]
        found.append((plain(name), plain(stem), plain(general), choices))
    return found


def test_a_slash_in_a_name_makes_no_category(monkeypatch):
    monkeypatch.setattr(quiz, "TITLE", "a/b")
    assert quiz.category("02") == "$course$/top/a//b/02 · What can one unit see?"


def test_gift_gives_back_the_source():
    assert read_gift(quiz.gift(EVERY)) == [as_source(one) for one in EVERY]
    assert quiz.gift(BANK).count("$CATEGORY: ") == len(NUMBERED)


def test_paper_and_page_hold_every_question_with_its_key():
    asked, key = quiz.plain(BANK).split("\f")
    page = html.unescape(quiz.page(BANK))
    assert max(map(len, asked.splitlines())) <= 100
    assert re.findall(r"(?m)^ *\d+  ([A-D])  \((.+)\)$", key) == [(one.letter, one.id) for one in BANK]
    joined = [" ".join(text.split()) for text in (asked, key)]
    for one in BANK:
        assert one.asks in joined[0] and quiz.general(one) in joined[1]
        assert all(choice.text in joined[0] and choice.reason in joined[1] for choice in one.choices)
        for said in [one.asks, *(part for choice in one.choices for part in (choice.text, choice.reason))]:
            assert re.sub(r"`(.+?)`", r"<code>\1</code>", said) in page
    assert not re.search(r"src=|href=|url\(|<script", page)  # nothing is fetched


def test_the_command_needs_no_more_than_python_itself(tmp_path):
    command = [sys.executable, "-S", "-E", str(TEACH / "quiz.py")]
    subprocess.run([*command, str(tmp_path / "a" / "b")], check=True, cwd=tmp_path)
    assert {path.name for path in (tmp_path / "a" / "b").iterdir()} == {
        "quiz.xml",
        "quiz.gift",
        "quiz.txt",
        "quiz.html",
    }
    for given in ([], ["x", "y"], [str(TEACH / "quiz.py")]):
        done = subprocess.run([*command, *given], capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 1 and re.fullmatch(r"quiz\.py: .+\n", done.stderr), done.stderr


# ---------------------------------------------------------------- the lesson

LESSON = TEACH / "lesson_45.md"
TOLD = LESSON.read_text(encoding="utf-8")
MEASURED = {
    "74 of 100": lambda of: [of["photos"]["accuracy"]["bagnet9"]["top-1"], 100.0],
    "classifies 90": lambda of: [of["photos"]["accuracy"]["resnet"]["top-1"]],
    "It is 5": lambda of: [
        max(one["tench, swapped"] for one in of["patchwork"]["accuracy"].values() if "tench" in one)
    ],
}
QUOTED = ["45 minutes", "0 to 100", "of 100", "95 of 100", "5 of 100", "95, 50 or 5"]


def test_the_lesson_fills_45_minutes_with_sections_that_exist():
    table = TOLD.split("## Minute by minute")[1].split("\n## ")[0]
    rows = re.findall(r"(?m)^\| (\d+) \| ?(\d\d[ab]?|) ?\| ?(.*?) ?\| .+ \|$", table)
    assert len(rows) >= 6 and sum(int(minutes) for minutes, *_ in rows) == 45
    assert all(full(name, NUMBERED[number]) for _, number, named in rows for name in re.findall(r'"(.+?)"', named))
    steps = TOLD.split("## What to ask, step by step")[1].split("\n## ")[0]
    assert re.findall(r"(?m)^\*\*.+ \((\d+)\)\.\*\*", steps) == [minutes for minutes, number, _ in rows if number]
    homework = " ".join(TOLD.split("**With a computer.**")[1].split("\n- ")[0].split())
    assert all(full(name, NUMBERED["00"]) for name in re.findall(r'"(.+?)"', homework)) and homework.count('"') == 8


def test_the_lesson_closes_with_three_questions_of_the_bank():
    ids = re.findall(r"(?m)^\d\. `(.+?)`", TOLD)
    assert len(ids) == 3 and set(ids) <= {one.id for one in BANK}


def test_the_lesson_says_what_was_measured_in_the_courses_words():
    cell = SimpleNamespace(source=TOLD, metadata={"numbers": MEASURED, "quoted": QUOTED})
    assert not guards.covered(cell)["bare"]
    for key, measured in MEASURED.items():
        assert guards.places(key, TOLD) and guards.problem_with(key, measured(storing.read())) is None
    assert not unexplained("\n".join(sections(LESSON).values()), explained())
    ideas = re.findall(r"\[wrong idea (\d+)\]\(\.\./misconceptions\.md\)", TOLD)
    assert len(ideas) == TOLD.count("wrong idea") >= 3 and {int(number) for number in ideas} <= quiz_bank.ideas().keys()
