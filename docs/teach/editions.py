"""Two editions of the notebooks: the students', with the solutions out, and one in which the solutions stand."""

import ast
from pathlib import Path

import mistakes
import reading
from reading import CHECK, FOLDED

from bagnet_utils.notebooks import write

HELP = (
    "> **Stuck?** Open the nudge below the exercise, then ask a neighbour, then your teacher. If nothing runs, "
    "`python3 course.py doctor` says what to do."
)


def students(folder: Path) -> None:
    """Notebooks without solutions and without outputs, in which nothing tells what comes out."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(reading.NOTEBOOKS.glob("*.ipynb")):
        write(students_edition(reading.load(path)), folder / path.name)


def solutions(folder: Path) -> None:
    """Notebooks with the solutions in the place of the stubs; they run, and all their checks say right."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(reading.NOTEBOOKS.glob("*.ipynb")):
        write(solutions_edition(reading.load(path)), folder / path.name)


def students_edition(notebook: dict) -> dict:
    for cell in notebook["cells"]:
        cell["metadata"] = {}  # what guards the text, and the words for figures that are not there yet
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)
        else:
            cell["source"] = unsolved("".join(cell["source"]))
    help_line = {"cell_type": "markdown", "id": "where-to-ask", "metadata": {}, "source": HELP}
    notebook["cells"] = [notebook["cells"][0], help_line, *notebook["cells"][1:]]
    return notebook


def unsolved(text: str) -> str:
    """A text without its solution. The nudge stays."""
    return FOLDED.sub(lambda found: "" if found[1] == "Solution" else found[0], text).strip()


def solutions_edition(notebook: dict) -> dict:
    cells, space = notebook["cells"], {}
    exec(imports(cells), space)  # all that a solution takes from the notebook around it
    for stub, check, text in zip(cells, cells[1:], cells[2:], strict=False):
        source = "".join(check["source"])
        if check["cell_type"] == "code" and (call := CHECK.search(source)) and reading.SOLUTION.search(text_of(text)):
            stub.update(source=solved(text_of(stub), reading.SOLUTION.search(text_of(text))[1]), outputs=[])
            exec(stub["source"], space)
            said = mistakes.asked(call[1], space[call[2]]) + "\n"
            check["outputs"] = [{"output_type": "stream", "name": "stdout", "text": said.splitlines(keepends=True)}]
            text["source"] = unsolved(text_of(text))
    return notebook


def text_of(cell: dict) -> str:
    return "".join(cell["source"])


IMPORT = (ast.Import, ast.ImportFrom)


def imports(cells: list[dict]) -> str:
    """The imports of a notebook, from wherever they stand."""
    trees = (ast.parse(text_of(cell)) for cell in cells if cell["cell_type"] == "code")
    return "\n".join(ast.unparse(node) for tree in trees for node in tree.body if isinstance(node, IMPORT))


def solved(stub: str, solution: str) -> str:
    """The code of a stub with the solution in the place of what it defines; what else stands there stays."""
    ours, lines = names(solution), stub.splitlines()
    for node in reversed(ast.parse(stub).body):
        if ours & names(ast.unparse(node)):
            lines[node.lineno - 1 : node.end_lineno] = [solution.rstrip()]
    return "\n".join(lines)


def names(code: str) -> set[str]:
    """What a piece of code defines."""
    return {
        name
        for node in ast.parse(code).body
        for name in ([node.name] if hasattr(node, "name") else map(ast.unparse, getattr(node, "targets", [])))
    }
