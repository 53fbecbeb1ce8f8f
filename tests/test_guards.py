"""Figures in prose: what counts as one, and that a wrong one, a changed one and an unguarded one are found."""

import nbformat
import numpy as np
import pytest
from guards import answers, count, covered, figures, missing_keys, needs_a_kernel, problem_with, run, saved

SOURCE = """## Of 715 photographs, 50 %
BagNet-17 is right on **73.6 %**, 5 to 11 points more, and 12 of the 196 patches say so (`0.5`, [9 %](https://a.b/1.5)).
In section 3.2 there are 33 px and 1,000 kinds; it falls by \N{MINUS SIGN}1.25
logits.
> It takes 22
> times as long.

| Minutes | 50 % |

<details><summary>Solution</summary>

7.5 %

</details>"""


def test_which_numbers_count_as_figures():
    found = [SOURCE[start:end] for start, end in figures(SOURCE)]
    assert found == ["73.6", "5", "11", "12", "196", "\N{MINUS SIGN}1.25", "22"]


@pytest.mark.parametrize(
    "key, given, fits",
    [
        ("7.9 %", ["7.9 %"], True),
        ("7.9 %", ["8.0 %"], False),
        ("7.9 %", [7.94], True),
        ("7.9 %", [7.97], False),
        ("12 to 15 logits", [11.6, 15.4], True),
        ("12 to 15 logits", [11.6, 15.7], False),
        ("12 to 15 logits", [12.0], False),
        ("\N{MINUS SIGN}1.25", [-1.25], True),
        ("\N{MINUS SIGN}1.25", [1.25], False),
        ("18,310,184 weights", [18310184.0], True),
        ("BagNet-17 takes 3-4 s", [3.0, 4.0], True),
        ("below 2e-5", [1.3e-5], False),
        ("Two of the twelve", [2.0, 12.0], True),
        ("Two of the twelve", [3.0, 12.0], False),
        ("more than half", [True], True),
        ("more than half", [True, False], False),
        ("half", [], False),
        ("half", {"error": "NameError"}, False),
    ],
)
def test_text_and_value_are_compared_to_the_precision_of_the_text(key, given, fits):
    assert (problem_with(key, given) is None) == fits


def test_a_figure_is_guarded_only_by_a_key_that_holds_it():
    cell = nbformat.v4.new_markdown_cell("Of these, 87.6 % and 9 % and\n7 % and 2.5.")
    cell.metadata.update(numbers={"9 % and 7 %": "[9, 7]"}, quoted=["7.6", "2.5"])
    counted = {kind: [one.split()[0] for one in told] for kind, told in covered(cell).items()}
    assert counted == {"measured": ["9", "7"], "quoted": ["2.5"], "bare": ["87.6"]}
    assert missing_keys(nbformat.v4.new_notebook(cells=[cell])) == ["cell 0: '7.6' does not stand in the text"]


def test_expressions_see_variables_and_what_was_printed_and_leave_nothing_behind():
    variables = {"share": np.float32(0.25)}
    asked = {"a": "share", "b": "printed(r'^zebra (\\S+)')", "c": "[(y := x) for x in printed_all(r'(\\d+) %')]"}
    asked |= {"d": "printed('owl (.)')", "e": "np.array([[1, 2]]) > 0", "f": "torch.tensor([1.5])"}
    given = answers(variables, asked, "a dog\nzebra 1,234\n5 % 6 %\n")
    assert '"a": [0.25], "b": [1234.0], "c": [5.0, 6.0], "d": {"error": "ValueError: no cell' in given
    assert '"e": [true, true], "f": [1.5]' in given
    assert set(variables) == {"share"}
    assert not needs_a_kernel("[x / 2 for x in printed_all('a')]") and needs_a_kernel("share + printed('a')")


def notebook(numbers: dict[str, str]):
    cells = [
        nbformat.v4.new_code_cell("share = 0.079\nprint('share', share)"),
        nbformat.v4.new_markdown_cell("A share of 7.9 %.", metadata={"numbers": numbers}),
        nbformat.v4.new_code_cell("share = 1; 'key' in dir(), 'guards' in dir()"),
    ]
    return nbformat.v4.new_notebook(cells=cells)


def test_figures_are_asked_for_when_the_run_comes_to_them(tmp_path):
    expressions = {"7.9 %": "f'{100 * share:.1f} %'", "7.9": "100 * printed('share (.*)')", "A share": "share > 0.5"}
    done = notebook(expressions)
    right, also, wrong = run(done, "tiny", tmp_path)
    assert right.problem is None and also.problem is None and not count(done)["bare"]
    assert str(wrong) == "[tiny:1] 'A share': share > 0.5 gives False, but True is wanted"
    assert done.cells[2].outputs[0].data["text/plain"] == "(False, False)"
    assert [cell.get("execution_count") for cell in done.cells] == [1, None, 2]
    assert [verdict.key for verdict in saved(done, "tiny")] == ["7.9"]
    done.cells[1].source = "A share of 8.1 %."
    assert len(missing_keys(done)) == 2 and len(count(done)["bare"]) == 1
