"""Checks of notebook 01."""

import numpy as np

from bagnet_utils.exercises.judging import Wrong, array, exercise, table


def rival_of(word_map: np.ndarray, points: np.ndarray, one: int) -> int:
    """The other class with the largest score."""
    scores = points[:, word_map].mean((1, 2))
    scores[one] = -np.inf
    return int(scores.argmax())


def rather_than(word_map: np.ndarray, points: np.ndarray, one: int, rival: int | None = None) -> np.ndarray:
    rival = rival_of(word_map, points, one) if rival is None else rival
    return (points[one] - points[rival])[word_map]


def a_map(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray, int]:
    """A map of words, higher or wider, points of each class for each word, and a class."""
    classes, words = random.integers(3, 6), random.integers(4, 8)
    word_map = random.integers(0, words, random.integers(2, 7, 2))
    points = random.normal(random.choice([0, -5]), size=(classes, words))  # every other time, all are negative
    return word_map, points, int(random.integers(classes))


against_rival = table(
    "Evidence of every patch for a class rather than its strongest rival: function(word_map, points, one) -> h x w.",
    right=rather_than,
    draw=a_map,
    wrong=[
        (
            lambda word_map, points, one: points[one][word_map],
            "That is for class {2} alone. Rather than what? What speaks for its rival as much must cancel.",
        ),
        (lambda *case: -rather_than(*case), "The signs are reversed: this is for the rival rather than for the class."),
        (
            lambda word_map, points, one: (points[one] - np.delete(points, one, 0).mean(0))[word_map],
            "That is one class against the mean of all others. Which single one of them has the largest score?",
        ),
        (
            lambda word_map, points, one: (points[one] - np.delete(points, one, 0).max(0))[word_map],
            "You take another rival for each word. The rival is one class: the one with the largest score here.",
        ),
        (
            lambda word_map, points, one: rather_than(word_map, points, one, points[:, word_map].mean((1, 2)).argmax()),
            "Where class {2} wins, its rival would be itself. Leave it out before you look for the largest score.",
        ),
        (
            lambda word_map, points, one: rather_than(
                word_map, points, one, np.where(np.arange(len(points)) == one, -np.inf, points.sum(1)).argmax()
            ),
            "You choose the rival by its points alone. A score also counts how often each word occurs in this map.",
        ),
        (
            lambda word_map, points, one: rather_than(word_map, points, one, points[:, word_map].mean((1, 2)).argmin()),
            "That is against the class with the smallest score. Its strongest rival has the largest.",
        ),
        (
            lambda *case: rather_than(*case).mean(),
            "One number came: that is the difference of the scores. Here each patch is wanted by itself.",
        ),
        (lambda *case: rather_than(*case).ravel(), "All patches are there, but in one row. They lie on a map: h x w."),
        (lambda *case: rather_than(*case).T, "Rows and columns of the map have changed places."),
        (
            lambda *case: rather_than(*case) / case[0].size,
            "These add up to the difference of the scores; asked for are numbers whose mean it is.",
        ),
        (rival_of, "That is the number of the rival. Now each patch's points: of the class minus of the rival."),
    ],
    praise="Their mean is how far the class is ahead. What it shares with its rival has cancelled.",
    otherwise="Class {2} on {0}: {answer} is not right. Which class is the rival? What are both classes' points?",
    read=array,
)


def best_rule(counts: np.ndarray, labels: np.ndarray, both: bool = True) -> np.ndarray:
    """For each word: the share of pictures that one threshold on its count classifies correctly."""
    right = ((counts[:, None] > counts[None]) == labels[:, None, None]).mean(0)  # each picture's counts as thresholds
    return (np.maximum(right, 1 - right) if both else right).max(0)


