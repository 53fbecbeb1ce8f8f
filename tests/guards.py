"""Figures in a notebook's prose guard themselves.

A markdown cell's metadata says what stands behind its figures:
    "numbers": {"7.9 %": "f'{100 * share:.1f} %'", "12 to 15 logits": "[low.min(), top.max()]", "all": "share == 1"}
    "quoted": ["87.6", "224"]  # not measured here: a paper's figures, definitions, sizes, dates
Expressions see the notebook's variables as they are when the run comes to that cell, np, torch, `printed(pattern)` and
`printed_all(pattern)`: what cells have printed up to there, as numbers if they are some.

    python tests/guards.py 05               checks what needs no more than saved outputs
    python tests/guards.py 05 --run         runs the notebook, nothing is written, and checks all
    python tests/guards.py 05 --matches     also shows each expression's value
    python tests/guards.py 05 --uncovered   lists figures that nothing guards
"""

import ast
import builtins
import json
import os
import re
import sys
from pathlib import Path
from typing import NamedTuple

import nbformat
import numpy as np
import torch
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
MINUS = "\N{MINUS SIGN}"
WHOLE = r"(?:\d{1,3}(?:,\d{3})+|\d+)"
DIGITS = rf"{WHOLE}(?:\.\d+)?(?:e[+-]?\d+)?"


def alone(digits: str) -> str:
    """A number of its own: not the 17 of BagNet-17 nor a part of 1.2.3; a minus only where nothing stands before it."""
    return rf"(?<![\w.,])(?<![A-Za-z]-)(?:(?<![\w)\]])[-+{MINUS}])?{digits}(?!\d|[.,]\d)"


NUMBER = alone(DIGITS)
GAP = r"\s+(?:>\s*)?"  # between two words: a space, or a new line, in a box as well
UNIT = rf"(?:\s*%|{GAP}(?:percent|logits?|(?:percentage{GAP})?points?|times)\b)"
AND = rf"(?:\s*[-\N{{EN DASH}}]\s*|{GAP}(?:to|and|or){GAP}|,{GAP})"
OF = rf"{GAP}of{GAP}(?:(?:the|its|these|those|all){GAP})?"
FIGURES = [
    rf"(?<!section )(?<!figure )(?<!table )(?<!Python )(?P<first>{alone(WHOLE + '[.][0-9]+')})",
    rf"(?P<first>{NUMBER}){UNIT}",
    rf"(?P<first>{NUMBER})(?={AND}{NUMBER}{UNIT})",
    rf"(?P<first>{NUMBER}){OF}(?P<second>{NUMBER})",
]
NO_PROSE = [
    r"(?ms)^(?:> ?)?```.*?^(?:> ?)?```",
    r"(?s)<details>.*?</details>",
    r"`[^`]*`",
    r"!?\[[^\]]*\]\([^)]*\)",
    r"<[^>\n]*>",
    r"(?s)\$\$?[^$]+\$\$?",
    r"(?m)^#+ .*$",
    r"(?m)^\| Minutes \|.*$",
]


class Verdict(NamedTuple):
    """What became of one key: no problem, or the problem in words."""

    notebook: str
    cell: int
    key: str
    expression: str
    value: object
    problem: str | None

    def __str__(self) -> str:
        told = f"[{self.notebook}:{self.cell}] {self.key!r}: {self.expression} gives {self.value!r}"
        return f"{told}, but {self.problem}" if self.problem else told


# ---------------------------------------------------------------- what stands in the text


def places(key: str, source: str) -> list[tuple[int, int]]:
    """Where a key stands, over the ends of lines too; the 7.6 of 87.6 is not 7.6."""
    words = GAP.join(map(re.escape, key.split()))
    first, last = (r"(?<!\d)(?<!\d[.,])" if key[:1].isdigit() else ""), (r"(?!\d|[.,]\d)" if key[-1:].isdigit() else "")
    return [found.span() for found in re.finditer(first + words + last, source)] if words else []


def figures(source: str) -> list[tuple[int, int]]:
    """Where figures stand in a cell's prose: decimals, percentages, N logits, points or times, N of M."""
    for pattern in NO_PROSE:
        source = re.sub(pattern, lambda found: re.sub(r"[^\n]", " ", found[0]), source)
    spans = set()
    for pattern in FIGURES:
        for found in re.finditer(pattern, source):
            spans |= {found.span(name) for name in found.groupdict()}
    return sorted(spans)


