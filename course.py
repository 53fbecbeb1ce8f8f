#!/usr/bin/env python3
"""The BagNet course, from one file: python3 course.py lab

Needs Python 3.11 or newer and nothing else. The first start makes a private Python environment in the folder .venv
beside this file and installs the course into it; later starts find it there. With --here it uses the environment of
the Python that runs it instead (conda, Colab, Binder). On Linux, PyTorch comes with its GPU libraries, 5 GB, only where
an NVIDIA card is found; --gpu or --cpu says outright which it shall be. Where uv is installed it does the installing;
--pip says that pip shall. A folder unpacked from a bundle sets itself up from the packages in it, without a network.
"""

import sys

if sys.version_info < (3, 11):  # said before anything that an old Python could stumble over
    sys.exit(
        "The course needs Python 3.11 or newer, but this is Python %d.%d (%s). Install a newer one from python.org or "
        "with your system's package manager, then start course.py with it, for example: python3.12 course.py lab"
        % (sys.version_info[0], sys.version_info[1], sys.executable)
    )

import argparse
import contextlib
import errno
import hashlib
import importlib.util
import json
import os
import platform
import queue
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
NOTEBOOKS, COPIES = ROOT / "notebooks", ROOT / "my_course"  # the course's, and the learner's own
GIGABYTES = 8 if sys.platform == "linux" else 2  # that a first set-up takes, if PyTorch brings its GPU libraries
# PyTorch's own index of builds without GPU libraries; or a mirror of it, nearer to you.
CPU_INDEX = os.environ.get("COURSE_CPU_INDEX", "https://download.pytorch.org/whl/cpu").rstrip("/")
PATIENCE = 5  # seconds until that index has answered; pip then waits for no answer of it longer than 4
WHEELS = ROOT / "wheels"  # the packages of a bundle (docs/offline.md): with their list there, no network is asked
PACKED = WHEELS / "bundle.json"


class Trouble(Exception):
    """One paragraph for the reader: what is wrong, and the cure."""


# ---------------------------------------------------------------- the verbs


def lab(python: Path, options: argparse.Namespace) -> int:
    if failed := call([python, "-m", "bagnet_utils.notebooks", "copy", NOTEBOOKS, COPIES]):
        return failed
    command = [python, "-m", "jupyterlab", "--ServerApp.ip=127.0.0.1", f"--ServerApp.root_dir={ROOT}"]
    command += [f"--ServerApp.port={options.port}", "--ServerApp.port_retries=0"] if options.port else []
    command += ["--no-browser"] if options.no_browser else []
    command += [f"--LabApp.default_url=/lab/tree/{COPIES.name}/00_start_here.ipynb"]
    command += ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    return call(command)


def lab_options(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="course.py lab", allow_abbrev=False)
    parser.add_argument("--port", type=int, help="the port to listen on (default: the first free one from 8888)")
    parser.add_argument("--no-browser", action="store_true", help="print the address, open nothing")
    options = parser.parse_args(words)
    if options.port is not None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, os.name != "nt")
            try:
                probe.bind(("127.0.0.1", options.port))
            except (OSError, OverflowError) as problem:
                raise Trouble(
                    f"Port {options.port} cannot be used ({problem}): perhaps a JupyterLab is still open on it. Close "
                    "it, name another port from 1024 to 65535, or leave --port out: then a free one is found."
                ) from None
    return options


def run(python: Path, names: list[str]) -> int:
    every = sorted(NOTEBOOKS.glob("*.ipynb"))
    return call([python, "-m", "bagnet_utils.notebooks", "run", *map(os.path.abspath, names or every)])


def run_options(names: list[str]) -> list[str]:
    for name in names:
        if not (name.endswith(".ipynb") and os.path.isfile(name)):
            raise Trouble(
                f"course.py run: there is no notebook {name}. Name files that end in .ipynb, for example "
                "notebooks/00_start_here.ipynb, or name none: then all run."
            )
    return names


def site(python: Path, words: list[str]) -> int:
    """The website. What builds it is installed when it is first asked for."""
    question = [python, "-c", "import latex2mathml, myst_nb, pypdf, sphinx_book_theme"]
    if subprocess.call(question, stderr=subprocess.DEVNULL):
        say("Installing what builds the website: Sphinx and a few more (once; about a minute).")
        add(python, "site")
    return call([python, ROOT / "docs" / "site" / "build.py", *words])


