"""The lesson plan names sections that exist, and its lessons fill 90 minutes."""

import re
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[1]
PLAN = (ROOT / "docs" / "lesson_plan.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d+) \| (\d\d[ab]?) \| (.*?) \|", PLAN, re.MULTILINE)  # minutes, notebook, sections


def sections(number: str) -> set[str]:
    (path,) = (ROOT / "notebooks").glob(f"{number}_*.ipynb")
    text = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown")
    return set(re.findall(r"^#+ (.*)$", text, re.MULTILINE))


def test_every_section_of_the_plan_is_in_its_notebook():
    missing = [(n, name) for _, n, named in ROWS for name in re.findall(r'"(.*?)"', named) if name not in sections(n)]
    assert not missing
    assert {number for _, number, _ in ROWS} == {
        path.name.split("_")[0] for path in (ROOT / "notebooks").glob("*.ipynb")
    }


def test_every_lesson_fills_its_time():
    for week in PLAN.split("### Week")[1:]:
        assert sum(int(minutes) for minutes in re.findall(r"^\| (\d+) \|", week, re.MULTILINE)) == 90, week[:40]
    hour = PLAN.split("## One hour")[1].split("## One day")[0]
    assert sum(int(minutes) for minutes in re.findall(r"^\| (\d+) \|", hour, re.MULTILINE)) == 60
