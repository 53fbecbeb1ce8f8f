"""Grade what was handed in: python grading.py (in the folder of the course that nbgrader keeps).

submitted/STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb is graded behind a fence, with time-outs, one line for each; the grades
are then in gradebook.db and in grades.csv. --without-fence grades where no fence can be had, in a machine or
container that holds nothing else: a hand-in may then read and change whatever you may.
"""

import argparse
import os
import re
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import fence
import handed_in
import nbformat
from nbclient.exceptions import CellControlSignal, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import NbGraderAPI
from nbgrader.plugins import CsvExportPlugin
from nbgrader.preprocessors import Execute
from nbgrader.preprocessors.execute import UnresponsiveKernelError
from nbgrader.utils import is_grade
from traitlets import Integer
from traitlets.config import PyFileConfigLoader

HERE = Path(__file__).resolve().parent
CALL = re.compile(r"bu\.check\.(\w+)\((\w+)\)")
ASK = "import sys\nsys.path.append({place!r})\nimport handed_in\nhanded_in.show({name!r}, globals().get({variable!r}))"
SHOWN = {"text/plain", "image/png", handed_in.ANSWERS}
MOST = 2**25  # bytes of output that one hand-in may send
SILENT = "✗ No answer came from here: its cell took too long, failed, or stopped the kernel."


class Judged(Execute):
    """nbgrader's Execute, behind the fence; and whether a test is passed is decided here, not in the kernel."""

    patience = Integer(300, help="seconds for one hand-in").tag(config=True)

    def __init__(self, **kwargs):
        super().__init__(**{"kernel_manager_class": fence.FencedKernelManager, **kwargs})

    def preprocess(self, nb: NotebookNode, resources: dict, km=None) -> tuple[NotebookNode, dict]:
        tests = {cell.id: (cell, cell.source, CALL.search(cell.source)) for cell in nb.cells if is_grade(cell)}
        for cell, _, call in tests.values():
            cell.source = ASK.format(place=str(HERE), name=call[1], variable=call[2])
        self.ends, self.sent, self.timeout_func = None, 0, self.seconds_for
        try:
            super().preprocess(nb, resources, km)
        except (DeadKernelError, UnresponsiveKernelError, CellControlSignal, TimeoutError, Flood) as problem:
            self.log.error("%s: %s", resources["nbgrader"]["student"], problem)
        for cell in nb.cells:
            if is_import(cell) and any(output.output_type == "error" for output in cell.outputs):
                raise RuntimeError(
                    f"the course could not be imported: {cell.outputs[-1].ename}"
                )  # not a question of points
            if cell.cell_type == "code":
                cell.outputs = [output for output in cell.outputs if is_shown(output)]
        for cell, source, call in tests.values():
            cell.source, cell.outputs = source, [outcome(call[1], cell.outputs)]
        return nb, resources

    def seconds_for(self, cell: NotebookNode) -> int:
        """The first cell imports the course, which may take its time; then the clock runs."""
        if is_import(cell):
            return self.patience
        self.ends = self.ends or time.monotonic() + self.patience
        return max(1, min(self.timeout, round(self.ends - time.monotonic())))

    def process_message(self, msg: dict, cell: NotebookNode, cell_index: int):
        self.sent += len(str(msg["content"]))
        if self.sent > MOST:
            raise Flood(f"more than {MOST >> 20} MB of output")
        return super().process_message(msg, cell, cell_index)


def is_import(cell: NotebookNode) -> bool:
    return cell.metadata.get("nbgrader", {}).get("grade_id") == "imports"


class Flood(Exception):
    """Output without end."""


def is_shown(output: NotebookNode) -> bool:
    """Words and pictures stay. What may hold a script goes: somebody will look at it in a browser."""
    output.get("data", {}) and [output.data.pop(kind) for kind in {*output.data} - SHOWN]
    return output.output_type in ("stream", "error") or bool(output.get("data"))


def outcome(name: str, outputs: list[NotebookNode]) -> NotebookNode:
    """What the check says of the answers among the outputs: words if it is right, an error (no points) if not."""
    written = next((one.data[handed_in.ANSWERS] for one in outputs if handed_in.ANSWERS in one.get("data", {})), None)
    said = SILENT if written is None else handed_in.verdict(name, str(written))
    if said.startswith("✓"):
        return new_output("stream", name="stdout", text=f"{said}\n")
    return new_output("error", ename="Not yet", evalue=said[:300], traceback=[said])


