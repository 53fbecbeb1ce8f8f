"""A class by nbgrader, for real: what is handed out, what is handed in, and the points that come of it."""

import base64
import contextlib
import csv
import io
import json
import os
import re
import socket
import subprocess
import sys
import zlib
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from graded import ASSIGNMENT, EXITS, FORGES, LOOP, LOOP_AT_ONCE, READS, hand_in, place
from test_exercises import EXERCISES, evaluated

from bagnet_utils.exercises import CHECKS
from bagnet_utils.exercises.guarding import is_stub

pytest.importorskip("nbgrader")
import assignments
import fence
import grading
from handed_in import answers, packed, unpacked, verdict

PROGRAM = Path(sys.executable).parent
SOLUTIONS = {name: solution for name, (_, solution, _) in EXERCISES.items()}


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("class")
    assignments.write(folder)
    return folder


def cells(course: Path, where: str) -> dict[str, nbformat.NotebookNode]:
    """All cells that nbgrader knows by name."""
    found = [cell for path in sorted(course.glob(f"{where}/*/*.ipynb")) for cell in nbformat.read(path, 4).cells]
    named = [cell for cell in found if "nbgrader" in cell.metadata and cell.metadata.nbgrader.grade_id != "imports"]
    assert len(named) == len({cell.metadata.nbgrader.grade_id for cell in named})  # each in one assignment
    return {cell.metadata.nbgrader.grade_id: cell for cell in named}


# ---------------------------------------------------------------- what is handed out


