"""course.py lab: a learner works in copies. What was edited stays, what was not follows the course."""

import os
import re
from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter
from small_course import ROOT, course, take_the_tests_environment

from bagnet_utils.notebooks import bring_copies_up_to_date, run

NAME, BESIDE = "05_heatmaps.ipynb", "05_heatmaps (new edition).ipynb"


def publish(folder: Path, *sources: str, name: str = NAME) -> None:
    """A new edition of the course: a text, and code with its outputs."""
    output = nbformat.v4.new_output("stream", text="the answer\n")
    code = [nbformat.v4.new_code_cell(source, execution_count=1, outputs=[output]) for source in sources]
    code[0].id, code[0].metadata["alt"] = "first-code", "a picture"
    (folder / "notebooks").mkdir(exist_ok=True)
    nbformat.write(
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# 5"), *code]), folder / f"notebooks/{name}"
    )


def sources(path: Path) -> list[str]:
    return [cell.source for cell in nbformat.read(path, as_version=4).cells]


def save(path: Path, change) -> None:
    """Change a copy as JupyterLab does when it saves."""
    notebook = nbformat.read(path, as_version=4)
    change(notebook)
    nbformat.write(notebook, path)


def ran(notebook) -> None:
    """Run and looked at, nothing typed: outputs, widgets, folded cells, and the empty cell that comes at the end."""
    cell = notebook.cells[1]
    cell.execution_count, cell.outputs = 7, [nbformat.v4.new_output("stream", text="42\n")]
    notebook.metadata.widgets, cell.metadata.collapsed = {"state": {}}, True
    notebook.cells.append(nbformat.v4.new_code_cell(""))


def typed(notebook) -> None:
    notebook.cells[1].source += "\nmy_answer = 3"


@pytest.fixture
def lab(module, capsys):
    """Bring the copies up to date; what was said, without the line that always comes."""
    publish(module.ROOT, "first")

    def lab() -> list[str]:
        bring_copies_up_to_date(module.NOTEBOOKS, module.COPIES)
        *said, where = capsys.readouterr().out.splitlines()
        assert where.startswith(f"Your working copies are in {module.COPIES};")
        assert not [path for path in module.COPIES.iterdir() if path.name.startswith(f".{NAME[:2]}")]
        return said

    assert lab() == []
    return lab


@pytest.fixture
def copies(module):
    return module.COPIES


def test_a_copy_shows_no_answers_and_keeps_what_the_cells_are(lab, module, copies):
    copy, original = (nbformat.read(home / NAME, as_version=4) for home in (copies, module.ROOT / "notebooks"))
    nbformat.validate(copy)
    assert copy.cells[1].outputs == [] and copy.cells[1].execution_count is None
    assert copy.cells[1].metadata.alt == "a picture" and original.cells[1].outputs[0].text == "the answer\n"
    assert [cell.id for cell in copy.cells] == [cell.id for cell in original.cells]


def test_what_was_not_edited_follows_and_what_was_edited_stays(lab, module, copies):
    publish(module.ROOT, "first", name="06_other.ipynb")
    lab()
    save(copies / NAME, typed)
    save(copies / "06_other.ipynb", ran)
    before = {path: path.read_bytes() for path in copies.iterdir()}
    assert lab() == [] and before == {path: path.read_bytes() for path in copies.iterdir()}
    for name in (NAME, "06_other.ipynb"):
        publish(module.ROOT, "second", name=name)
    stays, follows = lab()
    assert stays.startswith(NAME) and "beside it: " + BESIDE in stays
    assert follows.startswith("06_other.ipynb") and "replaced" in follows
    assert (copies / NAME).read_bytes() == before[copies / NAME]
    assert sources(copies / BESIDE) == sources(copies / "06_other.ipynb") == ["# 5", "second"]
    now = {path.name: path.read_bytes() for path in copies.iterdir()}
    assert lab() == [] and now == {path.name: path.read_bytes() for path in copies.iterdir()}  # nothing twice
    publish(module.ROOT, "third")
    assert BESIDE in lab()[0] and sources(copies / BESIDE)[1] == "third"  # nobody had edited that one
    save(copies / BESIDE, typed)
    publish(module.ROOT, "fourth")
    assert "05_heatmaps (new edition 2).ipynb" in lab()[0] and lab() == []
    publish(module.ROOT, "first")  # the course goes back
    assert lab() == []


