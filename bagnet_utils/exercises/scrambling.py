"""Checks of notebook 07."""

import numpy as np
import torch
from torch import Tensor

from bagnet_utils.exercises.judging import Wrong, call, exercise, normal, table, tensor


def unshuffled(mixed: Tensor, order: Tensor) -> Tensor:
    return mixed[order.argsort()]


def shuffled_tiles(random: np.random.Generator) -> tuple[Tensor, Tensor]:
    count, side = random.integers((3, 1), (13, 5)).tolist()
    return normal(random, count, 3, side, side), torch.from_numpy(random.permutation(count))


put_back = table(
    "Undo a shuffle: function(shuffled tiles T x 3 x t x t, order T) -> the tiles as they lay before.",
    right=unshuffled,
    draw=shuffled_tiles,
    wrong=[
        (lambda mixed, order: mixed, "The tiles lie as they came: nothing has been moved."),
        (
            lambda mixed, order: mixed[order],
            "You shuffled a second time with the same order. Which place did tile number k come from?",
        ),
        (
            lambda mixed, order: mixed.flip(0),
            "You turned the row round. That undoes a shuffle only if the shuffle turned it round.",
        ),
        (
            lambda mixed, order: mixed[order.flip(0)],
            "Reading an order from its end does not undo it. Where did tile number k come from?",
        ),
        (
            lambda mixed, order: mixed[order.argsort().flip(0)],
            "You put the right tiles in a row, but the last comes first.",
        ),
        (lambda mixed, order: order.argsort(), "That is an order. Asked for are the tiles, in the order they had."),
        (lambda mixed, order: unshuffled(mixed, order).transpose(2, 3), "Each tile is transposed: leave it as it is."),
    ],
    praise="With the order at hand nothing is lost. A bag throws the order away, and keeps everything else.",
    otherwise="For the order {1} your tiles do not lie as before. Follow one tile: where was it, where is it now?",
)


