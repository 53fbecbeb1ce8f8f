"""What one section of a notebook becomes on slides: which of it is shown, and how much of it goes on one slide."""

import math
import re
from html import escape
from typing import NamedTuple

import pages
from reading import FOLDED, Guess, Section

ROOM = 11.5  # lines of text that fit under the heading of a slide
LINE = 76  # letters in one of them
SMALL = 0.62  # a line of code or of a table, in lines of text
CODE_LINES, PRINTED_LINES = 8, 16
SENTENCE = re.compile(r"(?<=[.?!])(?:\*\*)?\s+(?=[^a-z])")
BOLD = re.compile(r"\*\*(.+?)\*\*")
LINK = re.compile(r"\[([^]]*)\]\([^)]*\)")
DRAWS = re.compile(r"plt\.|axes|axis\.|import |bu\.check|guess|\.still\(\)|print\(")
ANSWERED = re.compile(r"Next time, move the slider first|You ticked nothing")  # what is printed where nobody guessed
PICTURES = ("image/png", "image/jpeg")


class Block(NamedTuple):
    """A part of a slide, and the lines it takes."""

    html: str
    lines: float


class Frame(NamedTuple):
    """One slide. figure: an image that takes what room is left. small: a heading in smaller type."""

    title: str
    blocks: list[Block]
    figure: str = ""
    notes: str = ""


def place(link: str) -> str | None:
    """Other notebooks are other slides; the rest of the course is not here."""
    return re.sub(r"\.ipynb", ".html", link) if re.match(r"\w+\.ipynb", link) else None


def text(markdown: str) -> Block:
    """A paragraph, a list or a table with its size."""
    html = pages.html(markdown, place)
    plain = re.sub(r"<[^>]+>", "", re.sub(r"<math.*?</math>", "m" * 30, html, flags=re.DOTALL))
    if markdown.startswith("|"):
        return Block(f'<div class="small">{html}</div>', table_lines(markdown))
    if markdown.startswith(("- ", "1. ", "* ")):
        items = re.findall(r"<li>(.*?)</li>", html, re.DOTALL)
        return Block(html, 0.5 + sum(0.2 + math.ceil(len(re.sub(r"<[^>]+>", "", item)) / (LINE - 6)) for item in items))
    return Block(html, 0.5 + math.ceil(len(plain.strip()) / LINE))


def table_lines(markdown: str) -> float:
    rows = [[cell.strip() for cell in row.strip("| ").split("|")] for row in LINK.sub(r"\1", markdown).splitlines()]
    widths = [max(map(len, column)) for column in zip(*(row for row in rows if len(row) == len(rows[0])), strict=True)]
    wide = 105 / max(sum(widths), 105)  # of each column's letters, what fits beside the others
    high = (
        max(math.ceil(len(cell) / max(8, width * wide)) for cell, width in zip(row, widths, strict=False))
        for row in rows
    )
    return 0.6 + sum(0.3 + SMALL * lines for lines in high)


def tables(texts: list[str]) -> list[Block]:
    """The tables of a text; a long one comes in parts, each with its head."""
    found = []
    for part in paragraphs(texts):
        if part.startswith("|"):
            head, line, *rows = part.splitlines()
            some: list[str] = []
            for row in rows:
                if some and table_lines("\n".join([head, line, *some, row])) > ROOM - 1.4:
                    found.append(text("\n".join([head, line, *some])))
                    some = []
                some.append(row)
            found.append(text("\n".join([head, line, *some])))
    return found


def code(source: str) -> Block:
    return in_lines(source, pages.html(pages.python(source)))


def printed(lines: str) -> Block:
    return in_lines(lines, f'<pre tabindex="0">{escape(lines)}</pre>')


def in_lines(lines: str, html: str) -> Block:
    """What has lines of its own: in larger type if none of them is long."""
    rows = lines.strip().splitlines()
    large = max(map(len, rows)) <= 74
    return Block(
        f'<div class="large">{html}</div>' if large else html,
        0.9 + (0.78 if large else SMALL) * sum(math.ceil(len(row) / 90) or 1 for row in rows),
    )


