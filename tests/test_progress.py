"""What was solved and guessed is remembered beside the working copies, and nowhere else."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import bagnet_utils as bu
from bagnet_utils.progress import COPIES, place, record_check, record_guess

ROOT = Path(__file__).parents[1]


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setenv("BAGNET_PROGRESS", str(tmp_path / "progress.json"))
    return tmp_path / "progress.json"


def outcomes(number: int) -> dict[str, str]:
    return bu.progress().lessons[number].exercises


def test_checks_and_guesses_of_two_notebooks_are_remembered(file, capsys):
    bu.check.window(lambda *_: "nothing of the kind")
    record_check("verdict", "right")
    record_check("noticing", "not tried")
    guess = bu.guess("How many?", low=0, high=10, unit=" px")
    guess.check(7)  # not moved, so nothing was guessed
    assert not bu.progress().guesses
    guess.slider.value = 2
    guess.check(7)
    guess.slider.value = 7
    guess.check(7)  # now the truth is known
    table = bu.expect("Which?", rows=["a"], columns=["b", "c"])
    table.check({"a": {"b": True, "c": True}})
    table.boxes["a"]["b"].value = True
    table.check({"a": {"b": True, "c": False}})
    capsys.readouterr()
    assert (outcomes(0)["verdict"], outcomes(0)["noticing"], outcomes(2)["window"]) == ("right", "not tried", "wrong")
    shown = repr(bu.progress())
    total = sum(len(lesson.exercises) for lesson in bu.progress().lessons)
    assert f"1 of {total} done, 1 tried" in shown and "✓ verdict   ○ noticing" in shown and "✗ window" in shown
    assert "2 made, 1 of them close" in shown and shown.endswith("\n  How many? (you said 2 px, it is 7 px)")
    page = bu.progress()._repr_html_()
    assert '<a href="00_start_here.ipynb">0 ·' in page and "<li>How many? (you said 2 px, it is 7 px)</li>" in page


def test_every_exercise_of_the_course_is_listed():
    listed = [name for lesson in bu.progress().lessons for name in lesson.exercises]
    assert set(listed) <= set(vars(bu.check)) and len(listed) == len(set(listed)) > 30


def test_once_right_stays_right(file):
    for outcome in ("wrong", "right", "wrong", "not tried"):
        record_check("verdict", outcome)
    assert outcomes(0)["verdict"] == "right"
    with pytest.raises(bu.BadInput, match=r"the outcome is 'good'; say one of right, wrong, not tried"):
        record_check("verdict", "good")


def test_only_working_copies_remember(monkeypatch, tmp_path):
    monkeypatch.delenv("BAGNET_PROGRESS", raising=False)
    for folder in (tmp_path, ROOT, ROOT / "notebooks"):
        monkeypatch.chdir(folder)
        assert place() is None
        record_check("verdict", "right")
        assert "Only working copies remember" in repr(bu.progress()) and outcomes(0)["verdict"] == "not tried"
    monkeypatch.setattr("os.getcwd", lambda: str(COPIES / "deeper"))
    assert place() == COPIES / "progress.json"


BROKEN = [
    "",
    "{",
    "[]",
    '{"checks": {"a": 3}, "guesses": {}}',
    '{"checks": {}, "guesses": {"a": {"guess": 1}}}',
    "[" * 9999,
]


@pytest.mark.parametrize("content", [*map(str.encode, BROKEN), b"\xff\xfe"], ids=range(len(BROKEN) + 1))
def test_a_damaged_file_is_put_aside(file, content):
    file.write_bytes(content)
    record_check("verdict", "right")
    assert outcomes(0)["verdict"] == "right"
    assert file.with_name("progress.damaged.json").read_bytes() == content
    assert not list(file.parent.glob(f".{file.name}*"))


def test_where_nothing_can_be_written_the_lesson_goes_on(file, monkeypatch):
    record_check("verdict", "right")
    before = file.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(PermissionError("no")))
        record_check("noticing", "right")
    assert file.read_bytes() == before
    monkeypatch.setenv("BAGNET_PROGRESS", str(file.parent / "nowhere" / "progress.json"))
    record_guess("How many?", 1, 2)
    assert bu.progress().guesses == {}
    file.unlink()
    file.mkdir()  # in its place
    monkeypatch.setenv("BAGNET_PROGRESS", str(file))
    record_check("verdict", "right")
    assert outcomes(0)["verdict"] == "not tried"


def test_notebooks_that_write_at_the_same_time_lose_nothing(file):
    code = "import sys, bagnet_utils.progress\nfrom bagnet_utils.progress import record_guess\n"
    code += "for number in range(50):\n    record_guess(f'{sys.argv[1]} {number}', 1, 2)"
    running = [subprocess.Popen([sys.executable, "-c", code, str(name)], cwd=ROOT) for name in range(4)]
    assert [process.wait(60) for process in running] == [0] * 4
    assert len(json.loads(file.read_text())["guesses"]) == 200