# ---------------------------------------------------------------- a whole class


class Line(NamedTuple):
    """One hand-in. marks: ✓ ✗ ○ of its exercises, or why there are none."""

    student: str
    assignment: str
    points: float
    of: float
    marks: str
    seconds: float

    def __str__(self) -> str:
        points = f"{self.points:g} of {self.of:g}"
        return f"{self.student:<16} {self.assignment:<32} {points:>8}  {self.marks} ({self.seconds:.0f} s)"


def api(folder: Path) -> NbGraderAPI:
    config = PyFileConfigLoader("nbgrader_config.py", str(folder)).load_config()
    return NbGraderAPI(config=config)


def grade(folder: Path) -> Iterator[Line]:
    """Grade all that lies in submitted/, one hand-in after the other, each by itself."""
    nbgrader = api(folder)
    for path in sorted((folder / "submitted").glob("*/*/")):
        student, assignment, started = path.parent.name, path.name, time.monotonic()
        done = nbgrader.autograde(assignment, student)
        points, of = score(nbgrader.gradebook, assignment, student)
        graded = folder / "autograded" / student / assignment / f"{assignment}.ipynb"
        marks = marks_of(graded) if done["success"] and graded.exists() else reason(done.get("log", ""))
        yield Line(student, assignment, points, of, marks, time.monotonic() - started)


def score(book: Gradebook, assignment: str, student: str) -> tuple[float, float]:
    with book:
        try:
            submission = book.find_submission(assignment, student)
            return submission.score, submission.max_score
        except MissingEntry:
            return 0, 0


def marks_of(path: Path) -> str:
    """How each exercise ended, and the time-outs and stops on the way."""
    notebook = nbformat.read(path, as_version=4)
    ends = [cell.outputs[0] for cell in notebook.cells if is_grade(cell)]
    marks = "".join(one.get("text", one.get("evalue", ""))[:1] for one in ends)
    errors = [one.ename for cell in notebook.cells for one in cell.get("outputs", []) if one.output_type == "error"]
    late = "; a cell took too long and was stopped" if "CellTimeoutError" in errors else ""
    return f"{marks}{late}{'; no answer from some' if any(one.get('evalue') == SILENT for one in ends) else ''}"


def reason(log: str) -> str:
    """Why a hand-in could not be graded, in a line."""
    if "does not appear to be JSON" in log or "NotJSONError" in log or "ValidationError" in log:
        return "not graded: this is no notebook"
    last = [line.strip() for line in log.splitlines() if re.match(r"\s*\w+(\.\w+)*(Error|Exception|Entry)\b", line)]
    return f"not graded: {last[-1][:150] if last else 'see nbgrader autograde'}"


def export(folder: Path) -> Path:
    """All grades as a table: grades.csv, one line for each student and assignment."""
    nbgrader, path = api(folder), folder / "grades.csv"
    plugin = CsvExportPlugin(parent=nbgrader, to=str(path))
    with nbgrader.gradebook as book:
        plugin.export(book)
    return path


def main() -> int:
    parser = argparse.ArgumentParser(prog="grading.py", description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path.cwd(), help="where nbgrader_config.py is")
    parser.add_argument(
        "--without-fence", action="store_true", help="in a container or machine that holds nothing else"
    )
    options = parser.parse_args()
    folder = options.folder.resolve()
    if not (folder / "nbgrader_config.py").exists():
        parser.error(f"{options.folder} has no nbgrader_config.py: name the folder that course.py teach made")
    if options.without_fence:
        os.environ[fence.OPEN] = "1"
    elif fence.missing():
        parser.error(f"{fence.missing()} In a container of its own, add --without-fence.")
    warnings.filterwarnings("ignore", module="nbgrader")  # what it does with its database is its own affair
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # nbgrader's alembic
    for line in grade(folder):
        print(line, flush=True)
    print(f"The grades are in {export(folder).name} and in nbgrader's gradebook.db.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
