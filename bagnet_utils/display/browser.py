"""What drives the channels of a network: sheets on paper, and a widget to look through them without a kernel."""

import base64
import io
from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor
from traitlets import validate

from bagnet_utils.display.figures import frame
from bagnet_utils.display.style import BLUE, LARGE, SMALL, WIDE
from bagnet_utils.display.traits import BadTrait, Carried, Whole
from bagnet_utils.errors import BadInput
from bagnet_utils.experiments.features import Sheet

HERE = Path(__file__).parent
TILES = (32, 48, 64)  # px of a tile in a sprite: the smallest that shows two thirds of the window; 16 px are a block
QUALITY = 80
SHEET = 6.6  # inches, narrower than other figures: sheets make large files
KINDS = 10  # bars in the still picture, for the kinds with the highest mean


class Browser(Carried):
    """The feature browser. layer, channel: which of the sheets, and which row of it, counted from 0."""

    who = "browse"
    _esm = HERE / "browser.js"
    _css = "".join((HERE / f"{name}.css").read_text(encoding="utf-8") for name in ("explorer", "browser"))
    movable = ("layer", "channel")  # `packed` holds sprites, names, numbers
    layer = Whole().tag(sync=True)
    channel = Whole().tag(sync=True)

    def __init__(self, sheets: Sequence[Sheet], **traits):
        self.sheets = sheets
        super().__init__(**traits)

    def __repr__(self) -> str:
        """What a page without widgets shows in its place."""
        names = ", ".join(one.found.layer for one in self.sheets)
        return f"[feature browser: the channels of {names}; run this cell to touch it]"

    @validate("layer", "channel")
    def check_number(self, proposal) -> int:
        name = proposal.trait.name
        most = len(self.sheets if name == "layer" else self.sheets[0].found.channels) - 1
        if not 0 <= proposal.value <= most:
            raise BadTrait(f"browse: {name} is {proposal.value}, but a whole number from 0 to {most} is wanted.")
        return proposal.value

    def still(self) -> Figure:
        """What the widget shows now, as a picture for paper and for pages that run no scripts."""
        return show_channel(self.sheets[self.layer], self.channel, self.packed["classes"])


