"""The known wrong answers of the exercises, as the checks' tables hold them: what one writes, and what is said."""

import ast
import contextlib
import inspect
import io
import os
import re
from textwrap import dedent
from types import ModuleType

from reading import ROOT

from bagnet_utils.exercises import CHECKS, MODULES

WHOLE = re.compile(r"[A-Z0-9'][^{}]*[.?!]")  # a sentence that needs no example


def mistakes(name: str) -> list[tuple[str, str]]:
    """Each known wrong answer of an exercise, as source, with the sentence that it is told."""
    check, module = CHECKS[name], home(name)
    texts = written(name, module)
    if len(texts) != len(check.wrong):
        raise ValueError(f"{name}: {len(check.wrong)} wrong answers, but {len(texts)} were found in its source.")
    return [(text, told(name, *one)) for text, one in zip(texts, check.wrong, strict=True)]


def home(name: str) -> ModuleType:
    """The module that an exercise's check stands in."""
    return next(module for module in MODULES if vars(module).get(name) is CHECKS[name])


def written(name: str, module: ModuleType) -> list[str]:
    """The wrong answers in `name = table(..., wrong=[...])`, `@exercise(wrong=[...])` or a list of that name."""
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            calls = [node.value]
        elif isinstance(node, ast.FunctionDef) and node.name == name:
            calls = node.decorator_list
        else:
            continue
        lists = [word.value for call in calls for word in getattr(call, "keywords", ()) if word.arg == "wrong"]
        pairs = (lists or calls)[0].elts
        return [text for pair in pairs for text in one_or_more(pair, module)]
    return []


def one_or_more(pair: ast.expr, module: ModuleType) -> list[str]:
    """The wrong answers that one line of a table stands for."""
    if isinstance(pair, ast.Tuple):
        return [source(pair.elts[0], module)]
    match pair.value:  # that of a star
        case ast.Attribute(ast.Name(other), "wrong"):  # another check's
            return written(other, module)
        case ast.Attribute(ast.Name(other), name):  # a list of another module
            return written(name, vars(module)[other])
        case ast.ListComp(ast.Tuple([wrong, _]), [loop]):
            text, each = source(wrong, module), ast.unparse(loop.target)
            return [f"{text}  # {each} is {value}" for value in ast.literal_eval(loop.iter)]
    raise ValueError(f"{module.__name__}, line {pair.lineno}: no wrong answer can be read from {ast.unparse(pair)}")


def source(node: ast.expr, module: ModuleType) -> str:
    """A wrong answer as one would write it; of a function that has a name, all of it."""
    thing = vars(module).get(node.id) if isinstance(node, ast.Name) else None
    if inspect.isfunction(thing):
        return dedent(inspect.getsource(thing)).rstrip()
    first, *rest = ast.get_source_segment(inspect.getsource(module), node).split("\n")
    return "\n".join([first, *dedent("\n".join(rest)).split("\n")]) if rest else first


def told(name: str, answer, sentence: str) -> str:
    """What the check says; where its table has a part of that, or a place for an example, the check is asked."""
    return sentence if WHOLE.fullmatch(sentence) else asked(name, answer).removeprefix("✗ Not yet. ")


def asked(name: str, answer) -> str:
    """What the check prints about an answer, which is nobody's: no progress remembers it."""
    said, named = io.StringIO(), os.environ.pop("BAGNET_PROGRESS", None)
    try:
        with contextlib.redirect_stdout(said), contextlib.chdir(ROOT):
            CHECKS[name](answer)
    finally:
        os.environ |= {} if named is None else {"BAGNET_PROGRESS": named}
    return said.getvalue().strip()
