"""Several pictures in one explorer: choose one by its name."""

from collections.abc import Callable, Iterable

import ipywidgets
from matplotlib.figure import Figure

from bagnet_utils.display.asking import Box


class Gallery(Box):
    """A list of names above the explorer of the picture that was chosen, which is `.explorer`."""

    def __init__(self, names: Iterable[str], make: Callable[[str], ipywidgets.DOMWidget]):
        """make(name) returns the explorer of one picture."""
        self.names, self.make = list(names), make
        self.chooser = ipywidgets.Dropdown(options=self.names, description="Picture")
        self.explorer = make(self.names[0])
        self.chooser.observe(lambda change: self.show(change.new), "value")
        words = f"patch explorer: {len(self.names)} pictures to choose from; run this cell to touch it"
        super().__init__(words, ipywidgets.VBox([self.chooser, self.explorer]))

    def show(self, name: str) -> None:
        self.explorer = self.make(name)
        self.box.children = [self.chooser, self.explorer]

    def live(self) -> dict:
        return {"kind": "gallery", "explorers": [[name, self.make(name).live()] for name in self.names]}

    def still(self) -> Figure:
        """What is shown now, as a figure."""
        return self.explorer.still()
