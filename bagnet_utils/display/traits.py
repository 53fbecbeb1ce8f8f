"""Kinds of traits for widgets, with one kind of error for whoever sets them wrongly, a reader or a page."""

from traitlets import Int, List, TraitError

from bagnet_utils.checks import describe, whole
from bagnet_utils.errors import BadInput


class BadTrait(BadInput, TraitError):
    """One line for the reader, and for traitlets the only kind of error on which it takes everything back."""


class Whole(Int):
    """A trait that is a whole number of any kind."""

    def validate(self, explorer, value) -> int:
        if whole(value) is None:
            who = getattr(explorer, "who", "explore")
            raise BadTrait(f"{who}: {self.name} is {str(value)[:60]!r}, but a whole number is wanted.")
        return whole(value)


class Places(List):
    """A trait that is a list of [row, column]."""

    def error(self, explorer, value, error=None, info=None):
        raise BadTrait(f"explore: {self.name} is {describe(value)}, but a list of [row, column] is wanted.")