def whole_along(side: int, patch: int, stride: int, tile: int, past: int = 1, end: int | None = None) -> float:
    """Share of a row's patches within one tile; the others count one pixel too many, or patches past the border."""
    begins = range(0, side - patch + 1 if end is None else end, stride)
    return sum(b // tile == (b + patch - past) // tile for b in begins) / len(begins)


def picture_and_tiles(random: np.random.Generator) -> tuple[int, int, int, int]:
    """A side, a patch, a stride and a tile; in one case of five the patch is larger than the tile."""
    tile, count, stride = random.integers((4, 2, 1), (40, 7, 13)).tolist()
    patch = int(random.integers(1, tile + 1)) if random.random() < 0.8 else min(tile + 3, tile * count)
    return tile * count, patch, stride, tile


whole_share = table(
    "The share of patches that lie within one tile: function(side, patch, stride, tile) -> 0..1.",
    right=lambda *case: whole_along(*case) ** 2,
    cases=[(128, 9, 8, 16), (128, 33, 8, 32), (128, 33, 8, 64), (64, 8, 8, 16), (224, 9, 4, 56), (64, 16, 8, 16)],
    draw=picture_and_tiles,
    within=1e-6,
    wrong=[
        (whole_along, "That is right along one direction. A picture has two."),
        (lambda *case: 100 * whole_along(*case) ** 2, "These are percent; a share lies from 0 to 1."),
        (
            lambda side, patch, stride, tile: (
                (whole_along(side, patch, stride, tile) * ((side - patch) // stride + 1)) ** 2
            ),
            "That is how many there are; asked for is their share of all patches.",
        ),
        (lambda *case: 1 - whole_along(*case) ** 2, "That is the share of those that cross a seam."),
        (
            lambda *case: (1 - whole_along(*case)) ** 2,
            "That is the share of those that cross a seam in both directions.",
        ),
        (
            lambda *case: whole_along(*case, past=0) ** 2,
            "A patch that ends with the tile's last pixel still lies within it. Which pixel is a patch's last?",
        ),
        (lambda *case: whole_along(*case, past=2) ** 2, "You count a patch that reaches one pixel over the seam."),
        (
            lambda *case: whole_along(*case, end=case[0]) ** 2,
            "Some of your patches hang over the picture's edge; the network has none there.",
        ),
        (
            lambda *case: whole_along(*case, end=case[0] - case[1]) ** 2,
            "You miss the last patch of a row, which may end with the picture's last pixel.",
        ),
        (
            lambda side, patch, stride, tile: (max(0, tile - patch) // stride + 1) ** 2 / (side // stride) ** 2,
            "That counts one tile's patches. How many tiles are there, and how many patches in all?",
        ),
    ],
    praise="Now you can say, before any network runs, how much of it a shuffle can touch.",
    otherwise="For a picture of {0} px, patches of {1} every {2} and tiles of {3} it is not {answer}. Draw one row: "
    "where does each patch begin, and where does it end?",
)


def chosen(first: Tensor, second: Tensor, tile: int, rule) -> Tensor:
    """Each tile from the one picture or the other; the rule says for each row and column of tiles which."""
    rows, columns = (torch.arange(side) // tile for side in first.shape[1:])
    return torch.where(rule(rows[:, None], columns), first, second)


def chessboard(first: Tensor, second: Tensor, tile: int) -> Tensor:
    return chosen(first, second, tile, lambda row, column: (row + column) % 2 == 0)


def numbered(first: Tensor, second: Tensor, tile: int) -> Tensor:
    wide = first.shape[2] // tile
    return chosen(first, second, tile, lambda row, column: (row * wide + column) % 2 == 0)


def carried(first: Tensor, second: Tensor, tile: int) -> Tensor:
    return torch.roll(chessboard(first, second, tile), tile, dims=2)


@exercise(
    wrong=[
        (lambda first, second, tile: first, "Your picture has no seams at all."),
        (lambda first, second, tile: (first + second) / 2, "Your tile in row 0, column 0 is in neither picture"),
        (lambda first, second, tile: torch.cat([first, second], 2), "wanted."),
        (carried, "Your tile in row 0, column 0 is in neither picture at this place."),
        (lambda *pair: chosen(*pair, lambda row, column: column % 2 == row * 0), "seam between row 0 and 1 is missing"),
        (
            lambda *pair: chosen(*pair, lambda row, column: row % 2 == column * 0),
            "seam between column 0 and 1 is missing",
        ),
        (numbered, "How many tiles has a row?"),
        (lambda a, b, tile: chessboard(a, b, 1), "Your tile in row 0, column 0 is in neither picture at this place."),
        (lambda a, b, tile: chessboard(a, b, 64), "Your picture has no seams at all."),
    ]
)
def seams_only(function):
    """A shuffle's seams without its disorder: function(first 3 x H x W, second 3 x H x W, tile) -> 3 x H x W."""
    random = np.random.default_rng(7)
    for _ in range(20):
        down, across, tile = random.integers((2, 2, 2), (7, 7, 9)).tolist()
        pictures = [normal(random, 3, down * tile, across * tile) for _ in range(2)]
        answer = tensor(call(function, *pictures, tile), pictures[0].shape)
        cells = [one.double().unfold(1, tile, tile).unfold(2, tile, tile) for one in (answer, *pictures)]  # 3 d a t t
        mine, first, second = cells
        source = [torch.isclose(mine, one).all(-1).all(-1).all(0) for one in (first, second)]  # down x across
        if strange := (~source[0] & ~source[1]).nonzero().tolist():
            row, column = strange[0]
            raise Wrong(f"Your tile in row {row}, column {column} is in neither picture at this place. Move no tile.")
        if source[0].all() or source[1].all():
            raise Wrong("Your picture has no seams at all. A shuffle has one wherever two tiles meet.")
        same = [(source[0].diff(dim=axis) == 0).nonzero().tolist() for axis in (0, 1)]
        for what, missing, axis in (("row", same[0], 0), ("column", same[1], 1)):
            if missing:
                place = missing[0][axis]
                raise Wrong(
                    f"With {down} x {across} tiles the seam between {what} {place} and {place + 1} is missing "
                    "somewhere: two neighbours from one picture. How many tiles has a row?"
                )
    return "The same seams as a shuffle, and every tile where it belongs: what a shuffle does besides is disorder."