def covered(cell) -> dict[str, list[str]]:
    """A cell's figures: those that are measured, those that are quoted, and those that nothing guards."""
    found = {"measured": [], "quoted": [], "bare": []}
    spans = {
        "measured": [span for key in cell.metadata.get("numbers", {}) for span in places(key, cell.source)],
        "quoted": [span for key in cell.metadata.get("quoted", []) for span in places(key, cell.source)],
    }
    for start, end in figures(cell.source):
        kinds = [kind for kind in spans if any(first <= start and end <= last for first, last in spans[kind])]
        around = " ".join(cell.source[max(0, start - 25) : end + 25].split())
        found[kinds[0] if kinds else "bare"].append(f"{cell.source[start:end]} (... {around} ...)")
    return found


def count(notebook) -> dict[str, list[str]]:
    """The same for a whole notebook; each figure with its cell's number."""
    found = {"measured": [], "quoted": [], "bare": []}
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            for kind, told in covered(cell).items():
                found[kind] += [f"cell {number}: {figure}" for figure in told]
    return found


def missing_keys(notebook) -> list[str]:
    """Keys of `numbers` and `quoted` that do not stand in their cells."""
    return [
        f"cell {number}: {key!r} does not stand in the text"
        for number, cell in enumerate(notebook.cells)
        for key in [*cell.metadata.get("numbers", {}), *cell.metadata.get("quoted", [])]
        if not places(key, cell.source)
    ]


# ---------------------------------------------------------------- what expressions give, in the kernel


def read(text: str) -> float:
    return float(text.replace(",", "").replace(MINUS, "-"))


def read_if_number(text: str | None) -> float | str | None:
    is_number = text is not None and re.fullmatch(rf"[-+{MINUS}]?{DIGITS}", text)
    return read(text) if is_number else text


def flat(value) -> list:
    """Numbers, strings and booleans out of lists, arrays and tensors."""
    value = value.tolist() if hasattr(value, "tolist") else value
    return [part for item in value for part in flat(item)] if isinstance(value, (list, tuple, set)) else [value]


def answers(variables: dict, expressions: dict[str, str], text: str) -> str:
    """What each expression gives, as JSON; an error in words. The variables stay as they are."""

    def printed_all(pattern: str, group: int | str = 1) -> list:
        return [read_if_number(found[group]) for found in re.finditer(pattern, text, re.MULTILINE)]

    def printed(pattern: str, group: int | str = 1):
        found = printed_all(pattern, group)
        if not found:
            raise ValueError(f"no cell up to here has printed {pattern!r}")
        return found[0]

    given = {}
    for key, expression in expressions.items():
        names = {"np": np, "torch": torch} | variables | {"printed": printed, "printed_all": printed_all}
        try:
            given[key] = [
                part if isinstance(part, (bool, str)) else float(part) for part in flat(eval(expression, names))
            ]
        except Exception as problem:
            given[key] = {"error": f"{type(problem).__name__}: {problem}"}
    return json.dumps(given)


# ---------------------------------------------------------------- do they agree


def numbers_in(key: str) -> list[tuple[float, float]]:
    """The numbers in a key, each with half a unit of its last digit; words up to twelve where there are no digits."""
    found = re.findall(NUMBER, key)
    if not found:
        return [(WORDS.index(word), 0.5) for word in re.findall(r"\w+", key.lower()) if word in WORDS]
    sizes = [re.fullmatch(r".*?(?:\.(\d+))?(?:e([+-]?\d+))?", number) for number in found]
    return [
        (read(number), 0.5 * 10.0 ** (int(size[2] or 0) - len(size[1] or "")))
        for number, size in zip(found, sizes, strict=True)
    ]


def problem_with(key: str, given: list | dict) -> str | None:
    """Why the text does not say what its expression gives; None if it does."""
    if isinstance(given, dict):
        return "a value is wanted"
    if given and all(isinstance(part, bool) for part in given):
        return None if all(given) else "True is wanted"
    if len(given) == 1 and isinstance(given[0], str):
        return None if given[0].split() == key.split() else f"{key!r} is wanted"
    if not given or not all(isinstance(part, float) for part in given):
        return "a string, numbers or True is wanted"
    wanted = numbers_in(key)
    told = f"the text says {', '.join(f'{number:g}' for number, _ in wanted) or 'no number'}"
    if len(wanted) != len(given):
        return told
    slack = 1.2  # other processors
    near = [
        abs(part - number) <= slack * half + 1e-9 * abs(number)
        for part, (number, half) in zip(given, wanted, strict=True)
    ]
    return None if all(near) else told