def guess(one: Guess) -> Block:
    """A question; what was measured comes at the next key."""
    said = (f"<strong>{escape(one.question)}</strong>", escape(one.wanted[:1].upper() + one.wanted[1:]))
    shown = f'<p>{said[0]}<br><span class="wanted">{said[1]}</span></p>'
    answer = f'<p class="fragment">Measured: <strong>{escape(one.truth)}</strong></p>'
    lines = sum(math.ceil(len(part) / (LINE - 6)) for part in (one.question, one.wanted, f"Measured: {one.truth}"))
    return Block(f'<div class="guess">{shown}{answer}</div>', lines + 1.6)


# ---------------------------------------------------------------- which parts


def paragraphs(texts: list[str]) -> list[str]:
    """Paragraphs of Markdown, without what is folded or quoted; formulas stay whole."""
    parts = re.split(r"\n\s*\n", FOLDED.sub("", "\n\n".join(texts)))
    return [part.strip() for part in parts if part.strip() and not part.startswith(">")]


def lead(texts: list[str], room: float) -> list[Block]:
    """What opens a section, in as many whole paragraphs as fit, or else in as many sentences."""
    blocks: list[Block] = []
    for part in paragraphs(texts):
        block = text(part)
        if sum(one.lines for one in blocks) + block.lines <= room:
            blocks.append(block)
            continue
        if not blocks and not part.startswith(("|", "-", "$$")):
            sentences = SENTENCE.split(part)
            while len(sentences) > 1 and text(" ".join(sentences)).lines > room:
                sentences.pop()
            if len(sentences) > 1 and sentences[-1].endswith(":"):  # it announces what is not here
                sentences.pop()
            blocks.append(text(" ".join(sentences)))
        break
    return blocks


def figures(section: Section) -> list[str]:
    """The pictures of a section, as they were committed, with the words for those who do not see them."""
    found = []
    for cell in section.parts:
        for output in cell["outputs"] if isinstance(cell, dict) else ():
            for kind in PICTURES:
                if data := output.get("data", {}).get(kind):
                    alt = escape(" ".join(cell["metadata"].get("alt", "").split()), quote=True)
                    found.append(f'<img alt="{alt}" src="data:{kind};base64,{"".join(data).strip()}">')
    return found


def short_code(section: Section) -> str:
    """The first code of a section that is short and says something about networks, not about drawing."""
    for cell in section.parts:
        if isinstance(cell, dict):
            lines = cell["source"].strip().splitlines()
            fits = len(lines) <= CODE_LINES and max(map(len, lines)) <= 98
            if fits and not DRAWS.search(cell["source"]) and re.search(r"bu\.|def ", cell["source"]):
                return cell["source"]
    return ""


def output(section: Section) -> str:
    """What the section prints last, if a slide has room for it."""
    for cell in reversed([part for part in section.parts if isinstance(part, dict)]):
        lines = [
            line.rstrip()
            for one in cell["outputs"]
            if one["output_type"] == "stream"
            for line in "".join(one["text"]).splitlines()
            if not ANSWERED.search(line)
        ]
        if 1 < len(lines) <= PRINTED_LINES and max(map(len, lines)) <= 100 and lines != ["ready"]:
            return "\n".join(lines)
    return ""


def points(texts: list[str]) -> list[Block]:
    """The sentences that the text itself marks as what counts."""
    found = []
    for part in paragraphs(texts):
        if not part.startswith(("|", "$$", "<")):
            flat = " ".join(part.split())
            for bold in BOLD.findall(flat):
                whole = next((one for one in SENTENCE.split(flat) if f"**{bold}**" in one), bold)
                said = bold if bold[0].isupper() else whole.replace("**", "")
                if len(bold) >= 25 and text(f"**{said}**") not in found:
                    found.append(text(f"**{said}**"))
    return found


def packed(title: str, blocks: list[Block]) -> list[Frame]:
    """Blocks on as many slides as they need."""
    room, found = ROOM - 1.4 * (len(title) > 52), [Frame(title, [])]
    for block in blocks:
        if found[-1].blocks and sum(one.lines for one in found[-1].blocks) + block.lines > room:
            found.append(Frame(title, []))
        found[-1].blocks.append(block)
    return found
