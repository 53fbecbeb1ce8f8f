"""Checks of notebook 01."""

import numpy as np

from bagnet_utils.exercises.judging import Wrong, array, call, exercise


def numbers(answer, shape: tuple[int, ...]) -> np.ndarray:
    """The answer as an array of this shape."""
    answer = array(answer)
    if answer.shape != shape:
        raise Wrong(f"{' x '.join(map(str, shape))} numbers are wanted, but the shape {answer.shape} came.")
    if not np.isfinite(answer).all():
        raise Wrong("Some of your numbers are NaN or infinite: what do you divide by?")
    return answer


@exercise
def histogram(function):
    """The share of each word: function(read_words, size) -> `size` numbers that add up to 1."""
    read_words, size = [2, 0, 2, 2, 5, 0, 2, 2, 2, 2], 8
    right = np.bincount(read_words, minlength=size) / len(read_words)
    answer = call(function, read_words, size)
    try:
        length = len(answer)
    except TypeError:
        length = None
    if length == 3:
        raise Wrong("Only the words that occur are counted. A word that never occurs has a share as well: zero.")
    if length == 6:
        raise Wrong("Your list ends with the last word that occurs. The vocabulary is longer: `size` words.")
    if (
        length == len(read_words)
        and isinstance(answer, (list, np.ndarray))
        and np.array_equal(np.asarray(answer), read_words)
    ):
        raise Wrong("These are the words themselves. How often does each of them occur?")
    answer = numbers(answer, (size,))
    if np.allclose(answer, right):
        if np.allclose(numbers(call(function, read_words[::-1], size), (size,)), right):
            return "In whatever order the words come."
        raise Wrong("The same words in another order give another histogram.")
    if np.allclose(answer, right * len(read_words)):
        raise Wrong(
            "These are counts. A share is what remains when a larger picture has more patches: they add up to 1."
        )
    if np.allclose(answer, right * len(read_words) / size):
        raise Wrong("You divide by the number of words in the vocabulary; divide by the number of patches.")
    raise Wrong(f"For the words {read_words} the shares are others; word 2 occurs in 7 of 10 patches.")


@exercise
def votes_of(function):
    """The points of every patch: function(word_map h x w, points) -> h x w, with the score as its mean."""
    random = np.random.default_rng(0)
    word_map, points = random.integers(0, 6, (3, 4)), random.normal(size=6)
    right = points[word_map]
    answer = array(call(function, word_map, points))
    if answer.ndim == 0:
        raise Wrong("One number came: that may be the score, but here each patch is wanted by itself, 3 x 4 numbers.")
    if answer.shape == (12,):
        raise Wrong("All patches are there, but in one row. They lie on a map of 3 x 4.")
    answer = numbers(answer, (3, 4))
    if np.allclose(answer, right):
        return "Their mean is the score: that is the whole account."
    if np.allclose(answer, right / right.size):
        raise Wrong("These add up to the score; asked for are numbers whose mean is the score.")
    if np.allclose(answer, word_map * points.mean()) or np.allclose(answer, word_map):
        raise Wrong("A word's number is only its name. Its points stand in `points`, at that place.")
    if np.allclose(answer, points[word_map] * np.bincount(word_map.ravel(), minlength=6)[word_map]):
        raise Wrong("You count a word once for each time it occurs, at every place where it occurs: too often.")
    raise Wrong("The shape is right, the numbers are not: look up the points of the word that lies at each place.")


@exercise
def bags_among_them(answer):
    """Which of four ways of scoring do not change under any shuffle?"""
    known = {"mean", "largest", "upper half", "neighbours"}
    if isinstance(answer, str):
        answer = {answer}
    try:
        named = set(answer)
    except TypeError:
        raise Wrong(f"A set of names is wanted, but a {type(answer).__name__} came.") from None
    if not named <= known or not named:
        raise Wrong(f"A set of some of these names is wanted: {', '.join(sorted(known))}.")
    if "upper half" in named:
        raise Wrong(
            "'upper half' gives the upper patches another sign than the lower: move a patch down and the score moves."
        )
    if "neighbours" in named:
        raise Wrong("'neighbours' multiplies patches that lie side by side: lay them apart and the score moves.")
    if named == {"mean"}:
        raise Wrong("One is missing. A bag need not be a mean; which other way does not care where a patch lies?")
    if named == {"largest"}:
        raise Wrong("One is missing, the best known of all.")
    return "BagNets use the mean, because then every patch has a share; the largest would have all of it or nothing."