def teach(python: Path, words: list[str]) -> int:
    """The teacher's edition. What makes it is installed when it is first asked for."""
    if subprocess.call([python, "-c", "import latex2mathml, nbgrader, sphinx_revealjs"], stderr=subprocess.DEVNULL):
        say("Installing what makes the teacher's edition: nbgrader and a few more (once; about a minute).")
        if python.is_relative_to(VENV):
            for place, settings in WITHOUT_NBGRADER.items():
                write(VENV / "etc/jupyter" / place, settings)
        add(python, "teach")
    return call([python, ROOT / "docs" / "teach" / "build.py", *from_here(words)])


def bundle(python: Path, words: list[str]) -> int:
    return call([python, ROOT / "docs" / "teach" / "bundle.py", *from_here(words)])


def from_here(words: list[str]) -> list[str]:
    """A program runs in the course's folder, so the file or folder that comes first is named in full."""
    return [*(word if word.startswith("-") else os.path.abspath(word) for word in words[:1]), *words[1:]]


def add(python: Path, group: str) -> None:
    """Install a group of packages that pyproject.toml names, beside what is there."""
    limits = ["--constraint", "constraints.txt"] if python.is_relative_to(VENV) else []
    step([*pip(python), *limits, "--editable", f".[{group}]"])


def pip(python: Path) -> list[str]:
    return [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--retries=2", *source()]


def source() -> list[str]:
    return ["--no-index", "--find-links", str(WHEELS)] if PACKED.exists() else []


def doctor(python: Path, words: list[str]) -> int:
    """By the Python that runs this file: it must work where nothing else does, and sets nothing up."""
    return call([sys.executable, "-I", ROOT / "bagnet_utils" / "doctor.py", *words])


def program(*words):
    """A verb that runs a Python program, with whatever follows the verb."""
    return lambda python, rest: call([python, *words, *rest])


VERBS = {  # name: what it does, what it may be followed by
    "lab": (lab, "open the course in JupyterLab (--port N, --no-browser)"),
    "progress": (
        program("-c", "from bagnet_utils.progress import main; main()"),
        "show which exercises you have solved, and how far off you guessed",
    ),
    "test": (
        program("-m", "pytest", "-n", "3", "--dist", "worksteal"),
        "run all tests, three at a time (what follows goes to pytest: test -k heatmap)",
    ),
    "doctor": (doctor, "say what this machine has, what works and what to do, to be pasted into a question"),
    "run": (run, "run notebooks from top to bottom and keep their outputs (all, or those named)"),
    "site": (site, "make the course's website in site/ (--serve shows it; --pdf, --run, --repository OWNER/NAME)"),
    "app": (program("-m", "bagnet_utils.app"), "open the patch explorer as a page (--port N, --no-browser)"),
    "teach": (teach, "write the teacher's edition into a folder: teach DIR"),
    "bundle": (bundle, "pack course and packages into one file: bundle FILE"),
    "train": (program("-m", "bagnet_utils.models.training"), "train networks: train patchwork bagnet17 (or all)"),
    "claims": (program(ROOT / "benchmarks" / "claims.py"), "measure what the course claims, into docs/claims.md"),
    "leaks": (program(ROOT / "benchmarks" / "leaks.py"), "try to make BagNets solve what they must not (long)"),
    "transfer": (program(ROOT / "benchmarks" / "transfer.py"), "features from elsewhere against none (very long)"),
    "choices": (program(ROOT / "benchmarks" / "choices.py"), "train nets that differ in one choice (two hours)"),
    "probes": (program(ROOT / "benchmarks" / "probes.py"), "what each layer's features are worth for other kinds"),
    "shapes": (program(ROOT / "benchmarks" / "shape_bias.py"), "shape or texture, and nets pushed to shape (an hour)"),
    "stickers": (program(ROOT / "benchmarks" / "stickers.py"), "stickers, and a defence with a proof (half an hour)"),
    "order": (program(ROOT / "benchmarks" / "order.py"), "train what reads order and what cannot (an hour)"),
    "context": (program(ROOT / "benchmarks" / "context.py"), "backgrounds, and how local pictures are (half an hour)"),
    "bench": (program(ROOT / "benchmarks" / "heatmaps.py"), "measure speed and memory, as a table (12 minutes)"),
}


# ---------------------------------------------------------------- the set-up


def environment(build: str = "") -> Path:
    """The Python of the course's own environment, made, updated or mended first if it needs to be.

    build: "cpu" or "gpu", if somebody said so; it is remembered.
    """
    python = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    ready, mine = VENV / "course-ready.json", VENV / "course-made-this"
    before = (read(ready) or {}).get("build", "")
    build = build or before
    now = fingerprint(course=str(ROOT), **({"build": build} if build else {}))
    if read(ready) == now and holds_the_course(python):
        return python
    with one_at_a_time():
        works = bool(read(ready)) and holds_the_course(python)
        if VENV.exists() and not mine.exists():
            raise Trouble(
                f"The folder {VENV} is there already, but course.py did not make it, so it is left alone. Move it "
                "away, or activate it and add --here to use it as it is."
            )
        if works:
            say("The course has changed since it was set up: updating its environment.")
        else:
            check_means()
            say(f"Setting up the course in {VENV} (once; about 3 minutes and {GIGABYTES} GB).")
        try:
            check_packed()
            if not works:
                remove(VENV)  # what an interrupted set-up left
                VENV.mkdir()
                mine.touch()
                step([sys.executable, "-m", "venv", str(VENV)], "making a private Python environment")
            pytorch(python, ready, build, anew=build != before)
            install(python, ready, now, "--constraint", "constraints.txt")
            write(VENV / "share/jupyter/lab/settings/overrides.json", LAB_SETTINGS)
        except BaseException as problem:
            if not ready.exists():  # so packages may be half there
                remove(VENV)
            elif isinstance(problem, Trouble):
                say(f"{problem}\nGoing on with the environment as it was.")
                return python
            raise
    return python


def pytorch(python: Path, ready: Path, build: str, anew: bool) -> None:
    """Where no GPU is, PyTorch without the 5 GB of libraries for one; otherwise it comes with everything else.

    Only these two packages may come from PyTorch's index: it offers others as well, of any age.
    """
    pins = pytorch_pins()
    again, changing = ["--force-reinstall"] if anew else [], lambda: ready.unlink(missing_ok=True)
    if not pins or not (build or sys.platform == "linux") or PACKED.exists():
        return
    if build == "gpu" or (not build and has_gpu()):
        if anew:  # the other build may be there, and has the same number
            step([*pip(python), *again, "--no-deps", *pins], "fetching PyTorch with its GPU libraries", changing)
        return
    ordinary = "taking the ordinary one, which on Linux brings 5 GB of GPU libraries"
    if not answers(f"{CPU_INDEX}/torch/"):
        return say(f"PyTorch's index of builds without GPU libraries cannot be reached: {ordinary}.")
    try:
        command = [*pip(python), *again, "--retries=0", "--timeout=4", "--no-deps", "--index-url", CPU_INDEX, *pins]
        step(command, "fetching PyTorch without GPU libraries", changing, PIP_RESUME_RETRIES="0")
    except Trouble:
        say(f"PyTorch's index gave no build without GPU libraries that fits here: {ordinary}.")


def pytorch_pins() -> list[str]:
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    return re.findall(r"^(?:torch|torchvision)==\S+", pinned, re.MULTILINE)


def has_gpu() -> bool:
    return bool(shutil.which("nvidia-smi")) or os.path.exists("/proc/driver/nvidia/version")


def answers(address: str) -> bool:
    """Whether there is a page, soon: a server may also be so slow that nobody would want to wait for it."""
    answer = queue.Queue()

    def ask():
        try:
            with urllib.request.urlopen(address, timeout=PATIENCE) as page:
                answer.put(page.read(1))
        except Exception:  # whatever is in the way, there is no page
            answer.put(b"")

    threading.Thread(target=ask, daemon=True).start()
    with contextlib.suppress(queue.Empty):
        return bool(answer.get(timeout=PATIENCE))
    return False


def write(place: Path, settings: dict) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(settings), encoding="utf-8")


