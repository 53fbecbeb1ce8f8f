"""How a check works: it says "not tried yet", "right", or what is wrong. It never raises, whatever it is given."""

import copy
import functools
import math
import sys
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor


class NotTried(Exception):
    """The stub is still there."""


class Wrong(Exception):
    """One sentence that says what is wrong and helps, without giving the answer away."""


def exercise(judge: Callable) -> Callable:
    """Turn a judge, which raises Wrong or NotTried or returns a word of praise, into a check, which prints."""

    @functools.wraps(judge)
    def check(answer=None) -> None:
        try:
            if answer is None or answer is ...:
                raise NotTried
            with torch.random.fork_rng(devices=[]), torch.no_grad():
                praise = judge(answer)
            print(f"✓ Right. {praise}")
        except NotTried:
            print("○ Not tried yet. Replace the dots with your own code, run the cell above, then this one.")
        except Wrong as problem:
            print(f"✗ Not yet. {problem}")
        except (Exception, SystemExit) as problem:
            print(f"✗ Not yet. What you gave cannot be judged ({type(problem).__name__}); read the task once more.")

    return check


def call(function, *given):
    """What the learner's function returns for these arguments (copies of them, so that nothing of ours is spoilt)."""
    if not callable(function):
        raise Wrong(f"A function is wanted, but a {type(function).__name__} was given: leave out the brackets?")
    with torch.enable_grad():
        try:
            answer = function(*copy.deepcopy(given))
        except (Exception, SystemExit) as problem:
            said = f": {problem}" if str(problem) else ""
            raise Wrong(f"Your function stops with {type(problem).__name__}{said}"[:300]) from None
    if answer is None or answer is ...:
        raise NotTried
    return answer


def number(answer, what: str = "Your function") -> float:
    """The answer as one number."""
    if isinstance(answer, (Tensor,)) or hasattr(answer, "dtype"):
        if math.prod(answer.shape) != 1:
            raise Wrong(f"{what} gives {describe(answer)}, but one number is wanted.")
        answer = answer.item()
    if isinstance(answer, (bool, str)) or not isinstance(answer, (int, float)):
        raise Wrong(f"{what} gives {describe(answer)}, but a number is wanted.")
    if isinstance(answer, int) and abs(answer) > sys.float_info.max:
        raise Wrong(f"{what} gives a number of more than 300 digits: what do you multiply so often?")
    if not math.isfinite(answer):
        raise Wrong(f"{what} gives {answer}: somewhere you divide by zero or take the logarithm of nothing.")
    return answer


def array(answer) -> np.ndarray:
    """The answer as an array of floats, of whatever shape."""
    try:
        if np.asarray(answer).dtype.kind not in "USc":  # words, complex numbers
            return np.asarray(answer, dtype=float)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        pass
    raise Wrong(f"Numbers are wanted, but a {type(answer).__name__} came that does not hold any.")


def tensor(answer, shape: tuple[int, ...], what: str = "Your function") -> Tensor:
    """The answer as a tensor of this shape, in float64."""
    if not isinstance(answer, Tensor):
        raise Wrong(f"{what} gives {describe(answer)}, but a tensor of shape {size(shape)} is wanted.")
    if tuple(answer.shape) != tuple(shape):
        raise Wrong(f"{what} gives a tensor of shape {size(answer.shape)}, but {size(shape)} is wanted.")
    answer = answer.detach().double()
    if not answer.isfinite().all():
        raise Wrong(f"{what} gives a tensor with NaN or infinite numbers in it.")
    return answer


def size(shape) -> str:
    return " x ".join(map(str, shape)) or "one number"


def describe(answer) -> str:
    shape = f" of shape {size(answer.shape)}" if isinstance(answer, Tensor) else ""
    return f"a {type(answer).__name__}{shape}"
