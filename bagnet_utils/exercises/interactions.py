"""Checks of notebook 09."""

import math

from bagnet_utils.exercises.judging import Wrong, call, exercise, number


@exercise
def interaction_of(function):
    """What two parts have in common: function(whole, without a, without b, without both) -> one number."""
    for whole, no_a, no_b, neither in ((10.0, 7.0, 8.5, 1.0), (6.0, 5.0, 4.0, 2.75)):
        together, apart = whole - neither, (whole - no_a) + (whole - no_b)
        answer = number(call(function, whole, no_a, no_b, neither))

        def like(value: float, answer=answer) -> bool:
            return math.isclose(answer, value, abs_tol=1e-6)

        if like(together - apart):
            continue
        if like(apart - together):
            raise Wrong("The sign is turned round: which of the two is to be taken from which?")
        if like(apart):
            raise Wrong("These are the two single falls. What is the joint fall?")
        if like(together):
            raise Wrong("That is the joint fall. What would it be if the parts did not interact?")
        if like(together - (no_a + no_b)):
            raise Wrong("You take away what is left without a part; asked for is by how much the logit fell.")
        if like(no_a + no_b - neither):
            raise Wrong("The logit of the whole is missing: every fall begins there, and there are three of them.")
        if apart and like(together / apart):
            raise Wrong("That is a ratio; asked for is a difference, in logits.")
        raise Wrong("The number is not right: three falls, the joint one and two single ones. How do they differ?")
    return "Zero means that each part speaks for itself; anything else, that they talk."


@exercise
def safe_gap(function):
    """The smallest gap at which no patch can see two squares: function(patch) -> px."""
    for patch in (9, 17, 33, 21):
        answer = number(call(function, patch))
        right = patch - 1
        if answer == right:
            continue
        if answer == patch:
            raise Wrong("That is safe, but one pixel more than needed: of how many pixels does a patch see both ends?")
        if answer == right - 1:
            raise Wrong(
                "One too few: the patch just holds the last pixel of the one, the gap, and the first of the other."
            )
        if answer == patch + 1:
            raise Wrong("That is safe, but two pixels more than needed.")
        if answer in (patch // 2, (patch - 1) / 2, patch / 2):
            raise Wrong("Half a patch is too little: the patch may begin anywhere, so it need not lie centred on one.")
        if answer == -(-right // 8) * 8:
            raise Wrong("Right where the stride of 8 divides it; but the patches' stride plays no part here.")
        if answer > right:
            raise Wrong(f"For a patch of {patch} px a gap of {answer:g} px is safe, but a smaller one would do.")
        raise Wrong(f"A patch of {patch} px reaches across a gap of {answer:g} px and sees both squares.")
    return "It asks for nothing but the side of a patch: no weights, no training, no pictures."


@exercise
def shapley_of_two(function):
    """Shapley values of two players: function(nothing, a, b, both) -> (value of a, value of b)."""
    for nothing, a, b, both in ((1.0, 3.0, 2.0, 9.0), (0.5, -2.0, 4.0, 3.0)):
        answer = call(function, nothing, a, b, both)
        try:
            values = tuple(float(number(one)) for one in answer)
        except TypeError:
            raise Wrong("Two numbers are wanted: the value of a, and the value of b.") from None
        if len(values) != 2:
            raise Wrong(f"Two numbers are wanted, but {len(values)} came: the value of a, and the value of b.")
        right = (a - nothing + both - b) / 2, (b - nothing + both - a) / 2

        def like(first: float, second: float, values=values) -> bool:
            return math.isclose(values[0], first, abs_tol=1e-6) and math.isclose(values[1], second, abs_tol=1e-6)

        if like(*right):
            continue
        if like(right[1], right[0]):
            raise Wrong("The two values have changed places.")
        if like(a - nothing, b - nothing):
            raise Wrong("That is what each adds when it comes first. What if the other one is there already?")
        if like(both - b, both - a):
            raise Wrong("That is what each adds when it comes last. What if it comes first?")
        if like(both - b + a - nothing, both - a + b - nothing):
            raise Wrong("You add up over the two orders; asked for is the mean.")
        if like((both - nothing) / 2, (both - nothing) / 2):
            raise Wrong("You share equally, whatever a and b are worth alone.")
        if like((a + both - b) / 2, (b + both - a) / 2):
            raise Wrong("Whoever comes first adds to what nobody is worth, which need not be zero.")
        if not math.isclose(sum(values), both - nothing, abs_tol=1e-6):
            raise Wrong(
                "Together the two values must be what both are worth less what nobody is worth; "
                f"yours add up to {sum(values):g}, not to {both - nothing:g}."
            )
        raise Wrong("The sum is right, the shares are not: what does a add when it comes first, and when last?")
    return "Two orders here; with six players there are 720, and with the 196 patches of BagNet-17 too many to count."
