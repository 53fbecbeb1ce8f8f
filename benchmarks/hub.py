"""A class at once: how does a JupyterHub on a small machine bear ten learners? Prints a table for docs/hubs.md.

python benchmarks/hub.py [--learners 10] [--pause 10] [--keep] [--browser FILE.png] [--json FILE]

Needs the packages of the group `hub` (pip install --editable ".[hub]") and JupyterHub's proxy, which is a program for
Node (npm install -g configurable-http-proxy). Takes about 25 minutes on two cores.
"""

import argparse
import asyncio
import contextlib
import importlib.util
import json
import math
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psutil

ROOT = Path(__file__).resolve().parents[1]
CONFIG = ROOT / "benchmarks" / "hub_config.py"
NOTEBOOKS = ("my_course/00_start_here.ipynb", "my_course/05_heatmaps.ipynb")
PROXY = "configurable-http-proxy"  # Node's: the one in Python, of the same name, loses a learner's cookies
APART = 0.5  # seconds between one learner's log-in and the next one's
GROUPS = {"memory.max": Path("/sys/fs/cgroup"), "memory.limit_in_bytes": Path("/sys/fs/cgroup/memory")}


class Hub(NamedTuple):
    address: str
    pid: int
    limited: bool  # to the memory that was wanted, by the system


class Class(NamedTuple):
    """What came of one run."""

    title: str
    diaries: list
    peak: float  # GB, all processes of the hub, shared pages counted once
    minutes: float
    limited: bool

    def failures(self) -> list[str]:
        return [failure for diary in self.diaries for failure in diary.failures]

    def cells(self) -> list[float]:
        return [seconds for diary in self.diaries for seconds in diary.cells.values()]


# ---------------------------------------------------------------- the hub


@contextlib.contextmanager
def hub(gigabytes: float) -> Iterator[Hub]:
    """A JupyterHub on loopback with homes of its own; it and all that it started are gone afterwards."""
    ports = free_ports(3)
    address = f"http://127.0.0.1:{ports[0]}"
    with tempfile.TemporaryDirectory(prefix="hub-", ignore_cleanup_errors=True) as folder:
        group = memory_group(gigabytes)
        words = [sys.executable, "-m", "jupyterhub", "-f", str(CONFIG), f"--JupyterHub.bind_url={address}"]
        words += [f"--JupyterHub.hub_port={ports[1]}", f"--ConfigurableHTTPProxy.api_url=http://127.0.0.1:{ports[2]}"]
        enter = (lambda: (group / "cgroup.procs").write_text("0")) if group else None  # 0: the one who writes it
        with open(Path(folder, "log.txt"), "wb") as log:
            process = subprocess.Popen(words, cwd=folder, stdout=log, stderr=log, preexec_fn=enter)
        try:
            until_it_answers(process, f"{address}/hub/api/", Path(folder, "log.txt"))
            yield Hub(address, process.pid, bool(group))
        finally:
            everybody = descendants(process.pid)
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(30)
            for one in everybody:
                with contextlib.suppress(psutil.Error):
                    one.kill()
            process.wait()
            if group:
                time.sleep(1)
                with contextlib.suppress(OSError):
                    group.rmdir()


def descendants(pid: int) -> list[psutil.Process]:
    """A process and all that it started, as far as they still run."""
    with contextlib.suppress(psutil.Error):
        return [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return []


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def until_it_answers(process: subprocess.Popen, address: str, log: Path, patience: float = 60) -> None:
    end = time.monotonic() + patience
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=5):
            return
        time.sleep(0.2)
    raise SystemExit(f"hub.py: JupyterHub did not start. Its last words: {log.read_text(errors='replace')[-2000:]}")


def memory_group(gigabytes: float) -> Path | None:
    """A group of processes that gets no more memory than this, where the system lets us make one (Linux, as root)."""
    for name, folder in GROUPS.items():
        group = folder / f"course-hub-{os.getpid()}"
        with contextlib.suppress(OSError):
            group.mkdir()
            try:
                (group / name).write_text(str(int(gigabytes * 1e9)))
                return group
            except OSError:
                group.rmdir()
    return None


class Scales(threading.Thread):
    """Weighs the hub with all that it started, again and again, and keeps the most."""

    def __init__(self, pid: int, every: float = 3):
        super().__init__(daemon=True)
        self.pid, self.every, self.most, self.done = pid, every, 0, threading.Event()

    def run(self):
        while not self.done.wait(self.every):
            total = 0
            for one in descendants(self.pid):
                with contextlib.suppress(psutil.Error):
                    total += one.memory_full_info().pss
            self.most = max(self.most, total)


# ---------------------------------------------------------------- the class


