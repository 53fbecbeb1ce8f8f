"""Numbers in the tables of docs/claims.md: each with its 95 % interval, and a mark where something was predicted."""

from bagnet_utils.statistics import confidence_interval

MARK = {True: " ✓", False: " ✗", None: ""}


def ends(estimate, digits: int = 2) -> str:
    """0.83 (0.79..0.86); or why there is no such interval."""
    if isinstance(estimate, str):
        return estimate
    if None in estimate:
        return "cannot be judged: too few pictures, or errors"
    value, low, high = (f"{number:.{digits}f}" for number in estimate)
    return f"{value} ({low}..{high})"


def cell(percent: float, of: int, wanted: tuple[int, int] | None = None) -> str:
    """A share of `of` pictures with Wilson's interval; ✓ if all of that lies within what was wanted, ✗ if not."""
    met = None if wanted is None else inside(percent, of, wanted)
    return ends((percent, *confidence_interval(round(percent * of / 100), of)), 1) + MARK[met]


def share(right: int, of: int, digits: int = 1) -> str:
    """A share in percent, with its interval."""
    return ends((100 * right / of, *confidence_interval(right, of)), digits)


def inside(percent: float, of: int, wanted: tuple[int, int]) -> bool:
    """Does Wilson's interval of a share lie within what was wanted, wholly?"""
    low, high = confidence_interval(round(percent * of / 100), of)
    return wanted[0] <= low and high <= wanted[1]


def above(floor: float, *estimates) -> bool | None:
    """Do all intervals lie above this number, wholly? None if one of them cannot be judged.

    The one form that rules have: with fewer pictures intervals grow, so a rule can only become harder to meet.
    """
    if any(isinstance(one, str) or None in one for one in estimates):
        return None
    return all(one[1] > floor for one in estimates)


def below(ceiling: float, *estimates) -> bool | None:
    """Do all intervals lie below this number, wholly?"""
    if any(isinstance(one, str) or None in one for one in estimates):
        return None
    return all(one[2] < ceiling for one in estimates)
