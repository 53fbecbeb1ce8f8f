"""The lesson plans as pages whose sections lead to their slides, and the rubric for projects."""

import re
import shutil
from functools import cache
from pathlib import Path

import pages
import reading
from reading import ROOT

DOCS = ROOT / "docs"
PLANS = {"lesson_plan": DOCS / "lesson_plan.md", "lesson_45": DOCS / "teach" / "lesson_45.md"}
ROW = re.compile(r"^\| (\d+) \| (\d\d[ab]?) \| (.*?) \| (.*?) \|$", re.MULTILINE)  # minutes, notebook, sections, how
BESIDE = {name: DOCS / f"{name}.md" for name in ("projects", "misconceptions")}
PART = re.compile(r"(?m)^#{1,3} (.+)$")
NAMED = re.compile(r'"(.*?)"')
RUBRIC = re.compile(r"^## (A rubric for teachers\n.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
WAY = '<a href="../index.html">The teacher\'s edition</a>'


def write(folder: Path) -> None:
    """The plans, the projects with their rubric, and the wrong ideas as pages."""
    texts = {name: (linked(path.read_text(encoding="utf-8")), path) for name, path in PLANS.items() if path.is_file()}
    texts |= {name: (path.read_text(encoding="utf-8"), path) for name, path in BESIDE.items()}
    texts["rubric"] = f"# {RUBRIC.search(texts['projects'][0])[1]}", BESIDE["projects"]
    for name, (text, path) in texts.items():
        pages.write(folder / f"{name}.html", text, lambda link, path=path: place(link, path, folder), WAY)


def linked(plan: str) -> str:
    """A plan in whose tables the names of sections are links to their slides."""

    def row(found: re.Match) -> str:
        name = file_of(found[2])
        sections = NAMED.sub(
            lambda title: f"[{title[1]}](../slides/{name}.html#/{pages.slug(title[1])})" if name else title[0], found[3]
        )
        return f"| {found[1]} | {found[2]} | {sections} | {found[4]} |"

    return ROW.sub(row, plan)


def place(link: str, page: Path, folder: Path) -> str | None:
    """Where a link of a page in docs leads in the teacher's edition; what it shows is copied."""
    if link.startswith(("#", "../slides/")):
        return link
    path, _, name = link.partition("#")
    target = (page.parent / path).resolve()
    if target.parent == reading.NOTEBOOKS:
        return f"../students/{target.name}"
    if name.startswith("a-rubric"):
        return "rubric.html"
    if target in (*PLANS.values(), *BESIDE.values()):
        return f"{target.stem}.html{name and '#'}{name}"
    if target.parent == DOCS / "images" and target.is_file():
        (folder / "images").mkdir(parents=True, exist_ok=True)
        shutil.copyfile(target, folder / "images" / target.name)
        return f"images/{target.name}"
    return None


@cache
def hints() -> dict[tuple[str, str], list[str]]:
    """What the plans say about a section, by the number of its notebook and its title."""
    found: dict[tuple[str, str], list[str]] = {}
    for path in PLANS.values():
        if not path.is_file():
            continue
        _, *rest = PART.split(path.read_text(encoding="utf-8"))
        for title, text in zip(rest[::2], rest[1::2], strict=True):
            where = title if path.stem == "lesson_plan" else "One lesson of 45 minutes"
            for minutes, number, sections, how in ROW.findall(text):
                named = NAMED.findall(sections)
                others = f" for {len(named)} sections together" if len(named) > 1 else ""
                for section in named:
                    hint = f"{where}: {minutes} minutes{others}, {how}"
                    found.setdefault((number, section), []).append(hint)
    return found


def file_of(number: str) -> str:
    """The notebook with a number."""
    return next((one.name for one in reading.notebooks() if one.number == number), "")
