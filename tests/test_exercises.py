"""For every exercise: its solution passes, its stub is "not tried yet", wrong answers differ, nothing raises."""

import contextlib
import re
import sys
from fractions import Fraction
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch

import bagnet_utils as bu
from bagnet_utils.exercises import CHECKS, guarding
from bagnet_utils.exercises.judging import NotTried, Wrong, exercise, table

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
CALL = re.compile(r"bu\.check\.(\w+)\((\w+)\)")


def exercises() -> dict[str, tuple[str, str]]:
    """Name of each check -> the stub cell before it and the solution after it, as the notebooks have them."""
    found = {}
    for path in NOTEBOOKS:
        cells = nbformat.read(path, as_version=4).cells
        for i, cell in enumerate(cells):
            if cell.cell_type == "code" and (call := CALL.search(cell.source)):
                block = cells[i + 1].source
                solution = re.search(r"<summary>Solution</summary>\s*```python\n(.*?)```", block, re.DOTALL)
                assert solution and "<summary>A nudge</summary>" in block, f"{path.name}: {call[1]} lacks its blocks"
                found[call[1]] = (cells[i - 1].source, solution[1], call[2])
    return found


EXERCISES = exercises()


def verdict(capsys, name: str, answer) -> str:
    capsys.readouterr()
    CHECKS[name](answer)
    said = capsys.readouterr().out
    assert said.count("\n") == 1 and len(said) < 400
    assert "cannot be judged" not in said  # what the wrapper says when a judge has crashed
    return said


def evaluated(source: str, name: str):
    space = {"torch": torch, "F": torch.nn.functional, "np": np, "bu": bu}
    exec(source, space)
    return space[name]


def test_every_check_is_used_and_every_exercise_has_its_check():
    assert set(EXERCISES) == set(CHECKS)


@pytest.mark.parametrize("name", CHECKS)
def test_the_solution_passes_and_the_stub_is_not_tried(capsys, name):
    stub, solution, variable = EXERCISES[name]
    assert verdict(capsys, name, evaluated(solution, variable)).startswith("✓ Right")
    assert verdict(capsys, name, evaluated(stub, variable)).startswith("○ Not tried yet")
    assert verdict(capsys, name, None).startswith("○ Not tried yet")


def broken(*_):
    raise ZeroDivisionError("division by zero")


def leaves(*_):
    raise SystemExit


class Long:
    """It has a length, and nothing inside."""

    def __len__(self) -> int:
        return 3


RUBBISH = [
    "a string",
    3,
    float("nan"),
    [],
    (),
    {},
    object(),
    torch.zeros(2, 3),
    torch.full((1,), torch.nan),
    np.zeros(3),
    broken,
    leaves,
    lambda: 1,
    lambda *_: "a string",
    lambda *_: float("nan"),
    lambda *_: torch.full((2, 3, 5, 7), torch.nan),
    lambda *_: [],
    lambda *_: np.zeros((2, 2)),
    lambda *_: object(),
    lambda *given: given,
    int,
]
ODD = [
    *[10**5000, float("inf"), -1, True, 1j, b"bytes", range(3), Long(), {1, 2}, {"a": None}, [None], [[1, 2], [3]]],
    *[("a", "b", "c"), [1, "a"], [torch.zeros(2), torch.zeros(3)], np.array(3), np.array(["a"]), np.array([object()])],
    *[torch.tensor(3), torch.zeros(0), torch.ones(2, 2, dtype=torch.bool), torch.ones(2, dtype=torch.complex64)],
    *[torch.zeros(2).to_sparse(), torch.ones(3, requires_grad=True), torch.nn.Flatten(), iter([1, 2])],
]
RETURNED = [*ODD, *[(one, one) for one in ODD], *[[one] * 3 for one in ODD]]


@pytest.mark.parametrize("name", CHECKS)
def test_no_check_ever_raises(capsys, name):
    for answer in RUBBISH:
        assert verdict(capsys, name, answer)[0] in "✗○"