async def attend(title: str, place: Hub, options: argparse.Namespace, learners: int, pause: float) -> Class:
    """Learners come, work through their notebooks, and go."""
    from hub_browser import work_in_a_browser
    from hub_learner import Learner, pauses

    async def one(number: int):
        await asyncio.sleep(APART * number)
        async with Learner(place.address, f"learner{number}", options.patience) as learner:
            try:
                if options.browser and learners > 1 and number == learners - 1:
                    thoughts, picture = pauses(pause, number), options.browser.with_suffix(f".{title.split()[-1]}.png")
                    await work_in_a_browser(learner, NOTEBOOKS, thoughts, options.cells, picture)
                    return learner.diary
                await learner.arrive()
                for path in NOTEBOOKS:
                    await learner.work_through(path, pauses(pause, number), options.cells, stop=not options.keep)
            except Exception as problem:
                learner.diary.failures.append(f"{learner.name}: {type(problem).__name__}: {problem}")
            return learner.diary

    started, scales = time.monotonic(), Scales(place.pid)
    scales.start()
    diaries = await asyncio.gather(*(one(number) for number in range(learners)))
    scales.done.set()
    return Class(title, diaries, scales.most / 1e9, (time.monotonic() - started) / 60, place.limited)


def percentile(seconds: list[float], percent: int) -> float:
    return statistics.quantiles(seconds, n=100, method="inclusive")[percent - 1] if len(seconds) > 1 else seconds[0]


def table(runs: list[Class]) -> str:
    """One row for each run, the first of which is the lone learner's."""
    alone = statistics.median(runs[0].cells() or [math.nan])
    lines = ["| | learners | failures | start, s | cell, median, s | 95 %, s | longest, s | to alone | GB | minutes |"]
    lines += ["|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"]
    for run in runs:
        cells = run.cells() or [math.nan]
        starts = [diary.start for diary in run.diaries]
        lines += [
            f"| {run.title} | {len(run.diaries)} | {len(run.failures())} | {statistics.median(starts):.0f} to "
            f"{max(starts):.0f} | {statistics.median(cells):.2f} | {percentile(cells, 95):.1f} | {max(cells):.0f} | "
            f"{statistics.median(cells) / alone:.1f} | {run.peak:.1f} | {run.minutes:.1f} |"
        ]
    return "\n".join(lines)


def missing() -> str:
    """What is wanted and not there, in one line."""
    gone = [name for name in ("jupyterhub", "aiohttp") if importlib.util.find_spec(name) is None]
    cures = ['pip install --editable ".[hub]"'] if gone else []
    if not shutil.which(PROXY):
        gone, cures = [*gone, PROXY], [*cures, f"npm install -g {PROXY}"]
    return f"hub.py: {', '.join(gone)} not found; install it: {'; '.join(cures)}" if gone else ""


def parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="hub.py", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--learners", type=int, default=10)
    parser.add_argument("--cells", type=int, help="only so many cells of each notebook")
    parser.add_argument("--pause", type=float, default=10, help="mean seconds of thought before a cell, in the lesson")
    parser.add_argument("--patience", type=float, default=600, help="seconds after which nobody waits any longer")
    parser.add_argument("--memory", type=float, default=8, help="GB that the hub may use, if the system can hold it")
    parser.add_argument("--cores", type=int, default=2, help="for all: hub, kernels and this program")
    parser.add_argument("--keep", action="store_true", help="leave notebook 00 open when 05 is opened")
    parser.add_argument("--browser", type=Path, help="one of them in a real browser; its picture goes into this file")
    parser.add_argument("--only", choices=("rush", "lesson"), help="one of the two ways for the class to work")
    parser.add_argument("--json", type=Path, help="keep all that was measured in this file")
    return parser.parse_args(words)


def main(words: list[str]) -> int:
    options = parse(words)
    if gone := missing():
        print(gone, file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that a hub that is running goes as well
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.cores])
    many = options.learners
    plan = {"alone": (1, 0.0), "all at full speed": (many, 0.0), "a lesson": (many, options.pause)}
    plan.pop({"rush": "a lesson", "lesson": "all at full speed"}.get(options.only), None)
    runs = []
    for title, (learners, pause) in plan.items():
        with hub(options.memory) as place:
            runs.append(asyncio.run(attend(title, place, options, learners, pause)))
        print(f"{title}: {runs[-1].minutes:.1f} minutes, {len(runs[-1].failures())} failures", flush=True)
        print("".join(f"  {failure}\n" for failure in runs[-1].failures()), end="", flush=True)
    print(f"\n{table(runs)}\n")
    print(f"Memory was {'held to' if runs[0].limited else 'measured, not held to'} {options.memory:g} GB.")
    if options.json:
        kept = [run._replace(diaries=[vars(diary) for diary in run.diaries])._asdict() for run in runs]
        options.json.write_text(json.dumps(kept, indent=1), encoding="utf-8")
    return 1 if any(run.failures() for run in runs) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
