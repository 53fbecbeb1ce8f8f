"""Sliders with a figure that follows them."""

import base64
import io
import itertools
import math
from collections.abc import Callable, Sequence
from html import escape

import ipywidgets
import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from PIL import Image

from bagnet_utils.display.asking import Box
from bagnet_utils.display.style import DPI
from bagnet_utils.errors import BadInput

Make = Callable[..., Figure | str | tuple[Figure, str]]
STILLS, SENTENCES = 60, 1000  # that a page without a kernel may carry, of pictures and of words alone


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

    def made(self, **values) -> tuple[Figure | None, str]:
        """Figure and words for the sliders as they stand, or for other values; what cannot be had is said in words."""
        try:
            made = self.make(**{**self.values, **values})
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

    def live(self) -> dict:
        """Everything that can be shown, for a page without a kernel; sliders that would make it too much stay fixed.

        Pictures and words stand in the order in which the last of the free sliders moves fastest.
        """
        options = {name: list(slider.options) for name, slider in self.sliders.items()}
        free = movable(options, STILLS if self.picture.value else SENTENCES)
        shown = []
        for choice in itertools.product(*(options[name] for name in free)):
            figure, words = self.made(**dict(zip(free, choice, strict=True)))
            shown.append([webp(figure) if figure is not None else "", words])
        start = {name: options[name].index(value) for name, value in self.values.items()}
        told = [
            [name, [str(option) for option in every]] for name, every in options.items()
        ]  # files sort what is named
        return {"kind": "sliders", "options": told, "start": start, "free": free, "shown": shown}

    def still(self) -> Figure | None:
        """What is shown now, as a figure and printed words: for paper, and for pages without widgets."""
        figure, words = self.made()
        if words:
            print(words)
        return figure


def movable(options: dict[str, list], most: int) -> list[str]:
    """The sliders that may move together, so that there are at most so many combinations, but as many as can be."""
    sets = [list(names) for size in range(len(options) + 1) for names in itertools.combinations(options, size)]
    counts = [math.prod(len(options[name]) for name in names) for names in sets]
    return sets[max(range(len(sets)), key=lambda n: (counts[n] <= most) * counts[n])]


def webp(figure: Figure) -> str:
    """A figure as an address that holds the picture itself, small."""
    drawn, small = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=DPI)
    plt.close(figure)
    Image.open(drawn).convert("RGB").save(small, "WEBP", quality=80, method=6)
    return "data:image/webp;base64," + base64.b64encode(small.getvalue()).decode()


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