def differences(counts: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return counts[labels == 1].mean(0) - counts[labels == 0].mean(0)


def ratio(counts: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How many times as often a word occurs in one class as in the other."""
    one, other = (counts[labels == label].mean(0) + 1e-9 for label in (0, 1))
    return np.maximum(one / other, other / one)


def table_with_a_giveaway(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Counts of words in pictures of two classes. One word separates them; others differ more in other ways."""
    while True:
        pictures, words = int(random.integers(30, 80)), int(random.integers(5, 10))
        labels = (random.random(pictures) < random.uniform(0.3, 0.7)).astype(int)
        counts = random.poisson(random.uniform(3, 25, words), (pictures, words))
        word, loud, rare, spread, common = random.permutation(words)[:5]
        low, loud_in, rare_in = (labels == random.integers(0, 2) for _ in range(3))
        few = random.integers(0, 5)
        counts[:, word] = np.where(low, few, few + random.integers(1, 4)) + random.integers(0, 2, pictures)
        stray = low & (random.random(pictures) < random.choice([0, 0.2]))  # a few pictures of the other kind
        counts[stray, word] = random.integers(few + 5, 40)
        counts[:, loud] = random.poisson(np.where(loud_in, 80, 55) * random.gamma(8, 1 / 8, pictures))
        counts[:, common] = random.poisson(110, pictures)
        counts[:, rare] = (random.random(pictures) < 0.2) * rare_in
        counts[:, spread] += random.poisson(np.where(loud_in, 9, 2))
        power = np.sort(best_rule(counts, labels))
        if min(labels.sum(), (1 - labels).sum()) > 5 and power[-1] > power[-2] + 0.04:
            return counts, labels


giveaway = table(
    "The word whose count alone separates two classes best: function(counts N x W, labels) -> number of the word.",
    right=lambda counts, labels: int(best_rule(counts, labels).argmax()),
    draw=table_with_a_giveaway,
    wrong=[
        (
            lambda counts, labels: int(np.abs(differences(counts, labels)).argmax()),
            "That word differs most, on average. But a common word varies by many, and the classes overlap.",
        ),
        (
            lambda counts, labels: int(ratio(counts, labels).argmax()),
            "You take the largest ratio of means. A word that is in few pictures decides only those.",
        ),
        (
            lambda counts, labels: int(counts.sum(0).argmax()),
            "That is the most common word. Does it tell the classes apart?",
        ),
        (
            lambda counts, labels: int(best_rule(counts, labels, both=False).argmax()),
            "You only look for words that are more common in class 1. A word of class 0 separates them as well.",
        ),
        (
            lambda counts, labels: int(differences(counts, labels).argmax()),
            "You only look for words with more in class 1, and at means: classes may overlap all the same.",
        ),
        (
            lambda counts, labels: int(best_rule(counts > 0, labels).argmax()),
            "You only ask whether a word occurs. A giveaway may occur in both classes, in one of them more often.",
        ),
        (
            lambda counts, labels: int(best_rule(counts, labels).argmin()),
            "That word separates the classes worst.",
        ),
        (
            lambda counts, labels: best_rule(counts, labels).max(),
            "That is how many it classifies correctly. Which word is it?",
        ),
        (
            lambda counts, labels: best_rule(counts, labels),
            "These are the shares of all the words. Which word has the largest?",
        ),
    ],
    praise="One count, one threshold, and no look at what the picture shows. Which word is it here, and is it honest?",
    otherwise="For {0} (pictures x words) word {answer} is not it. How many are right by each word's best threshold?",
)


WAYS = {
    "mean": "",
    "largest": "",
    "middle one": "",
    "upper half": "'upper half' gives the upper patches another sign: move a patch down and the score moves.",
    "neighbours": "'neighbours' multiplies patches that lie side by side: lay them apart and the score moves.",
    "best row": "'best row' looks for a row of large points: spread them over other rows and it finds none.",
}


@exercise(
    wrong=[
        ({"mean"}, "2 are missing"),
        ({"mean", "largest"}, "1 is missing"),
        ({"mean", "largest", "middle one", "upper half"}, WAYS["upper half"]),
        (["mean", "neighbours"], WAYS["neighbours"]),
        ({"mean", "largest", "middle one", "best row"}, WAYS["best row"]),
        ({"mean", "median"}, "A set of some of these names"),
        (set(WAYS), WAYS["upper half"]),
        ("best row", WAYS["best row"]),
        (set(), "A set of some of these names"),
    ]
)
def bags_among_them(answer):
    """Which of six ways of scoring do not change under any shuffle?"""
    if isinstance(answer, str):
        answer = {answer}
    try:
        named = set(answer)
    except TypeError:
        raise Wrong(f"A set of names is wanted, but a {type(answer).__name__} came.") from None
    if not named or not named <= set(WAYS):
        raise Wrong(f"A set of some of these names is wanted: {', '.join(WAYS)}.")
    for name, reason in WAYS.items():
        if reason and name in named:
            raise Wrong(reason)
    missing = sum(not reason for reason in WAYS.values()) - len(named)
    if missing:
        verb = "is" if missing == 1 else "are"
        raise Wrong(f"What you named is right, but {missing} {verb} missing. A bag need not be a mean.")
    return "BagNets use the mean, because then every patch has a share of its own in the score."
