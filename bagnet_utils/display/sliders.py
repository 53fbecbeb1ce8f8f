"""Sliders with a figure that follows them."""

import io
from collections.abc import Callable, Sequence
from html import escape

import ipywidgets
import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from bagnet_utils.display.asking import Box
from bagnet_utils.display.style import DPI
from bagnet_utils.errors import BadInput

Make = Callable[..., Figure | str | tuple[Figure, str]]


class Sliders(Box):
    """Move a slider, and what is shown follows. `.values` are the sliders'; set `.sliders[name].value` to move one."""

    def __init__(self, make: Make, choices: dict[str, Sequence], start: dict):
        self.make = make
        wide = {"layout": ipywidgets.Layout(width="420px"), "style": {"description_width": "110px"}}
        self.sliders = {
            name: ipywidgets.SelectionSlider(
                options=list(options),
                value=start.get(name, options[0]),
                description=name.replace("_", " "),
                continuous_update=False,
                **wide,
            )
            for name, options in choices.items()
        }
        self.picture, self.words_below = ipywidgets.Image(format="png"), ipywidgets.HTML()
        for slider in self.sliders.values():
            slider.observe(self.show, "value")
        self.show()
        ends = [f"{name.replace('_', ' ')} from {options[0]} to {options[-1]}" for name, options in choices.items()]
        box = ipywidgets.VBox([*self.sliders.values(), self.picture, self.words_below])
        super().__init__(f"Sliders: {', '.join(ends)}; run this cell to move them", box)

    @property
    def values(self) -> dict:
        return {name: slider.value for name, slider in self.sliders.items()}

    def made(self) -> tuple[Figure | None, str]:
        """Figure and words for the sliders as they stand; what cannot be had is said in words."""
        try:
            made = self.make(**self.values)
        except BadInput as problem:
            return None, str(problem)
        figure, words = made if isinstance(made, tuple) else (made, "") if isinstance(made, Figure) else (None, made)
        return figure, words

    def show(self, _=None) -> None:
        figure, words = self.made()
        content = io.BytesIO()
        if figure is not None:
            figure.savefig(content, format="png", dpi=DPI)
            plt.close(figure)
        self.picture.value, self.picture.layout.display = content.getvalue(), "" if figure is not None else "none"
        self.words_below.value = f"<pre>{escape(words)}</pre>"

    def still(self) -> Figure | None:
        """What is shown now, as a figure and printed words: for paper, and for pages without widgets."""
        figure, words = self.made()
        if words:
            print(words)
        return figure


def sliders(make: Make, start: dict | None = None, **choices) -> Sliders:
    """A slider for each keyword, with the choices it offers; `make` draws (or says) what they stand for.

    make(**values) returns a figure, words, or both. start: where sliders begin, if not at their first choice.
    """
    for name, options in choices.items():
        if isinstance(options, str) or not isinstance(options, Sequence) or len(options) == 0:
            raise BadInput(f"sliders: {name} is {options!r}, but a list of choices is wanted, such as [8, 16, 32].")
    for name, value in (start or {}).items():
        if name not in choices or value not in choices[name]:
            raise BadInput(f"sliders: {name} cannot start at {value!r}; start with one of the choices given for it.")
    return Sliders(make, choices, start or {})
