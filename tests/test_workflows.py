"""The workflows at GitHub: what they run is there, and they may do no more than they must. Then the front door."""

import ast
import re
from pathlib import Path

import pytest
import yaml
from PIL import Image, ImageChops, ImageStat

ROOT = Path(__file__).parents[1]
WORKFLOWS = {path.stem: path for path in sorted((ROOT / ".github" / "workflows").glob("*.yml"))}
README = (ROOT / "README.md").read_text(encoding="utf-8")
PACKAGE = (ROOT / "docs" / "package.md").read_text(encoding="utf-8")


def workflow(name: str) -> dict:
    return yaml.safe_load(WORKFLOWS[name].read_text(encoding="utf-8"))


def steps(name: str) -> list[dict]:
    return [step for job in workflow(name)["jobs"].values() for step in job["steps"]]


def verbs() -> set[str]:
    """What course.py can be told to do, read without running it."""
    tree = ast.parse((ROOT / "course.py").read_text(encoding="utf-8"))
    assigned = [node for node in tree.body if isinstance(node, ast.Assign)]
    (table,) = (node.value for node in assigned if ast.unparse(node.targets) == "VERBS")
    return {key.value for key in table.keys}


def told(text: str) -> set[str]:
    """The verbs that a text tells to say after course.py."""
    return set(re.findall(r"python3? course\.py (?:--here )?([a-z]+)", text))


def test_two_workflows_one_tests_and_one_publishes():
    assert set(WORKFLOWS) == {"ci", "site"}
    assert workflow("ci")["permissions"] == {"contents": "read"}
    used = {step["uses"] for name in WORKFLOWS for step in steps(name) if "uses" in step}
    assert len({action.split("@")[0] for action in used}) == len(used), f"one version of each: {sorted(used)}"
    for name in WORKFLOWS:
        for job in workflow(name)["jobs"].values():
            assert job["runs-on"] and job["timeout-minutes"] <= 60, f"{name}: a job that hangs must end"


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_runs_what_is_there(name):
    ran = [step["run"] for step in steps(name) if "run" in step]
    assert ran
    for line in ran:
        scripts = [ROOT / word for word in re.findall(r"^bash (\S+)", line)]
        commands = told(line + "".join(script.read_text(encoding="utf-8") for script in scripts))
        assert commands and commands <= verbs(), f"{line}: {commands - verbs()}"
    for step in steps(name):
        assert "run" in step or re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"]), f"{step}: GitHub's own, by version"


def test_the_site_is_built_and_published_when_main_moves_or_by_hand():
    site = workflow("site")
    when = site[True]  # YAML reads the word "on" as true
    assert when["push"] == {"branches": ["main"]} and "workflow_dispatch" in when
    assert site["permissions"] == {"contents": "read", "pages": "write", "id-token": "write"}
    assert site["concurrency"] == {"group": "pages", "cancel-in-progress": False}
    done = [step.get("run") or step["uses"].split("@")[0].removeprefix("actions/") for step in steps("site")]
    order = ["checkout", "setup-python", "configure-pages", "python3 course.py site", "upload-pages-artifact"]
    assert done == [*order, "deploy-pages"]
    build, publish = site["jobs"].values()
    assert publish["needs"] == "build" and publish["environment"]["name"] == "github-pages"
    assert publish["steps"][0]["id"] == "published"
    assert publish["environment"]["url"] == "${{ steps.published.outputs.page_url }}"
    builder = (ROOT / "docs" / "site" / "build.py").read_text(encoding="utf-8")
    made = re.search(r'"--out".* default=ROOT / "(\w+)"', builder)
    assert build["steps"][-1]["with"]["path"] == made[1]


# ---------------------------------------------------------------- the front door


def test_readme_is_short_and_its_first_thirty_lines_show_film_commands_and_site():
    lines = README.splitlines()
    top = "\n".join(lines[:30])
    assert len(lines) < 110
    assert "docs/images/explorer.gif" in top and "](../../deployments/github-pages)" in top
    assert {"lab", "test"} <= told(top) and {"site"} <= told(README)
    for route in ("One hour", "One day", "Six weeks"):
        assert f"**{route}" in README


def test_commands_that_are_told_exist_and_the_package_page_has_them_all():
    assert told(README) <= verbs()
    table = PACKAGE.split("## All commands")[1].split("\n## ")[0]
    listed = {verb for row in re.findall(r"(?m)^\| (`[^|]+`) \|", table) for verb in re.findall(r"`(\w+)`", row)}
    assert listed == verbs() and told(PACKAGE) <= verbs()


def test_the_film_is_small_moves_and_has_a_still_for_who_wants_no_movement():
    picture = re.search(r"<picture>(.*?)</picture>", README, re.DOTALL)[1]
    still, film = (ROOT / re.search(rf'{name}="([^"]+)"', picture)[1] for name in ("srcset", "src"))
    assert "(prefers-reduced-motion: reduce)" in picture and f"]({still.relative_to(ROOT).as_posix()})" in README
    assert len(re.search(r'alt="([^"]+)"', picture)[1]) > 100
    assert film.stat().st_size < 2e6 and still.stat().st_size < 5e5
    with Image.open(film) as moving, Image.open(still) as end:
        assert moving.info["loop"] == 0 and moving.size == end.size and moving.width >= 640
        times = []
        for n in range(moving.n_frames):
            moving.seek(n)
            times.append(moving.info["duration"])
        last = moving.convert("RGB")
        assert 8_000 <= sum(times) <= 16_000 and len(times) > 40 and times[-1] >= 2_000
        apart = ImageStat.Stat(ImageChops.difference(last, end.convert("RGB"))).mean
    assert max(apart) < 4, "the still is not the film's end: record both with docs/site/recording.py"
