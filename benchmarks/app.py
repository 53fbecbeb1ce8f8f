"""How quick the app is: start, answers in a real browser, ten visitors at once. Figures for docs/app.md.

python benchmarks/app.py [start] [answers] [visitors] [published]   (all but the last, if none is named)

"published" measures nets of the published size with random weights, in place of those that ship. Chromium is wanted for
all but the visitors, who are ten threads of a client without a browser.
"""

import base64
import io
import json
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
import requests
import torch
from PIL import Image

import bagnet_utils as bu
from bagnet_utils.app.guarding import HEADER

ROOT = Path(__file__).parents[1]
FLAGS = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
TIMES, VISITORS, ROUNDS = 15, 10, 6
SIDE = 224
# The app with nets of the published size, whose weights are random, as if they had been fetched.
PUBLISHED = """
import torch, bagnet_utils as bu
from bagnet_utils.app import nets, __main__
from bagnet_utils.models.bagnet import Normalise
from bagnet_utils.worlds.imagenet import imagenet_classes
made = {}
for q in (9, 17, 33):
    net = getattr(bu, f"bagnet{q}")().eval().to(memory_format=torch.channels_last)
    net.classes, net.normalise = imagenet_classes(), Normalise((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)).eval()
    made[q] = net
real = nets.loaded
nets.fetched = lambda: True
nets.loaded = lambda name: made if name == "imagenet" else real(name)
__main__.main()
"""


@contextmanager
def running(published: bool = False):
    """The process of an app, and its address with the token."""
    program = ["-c", PUBLISHED] if published else ["-m", "bagnet_utils.app"]
    words = [sys.executable, *program, "--no-browser", "--port", "0"]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process, re.search(r"http://\S+", process.stdout.readline())[0]
        finally:
            process.terminate()


@contextmanager
def browsing():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        found = filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))
        browser = driver.chromium.launch(executable_path=next(found, None), args=FLAGS.split())
        yield browser
        browser.close()


def opened(browser, address: str):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(address)
    page.wait_for_selector("body[data-ready]", timeout=60_000)
    return page


def until(page, expression: str) -> None:
    """Wait until something holds on a page. (Playwright's own way evaluates strings, which the app forbids.)"""
    while not page.evaluate(expression):
        time.sleep(0.01)


def start() -> None:
    """From the command to the first maps, with the browser's own start."""
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        with running() as (_, address), browsing() as browser:
            opened(browser, address)
            seconds.append(time.perf_counter() - began)
    print(f"start to first maps, s: {' '.join(f'{one:.1f}' for one in seconds)} (asked: under 8)", flush=True)


def answers(published: bool = False) -> None:
    """From the click to the repainted maps, in ms."""
    with running(published) as (_, address), browsing() as browser:
        page = opened(browser, address)
        if published:
            page.select_option("#nets", "imagenet")
        else:
            page.select_option("#side", str(SIDE))
        until(page, f"document.querySelector('#picture').width === {SIDE}")
        box = page.locator("#stage").bounding_box()
        page.wait_for_timeout(3000)

        def click(number: int):
            at = (0.15 + 0.7 * (number * 0.37 % 1), 0.15 + 0.7 * (number * 0.61 % 1))
            page.mouse.click(box["x"] + at[0] * box["width"], box["y"] + at[1] * box["height"])

        def measured(what: str, do, times: int = TIMES, entry: str = "answer"):
            page.evaluate("performance.clearMeasures()")
            for number in range(times):
                do(number)
                until(page, f"performance.getEntriesByName('{entry}').length > {number}")
            spans = page.evaluate(f"performance.getEntriesByName('{entry}').map((one) => one.duration)")
            print(f"{what}: median {statistics.median(spans):.0f} ms, longest {max(spans):.0f} ms", flush=True)

        print(
            f"published size, {SIDE} px:"
            if published
            else f"nets for photographs, {SIDE} px (asked: median under 200 ms):"
        )
        for tool in ("silence", "erase", "sticker"):
            page.locator(f"[name=tool][value={tool}]").check(force=True)
            box = page.locator("#stage").bounding_box()
            measured(tool, click, entry="silence" if tool == "silence" else "answer")
        measured("shuffle", lambda _: page.locator("#shuffle").click(), 4 if published else TIMES)
        measured("undo", lambda _: page.locator("#undo").click(), 3)
        if not published:
            measured("other picture", lambda number: page.locator("#strip button").nth(number % 12).click())
            measured("other nets", lambda number: page.select_option("#nets", ("tiny", "photos")[number % 2]), 6)
            page.select_option("#side", str(SIDE))
            page.wait_for_timeout(3000)
            measured("every pixel", lambda _: page.locator("#dense").click(), 1)