@pytest.mark.parametrize("name", CHECKS)
def test_no_judge_crashes_behind_its_check(name):
    """A check turns a judge's own bug into "cannot be judged", so here the judges are asked without it."""
    for answer in (*RUBBISH, *RETURNED, *[lambda *_, one=one: one for one in RETURNED]):
        with torch.random.fork_rng(devices=[]), torch.no_grad(), contextlib.suppress(Wrong, NotTried):
            assert isinstance(CHECKS[name].__wrapped__(answer), str)


def test_a_crashed_judge_is_no_traceback_for_learners_and_no_secret(capsys):
    exercise(lambda answer: 1 / 0)(3)
    assert "✗ Not yet. What you gave cannot be judged (ZeroDivisionError)" in capsys.readouterr().out


@pytest.mark.parametrize("name", CHECKS)
def test_wrong_answers_each_get_their_own_sentence(capsys, name):
    sentences = []
    for answer, sentence in CHECKS[name].wrong:
        said = verdict(capsys, name, answer)
        pattern = re.sub(r"\\{\w+\\}", ".*", re.escape(sentence))
        assert said.startswith("✗ Not yet") and re.search(pattern, said), said
        sentences.append(said)
    assert len(set(sentences)) >= 3


SUM = table(
    "The sum of a row: function(numbers).",
    right=sum,
    draw=lambda random: (random.normal(size=5).tolist(),),
    wrong=[(max, "the largest of {0}")],
    praise="Yes.",
    otherwise="For {0} it is not {answer}.",
)


def told(capsys, answer) -> str:
    capsys.readouterr()
    SUM(answer)
    return capsys.readouterr().out


def test_a_table_asks_many_cases_and_knows_a_mistake_by_its_answers(capsys):
    assert told(capsys, lambda row: sum(row)) == "✓ Right. Yes.\n"
    assert told(capsys, lambda row: Fraction(sum(row))).startswith("✓") and told(capsys, np.sum).startswith("✓")
    assert "the largest of" in told(capsys, max)
    assert "it is not" in told(capsys, lambda row: abs(sum(row)))  # right on half of the cases


def test_what_a_function_remembers_is_noticed(capsys):
    kept = []

    def remembers(row):
        kept.append(sum(row))
        return kept[-1] + (len(kept) == 41)  # the last time it is asked, it is asked what it was asked first

    assert "gives two answers" in told(capsys, remembers)
    assert "it is not" in told(capsys, lambda row, first=kept: first[0])


def test_a_forgotten_return_is_said_and_a_stub_is_not_tried(capsys):
    def forgets(row):
        sum(row)

    def stub(row):
        """Its task."""
        ...  # noqa: PIE790

    assert "returns nothing" in told(capsys, forgets) and told(capsys, stub).startswith("○")


def test_a_function_that_does_not_end_or_fills_the_memory_is_stopped(capsys, monkeypatch):
    monkeypatch.setattr(guarding, "SECONDS", 0.2)

    def endless(row):
        while True:
            with contextlib.suppress(Exception):
                sum(row)

    assert "takes more than" in told(capsys, endless)
    monkeypatch.setattr(guarding, "SECONDS", 10)
    if sys.platform == "linux":
        assert "GB of memory" in told(capsys, lambda row: torch.ones(10**10).sum())
        assert "GB of memory" in told(capsys, lambda row: bytearray(10**10))

    def interrupted(row):
        raise KeyboardInterrupt

    assert told(capsys, interrupted) == "✗ Not yet. You stopped the check. Does a loop of yours come to its end?\n"


def test_what_a_function_changes_is_put_back(capsys):
    def meddles(row):
        torch.set_default_dtype(torch.float64)
        torch.set_num_threads(1)
        np.random.seed(len(row))  # noqa: NPY002
        torch.manual_seed(0)
        return sum(row)

    seeds, threads = torch.get_rng_state(), torch.get_num_threads()
    assert told(capsys, meddles).startswith("✓")
    assert torch.get_default_dtype() == torch.float32 and torch.get_num_threads() == threads
    assert torch.equal(torch.get_rng_state(), seeds)
    torch.set_default_dtype(torch.float64)
    try:
        assert told(capsys, sum).startswith("✓") and torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)


def test_only_the_first_line_of_an_error_is_shown(capsys):
    def breaks(row):
        raise RuntimeError("sizes differ\nException raised from ...")

    assert "stops with RuntimeError: sizes differ\n" in told(capsys, breaks)