LAB_SETTINGS = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False}}
PARTS = ("formgrader", "validate_assignment", "assignment_list", "course_list")
SERVERS = ["notebook", *(f"nbgrader.server_extensions.{part}" for part in PARTS)]
WITHOUT_NBGRADER = {  # a learner's JupyterLab keeps its face where the teacher's edition was made
    "labconfig/page_config.json": {
        "disabledExtensions": {"@jupyter/nbgrader": True, "@jupyter-notebook/lab-extension": True}
    },
    "jupyter_server_config.json": {"ServerApp": {"jpserver_extensions": dict.fromkeys(SERVERS, False)}},
}


def holds_the_course(python: Path) -> bool:
    question = [python, "-I", "-c", "from importlib.metadata import version; version('bagnet-course')"]
    try:
        return subprocess.call(question, stderr=subprocess.DEVNULL) == 0
    except OSError:  # no such Python, or one of another system
        return False


def check_means() -> None:
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            raise Trouble(
                f"This Python ({sys.executable}) comes without its module {module}, which makes private environments. "
                "On Debian and Ubuntu: sudo apt install python3-venv. Elsewhere, install Python from python.org. "
                "Or use an environment of your own, with --here."
            )
    free = shutil.disk_usage(ROOT).free / 1e9
    if free < GIGABYTES:
        say(f"Only {free:.1f} GB are free here, and up to {GIGABYTES} are needed: this may not be enough.")


