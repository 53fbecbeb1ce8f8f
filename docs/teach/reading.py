"""A notebook as a teacher needs it: its sections, exercises and guesses, read from the committed file."""

import json
import re
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [place for place in (str(ROOT), str(ROOT / "docs" / "site")) if place not in sys.path]

from exercises import CHECK, SOLUTION  # noqa: E402

from bagnet_utils.notebooks import without_colab  # noqa: E402

NOTEBOOKS = ROOT / "notebooks"
FOLDED = re.compile(r"<details>\s*<summary>(.*?)</summary>(.*?)</details>\s*", re.DOTALL)
HEADING = re.compile(r"(?m)^(#{1,3}) (.+)$")


class Exercise(NamedTuple):
    """name: of its check. variable: what is checked. stub, solution: code. nudge, task: Markdown."""

    name: str
    variable: str
    stub: str
    solution: str
    nudge: str
    task: str


class Guess(NamedTuple):
    """A question that is asked before something is measured. wanted: what may be answered; truth: what was measured."""

    question: str
    wanted: str
    truth: str


class Section(NamedTuple):
    """From one heading to the next. parts: Markdown, and code cells as they are in the file."""

    title: str
    level: int
    parts: list[str | dict]
    exercise: Exercise | None

    @property
    def texts(self) -> list[str]:
        return [part for part in self.parts if isinstance(part, str)]


class Notebook(NamedTuple):
    """name: of its file, without .ipynb. guesses: by the id of the cell that asks."""

    name: str
    sections: list[Section]
    guesses: dict[str, list[Guess]]

    @property
    def title(self) -> str:
        return self.sections[0].title

    @property
    def number(self) -> str:
        return self.name.split("_")[0]


def load(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


@cache
def notebooks() -> list[Notebook]:
    """All of the course, in their order."""
    return [notebook(path) for path in sorted(NOTEBOOKS.glob("*.ipynb"))]


def notebook(path: Path) -> Notebook:
    cells, found = without_colab(load(path)), []
    for cell in cells:
        if cell["cell_type"] == "code":
            found[-1][2].append({**cell, "source": "".join(cell["source"])})
            continue
        before, *rest = HEADING.split("".join(cell["source"]))  # no code in these texts has a line that begins with #
        if before.strip():
            found[-1][2].append(before.strip())
        for marks, title, text in zip(*[iter(rest)] * 3, strict=True):
            found.append((title.strip(), len(marks), [text.strip()] if text.strip() else []))
    sections = [Section(*one, exercise(one[2])) for one in found]
    return Notebook(path.stem, sections, guesses(path.stem, [cell["id"] for cell in cells]))


def exercise(parts: list[str | dict]) -> Exercise | None:
    """The exercise of a section: the stub stands before the call of its check, nudge and solution after it."""
    for n, part in enumerate(parts):
        if isinstance(part, dict) and (call := CHECK.search(part["source"])):
            after = "\n".join(text for text in parts[n + 1 :] if isinstance(text, str))
            folded = dict(FOLDED.findall(after))
            task = "\n\n".join(text for text in parts[:n] if isinstance(text, str))
            nudge = next((text.strip() for title, text in folded.items() if title != "Solution"), "")
            return Exercise(call[1], call[2], parts[n - 1]["source"], SOLUTION.search(after)[1], nudge, task)
    return None


def guesses(name: str, cells: list[str]) -> dict[str, list[Guess]]:
    """The questions of a notebook with what was measured, as docs/live keeps them for the website."""
    live = load(ROOT / "docs" / "live" / f"{name}.json")
    asked, truths = {}, {}
    for cell in reversed(cells):  # a question may be asked twice: each belongs to the next answer below it
        for one in live.get(cell, []):
            if one["kind"] == "check":
                truths[one["question"]] = one["truth"]
        here = [one for one in live.get(cell, []) if one["kind"] in ("guess", "expect")]
        if here:
            asked[cell] = [Guess(one["question"], wanted(one), truth(one, truths[one["question"]])) for one in here]
    return dict(reversed(asked.items()))


def wanted(one: dict) -> str:
    if one["kind"] == "guess":
        return f"a number from {one['low']:g} to {one['high']:g}{one['unit']}"
    if len(one["columns"]) == 1:
        return f"which of these: {'; '.join(one['rows'])} ({one['columns'][0]})"
    return f"for each of {'; '.join(one['rows'])}: which of {', '.join(one['columns'])}"


def truth(one: dict, measured: float | dict[str, dict[str, bool]]) -> str:
    if one["kind"] == "guess":
        return f"{round(measured, 2):g}{one['unit']}"
    if len(one["columns"]) == 1:
        return "; ".join(row for row in one["rows"] if measured[row][one["columns"][0]]) or "none of them"
    ticked = {row: [column for column in one["columns"] if measured[row][column]] for row in one["rows"]}
    return "; ".join(f"{row}: {', '.join(columns) or 'none'}" for row, columns in ticked.items())
