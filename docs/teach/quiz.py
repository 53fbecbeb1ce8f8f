"""The quiz bank, written for Moodle, for other programs, for the screen and for paper.

python docs/teach/quiz.py FOLDER
"""

import html
import re
import sys
import textwrap
from itertools import groupby
from pathlib import Path

from quiz_bank import LETTERS, LEVELS, BadQuiz, Question, questions, title

TITLE = "Bags of local features: forty questions"


def marked(words: str) -> str:
    """As HTML: what stands between backticks is code."""
    return re.sub(r"`(.+?)`", r"<code>\1</code>", html.escape(words, quote=False))


def general(one: Question) -> str:
    return f"Read on in {one.where}."


def tags(one: Question) -> list[str]:
    found = sorted({choice.idea for choice in one.choices if choice.idea})
    level = f"level {one.level.count('●')} of {len(LEVELS)}"
    return [f"notebook {one.notebook}", level, *(f"wrong idea {number}" for number in found)]


def category(number: str) -> str:
    """Where a question bank keeps the questions on a notebook; a slash in a name is doubled."""
    return "/".join(["$course$/top", *(name.replace("/", "//") for name in (TITLE, title(number)))])


def moodle(found: list[Question]) -> str:
    """Moodle XML."""

    def text(words: str) -> str:
        return f"<text><![CDATA[{words.replace(']]>', ']]]]><![CDATA[>')}]]></text>"

    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<quiz>"]
    for number, group in groupby(found, lambda one: one.notebook):
        lines += [f'<question type="category"><category>{text(category(number))}</category></question>']
        for one in group:
            lines += [
                '<question type="multichoice">',
                f"<name>{text(f'{one.id} · {one.section}')}</name>",
                f'<questiontext format="html">{text(f"<p>{marked(one.asks)}</p>")}</questiontext>',
                f'<generalfeedback format="html">{text(f"<p>{marked(general(one))}</p>")}</generalfeedback>',
                "<defaultgrade>1</defaultgrade><penalty>0.3333333</penalty><hidden>0</hidden>",
                f"<idnumber>bagnet-{one.id}</idnumber>",
                "<single>true</single><shuffleanswers>true</shuffleanswers><answernumbering>ABCD</answernumbering>",
                "<showstandardinstruction>0</showstandardinstruction>",
            ]
            for choice in one.choices:
                feedback = f'<feedback format="html">{text(marked(choice.reason))}</feedback>'
                answer = f'<answer fraction="{100 * choice.right}" format="html">'
                lines += [f"{answer}{text(marked(choice.text))}{feedback}</answer>"]
            lines += ["<tags>", *(f"<tag>{text(tag)}</tag>" for tag in tags(one)), "</tags>", "</question>"]
    return "\n".join([*lines, "</quiz>", ""])


def gift(found: list[Question]) -> str:
    """GIFT, which Moodle and other programs read. A question may hold no empty line."""

    def text(words: str) -> str:
        return re.sub(r"[\\~=#{}:]", r"\\\g<0>", words)

    lines = [f"// {TITLE}", ""]
    for number, group in groupby(found, lambda one: one.notebook):
        lines += [f"$CATEGORY: {category(number)}", ""]
        for one in group:
            lines += [" ".join([f"// [id:bagnet-{one.id}]", *(f"[tag:{tag}]" for tag in tags(one))])]
            lines += [f"::{text(f'{one.id} · {one.section}')}::[plain]{text(one.asks)} {{"]
            lines += [f"{'~='[choice.right]}{text(choice.text)}#{text(choice.reason)}" for choice in one.choices]
            lines += [f"####{text(general(one))}", "}", ""]
    return "\n".join(lines)


def plain(found: list[Question]) -> str:
    """For paper: the questions, then the key with reasons."""

    def block(words: str, first: str) -> str:
        return textwrap.fill(
            words, 96, initial_indent=first, subsequent_indent=" " * len(first), break_on_hyphens=False
        )

    lines, key = [TITLE.upper(), ""], ["KEY, WITH REASONS", ""]
    for number, one in enumerate(found, start=1):
        if one.notebook not in {earlier.notebook for earlier in found[: number - 1]}:
            lines += [f"Notebook {title(one.notebook)}", ""]
        lines += [block(f"{one.asks} ({one.level})", f"{number:3}  ")]
        key += [f"{number:3}  {one.letter}  ({one.id})"]
        for letter, choice in zip(LETTERS, one.choices, strict=True):
            lines += [block(choice.text, f"     {letter}  ")]
            key += [block(choice.reason, f"     {letter}{'*' if choice.right else ' '} ")]
        lines += [""]
        key += [block(general(one), "     "), ""]
    return "\n".join([*lines, "\f", *key])


def page(found: list[Question]) -> str:
    """One page that loads nothing else; an answer opens when it is asked for."""
    lines = [f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>{TITLE}</title>']
    lines += ["<style>body{font:1.1rem/1.5 sans-serif;max-width:45rem;margin:2rem auto;padding:0 1rem}"]
    lines += [f"ol ol{{list-style:upper-alpha}}li{{margin:.4rem 0}}</style><h1>{TITLE}</h1><ol>"]
    for one in found:
        lines += [f'<li id="{one.id}"><p>{marked(one.asks)} {one.level}</p><ol>']
        lines += [f"<li>{marked(choice.text)}</li>" for choice in one.choices]
        lines += [f"</ol><details><summary>Answer</summary><p><b>{one.letter}</b></p><ol>"]
        lines += [f"<li>{marked(choice.reason)}</li>" for choice in one.choices]
        lines += [f"</ol><p>{marked(general(one))}</p></details></li>"]
    return "\n".join([*lines, "</ol></html>", ""])


WRITTEN = {"quiz.xml": moodle, "quiz.gift": gift, "quiz.txt": plain, "quiz.html": page}


def write(folder: Path) -> None:
    """The bank as Moodle XML, GIFT, text and a page; the folder is made if it is not there."""
    found = questions()
    folder.mkdir(parents=True, exist_ok=True)
    for name, made in WRITTEN.items():
        (folder / name).write_text(made(found), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("quiz.py: the name of one folder is wanted, where the quiz shall be written: quiz.py FOLDER")
    try:
        write(Path(sys.argv[1]))
    except (BadQuiz, OSError) as problem:
        sys.exit(f"quiz.py: {problem}")
