"""What a learner has solved and guessed: a small file in the folder of working copies. Nothing leaves the machine."""

import json
import math
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from html import escape
from pathlib import Path
from typing import NamedTuple

from bagnet_utils.errors import BadInput
from bagnet_utils.files import write_whole

try:
    from fcntl import LOCK_EX, flock
except ImportError:  # Windows
    from msvcrt import LK_LOCK, locking

COURSE = Path(__file__).resolve().parents[1]
COPIES = COURSE / "my_course"
MARKS = {"right": "✓", "wrong": "✗", "not tried": "○"}
CLOSE = 0.1  # of the scale: what Guess.check calls close
BOXES = " boxes"  # the unit of a table that was ticked: so many of so many are correct


# ---------------------------------------------------------------- remembering


def record_check(name: str, outcome: str) -> None:
    """Remember how a check ended: "right", "wrong" or "not tried". Once right stays right."""
    if outcome not in MARKS:
        raise BadInput(f"record_check: the outcome is {outcome!r}; say one of {', '.join(MARKS)}")
    if outcome != "not tried":
        remember("checks", name, outcome)


def record_guess(question: str, guess: float, truth: float, unit: str = "", span: float = 1) -> None:
    """Remember a guess, its truth and the span of its scale. The first guess counts: later ones know the truth."""
    if math.isfinite(truth):
        row = {"guess": float(guess), "truth": float(truth), "span": float(span), "unit": unit}
        remember("guesses", question, row)


def remember(shelf: str, key: str, value) -> None:
    """Add one thing to the file, where there is one. If that fails, the lesson goes on without it."""
    with suppress(OSError):
        path = place()
        if path is None:
            return
        with alone(path):
            kept = read(path)
            old = kept[shelf].get(key)
            if old is None or (old, value) == ("wrong", "right"):
                kept[shelf][key] = value
                write_whole(path, json.dumps(kept, indent=1, sort_keys=True, ensure_ascii=False))


def place() -> Path | None:
    """The file of this notebook: in the folder of working copies; elsewhere none, unless BAGNET_PROGRESS names one."""
    named = os.environ.get("BAGNET_PROGRESS")
    if named:
        return Path(named)
    return COPIES / "progress.json" if Path.cwd().is_relative_to(COPIES.resolve()) else None


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """One notebook at a time. The lock is the system's: it goes when the process does."""
    with path.with_name(f".{path.stem}.lock").open("a") as file:
        with suppress(OSError):  # a disk that knows no locks
            flock(file, LOCK_EX) if os.name != "nt" else locking(file.fileno(), LK_LOCK, 1)
        yield


def read(path: Path) -> dict[str, dict]:
    """What is kept. A damaged file is put aside, and counting begins anew."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        _ = [MARKS[outcome] for outcome in kept["checks"].values()]
        _ = [(far(row), against(row)) for row in kept["guesses"].values()]
        return kept
    except FileNotFoundError:
        pass
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError):
        os.replace(path, path.with_suffix(".damaged.json"))
    return {"checks": {}, "guesses": {}}


def far(row: dict) -> float:
    """How far a guess was off, as a share of its scale."""
    return abs(row["guess"] - row["truth"]) / row["span"]


# ---------------------------------------------------------------- showing


class Lesson(NamedTuple):
    """A notebook and its exercises: how each ended so far."""

    file: str
    title: str
    exercises: dict[str, str]

    def marks(self) -> str:
        return "   ".join(f"{MARKS[outcome]} {name}" for name, outcome in self.exercises.items())


class Progress(NamedTuple):
    """Every exercise of the course and every guess made: done, tried, not yet; guesses against truths."""

    lessons: list[Lesson]
    guesses: dict[str, dict]
    kept: bool  # whether anything is remembered where this was asked

    def heads(self) -> tuple[str, str]:
        """One line on the exercises, one on the guesses."""
        ends = [outcome for lesson in self.lessons for outcome in lesson.exercises.values()]
        right, tried = ends.count("right"), ends.count("wrong")
        close = sum(far(row) <= CLOSE for row in self.guesses.values())
        done = f"Exercises: {right} of {len(ends)} done, {tried} tried (✓ done, ✗ tried, ○ not yet)."
        if not self.kept:
            done += " Only working copies remember what you solve: open them with python3 course.py lab."
        made = f"Guesses: {len(self.guesses)} made, {close} of them close (within a tenth of the scale)."
        return done, made + (" Furthest off:" if self.furthest() else "")

    def furthest(self, most: int = 3) -> list[str]:
        """The guesses that were furthest off, in words."""
        rows = sorted(self.guesses.items(), key=lambda item: -far(item[1]))
        return [f"{question} ({against(row)})" for question, row in rows[:most] if far(row) > CLOSE]

    def __repr__(self) -> str:
        done, made = self.heads()
        lessons = [line for one in self.lessons for line in (f"  {one.title}", f"      {one.marks()}")]
        return "\n".join([done, *lessons, made, *[f"  {line}" for line in self.furthest()]])

    def _repr_html_(self) -> str:
        done, made = map(escape, self.heads())
        cell = '<td style="text-align:left; white-space:pre-wrap">'
        lessons = "".join(
            f'<tr>{cell}<a href="{escape(one.file)}">{escape(one.title)}</a></td>{cell}{escape(one.marks())}</td></tr>'
            for one in self.lessons
        )
        worst = "".join(f"<li>{escape(line)}</li>" for line in self.furthest())
        return f"<p>{done}</p><table>{lessons}</table><p>{made}</p><ul>{worst}</ul>"


def against(row: dict) -> str:
    if row["unit"] == BOXES:
        return f"{row['guess']:g} of {row['truth']:g} boxes correct"
    return f"you said {row['guess']:g}{row['unit']}, it is {row['truth']:g}{row['unit']}"


def progress() -> Progress:
    """What you have solved and guessed so far, from the file beside your working copies."""
    path, kept = None, {"checks": {}, "guesses": {}}
    with suppress(OSError):
        path = place()
        if path is not None:
            with alone(path):
                kept = read(path)
    return Progress(lessons(kept["checks"]), kept["guesses"], path is not None)


def lessons(checks: dict[str, str]) -> list[Lesson]:
    """The course's notebooks and their exercises, as the notebooks themselves name them."""
    found = []
    for path in sorted((COURSE / "notebooks").glob("*.ipynb")):
        with suppress(OSError, ValueError, LookupError, TypeError):  # a damaged notebook
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
            code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
            names = re.findall(r"^bu\.check\.(\w+)\(", code, re.MULTILINE)
            title = "".join(cells[0]["source"]).splitlines()[0].lstrip("# ")
            found.append(Lesson(path.name, title, {name: checks.get(name, "not tried") for name in names}))
    return found


def main() -> None:
    """What `course.py progress` prints."""
    os.environ.setdefault("BAGNET_PROGRESS", str(COPIES / "progress.json"))
    print(progress())
