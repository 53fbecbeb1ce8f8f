"""How a check works: it says "not tried yet", "right", or what is wrong. It never raises, whatever it is given."""

import contextlib
import copy
import functools
import io
import math
import numbers
from collections.abc import Callable, Sequence
from decimal import Decimal

import numpy as np
import torch
from torch import Tensor

from bagnet_utils.exercises.guarding import Stopped, as_it_was, bounded, is_stub
from bagnet_utils.progress import record_check

MANY = 40  # random cases that each function is asked, besides those picked by hand


class NotTried(Exception):
    """The stub is still there."""


class Wrong(Exception):
    """One sentence that says what is wrong and helps, without giving the answer away."""


def exercise(judge: Callable | None = None, wrong: Sequence[tuple] = ()) -> Callable:
    """Turn a judge, which raises Wrong or NotTried or returns a word of praise, into a check, which prints.

    wrong: wrong answers, each with the sentence (or a part of it) that it is told; the tests try them.
    """
    if judge is None:
        return functools.partial(exercise, wrong=wrong)

    @functools.wraps(judge)
    def check(answer=None) -> None:
        outcome, said = "wrong", ""
        try:
            if answer is None or answer is ... or is_stub(answer):
                raise NotTried
            with as_it_was():
                outcome, said = "right", f"✓ Right. {judge(answer)}"
        except NotTried:
            outcome = "not tried"
            said = "○ Not tried yet. Replace the dots with your own code, run the cell above, then this one."
        except Wrong as problem:
            said = f"✗ Not yet. {problem}"
        except KeyboardInterrupt:
            said = "✗ Not yet. You stopped the check. Does a loop of yours come to its end?"
        except (Exception, SystemExit) as problem:
            said = f"✗ Not yet. What you gave cannot be judged ({type(problem).__name__}); read the task once more."
        record_check(check.__name__, outcome)
        print(said)

    check.wrong = wrong
    return check


def table(
    task: str,
    *,
    right: Callable,
    draw: Callable[[np.random.Generator], tuple],
    wrong: Sequence[tuple[Callable, str]],
    praise: str,
    otherwise: str,
    cases: Sequence[tuple] = (),
    read: Callable | None = None,
    within: float = 1e-4,
) -> Callable:
    """A check for a function that has one right answer for each case.

    right: the function as it should be. draw: makes the arguments of one random case. cases: arguments picked by hand.
    wrong: functions with a known mistake, each with its own sentence; otherwise: the sentence for all other mistakes.
    Sentences may name the first case that fails: {0}, {1} ... are its arguments, {answer} is what the learner's
    function gave. read: brings an answer into a form that can be compared, or raises Wrong; without it, what `right`
    returns decides: a number, a row of numbers or a tensor. within: how far apart two equal numbers may lie.
    """

    def form(answer, truth):
        return wanted_form(answer, truth) if read is None else read(answer)

    def same(answer, other, truth) -> bool:
        """Whether two answers are the same, in the wanted form or in any other."""
        with contextlib.suppress(Wrong):
            answer, other = form(answer, truth), form(other, truth)
        return alike(answer, other, within)

    def judge(function) -> str:
        random = np.random.default_rng(len(task))  # any seed will do, if it stays the same
        asked = [*cases, *(draw(random) for _ in range(MANY))]
        asked.append(asked[0])  # once more, in case the function remembers something
        truths = [right(*copy.deepcopy(case)) for case in asked]
        answers = []
        for number, case in enumerate(asked):
            with contextlib.nullcontext() if number == 0 else contextlib.redirect_stdout(io.StringIO()):
                answers.append(call(function, *case))
        rows = list(zip(answers, truths, strict=True))
        failed = [i for i, (answer, truth) in enumerate(rows) if not same(answer, truth, truth)]
        if not failed:
            return praise
        first = failed[0]
        if first == len(asked) - 1:
            raise Wrong("Asked the same thing twice, your function gives two answers: does it change what it is given?")
        words = [in_words(thing) for thing in asked[first]]
        told = functools.partial(str.format, answer=in_words(answers[first]))
        for mistake, sentence in wrong:
            pairs = zip(asked, rows, strict=True)
            if all(same(answer, attempt(mistake, case), truth) for case, (answer, truth) in pairs):
                raise Wrong(told(sentence, *words))
        form(answers[first], truths[first])  # raises Wrong if the answer is of another kind
        raise Wrong(told(otherwise, *words))

    judge.__doc__ = task
    check = exercise(judge, wrong)
    check.right = right
    return check


def attempt(mistake: Callable, case: tuple):
    """What a known mistake answers; nothing where it cannot."""
    with contextlib.suppress(Exception):
        return mistake(*copy.deepcopy(case))


