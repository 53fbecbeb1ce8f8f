"""What a teacher wants at hand in the lesson: expected answers, usual wrong ones with what to say, true guesses."""

import re
from pathlib import Path

import mistakes
import pages
import reading
from reading import ROOT, Exercise, Notebook

IDEA = re.compile(r"^## (\d+) · \"(.*?)\"\n\n(.*?)\n\n\*\*See it:\*\* (.*?)(?=\n\n## |\Z)", re.MULTILINE | re.DOTALL)
SHOWN_IN = re.compile(r"\[(.*?)\]\(\.\./notebooks/(\w+)\.ipynb\)", re.DOTALL)
WAY = '<a href="{up}index.html">The teacher\'s edition</a> · <a href="{up}answers.html">All answers</a>'
INTRODUCTION = """# Answers

For each notebook: what was measured where the class guessed, what is expected in the exercises, the usual wrong answers
with what to say about each, and the wrong ideas that the notebook shows to be wrong.

What is said is what the checks of the course say. The wrong answers are those that the checks know; they are written
with the helpers of the checks, which stand in the module that is named. Beside each page lies the same as Markdown.

| Notebook | Exercises | Wrong answers | Guesses | Wrong ideas |
|---|---|---|---|---|
"""


def write(folder: Path) -> None:
    """answers.html and answers.md, and a page for each notebook in the folder answers."""
    rows = []
    for notebook in reading.notebooks():
        text = answers(notebook)
        both(folder / "answers" / notebook.name, text, up="../")
        wrong = len(re.findall(r"^\*Say:\*", text, re.MULTILINE))
        told = sum(map(len, notebook.guesses.values())), len(ideas().get(notebook.name, []))
        rows.append(
            f"| [{notebook.title}](answers/{notebook.name}.html) | {exercises(notebook)} | {wrong} | "
            f"{told[0]} | {told[1]} |"
        )
    both(folder / "answers", INTRODUCTION + "\n".join(rows))


def both(place: Path, text: str, up: str = "") -> None:
    """The same text as a page and as Markdown, whose links lead to Markdown."""
    pages.write(place.with_suffix(".html"), text, way=WAY.format(up=up))
    place.with_suffix(".md").write_text(re.sub(r"\((answers/\w+)\.html\)", r"(\1.md)", text) + "\n", encoding="utf-8")


def exercises(notebook: Notebook) -> int:
    return sum(section.exercise is not None for section in notebook.sections)


def answers(notebook: Notebook) -> str:
    """The page of one notebook, as Markdown."""
    parts = [f"# Answers to {notebook.title}"]
    parts.append(
        f"[The slides](../slides/{notebook.name}.html) · the notebook with the solutions: "
        f"[solutions/{notebook.name}.ipynb](../solutions/{notebook.name}.ipynb)"
    )
    if notebook.guesses:
        parts += ["## The guesses", "| Question | Wanted | Measured |\n|---|---|---|"]
        asked = (guess for cell in notebook.guesses.values() for guess in cell)
        parts[-1] += "".join(f"\n| {guess.question} | {guess.wanted} | **{guess.truth}** |" for guess in asked)
    for section in notebook.sections:
        if section.exercise:
            parts += answer(section.title, section.exercise)
    shown = ideas().get(notebook.name, [])
    if shown:
        parts.append("## Wrong ideas that this notebook shows to be wrong")
        parts += [f"### {number} · “{idea}”\n\n{truth}\n\n**Seen in:** {where}" for number, idea, truth, where in shown]
    return "\n\n".join(parts)


def answer(title: str, exercise: Exercise) -> list[str]:
    """Task, expected answer and wrong ones of an exercise."""
    title = title.removeprefix("Your turn · ")
    parts = [f"## {title[0].upper()}{title[1:]}", *filter(None, [exercise.task]), pages.python(exercise.stub)]
    parts += ["### Expected", pages.python(exercise.solution)]
    parts += [f"### Usual wrong answers\n\nHelpers: `{mistakes.home(exercise.name).__name__}`"]
    for source, sentence in mistakes.mistakes(exercise.name):
        parts += [pages.python(source), f"*Say:* {quoted(sentence)}"]
    return parts


def quoted(sentence: str) -> str:
    """A sentence that may hold code, in which Markdown shall see nothing of its own."""
    parts = re.split(r"(`[^`]*`)", sentence)
    return "".join(part if part[:1] == "`" else re.sub(r"([\\*_<\[\]$|~])", r"\\\1", part) for part in parts)


def ideas() -> dict[str, list[tuple[str, str, str, str]]]:
    """The wrong ideas of docs/misconceptions.md by the notebook that shows what is true: number, idea, truth, where."""
    found: dict[str, list[tuple[str, str, str, str]]] = {}
    for number, idea, truth, where in IDEA.findall((ROOT / "docs" / "misconceptions.md").read_text(encoding="utf-8")):
        for section, name in SHOWN_IN.findall(where):
            title = " ".join(section.split()).split(": ", 1)[1]
            link = f"[{title}](../slides/{name}.html#/{pages.slug(title)})"
            found.setdefault(name, []).append((number, " ".join(idea.split()), truth, link))
    return found
