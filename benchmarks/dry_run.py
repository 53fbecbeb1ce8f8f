"""Training at scale: a dry run on two processes is killed, resumed and compared; and how fast networks of 224 px work.

python benchmarks/dry_run.py            a few minutes on two cores: 20 steps of BagNet-33, of the published size

The pictures are noise in class folders: what is tested is the script, not what is learnt.
"""

import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import storing
import torch
import torchvision
from cells import MARK
from PIL import Image

from bagnet_utils.files import DATA
from bagnet_utils.models.at_scale import SIZES, build, hours, speed
from bagnet_utils.models.zoo import TITLES

STEPS, PROCESSES, EXACT = 20, 2, 1e-6
WORDS = (
    f"-m bagnet_utils.models.at_scale bagnet33 --batch {PROCESSES} --at-once 1 --workers 0 --steps {STEPS} --every 5"
)
PAPER = {"bagnet33": 155, "resnet": 570}  # pictures a second, forward, on the authors' hardware


def main() -> None:
    storing.write("at_scale", {"speed": speeds()})
    with tempfile.TemporaryDirectory() as home:
        storing.write("at_scale", {"dry run": dry_run(Path(home))})
    print("\n".join(lines()))


def speeds() -> dict[str, dict[str, float]]:
    """Pictures of 224 px that one thread works through in a second of its own time."""
    torch.set_num_threads(1)
    found, images = {}, torch.rand(1, 3, 224, 224).contiguous(memory_format=torch.channels_last)
    nets = {name: build(name, 1000, 0) for name in SIZES} | {"resnet": torchvision.models.resnet50(weights=None)}
    for name, net in nets.items():
        net.to(memory_format=torch.channels_last)
        for what, training in (("forward", False), ("forward and backward", True)):
            each = [speed(net, images, training, time.process_time) for _ in range(2)]
            found.setdefault(name, {})[what] = max(each)  # what else runs here only makes it slower
        print(name, found[name], flush=True)
    return found


def dry_run(home: Path) -> dict[str, float]:
    """Two runs of 20 steps at the published size: one unbroken, one killed after its first checkpoint and resumed."""
    make_pictures(home / "pictures")
    if launch(home, "whole").wait():
        raise SystemExit("the unbroken run did not end well")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    broken = launch(home, "broken")
    while not (metrics := folder(home, "broken") / "metrics.csv").exists() and broken.poll() is None:
        time.sleep(0.05)
    kill(broken)
    killed = int(metrics.read_text().splitlines()[-1].split(",")[0])
    if launch(home, "broken").wait():
        raise SystemExit("the run that was killed could not be resumed")
    states = [torch.load(folder(home, name) / "checkpoint.pt", weights_only=True) for name in ("whole", "broken")]
    first, second = (state["model"] for state in states)
    return {
        "steps": STEPS,
        "processes": PROCESSES,
        "pictures a step": PROCESSES,
        "killed after step": killed,
        "largest difference": max((first[key].double() - second[key].double()).abs().max().item() for key in first),
        "seconds a step": PROCESSES / float(np.median([row["images a second"] for row in states[0]["rows"]])),
        "processor seconds": (used.ru_utime + used.ru_stime) / STEPS / PROCESSES,
        "megabytes a process": used.ru_maxrss / 1024,
    }


def make_pictures(root: Path) -> None:
    """Noise of 320 x 256 px in four folders, as JPEG files."""
    random = np.random.default_rng(0)
    for split, count in (("train", 12), ("val", 1)):
        for kind in range(4):
            home = root / split / f"kind_{kind}"
            home.mkdir(parents=True)
            for i in range(count):
                Image.fromarray(random.integers(0, 255, (256, 320, 3), np.uint8)).save(home / f"{i:02}.JPEG")


def folder(home: Path, name: str) -> Path:
    return home / name / "at-scale-bagnet33-0"


def launch(home: Path, name: str) -> subprocess.Popen:
    words = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={PROCESSES}"]
    words += [*WORDS.split(), "--root", str(home / "pictures"), "--runs", str(home / name)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(words, cwd=DATA.parent, env=environment)


def kill(launched: subprocess.Popen) -> None:
    """torchrun and all processes that it started: each has a session of its own, and would outlive it."""
    children = Path(f"/proc/{launched.pid}/task/{launched.pid}/children").read_text().split()
    for number in (launched.pid, *map(int, children)):
        os.kill(number, signal.SIGKILL)
    launched.wait()
    while any(running(number) for number in children):
        time.sleep(0.05)


def running(number: str) -> bool:
    """Whether there is such a process that has not ended."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def lines() -> Iterator[str]:
    """The section of the claims page, as far as it was measured."""
    found = storing.read().get("at_scale", {})
    if not {"speed", "dry run"} <= found.keys():
        return
    run, speeds = found["dry run"], found["speed"]
    run = {"equal": MARK[run["largest difference"] <= EXACT], **run}
    yield HEAD.format(**run)
    for name in (one for one in (*SIZES, "resnet") if one in speeds):
        row = speeds[name]
        title, paper = TITLES[name].replace("ResNet", "ResNet-50"), PAPER.get(name, "")
        cells = f"{row['forward']:.2f} | {row['forward and backward']:.2f} | {hours(row['forward and backward']):,.0f}"
        yield f"| {title} | {cells} | {paper} |"
    ratio, theirs = speeds["resnet"]["forward"] / speeds["bagnet33"]["forward"], PAPER["resnet"] / PAPER["bagnet33"]
    yield f"\nResNet-50 is {ratio:.1f} times as fast as BagNet-33 here, and {theirs:.1f} times in the paper (forward)."


HEAD = """
## Training at scale: a dry run

`bagnet_utils/models/at_scale.py` trains the published size on ImageNet, by torchvision's reference recipe. We have
never run it to its end, so no accuracy of ours stands here. What was run: {steps} steps of BagNet-33 at 224 px, on
{processes} processes of one computer without a GPU (gloo), {pictures a step} pictures a step, generated ones. A second
run was killed after step {killed after step} and resumed. The largest difference between the weights of the two is
{largest difference:.2g}{equal} (predicted: at most 1e-6). A step took {seconds a step:.1f} seconds while other programs
ran as well, {processor seconds:.1f} seconds of each process's own time, its start included. The largest process needed
{megabytes a process:,.0f} MB.

Pictures of 224 px a second, on one thread of a processor, and the hours that 90 epochs of ImageNet would take on it:

| | forward | forward and backward | hours | paper, forward, on its GPU |
|---|---|---|---|---|"""

if __name__ == "__main__":
    main()
