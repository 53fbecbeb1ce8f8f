"""Markdown as pages that load nothing from elsewhere; formulas become MathML."""

import re
from collections.abc import Callable
from functools import cache
from html import escape, unescape
from pathlib import Path

from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

STATIC = Path(__file__).resolve().parent / "static"
OWN = re.compile(r"(?!https?:|mailto:)")
TAG = re.compile(r"<h([23])>(.*?)</h\1>", re.DOTALL)
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<header>{way}</header>
<main>
{body}
</main>
</body>
</html>
"""


@cache
def markdown() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": True, "highlight": coloured}).enable("table")
    reader.add_render_rule("table_open", lambda *_: '<div class="wide" tabindex="0"><table>\n')
    reader.add_render_rule("table_close", lambda *_: "</table></div>\n")
    return reader.use(dollarmath_plugin, renderer=mathml)


def mathml(formula: str, how: dict) -> str:
    return convert(formula, display="block" if how["display_mode"] else "inline")


def coloured(code: str, language: str, _: str) -> str:
    """Python with its words marked; the look is that of the style sheet."""
    return highlight(code, PythonLexer(), HtmlFormatter(nowrap=True)) if language == "python" else escape(code)


def html(text: str, place: Callable[[str], str | None] = lambda link: link) -> str:
    """Markdown as HTML. place: where a link of the course leads here; None if it leads nowhere, and is left out."""
    tokens, kept = markdown().parse(text), []
    for inline in tokens:
        kept.clear()
        for token in inline.children or []:
            if token.type == "link_open" and OWN.match(str(token.attrs["href"])):
                target = place(str(token.attrs["href"]))
                kept.append(target is not None)
                token.attrs["href"] = target or ""
                token.hidden = target is None
            elif token.type == "link_open":
                kept.append(True)
            elif token.type == "link_close":
                token.hidden = not kept.pop()
        inline.children = [token for token in inline.children or [] if not token.hidden]
    return markdown().renderer.render(tokens, markdown().options, {})


def python(code: str) -> str:
    """Code as it stands in Markdown."""
    return f"```python\n{code.strip()}\n```"


def slug(title: str) -> str:
    """The name of a heading in an address; the minutes of an exercise are not part of it."""
    title = re.sub(r" · \d+ minutes.*", "", title)
    return re.sub(r"\W+", "-", unescape(re.sub(r"<[^>]+>", "", title)).lower()).strip("-")


def page(title: str, body: str, way: str = "") -> str:
    """A whole page. body: HTML; its headings get names. way: the links back."""
    body = TAG.sub(lambda found: f'<h{found[1]} id="{slug(found[2])}">{found[2]}</h{found[1]}>', body)
    style = (STATIC / "teach.css").read_text(encoding="utf-8")
    return PAGE.format(title=escape(title), style=style, way=way, body=body)


def write(path: Path, text: str, place: Callable[[str], str | None] = lambda link: link, way: str = "") -> None:
    """Markdown that begins with a heading, as a page."""
    title = re.search(r"^# (.*)", text, re.MULTILINE)[1]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(re.sub(r"[`*]", "", title), html(text, place), way), encoding="utf-8")
