"""A fence round the kernel that runs a hand-in: it sees Python, the course and an empty folder, and no network.

The fence is bubblewrap (Linux: apt install bubblewrap). It needs no root: the kernel gets namespaces of its own for
files, processes and network. Jupyter talks to it by sockets in a folder that belongs to this one kernel.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from jupyter_client.manager import AsyncKernelManager

import bagnet_utils

HERE = Path(__file__).resolve().parent
COURSE = Path(bagnet_utils.__file__).resolve().parents[1]
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64")
SYSTEM += ("/etc/ld.so.cache", "/etc/fonts", "/etc/localtime", "/etc/alternatives")
WALLS = (
    "--unshare-all",
    "--die-with-parent",
    "--new-session",
    "--cap-drop",
    "ALL",
    "--clearenv",
    "--hostname",
    "class",
)
VARIABLES = {"HOME": "/tmp/home", "USER": "student", "PATH": f"{sys.prefix}/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
VARIABLES |= {"PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}
GIGABYTES, PROCESSES, SCRATCH = 12, 256, 2**28  # address space, processes and threads, bytes in its own folder
OPEN = "COURSE_GRADING_WITHOUT_FENCE"  # set by those who know what they do


def readable() -> list[Path]:
    """What a hand-in may read: Python with its packages, the course's package and pictures, and what writes answers."""
    packages = [Path(place) for place in sys.path if place.endswith(("site-packages", "dist-packages"))]
    pythons = [Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve().parents[1]]
    course = [COURSE / "bagnet_utils", COURSE / "data", HERE / "handed_in.py"]
    return [place for place in (*map(Path, SYSTEM), *pythons, *packages, *course) if place.exists()]


def command(talk: Path) -> list[str]:
    """The words that put a program behind the fence. talk: the one folder outside that it shares."""
    bound = [word for place in readable() for word in ("--ro-bind", str(place), str(place))]
    limits = [f"--as={GIGABYTES * 2**30}", f"--nproc={PROCESSES}", f"--fsize={SCRATCH}", "--core=0"]
    own = ["--size", str(SCRATCH), "--tmpfs", "/tmp", "--dir", "/tmp/home", "--chdir", "/tmp/home"]
    given = [word for name, value in VARIABLES.items() for word in ("--setenv", name, value)]
    shared = ["--bind", str(talk), str(talk), "--remount-ro", "/", "--remount-ro", "/dev"]
    return [
        *(["prlimit", *limits] if shutil.which("prlimit") else []),
        *("bwrap", *WALLS, *given, "--proc", "/proc", "--dev", "/dev", *own, *bound, *shared, "--"),
    ]


@cache
def missing() -> str:
    """Why there can be no fence on this machine; nothing, if there can."""
    if sys.platform != "linux" or not shutil.which("bwrap"):
        return "There is no bubblewrap here, which keeps hand-ins away from your files (Linux: apt install bubblewrap)."
    with tempfile.TemporaryDirectory() as talk:
        tried = subprocess.run([*command(Path(talk)), sys.executable, "-c", ""], capture_output=True, text=True)
    return f"bubblewrap does not work here: {tried.stderr.strip().splitlines()[-1]}" if tried.returncode else ""


class FencedKernelManager(AsyncKernelManager):
    """Starts a kernel behind the fence, or none."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if os.environ.get(OPEN) != "1":
            if missing():
                raise RuntimeError(missing())
            self.talk = tempfile.TemporaryDirectory(prefix="k")
            self.transport, self.ip = "ipc", f"{self.talk.name}/s"
            self.connection_file = f"{self.talk.name}/kernel.json"

    def format_kernel_cmd(self, *args, **kwargs) -> list[str]:
        self.kernel_spec.interrupt_mode = "message"  # a signal would only reach the fence
        words = super().format_kernel_cmd(*args, **kwargs)
        return [*command(Path(self.talk.name)), *words] if hasattr(self, "talk") else words

    async def _async_launch_kernel(self, words: list[str], **how) -> None:
        """What a kernel itself prints belongs nowhere: outputs come by the sockets."""
        await super()._async_launch_kernel(words, **{**how, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL})
