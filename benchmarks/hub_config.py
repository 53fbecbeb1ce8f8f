"""JupyterHub for a class, with the settings that docs/hubs.md explains: jupyterhub -f benchmarks/hub_config.py

Copy it and change it. The last part is for trying on one machine only: there anybody may log in as anybody, so it
refuses to listen beyond loopback. Replace it before learners come in from elsewhere.
"""

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

from jupyterhub.auth import DummyAuthenticator

COURSE = Path(os.environ.get("COURSE_FOLDER", Path(__file__).resolve().parents[1]))  # one, which learners only read
PYTHON = sys.executable  # one environment for hub, servers and kernels
MINUTES = {"kernel": 40, "server": 90}  # without a cell run, without any sign of life: then it is stopped

c = get_config()  # noqa: F821  JupyterHub puts it there

# ---------------------------------------------------------------- a small machine

# Learners share the cores already. With a thread per core each, they would only push each other away.
c.Spawner.environment = {name: "1" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
c.Spawner.environment["MALLOC_ARENA_MAX"] = "2"
c.Spawner.mem_limit, c.Spawner.cpu_limit = "1.5G", 2  # held only by spawners that can: systemd, Docker, Kubernetes
c.Spawner.start_timeout = c.Spawner.http_timeout = 180  # seconds: a whole class may start at once
c.JupyterHub.concurrent_spawn_limit = 10

# ---------------------------------------------------------------- a learner's server

# Run as the learner, in the learner's home: copies of the notebooks (what was edited stays), then JupyterLab. Closing a
# notebook there also stops its kernel, so that nobody keeps five of them. After each cell a kernel gives back to the
# system what it has freed: the C library would keep some 200 MB of it, for each learner.
START = f"""
umask 077
mkdir -p my_course .runtime .jupyter/labconfig .ipython/profile_default/startup
export JUPYTER_RUNTIME_DIR="$PWD/.runtime" BAGNET_PROGRESS="$PWD/my_course/progress.json"
cat > .jupyter/labconfig/default_setting_overrides.json <<'SETTINGS'
{{"@jupyterlab/notebook-extension:tracker": {{"kernelShutdown": true}},
  "@jupyterlab/apputils-extension:notification": {{"fetchNews": "false", "checkForUpdates": false}}}}
SETTINGS
cat > .ipython/profile_default/startup/00-give-back-memory.py <<'STARTUP'
import ctypes as _ctypes

_trim = getattr(_ctypes.CDLL(None), "malloc_trim", None)  # GNU's C library has it
if _trim:
    get_ipython().events.register("post_run_cell", lambda result: _trim(0))
STARTUP
'{PYTHON}' -m bagnet_utils.notebooks copy '{COURSE}/notebooks' my_course
exec '{PYTHON}' -m jupyterhub.singleuser "$@"
"""
c.Spawner.cmd = ["/bin/sh", "-c", START, "learner"]
c.Spawner.default_url = "/lab/tree/my_course/00_start_here.ipynb"
c.Spawner.args = [
    "--KernelManager.transport=ipc",  # others on the machine cannot listen to a kernel, as they could on a port
    "--ServerApp.terminals_enabled=False",
    f"--MappingKernelManager.cull_idle_timeout={60 * MINUTES['kernel']}",
    "--MappingKernelManager.cull_connected=True",  # an open page alone does not keep a kernel
    f"--ServerApp.shutdown_no_activity_timeout={60 * MINUTES['server']}",
]

# ---------------------------------------------------------------- for trying, on one machine only


def on_loopback(address: str) -> bool:
    """Whether only this machine can reach an address."""
    return urlsplit(address).hostname in ("127.0.0.1", "::1", "localhost")


class Anybody(DummyAuthenticator):
    """Lets anybody in under any name, and therefore nobody from elsewhere."""

    def __init__(self, **options):
        super().__init__(**options)
        if not on_loopback(self.parent.bind_url):
            sys.exit(
                f"hub_config.py: the hub would listen at {self.parent.bind_url}, where others reach it, and anybody "
                "could log in as anybody. Use http://127.0.0.1:8000, or an authenticator with passwords (docs/hubs.md)."
            )


c.JupyterHub.bind_url = "http://127.0.0.1:8000"
c.JupyterHub.authenticator_class = Anybody
c.JupyterHub.spawner_class = "simple"  # all learners are one user of the system: no walls between them
c.SimpleLocalProcessSpawner.home_dir_template = str(Path.cwd() / "learners" / "{username}")
if os.geteuid() == 0:
    c.Spawner.args.append("--allow-root")
