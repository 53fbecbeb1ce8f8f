"""Checks of notebook 10."""

import math
import warnings

import numpy as np

from bagnet_utils.exercises.judging import Wrong, in_words, row, table

NAN = math.nan


def agreements(p, q, chance=None, least=lambda p, q: abs(p + q - 1), most=lambda p, q: 1 - abs(p - q)) -> tuple:
    """The least agreement, that by chance, and the most; given one of them, that one is a mistake."""
    return least(p, q), p * q + (1 - p) * (1 - q) if chance is None else chance, most(p, q)


FOR = "For {0} and {1}: "
possible_agreement = table(
    "How often two nets are both right or both wrong, at least, by chance, at most: function(p1, p2), shares 0 to 1.",
    right=agreements,
    cases=[(0.9, 0.6), (0.8, 0.8), (0.3, 0.4), (0.2, 0.7), (0.5, 0.5)],
    draw=lambda random: tuple(random.uniform(0.02, 0.98, 2).round(2).tolist()),
    wrong=[
        (lambda p, q: agreements(p, q, p * q), FOR + "by chance both may be wrong as well, and that is agreement too."),
        (
            lambda p, q: agreements(p, q, p + q - 2 * p * q),
            FOR + "your second number is the share on which one is right and the other wrong. The rest is agreement.",
        ),
        (
            lambda p, q: agreements(p, q, least=lambda p, q: p + q - 1),
            FOR + "your first number lies below 0. Where both are mostly wrong, on what must they agree?",
        ),
        (
            lambda p, q: agreements(p, q, least=lambda p, q: max(0, p + q - 1)),
            FOR + "your first number counts where both must be right. And where must both be wrong?",
        ),
        (
            lambda p, q: agreements(p, q, least=lambda p, q: 0),
            FOR + "can they disagree everywhere? Put each network's errors where the other one is right.",
        ),
        (
            lambda p, q: agreements(p, q, most=min),
            FOR + "your third number counts where both can be right. On how many more can both be wrong?",
        ),
        (lambda p, q: agreements(p, q, most=lambda p, q: 1), FOR + "one has more errors. Can they agree everywhere?"),
        (lambda p, q: agreements(p, q)[::-1], FOR + "the wanted order is: at least, by chance, at most."),
        (lambda p, q: [100 * share for share in agreements(p, q)], FOR + "right, but in percent. Give shares, 0 to 1."),
    ],
    praise="Two good networks agree most of the time, and two unequal ones can never agree always.",
    otherwise=FOR + "{answer} is not right. Draw ten pictures for each network, and move the errors about.",
)


def kappa(a, b, rule=lambda seen, chance: (seen - chance) / (1 - chance), chance=None, agree=np.equal) -> float:
    p, q = a.mean(), b.mean()
    return rule(agree(a, b).mean(), p * q + (1 - p) * (1 - q) if chance is None else chance(p, q))


def correlation(a, b) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.corrcoef(a, b)[0, 1]


def two_nets(random) -> tuple[np.ndarray, np.ndarray]:
    """Right or wrong on 5 to 200 pictures, with shared errors, with none, or with errors that avoid each other."""
    count, p, q = int(random.integers(5, 200)), *random.uniform(0.15, 0.95, 2)
    a, b = random.random(count) < p, random.random(count) < q
    b = np.where(random.random(count) < random.choice([0, 0.3, 0.7]), a ^ (random.random() < 0.3), b)
    a[0], b[1] = not b[0], a[1]  # they agree neither everywhere nor nowhere
    return a, b


