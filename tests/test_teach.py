"""The teacher's edition: students' copies hold no solution, solutions are right, answers and plans name what exists."""

import ast
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

for package in ("latex2mathml", "markdown_it", "mdit_py_plugins", "sphinx_revealjs"):
    pytest.importorskip(package)

ROOT = Path(__file__).parents[1]
TEACH = ROOT / "docs" / "teach"
sys.path[:0] = [str(TEACH)] * (str(TEACH) not in sys.path)

import answers  # noqa: E402
import editions  # noqa: E402
import lessons  # noqa: E402
import mistakes  # noqa: E402
import pages  # noqa: E402
import reading  # noqa: E402

from bagnet_utils.exercises import CHECKS  # noqa: E402

place = importlib.util.spec_from_file_location("teach_build", TEACH / "build.py")  # docs/site has a build.py as well
build = importlib.util.module_from_spec(place)
place.loader.exec_module(build)

PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))
EXERCISES = [section.exercise for notebook in reading.notebooks() for section in notebook.sections if section.exercise]


def bare(code: str) -> str:
    """Code without signature and layout: what of a solution must be nowhere."""
    body = code.split(":\n", 1)[-1] if code.startswith("def ") else code
    return re.sub(r"\s+", "", body)


def test_every_exercise_is_found_once_with_its_stub_its_solution_and_its_task():
    assert sorted(one.name for one in EXERCISES) == sorted(CHECKS)
    for one in EXERCISES:
        assert one.variable in editions.names(one.stub) & editions.names(one.solution)
        assert "..." in one.stub and one.nudge and "<details>" not in one.task


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_students_notebook_holds_no_solution_anywhere_and_all_the_rest(path):
    before, made = reading.load(path), editions.students_edition(reading.load(path))
    everything = re.sub(r"\s+", "", json.dumps(made, ensure_ascii=False).replace(r"\n", "\n").replace(r"\"", '"'))
    for section in reading.notebook(path).sections:
        if section.exercise:
            assert bare(section.exercise.solution) not in everything
            assert re.sub(r"\s+", "", section.exercise.nudge) in everything
    assert "<summary>Solution" not in everything.replace(" ", "")
    assert editions.HELP.split("`")[1] == "python3 course.py doctor" and made["cells"][1]["source"] == editions.HELP
    rest = [cell for cell in made["cells"] if cell["id"] != "where-to-ask"]
    assert [cell["id"] for cell in rest] == [cell["id"] for cell in before["cells"]]
    for old, new in zip(before["cells"], rest, strict=True):
        assert not new.get("outputs") and not new.get("attachments") and new["metadata"] == {}
        if old["cell_type"] == "code":
            assert "".join(old["source"]) == "".join(new["source"])


def test_a_solution_takes_the_stubs_place_and_nothing_else():
    stub = "ways = {1: 2}\n\n\ndef f(x):\n    ...  # your code\n\n\nlast = 3"
    assert (
        editions.solved(stub, "def f(x):\n    return x\n").split()
        == stub.replace("...  # your code", "return x").split()
    )


def solved_checks(path: Path) -> list[str]:
    """What the checks of a solutions' notebook print; all code in it must be Python."""
    old, new = reading.load(path), editions.solutions_edition(reading.load(path))
    said = []
    for before, cell in zip(old["cells"], new["cells"], strict=True):
        if cell["cell_type"] == "code":
            ast.parse("".join(cell["source"]))
            text = "".join("".join(output.get("text", "")) for output in cell["outputs"])
            if reading.CHECK.search("".join(cell["source"])):
                said.append(text)
            elif before["source"] == cell["source"]:
                assert before["outputs"] == cell["outputs"]
        else:
            assert "<summary>Solution" not in "".join(cell["source"])
    return said


def test_the_checks_of_a_solutions_notebook_say_right_and_other_outputs_stay():
    said = solved_checks(ROOT / "notebooks" / "02_receptive_fields.ipynb")
    assert len(said) == 4 and all(one.startswith("✓ Right.") for one in said)


@pytest.mark.slow
def test_the_checks_of_all_solutions_notebooks_say_right():
    said = [one for path in PATHS for one in solved_checks(path)]
    assert len(said) == len(CHECKS) and all(one.startswith("✓ Right.") for one in said)


@pytest.mark.parametrize("name", CHECKS)
def test_every_known_wrong_answer_is_shown_as_source(name):
    sources = mistakes.written(name, mistakes.home(name))
    assert len(sources) == len(CHECKS[name].wrong)
    assert all(text.strip() and " object at 0x" not in text for text in sources)