def this_environment() -> Path:
    """The Python that runs this file, with the course installed into its environment."""
    ready, now = ROOT / ".here-ready.json", fingerprint(course=str(ROOT), python=sys.version, at=sys.prefix)
    if read(ready) != now or not holds_the_course(Path(sys.executable)):
        if importlib.util.find_spec("pip") is None:
            raise Trouble(
                f"This Python ({sys.executable}) has no pip to install the course with. Add it with "
                f"'{sys.executable} -m ensurepip', or leave out --here: then course.py makes an environment of its own."
            )
        say(f"Installing the course into the environment at {sys.prefix} (packages there that will do stay).")
        check_packed()
        install(Path(sys.executable), ready, now)
    return Path(sys.executable)


def install(python: Path, ready: Path, now: dict[str, str], *limits: str) -> None:
    """Install the course and what it needs. `ready` holds `now` afterwards, and is gone while packages change."""
    wanted = [*limits, "--editable", ".[dev]"]
    if limits and not ready.exists() and (uv := find_uv(python)):  # uv does not say when it begins to change packages
        try:
            step([*uv, "pip", "install", "--python", str(python), "--compile-bytecode", *source(), *wanted])
            wanted = []
        except (Trouble, OSError) as trouble:
            say(f"uv could not do it, so pip does. The last words of uv: {last_words(trouble.__cause__ or trouble)}")
    if wanted:
        step([*pip(python), *wanted], on_change=lambda: ready.unlink(missing_ok=True))
    ready.write_text(json.dumps(now), encoding="utf-8")


def find_uv(python: Path) -> list[str]:
    """How uv is called, where it is installed and would find the same packages: it does not read pip's settings."""
    program = shutil.which("uv")
    uv = [program] if program else [sys.executable, "-m", "uv"] if importlib.util.find_spec("uv") else []
    if not uv or os.environ.get("COURSE_PIP"):
        return []
    settings = subprocess.run([python, "-m", "pip", "config", "list"], capture_output=True, text=True).stdout
    return [] if re.search("index|links|constraint|binary|cert|proxy|host", settings) else uv


def check_packed() -> None:
    """Where a bundle brought the packages: are they for this machine, and whole?"""
    if not PACKED.exists():
        return
    packed = read(PACKED) or {}
    if this_system() not in packed.get("for", []):
        raise Trouble(
            f"The folder wheels holds packages for {', '.join(packed.get('for', [])) or 'no system'}, and this is "
            f"{this_system()}. Start course.py with such a Python, or move the folder away: then the packages come "
            "from the network."
        )
    say("All packages, PyTorch as well, come from the folder wheels: no network is needed.")
    for name, expected in packed["sha256"].items():
        file = WHEELS / name
        if not file.exists() or digest(file) != expected:
            raise Trouble(
                f"{name} in the folder wheels is {'damaged' if file.exists() else 'missing'}. Unpack the bundle once "
                "more; if that does not help, copy it anew."
            )


def digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def this_system() -> str:
    system = {"darwin": "macos", "win32": "windows"}.get(sys.platform, sys.platform)
    machine = platform.machine().lower().replace("amd64", "x86_64")
    return f"{system}-{machine} with Python {sys.version_info[0]}.{sys.version_info[1]}"


def fingerprint(**facts: str) -> dict[str, str]:
    """What an environment is made from. If any of it changes, the environment is brought up to date."""
    files = b"".join((ROOT / name).read_bytes() for name in ("pyproject.toml", "constraints.txt"))
    return {**facts, "files": hashlib.sha256(files).hexdigest()}


def read(ready: Path) -> dict[str, str] | None:
    try:
        return json.loads(ready.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def step(command: list[str], what: str = "looking up packages", on_change=lambda: None, **env: str) -> None:
    """Run one step of the set-up, saying in one line what it is at; its full words only matter if it fails."""
    started, words, lines, shown = time.monotonic(), [], queue.Queue(), None
    pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "encoding": "utf-8", "errors": "replace"}
    pipe["start_new_session"] = True  # so that it can be stopped together with what it started
    pipe["close_fds"] = os.name == "nt"  # elsewhere it shares the lock, and holds it should this program be killed
    with subprocess.Popen(command, cwd=ROOT, env=child_environment() | env, **pipe) as process:

        def listen():
            with contextlib.suppress(ValueError):  # closed, as somebody has pressed Ctrl+C
                for line in process.stdout:
                    lines.put(line.strip())
            lines.put(None)

        threading.Thread(target=listen, daemon=True).start()
        try:
            while True:
                with contextlib.suppress(queue.Empty):
                    line = lines.get(timeout=1)
                    if line is None:
                        break
                    words.append(line)
                    if line.startswith("Installing collected packages"):
                        on_change()
                        what = f"installing {line.count(',') + 1} packages"
                    elif line.startswith(("Downloading", "Using cached", "Building")):
                        what = line[0].lower() + line[1:90]
                if what != shown or sys.stdout.isatty():
                    line = f"[{time.monotonic() - started:4.0f} s] {what}"
                    print(f"\r\033[K{line}" if sys.stdout.isatty() else f"{line}\n", end="", flush=True)
                    shown = what
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL) if hasattr(os, "killpg") else process.kill()
            raise
    if sys.stdout.isatty():
        print()
    if process.returncode:
        raise Trouble(reason("\n".join(words))) from RuntimeError("\n".join(words))


REASONS = {  # what pip or venv says: what it means and what to do
    "No space left|Errno 28|not enough space|Disk quota": """The disk is full. {gb} GB are wanted in {root}, and while
        installing also in the folder for temporary files (TMPDIR). Free some space, then run the same line.""",
    "externally-managed-environment": """This Python belongs to the operating system and may not be added to. Leave
        out --here: then course.py makes an environment of its own.""",
    r"from versions: (?!none)|ResolutionImpossible": """{no_build}""",
    "NewConnection|NameResolution|name resolution|Failed to establish|Connect.*Error|Connection (abort|refus|broken)"
    "|ConnectTimeout|ReadTimeout|timed out|ProxyError|SSLError|getaddrinfo|unreachable|HTTP error": """The packages
        could not be downloaded: no network, or something between here and the package index is in the way. Only this
        first start needs one. Check the connection (behind a proxy, set HTTPS_PROXY), then run the same line: what
        has been downloaded already is not fetched again.""",
    "No matching distribution|Could not find a version": """{no_build}""",
    "Permission denied|Access is denied|Errno 13|Read-only": """The folder {root} may not be written to. Copy the
        course to a folder of your own and start it there.""",
}
NO_BUILD = (
    f"Some package has no build for Python {sys.version_info[0]}.{sys.version_info[1]} on this system "
    f"({sys.platform}). The course is made for Python 3.11 to 3.14 on Linux, Windows or a Mac with an Apple chip; "
    "start course.py with one of these."
)
NOT_PACKED = (
    "The folder wheels, which came with the bundle, does not hold all that is wanted here. Ask for a bundle that does "
    "(docs/offline.md), or move the folder away: then the packages come from the network."
)