PAIR = "For {0} and {1} you give {answer}: "
beyond_chance = table(
    "Cohen's kappa: function(first, second), each N booleans, right or wrong on each picture.",
    right=kappa,
    cases=[
        (np.array([True, True, False, True]), np.array([True, False, False, True])),
        (np.array([True, True, False, True, False]), np.array([False, False, True, True, True])),
    ],
    draw=two_nets,
    within=1e-6,
    wrong=[
        (lambda a, b: (a == b).mean(), PAIR + "that is the observed agreement. How much would there be by chance?"),
        (
            lambda a, b: kappa(a, b, lambda seen, chance: chance),
            PAIR + "that is what chance gives. How much more was it?",
        ),
        (
            lambda a, b: kappa(a, b, lambda seen, chance: seen - chance),
            PAIR + "that much more than chance it was. What share is it of all that chance leaves over?",
        ),
        (
            lambda a, b: kappa(a, b, lambda seen, chance: (seen - chance) / chance),
            PAIR + "you divide by what chance gives. Divide by what chance leaves over.",
        ),
        (
            lambda a, b: kappa(a, b, lambda seen, chance: (seen - chance) / (1 - seen)),
            PAIR + "you divide by the observed disagreement. Divide by what chance leaves over.",
        ),
        (
            lambda a, b: kappa(a, b, lambda seen, chance: max(seen - chance, 0) / (1 - chance)),
            PAIR + "kappa may lie below 0: then two networks avoid each other's errors.",
        ),
        (
            lambda a, b: kappa(a, b, chance=lambda p, q: p * q, agree=np.logical_and),
            PAIR + "you count where both are right. Where both are wrong they agree as well.",
        ),
        (lambda a, b: kappa(a, b, chance=lambda p, q: p * q), PAIR + "by chance, both may be wrong as well."),
        (correlation, PAIR + "that is the correlation. It is another number where one network is better."),
        (lambda a, b: 100 * kappa(a, b), PAIR + "kappa is 1 for full agreement, not 100."),
    ],
    praise="`bu.error_consistency` gives the same number, with its interval.",
    otherwise=PAIR + "first what is observed, then what chance gives, then the difference as a share.",
)


def numbers_of_pictures(answer) -> list[float]:
    """A row of numbers in order, from whatever holds some."""
    if isinstance(answer, tuple) and len(answer) == 1 and hasattr(answer[0], "shape"):
        raise Wrong("That is a tuple with the numbers inside it, as np.where and np.nonzero give it. Take them out.")
    if isinstance(answer, str) or not hasattr(answer, "__iter__") or len(getattr(answer, "shape", (0,))) != 1:
        raise Wrong("A list of numbers is wanted: the pictures that no network has right. The first picture is 0.")
    return sorted(row(answer))


def numbers(which) -> list[int]:
    return np.flatnonzero(which).tolist()


def nets_and_pictures(random) -> tuple[np.ndarray]:
    """Right or wrong. Some pictures are missed by all or by all but one; the last often is; now and then, none is."""
    right = random.random((random.integers(2, 13), random.integers(3, 30))) < random.uniform(0.3, 0.9)
    right[:, ::3] = np.arange(len(right))[:, None] == random.integers(len(right), size=right[0, ::3].size)
    right[:, random.random(right.shape[1]) < 0.3] = random.random() < 0.3
    right[:, -1] &= random.random() < 0.5
    return (right,)


NETS = "For {0} (networks x pictures) you list {answer}: "
missed = table(
    "Pictures that no net has right: function(right, nets x pictures booleans) -> their numbers.",
    right=lambda right: numbers(~right.any(0)),
    cases=[(np.array([[1, 0, 0, 1], [0, 0, 1, 1]]) > 0,), (np.array([[1, 0, 0], [0, 1, 0], [0, 1, 0]]) > 0,)],
    draw=nets_and_pictures,
    read=numbers_of_pictures,
    wrong=[
        (lambda right: numbers(~right.all(0)), NETS + "one network or more misses these. Which do all of them miss?"),
        (lambda right: numbers(right.all(0)), NETS + "these are the pictures that every network has right."),
        (lambda right: numbers(right.any(0)), NETS + "some network has these right. Just the others are wanted."),
        (
            lambda right: numbers(~right.any(1)),
            NETS + "these are networks that have nothing right. Which axis must go?",
        ),
        (lambda right: numbers(~right.all(1)), NETS + "these are networks that miss something. Which axis must go?"),
        (lambda right: numbers(~right[0]), NETS + "the first network misses these. Another may have them right."),
        (lambda right: numbers(~(right[0] | right[-1])), NETS + "there may be more than two networks."),
        (lambda right: numbers(right.mean(0) < 0.5), NETS + "most networks miss these. Which do all of them miss?"),
        (lambda right: [n + 1 for n in numbers(~right.any(0))], NETS + "the first picture has the number 0."),
        (lambda right: numbers(~right.any(0)[:-1]), NETS + "the last picture counts, too."),
        (lambda right: ~right.any(0), "For {0} you say yes or no for each picture. Wanted are the numbers of the yes."),
    ],
    praise="A short list, and often the most telling one: what is it about these pictures?",
    otherwise=NETS + "some are missing, or a network has some of these right.",
)

