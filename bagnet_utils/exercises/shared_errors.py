"""Checks of notebook 10."""

import math

import numpy as np

from bagnet_utils.exercises.judging import Wrong, array, call, exercise, number


@exercise
def agreement_by_chance(function):
    """Share of pictures on which two unrelated nets are both right or both wrong: function(p1, p2), shares 0 to 1."""
    for p1, p2 in ((0.9, 0.6), (0.8, 0.8), (0.5, 0.7)):
        answer = number(call(function, p1, p2))
        both_right, both_wrong = p1 * p2, (1 - p1) * (1 - p2)

        def like(value) -> bool:
            return math.isclose(answer, value, abs_tol=1e-6)  # noqa: B023

        if like(both_right + both_wrong):
            continue
        if like(both_right):
            raise Wrong("You count the pictures on which both are right. On some others they are alike as well.")
        if like(both_wrong):
            raise Wrong("You count the pictures on which both are wrong. On most of the others they are alike as well.")
        if like(1 - both_right - both_wrong):
            raise Wrong("That is the share on which one is right and the other wrong: just what is not wanted.")
        if like(100 * (both_right + both_wrong)):
            raise Wrong("The idea is right, but that is in percent: a share from 0 to 1 is wanted.")
        if like(1 - abs(p1 - p2)) or like(min(p1, p2)):
            raise Wrong("So it would be if the one were right wherever the other is. Here they ignore each other.")
        if like((p1 + p2) / 2):
            raise Wrong("A mean of the two accuracies counts right answers. Asked for is how often the two are alike.")
        raise Wrong(
            f"For nets of {p1} and {p2} you say {answer:.3g}. Draw the four cases in a square: which two count?"
        )
    return "Two good nets are alike most of the time, whatever they look at."


@exercise
def beyond_chance(function):
    """Cohen's kappa: function(first, second), each N booleans, right or wrong on each picture."""
    random = np.random.default_rng(4)
    first = random.random(200) < 0.8
    second = np.where(random.random(200) < 0.5, first, random.random(200) < 0.5)
    answer = number(call(function, first, second))
    p1, p2 = first.mean(), second.mean()
    observed, expected = (first == second).mean(), p1 * p2 + (1 - p1) * (1 - p2)
    both = (first & second).mean()

    def like(value) -> bool:
        return math.isclose(answer, value, abs_tol=1e-6)

    if like((observed - expected) / (1 - expected)):
        return "That is the number which `bu.error_consistency` gives, there with its interval."
    if like(observed):
        raise Wrong("That is the share on which they are alike. How much of it would there be by chance?")
    if like(expected):
        raise Wrong("That is what chance would give. How much more was there?")
    if like(observed - expected):
        raise Wrong("That is how much more than chance there was; now as a share of how much more there could be.")
    if like((observed - expected) / expected):
        raise Wrong("You divide by what chance gives. Divide by what chance leaves over.")
    if like((observed - expected) / (1 - observed)):
        raise Wrong("What could there be beyond chance? You take what is missing from agreement, not from chance.")
    if like((both - p1 * p2) / (1 - p1 * p2)):
        raise Wrong("You count the pictures on which both are right. Where both are wrong they are alike as well.")
    if like(np.corrcoef(first, second)[0, 1]):
        raise Wrong("That is the correlation. It is a close relative, but not the same if one net is better.")
    if like(100 * (observed - expected) / (1 - expected)):
        raise Wrong("Nearly: kappa is 1 for full agreement, not 100.")
    raise Wrong("The number is not right: what was observed, what chance gives, and then the difference, as a share.")


@exercise
def missed(function):
    """Pictures that no net has right: function(right, nets x pictures booleans) -> their numbers."""
    right = np.random.default_rng(1).random((4, 40)) < 0.5
    right[:, [3, 17, 30]] = False
    right[:, [5, 21]] = True
    answer = call(function, right)
    if hasattr(answer, "dtype") and "bool" in str(answer.dtype):
        raise Wrong(f"These are {len(np.ravel(answer))} times yes or no; asked for are the numbers of the pictures.")
    if isinstance(answer, str) or not hasattr(answer, "__len__"):
        raise Wrong("A list of numbers is wanted: the pictures that no net has right, the first one being 0.")
    if isinstance(answer, tuple) and len(answer) == 1 and hasattr(answer[0], "shape"):
        raise Wrong("That is a tuple with the numbers inside it, as np.where and np.nonzero give it. Take them out.")
    found = array(answer)
    if found.ndim != 1:
        raise Wrong("A plain list of numbers is wanted, one for each picture that no net has right.")
    if not np.isfinite(found).all():
        raise Wrong("There are numbers among them that are none (NaN or infinite).")

    def like(these) -> bool:
        return sorted(found.tolist()) == np.flatnonzero(these).tolist()

    if like(~right.any(0)):
        return "A short list, and often the most telling one: what is it about these pictures?"
    if like(~right.all(0)):
        raise Wrong("These are missed by at least one net. Wanted are those that every net misses.")
    if like(right.all(0)):
        raise Wrong("These are the pictures that every net has right.")
    if like(right.any(0)):
        raise Wrong("These are the pictures that at least one net has right: just the others are wanted.")
    if like(~right.any(1)) or like(~right.all(1)) or (found.size and found.max() < len(right)):
        raise Wrong("You go along the pictures and come out with numbers of nets. Which axis must go?")
    if like(~right[0]):
        raise Wrong("These are missed by the first net; there are others, who might have them right.")
    raise Wrong(f"Of 3 such pictures among 40 you found {np.isin([3, 17, 30], found).sum()}, and {len(found)} in all.")
