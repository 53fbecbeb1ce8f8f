"""The pages before Sphinx sees them: copies of notebooks and documents, with what is live taken out of the outputs."""

import inspect
import json
import re
import shutil
from html import escape
from pathlib import Path

import exercises
import torch
from skimage import data, transform

import bagnet_utils as bu

ROOT = Path(__file__).resolve().parents[2]
DISPLAY = ROOT / "bagnet_utils" / "display"
PAGES = ("docs/*.md", "docs/teach/*.md", "data/**/README.md", "CONTRIBUTING.md", "notebooks/*.ipynb")
FILES = ("docs/images/*", "docs/live/*", "docs/references.bib", "LICENSE", "CITATION.cff", "course.py")
WIDGET = "application/vnd.jupyter.widget-view+json"
LINK = re.compile(r"(\]\()(?!https?:|#|mailto:)([^)#\s]+)")


def stage(source: Path) -> None:
    """Copies of all that becomes a page, at the places that they have in the course, so that links hold."""
    for pattern in (*PAGES, *FILES):
        for file in ROOT.glob(pattern):
            put(file, source / file.relative_to(ROOT))
    for file in (ROOT / "docs" / "site" / "pages").glob("*"):
        put(file, source / file.name)


def put(file: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, place)


def prepare(source: Path, made: Path) -> None:
    """Make the copies into what Sphinx takes, and put those to be downloaded among the pages."""
    shelf = source / "static" / "live"
    shelf.mkdir(parents=True)
    (shelf.parent / "widgets.js").write_text(widgets(), encoding="utf-8")
    styles = ((DISPLAY / f"{name}.css").read_text(encoding="utf-8") for name in ("explorer", "browser"))
    (shelf.parent / "widgets.css").write_text("".join(styles), encoding="utf-8")
    put(ROOT / "docs" / "images" / "windows.png", shelf.parent / "card.png")
    runnable = exercises.runnable() if exercises.fetched() else []
    if runnable:
        exercises.prepare(shelf.parent)
        size = exercises.megabytes(shelf.parent)
    for path in sorted(source.glob("notebooks/*.ipynb")):
        live = json.loads((source / "docs" / "live" / f"{path.stem}.json").read_text(encoding="utf-8"))
        notebook = json.loads(path.read_text(encoding="utf-8"))
        put(path, made / "notebooks" / path.name)
        for cell in notebook["cells"]:
            name = f"{path.stem}-{cell['id']}"
            if cell["cell_type"] == "markdown":
                cell["source"] = with_links("".join(cell["source"]), path.parent, source)
            else:
                make_live(cell, name, live.get(cell["id"], []), shelf)
                call = exercises.CHECK.search("".join(cell["source"]))
                if call and call[1] in runnable:
                    cell["outputs"].append(html(exercises.place(call[1], size)))
        path.write_text(json.dumps(notebook), encoding="utf-8")
    for path in source.rglob("*.md"):
        path.write_text(with_links(path.read_text(encoding="utf-8"), path.parent, source), encoding="utf-8")
    page = source / "index.md"
    page.write_text(page.read_text(encoding="utf-8").replace("<!-- live: front -->", front(shelf)), encoding="utf-8")
    (source / "api.md").write_text(api(), encoding="utf-8")
    shutil.rmtree(source / "docs" / "live")


def with_links(text: str, folder: Path, source: Path) -> str:
    """The front door of the course is the front page of the site; linked files of the course come along."""

    def other(found: re.Match) -> str:
        target = (folder / found[2]).resolve()
        if not target.is_relative_to(source):
            return found[0]
        place = target.relative_to(source)
        if place == Path("README.md"):
            return found[1] + "/index.md"
        if not target.exists() and (ROOT / place).is_file():
            put(ROOT / place, target)
        return found[0]

    return LINK.sub(other, text)


# ---------------------------------------------------------------- what is live


def make_live(cell: dict, name: str, live: list[dict], shelf: Path) -> None:
    """Put a place for the page's own script where a widget was, and what the script needs beside the pages."""
    alt = cell["metadata"].get("alt")
    if alt:
        cell["metadata"]["mystnb"] = {"image": {"alt": alt}}
    widgets, checks = ([one for one in live if (one["kind"] == "check") is mark] for mark in (False, True))
    outputs = []
    for output in cell["outputs"]:
        if WIDGET in output.get("data", {}):
            words = "".join(output["data"].get("text/plain", ""))
            outputs.append(html(place(name, widgets.pop(0), words, alt, shelf) if widgets else still(words)))
        elif output["output_type"] == "stream" and checks:
            outputs += scored(output, checks)
        else:
            outputs.append(output)
    cell["outputs"] = outputs


