"""Colab, Binder, Codespaces, Docker: what can be checked of them on any machine. docs/machines.md says what cannot."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from types import ModuleType

import pytest
from test_workflows import ROOT, told, verbs, workflow

from bagnet_utils import notebooks
from bagnet_utils.errors import BadInput

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TORCH_INDEX = "https://download.pytorch.org/whl/cpu"


def cells(path: Path) -> list[dict]:
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def on_colab(path: Path = NOTEBOOKS[0]) -> str:
    return "".join(next(cell for cell in cells(path) if cell["id"] == notebooks.ON_COLAB)["source"])


# ---------------------------------------------------------------- Colab


def test_every_notebook_has_the_same_cell_for_colab_folded_after_its_title(capsys):
    for path in NOTEBOOKS:
        title, cell = cells(path)[:2]
        assert title["cell_type"] == "markdown" and cell["id"] == notebooks.ON_COLAB and not cell["outputs"]
        assert cell["metadata"] == {"cellView": "form", "jupyter": {"source_hidden": True}, "tags": ["remove-cell"]}
    assert len({on_colab(path) for path in NOTEBOOKS}) == 1
    space, here = {}, os.getcwd()
    exec(on_colab(), space)
    assert space.keys() == {"__builtins__", "sys", "REPOSITORY"} and capsys.readouterr().out == ""
    assert os.getcwd() == here


def test_on_colab_a_course_without_an_address_asks_for_it_in_one_line(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "google.colab", ModuleType("google.colab"))
    exec(re.sub('REPOSITORY = ".*?"', 'REPOSITORY = ""', on_colab()), {})
    said = capsys.readouterr().out
    assert said.count("\n") == 1 and "Write OWNER/NAME" in said


COLAB = "def enable_custom_widget_manager(): print('widgets are on')"
LOOK = """
import os, bagnet_utils
print(os.getcwd(), bagnet_utils.__file__, sorted(os.listdir()), sep='|')
"""


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("git"), reason="needs git")
def test_on_colab_it_fetches_the_course_and_what_that_needs(tmp_path):
    """A stand-in for Colab, and a repository of this machine where the one at GitHub would be."""
    colab, origin, content = tmp_path / "stand-in/google/colab", tmp_path / "someone/course", tmp_path / "content"
    colab.mkdir(parents=True)
    content.mkdir()
    (colab / "__init__.py").touch()
    (colab / "output.py").write_text(COLAB)
    shutil.copytree(ROOT / "bagnet_utils", origin / "bagnet_utils", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("course.py", "pyproject.toml", f"notebooks/{NOTEBOOKS[0].name}"):
        (origin / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, origin / name)
    notebooks.set_address("someone/course", origin / "notebooks")
    me = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    for words in (["init", "--quiet"], ["add", "."], [*me, "commit", "--quiet", "--message", "a course"]):
        subprocess.run(["git", *words], cwd=origin, check=True)
    cell = on_colab(origin / "notebooks" / NOTEBOOKS[0].name)
    instead = {"KEY_0": f"url.{tmp_path.as_uri()}/.insteadOf", "VALUE_0": "https://github.com/", "COUNT": "1"}
    environment = {**os.environ, **{f"GIT_CONFIG_{name}": value for name, value in instead.items()}}
    environment |= {"PYTHONPATH": str(tmp_path / "stand-in"), "PIP_NO_INDEX": "1"}  # nothing is to be installed here
    code = f"import google.colab\n{cell}\n{LOOK}{cell}\n{LOOK}"  # who runs it twice gets the same again
    done = subprocess.run([sys.executable, "-c", code], cwd=content, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    course = content.resolve() / "bagnet-course"
    look = f"{course / 'notebooks'}|{course / 'bagnet_utils' / '__init__.py'}|['{NOTEBOOKS[0].name}']"
    assert done.stdout.splitlines() == ["widgets are on", "The course is here. Run on.", look] * 2


def test_the_address_is_set_in_all_notebooks_and_nothing_else_changes(tmp_path, capsys):
    for path in NOTEBOOKS[:2]:
        shutil.copy(path, tmp_path)
    assert notebooks.main("address", "someone/bagnet.course", str(tmp_path)) == 0
    for path in NOTEBOOKS[:2]:
        before, after = (home.read_text(encoding="utf-8") for home in (path, tmp_path / path.name))
        assert 'REPOSITORY = "someone/bagnet.course"' in on_colab(tmp_path / path.name)
        assert re.sub(r'REPOSITORY = \\"[^"]*"', 'REPOSITORY = \\\\""', after) == re.sub(
            r'REPOSITORY = \\"[^"]*"', 'REPOSITORY = \\\\""', before
        )
    for bad in ("course", "a/b/c", "https://github.com/a/b", 'a/b"; import os  #', ""):
        assert notebooks.main("address", bad, str(tmp_path)) == 2
        assert "OWNER/NAME" in capsys.readouterr().err
    with pytest.raises(BadInput):
        notebooks.set_address("a\n/b", tmp_path)


def test_working_copies_are_without_it_and_do_not_follow_when_it_changes(tmp_path):
    (tmp_path / "course").mkdir()
    shutil.copy(NOTEBOOKS[0], tmp_path / "course")
    notebooks.bring_copies_up_to_date(tmp_path / "course", tmp_path / "copies")
    copy = tmp_path / "copies" / NOTEBOOKS[0].name
    assert [cell["id"] for cell in cells(copy)] == [
        cell["id"] for cell in cells(NOTEBOOKS[0]) if cell["id"] != notebooks.ON_COLAB
    ]
    before = copy.stat().st_mtime_ns
    notebooks.set_address("someone/elsewhere", tmp_path / "course")
    notebooks.bring_copies_up_to_date(tmp_path / "course", tmp_path / "copies")
    assert copy.stat().st_mtime_ns == before and len(list(copy.parent.iterdir())) == 1


@pytest.mark.slow
def test_the_website_does_not_show_it(website):
    for path in NOTEBOOKS:
        assert "google.colab" not in (website / "notebooks" / f"{path.stem}.html").read_text(encoding="utf-8")
        assert notebooks.ON_COLAB in (website / "notebooks" / path.name).read_text(encoding="utf-8")  # to be kept


# ---------------------------------------------------------------- Binder


def binder(name: str) -> str:
    return (ROOT / "binder" / name).read_text(encoding="utf-8")


def test_binder_finds_its_own_folder_and_only_the_course_python():
    """It would take the Dockerfile at the top before any other file, were there no such folder."""
    assert {path.name for path in (ROOT / "binder").iterdir()} == {"runtime.txt", "postBuild", "start"}
    matrix = workflow("ci")["jobs"]["test"]["strategy"]["matrix"]["python"]
    assert binder("runtime.txt").strip().removeprefix("python-") in matrix
    for name in ("postBuild", "start"):
        assert binder(name).startswith("#!/usr/bin/env bash\n") and "\r" not in binder(name)
        if os.name != "nt":
            assert (ROOT / "binder" / name).stat().st_mode & stat.S_IXUSR
            assert subprocess.run(["bash", "-n", ROOT / "binder" / name]).returncode == 0
    assert only_torch_comes_from_pytorch(binder("postBuild"))


@pytest.mark.skipif(os.name == "nt", reason="a script for Linux")
def test_what_binder_starts_gets_few_threads():
    words = [ROOT / "binder" / "start", sys.executable, "-c", "import os; print(os.environ['OMP_NUM_THREADS'])"]
    assert subprocess.run(words, capture_output=True, text=True).stdout == "2\n"


@pytest.mark.skipif(os.name == "nt", reason="a script for Linux")
def test_binder_is_held_to_the_tested_versions_but_of_jupyter():
    lines = [line for line in binder("postBuild").splitlines() if line.startswith(("jupyters=", "grep"))]
    script = (
        "\n".join(lines).replace("/tmp/", "$HOME/").replace("> $HOME/constraints.txt", "").split("> $HOME/pytorch")[0]
    )
    kept = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True).stdout.lower().split("\n")
    for name in ("numpy", "torch", "captum", "anywidget", "scikit-image", "safetensors"):
        assert any(line.startswith(f"{name}==") for line in kept)
    assert not [line for line in kept if re.match(r"(jupyter|ipykernel|notebook|nbconvert|tornado)", line)]


def only_torch_comes_from_pytorch(script: str) -> bool:
    """Whether that index is asked for nothing but the two packages, and whether they come without their needs."""
    lines = [line for line in re.split(r"\n|&&", script.replace("\\\n", " ")) if TORCH_INDEX in line]
    chosen = re.search(r"'\^\(torch\|torchvision\)==' constraints\.txt > /tmp/pytorch\.txt", script)
    asked = all(
        re.search(rf"--no-deps --index-url {TORCH_INDEX} --requirement /tmp/pytorch\.txt\s*$", line) for line in lines
    )
    return bool(lines and chosen and asked and "extra-index" not in script)


# ---------------------------------------------------------------- Codespaces and VS Code


def test_the_dev_container_sets_the_course_up_by_verbs_that_exist():
    given = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    words = json.dumps(given)
    assert told(given["postCreateCommand"]) <= verbs() and told(words) == {"progress", "lab"}
    assert re.fullmatch(r"mcr\.microsoft\.com/devcontainers/python:3\.\d+-\w+", given["image"])
    assert "-m bagnet_utils.notebooks copy notebooks my_course" in given["postCreateCommand"]
    assert [str(port) for port in given["forwardPorts"]] == list(given["portsAttributes"])
    assert f"--port {given['forwardPorts'][0]}" in words
    (opened,) = given["customizations"]["codespaces"]["openFiles"]
    assert (ROOT / opened.replace("my_course", "notebooks")).is_file()
    settings = given["customizations"]["vscode"]["settings"]
    assert settings["python.defaultInterpreterPath"].endswith("}/.venv/bin/python")


# ---------------------------------------------------------------- Docker


def instructions() -> list[tuple[str, str]]:
    """Each instruction of the Dockerfile and what follows it, on one line."""
    lines = [line for line in (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    return re.findall(r"(?m)^([A-Z]+) (.+)$", "\n".join(lines).replace("\\\n", " "))


def test_in_the_container_nobody_is_root_and_the_token_stays_on():
    found = instructions()
    assert re.fullmatch(r"python:3\.\d+-slim-\w+", found[0][1])
    names = [name for name, _ in found]
    (user,) = (rest for name, rest in found if name == "USER")
    assert user.isdigit() and int(user) > 0
    assert not [rest for name, rest in found[names.index("USER") :] if name == "RUN" and "apt" in rest]
    (start,) = (json.loads(rest) for name, rest in found if name == "CMD")
    assert not re.search("token|password|allow-root|allow_origin|allow_remote|disable_check", " ".join(start))
    assert "HEALTHCHECK" in names and only_torch_comes_from_pytorch((ROOT / "Dockerfile").read_text(encoding="utf-8"))


def test_the_container_is_published_on_this_machine_only():
    for path in (ROOT / "Dockerfile", ROOT / "docs" / "machines.md", ROOT / ".github/workflows/machines.yml"):
        published = re.findall(r"(?:--publish|-p) (\S+)", path.read_text(encoding="utf-8"))
        assert published and all(one.startswith("127.0.0.1:") for one in published), path


def test_what_the_image_copies_is_there_and_what_it_must_not_is_left_out():
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    ignored = [line.removeprefix("**/") for line in lines if line and line[0] != "#"]

    def left_out(name: str) -> bool:
        return any(fnmatch(f"/{name}", f"*/{one}") or name.startswith(f"{one}/") for one in ignored)

    copied = [word for name, rest in instructions() if name == "COPY" for word in rest.split()[1:-1]]
    assert copied == ["constraints.txt", "pyproject.toml", "."], "what changes least comes first"
    needed = (
        "course.py",
        "README.md",
        "LICENSE",
        "bagnet_utils/__init__.py",
        "data/weights/manifest.json",
        "docs/results.json",
    )
    for name in (*copied, *needed, *(path.relative_to(ROOT).as_posix() for path in NOTEBOOKS)):
        assert (ROOT / name).exists() and not left_out(name), name
    for line in (ROOT / ".gitignore").read_text().split():
        assert left_out(line.strip("/").replace("*", "any")), line
    assert left_out(".git") and left_out("bagnet_utils/__pycache__") and not left_out("data/photos/README.md")


# ---------------------------------------------------------------- the page


def test_the_page_says_of_every_machine_whether_it_was_tried():
    page = (ROOT / "docs" / "machines.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if re.match(r"\| (?!System)\w", line)]
    assert len(rows) >= 15 and all(len(row) == 4 for row in rows)
    states = {row[0]: row[2] for row in rows}
    assert set(states.values()) <= {"Tried", "By workflow", "Not tried"}, states
    for job, row in {"conda": "conda", "docker": "Docker", "binder": "Binder", "devcontainer": "Codespaces"}.items():
        assert job in workflow("machines")["jobs"]
        assert next(state for name, state in states.items() if name.startswith(row)) == "By workflow"
    for verb in told(page):
        assert verb in verbs()