def reason(words: str) -> str:
    """One paragraph on why a step failed, from the words it left."""
    for pattern, paragraph in REASONS.items():
        if re.search(pattern, words.replace(str(ROOT), "").replace(ROOT.as_uri(), ""), re.IGNORECASE):
            no_build = NOT_PACKED if PACKED.exists() else NO_BUILD
            return re.sub(r"\n +", " ", paragraph).format(gb=GIGABYTES, root=ROOT, no_build=no_build)
    return f"The set-up failed, and left nothing half-made; the same line tries again. It ended so: {last_words(words)}"


def last_words(words: str | Exception) -> str:
    return " / ".join(str(words).splitlines()[-4:])


# ---------------------------------------------------------------- small things


def say(text: str) -> None:
    print(text, flush=True)


def child_environment() -> dict[str, str]:
    return {**os.environ, "PYTHONUTF8": "1"}  # so that a path with any letters works on any system


def call(command: list) -> int:
    """Run a program until it ends. Ctrl-C is the program's to answer; a request to stop is passed on to it."""
    with subprocess.Popen([str(word) for word in command], cwd=ROOT, env=child_environment()) as process:
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        while True:
            with contextlib.suppress(KeyboardInterrupt):
                return process.wait()


def remove(folder: Path) -> None:
    """All of it or nothing: what cannot be moved aside is in use, and half of it would be of no use to anybody."""
    aside = folder.with_name(folder.name + "-old")
    shutil.rmtree(aside, ignore_errors=True)
    if folder.exists():
        try:
            folder.rename(aside)
        except OSError:
            raise Trouble(
                f"{folder} is in use, perhaps by an open JupyterLab. Close it and run the line again."
            ) from None
        shutil.rmtree(aside, ignore_errors=True)


@contextlib.contextmanager
def one_at_a_time():
    """Let one set-up at a time into this folder. The lock is the system's: it goes when the process does."""
    with open(__file__, "rb") as file:
        try:
            if os.name == "nt":
                import msvcrt

                file.seek(2**30)  # Windows lets nobody read what is locked, so lock a byte that is not there
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.set_inheritable(file.fileno(), True)
        except OSError as problem:
            if problem.errno in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):  # others: this disk knows no locks
                raise Trouble("Another course.py is setting up this folder just now. Wait until it is done.") from None
        yield


def stop(*_) -> None:
    raise KeyboardInterrupt


def main() -> int:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a path may hold letters that this terminal has not
    signal.signal(signal.SIGTERM, stop)  # so that a set-up that is told to stop cleans up
    ours = {"--here", "--cpu", "--gpu", "--pip"}
    said, words = ours & set(sys.argv[1:]), [word for word in sys.argv[1:] if word not in ours]
    if not words or words[0] in ("-h", "--help") or words[0] not in VERBS:
        say(__doc__)
        say("\n".join(f"  {name:<10}{text}" for name, (_, text) in VERBS.items()))
        if words and words[0] not in ("-h", "--help"):
            print(f"\ncourse.py does not know {words[0]!r}; the words above are what it knows.", file=sys.stderr)
            return 2
        return 0
    verb, *rest = words
    if "--pip" in said:
        said.remove("--pip")
        os.environ["COURSE_PIP"] = "yes"
    try:
        rest = {"lab": lab_options, "run": run_options}.get(verb, list)(rest)
        if len(said) > 1:
            raise Trouble(f"{' and '.join(sorted(said))} do not go together: say one of them.")
        build = "".join(said & {"--cpu", "--gpu"}).strip("-")
        if verb == "doctor":
            return doctor(Path(sys.executable), rest)
        return VERBS[verb][0](this_environment() if "--here" in said else environment(build), rest)
    except (Trouble, OSError) as trouble:
        print(f"\n{trouble if isinstance(trouble, Trouble) else reason(str(trouble))}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nInterrupted. Nothing half-made is left; the same line starts again.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
