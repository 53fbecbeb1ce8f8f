"""A learner at a hub, without a browser: logs in, starts a server, opens a notebook, runs it cell by cell.

The same requests as JupyterLab makes: the log-in form, the hub's progress stream, a session, the kernel's websocket.
"""

import asyncio
import json
import random
import re
import time
import uuid
from dataclasses import dataclass, field
from urllib.parse import quote

import aiohttp
from jupyter_server.services.kernels.connection.base import deserialize_binary_message


class Failed(Exception):
    """Something that a learner would have seen go wrong."""


@dataclass
class Diary:
    """What happened to one learner."""

    start: float = 0.0  # seconds from the log-in until the server answers
    opening: list[float] = field(default_factory=list)  # seconds until a notebook's kernel answers
    cells: dict[str, float] = field(default_factory=dict)  # notebook and number of the cell: seconds
    failures: list[str] = field(default_factory=list)


class Learner:
    """One person's requests; the cookies are kept as a browser keeps them."""

    def __init__(self, hub: str, name: str, patience: float):
        self.hub, self.name, self.patience, self.diary = hub, name, patience, Diary()

    async def __aenter__(self):
        jar = aiohttp.CookieJar(unsafe=True)  # takes cookies from an address in numbers
        timeout = aiohttp.ClientTimeout(total=self.patience)
        self.web = aiohttp.ClientSession(cookie_jar=jar, timeout=timeout)
        return self

    async def __aexit__(self, *_):
        await self.web.close()

    def forgery_token(self, path: str) -> str:
        """What the hub and the server want beside the cookies, so that no other page can act for the learner."""
        return self.web.cookie_jar.filter_cookies(f"{self.hub}{path}")["_xsrf"].value

    async def ask(self, method: str, path: str, wanted: tuple[int, ...] = (200, 201, 204), **more):
        """One request; its JSON, or else its text."""
        if path.startswith("/user/"):
            more["headers"] = {"X-XSRFToken": self.forgery_token(path)}
        async with self.web.request(method, self.hub + path, **more) as answer:
            if answer.status not in wanted:
                raise Failed(f"{method} {re.sub('[0-9a-f-]{36}', '...', path)}: {answer.status} {answer.reason}")
            return await (answer.json() if answer.content_type == "application/json" else answer.text())

    async def arrive(self) -> None:
        """Log in, have a server started, and wait until it lets one in."""
        started = time.monotonic()
        await self.ask("GET", "/hub/login")
        who = {"username": self.name, "password": "", "_xsrf": self.forgery_token("/hub/login")}
        await self.ask("POST", "/hub/login?next=/hub/spawn", data=who)
        progress = f"/hub/api/users/{self.name}/server/progress?_xsrf={quote(self.forgery_token('/hub/'))}"
        async with self.web.get(self.hub + progress) as events:
            async for line in events.content:
                event = json.loads(line[5:]) if line.startswith(b"data:") else {}
                if event.get("failed"):
                    raise Failed(f"the server did not start: {event['message']}")
                if event.get("ready"):
                    break
        async with self.web.get(f"{self.hub}/user/{self.name}/lab") as page:  # by way of the hub, which says who it is
            if page.status != 200:
                raise Failed(f"GET /user/{self.name}/lab: {page.status} {page.reason}")
        self.diary.start = time.monotonic() - started

    async def work_through(self, path: str, pauses, most: int | None = None, stop: bool = True) -> None:
        """Run the code cells of a notebook one after another, and save it with what they put out.

        pauses: gives the seconds of thought before each cell. most: only so many cells. stop: close the notebook.
        """
        api = f"/user/{self.name}/api"
        notebook = (await self.ask("GET", f"{api}/contents/{path}"))["content"]
        opened = time.monotonic()
        wish = {"path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"}}
        session = await self.ask("POST", f"{api}/sessions", json=wish)
        channels = f"{self.hub}{api}/kernels/{session['kernel']['id']}/channels?session_id={uuid.uuid4().hex}"
        async with self.web.ws_connect(channels, max_msg_size=0, heartbeat=30) as socket:
            await self.request(socket, "kernel_info_request", {})
            self.diary.opening.append(time.monotonic() - opened)
            codes = [(i, cell) for i, cell in enumerate(notebook["cells"]) if cell["cell_type"] == "code"]
            for number, cell in codes[:most]:
                await asyncio.sleep(next(pauses))
                begun = time.monotonic()
                wish = {"code": "".join(cell["source"]), "silent": False, "store_history": True, "stop_on_error": True}
                reply, cell["outputs"] = await self.request(socket, "execute_request", wish)
                self.diary.cells[f"{path}, cell {number}"] = time.monotonic() - begun
                cell["execution_count"] = reply.get("execution_count")
                if reply["status"] != "ok":
                    error = f"{reply.get('ename', reply['status'])} {reply.get('evalue', '')}"[:120]
                    raise Failed(f"{path}, cell {number}: {error}")
        await self.ask("PUT", f"{api}/contents/{path}", json={"type": "notebook", "content": notebook})
        if stop:
            await self.ask("DELETE", f"{api}/sessions/{session['id']}")

    async def request(self, socket, kind: str, content: dict) -> tuple[dict, list[dict]]:
        """Ask the kernel; its reply and what it put out, once it has said both the reply and that it is idle."""
        mine = uuid.uuid4().hex
        header = {"msg_id": mine, "msg_type": kind, "username": "", "session": mine, "version": "5.4"}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        await socket.send_json(message)
        reply, idle, outputs, end = None, False, [], time.monotonic() + self.patience
        while reply is None or not idle:
            frame = await socket.receive(timeout=max(end - time.monotonic(), 0.01))
            if frame.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                raise Failed(f"the connection to the kernel broke off ({frame.type.name.lower()})")
            text = frame.type == aiohttp.WSMsgType.TEXT
            heard = json.loads(frame.data) if text else deserialize_binary_message(frame.data)
            said, state = heard["msg_type"], heard["content"].get("execution_state")
            if said == "status" and state in ("restarting", "dead", "autorestarting"):
                raise Failed(f"the kernel died ({state})")
            if heard["parent_header"].get("msg_id") == mine:
                reply = heard["content"] if said.endswith("_reply") else reply
                idle = idle or (said == "status" and state == "idle")
                if said in ("stream", "display_data", "execute_result", "error"):
                    outputs.append(as_output(said, heard["content"]))
        return reply, outputs


def as_output(kind: str, content: dict) -> dict:
    """A kernel's message as a notebook keeps it."""
    return {"output_type": kind, **{key: value for key, value in content.items() if key != "transient"}}


def pauses(seconds: float, seed: int):
    """Endless pauses of so many seconds in the mean: most short, some long. The same for the same seed."""
    draw = random.Random(seed)
    while True:
        yield draw.expovariate(1 / seconds) if seconds else 0.0
