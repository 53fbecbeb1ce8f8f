"""Who is here: one visitor for each open page, in memory and nowhere else.

A visitor's name is a long random number that only its own page knows. Whoever does not know it cannot see its picture.
"""

import asyncio
import os
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

IDLE = 30 * 60  # seconds without a sign of life, after which a visitor is forgotten
MOST = 40  # visitors at a time; one more, and the one who was idle longest is forgotten
WORKERS = max(1, min(4, (os.process_cpu_count if hasattr(os, "process_cpu_count") else os.cpu_count)() or 1))


@dataclass
class Visitor:
    """What the server keeps of one open page."""

    last: float  # when it was heard of
    own: dict = field(default_factory=dict)  # side in px: the visitor's own picture, 3 x side x side
    known: dict = field(default_factory=dict)  # (nets, q): pictures and their evidence, so that little is computed anew
    asked: int = 0  # the number of its newest question; older ones need no answer any more


class Visitors:
    """All who are here."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self.clock, self.here = clock, {}

    def welcome(self) -> str:
        """The name of a new visitor."""
        self.sweep()
        while len(self.here) >= MOST:
            del self.here[min(self.here, key=lambda name: self.here[name].last)]
        name = secrets.token_urlsafe(24)
        self.here[name] = Visitor(self.clock())
        return name

    def find(self, name: str) -> Visitor | None:
        self.sweep()
        visitor = self.here.get(name)
        if visitor:
            visitor.last = self.clock()
        return visitor

    def forget(self, name: str) -> None:
        self.here.pop(name, None)

    def sweep(self) -> None:
        """Forget those who have been idle for too long."""
        late = self.clock() - IDLE
        self.here = {name: visitor for name, visitor in self.here.items() if visitor.last > late}


class Obsolete(Exception):
    """The same visitor has asked something newer."""


class Line:
    """Where questions wait: first come, first served, in small pieces, so that ten visitors wait equally long."""

    def __init__(self, workers: int = WORKERS):
        self.pool = ThreadPoolExecutor(workers, thread_name_prefix="app")
        self.gate = asyncio.Semaphore(workers)

    async def take(self, visitor: Visitor, number: int, work: Callable, *arguments):
        """What work(*arguments) returns, once it is its turn; unless the visitor has moved on meanwhile."""
        async with self.gate:
            if visitor.asked != number:
                raise Obsolete
            return await asyncio.get_running_loop().run_in_executor(self.pool, work, *arguments)
