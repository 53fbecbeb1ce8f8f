"""The course as a website, from the notebooks as they are committed. `python3 course.py site` calls it."""

import argparse
import functools
import http.server
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import exercises
import finishing
import printing
import staging

ROOT, HERE = Path(__file__).resolve().parents[2], Path(__file__).resolve().parent


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
    """Make the site beside its place, then put it there: a site that is being read is whole, old or new."""
    started, workshop = time.monotonic(), ROOT / "docs" / "_build" / str(os.getpid())
    source, made = workshop / "source", workshop / "html"
    try:
        if options.exercises:
            exercises.fetch()
        staging.stage(source)
        if options.run:
            names = sorted(map(str, (source / "notebooks").glob("*.ipynb")))
            subprocess.run([sys.executable, "-m", "bagnet_utils.notebooks", "run", *names], check=True)
        staging.prepare(source, made)
        words = {"COURSE_REPOSITORY": options.repository, "COURSE_STATIC": str(source / "static")}
        sphinx = [sys.executable, "-m", "sphinx", "-b", "html", "-q", "-j", "2", "-W", "--keep-going", "-c", str(HERE)]
        subprocess.run([*sphinx, str(source), str(made)], check=True, env={**os.environ, **words})
        finishing.finish(made, options.address)
        shutil.rmtree(options.out, ignore_errors=True)
        shutil.move(made, options.out)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
    pages = len(finishing.pages(options.out))
    if not options.repository:
        print("No address at GitHub is known (say --repository OWNER/NAME): no buttons for Binder, Colab, Codespaces.")
    size = sum(file.stat().st_size for file in options.out.rglob("*") if file.is_file()) / 1e6
    seconds = time.monotonic() - started
    print(f"{options.out.name}/: {pages} pages, {size:.0f} MB, made in {seconds:.0f} s", flush=True)


def serve(site: Path, port: int) -> None:
    """The site on this machine's own address, until Ctrl-C."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=site)
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        print(f"http://127.0.0.1:{server.server_port}/ shows the site; Ctrl-C ends it.", flush=True)
        server.serve_forever()


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="course.py site", description=__doc__, allow_abbrev=False)
    parser.add_argument("--run", action="store_true", help="run all notebooks first (14 minutes), on copies")
    parser.add_argument("--serve", action="store_true", help="show the site on this machine when it is made")
    parser.add_argument("--port", type=int, default=8000, help="where to show it (default: 8000)")
    parser.add_argument("--exercises", action="store_true", help="let pages run Python (46 MB by npm, once, then kept)")
    parser.add_argument("--pdf", action="store_true", help="also make one PDF of the course, site/bagnet-course.pdf")
    parser.add_argument("--repository", default=repository(), help="OWNER/NAME at GitHub, for the open-in buttons")
    parser.add_argument("--address", default="", help="where the site will be published, for its sitemap")
    parser.add_argument("--out", type=Path, default=ROOT / "site", help="the folder that is made (default: site)")
    options = parser.parse_args(words)
    if options.repository and not re.fullmatch(r"[\w.-]+/[\w.-]+", options.repository):
        parser.error(f"--repository is {options.repository!r}, but OWNER/NAME is wanted")
    if options.repository and not options.address:
        owner, name = options.repository.lower().split("/")
        options.address = f"https://{owner}.github.io/{'' if name == f'{owner}.github.io' else name + '/'}"
    build(options)
    if options.pdf:
        printing.print_course(options.out, options.out / "bagnet-course.pdf")
    if options.serve:
        serve(options.out, options.port)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except subprocess.CalledProcessError as problem:
        sys.exit(f"The site was not made: {Path(problem.cmd[2]).name} ended with {problem.returncode}; see above.")
    except (printing.NoBrowser, OSError) as problem:
        sys.exit(f"The site was not made, or not shown: {problem}")
    except KeyboardInterrupt:
        sys.exit(0)
