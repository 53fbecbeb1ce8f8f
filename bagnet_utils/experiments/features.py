"""Which parts of which pictures does a channel answer to most? (Zeiler & Fergus 2014, section 4: the top nine)

All pictures pass the network once. Of each picture and channel only the highest activation and its place are kept, so
that thousands of pictures fit into memory; the patches are cut afterwards.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn

from bagnet_utils.checks import check_eval, check_whole
from bagnet_utils.errors import BadInput
from bagnet_utils.experiments.looking_inside import project
from bagnet_utils.experiments.receptive_field import SEES_ALL, ReceptiveField, receptive_field
from bagnet_utils.experiments.watching import watch, with_places

GREY = 0.5  # what a window shows beyond the border of its picture


@dataclass(frozen=True)
class Peaks:
    """Of each picture, where each channel of a layer is highest."""

    layer: str
    values: Tensor = field(repr=False)  # N x D, the highest activation
    places: Tensor = field(repr=False)  # N x D x 2, its row and column in the layer's map
    means: Tensor = field(repr=False)  # N x D, the mean activation over all places
    size: tuple[int, int]  # rows and columns of the map


@dataclass(frozen=True)
class Strongest:
    """Of each channel the pictures that drive it most, each picture once, the strongest first."""

    layer: str
    channels: tuple[int, ...]  # K of them
    pictures: Tensor = field(repr=False)  # K x k, numbers of pictures
    places: Tensor = field(repr=False)  # K x k x 2, row and column in the layer's map
    values: Tensor = field(repr=False)  # K x k, activations


@dataclass(frozen=True)
class Sheet:
    """What some channels of a layer answer to, for a figure or for the feature browser."""

    found: Strongest
    seen: ReceptiveField | None  # what a unit sees; None: the whole picture
    patches: Tensor = field(repr=False)  # K x k x 3 x size x size, in [0, 1]
    projections: Tensor = field(repr=False)  # the same shape; 0 is nothing
    labels: Tensor = field(repr=False)  # K x k, the kinds of the pictures
    means: Tensor = field(repr=False)  # K x C, the mean activation over all pictures of a kind and all places
    shares: list[float] = field(repr=False)  # K, percent of the top hundred of the most frequent kind; or nothing


def peaks(model: nn.Module, images: Tensor, names: Sequence[str]) -> dict[str, Peaks]:
    """Where each channel of each of these layers is highest in each picture (N x 3 x H x W), all layers in one pass."""
    found = {}

    def look(name: str, output: Tensor, start: int) -> None:
        maps = with_places(output)
        values, places = maps.flatten(2).max(2)
        size = maps.shape[2:]
        if name not in found:  # made once: many small pieces would keep the memory between them from being used again
            shape = len(images), maps.shape[1]
            found[name] = torch.zeros(shape), torch.zeros(*shape, 2, dtype=torch.long), torch.zeros(shape), tuple(size)
        rows = slice(start, start + len(maps))
        parts = values, torch.stack(torch.unravel_index(places, size), 2), maps.mean((2, 3))
        for kept, part in zip(found[name], parts, strict=False):
            kept[rows] = part.cpu()

    watch("peaks", model, images, names, look)
    return {name: Peaks(name, *found[name][:-1], size=found[name][-1]) for name in names}


def strongest(
    model: nn.Module, images: Tensor, layer: str, channels: Sequence[int] | None = None, k: int = 9
) -> Strongest:
    """The k pictures whose best place drives each channel most. channels: their numbers, by default all."""
    return strongest_of(peaks(model, images, [layer])[layer], channels, k)


def strongest_of(known: Peaks, channels: Sequence[int] | None = None, k: int = 9) -> Strongest:
    """The same from peaks that are known already."""
    count, depth = known.values.shape
    k = check_whole("strongest", "k", k, 1, count, ": there are no more pictures")
    wanted = range(depth) if channels is None else channels
    chosen = tuple(check_whole("strongest", "a channel", one, 0, depth - 1) for one in wanted)
    values, pictures = known.values[:, chosen].topk(k, 0)  # k x K
    places = known.places[pictures, torch.tensor(chosen)]
    return Strongest(known.layer, chosen, pictures.T, places.transpose(0, 1), values.T)


def drive(model: nn.Module, images: Tensor, found: Iterable[Strongest]) -> dict[str, Tensor]:
    """How strongly these very units are driven by these pictures, by layer: K x k.

    images: as those in which the units were found, but changed, such as to grey.
    """
    layers = {one.layer: one for one in found}
    driven = {name: torch.full(one.values.shape, torch.nan) for name, one in layers.items()}
    needed = torch.cat([one.pictures.flatten() for one in layers.values()]).unique()

    def look(name: str, output: Tensor, start: int) -> None:
        maps, one = with_places(output), layers[name]
        batch = needed[start : start + len(maps)]
        for n, number in enumerate(batch):
            rows, ranks = (one.pictures == number).nonzero(as_tuple=True)
            row, column = one.places[rows, ranks].T
            driven[name][rows, ranks] = maps[n, torch.tensor(one.channels)[rows], row, column].cpu()

    watch("drive", model, images[needed], list(layers), look)
    return driven


def window(model: nn.Module, layer: str) -> ReceptiveField | None:
    """Size, stride and offset of what the units of a layer see, in pixels; None if they see the whole picture."""
    check_eval("window", model)
    modules = list(model.named_modules())
    inside = [n for n, (name, _) in enumerate(modules) if name == layer or name.startswith(f"{layer}.")]
    if not layer or not inside or "downsample" in layer:
        raise BadInput(f"window: there is no layer called {layer!r} on the main way; name another.")
    before = modules[: inside[-1] + 1]
    if any(isinstance(module, SEES_ALL) or getattr(module, "sees_all", False) for _, module in before):
        return None
    kinds = nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d
    steps = [module for name, module in before if isinstance(module, kinds) and "downsample" not in name]
    return receptive_field(nn.Sequential(*steps).eval())


def cut(images: Tensor, places: Tensor, seen: ReceptiveField | None, fill: float = GREY) -> Tensor:
    """What units see, one in each of N pictures: N x 3 x size x size. places: N x 2, row and column in their map.

    A window that reaches beyond the border of its picture is filled up there, with mid grey.
    """
    if seen is None:
        return images
    wide = nn.functional.pad(images, [seen.size] * 4, value=fill)
    corners = (seen.size + seen.offset + places * seen.stride).tolist()
    return torch.stack(
        [
            image[:, row : row + seen.size, column : column + seen.size]
            for image, (row, column) in zip(wide, corners, strict=True)
        ]
    )


def sheet(
    model: nn.Module, images: Tensor, labels: Tensor, known: Peaks, channels: Sequence[int], shares=(), k: int = 9
) -> Sheet:
    """The k strongest patches of these channels and their projections.

    known: from `peaks`, of the same model and pictures. shares: what is known of each channel's top pictures.
    """
    found, seen = strongest_of(known, channels, k), window(model, known.layer)
    each = [channel for channel, pictures in zip(channels, found.pictures, strict=True) for _ in pictures]
    sent_back = project(model, images[found.pictures.flatten()], known.layer, each).split(found.pictures.shape[1])
    patches, projections = [], []
    for pictures, places, back in zip(found.pictures, found.places, sent_back, strict=True):
        patches.append(cut(images[pictures], places, seen))
        projections.append(cut(back, places, seen, fill=0.0))
    kinds = range(int(labels.max()) + 1)
    means = torch.stack([known.means[labels == kind][:, channels].mean(0) for kind in kinds], 1)
    return Sheet(
        found, seen, torch.stack(patches), torch.stack(projections), labels[found.pictures], means, list(shares)
    )


def turned(found: Strongest, seen: ReceptiveField, size: tuple[int, int], side: int) -> Strongest:
    """The units that see the same windows once the pictures are turned: torch.rot90(images, 1, (2, 3)).

    size: rows and columns of the layer's map. side: of the pictures, in pixels. Only where the windows lie alike from
    both sides, as in a VGG: elsewhere no unit sees the turned window.
    """
    last = size[1] - 1
    if size[0] != size[1] or seen.offset + last * seen.stride + seen.size != side - seen.offset:
        raise BadInput(f"turned: the windows of {found.layer} do not lie alike from both sides of the picture.")
    rows, columns = found.places.unbind(2)
    return replace(found, places=torch.stack([last - columns, rows], 2))
