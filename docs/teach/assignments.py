"""The exercises of the notebooks as an nbgrader course: one assignment for each notebook, and what grades it."""

import re
import shutil
from pathlib import Path

import nbformat
import reading
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from reading import Exercise, Notebook, Section

HERE = Path(__file__).resolve().parent
GRADERS = ("nbgrader_config.py", "grading.py", "fence.py", "handed_in.py", "grading.md")
IMPORTS = """import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import bagnet_utils as bu"""
OPENING = """# {title}

The exercises of notebook {number}, to be handed in: {points} points. Keep that notebook open beside this one:
here is what is asked, there is how to find it. Write your code in the place of the dots, run the cell below it, and it
says at once what is missing. You may hand in what is not finished: each exercise counts by itself."""
TEST = """bu.check.{name}({variable})
### BEGIN HIDDEN TESTS
from contextlib import redirect_stdout
from io import StringIO

with redirect_stdout(StringIO()) as said:
    bu.check.{name}({variable})
assert said.getvalue().splitlines()[-1].startswith("✓"), said.getvalue()
### END HIDDEN TESTS"""
LINK = re.compile(r"\[([^]]+)\]\((?!https?:)[^)]+\)")  # to another file of the course
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def write(folder: Path) -> None:
    """A course folder for nbgrader: its configuration, what grades, and source/NAME/NAME.ipynb for each notebook."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in GRADERS:
        shutil.copyfile(HERE / name, folder / name)
    for notebook in reading.notebooks():
        if any(section.exercise for section in notebook.sections):
            path = folder / "source" / notebook.name / f"{notebook.name}.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(assignment(notebook), path)


def assignment(notebook: Notebook) -> NotebookNode:
    """The exercises of a notebook, each with its task, its answer cell, its test cell and its nudge."""
    numbers = [n for n, section in enumerate(notebook.sections) if section.exercise]
    points = sum(worth(notebook.sections[n]) for n in numbers)
    opening = OPENING.format(title=notebook.title, number=notebook.number, points=points)
    cells = [markdown(opening, "opening"), code(IMPORTS, "imports", locked=True)]
    for n in numbers:
        cells += exercise(notebook.sections[n], notebook.sections[n - 1])
    return new_notebook(cells=cells, metadata={"kernelspec": KERNEL})


def worth(section: Section) -> int:
    """Points: one for each dot of difficulty, ●○○ 1, ●●○ 2, ●●● 3."""
    return section.title.count("●")


def exercise(section: Section, before: Section) -> list[NotebookNode]:
    """What the notebook says up to the stub (if nothing, what it said last), then the four cells."""
    one, points = section.exercise, worth(section)
    codes = [part if isinstance(part, str) else part["source"] for part in section.parts]
    parts = section.parts[: codes.index(one.stub)] or before.texts[-1:]
    told = [part if isinstance(part, str) else f"```python\n{part['source']}\n```" for part in parts]
    task = "\n\n".join([f"## {section.title} · {points} point{'s' * (points > 1)}", *told])
    answer = f"{one.stub}\n### BEGIN SOLUTION\n{one.solution.strip()}\n### END SOLUTION"
    return [
        markdown(task, f"{one.name}-task"),
        code(answer, one.name, solution=True),
        code(test(one), f"{one.name}-test", locked=True, grade=True, points=points),
        markdown(f"<details><summary>A nudge</summary>\n\n{one.nudge}\n\n</details>", f"{one.name}-nudge"),
    ]


def test(one: Exercise) -> str:
    return TEST.format(name=one.name, variable=one.variable)


def markdown(text: str, name: str) -> NotebookNode:
    return new_markdown_cell(LINK.sub(r"\1", text), id=cell_id(name))


def code(source: str, name: str, **role) -> NotebookNode:
    """A code cell that nbgrader knows by this name. role: what it is to nbgrader (locked, solution, grade, points)."""
    about = {"schema_version": 3, "grade_id": name, "cell_type": "code", "task": False}
    about |= {"locked": False, "solution": False, "grade": False, **role}
    return new_code_cell(source, id=cell_id(name), metadata={"nbgrader": about})


def cell_id(name: str) -> str:
    return name.replace("_", "-")[:64]
