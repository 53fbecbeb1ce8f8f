"""Checks of notebook 09."""

import math
from itertools import chain, combinations, permutations

from bagnet_utils.exercises.judging import normal, row, table


def numbers(random, count: int) -> tuple[float, ...]:
    """Numbers of either sign, all different."""
    return tuple((5 * normal(random, count)).tolist())


interaction_of = table(
    "Joint drop minus single drops: function(whole, without a, without b, without both) -> one number.",
    right=lambda whole, a, b, both: (whole - both) - (whole - a) - (whole - b),
    cases=[(10.0, 7.0, 8.5, 1.0), (6.0, 5.0, 4.0, 2.75), (4, 3, 2, 1)],
    draw=lambda random: numbers(random, 4),
    wrong=[
        (
            lambda whole, a, b, both: both - a - b + whole,
            "The sign is turned round: which of the two is to be taken from which?",
        ),
        (lambda whole, a, b, both: abs(a + b - whole - both), "An interaction has a sign. Leave it."),
        (lambda whole, a, b, both: max(a + b - whole - both, 0), "An interaction may be negative. Leave the sign."),
        (lambda whole, a, b, both: 2 * whole - a - b, "These are the two single drops. What is the joint drop?"),
        (
            lambda whole, a, b, both: whole - both,
            "That is the joint drop. What would it be if the parts did not interact?",
        ),
        (
            lambda whole, a, b, both: whole - both - a - b,
            "You take away what is left without a part. Asked for is how far the logit drops.",
        ),
        (
            lambda whole, a, b, both: a + b - both,
            "The logit of the whole is missing: every drop begins there, and there are three of them.",
        ),
        (
            lambda whole, a, b, both: (whole - both) - ((whole - a) + (whole - b)) / 2,
            "You take the mean of the two single drops. If the parts do not interact, the drops add up.",
        ),
        (lambda whole, a, b, both: (whole - both) / (2 * whole - a - b), "That is a ratio. A difference is asked for."),
        (lambda whole, a, b, both: (a + b - whole - both) / (whole - both), "That is a share. Leave it in logits."),
        (lambda whole, a, b, both: a - both, "That is the second drop, after the first. Begin each drop at the whole."),
    ],
    praise="Zero means that the two add up. Anything else is what they do only as two.",
    otherwise="For {0}, {1}, {2} and {3} it is not {answer}. Three drops, a joint one and two single ones: how do they "
    "differ?",
)

