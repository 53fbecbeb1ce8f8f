"""The quiz bank: quiz.toml, read and checked."""

import json
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
BANK = Path(__file__).with_name("quiz.toml")
LEVELS = ("●○○", "●●○", "●●●")
LETTERS = "ABCD"
KEYS = {
    "question": ({"id", "notebook", "section", "level", "asks", "choice"}, {"numbers", "quoted"}),
    "choice": ({"text", "why"}, {"right", "idea"}),
}  # what each must have, and what it may have


class BadQuiz(ValueError):
    """One line: what was given, what is wanted."""


class Choice(NamedTuple):
    """idea: the number of the wrong idea of docs/misconceptions.md that it comes from."""

    text: str
    why: str
    right: bool
    idea: int | None

    @property
    def reason(self) -> str:
        return self.why if self.idea is None else f'{self.why} (Wrong idea {self.idea}: "{ideas()[self.idea]}")'


class Question(NamedTuple):
    """section: the heading in the notebook that teaches it. numbers, quoted: what a test holds its words against."""

    id: str
    notebook: str
    section: str
    level: str
    asks: str
    choices: tuple[Choice, ...]
    numbers: dict[str, str]
    quoted: list[str]

    @property
    def letter(self) -> str:
        return next(letter for letter, choice in zip(LETTERS, self.choices, strict=True) if choice.right)

    @property
    def where(self) -> str:
        return f'notebook {self.notebook}, "{self.section}"'


# ---------------------------------------------------------------- what the course says already


@cache
def ideas() -> dict[int, str]:
    """The wrong ideas of docs/misconceptions.md, by number."""
    text = (ROOT / "docs" / "misconceptions.md").read_text(encoding="utf-8")
    return {int(number): idea for number, idea in re.findall(r'(?m)^## (\d+) · "(.+)"$', text)}


@cache
def headings() -> dict[str, list[str]]:
    """The headings of every notebook, its title first; minutes and levels of exercises are left out."""
    found = {}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
        text = re.sub(r"(?s)<details>.*?</details>", "", text)
        lines = re.findall(r"(?m)^#+ (.+?)(?: · \d+ minutes · \S+)?$", text)
        found[path.stem.split("_")[0]] = lines
    return found


def title(number: str) -> str:
    """A notebook's, with its number as in the name of its file, so that lists are in order."""
    return f"{number} · {headings()[number][0].partition(' · ')[2]}"


# ---------------------------------------------------------------- reading


def questions(bank: Path = BANK) -> list[Question]:
    """All questions, checked. BadQuiz says in one line what is wrong with the first that is not as it should be."""
    try:
        given = tomllib.loads(bank.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise BadQuiz(f"{bank.name}: {problem}") from None
    tables = several(given, "question", bank.name)
    found = [question(one, f"{bank.name}, question {number}") for number, one in enumerate(tables, start=1)]
    for number, one in enumerate(found, start=1):
        if one.id in {earlier.id for earlier in found[: number - 1]}:
            raise BadQuiz(f"{bank.name}, question {number}: the id {one.id!r} is taken; each question has its own")
    return found


def question(given: dict, name: str) -> Question:
    name = f"{name} ({given['id']})" if "id" in given else name
    fields = checked(given, "question", name)
    number, level, section = (str(fields[key]) for key in ("notebook", "level", "section"))
    choices = [
        choice(one, f"{name}, choice {place}") for place, one in enumerate(several(given, "choice", name), start=1)
    ]
    right = sum(one.right for one in choices)
    wanted = {
        f"the notebook {number!r} is not in the course; it has {', '.join(headings())}": number in headings(),
        f"the section {section!r} is no heading of notebook {number}": section in headings().get(number, ()),
        f"the id must begin with the notebook's number, {number}-": fields["id"].startswith(f"{number}-"),
        f"the level is {level!r}, one of {', '.join(LEVELS)} is wanted": level in LEVELS,
        f"it has {len(choices)} choices, four are wanted": len(choices) == len(LETTERS),
        f"{right} of its choices have right = true, exactly one is wanted": right == 1,
        "two of its choices are the same": len({one.text for one in choices}) == len(choices),
    }
    for problem, holds in wanted.items():
        if not holds:
            raise BadQuiz(f"{name}: {problem}")
    return Question(
        fields["id"],
        number,
        section,
        level,
        fields["asks"],
        tuple(choices),
        fields.get("numbers", {}),
        fields.get("quoted", []),
    )


def several(given: dict, what: str, name: str) -> list[dict]:
    """Tables that stand under [[question]] or [[question.choice]]."""
    tables = given.get(what)
    if not isinstance(tables, list) or not tables or not all(isinstance(one, dict) for one in tables):
        raise BadQuiz(f"{name}: it has no {what} in double brackets, at least one is wanted (as in [[question]])")
    return tables


def choice(given: dict, name: str) -> Choice:
    fields = checked(given, "choice", name)
    idea, right = fields.get("idea"), fields.get("right", False)
    if idea is not None and (idea not in ideas() or right):
        known = f"a number from {min(ideas())} to {max(ideas())}, for a wrong choice only,"
        raise BadQuiz(f"{name}: the wrong idea is {idea!r}, {known} is wanted")
    return Choice(fields["text"], fields["why"], right is True, idea)


def checked(given: dict, what: str, name: str) -> dict:
    """The same fields, words on one line."""
    must, may = KEYS[what]
    if missing := sorted(must - given.keys()):
        raise BadQuiz(f"{name}: {', '.join(missing)} is missing; a {what} has {', '.join(sorted(must))}")
    if unknown := sorted(given.keys() - must - may):
        raise BadQuiz(f"{name}: {', '.join(unknown)} is not known; a {what} has {', '.join(sorted(must | may))}")
    fields = {key: " ".join(value.split()) if isinstance(value, str) else value for key, value in given.items()}
    for key in sorted(must - {"choice"}):
        if not isinstance(fields[key], str) or not fields[key]:
            raise BadQuiz(f"{name}: {key} is {fields[key]!r}, words are wanted")
    return fields
