"""Numbers in the tables of docs/claims.md: each with its 95 % interval, and a mark where something was predicted."""

from bagnet_utils.models.scores import interval

MARK = {True: " ✓", False: " ✗", None: ""}


def ends(estimate, digits: int = 2) -> str:
    """0.83 (0.79..0.86)"""
    value, low, high = (f"{number:.{digits}f}" for number in estimate)
    return f"{value} ({low}..{high})"


def cell(percent: float, of: int, wanted: tuple[int, int] | None = None) -> str:
    """A share of `of` pictures with Wilson's interval; ✓ if it lies within what was wanted, ✗ if not."""
    met = None if wanted is None else wanted[0] <= percent <= wanted[1]
    return ends((percent, *interval(round(percent * of / 100), of)), 1) + MARK[met]
