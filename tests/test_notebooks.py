"""The notebooks run from top to bottom, and what is committed of them is fit to be read."""

import base64
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
# What the text says and a cell must therefore have printed. A number that drifts fails here.
SAID = {
    "00_start_here": [
        "18,310,184 weights",
        "from the layers:    ReceptiveField(size=33, stride=8, offset=0)",
        "by gradient:        ReceptiveField(size=33, stride=8, offset=0)",
        "by flipping pixels: ReceptiveField(size=33, stride=8, offset=0)",
        "25 of 576 patches noticed",
    ],
    "01_bag_of_features": [
        "6 of 6 right",
        "(400, 225, 81)",
        "coat: 98 %",
        "the same bag of squares: True",
    ],
    "02_receptive_fields": [
        "49 of 225 pixels matter",
        "strides [1, 1, 1]: 7 px wide",
        "strides [2, 2, 1]: 15 px wide",
        "added by one more layer: [4, 8, 16, 16]",
        "BagNet-9: 27 x 27 patches; the last one ends at pixel 216 of 0..223",
        "window: you 17 px, paper 17 px",
        "BagNet-33: 33 px wide",
    ],
    "03_building_bagnet": [
        "ResNet-50:  windows of 427 px, one every 32 px",
        "and the smaller strides:  windows of 33 px, one every 8 px",
        "yours:     18,310,184 weights; windows of 33 px, one every 8 px",
    ],
}


def printed(notebook) -> str:
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "".join(output.text for output in outputs if output.output_type == "stream")


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request) -> Path:
    return request.param


def test_is_committed_as_it_should_be(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1)), "not run from top to bottom"
    outputs = [output for cell in code for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]
    assert "widgets" not in notebook.metadata
    assert notebook.metadata.kernelspec.name == "python3"
    assert path.stat().st_size < 1_500_000
    assert not re.search(r"(/root|/home|/work|/tmp|/Users|[A-Z]:\\)[/\\]?", printed(notebook)), "a path of one machine"
    assert nbformat.reads(nbformat.writes(notebook), 4).cells[0].source.startswith("# "), "opens with its question"


@pytest.mark.slow
def test_runs_from_top_to_bottom_and_says_what_its_text_says(path):
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(path.parent)}}).execute()
    for words in SAID[path.stem]:
        assert words in printed(notebook)


def test_the_readme_shows_the_notebooks_own_picture():
    notebook = nbformat.read(ROOT / "notebooks" / "00_start_here.ipynb", as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", []) if "data" in output]
    pictures = [base64.b64decode(output.data["image/png"]) for output in outputs if "image/png" in output.data]
    assert (ROOT / "docs" / "images" / "windows.png").read_bytes() == pictures[0]
