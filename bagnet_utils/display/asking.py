"""Guess first: a slider that keeps what a learner expects, and says afterwards how far off it was."""

import ipywidgets


class Guess:
    """A question with a slider; `.value` is the guess. `.check(truth)` compares, in one sentence."""

    def __init__(self, question: str, low: float, high: float, unit: str = "", step: float = 1):
        whole = step == int(step)
        kind = ipywidgets.IntSlider if whole else ipywidgets.FloatSlider
        middle = low + round((high - low) / 2 / step) * step
        layout = ipywidgets.Layout(width="60%", min_width="320px")
        self.unit = unit
        self.slider = kind(
            value=middle, min=low, max=high, step=step, layout=layout, readout_format="d" if whole else "g"
        )
        self.box = ipywidgets.VBox([ipywidgets.HTML(f"<b>{question}</b>"), self.slider])

    @property
    def value(self) -> float:
        return self.slider.value

    def check(self, truth: float) -> None:
        """Say guess and truth side by side."""
        apart = abs(self.value - truth)
        span = self.slider.max - self.slider.min
        praise = (
            "Exactly!" if apart == 0 else "Close." if apart <= span / 10 else "Look again: what makes the difference?"
        )
        print(f"You said {self.value:g}{self.unit}; it is {truth:g}{self.unit}. {praise}")

    def _repr_mimebundle_(self, **options):
        return self.box._repr_mimebundle_(**options)


def guess(question: str, low: float, high: float, unit: str = "", step: float = 1) -> Guess:
    """Ask for a number before it is measured: the slider stands in the middle until somebody moves it."""
    return Guess(question, low, high, unit, step)


class Expectation:
    """A table of boxes to tick. `.value` is {row: {column: ticked}}; `.check(truth)` says how many were right."""

    def __init__(self, question: str, rows: list[str], columns: list[str]):
        narrow = ipywidgets.Layout(width="90px")
        self.boxes = {
            row: {
                column: ipywidgets.Checkbox(indent=False, layout=narrow, tooltip=f"{row}, {column}")
                for column in columns
            }
            for row in rows
        }
        head = [ipywidgets.Label("", layout=narrow), *[ipywidgets.Label(column, layout=narrow) for column in columns]]
        lines = [[ipywidgets.Label(row, layout=narrow), *boxes.values()] for row, boxes in self.boxes.items()]
        table = [ipywidgets.HBox(line) for line in (head, *lines)]
        self.box = ipywidgets.VBox([ipywidgets.HTML(f"<b>{question}</b>"), *table])

    @property
    def value(self) -> dict[str, dict[str, bool]]:
        return {row: {column: box.value for column, box in boxes.items()} for row, boxes in self.boxes.items()}

    def check(self, truth: dict[str, dict[str, bool]]) -> None:
        """Compare with what was found, cell by cell."""
        cells = [(row, column) for row, columns in truth.items() for column in columns]
        missed = [f"{row} on {column}" for row, column in cells if truth[row][column] != self.value[row][column]]
        print(f"You expected {len(cells) - len(missed)} of {len(cells)} rightly.")
        if missed and any(box.value for boxes in self.boxes.values() for box in boxes.values()):
            print(f"It came otherwise for {'; '.join(missed)}.")

    def _repr_mimebundle_(self, **options):
        return self.box._repr_mimebundle_(**options)


def expect(question: str, rows: list[str], columns: list[str]) -> Expectation:
    """Ask for a whole table of expectations before it is measured: tick what you expect to hold."""
    return Expectation(question, rows, columns)
