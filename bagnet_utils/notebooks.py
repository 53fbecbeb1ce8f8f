"""Notebooks as files: run from top to bottom, and the working copies of a learner. `course.py` calls it.

python -m bagnet_utils.notebooks run NOTEBOOK ...     run them and keep their outputs
python -m bagnet_utils.notebooks copy FROM TO         bring the copies in TO up to date with the notebooks in FROM
python -m bagnet_utils.notebooks address OWNER/NAME   tell all notebooks where Colab finds the course at GitHub
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from bagnet_utils.display.recording import ASKED, LIVE
from bagnet_utils.errors import BadInput
from bagnet_utils.files import write_whole

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
ON_COLAB = "on-colab"  # the id of the cell that fetches the course on Colab; working copies are without it

EXECUTE = ["--log-level=WARN", "--to", "notebook", "--execute", "--inplace"]
EXECUTE += ["--ExecutePreprocessor.record_timing=False"]
DAMAGED = "damaged"


def run(path: Path) -> int:
    """Run a notebook and keep its outputs: without the widgets' state, and pictures with the words of their cells.

    What the website needs of the widgets of the course's own notebooks goes into docs/live.
    """
    started, path = time.monotonic(), path.resolve()
    shelf = path.parents[1] / "docs" / "live"
    site = path.parent.name == "notebooks" and shelf.is_dir()
    environment = {**os.environ, ASKED: "1"} if site else None
    if failed := subprocess.call([sys.executable, "-m", "nbconvert", *EXECUTE, str(path)], env=environment):
        return failed
    notebook = json.loads(path.read_text(encoding="utf-8"))
    notebook["metadata"].pop("widgets", None)  # their state: large, and a page on GitHub cannot use it
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            for kind in {"image/png", "image/jpeg"} & output.get("data", {}).keys():
                if "alt" in cell["metadata"]:
                    output["metadata"][kind] = output["metadata"].get(kind, {}) | {"alt": cell["metadata"]["alt"]}
    live = take_out_what_is_live(notebook)
    if site:
        write_whole(shelf / f"{path.stem}.json", json.dumps(live, indent=1, ensure_ascii=False))
    write(notebook, path)
    print(f"{path.name}: {time.monotonic() - started:.0f} s", flush=True)
    return 0


def take_out_what_is_live(notebook: dict) -> dict[str, list[dict]]:
    """What the widgets of each cell carry for a page without a kernel, by the cell's id. It leaves the notebook."""
    found = {}
    for cell in notebook["cells"]:
        left = []
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if LIVE in data:
                found.setdefault(cell["id"], []).append(data.pop(LIVE))
                data = {kind: content for kind, content in data.items() if content}
            if left and output.get("name", "no") == left[-1].get("name"):  # a mark stood between printed lines
                left[-1]["text"] = "".join([*left[-1]["text"], *output["text"]]).splitlines(keepends=True)
            elif data or "data" not in output:  # the mark of a check shows nothing else
                left.append(output)
        if "outputs" in cell:
            cell["outputs"] = left
    return found


def bring_copies_up_to_date(notebooks: Path, copies: Path) -> None:
    """The learner's own notebooks, without outputs. What they edited stays; what they did not follows the course."""
    copies.mkdir(exist_ok=True)
    for source in sorted(notebooks.glob("*.ipynb")):
        edition = editions(source)[1]
        if edition == DAMAGED:
            print(
                f"{source.name} of the course is damaged and was not copied. Try: git checkout notebooks/{source.name}"
            )
            continue
        for more in ("", " (new edition)", *(f" (new edition {number})" for number in range(2, 100))):
            copy = copies / f"{source.stem}{more}.ipynb"
            made_from, holds = editions(copy)
            if edition in (made_from, holds):
                break
            if made_from == holds:  # not edited, or not there
                write(cleared(source, edition), copy)
                if more:
                    print(
                        f"{source.name} has a new edition. You changed your copy, so it stays; beside it: {copy.name}"
                    )
                elif holds:
                    print(f"{source.name} has a new edition. You had not changed your copy, so it was replaced.")
                break
    print(f"Your working copies are in {copies}; the course's own notebooks stay as they are.", flush=True)


def editions(path: Path) -> tuple[str, str]:
    """The edition that a copy was made from, and the one it holds: what stands in its cells, whatever their outputs.

    They differ if somebody edited it. Of a file that is not there, both are empty.
    """
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells = [(cell["cell_type"], "".join(cell["source"])) for cell in without_colab(notebook)]
        written = [cell for cell in cells if cell[1].strip()]  # JupyterLab adds an empty cell when the last one is run
        holds = hashlib.sha256(json.dumps(written).encode()).hexdigest()[:16]
        return notebook["metadata"].get("course_edition", ""), holds
    except FileNotFoundError:
        return "", ""
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return "", DAMAGED


def cleared(source: Path, edition: str) -> dict:
    notebook = json.loads(source.read_text(encoding="utf-8"))
    notebook["cells"] = without_colab(notebook)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)
    notebook["metadata"]["course_edition"] = edition
    return notebook


def without_colab(notebook: dict) -> list[dict]:
    return [cell for cell in notebook["cells"] if cell.get("id") != ON_COLAB]


def set_address(repository: str, notebooks: Path = NOTEBOOKS) -> None:
    """Write OWNER/NAME into the cell of each notebook that fetches the course on Colab."""
    if not re.fullmatch(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+", repository):
        raise BadInput(f"address: {repository!r} was given, but OWNER/NAME of the course at GitHub is wanted.")
    for path in sorted(notebooks.glob("*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            if cell.get("id") == ON_COLAB:
                told = (re.sub(r'^REPOSITORY = ".*?"', f'REPOSITORY = "{repository}"', one) for one in cell["source"])
                cell["source"] = list(told)
        write(notebook, path)


def write(notebook: dict, path: Path) -> None:
    write_whole(path, json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False))


def main(verb: str, *words: str) -> int:
    files = [Path(word) for word in words]
    try:
        if verb == "run":
            return next((failed for file in files if (failed := run(file))), 0)
        if verb == "address":
            set_address("".join(words[:1]), *files[1:])
        else:
            bring_copies_up_to_date(*files)
    except BadInput as problem:
        print(problem, file=sys.stderr)
        return 2
    except OSError as problem:
        print(
            f"\nA notebook could not be written ({problem}). Make room, or free the file, and try again.",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