def verdicts(notebook: str, number: int, cell, given: dict) -> list[Verdict]:
    found = []
    for key, expression in cell.metadata["numbers"].items():
        if key in given:
            value, problem = given[key], problem_with(key, given[key])
            value = value["error"] if isinstance(value, dict) else value[0] if len(value) == 1 else value
            found.append(Verdict(notebook, number, key, expression, value, problem))
    return found


def text_until(notebook, number: int) -> str:
    """What the cells before this one have printed."""
    outputs = [output for cell in notebook.cells[:number] for output in cell.get("outputs", [])]
    return "".join(output.text for output in outputs if output.output_type == "stream" and output.name == "stdout")


class Guarded(NotebookClient):
    """Runs a notebook, and asks the kernel for the figures of each text when it comes to it."""

    name = "notebook"

    async def async_execute_cell(self, cell, cell_index, **options):
        done = await super().async_execute_cell(cell, cell_index, **options)
        if cell.cell_type == "markdown" and cell.metadata.get("numbers"):
            asked = dict(cell.metadata["numbers"]), text_until(self.nb, cell_index)
            call = f"__import__('guards').answers(globals(), {asked[0]!r}, {asked[1]!r})"
            reply = await self.kc.execute(
                "", silent=True, store_history=False, user_expressions={"guards": call}, reply=True, timeout=120
            )
            answer = reply["content"]["user_expressions"]["guards"]
            if answer["status"] != "ok":
                raise RuntimeError(f"[{self.name}:{cell_index}] {answer['ename']}: {answer['evalue']}")
            given = json.loads(ast.literal_eval(answer["data"]["text/plain"]))
            self.found = [*self.found, *verdicts(self.name, cell_index, cell, given)]
        return done


def run(notebook, name: str, folder: Path, timeout: int = 300) -> list[Verdict]:
    """Execute a notebook, which gets fresh outputs, and judge all its keys."""
    client = Guarded(notebook, timeout=timeout, resources={"metadata": {"path": str(folder)}})
    client.name, client.found = name, []
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    client.execute(env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"})
    return client.found


# ---------------------------------------------------------------- by hand


def needs_a_kernel(expression: str) -> bool:
    names = [node for node in ast.walk(ast.parse(expression, mode="eval")) if isinstance(node, ast.Name)]
    known = {node.id for node in names if isinstance(node.ctx, ast.Store)} | {"np", "torch", "printed", "printed_all"}
    return any(node.id not in known and not hasattr(builtins, node.id) for node in names)


def saved(notebook, name: str) -> list[Verdict]:
    """Judge the keys for which saved outputs are enough."""
    found = []
    for number, cell in enumerate(notebook.cells):
        some = {key: e for key, e in cell.metadata.get("numbers", {}).items() if not needs_a_kernel(e)}
        if some:
            found += verdicts(name, number, cell, json.loads(answers({}, some, text_until(notebook, number))))
    return found


def main(start: str, *options: str) -> int:
    (path,) = (ROOT / "notebooks").glob(f"{start}*.ipynb")
    notebook = nbformat.read(path, as_version=4)
    counted, failed = count(notebook), False
    if "--uncovered" in options:
        print("\n".join(counted["bare"]))
        failed = bool(counted["bare"])
    else:
        total = sum(len(cell.metadata.get("numbers", {})) for cell in notebook.cells)
        found = run(notebook, path.stem, path.parent) if "--run" in options else saved(notebook, path.stem)
        wrong = [one for one in found if one.problem]
        print(*(found if "--matches" in options else wrong), *missing_keys(notebook), sep="\n")
        failed = bool(wrong or missing_keys(notebook))
        print(f"{len(found) - len(wrong)} of {total} keys agree, {total - len(found)} need --run.")
    print(", ".join(f"{len(told)} {kind}" for kind, told in counted.items()))
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
