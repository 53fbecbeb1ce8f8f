"""The teacher's edition of the course, from the notebooks as they are. `python3 course.py teach DIR` calls it."""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE)] * (str(HERE) not in sys.path)

import reading  # noqa: E402
from reading import ROOT  # noqa: E402

MARK = ".made-by-course-teach"
FRONT = """# The teacher's edition

All of this is made from the notebooks of the course by `python3 course.py teach`. Make it again when the course has
changed: everything here is then written anew, so keep what you edit elsewhere.

## In this order

1. **[The lesson plans](lessons/lesson_plan.html)**: one hour, one day, six weeks of 90 minutes each; and
   [one single lesson of 45 minutes](lessons/lesson_45.html). The names of sections lead to their slides.
2. **[Slides](#slides)**, one file for each notebook. Open it in any browser; no network is needed. Arrow keys or the
   space bar go on: to the right through the sections, down within one. `S` opens the speaker's window with notes and a
   clock, `O` or `Esc` shows all slides, `F` fills the screen, `?` lists all keys. What was measured appears one key
   after the question. To print a deck, add `?view=print` to its address and print from there.
3. **students/**: the notebooks without solutions and without outputs; the nudges have stayed. Hand these out, or let
   learners run `python3 course.py lab`: there the solutions are folded away, not gone.
4. **[Answers](answers.html)**, for you: expected answers, the usual wrong ones with what to say, what was measured
   where the class guesses, and the wrong ideas that each notebook shows to be wrong. **solutions/** has the notebooks
   with the solutions in place; their checks say right. Do not put these two where learners can read them.
5. **nbgrader/**: the exercises as assignments that are graded by the course's own checks. Its file `grading.md` says
   how to release, collect and grade.
6. **[Quiz](quiz/quiz.html)**: forty questions with reasons, for Moodle (`quiz/quiz.xml`), other systems
   (`quiz/quiz.gift`) and paper (`quiz/quiz.txt`).
7. **[Projects](lessons/projects.html)** for the end of the course, and [a rubric](lessons/rubric.html) to mark them by.
   Give learners the rubric before they begin.

## Slides

"""


class Refused(Exception):
    """One line for the reader."""


def steps() -> dict[str, Callable[[Path], None]]:
    """What is made, by its name; each takes the folder of the edition. Loaded late: a refusal comes at once."""
    import answers
    import assignments
    import editions
    import lessons
    import quiz
    import slides

    return {
        "students": lambda folder: editions.students(folder / "students"),
        "solutions": lambda folder: editions.solutions(folder / "solutions"),
        "answers": answers.write,
        "lessons": lambda folder: lessons.write(folder / "lessons"),
        "slides": lambda folder: slides.write(folder / "slides"),
        "quiz": lambda folder: quiz.write(folder / "quiz"),
        "nbgrader": lambda folder: assignments.write(folder / "nbgrader"),
        "index.html": front,
    }


def front(folder: Path) -> None:
    """The page that says what is here and how each part is used."""
    import pages

    decks = (f"- [{notebook.title}](slides/{notebook.name}.html)" for notebook in reading.notebooks())
    pages.write(folder / "index.html", FRONT + "\n".join(decks))
    line = "The teacher's edition of the BagNet course. Open index.html in a browser: it says what is here.\n"
    (folder / "README.txt").write_text(line, encoding="utf-8")


def claim(folder: Path) -> None:
    """Take a folder for the edition: a new or empty one, or one that was made here before."""
    if folder.is_relative_to(ROOT) and (len(folder.relative_to(ROOT).parts) != 1 or tracked(folder.name)):
        raise Refused(
            f"{folder} is the course's own folder or lies in one of them: name a folder outside, such as ../teacher."
        )
    if folder.exists() and not folder.is_dir():
        raise Refused(f"{folder} is a file, but a folder is wanted: name another.")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MARK).is_file():
        raise Refused(f"{folder} holds other things and was not made by course.py teach: name a new folder.")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).touch()


def tracked(name: str) -> bool:
    """Whether a folder of the course has this name, there or not."""
    return name in OWN or ((ROOT / name).exists() and not (ROOT / name / MARK).is_file())


OWN = ("bagnet_utils", "benchmarks", "data", "docs", "my_course", "notebooks", "site", "tests")


def build(folder: Path) -> None:
    started = time.monotonic()
    claim(folder)
    for name, make in steps().items():
        begun = time.monotonic()
        make(folder)
        print(f"[{time.monotonic() - begun:4.1f} s] {name}", flush=True)
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6
    print(f"{folder}: {size:.0f} MB, made in {time.monotonic() - started:.0f} s. Open index.html there.", flush=True)


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="course.py teach", description=__doc__, allow_abbrev=False)
    parser.add_argument("folder", metavar="DIR", type=Path, help="where to write it: a new folder, or an older edition")
    build(parser.parse_args(words).folder.resolve())
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (Refused, OSError) as problem:
        sys.exit(f"The teacher's edition was not made: {problem}")
    except ModuleNotFoundError as problem:
        sys.exit(f"The package {problem.name} is missing: python3 course.py teach DIR installs what is needed.")
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. The same line makes it whole.")
