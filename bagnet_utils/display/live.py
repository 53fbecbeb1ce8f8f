"""A curve that grows while a network learns: in a notebook it is drawn anew after each epoch."""

import time

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from bagnet_utils.display.style import BLUE, NARROW, VERMILION, running_in_a_notebook


class LiveCurve:
    """Give it to `finetune(..., watch=LiveCurve())`: a bar that tells how far it is, and the curve so far.

    In a plain script nothing appears while it runs; `.draw()` draws the curve in the end.
    """

    def __init__(self, every: float = 0.5):
        self.every, self.rows, self.drawn = every, [], 0  # seconds between two looks at the bar
        self.bar = self.figure = None
        self.began = self.looked = 0.0
        self.first = 0  # the step it began with, if it goes on from an earlier run

    def __call__(self, steps: int, of: int, rows: list[dict]) -> None:
        now, self.rows = time.monotonic(), [*rows]
        if not self.began:
            self.began, self.first = now, steps
        if not running_in_a_notebook():
            return
        if now - self.looked > self.every or steps == of:
            self.looked = now
            self.bar = self.put(self.bar, html(progress_bar(steps, of, now - self.began, self.first)))
        if len(rows) > self.drawn:
            self.drawn = len(rows)
            axis = self.draw()
            self.figure = self.put(self.figure, axis.figure)
            plt.close(axis.figure)

    def put(self, handle, thing):
        """Show it, or put it in the place of what was there."""
        from IPython.display import display

        if handle is None:
            return display(thing, display_id=True)
        handle.update(thing)
        return handle

    def draw(self, axis: Axes | None = None) -> Axes:
        """Percent right of the held-out pictures after each epoch."""
        axis = plt.subplots(figsize=(NARROW, 2.8), layout="constrained")[1] if axis is None else axis
        epochs, right = ([row[key] for row in self.rows] for key in ("epoch", "held out"))
        axis.plot(epochs, right, "o-", color=BLUE)
        axis.plot(epochs[:1], right[:1], "s", color=VERMILION, label="new last layer only")
        axis.set(xlabel="epoch", ylabel="held-out right, percent", ylim=(0, 102), title=f"Now {right[-1]:.0f} % right")
        axis.set_xticks(epochs if len(epochs) < 12 else epochs[:: len(epochs) // 6])
        axis.legend(loc="lower right")
        return axis


def progress_bar(steps: int, of: int, seconds: float, first: int) -> str:
    """How far it is, in HTML."""
    made = steps - first
    left = f", about {seconds / made * (of - steps):.0f} s left" if made else ""
    return f'<progress value="{steps}" max="{of}" style="width: 60%"></progress> step {steps} of {of}{left}'


def html(words: str):
    from IPython.display import HTML

    return HTML(words)