def browse(sheets: Sequence[Sheet], classes: Sequence[str], chance: float) -> Browser:
    """A widget to look through sheets of features, each with as many channels and patches as the others.

    classes: names of the kinds. chance: percent of a channel's top pictures that are of one kind by chance.
    """
    sizes = {tuple(one.patches.shape[:2]) for one in sheets}
    if len(sizes) != 1:
        raise BadInput(f"browse: sheets of {sorted(sizes)} channels and patches were given, but all must be alike.")
    ((_, nine),) = sizes
    packed = {"classes": list(classes), "nine": nine, "chance": chance, "sheets": [pack(one) for one in sheets]}
    return Browser(sheets, packed=packed, layer=len(sheets) // 2, channel=0)


def pack(one: Sheet) -> dict:
    """One sheet as it travels: its sprite, and of each channel its numbers."""
    size = one.patches.shape[-1]
    tile = next((side for side in TILES if 3 * side >= 2 * size), TILES[-1])
    channels = [
        {"number": number, "share": share, "labels": labels, "values": values, "means": means}
        for number, share, labels, values, means in zip(
            one.found.channels, one.shares or [None] * len(one.found.channels), one.labels.tolist(),
            rounded(one.found.values), rounded(one.means), strict=True,
        )
    ]  # fmt: skip
    seen = one.seen.size if one.seen else None
    return {
        "layer": one.found.layer,
        "size": seen,
        "tile": tile,
        "sprite": jpeg(mosaic(one, tile)),
        "channels": channels,
    }


def rounded(values: Tensor) -> list:
    return np.round(values.double().numpy(), 3).tolist()


def mosaic(one: Sheet, tile: int, gap: int = 0) -> np.ndarray:
    """A row of tiles for each channel, first its patches, then their projections: rows x columns x 3 bytes.

    A projection is grey where it is 0. Each has a scale of its own, whose ends only one value of 200 passes.
    """
    reach = one.projections.abs().flatten(2).quantile(0.995, 2).clamp(min=1e-12)[..., None, None, None]
    rows = []
    for patches, projections in zip(one.patches, (0.5 + one.projections / (2 * reach)).clamp(0, 1), strict=True):
        tiles = [scaled(image, tile) for image in (*patches, *projections)]
        rows.append(np.concatenate([np.pad(t, ((0, gap), (0, gap), (0, 0)), constant_values=255) for t in tiles], 1))
    return np.concatenate(rows)


def scaled(image: Tensor, tile: int) -> np.ndarray:
    """3 x size x size in [0, 1] -> tile x tile x 3 bytes; what is small keeps its pixels apart."""
    picture = Image.fromarray(np.rint(image.permute(1, 2, 0).numpy() * 255).astype(np.uint8))
    how = Image.Resampling.NEAREST if image.shape[-1] <= tile else Image.Resampling.LANCZOS
    return np.asarray(picture.resize((tile, tile), how))


def jpeg(picture: np.ndarray) -> str:
    """Rows x columns x 3 bytes as an address that holds the picture itself."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=QUALITY, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()


def show_features(one: Sheet, title: str | None = None) -> Figure:
    """A sheet: a row for each channel, its strongest patches to the left, their projections to the right."""
    count, nine = one.patches.shape[:2]
    tile, gap = 40, 2
    picture = mosaic(one, tile, gap)
    step = tile + gap
    figure, axis = plt.subplots(figsize=(SHEET, SHEET * count / (2 * nine + 2.4) + 0.6), layout="constrained")
    axis.imshow(picture, interpolation="antialiased")
    axis.axvline(nine * step - gap / 2 - 0.5, color="white", lw=4)
    names = [str(number) for number in one.found.channels]
    if one.shares:
        names = [f"{name}: {share:.0f} %" for name, share in zip(names, one.shares, strict=True)]
    frame(axis)
    axis.set_yticks(np.arange(count) * step + tile / 2, names, fontsize=SMALL)
    axis.set_xticks(np.array([nine / 2, 1.5 * nine]) * step, ["strongest patches", "their projections"], fontsize=SMALL)
    axis.tick_params(length=0)
    sees = f"a unit sees {one.seen.size} x {one.seen.size} px" if one.seen else "a unit sees the whole picture"
    axis.set_title(title or f"{one.found.layer}: {sees}", fontsize=LARGE)
    return figure


def show_channel(one: Sheet, row: int, classes: Sequence[str]) -> Figure:
    """One channel: its strongest patches, their projections, and the kinds with the highest mean activation."""
    tile, gap, nine = 64, 3, one.patches.shape[1]
    whole = mosaic(one, tile, gap)[row * (tile + gap) : (row + 1) * (tile + gap)]
    tiles = np.split(whole, 2 * nine, 1)
    figure, axes = plt.subplots(1, 3, figsize=(WIDE, 3.4), layout="constrained", width_ratios=[1, 1, 1.1])
    side = int(np.ceil(np.sqrt(nine)))
    for axis, some, title in zip(
        axes, (tiles[:nine], tiles[nine:]), ("strongest patches", "projections"), strict=False
    ):
        some = some + [np.full_like(some[0], 255)] * (side * side - nine)
        axis.imshow(np.concatenate([np.concatenate(some[at : at + side], 1) for at in range(0, side * side, side)]))
        frame(axis)
        axis.set_title(title, fontsize=LARGE)
    order = one.means[row].argsort(descending=True)[:KINDS].tolist()
    axes[2].barh(range(len(order)), one.means[row, order].numpy(), color=BLUE)
    axes[2].set_yticks(range(len(order)), [classes[kind] for kind in order], fontsize=SMALL)
    axes[2].invert_yaxis()
    axes[2].set_title("mean activation by kind", fontsize=LARGE)
    axes[2].set_xlabel("activation")
    figure.suptitle(f"{one.found.layer}, channel {one.found.channels[row]}", fontsize=LARGE)
    return figure
