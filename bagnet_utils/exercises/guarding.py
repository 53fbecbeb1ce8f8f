"""What a learner's function may not do to the notebook: run for ever, fill the memory, leave things changed."""

import contextlib
import dis
import random
import signal
import sys
import threading
from collections.abc import Iterator

import numpy as np
import torch

SECONDS = 10  # for one case
GIGABYTES = 4


class Stopped(BaseException):
    """The function was stopped. Not an Exception, so that a learner's own `except Exception` does not catch it."""


def nothing_done(): ...


def is_stub(function) -> bool:
    """A function whose body is still the three dots (and perhaps a docstring)."""
    if not hasattr(function, "__code__"):
        return False
    steps, empty = ([step.opname for step in dis.get_instructions(one)] for one in (function, nothing_done))
    return steps == empty and set(function.__code__.co_consts) <= {None, ..., function.__doc__}


@contextlib.contextmanager
def as_it_was() -> Iterator[None]:
    """Whatever a function changes in Python, NumPy or torch is put back. Inside, floats are torch's float32."""
    dtype, threads, grad = torch.get_default_dtype(), torch.get_num_threads(), torch.is_grad_enabled()
    seeds, numpy_seeds = random.getstate(), np.random.get_state()  # noqa: NPY002 (the learner's may be of this kind)
    try:
        with torch.random.fork_rng(devices=[]), np.errstate(all="ignore"):
            torch.set_default_dtype(torch.float32)
            torch.set_grad_enabled(False)
            yield
    finally:
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(grad)
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        random.setstate(seeds)
        np.random.set_state(numpy_seeds)  # noqa: NPY002


@contextlib.contextmanager
def bounded() -> Iterator[None]:
    """Stop what takes more than ten seconds or four gigabytes, where the system can (Windows cannot)."""

    def stop(*_):
        raise Stopped(f"Your function takes more than {SECONDS} seconds. Does its loop come to an end?")

    timed = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    if timed:
        before = signal.signal(signal.SIGALRM, stop)
        signal.setitimer(signal.ITIMER_REAL, SECONDS, 1)
    try:
        with memory_limit():
            yield
    except MemoryError:
        raise Stopped(f"Your function asks for more than {GIGABYTES} GB of memory. What grows so large?") from None
    except RuntimeError as problem:
        if "allocate memory" not in str(problem):
            raise
        raise Stopped(f"Your function asks for more than {GIGABYTES} GB of memory. What grows so large?") from None
    finally:
        if timed:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def memory_limit() -> Iterator[None]:
    if sys.platform != "linux":
        yield
        return
    import resource

    with open("/proc/self/statm") as file:
        now = int(file.read().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = now + GIGABYTES * 2**30
    allowed = soft if soft != resource.RLIM_INFINITY and soft < most else most
    resource.setrlimit(resource.RLIMIT_AS, (allowed, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
