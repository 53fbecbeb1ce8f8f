"""Speed and memory of heatmap, occlusion and forward pass, as a table of ratios measured side by side in one run.

Patch by patch is what the published utility does: batches of 1,000 patches through the network as it is built, which
keeps numbers channel by channel, as PyTorch does unless told otherwise. Told to keep them pixel by pixel
("channels last"), the same network is faster, patch by patch and on whole pictures; the table has that comparison too.

Occlusion is compared with Captum's, as it comes: the same picture, square and places.

python3 course.py bench            all of it, on the GPU when there is one
python3 course.py bench --device cpu
"""

import argparse
import copy
import multiprocessing
import os
import platform
import sys
import time
from pathlib import Path

import torch
import torch.nn.functional as F

import bagnet_utils as bu

SIDE, PATCH, BATCH, TARGET = 224, 33, 1000, 7
SQUARE, STEP = 32, 16  # px, of the square that hides a part, and between its places
ROWS = []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(parser.parse_args().device)
    torch.manual_seed(0)
    torch.set_grad_enabled(False)
    model = bu.bagnet33().eval().to(device)
    image = torch.rand(3, SIDE, SIDE, device=device)

    note("the machine's limit, before and after everything else")
    limit = fastest_rate(device)

    note("the dense heatmap, and a sample of its patches one by one")
    dense = best(lambda: bu.heatmap(model, image, TARGET, stride=1), device, times=3)
    heatmap = bu.heatmap(model, image, TARGET, stride=1)
    windows = F.pad(image, [PATCH // 2] * 4).unfold(1, PATCH, 1).unfold(2, PATCH, 1)  # 3 x 224 x 224 x 33 x 33
    sample = torch.randperm(SIDE * SIDE, generator=torch.Generator().manual_seed(0))[: 2 * BATCH].to(device)
    patches = windows[:, sample // SIDE, sample % SIDE].transpose(0, 1).contiguous()  # 2000 x 3 x 33 x 33
    one_by_one = best(lambda: model(patches[:BATCH]), device) / BATCH * SIDE * SIDE
    reordered = copy.deepcopy(model).to(memory_format=torch.channels_last)
    one_by_one_reordered = best(lambda: reordered(patches[:BATCH]), device) / BATCH * SIDE * SIDE
    worst = torch.cat([model(some)[:, TARGET] for some in patches.split(BATCH)]) - heatmap.flatten()[sample]
    spread = heatmap.max() - heatmap.min()
    row("heatmap, 224 px, against patch by patch", one_by_one / dense, "times faster", ">= 25")
    row("the same, patches in channels-last storage", one_by_one_reordered / dense, "times faster", "")
    row("their largest difference, share of the heatmap's range", (worst.abs().max() / spread).item(), "", "< 1e-4")

    for name, build, wanted in (("BagNet-33", bu.bagnet33, ">= 5"), ("BagNet-9", bu.bagnet9, ">= 15")):
        note(f"occlusion of {name}, and Captum's (up to 5 minutes)")
        ratio, apart = against_captum(build().eval().to(device), image, device)
        row(f"occlusion of {name}, 224 px, against Captum's", ratio, "times faster", wanted)
        row("its largest difference from hidden pictures asked whole", apart, "logits", "< 1e-4")

    note("plain forward passes of BagNet-33 and ResNet-50")
    from torchvision.models import resnet50  # here, so that the processes whose memory is measured do without it

    few = torch.rand(4 if device.type == "cpu" else 64, 3, SIDE, SIDE, device=device)
    bagnet_time = best(lambda: reordered(few), device, times=5) / len(few)
    resnet = resnet50().eval().to(device, memory_format=torch.channels_last)
    resnet_time = best(lambda: resnet(few), device, times=5) / len(few)

    limit = max(limit, fastest_rate(device))
    heatmap_rate = dense_multiply_adds(model) * 2 / dense
    forward_rate = forward_multiply_adds(model) * 2 / bagnet_time
    row("heatmap's FLOP rate, share of the machine's limit", 100 * heatmap_rate / limit, "%", ">= 70")
    row("forward pass's FLOP rate, share of the same", 100 * forward_rate / limit, "%", ">= 70")
    row("ResNet-50 against BagNet-33, images/s", bagnet_time / resnet_time, "times faster", "(paper: 3.7)")

    for width in (224, 512, 1024):
        note(f"peak memory of a process that makes the heatmap of {width} x {width} pixels (up to 5 minutes)")
        row(f"peak memory of the heatmap, {width} px", peak_memory(width, device.type), "GB", "< 1.2, flat")

    print("\r\033[K", end="", file=sys.stderr)
    cores = torch.get_num_threads()
    name = torch.cuda.get_device_name() if device.type == "cuda" else f"{platform.machine()} CPU, {cores} threads"
    print(f"{name}, torch {torch.__version__}, float32")
    print(f"limit {limit / 1e9:.0f} GFLOP/s; heatmap {heatmap_rate / 1e9:.0f} GFLOP/s, {dense:.2f} s;")
    print(f"patch by patch {one_by_one:.0f} s, in channels-last storage {one_by_one_reordered:.0f} s;")
    print(f"BagNet-33 {1 / bagnet_time:.1f} images/s, ResNet-50 {1 / resnet_time:.1f} images/s\n")
    print(f"{'':<56}{'measured':>10} {'':<14}wanted")
    for what, value, unit, wanted in ROWS:
        number = f"{value:.1e}" if value < 0.01 else f"{value:.2f}" if value < 10 else f"{value:.1f}"
        print(f"{what:<56}{number:>10} {unit:<14}{wanted}")


def fastest_rate(device: torch.device) -> float:
    """FLOP/s of a large matrix product or of a 1x1 convolution, whichever is higher.

    Libraries differ: on some processors the matrix product runs at less than half the rate of the convolution.
    """
    side = 4096 if device.type == "cpu" else 16384
    square = torch.randn(side, side, device=device)
    product = 2 * side**3 / best(lambda: square @ square, device)
    channels, pixels = 512, 64 if device.type == "cpu" else 512
    maps = torch.randn(4, channels, pixels, pixels, device=device).contiguous(memory_format=torch.channels_last)
    weight = torch.randn(channels, channels, 1, 1, device=device)
    seconds = best(lambda: F.conv2d(maps, weight), device, times=3)
    return max(product, 2 * channels**2 * maps[:, 0].numel() / seconds)


def against_captum(net: bu.BagNet, image: torch.Tensor, device: torch.device) -> tuple[float, float]:
    """How many times faster than Captum's our occlusion is; the largest error of its logits, at every tenth place."""
    from captum.attr import Occlusion

    ours = best(lambda: bu.occlude(net, image, SQUARE, STEP, "black"), device, times=1)
    windows = {"sliding_window_shapes": (3, SQUARE, SQUARE), "strides": (3, STEP, STEP), "target": TARGET}
    started = time.perf_counter()  # once: it takes minutes, and has no warming up to do
    Occlusion(net).attribute(image[None], **windows)
    if device.type == "cuda":
        torch.cuda.synchronize()
    theirs = time.perf_counter() - started
    found = bu.occlude(net, image, SQUARE, STEP, "black")
    places = [(row, column) for row in found.rows for column in found.columns][::10]
    hidden = image.repeat(len(places), 1, 1, 1)
    for picture, (top, left) in zip(hidden, places, strict=True):
        picture[:, top : top + SQUARE, left : left + SQUARE] = 0
    return theirs / ours, (net(hidden) - found.logits.flatten(0, 1)[::10]).abs().max().item()


def row(*cells) -> None:
    ROWS.append(cells)


def note(text: str) -> None:
    print(f"\r\033[Kmeasuring {text} ...", end="", file=sys.stderr, flush=True)


def best(work, device: torch.device, times: int = 2) -> float:
    """Seconds of the fastest of some runs, after one that does not count."""
    seconds = []
    for _ in range(times + 1):
        started = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - started)
    return min(seconds[1:])


def dense_multiply_adds(model: bu.BagNet) -> int:
    """Of the heatmap at stride 1: each convolution at every place that a patch still needs, the stem's two as one."""
    spare, step = PATCH - 3, 1  # how much wider than the picture the map is; the spread of a 3x3 convolution's taps
    total = 27 * 64 * (SIDE + spare) ** 2
    for block in (block for stage in (1, 2, 3, 4) for block in getattr(model, f"layer{stage}")):
        total += block.conv1.weight.numel() * (SIDE + spare) ** 2
        spare -= (block.conv2.kernel_size[0] - 1) * step
        step *= block.conv2.stride[0]
        rest = [block.conv2, block.conv3] + ([block.downsample[0]] if block.downsample else [])
        total += sum(convolution.weight.numel() for convolution in rest) * (SIDE + spare) ** 2
    return total


def forward_multiply_adds(model: bu.BagNet) -> int:
    """Of one forward pass, counted from the sizes of the maps that it makes."""
    total = 0

    def count(layer, inputs, output):
        nonlocal total
        total += layer.weight.numel() * output[0, 0].numel()

    layers = [layer for layer in model.modules() if isinstance(layer, torch.nn.Conv2d)]
    handles = [layer.register_forward_hook(count) for layer in layers]
    model(torch.zeros(1, 3, SIDE, SIDE, device=model.fc.weight.device))
    for handle in handles:
        handle.remove()
    return total


def peak_memory(side: int, device: str) -> float:
    """Gigabytes at most held by a fresh process (or on its GPU) that does nothing but make one heatmap."""
    context = multiprocessing.get_context("spawn")
    answer = context.SimpleQueue()
    worker = context.Process(target=make_one_heatmap, args=(side, device, answer))
    worker.start()
    worker.join()
    return answer.get()


def make_one_heatmap(side: int, device: str, answer) -> None:
    model = bu.bagnet33().eval().to(device)
    bu.heatmap(model, torch.rand(3, side, side, device=device), TARGET, stride=1)
    answer.put(torch.cuda.max_memory_allocated() / 1e9 if device == "cuda" else most_memory_held())


def most_memory_held() -> float:
    """Gigabytes that this process held at its peak, its program and libraries included."""
    if sys.platform == "linux":  # the kernel's own mark; getrusage would answer with the parent's, which is higher
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 / 1e9 for line in lines if line.startswith("VmHWM"))
    if os.name == "nt":
        import psutil

        return psutil.Process().memory_info().peak_wset / 1e9
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e9


if __name__ == "__main__":
    main()
