"""Slides for each notebook, in one file that needs no other: reveal.js shows them, in any browser, without a network.

reveal.js 5 comes in the package sphinx-revealjs, with its licence (MIT); of that package nothing else is used.
"""

import re
from html import escape
from importlib.util import find_spec
from pathlib import Path

import frames
import lessons
import pages
import reading
from frames import Block, Frame
from reading import Guess, Notebook, Section

REMEMBER = ("To remember",)
DECK = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<!-- reveal.js: Copyright (C) 2011-2024 Hakim El Hattab, MIT licence; see reveal-licence.txt beside this file. -->
<style>{reveal_style}</style>
<style>{style}</style>
</head>
<body>
<div class="reveal"><main class="slides">
{slides}
</main></div>
<script>{reveal}</script>
<script>{notes}</script>
<script>{start}</script>
</body>
</html>
"""


def write(folder: Path) -> None:
    """A deck for each notebook, and the licence of what shows it."""
    folder.mkdir(parents=True, exist_ok=True)
    for notebook in reading.notebooks():
        (folder / f"{notebook.name}.html").write_text(deck(notebook), encoding="utf-8")
    (folder / "reveal-licence.txt").write_text(carried("LICENSE"), encoding="utf-8")


def carried(name: str) -> str:
    """A file of reveal.js."""
    home = Path(find_spec("sphinx_revealjs").submodule_search_locations[0]) / "_static" / "revealjs"
    return (home / name).read_text(encoding="utf-8")


def deck(notebook: Notebook) -> str:
    """All slides of a notebook as a page."""
    names, stacks = set(), []
    for section in notebook.sections:
        name = pages.slug(section.title)
        name = name if name not in names else f"{name}-{len(names)}"
        names.add(name)
        stacks.append(stack(name, shown(section, notebook)))
    return DECK.format(
        title=escape(notebook.title),
        slides="\n".join(stacks),
        reveal_style=carried("dist/reveal.css"),
        reveal=closed(carried("dist/reveal.js")),
        notes=closed(carried("plugin/notes/notes.js")),
        start=(pages.STATIC / "slides.js").read_text(encoding="utf-8"),
        style=(pages.STATIC / "slides.css").read_text(encoding="utf-8"),
    )


def closed(script: str) -> str:
    """A script that may stand in a page."""
    return re.sub(r"//# sourceMappingURL=\S+", "", script).replace("</script", r"<\/script")


def stack(name: str, made: list[Frame]) -> str:
    """The slides of one section, one below the other."""
    slides = []
    for n, frame in enumerate(made):
        level = 1 if 'class="about"' in "".join(block.html for block in frame.blocks) else 2
        mark = f' id="{name}"' if n == 0 else ""
        more = f' <span class="more">{n + 1} of {len(made)}</span>' if n else ""
        body = "".join(block.html for block in frame.blocks)
        figure = f'<div class="figure">{frame.figure}</div>' if frame.figure else ""
        notes = f'<aside class="notes">{frame.notes}</aside>' if frame.notes else ""
        head = f"<h{level}>{escape(frame.title)}{more}</h{level}>"
        slides.append(f'<section{mark}><div class="frame">{head}{body}{figure}</div>{notes}</section>')
    return f"<section>{''.join(slides)}</section>" if len(slides) > 1 else slides[0]


def shown(section: Section, notebook: Notebook) -> list[Frame]:
    """The slides of a section: what opens it, then its figures or what it prints, then the sentences that count."""
    codes = [n for n, part in enumerate(section.parts) if isinstance(part, dict)]
    first = codes[0] if codes else len(section.parts)
    before = [part for part in section.parts[:first] if isinstance(part, str)]
    after = [part for part in section.parts[first:] if isinstance(part, str)]
    pictures = frames.figures(section)
    asked = [guess for n in codes for guess in notebook.guesses.get(section.parts[n]["id"], [])]
    made = frames.packed(section.title, opening(section, before, asked, bool(pictures)))
    if pictures and not asked and len(made) == 1 and sum(block.lines for block in made[0].blocks) <= 3.6:
        made[0] = made[0]._replace(figure=pictures.pop(0))
    made += [Frame(section.title, [], figure, seen(figure)) for figure in pictures]
    if not section.exercise and section.title not in REMEMBER and (told := frames.points(after)):
        made += frames.packed(section.title, told)
    made[0] = made[0]._replace(notes=notes(section, notebook))
    return made


def opening(section: Section, before: list[str], asked: list[Guess], drawn: bool) -> list[Block]:
    """What stands on the first slide of a section, and on the next if it is much."""
    if section.level == 1 and section.texts and section.texts[0].startswith("|"):
        table, *rest = frames.paragraphs(before)
        about = frames.text(table)
        return [Block(f'<div class="about">{about.html}</div>', about.lines), *frames.lead(rest, 6)]
    if section.exercise:
        task = [frames.text(part) for part in frames.paragraphs([section.exercise.task])]
        return [*task, frames.code(section.exercise.stub)]
    if section.title in REMEMBER:
        return [frames.text(part) for part in frames.paragraphs(section.texts) if not part.startswith("Read on")]
    blocks = frames.lead(before, 6)
    blocks += [frames.guess(one) for one in asked]
    if (source := frames.short_code(section)) and not drawn:
        blocks.append(frames.code(source))
    if (printed := frames.output(section)) and not drawn:
        blocks.append(frames.printed(printed))
    return [*blocks, *(table for table in frames.tables(section.texts) if table not in blocks)]


def seen(figure: str) -> str:
    alt = re.search(r'alt="(.*?)"', figure)[1]
    return f"<p>To be seen: {alt}</p>" if alt else ""


def notes(section: Section, notebook: Notebook) -> str:
    """For the speaker: what the lesson plans say, and the text of the section."""
    said = [
        f"<p><strong>{escape(hint)}</strong></p>" for hint in lessons.hints().get((notebook.number, section.title), [])
    ]
    if section.exercise:
        said.append(f"<p>Expected and usual wrong answers: answers/{notebook.name}.html</p>")
    text = "\n\n".join(re.sub(reading.FOLDED, folded, part) for part in section.texts)
    return "".join(said) + re.sub(r"<(/?)(h[1-6])>", r"<\1p>", pages.html(text, frames.place))


def folded(found: re.Match) -> str:
    """A nudge stays, as a paragraph; a solution goes."""
    return "" if found[1] == "Solution" else f"**{found[1]}.** {found[2].strip()}\n\n"
