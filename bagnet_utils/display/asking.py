"""Guess first: a slider or a table of boxes keeps what a learner expects, and afterwards says how far off it was."""

import ipywidgets

from bagnet_utils.display.recording import recorded
from bagnet_utils.progress import BOXES, CLOSE, record_guess


class Box:
    """Widgets in a box; in words where a page has no widgets."""

    def __init__(self, words: str, box: ipywidgets.Box):
        self.words, self.box = words, box

    def _repr_mimebundle_(self, **options) -> dict:
        words = {"text/plain": f"[{self.words}]"}
        return {**self.box._repr_mimebundle_(**options), **words, **recorded(self.live)}

    def live(self) -> dict:
        """What a page without a kernel needs to stand in for these widgets."""
        raise NotImplementedError


def tell(said: str, **truth) -> None:
    """Say how a guess ended; for pages without a kernel, also keep what it is scored by."""
    from IPython.display import display

    print(said)
    if mark := recorded(lambda: {"kind": "check", "said": said, **truth}):
        display({**mark, "text/plain": ""}, raw=True)


class Guess(Box):
    """A question with a slider; `.value` is the guess. `.check(truth)` compares, in one sentence."""

    def __init__(self, question: str, low: float, high: float, unit: str = "", step: float = 1):
        whole = step == int(step)
        kind = ipywidgets.IntSlider if whole else ipywidgets.FloatSlider
        middle = low + round((high - low) / 2 / step) * step
        layout = ipywidgets.Layout(width="60%", min_width="320px")
        self.question, self.unit, self.moved = question, unit, False
        self.slider = kind(
            value=middle, min=low, max=high, step=step, layout=layout, readout_format="d" if whole else "g"
        )
        self.slider.observe(lambda change: setattr(self, "moved", True), "value")
        box = ipywidgets.VBox([ipywidgets.HTML(f"<b>{question}</b>"), self.slider])
        super().__init__(f"{question}: a slider from {low} to {high}", box)

    @property
    def value(self) -> float:
        return self.slider.value

    def live(self) -> dict:
        ends = {"low": self.slider.min, "high": self.slider.max, "step": self.slider.step}
        return {"kind": "guess", "question": self.question, "unit": self.unit, "close": CLOSE, **ends}

    def check(self, truth: float) -> None:
        """Show guess and truth side by side."""
        if not self.moved:
            said = f"It is {truth:g}{self.unit}. Next time, move the slider first."
            return tell(said, question=self.question, truth=float(truth))
        span, apart = self.slider.max - self.slider.min, abs(self.value - truth)
        near = "Close." if apart <= CLOSE * span else "Not close: what do you think now?"
        print(f"You said {self.value:g}{self.unit}; it is {truth:g}{self.unit}. {near if apart else 'Exactly right.'}")
        record_guess(self.question, self.value, truth, self.unit, span)


def guess(question: str, low: float, high: float, unit: str = "", step: float = 1) -> Guess:
    """Ask for a number before it is measured: the slider stands in the middle until somebody moves it."""
    return Guess(question, low, high, unit, step)


class Expectation(Box):
    """A table of boxes to tick. `.value` is {row: {column: ticked}}; `.check(truth)` says how many are correct."""

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
        self.question = question
        super().__init__(f"{question} Boxes to tick: {', '.join(rows)} on {', '.join(columns)}", box)

    @property
    def value(self) -> dict[str, dict[str, bool]]:
        return {row: {column: box.value for column, box in boxes.items()} for row, boxes in self.boxes.items()}

    def live(self) -> dict:
        columns = list(next(iter(self.boxes.values())))
        return {"kind": "expect", "question": self.question, "rows": list(self.boxes), "columns": columns}

    def check(self, truth: dict[str, dict[str, bool]]) -> None:
        """Compare with what was measured, box by box."""
        ticked, boxes = self.value, [(row, column) for row, columns in truth.items() for column in columns]
        if not any(box for columns in ticked.values() for box in columns.values()):
            correct = [
                f"{row}: {', '.join(c for c in columns if columns[c]) or 'none'}" for row, columns in truth.items()
            ]
            said = f"You ticked nothing. These boxes are correct. {'; '.join(correct)}."
            plain = {row: {column: bool(truth[row][column]) for column in truth[row]} for row in truth}
            return tell(said, question=self.question, truth=plain)
        wrong = [f"{row} on {column}" for row, column in boxes if truth[row][column] != ticked[row][column]]
        print(f"You predicted {len(boxes) - len(wrong)} of {len(boxes)} correctly.")
        if wrong:
            print(f"Different from what you predicted: {'; '.join(wrong)}.")
        record_guess(self.question, len(boxes) - len(wrong), len(boxes), BOXES, span=len(boxes))


def expect(question: str, rows: list[str], columns: list[str]) -> Expectation:
    """Ask for a whole table of expectations before it is measured: tick what you expect to hold."""
    return Expectation(question, rows, columns)