def call(function, *given):
    """What the learner's function returns for these arguments (copies of them, so that nothing of ours is spoilt)."""
    if not callable(function):
        raise Wrong(f"A function is wanted, but {describe(function)} was given. Leave out the brackets after its name?")
    if is_stub(function):
        raise NotTried
    try:
        with torch.enable_grad(), bounded():
            answer = function(*copy.deepcopy(given))
    except Stopped as problem:
        raise Wrong(str(problem)) from None
    except (Exception, SystemExit) as problem:
        said = f": {str(problem).splitlines()[0]}" if str(problem).strip() else ""
        raise Wrong(f"Your function stops with {type(problem).__name__}{said}"[:300]) from None
    if answer is ...:
        raise NotTried
    if answer is None:
        raise Wrong("Your function returns nothing. Is `return` missing at its end?")
    return answer


def wanted_form(answer, truth):
    """The answer in the form of the true one: a tensor of its shape, as many numbers in a row, or one number."""
    if isinstance(truth, Tensor):
        return tensor(answer, truth.shape)
    if isinstance(truth, (tuple, list)):
        return row(answer, len(truth))
    return number(answer)


def number(answer, what: str = "Your function") -> float:
    """The answer as one number, whatever kind of number it is."""
    if isinstance(answer, Tensor) or hasattr(answer, "dtype"):
        if math.prod(answer.shape) != 1:
            raise Wrong(f"{what} gives {describe(answer)}, but one number is wanted.")
        answer = answer.item()
    if isinstance(answer, bool) or not isinstance(answer, (numbers.Real, Decimal)):
        raise Wrong(f"{what} gives {describe(answer)}, but a number is wanted.")
    try:
        answer = int(answer) if isinstance(answer, numbers.Integral) else float(answer)
        float(answer)
    except OverflowError:
        raise Wrong(f"{what} gives a number of more than 300 digits: what do you multiply so often?") from None
    if not math.isfinite(answer):
        raise Wrong(f"{what} gives {answer}: somewhere you divide by zero or take the logarithm of zero.")
    return answer


def row(answer, length: int | None = None) -> list[float]:
    """The answer as a list of numbers."""
    try:
        found = [number(one, "One of your numbers") if not isinstance(one, str) else number(one) for one in answer]
    except TypeError:
        raise Wrong(f"Several numbers are wanted, but {describe(answer)} came.") from None
    if length is not None and len(found) != length:
        raise Wrong(f"{length} numbers are wanted, but {len(found)} came.")
    return found


def array(answer) -> np.ndarray:
    """The answer as an array of floats, of whatever shape."""
    try:
        if isinstance(answer, Tensor):
            answer = answer.detach()
        if np.asarray(answer).dtype.kind not in "USc":  # words, complex numbers
            return np.asarray(answer, dtype=float)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        pass
    raise Wrong(f"Numbers are wanted, but {describe(answer)} came, which does not hold any.")


def tensor(answer, shape: Sequence[int], what: str = "Your function") -> Tensor:
    """The answer as a tensor of this shape, in float64."""
    if isinstance(answer, np.ndarray) and answer.dtype.kind in "fiub":
        answer = torch.from_numpy(np.ascontiguousarray(answer))
    if not isinstance(answer, Tensor):
        raise Wrong(f"{what} gives {describe(answer)}, but a tensor of shape {size(shape)} is wanted.")
    if tuple(answer.shape) != tuple(shape):
        raise Wrong(f"{what} gives a tensor of shape {size(answer.shape)}, but {size(shape)} is wanted.")
    answer = answer.detach().double()
    if not answer.isfinite().all():
        raise Wrong(f"{what} gives a tensor with NaN or infinite numbers in it.")
    return answer


def alike(one, other, within: float = 1e-4) -> bool:
    """Whether two answers hold the same numbers, in the same shape."""
    try:
        one, other = array(one), array(other)
    except Wrong:
        return isinstance(one, str) and isinstance(other, str) and one == other
    return one.shape == other.shape and np.allclose(one, other, rtol=within / 10, atol=within)


def normal(random: np.random.Generator, *shape: int) -> Tensor:
    """Normal random numbers as a tensor, for a random case."""
    return torch.from_numpy(random.standard_normal(shape)).float()


def size(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape)) or "one number"


def describe(answer) -> str:
    shape = f" of shape {size(answer.shape)}" if isinstance(answer, (Tensor, np.ndarray)) else ""
    return f"a {type(answer).__name__}{shape}"


def in_words(thing) -> str:
    """An argument or an answer, short enough for a sentence; yes and no in an array as 1 and 0."""
    with contextlib.suppress(Wrong, ValueError):
        return str(thing)[:20] if isinstance(thing, int) else f"{number(thing):.4g}"
    try:
        if isinstance(thing, (Tensor, np.ndarray)) and math.prod(thing.shape) > 30:
            return describe(thing)
        words = str(thing)
        if isinstance(thing, (Tensor, np.ndarray)):
            words = np.array2string(1 * np.asarray(thing.tolist()), separator=", ", precision=2, threshold=20)
        return words.replace("\n", "") if len(words) < 60 else describe(thing)
    except (ValueError, TypeError, RuntimeError):  # a number of thousands of digits; an array of other things
        return describe(thing)