def widgets() -> str:
    """The scripts of explorer and browser, as one that any page can load; from a disk, pages cannot load modules."""
    live = (DISPLAY / "report.js").read_text(encoding="utf-8").split("const models")[0]  # a model without a kernel
    parts = [f"course.widgets.live = (() => {{\n{live}\nreturn live;\n}})();\n"]
    for name in ("explorer", "browser"):
        script = (DISPLAY / f"{name}.js").read_text(encoding="utf-8").replace("export default", "return")
        parts.append(f"course.widgets.{name} = (() => {{\n{script}\n}})();\n")
    return "".join(parts)


def html(text: str) -> dict:
    return {"output_type": "display_data", "data": {"text/html": text}, "metadata": {}}


def still(words: str) -> str:
    kind = words.strip("[]").split("(")[0]
    names = {"HBox": "Fields and a button", "FileUpload": "A button to choose a file"}
    return f'<p class="live-words">[{escape(names.get(kind, kind))}: run the notebook to use this]</p>'


def place(name: str, live: dict, words: str, alt: str | None, shelf: Path) -> str:
    """Where a widget comes to life. What it carries stands in a script of its own, fetched when it comes into view."""
    if live["kind"] in ("guess", "expect"):  # small: it stands in the page
        what = f"data-live='{escape(json.dumps(live), quote=True)}'"
    else:
        content = json.dumps({**live, "alt": alt}, ensure_ascii=False)
        (shelf / f"{name}.js").write_text(f"course.bring({json.dumps(name)}, {content});\n", encoding="utf-8")
        what = f'data-name="{name}"'
    return f'<div class="live" data-kind="{live["kind"]}" {what}><p class="live-words">{escape(words)}</p></div>'


def front(shelf: Path) -> str:
    """The explorer of the front page: a cat that is told by large patches only, and a bird that misleads all three."""
    chelsea = transform.resize(data.chelsea()[:, 80:380], (64, 64), anti_aliasing=True)  # 64 x 64 x 3, in [0, 1]
    cat = torch.tensor(chelsea, dtype=torch.float32).permute(2, 0, 1)
    photos = bu.load_world("photos", n=None)
    ibis = photos.images[next(n for n, file in enumerate(photos.truth) if "ibis" in file and "image_0009" in file)]
    explorers = []
    for title, world, image, kind in (
        ("Chelsea, a cat", "tiny", cat, "tabby"),
        ("an ibis", "photos", ibis, "flamingo"),
    ):
        nets = [bu.load_model(name, world=world) for name in ("bagnet9", "bagnet17", "bagnet33")]
        explorers.append([title, bu.explore(nets, image, target=nets[0].classes.index(kind)).live()])
    words = "[patch explorer: a cat and an ibis; it needs a browser that runs scripts]"
    return place("front", {"kind": "gallery", "explorers": explorers}, words, None, shelf)


def scored(output: dict, checks: list[dict]) -> list[dict]:
    """The printed lines, with a place where a guess was scored for the guess of whoever reads the page."""
    text, parts = "".join(output["text"]), []
    while checks and checks[0]["said"] + "\n" in text:
        check = checks.pop(0)
        before, text = text.split(check["said"] + "\n", 1)
        parts += [{**output, "text": before}] if before else []
        about = escape(json.dumps({key: check[key] for key in ("question", "truth")}), quote=True)
        parts.append(
            html(f'<pre class="live-check" data-check="{about}" aria-live="polite">{escape(check["said"])}</pre>')
        )
    return [*parts, {**output, "text": text}] if text else parts


# ---------------------------------------------------------------- the names of the package


def api() -> str:
    """A page with what `help(bu)` lists, in its groups, from the docstrings."""
    lines = ["# The names of `bu`", "", "What `import bagnet_utils as bu` offers, as `help(bu)` groups it.", ""]
    for title, names in bu.GROUPS.items():
        lines += [f"## {title}", ""]
        for name, (_, what) in names.items():
            thing = getattr(bu, name)
            kind = "exception" if inspect.isclass(thing) and issubclass(thing, Exception) else "class"
            kind = kind if inspect.isclass(thing) else "function" if inspect.isfunction(thing) else ""
            lines += [f"### `{name}`", "", f"{what[0].upper()}{what[1:]}.", ""]
            if kind:
                lines += ["```{eval-rst}", f".. auto{kind}:: bagnet_utils.{name}", "```", ""]
            else:
                exercises = (f"`{one}`: {doc(judge)}" for one, judge in vars(thing).items())
                lines += [*(f"- {line}" for line in exercises), ""]
    return "\n".join(lines)


def doc(thing) -> str:
    return " ".join((inspect.getdoc(thing) or "an exercise.").split("\n\n")[0].split())