WORDS = {"alike": 1, "different": -1, "cannot tell": 0}


def words(pairs, alike=lambda value, low, high: low > 0, different=lambda value, low, high: high < 0) -> list[str]:
    return ["alike" if alike(*pair) else "different" if different(*pair) else "cannot tell" for pair in pairs]


def three_words(answer) -> list[int]:
    """Each word as a number, so that answers can be compared."""
    if not isinstance(answer, (list, tuple, np.ndarray)) or getattr(answer, "shape", None) == ():
        raise Wrong("A list is wanted, with one word for each pair, even where there is one pair only.")
    if strange := [word for word in answer if not isinstance(word, str) or word not in WORDS]:
        raise Wrong(f"{in_words(strange[0])} is none of the three words: {', '.join(WORDS)}.")
    return [WORDS[word] for word in answer]


def pairs_of_nets(random) -> tuple[list[tuple[float, float, float]]]:
    """One to six pairs: kappa, low, high. Intervals lie on either side of zero, hold it, end there, or are missing."""
    rows = []
    for kind in random.integers(0, 8, random.integers(1, 7)):
        low, value, high = np.sort(random.choice(np.arange(1, 81), 3, replace=False)) / 100
        if kind > 5:  # holds zero, and kappa may be small or large
            low, value = -low, value * random.choice([-1, 1]) if value < low else value
        low, high = (NAN, NAN) if kind in (0, 1) else (0.0 if kind == 2 else low, high)
        value, low, high = (NAN, NAN, NAN) if kind == 0 else (value, low, high)
        rows.append((value, low, high) if random.random() < 0.5 else (-value, -high, -low))
    return ([tuple(map(float, pair)) for pair in rows],)


TABLE = "{0} (kappa, low, high): "
conclusions = table(
    "What intervals of kappa allow to say: function(pairs, a list of (kappa, low, high)) -> a word for each pair.",
    right=words,
    cases=[
        *[([pair],) for pair in ((0.4, 0.1, 0.6), (0.3, -0.1, 0.6), (-0.4, -0.6, -0.1), (0.3, 0.0, 0.6))],
        *[([pair],) for pair in ((-0.2, -0.5, 0.0), (1.0, NAN, NAN), (NAN, NAN, NAN), (0.02, 0.01, 0.03))],
        ([(0.5, 0.4, 0.6), (0.2, -0.1, 0.4)],),
    ],
    draw=pairs_of_nets,
    read=three_words,
    wrong=[
        (
            lambda pairs: words(pairs, lambda v, low, high: v > 0, lambda v, low, high: v < 0),
            TABLE + "you go by the sign of kappa. Could it be another one on other pictures?",
        ),
        (
            lambda pairs: words(pairs, lambda v, low, high: low >= 0, lambda v, low, high: high <= 0),
            TABLE + "an interval that ends at 0 holds 0.",
        ),
        (
            lambda pairs: words(pairs, lambda v, low, high: v > 0.5, lambda v, low, high: v < -0.5),
            TABLE + "a small kappa may be sure, and a large one may not. Ask the interval.",
        ),
        (
            lambda pairs: words(pairs, lambda v, low, high: low > 0 or (low != low and v > 0)),
            TABLE + "without an interval, even a kappa of 1.00 says nothing about other pictures.",
        ),
        (
            lambda pairs: words(pairs, different=lambda v, low, high: not high >= 0),
            TABLE + "every comparison with NaN is False, and what is left over ends in your last branch.",
        ),
        (
            lambda pairs: words(pairs, lambda v, low, high: not low <= 0),
            TABLE + "every comparison with NaN is False, and `not` makes it True.",
        ),
        (
            lambda pairs: words(pairs, different=lambda v, low, high: True),
            TABLE + "'different' has to be shown, too. An interval that holds 0 shows nothing.",
        ),
        (
            lambda pairs: words(pairs, different=lambda v, low, high: False),
            TABLE + "errors can be different for sure: what does an interval below 0 say?",
        ),
        (
            lambda pairs: words(pairs, lambda v, low, high: high > 0),
            TABLE + "for 'alike', the lower end must lie above 0 as well.",
        ),
        (lambda pairs: words(pairs)[:1], TABLE + "you give one word only. Each pair gets one."),
    ],
    praise="Three words, and the third is the one that is most often forgotten.",
    otherwise=TABLE + "{answer} is not what this allows. Does 0 lie inside, below or above, or is no interval there?",
)
