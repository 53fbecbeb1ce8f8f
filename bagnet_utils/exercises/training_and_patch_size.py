"""Checks of notebook 04."""

import math

from bagnet_utils.exercises.judging import Wrong, call, exercise, number


@exercise
def coin(function):
    """Half-width in percent of the interval in which a coin's share stays: function(n)."""
    throws = [100, 80, 1000, 1, 400]
    answers = [number(call(function, n)) for n in throws]

    def all_are(rule):
        return all(math.isclose(answer, rule(n), rel_tol=2e-2) for answer, n in zip(answers, throws, strict=True))

    if all_are(lambda n: 98 / math.sqrt(n)):
        return "With 100 pictures 57 % lies within 50 ± 9.8: nothing is shown. With 1,000 it would be beyond ± 3.1."
    if all_are(lambda n: 0.98 / math.sqrt(n)):
        raise Wrong("These are shares; asked for are percent.")
    if all_are(lambda n: 50 / math.sqrt(n)):
        raise Wrong("That is one standard deviation: a coin leaves it every third time.")
    if all_are(lambda n: 196 / math.sqrt(n)):
        raise Wrong("Twice too wide. The standard deviation of a single throw is 0.5, not 1.")
    if all_are(lambda n: 98 / n):
        raise Wrong("Four times as many throws make it half as wide, not a quarter: what is missing around the n?")
    if all_are(lambda n: 49 / math.sqrt(n)):
        raise Wrong("Twice too narrow: 0.25 is the variance of a throw; its square root is the standard deviation.")
    raise Wrong(f"For 100 throws you say {answers[0]:.3g}; throw a coin 100 times in NumPy, often, and look.")


@exercise
def patches_for(function):
    """Smallest patch that can see across a gap, and smallest that is sure to: function(gap, stride)."""
    cases = [(8, 8), (16, 8), (32, 8), (8, 4), (0, 1)]
    for gap, stride in cases:
        answer = call(function, gap, stride)
        if not isinstance(answer, (tuple, list)) or len(answer) != 2:
            raise Wrong("Two numbers are wanted: the smallest patch that can, and the smallest that is sure to.")
        can, sure = (number(one, "One of your two numbers") for one in answer)
        where = f"Gap {gap}, stride {stride}: "
        if can == gap:
            raise Wrong(where + "a window that is as wide as the gap sees the gap and nothing else.")
        if can == gap + 1:
            raise Wrong(where + "a window one pixel wider than the gap sees one part, never both.")
        if can != gap + 2:
            raise Wrong(where + f"you say that {can:g} px are needed. Draw the gap and one pixel on either side of it.")
        if sure == can + stride:
            raise Wrong(
                where + "the worst window begins stride - 1 pixels too early, for after `stride` comes the next one."
            )
        if sure == can and stride > 1:
            raise Wrong(where + "a window that just fits is sure to lie right only if there is one at every pixel.")
        if sure != can + stride - 1:
            raise Wrong(where + f"your second number, {sure:g}, is not right: how far off may the best window begin?")
    return "So face, 8 px apart, is sure to be seen by windows of 17, and wheel, 16 px, by windows of 25 or more."
