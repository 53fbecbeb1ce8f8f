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
    return set(re.findall(r"python3? course\.py (?:--(?:here|cpu) )?([a-z]+)", text))


# What may stand in a step beside course.py and the course's own scripts: programs that come with GitHub's machines, or
# that an earlier step of the same job installed.
PROGRAMS = {"docker", "jupyter-repo2docker", "npx", "pip-audit", "timeout"}
OTHERS = {"mamba-org/setup-micromamba"}  # actions that are not GitHub's own


def uses() -> set[str]:
    return {step["uses"] for name in WORKFLOWS for step in steps(name) if "uses" in step}


def test_three_workflows_and_what_they_may_do():
    assert set(WORKFLOWS) == {"ci", "machines", "site"}
    assert len({action.split("@")[0] for action in uses()}) == len(uses()), f"one version of each: {sorted(uses())}"
    for name in WORKFLOWS:
        writes = set()
        for job in workflow(name)["jobs"].values():
            assert job["runs-on"] and job["timeout-minutes"] <= 60, f"{name}: a job that hangs must end"
            may = job.get("permissions", workflow(name)["permissions"])
            writes |= {what for what, how in may.items() if how == "write"}
            if "contents" in may:
                assert job["steps"][0]["uses"].startswith("actions/checkout@")
                assert job["steps"][0]["with"] == {"persist-credentials": False}, "what is run later needs no key"
        assert writes == ({"pages", "id-token"} if name == "site" else set())
        assert "secrets." not in WORKFLOWS[name].read_text(encoding="utf-8")
        assert not re.search(r"run: .*\$\{\{", WORKFLOWS[name].read_text(encoding="utf-8")), "no text becomes a command"


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_runs_what_is_there(name):
    ran = [step["run"] for step in steps(name) if "run" in step]
    assert ran
    for line in ran:
        scripts = [ROOT / word for word in re.findall(r"^bash (\S+)", line)]
        commands = told(line + "".join(script.read_text(encoding="utf-8") for script in scripts))
        assert commands <= verbs(), f"{line}: {commands - verbs()}"
        files = re.findall(r"(?<=\s)[\w/]+\.(?:py|txt|ipynb)\b", line)
        assert all((ROOT / file).is_file() for file in files), line
        module = re.search(r"-m bagnet_utils\.(\w+) (\w+)", line)
        assert not module or f"{module[1]} {module[2]}" == "notebooks run"
        known = line.split()[0] in PROGRAMS or re.match(r"python -m pip install [\w-]+==[\d.]+$", line)
        assert commands or files or known, f"{line}: neither a verb of course.py nor a script nor a known program"
    for step in steps(name):
        action = re.fullmatch(r"(actions/[a-z-]+|[\w-]+/[\w-]+)@v\d+", step.get("uses", "actions/x@v1"))
        assert action and (action[1].startswith("actions/") or action[1] in OTHERS), f"{step}: GitHub's own, by version"


def test_every_system_and_every_python_of_the_course_is_tried():
    matrix = workflow("ci")["jobs"]["test"]["strategy"]["matrix"]
    assert [system.split("-")[0] for system in matrix["system"]] == ["ubuntu", "macos", "windows"]
    first, last = re.search(r"Python (3\.\d+) to (3\.\d+)", (ROOT / "course.py").read_text(encoding="utf-8")).groups()
    assert matrix["python"] == [f"3.{minor}" for minor in range(int(first[2:]), int(last[2:]) + 1)]
    assert "python benchmarks/oldest.py" in workflow("ci")["jobs"]["oldest"]["steps"][-1]["run"]
    assert set(workflow("ci")[True]) == {"push", "pull_request"}  # YAML reads the word "on" as true


def test_what_changes_without_us_is_tried_every_week():
    when = workflow("machines")[True]
    assert re.fullmatch(r"\d+ \d+ \* \* [0-6]", when["schedule"][0]["cron"]) and "workflow_dispatch" in when
    assert all(list(ROOT.glob(pattern)) for pattern in when["push"]["paths"])
    jobs = workflow("machines")["jobs"]
    assert set(jobs) == {"audit", "newest", "conda", "docker", "binder", "devcontainer"}
    words = jobs["audit"]["steps"][-1]["run"].split()
    assert words[0] == "pip-audit" and words[-2:] == ["--requirement", "constraints.txt"] and "--strict" in words
    assert "--here" in jobs["newest"]["steps"][-1]["run"]  # so constraints.txt is not read
    assert (
        jobs["conda"]["strategy"]["matrix"]["system"] == workflow("ci")["jobs"]["test"]["strategy"]["matrix"]["system"]
    )
    assert "--publish 127.0.0.1:" in "".join(step.get("run", "") for step in jobs["docker"]["steps"])
    looked = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text(encoding="utf-8"))["updates"]
    assert [one["package-ecosystem"] for one in looked] == ["github-actions"]


def test_the_site_is_built_and_published_when_main_moves_or_by_hand():
    site = workflow("site")
    when = site[True]
    assert when["push"] == {"branches": ["main"]} and "workflow_dispatch" in when
    assert site["concurrency"] == {"group": "pages", "cancel-in-progress": False}
    done = [step.get("run") or step["uses"].split("@")[0].removeprefix("actions/") for step in steps("site")]
    order = ["checkout", "setup-python", "configure-pages", "python3 course.py site", "upload-pages-artifact"]
    assert done == [*order, "deploy-pages"]
    build, publish = site["jobs"].values()
    assert site["permissions"] == {} and build["permissions"] == {"contents": "read", "pages": "read"}
    assert publish["permissions"] == {"pages": "write", "id-token": "write"}
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
