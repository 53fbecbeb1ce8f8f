"""A small class: what each of its students hands in of one assignment, and what comes of it."""

import sys
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[1]
sys.path[:0] = [place for place in (str(ROOT / "docs" / "teach"),) if place not in sys.path]
ASSIGNMENT = "02_receptive_fields"
LOOP = """import time
def window(kernels, strides):
    while True:
        time.sleep(0.1)"""
LOOP_AT_ONCE = """import time
while True:
    time.sleep(0.1)"""
READS = """from pathlib import Path
import os, socket
def seen(place):
    try:
        return Path(place).read_bytes()[:40]
    except OSError as problem:
        return type(problem).__name__
def reached():
    try:
        return socket.create_connection(("127.0.0.1", {port}), 2) and "yes"
    except OSError:
        return "no"
print("FOUND", [seen(place) for place in {places}], os.listdir({folder!r}), [*Path("/proc").glob("{pid}/exe")])
print("HERE", os.listdir(os.path.expanduser("~")), "NETWORK", reached(), "KEPT", os.environ.get("COURSE_SECRET"))
try:
    Path("/usr/mark.txt").write_text("here")
except OSError:
    print("NOTHING WRITTEN")
Path({folder!r}, "mark.txt").write_text("here")  # if it works, it lands in a folder that is gone afterwards
"""
FORGES = """
from bagnet_utils.exercises import CHECKS, judging, receptive_fields
import bagnet_utils.exercises, builtins
def window(kernels, strides): return 7
class Yes:
    def __getattr__(self, name): return lambda *_: print("✓ Right. Of course.")
bu.check = bagnet_utils.exercises.check = Yes()
judging.alike = lambda *_: True
for name in CHECKS:
    CHECKS[name] = lambda *_: print("✓ Right. Of course.")
judging.call = lambda function, *given: receptive_fields.window.right(*given)
"""
EXITS = "import os\nos._exit(0)"


def hand_in(folder: Path, student: str, answers: dict[str, str]) -> None:
    """Put the released notebook, with these answers, where nbgrader looks for it."""
    notebook = nbformat.read(folder / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", as_version=4)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", cell.id)
        cell.source = answers.get(name, cell.source)
    path = place(folder, student)
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)


def place(folder: Path, student: str) -> Path:
    return folder / "submitted" / student / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
