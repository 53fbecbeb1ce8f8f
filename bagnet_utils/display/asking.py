"""Guess first: a slider that keeps what a learner expects, and says afterwards how far off it was."""

import ipywidgets


class Box:
    """Widgets in a box; in words where a page has no widgets."""

    def __init__(self, words: str, box: ipywidgets.Box):
        self.words, self.box = words, box

    def _repr_mimebundle_(self, **options) -> dict:
        return {**self.box._repr_mimebundle_(**options), "text/plain": f"[{self.words}]"}


class Guess(Box):
    """A question with a slider; `.value` is the guess. `.check(truth)` compares, in one sentence."""

    def __init__(self, question: str, low: float, high: float, unit: str = "", step: float = 1):
        whole = step == int(step)
        kind = ipywidgets.IntSlider if whole else ipywidgets.FloatSlider
        middle = low + round((high - low) / 2 / step) * step
        layout = ipywidgets.Layout(width="60%", min_width="320px")
        self.unit, self.moved = unit, False
        self.slider = kind(
            value=middle, min=low, max=high, step=step, layout=layout, readout_format="d" if whole else "g"
        )
        self.slider.observe(lambda change: setattr(self, "moved", True), "value")
        box = ipywidgets.VBox([ipywidgets.HTML(f"<b>{question}</b>"), self.slider])
        super().__init__(f"{question}: a slider from {low} to {high}", box)

    @property
    def value(self) -> float:
        return self.slider.value

    def check(self, truth: float) -> None:
        """Say guess and truth side by side."""
        if not self.moved:
            return print(f"It is {truth:g}{self.unit}. Next time, move the slider first: a wrong guess teaches most.")
        apart = abs(self.value - truth)
        span = self.slider.max - self.slider.min
        praise = (
            "Exactly!" if apart == 0 else "Close." if apart <= span / 10 else "Look again: what makes the difference?"
        )
        print(f"You said {self.value:g}{self.unit}; it is {truth:g}{self.unit}. {praise}")


def guess(question: str, low: float, high: float, unit: str = "", step: float = 1) -> Guess:
    """Ask for a number before it is measured: the slider stands in the middle until somebody moves it."""
    return Guess(question, low, high, unit, step)


class Expectation(Box):
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
        box = ipywidgets.VBox([ipywidgets.HTML(f"<b>{question}</b>"), *table])
        super().__init__(f"{question} Boxes to tick: {', '.join(rows)} on {', '.join(columns)}", box)

    @property
    def value(self) -> dict[str, dict[str, bool]]:
        return {row: {column: box.value for column, box in boxes.items()} for row, boxes in self.boxes.items()}

    def check(self, truth: dict[str, dict[str, bool]]) -> None:
        """Compare with what was found, cell by cell."""
        cells = [(row, column) for row, columns in truth.items() for column in columns]
        if not any(box.value for boxes in self.boxes.values() for box in boxes.values()):
            holds = [
                f"{row}: {', '.join(c for c in columns if columns[c]) or 'none'}" for row, columns in truth.items()
            ]
            return print(f"You ticked nothing. This is what holds. {'; '.join(holds)}.")
        missed = [f"{row} on {column}" for row, column in cells if truth[row][column] != self.value[row][column]]
        print(f"You expected {len(cells) - len(missed)} of {len(cells)} rightly.")
        if missed:
            print(f"It came otherwise for {'; '.join(missed)}.")


def expect(question: str, rows: list[str], columns: list[str]) -> Expectation:
    """Ask for a whole table of expectations before it is measured: tick what you expect to hold."""
    return Expectation(question, rows, columns)
