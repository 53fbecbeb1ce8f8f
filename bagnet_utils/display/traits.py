"""What the widgets share: kinds of traits, with one kind of error for whoever sets them wrongly, a reader or a page;
and that all their data travels with them.
"""

import anywidget
from traitlets import Dict, Int, List, TraitError

from bagnet_utils.checks import describe, whole
from bagnet_utils.display.recording import recorded
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


class Carried(anywidget.AnyWidget):
    """A widget that carries all its data, and so works on a page without a kernel as well."""

    movable = ()  # names of the traits that a page may change
    packed = Dict().tag(sync=True)  # what never changes

    def _repr_mimebundle_(self, **options) -> tuple[dict, dict]:
        data, about = super()._repr_mimebundle_(**options)
        return {**data, **recorded(self.live)}, about

    def live(self) -> dict:
        """All that a page without a kernel needs."""
        state = {name: getattr(self, name) for name in ("packed", *self.movable)}
        return {"kind": type(self).__name__.lower(), "state": state}

    def get_state(self, key=None, drop_defaults=False) -> dict:
        """What travels. Also into a static page goes all of it: to ipywidgets the script looks like a default."""
        return super().get_state(key, drop_defaults=False)

    def set_state(self, sync_data: dict) -> None:
        """What a page asks for. If any of it cannot be, all stays as it was, and the page is told how that is."""
        try:
            super().set_state({name: value for name, value in sync_data.items() if name != "packed"})
        except TraitError:
            self.send_state(list(self.movable))