def test_each_exercise_is_in_one_assignment_with_a_point_for_each_dot(course):
    named = cells(course, "source")
    assert named.keys() == {*CHECKS, *(f"{name}-test" for name in CHECKS)} and len(CHECKS) == 52
    headings = "\n".join(path.read_text() for path in (Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
    dots = sum(line.count("●") for line in re.findall(r"#+ Your turn.*", headings))
    assert sum(named[f"{name}-test"].metadata.nbgrader.points for name in CHECKS) == dots
    assert named["window-test"].metadata.nbgrader.points == 1 and named["build-test"].metadata.nbgrader.points == 3


def test_an_answer_cell_is_the_stub_of_the_course_and_its_solution(course):
    named = cells(course, "source")
    for name, (stub, solution, variable) in EXERCISES.items():
        shown, _, rest = named[name].source.partition("### BEGIN SOLUTION\n")
        assert shown.rstrip() == stub.rstrip() and rest == f"{solution.strip()}\n### END SOLUTION"
        assert f"bu.check.{name}({variable})" in named[f"{name}-test"].source
        answer = evaluated(named[name].source, variable)
        assert answer is not ... and not is_stub(answer)


def test_what_is_handed_out_leads_to_no_file_that_is_not_there(course):
    for path in course.glob("source/*/*.ipynb"):
        texts = [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "markdown"]
        assert not re.findall(r"\]\((?!https?:)", "\n".join(texts)) and "Solution</summary>" not in "\n".join(texts)


# ---------------------------------------------------------------- answers as data


def direct(name: str, answer) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as said:
        CHECKS[name](answer)
    return said.getvalue().strip()


@pytest.mark.parametrize("name", ["window", "bags_among_them", "hide", "reads_order", "build"])
def test_what_is_written_down_is_judged_like_the_answer_itself(name):
    stub, solution, variable = EXERCISES[name]
    wrong = [answer for answer, _ in CHECKS[name].wrong][-6:]
    for answer in (evaluated(stub, variable), evaluated(solution, variable), *wrong):
        written = json.dumps(answers(name, answer))
        assert verdict(name, written) == direct(name, answer)


@pytest.mark.parametrize("thing", [None, True, 2**70, -0.5, "word", (1, [2, {3}]), {"a": (1,)}, 1j, torch.eye(3) > 0])
def test_things_come_back_as_they_were(thing):
    back = unpacked(json.loads(json.dumps(packed(thing))))
    assert type(back) is type(thing) and (torch.equal(back, thing) if torch.is_tensor(thing) else back == thing)
    array = np.arange(6, dtype=np.int16).reshape(2, 3)[:, ::-1]
    assert np.array_equal(unpacked(packed(array)), array) and np.isnan(unpacked(packed(np.float32("nan"))))


def test_what_is_no_answer_gets_no_points_and_stops_nothing():
    content = base64.b64encode(zlib.compress(bytes(10**7))).decode()
    bomb = {"is": "array", "dtype": "float64", "shape": [2], "content": content}
    huge = {"is": "array", "dtype": "float64", "shape": [10**12], "content": content}
    named = {"is": "array", "dtype": "object", "shape": [1], "content": content}
    for answer in (bomb, huge, named, {"is": "thing", "kind": 3}, {"is": "Tensor"}, 7, [], {"is": "network"}):
        for row in ({"answer": answer}, {"raised": ["Stopped", "x"]}, {"changed": [[9, answer]]}, {}):
            assert verdict("window", json.dumps({"rows": [row] * 50}))[0] in "✗○"
        assert verdict("bags_among_them", json.dumps({"value": answer}))[0] in "✗○"
    for written in ("", "no JSON", "[]", "{}", "7", '{"rows": 3}', "[" * 10**5):
        assert verdict("window", written).startswith("✗")


# ---------------------------------------------------------------- grading


def test_without_a_fence_nothing_is_graded_unless_somebody_says_so(course, monkeypatch, capsys):
    monkeypatch.setattr(fence, "missing", lambda: "There is no bubblewrap here.")
    monkeypatch.setattr(sys, "argv", ["grading.py", str(course)])
    with pytest.raises(SystemExit):
        grading.main()
    assert "There is no bubblewrap here." in capsys.readouterr().err
    with pytest.raises(RuntimeError, match="no bubblewrap"):
        fence.FencedKernelManager()


def test_output_without_end_is_cut_off(monkeypatch):
    kept = []
    monkeypatch.setattr(grading.Execute, "process_message", lambda self, *given: kept.append(given))
    judged = grading.Judged()
    judged.sent = 0
    with pytest.raises(grading.Flood):
        for _ in range(100):
            judged.process_message({"content": {"name": "stdout", "text": "x" * 2**20}}, None, 0)
    assert 20 < len(kept) < 40


def test_outputs_that_may_hold_a_script_are_left_out():
    page = nbformat.v4.new_output("display_data", data={"text/html": "<script>", "text/plain": "a table"})
    assert grading.is_shown(page) and page.data == {"text/plain": "a table"}
    assert not grading.is_shown(nbformat.v4.new_output("display_data", data={"application/javascript": "alert()"}))


@pytest.fixture(scope="module")
def graded(course) -> tuple[dict[str, str], dict[str, float], Path]:
    """A class of seven is graded: what is said of each, the points of each, the folder."""
    if fence.missing():
        pytest.skip(fence.missing())
    environment = {**os.environ, "PATH": f"{PROGRAM}:{os.environ['PATH']}", "COURSE_SECRET": "key"}
    how = {"cwd": course, "env": environment, "check": True, "capture_output": True, "text": True}
    subprocess.run([sys.executable, "-m", "nbgrader", "generate_assignment", ASSIGNMENT], **how)
    config = course / "nbgrader_config.py"
    config.write_text(config.read_text().replace("c.Judged.timeout = 60", "c.Judged.timeout = 20"))
    mine = {name: SOLUTIONS[name] for name in ("window", "mended_window", "grid", "who_sees")}
    hand_in(course, "ada", {**mine, "opening": "Hello <script>alert()</script> <img src=x onerror=alert()>"})
    hand_in(course, "ben", {"window": mine["window"], "who_sees": mine["who_sees"], "grid-test": "print('✓ Right.')"})
    hand_in(course, "dov", {**mine, "window": LOOP, "grid": LOOP_AT_ONCE})
    with socket.create_server(("127.0.0.1", 0)) as server:
        source = course / "source" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        places = [str(one) for one in (course / "gradebook.db", "../../../gradebook.db", place(course, "ada"), source)]
        about = {"port": server.getsockname()[1], "places": places, "folder": str(course), "pid": os.getpid()}
        hand_in(course, "eve", {**mine, "window": READS.format(**about)})
        hand_in(course, "fay", {**mine, "grid": EXITS})
        hand_in(course, "gil", {"window": FORGES})
        hand_in(course, "hal", {})
        place(course, "hal").write_bytes(b"%PDF-1.4")
        said = subprocess.run([sys.executable, "grading.py"], **how).stdout
    with open(course / "grades.csv", encoding="utf-8") as file:
        points = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    return {line.split()[0]: line for line in said.splitlines()[:-1]}, points, course


@pytest.mark.slow
def test_each_hand_in_gets_its_points_and_none_stops_the_class(graded, record_property):
    lines, points, _ = graded
    assert points == {"ada": 7, "ben": 3, "dov": 5, "eve": 6, "fay": 4, "gil": 0, "hal": 0}
    for line in lines.values():
        record_property("told", line)
    marks = {student: re.split(r"of 7 +| \(\d+ s\)", line)[1] for student, line in lines.items()}
    assert marks == {
        "ada": "✓✓✓✓",
        "ben": "✓○○✓",
        "dov": "✗✓○✓; a cell took too long and was stopped",
        "eve": "○✓✓✓",
        "fay": "✓✓✗✗; no answer from some",
        "gil": "✗○○○",
        "hal": "not graded: this is no notebook",
    }


@pytest.mark.slow
def test_a_hand_in_sees_nothing_of_the_class_and_no_network(graded):
    _, _, course = graded
    notebook = nbformat.read(course / "autograded" / "eve" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", 4)
    said = "".join(output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", []))
    assert f"FOUND {['FileNotFoundError'] * 4} ['handed_in.py'] []" in said
    assert "NETWORK no KEPT None" in said and "NOTHING WRITTEN" in said
    assert not (course / "mark.txt").exists() and (course / "gradebook.db").exists()


@pytest.mark.slow
def test_no_script_of_a_hand_in_reaches_the_page_that_a_teacher_opens(graded):
    _, _, course = graded
    told = (course / "autograded" / "ada" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").read_text(encoding="utf-8")
    assert "Hello" in told and "<script" not in told and "<img" not in told.split("Hello")[1].split('"')[0]


@pytest.mark.slow
def test_what_is_released_is_the_stub_without_solution_and_hidden_tests(graded):
    _, _, course = graded
    for name, cell in cells(course, "release").items():
        if name in EXERCISES:
            assert cell.source.rstrip() == EXERCISES[name][0].rstrip()
        else:
            assert cell.source.strip() == f"bu.check.{name[:-5]}({name[:-5]})"
            assert not cell.metadata.editable and not cell.metadata.deletable