def test_a_wrong_answer_stands_beside_the_sentence_that_it_is_really_told():
    told = dict(mistakes.mistakes("kernel3_for_25"))
    assert told["(1, 1, 1, 1)"] == "This makes patches of 33 px: too large."  # the table has a part of it only
    for (source, sentence), (answer, _) in zip(mistakes.mistakes("grid"), CHECKS["grid"].wrong, strict=True):
        assert source.startswith("lambda side, patch, stride:") and sentence in mistakes.asked("grid", answer)


def test_asking_a_check_leaves_no_trace_in_anybodys_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("BAGNET_PROGRESS", str(tmp_path / "progress.json"))
    mistakes.asked("grid", lambda *_: 1)
    assert not list(tmp_path.iterdir())


def test_every_guess_has_what_was_measured_and_every_wrong_idea_its_notebook():
    asked = [guess for notebook in reading.notebooks() for cell in notebook.guesses.values() for guess in cell]
    live = [json.loads(path.read_text(encoding="utf-8")) for path in (ROOT / "docs" / "live").glob("*.json")]
    kinds = [one["kind"] for file in live for cell in file.values() for one in cell]
    assert len(asked) == kinds.count("guess") + kinds.count("expect") and all(guess.truth for guess in asked)
    ideas = answers.ideas()
    assert {int(one[0]) for some in ideas.values() for one in some} == set(range(1, 21))
    slides = {notebook.name: {pages.slug(one.title) for one in notebook.sections} for notebook in reading.notebooks()}
    for some in ideas.values():
        for name, section in re.findall(r"slides/(\w+)\.html#/([^)]+)\)", "".join(one[3] for one in some)):
            assert section in slides[name]


def test_the_lessons_lead_to_the_slides_of_their_sections(tmp_path):
    lessons.write(tmp_path / "lessons")
    text = (tmp_path / "lessons" / "lesson_plan.html").read_text(encoding="utf-8")
    links = re.findall(r'href="\.\./slides/(\w+)\.html#/([^"]+)">(.*?)</a>', text)
    assert len(links) > 70
    titles = {(notebook.name, pages.slug(one.title)) for notebook in reading.notebooks() for one in notebook.sections}
    assert not [link for link in links if link[:2] not in titles]
    assert "Twenty points" in (tmp_path / "lessons" / "rubric.html").read_text(encoding="utf-8")
    for page in (tmp_path / "lessons").glob("*.html"):
        for link in re.findall(r'href="(?!https?:|#|mailto:|\.\./)([^"#]+)', page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), (page.name, link)


def teach(*words) -> subprocess.CompletedProcess:
    command = [sys.executable, str(TEACH / "build.py"), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=ROOT)


def test_a_folder_of_others_is_refused_in_one_line_and_left_as_it_is(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    file = tmp_path / "mine.txt"
    for folder in (tmp_path, ROOT, ROOT / "docs", ROOT / "docs" / "teach" / "new", ROOT / "notebooks", file):
        before = sorted(folder.iterdir()) if folder.is_dir() else folder.exists()
        with pytest.raises(build.Refused) as told:
            build.claim(folder)
        assert "\n" not in str(told.value) and str(folder) in str(told.value)
        assert before == (sorted(folder.iterdir()) if folder.is_dir() else folder.exists())
    build.claim(tmp_path / "new")
    (tmp_path / "new" / "older.html").touch()
    build.claim(tmp_path / "new")  # once more: it was made here


def test_a_refusal_comes_at_once_and_in_one_line(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    made = teach(tmp_path)
    assert made.returncode and made.stderr.count("\n") == 1 and "was not made by" in made.stderr


@pytest.mark.slow
def test_the_whole_edition_is_made_and_its_pages_lead_to_files_that_are_there(tmp_path):
    made = teach(tmp_path / "edition")
    assert made.returncode == 0, made.stderr
    for name in ("students", "solutions", "answers", "lessons", "slides", "quiz", "nbgrader", "index.html"):
        assert f" s] {name}" in made.stdout and (tmp_path / "edition" / name).exists()
    pages_made = [*(tmp_path / "edition").glob("*.html"), *(tmp_path / "edition").glob("[al]*/*.html")]
    for page in pages_made:
        text = page.read_text(encoding="utf-8")
        assert not re.search(r'(src|<link[^>]*href)="https?:', text)
        for link in re.findall(r'href="(?!https?:|#|mailto:)([^"#]+)', text):
            assert (page.parent / link).exists(), (page.name, link)
    assert len(list((tmp_path / "edition" / "answers").glob("*.md"))) == len(PATHS)
