"""The house rules: imports one way only, quick to import, small files, clean code, environments that agree."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
LAYERS = [
    "errors",
    "files",
    "progress",
    "notebooks",
    "checks",
    "statistics",
    "worlds",
    "models",
    "experiments",
    "display",
    "exercises",
    "app",
]  # each may import those before it
MODULES = sorted((ROOT / "bagnet_utils").rglob("*.py"))


def imports_within(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        assert "bagnet_utils" not in names, f"{path}: name the module, so that this test can see which layer it is in"
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: say bagnet_utils in imports, so that this test can read them"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("bagnet_utils.")}
    return found


@pytest.mark.parametrize("path", [p for p in MODULES if p.parent != ROOT / "bagnet_utils"], ids=lambda p: p.stem)
def test_imports_run_one_way(path):
    own = path.relative_to(ROOT / "bagnet_utils").parts[0]
    allowed = LAYERS[: LAYERS.index(own) + 1]
    assert imports_within(path) <= set(allowed), f"{own} may import {allowed}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.stem)
def test_files_are_small_enough_to_read(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 250


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.stem)
def test_no_check_is_an_assert_which_python_may_leave_out(path):
    """python -O runs no assert, so what a reader may get wrong is checked otherwise."""
    assert not any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def test_import_is_quick_and_pulls_in_nothing_heavy():
    code = (
        "import time; start = time.perf_counter(); import bagnet_utils as bu; import sys, json;"
        "seconds = time.perf_counter() - start; bu.bagnet9, bu.heatmap;"
        "print(json.dumps([seconds, sorted(sys.modules)]))"
    )
    words = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    seconds, modules = json.loads(words)
    assert seconds < 3
    assert not {"matplotlib", "seaborn", "skimage", "sklearn", "ipywidgets", "pandas"} & set(modules)


def test_names_are_few_and_grouped_in_help_and_known_to_editors():
    """A stub tells editors what is fetched only when it is used."""
    import bagnet_utils as bu

    assert len(bu.__all__) < 55 and sum(map(len, bu.GROUPS.values())) == len(bu.__all__)
    assert {line.split()[0] for line in bu.__doc__.splitlines() if line.startswith("    ")} == set(bu.__all__)
    stub = ast.parse((ROOT / "bagnet_utils" / "__init__.pyi").read_text(encoding="utf-8"))
    imports = [(node.module, alias) for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert all(alias.name == alias.asname for _, alias in imports)  # so that type checkers see them as public
    known = {alias.name: module.removeprefix("bagnet_utils.") for module, alias in imports}
    assert known == {name: module for name, (module, _) in bu.TABLE.items()}


def test_every_promised_name_is_there_and_has_a_docstring():
    import bagnet_utils as bu

    assert set(bu.__all__) <= set(dir(bu))
    for name in bu.__all__:
        assert getattr(bu, name).__doc__, f"bu.{name} has no docstring"
    with pytest.raises(AttributeError, match=r"bagnet_utils has no 'heat_map'; it has .*heatmap"):
        _ = bu.heat_map


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=["lint", "format"])
def test_ruff(command):
    result = subprocess.run([sys.executable, "-m", "ruff", *command, "."], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def split(requirement: str) -> tuple[str, str]:
    name, version = re.fullmatch(r"([\w-]+?)(?:-base)?((?:[<>=!]=?[\d.*]+,?)*)", requirement).groups()
    return {"pytorch": "torch"}.get(name, name), version


def test_environment_yml_equals_pyproject():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    conda = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    wanted = {"python": project["requires-python"], "pip": "", **dict(map(split, project["dependencies"]))}
    assert dict(split(line) for line in conda["dependencies"] if isinstance(line, str)) == wanted
    assert conda["channels"] == ["conda-forge"]


def test_constraints_hold_every_dependency_within_its_range():
    from importlib.metadata import version

    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    tested = dict(line.lower().split("==") for line in lines if not line.startswith("#"))
    assert version("torch")  # the environment that runs this test is whole
    for line in sum(project["optional-dependencies"].values(), project["dependencies"]):
        requirement = Requirement(line)
        assert requirement.specifier.contains(tested[requirement.name.lower()]), line


def test_readme_opens_with_the_two_commands():
    top = "\n".join((ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:40])
    assert "python3 course.py lab" in top and "python3 course.py test" in top
    assert "python3 course.py test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_links_between_pages_lead_somewhere():
    docs = (page for page in (ROOT / "docs").rglob("*.md") if "_build" not in page.parts)
    for page in [*ROOT.glob("*.md"), *docs, *(ROOT / "data").glob("*.md")]:
        at_top = page.is_relative_to(ROOT / "docs" / "site" / "pages")  # these come to stand at the top of the site
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text(encoding="utf-8")):
            # Who publishes the course is not known here: at GitHub this link leads to the site of whichever copy it is.
            if page == ROOT / "README.md" and target.startswith("../../deployments"):
                continue
            there = (page.parent / target).exists() or (at_top and (ROOT / target).exists())
            assert there, f"{page.name} links to {target}, which is not there"