@pytest.mark.parametrize(
    "edit",
    [
        typed,
        lambda notebook: notebook.cells.append(nbformat.v4.new_markdown_cell("a note")),
        lambda notebook: notebook.cells.pop(),
        lambda notebook: notebook.cells.reverse(),
        lambda notebook: notebook.cells[1].update(cell_type="raw"),
        lambda notebook: notebook.metadata.pop("course_edition") and typed(notebook),
        lambda notebook: notebook.metadata.update(course_edition=[3]),
    ],
    ids=["typed", "added", "removed", "moved", "another kind", "mark lost", "mark damaged"],
)
def test_every_kind_of_edit_is_kept(lab, module, copies, edit):
    save(copies / NAME, edit)
    mine = (copies / NAME).read_bytes()
    publish(module.ROOT, "second")
    assert len(lab()) == 1 and (copies / NAME).read_bytes() == mine and sources(copies / BESIDE)[1] == "second"


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"cells": 3}', b"\xff\xfe", b'{"cells": [{}], "metadata": {}}']
)
def test_a_damaged_copy_is_the_learners_and_a_deleted_one_is_made_anew(lab, copies, content):
    (copies / NAME).write_bytes(content)
    assert BESIDE in lab()[0] and lab() == []
    assert (copies / NAME).read_bytes() == content and sources(copies / BESIDE) == ["# 5", "first"]
    (copies / NAME).unlink()
    assert lab() == [] and sources(copies / NAME) == ["# 5", "first"]


def test_a_damaged_notebook_of_the_course_changes_no_copy(lab, module, copies):
    before = (copies / NAME).read_bytes()
    (module.ROOT / "notebooks" / NAME).write_text("<<<<<<< ours")
    (said,) = lab()
    assert "damaged" in said and "git checkout" in said and (copies / NAME).read_bytes() == before


def test_an_interrupted_update_leaves_the_copy_as_it_was(lab, module, copies, monkeypatch):
    before = (copies / NAME).read_bytes()
    publish(module.ROOT, "second")

    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        lab()
    assert (copies / NAME).read_bytes() == before and [path.name for path in copies.iterdir()] == [NAME]


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_what_a_notebook_names_beside_its_folder_is_there_for_a_copy_too(path):
    assert "my_course/" in (ROOT / ".gitignore").read_text().split()
    for target in re.findall(r"\.\./[\w./]+\w", "\n".join(sources(path))):
        assert Path(os.path.normpath(ROOT / "my_course" / target)).exists(), target


def test_run_writes_a_pictures_words_where_pages_look_for_them(tmp_path):
    picture = 'from IPython.display import display\n\ndisplay({"image/png": "iVBORw0KGgo="}, raw=True)'
    cells = [nbformat.v4.new_code_cell(picture, metadata=metadata) for metadata in ({"alt": "six owls"}, {})]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "one.ipynb")
    assert run(tmp_path / "one.ipynb") == 0
    done = nbformat.read(tmp_path / "one.ipynb", as_version=4)
    assert [cell.outputs[0].metadata for cell in done.cells] == [{"image/png": {"alt": "six owls"}}, {}]
    done.cells[0].metadata.clear()  # the picture itself carries its words
    page = HTMLExporter(template_name="classic").from_notebook_node(done)[0]  # the template "lab" shows no such words
    assert page.count('alt="six owls"') == 1


def test_progress_is_printed_by_course_py(module, folder):
    (folder / "bagnet_utils").mkdir()
    for name in ("__init__.py", "errors.py", "files.py", "progress.py"):
        (folder / "bagnet_utils" / name).write_bytes((ROOT / "bagnet_utils" / name).read_bytes())
    take_the_tests_environment(module)
    publish(folder, "bu.check.window(window)")
    (folder / "my_course").mkdir()
    (folder / "my_course" / "progress.json").write_text('{"checks": {"window": "right"}, "guesses": {}}')
    code, output = course(folder, "progress", "--here")
    assert code == 0 and "Exercises: 1 of 1 done" in output and "✓ window" in output
