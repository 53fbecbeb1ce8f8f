"""Twelve projects: each is complete, its first cell runs offline, and what it cites looks like what it should."""

import re
from pathlib import Path

import matplotlib
import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "projects.md").read_text(encoding="utf-8")
PROJECTS = re.split(r"(?m)^## (?=\d)", TEXT.split("## A rubric")[0])[1:]
TABLE = re.findall(r"(?m)^\| (\d+) \| ([●○]{3}) \| \[(.+?)\]\(#(.+?)\) \| .+\? \|$", TEXT)
IDS = [project.splitlines()[0] for project in PROJECTS]


def anchor(title: str) -> str:
    """What a heading is called in a link, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def test_there_are_twelve_and_the_table_leads_to_each():
    assert [int(number) for number, *_ in TABLE] == list(range(1, 13))
    for (number, level, title, link), project in zip(TABLE, PROJECTS, strict=True):
        head = project.splitlines()[0]
        assert head == f"{number} · {title}" and link == anchor(head)
        assert f"\n{level} · " in project
    levels = [level for _, level, *_ in TABLE]
    assert levels == sorted(levels, key=lambda level: level.count("●")) and len(set(levels)) == 3


@pytest.mark.parametrize("project", PROJECTS, ids=IDS)
def test_each_has_a_question_a_criterion_with_numbers_and_reading(project):
    parts = re.findall(r"(?m)^\*\*(\w[\w ]*)\.\*\*", project)
    assert parts == ["Question", "First cell", "Success", "Reading"]
    question, success, reading = (
        re.search(rf"(?ms)^\*\*{name}\.\*\*(.*?)(?=^\*\*|^```|\Z)", project)[1]
        for name in ("Question", "Success", "Reading")
    )
    assert "?" in question and re.search(r"\d|two|three|five", success)
    assert re.search(r"interval|Wilson", success)
    assert re.search(r"arxiv\.org/abs/\d{4}\.\d{4,5}|doi\.org/10\.\d{4,5}/", reading)
    for shown, link in re.findall(r"\[(?:arXiv|doi):(\S+?)\]\((\S+?)\)", reading):
        assert link in (f"https://arxiv.org/abs/{shown}", f"https://doi.org/{shown}")


@pytest.mark.parametrize("project", PROJECTS, ids=IDS)
def test_its_first_cell_runs_and_says_something(project, monkeypatch, capsys):
    matplotlib.use("Agg")
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("a first cell wants a network"))
    (code,) = re.findall(r"(?s)```python\n(.*?)```", project)
    exec(compile(code, project.splitlines()[0], "exec"), {"__name__": "project"})
    assert re.search(r"\d", capsys.readouterr().out)


def test_the_rubric_adds_up_to_twenty():
    rows = re.findall(r"(?m)^\| \*\*(\w+)\*\* \| (\d) \|.*\|.*\|.*\|$", TEXT)
    assert [name for name, _ in rows] == [
        "Question",
        "Control",
        "Intervals",
        "Honesty",
        "Figures",
        "Reproducibility",
    ]
    assert sum(int(points) for _, points in rows) == 20 and "Twenty points" in TEXT
