"""What tests of the app share: a server in a thread, and visitors who ask it without a browser."""

import asyncio
import base64
import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import requests
import torch
from PIL import Image
from tornado.netutil import bind_sockets

from bagnet_utils.app.guarding import HEADER
from bagnet_utils.app.server import App, listen

TOKEN = "a-token-for-tests"


@contextmanager
def serving(**choices) -> Iterator[tuple[str, App]]:
    """The address of an app on this machine, and the app itself."""
    started, held = threading.Event(), {}

    async def run():
        sockets = bind_sockets(0, "127.0.0.1")
        port = sockets[0].getsockname()[1]
        held.update(app=App(TOKEN, port, **choices), loop=asyncio.get_running_loop(), end=asyncio.Event(), port=port)
        server = listen(held["app"], sockets)
        await held["app"].ready
        started.set()
        await held["end"].wait()
        server.stop()

    thread = threading.Thread(target=asyncio.run, args=(run(),), daemon=True)
    thread.start()
    assert started.wait(60)
    yield f"http://127.0.0.1:{held['port']}", held["app"]
    held["loop"].call_soon_threadsafe(held["end"].set)
    thread.join(20)
    held["app"].line.pool.shutdown()


@pytest.fixture(scope="module")
def app():
    with serving() as both:
        yield both


class Guest:
    """A visitor who speaks to the server as the page does."""

    def __init__(self, address: str):
        self.address, self.web = address, requests.Session()
        assert self.web.get(f"{address}/?token={TOKEN}", timeout=60).status_code == 200
        self.web.headers[HEADER] = "new"
        self.about = self.post("begin").json()
        self.web.headers[HEADER] = self.about["visitor"]

    def post(self, where: str, body: bytes | str = b"", **options) -> requests.Response:
        return self.web.post(f"{self.address}/{where}", data=body, timeout=120, **options)

    def give(self, content: bytes, side: int = 128) -> requests.Response:
        return self.post(f"own?side={side}", content)

    def ask(self, where: str = "look", **question) -> requests.Response:
        usual = {"nets": "photos", "side": 128, "picture": "flamingo", "edits": [], "classes": []}
        return self.post(where, json.dumps(usual | question))

    def look(self, **question) -> dict:
        answer = self.ask(**question)
        assert answer.status_code == 200, answer.text
        return json.loads(answer.text.splitlines()[-1])


def maps_of(answer: dict) -> dict[int, torch.Tensor]:
    """The evidence that came: for each q C x h x w."""
    return {bag["q"]: unpacked(bag) for bag in answer["packed"]["bags"]}


def unpacked(bag: dict) -> torch.Tensor:
    values = np.frombuffer(base64.b64decode(bag["evidence"]), "<f4").reshape(-1, bag["rows"], bag["columns"])
    return torch.from_numpy(values.copy())


def picture_of(answer: dict) -> torch.Tensor:
    """The picture that the page shows, 3 x H x W."""
    content = base64.b64decode(answer["packed"]["picture"].split(",")[1])
    return torch.from_numpy(np.asarray(Image.open(io.BytesIO(content))).transpose(2, 0, 1) / np.float32(255))


def png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def noise(seed: int, side: int = 160) -> bytes:
    """A picture that no other visitor has."""
    return png(np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8))