def picture(seed: int) -> bytes:
    """A picture that no other visitor has."""
    file = io.BytesIO()
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), np.uint8)
    Image.fromarray(coarse).resize((1600, 1200), Image.Resampling.BICUBIC).save(file, "JPEG", quality=92)
    return file.getvalue()


def visit(address: str, seed: int, spans: list[float], wrong: list[str], nets: dict) -> None:
    """One visitor: an own picture, then change after change; every answer is compared with the course's own."""
    base, web = address.split("?")[0], requests.Session()
    web.get(address, timeout=60)
    web.headers[HEADER] = "new"
    web.headers[HEADER] = web.post(f"{base}begin", timeout=60).json()["visitor"]
    content, edits, random = picture(seed), [], np.random.default_rng(seed)
    answer = web.post(f"{base}own?side={SIDE}", data=content, timeout=60)
    expected = bu.load_image(content, SIDE)
    if answer.status_code != 200:
        return wrong.append(f"visitor {seed}: {answer.status_code} {answer.text}")
    for number in range(ROUNDS):
        question = {"nets": "photos", "side": SIDE, "picture": "own", "edits": edits, "classes": []}
        began = time.perf_counter()
        answer = web.post(f"{base}look", data=json.dumps(question), timeout=120)
        spans.append(time.perf_counter() - began)
        if answer.status_code != 200:
            return wrong.append(f"visitor {seed}: {answer.status_code} {answer.text}")
        said = json.loads(answer.text.splitlines()[-1])["packed"]
        shown = bu.load_image(base64.b64decode(said["picture"].split(",")[1]))
        if number == 0 and not torch.equal(shown, expected):
            wrong.append(f"visitor {seed} was shown another picture")
        for bag in said["bags"]:
            values = np.frombuffer(base64.b64decode(bag["evidence"]), "<f4").copy()
            maps = torch.from_numpy(values).reshape(-1, bag["rows"], bag["columns"])
            if not torch.allclose(maps, bu.evidence(nets[bag["q"]], shown)[0], atol=2e-3):
                wrong.append(f"visitor {seed}, round {number}, BagNet-{bag['q']}: other evidence")
        row, column = random.integers(0, SIDE - 32, 2).tolist()
        edits = [*edits, {"do": "erase", "row": row, "column": column, "size": 32, "fill": "mean"}]
        if number % 3 == 2:
            edits = [*edits, {"do": "shuffle", "tile": 56, "seed": number}]
    return None


def visitors() -> None:
    """Ten at once, each with a picture of its own."""
    torch.set_num_threads(1)
    nets = {q: bu.load_model(f"bagnet{q}", "photos") for q in (9, 17, 33)}
    spans, wrong, most, done = [], [], [0.0], threading.Event()
    with running() as (process, address):
        watched = psutil.Process(process.pid)

        def watch():
            while not done.wait(0.2):
                about = watched.memory_full_info()
                most[0] = max(most[0], getattr(about, "pss", about.rss) / 1e6)

        watcher = threading.Thread(target=watch)
        watcher.start()
        threads = [threading.Thread(target=visit, args=(address, seed, spans, wrong, nets)) for seed in range(VISITORS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        done.set()
        watcher.join()
    late = sorted(spans)[int(0.95 * (len(spans) - 1))]
    print(f"{VISITORS} visitors, {len(spans)} answers of {VISITORS * ROUNDS}, {len(wrong)} failures (asked: 0)")
    print(f"median {statistics.median(spans):.2f} s, 95th percentile {late:.2f} s, most memory {most[0]:.0f} MB (PSS)")
    print("\n".join(wrong), end="")


if __name__ == "__main__":
    chosen = sys.argv[1:] or ["start", "answers", "visitors"]
    for word in chosen:
        {"start": start, "answers": answers, "visitors": visitors, "published": lambda: answers(True)}[word]()
