"""What if a part is hidden? A square slides over the picture (Zeiler & Fergus, 2014, section 4.2).

Whoever hides a part asks the network again, once for each place. A BagNet need not be asked all over again: a square
changes only the patches that touch it.
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bagnet_utils.checks import check_choice, check_image, check_seed, check_target, check_whole
from bagnet_utils.models.bagnet import BagNet

FILLS = ("mean", "black", "noise", "blur")
PIXELS_AT_ONCE = 100_000  # of pictures: memory stays bounded, and what they need fits into the processor's cache
Place = tuple[int, int]  # row and column of a square's upper left pixel


class Occlusion(NamedTuple):
    """What a network says while a square hides a part of the picture, for every place of the square."""

    logits: Tensor  # rows x columns x C
    activity: Tensor  # rows x columns: the sum over the feature map of the top layer that was strongest before
    before: Tensor  # C logits with nothing hidden
    activity_before: float
    rows: tuple[int, ...]  # px, the square's first row at each place
    columns: tuple[int, ...]

    def probability(self, target: int) -> Tensor:
        """The probability of a class: rows x columns. Low where something was hidden that it needs."""
        return self.logits.softmax(2)[:, :, check_target("probability", target, len(self.before))]

    @property
    def best(self) -> Tensor:
        """The most probable class: rows x columns."""
        return self.logits.argmax(2)


@torch.no_grad()
def occlude(
    model: nn.Module, image: Tensor, size: int = 16, stride: int = 8, fill: str = "mean", seed: int = 0
) -> Occlusion:
    """Slide a square of size x size px over a 3 x H x W picture, `stride` px at a time, and ask the network each time.

    fill: what the square shows. "mean": the mean colour of what it hides (its DC component); "black"; "noise", drawn
    with the seed; "blur": the picture, blurred.
    """
    image = check_image("occlude", image, model)
    height, width = image.shape[1:]
    size = check_whole("occlude", "size", size, 1, min(height, width), " (pixels of the picture)")
    stride = check_whole("occlude", "stride", stride, 1, max(height, width), " (pixels)")
    seed = check_seed("occlude", seed)
    rows, columns = (tuple(range(0, side - size + 1, stride)) for side in (height, width))
    places = [(row, column) for row in rows for column in columns]
    before, maps = top_layer(model, image[None])
    strongest = maps[0].sum((1, 2)).argmax()
    logits, sums = hidden_one_by_one(model, image, places, squares(image, places, size, fill, seed))
    shape = len(rows), len(columns)
    activity = sums[:, strongest].reshape(shape)
    return Occlusion(logits.reshape(*shape, -1), activity, before[0], maps[0, strongest].sum().item(), rows, columns)


def squares(image: Tensor, places: list[Place], size: int, fill: str, seed: int = 0) -> Tensor:
    """What is seen at each place where something is hidden: P x 3 x size x size."""
    check_choice("occlude", "fill", fill, FILLS)
    if fill == "black":
        return image.new_zeros(len(places), 3, size, size)
    if fill == "noise":
        image = torch.rand(image.shape, generator=torch.Generator().manual_seed(seed)).to(image)
    if fill == "blur":
        image = blurred(image)
    cut = torch.stack([image[:, row : row + size, column : column + size] for row, column in places])
    return cut.mean((2, 3), keepdim=True).expand_as(cut) if fill == "mean" else cut


def blurred(image: Tensor) -> Tensor:
    """Three box filters of an eighth of the picture's side: nearly a bell."""
    side = min(image.shape[1:]) // 8 | 1
    for _ in range(3):
        image = F.avg_pool2d(F.pad(image[None], [side // 2] * 4, mode="replicate"), side, 1)[0]
    return image


def cover(image: Tensor, places: list[Place], contents: Tensor) -> Tensor:
    """The picture with all these squares on it."""
    image, size = image.clone(), contents.shape[-1]
    for (row, column), content in zip(places, contents, strict=True):
        image[:, row : row + size, column : column + size] = content
    return image


def hidden_one_by_one(model: nn.Module, image: Tensor, places: list[Place], contents: Tensor) -> tuple[Tensor, Tensor]:
    """The answers with each square alone on the picture: P x C logits, P x D sums over the top layer's feature maps."""
    if isinstance(model, BagNet):
        return ask_patches(model, image, places, contents)
    answers = []
    batch = max(1, PIXELS_AT_ONCE // image[0].numel())
    for i in range(0, len(places), batch):
        several = zip(places[i : i + batch], contents[i : i + batch], strict=True)
        pictures = torch.stack([cover(image, [place], content[None]) for place, content in several])
        logits, maps = top_layer(model, pictures)
        answers.append((logits, maps.sum((2, 3))))
    logits, sums = zip(*answers, strict=True)
    return torch.cat(logits), torch.cat(sums)


def ask_patches(model: BagNet, image: Tensor, places: list[Place], contents: Tensor) -> tuple[Tensor, Tensor]:
    """The same for a BagNet, of which only the patches that touch a square are asked again.

    They lie in one rectangle. It is cut out, with the square on it, and goes through the network alone.
    """
    before = model.features(image[None])[0]  # D x h x w
    q, step, size = model.patch_size, model.stride, contents.shape[-1]
    cuts: dict[tuple[int, int], list] = {}  # by size, so that equal ones go through the network together
    for number, (row, column) in enumerate(places):
        top, bottom = touching(row, size, q, step, before.shape[1])
        left, right = touching(column, size, q, step, before.shape[2])
        if top > bottom or left > right:
            continue  # beyond the last patch: nobody sees it
        cut = image[:, top * step : bottom * step + q, left * step : right * step + q].clone()
        row, column = row - top * step, column - left * step  # of the square in the cut, which may end before it does
        seen = cut[:, max(row, 0) : row + size, max(column, 0) : column + size]
        content = contents[number][:, max(-row, 0) :, max(-column, 0) :]
        seen[:] = content[:, : seen.shape[1], : seen.shape[2]]
        was = before[:, top : bottom + 1, left : right + 1].sum((1, 2))
        cuts.setdefault(tuple(cut.shape[1:]), []).append((number, cut, was))
    sums = before.sum((1, 2)).repeat(len(places), 1)  # P x D
    for (height, width), alike in cuts.items():
        batch = max(1, PIXELS_AT_ONCE // (height * width))
        for i in range(0, len(alike), batch):
            numbers, pictures, was = zip(*alike[i : i + batch], strict=True)
            shown = torch.stack(pictures).contiguous(memory_format=torch.channels_last)  # a third quicker
            now = model.features(shown).sum((2, 3))
            sums[list(numbers)] += now - torch.stack(was)
    return model.fc(sums / before[0].numel()), sums


def touching(begin: int, size: int, q: int, step: int, cells: int) -> tuple[int, int]:
    """First and last of the patches (by their number in a row) that see any of `size` pixels from `begin` on."""
    return max(0, math.ceil((begin - q + 1) / step)), min(cells - 1, (begin + size - 1) // step)


def top_layer(model: nn.Module, images: Tensor) -> tuple[Tensor, Tensor]:
    """The logits and the last feature maps that still have places: N x C, N x D x h x w.

    A transformer's tokens count as places, but for the first, which only sums up. Where no layer has places, the
    picture is the last that had them.
    """
    if isinstance(model, BagNet):  # its map may have but one place
        maps = model.features(images)
        return model.fc(maps.mean((2, 3))), maps
    last = {"maps": images}

    def note(module: nn.Module, given, output) -> None:
        if isinstance(output, Tensor) and (output.ndim == 3 or (output.ndim == 4 and output[0, 0].numel() > 1)):
            last["maps"] = output

    handles = [module.register_forward_hook(note) for module in model.modules()]
    try:
        logits = model(images)
    finally:
        for handle in handles:
            handle.remove()
    maps = last["maps"]
    if maps.ndim == 3:  # N x T x D
        count, shape = maps.shape[1] - 1, images.shape[2] / images.shape[3]
        rows = min((n for n in range(1, count + 1) if count % n == 0), key=lambda n: abs(n * n / count - shape))
        maps = maps[:, 1:].transpose(1, 2).unflatten(2, (rows, -1))
    return logits, maps
