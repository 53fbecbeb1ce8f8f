"""The course as a website, from the notebooks as they are committed. `python3 course.py site` calls it."""

import argparse
import functools
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import finishing
import printing
import staging

ROOT = Path(__file__).resolve().parents[2]
HERE, SOURCE, SITE = ROOT / "docs" / "site", ROOT / "docs" / "_build" / "source", ROOT / "site"


def repository() -> str:
    """OWNER/NAME of the course at GitHub, from where this copy came; nothing if that is not known."""
    named = os.environ.get("GITHUB_REPOSITORY", "")
    try:
        origin = subprocess.run(["git", "remote", "get-url", "origin"], cwd=ROOT, capture_output=True, text=True).stdout
    except OSError:  # no git
        origin = ""
    found = re.search(r"github\.com[:/]([\w.-]+/[\w.-]+?)(\.git)?\s*$", origin)
    return named or (found[1] if found else "")


def build(options: argparse.Namespace) -> None:
    started = time.monotonic()
    shutil.rmtree(SOURCE.parent, ignore_errors=True)
    staging.stage(SOURCE)
    if options.run:
        names = sorted(map(str, (SOURCE / "notebooks").glob("*.ipynb")))
        subprocess.run([sys.executable, "-m", "bagnet_utils.notebooks", "run", *names], check=True)
    staging.prepare(SOURCE)
    words = {"COURSE_REPOSITORY": options.repository, "PYTHONWARNINGS": "ignore"}
    sphinx = [sys.executable, "-m", "sphinx", "-b", "html", "-q", "-j", "2", "-c", str(HERE), "-W", "--keep-going"]
    made = SOURCE.parent / "html"
    subprocess.run([*sphinx, str(SOURCE), str(made)], check=True, env={**os.environ, **words})
    finishing.finish(made, SOURCE, options.address)
    shutil.rmtree(SITE, ignore_errors=True)
    made.rename(SITE)
    pages = len(list(SITE.rglob("*.html")))
    if not options.repository:
        print("No address at GitHub is known (say --repository OWNER/NAME): no buttons for Binder, Colab, Codespaces.")
    size = sum(file.stat().st_size for file in SITE.rglob("*") if file.is_file()) / 1e6
    print(f"site/: {pages} pages, {size:.0f} MB, made in {time.monotonic() - started:.0f} s", flush=True)


def serve(port: int) -> None:
    """The site on this machine's own address, until Ctrl-C."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=SITE)
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        print(f"http://127.0.0.1:{server.server_port}/ shows the site; Ctrl-C ends it.", flush=True)
        server.serve_forever()


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="course.py site", description=__doc__, allow_abbrev=False)
    parser.add_argument("--run", action="store_true", help="run all notebooks first (14 minutes), on copies")
    parser.add_argument("--serve", action="store_true", help="show the site on this machine when it is made")
    parser.add_argument("--port", type=int, default=8000, help="where to show it (default: 8000)")
    parser.add_argument("--pdf", action="store_true", help="also make one PDF of the course, site/bagnet-course.pdf")
    parser.add_argument("--repository", default=repository(), help="OWNER/NAME at GitHub, for the open-in buttons")
    parser.add_argument("--address", default="", help="where the site will be published, for its sitemap")
    options = parser.parse_args(words)
    if options.repository and not re.fullmatch(r"[\w.-]+/[\w.-]+", options.repository):
        parser.error(f"--repository is {options.repository!r}, but OWNER/NAME is wanted")
    if options.repository and not options.address:
        owner, name = options.repository.lower().split("/")
        options.address = f"https://{owner}.github.io/{'' if name == f'{owner}.github.io' else name + '/'}"
    build(options)
    if options.pdf:
        printing.print_course(SITE, SITE / "bagnet-course.pdf")
    if options.serve:
        serve(options.port)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except subprocess.CalledProcessError as problem:
        sys.exit(f"The site was not made: {Path(problem.cmd[2]).name} ended with {problem.returncode}; see above.")
    except KeyboardInterrupt:
        sys.exit(0)