safe_gap = table(
    "The smallest gap at which no patch can see two squares: function(patch) -> px.",
    right=lambda patch: patch - 1,
    cases=[(9,), (17,), (33,), (21,), (32,), (1,)],
    draw=lambda random: (int(random.integers(1, 120)),),
    wrong=[
        (
            lambda patch: patch,
            "Safe, but one pixel more than needed: how far apart are the first and the last pixel of a patch?",
        ),
        (
            lambda patch: patch - 2,
            "One too few: the patch just holds the last pixel of the one, the gap, and the first of the other.",
        ),
        (lambda patch: max(patch - 2, 0), "One too few: the gap has {answer} pixels, and a patch holds two more."),
        (lambda patch: patch + 1, "That is safe, but two pixels more than needed."),
        (lambda patch: 2 * (patch // 2), "For an odd patch, yes. Try one of {0} px."),
        (lambda patch: patch // 2, "Half a patch is too little: the patch may begin anywhere."),
        (lambda patch: (patch - 1) / 2, "Half a patch is too little: the patch may begin anywhere."),
        (lambda patch: patch / 2, "Half a patch is too little: the patch may begin anywhere."),
        (
            lambda patch: -(-(patch - 1) // 8) * 8,
            "Right where 8 divides it; but the patches' stride plays no part here.",
        ),
        (lambda patch: (patch - 1) // 8 * 8, "Right where 8 divides it; but the patches' stride plays no part here."),
        (lambda patch: patch // 8 * 8, "Right where 8 divides it; but the patches' stride plays no part here."),
        (lambda patch: patch - 8, "You count from stride to stride. But squares may lie anywhere."),
        (lambda patch: 2 * (patch - 1), "Far too safe. One patch must hold both ends of the gap."),
        (lambda patch: {9: 8, 17: 16, 33: 32}.get(patch, 32), "Right for three networks. Which rule have they got?"),
    ],
    praise="It asks for nothing but the side of a patch: no weights, no training, no pictures.",
    otherwise="For a patch of {0} px the smallest safe gap is not {answer}. Draw a row of pixels.",
)


def in_order(worth, order) -> list[float]:
    """What each player adds when they come in this order."""
    adds = [0.0] * len(order)
    for place, player in enumerate(order):
        adds[player] = worth(frozenset(order[: place + 1])) - worth(frozenset(order[:place]))
    return adds


def mean_over(worth, orders) -> list[float]:
    columns = zip(*(in_order(worth, order) for order in orders), strict=True)
    return [sum(column) / len(orders) for column in columns]


def shapley_by_orders(worth, players: int) -> list[float]:
    return mean_over(worth, list(permutations(range(players))))


def rounds(players: int) -> list[tuple[int, ...]]:
    """Each player comes first once, then the others as they sit round a table."""
    return [tuple((first + step) % players for step in range(players)) for first in range(players)]


def banzhaf(worth, players: int) -> list[float]:
    """Every coalition of the others counts alike, whatever its size."""
    sets = [frozenset(some) for size in range(players + 1) for some in combinations(range(players), size)]
    adds = [[worth(one | {p}) - worth(one) for one in sets if p not in one] for p in range(players)]
    return [sum(each) / len(each) for each in adds]


shapley_of_two = table(
    "Shapley values of two players: function(nothing, a, b, both) -> (value of a, value of b).",
    right=lambda n, a, b, both: ((a - n + both - b) / 2, (b - n + both - a) / 2),
    cases=[(1.0, 3.0, 2.0, 9.0), (0.5, -2.0, 4.0, 3.0), (1, 2, 4, 8)],
    draw=lambda random: numbers(random, 4),
    wrong=[
        (lambda n, a, b, both: ((b - n + both - a) / 2, (a - n + both - b) / 2), "The two values have changed places."),
        (
            lambda n, a, b, both: (a - n, b - n),
            "That is what each adds when it comes first. What if the other one is there already?",
        ),
        (
            lambda n, a, b, both: (both - b, both - a),
            "That is what each adds when it comes last. What if it comes first?",
        ),
        (lambda n, a, b, both: (both - a, both - b), "Coming last, a adds to b: which of the two is there already?"),
        (
            lambda n, a, b, both: (both - b + a - n, both - a + b - n),
            "You add up over the two orders; asked for is the mean.",
        ),
        (
            lambda n, a, b, both: ((both - n) / 2, (both - n) / 2),
            "You share equally, whatever a and b are worth alone.",
        ),
        (
            lambda n, a, b, both: ((a + both - b) / 2, (b + both - a) / 2),
            "Whoever comes first adds to what nobody is worth, which need not be zero.",
        ),
        (lambda n, a, b, both: (a, b), "These are the worths of a alone and of b alone. What does each add?"),
        (lambda n, a, b, both: (a - n, both - a), "That is one order: a comes first. There is another."),
        (lambda n, a, b, both: (both - b, b - n), "That is one order: b comes first. There is another."),
        (
            lambda n, a, b, both: (a * (both - n) / (a + b), b * (both - n) / (a + b)),
            "You share in proportion to what each is worth alone. What does each add, in each order?",
        ),
    ],
    praise="Two orders here. Six players have 720, and the 196 patches of BagNet-17 too many to count.",
    otherwise="For {0}, {1}, {2} and {3} the values are not {answer}. What does a add first, and what last?",
)


def game(random) -> tuple:
    """A game of one to five players in which every coalition has a worth of its own, the empty one too."""
    players = int(random.choice([1, 2, 3, 3, 4, 4, 5]))
    sets = chain.from_iterable(combinations(range(players), size) for size in range(players + 1))
    worths = {frozenset(some): value for some, value in zip(sets, numbers(random, 2**players), strict=True)}
    return (lambda coalition: worths[frozenset(coalition)]), players


mended = table(
    "Shapley values of any players, the given code mended: function(worth of a coalition, players) -> a value each.",
    right=shapley_by_orders,
    draw=game,
    read=row,
    wrong=[
        (
            lambda worth, players: mean_over(worth, rounds(players)),
            "These are the numbers of the code that was given. In which orders may three players come?",
        ),
        (
            lambda worth, players: mean_over(worth, rounds(players) + [order[::-1] for order in rounds(players)]),
            "Right up to three players. Four may come in 24 orders: how many are yours?",
        ),
        (
            banzhaf,
            "You take the mean over coalitions, each with the same weight. But orders with few or many players before "
            "you are as frequent as others. Your values do not add up to what all are worth.",
        ),
        (
            lambda worth, players: [math.factorial(players) * value for value in shapley_by_orders(worth, players)],
            "You add up over the orders; asked for is the mean.",
        ),
        (
            lambda worth, players: [math.factorial(players - 1) * value for value in shapley_by_orders(worth, players)],
            "You divide by the number of players. By how many orders must it be?",
        ),
        (
            lambda worth, players: in_order(worth, tuple(range(players))),
            "That is a single order. The values are the mean over all of them.",
        ),
        (
            lambda worth, players: [worth({player}) - worth(()) for player in range(players)],
            "That is what each adds when it comes first.",
        ),
        (
            lambda worth, players: [(worth(range(players)) - worth(())) / players] * players,
            "You share equally. Then symmetric players get the same, but all others do, too.",
        ),
        (
            lambda worth, players: [value + worth(()) / players for value in shapley_by_orders(worth, players)],
            "The empty coalition has a worth as well: who comes first adds to that, not to zero.",
        ),
    ],
    praise="Every order counts once. The sum was right before, too: a test that a wrong answer passes proves little.",
    otherwise="Your values are not right in one game of {1} players. Write down all orders, and what each adds.",
)
