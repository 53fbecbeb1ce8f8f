"""Checks of notebook 06."""

import numpy as np
import torch
from torch import Tensor

from bagnet_utils.exercises.judging import Wrong, call, exercise, normal, table, tensor


def strongest(evidence: Tensor) -> tuple[int, ...]:
    """Picture, row and column of the largest entry."""
    return tuple(int(i) for i in torch.unravel_index(evidence.argmax(), evidence.shape))


def in_pixels(evidence: Tensor, stride: int, order=(0, 1, 2), first: int = 0) -> tuple[int, ...]:
    picture, *cell = strongest(evidence)
    return tuple((picture, *(first + step * stride for step in cell))[i] for i in order)


def rows_too_long(evidence: Tensor, stride: int) -> tuple[int, int, int]:
    picture, place = divmod(int(evidence.argmax()), evidence[0].numel())
    return picture, place // evidence.shape[1] * stride, place % evidence.shape[1] * stride


def maps(random: np.random.Generator) -> tuple[Tensor, int]:
    """Evidence of a few pictures and a stride. In one case of four the strongest is in the last row and column."""
    evidence = normal(random, *random.integers(2, 8, 3).tolist()) - random.choice([0.0, 9.0])
    if random.random() < 0.25:
        evidence[random.integers(0, len(evidence)), -1, -1] = 7
    return evidence, int(random.integers(2, 17))


best_patch = table(
    "Where the strongest evidence lies: function(evidence N x h x w, stride) -> (picture, row px, column px).",
    right=in_pixels,
    draw=maps,
    wrong=[
        (lambda e, stride: strongest(e), "These are cells; asked for are pixels. How many pixels lie between two?"),
        (lambda e, stride: in_pixels(e, stride, (0, 2, 1)), "Row and column have changed places."),
        (lambda e, stride: [stride * n for n in strongest(e)], "The picture's number is not in pixels: leave it."),
        (lambda e, stride: in_pixels(e.abs(), stride), "That is the largest amount of either sign: keep the signs."),
        (lambda e, stride: in_pixels(-e, stride), "That is the patch with the least evidence."),
        (lambda e, stride: in_pixels(e, stride, first=stride // 2), "Wanted is the patch's upper left pixel."),
        (lambda e, stride: in_pixels(e[:1], stride), "You look through the first picture only."),
        (rows_too_long, "How many entries has one row? As many as there are columns."),
        (lambda e, stride: in_pixels(e, 17), "Patches begin every `stride` pixels, however wide they are."),
        (lambda e, stride: in_pixels(e, 8), "The stride is not always 8: take the one that is given."),
    ],
    praise="From there it is one slice to the patch itself.",
    otherwise="For {0} and stride {1} your answer {answer} is another patch.",
)


def apart(features: Tensor, centres: Tensor) -> Tensor:
    """Squared distance of each place to each centre: k x h x w."""
    return ((features[None] - centres[:, :, None, None]) ** 2).sum(1)


def amounts(features: Tensor, centres: Tensor) -> Tensor:
    return (features[None] - centres[:, :, None, None]).abs().sum(1)


def products(features: Tensor, centres: Tensor) -> Tensor:
    return torch.einsum("dhw,kd->khw", features, centres)


def features_and_centres(random: np.random.Generator) -> tuple[Tensor, Tensor]:
    depth, height, width, k = random.integers((2, 2, 2, 3), (9, 7, 7, 12)).tolist()
    lengths = torch.from_numpy(random.uniform(0.3, 4, (k, 1))).float()
    return normal(random, depth, height, width) + 1, normal(random, k, depth) * lengths


nearest_centre = table(
    "Which prototype each patch is nearest to: function(features D x h x w, centres k x D) -> h x w numbers.",
    right=lambda features, centres: apart(features, centres).argmin(0),
    draw=features_and_centres,
    wrong=[
        (apart, "These are distances to all prototypes; which of them is the smallest?"),
        (lambda f, c: apart(f, c).min(0).values, "That is how far the nearest prototype is; asked for is its number."),
        (lambda f, c: apart(f, c).argmax(0), "These are the farthest prototypes."),
        (lambda f, c: products(f, c).argmax(0), "A long centre has large products though it is far: take distances."),
        (lambda f, c: products(f, c / c.norm(dim=1)[:, None]).argmax(0), "You compare directions; take distances."),
        (lambda f, c: amounts(f, c).argmin(0), "You add up amounts. Square the differences before you add them."),
        (lambda f, c: apart(f, c).argmin(0).T, "Your map is transposed: its rows should be the picture's rows."),
        (lambda f, c: apart(f, c).argmin(0) + 1, "You count from 1. In Python the first prototype is number 0."),
        (lambda f, c: apart(f, c).argmin(0).flatten(), "The right numbers in one row; keep the shape, h x w."),
        (lambda f, c: apart(f, c).mean((1, 2)).argmin(), "One number for each place is wanted, h x w."),
    ],
    praise="A picture becomes a map of numbers: that is what the visual words of notebook 1 were.",
    otherwise="The numbers are not right: for each place, the distance to each prototype, then the smallest.",
)


def margin(logits: Tensor, first: int, second: int) -> Tensor:
    return logits[:, first] - logits[:, second]


def change(there: Tensor, gone: Tensor, first: int, second: int) -> Tensor:
    return margin(there, first, second) - margin(gone, first, second)


def two_sets_of_logits(random: np.random.Generator) -> tuple[Tensor, Tensor, int, int]:
    count, classes = random.integers((3, 10), (12, 14)).tolist()
    first, second = random.choice(classes, 2, replace=False).tolist()
    return normal(random, count, classes) + 1, 2 * normal(random, count, classes), first, second


effect_of = table(
    "What a thing adds to a difference of logits: function(with it N x C, without it N x C, first, second).",
    right=lambda *case: change(*case).mean().item(),
    draw=two_sets_of_logits,
    wrong=[
        (lambda *case: -change(*case).mean(), "The sign is turned round: how much does it ADD while it is there?"),
        (lambda t, g, a, b: (t - g)[:, a].mean(), "That is the first class's logit alone: rather than what?"),
        (lambda t, g, a, b: (t - g)[:, b].mean(), "That is the second class's logit alone."),
        (lambda t, g, a, b: 2 * (t - g)[:, [a, b]].mean(), "You add two logits; asked is their difference."),
        (lambda t, g, a, b: margin(t, a, b).mean(), "That is the difference with the thing. What is it without?"),
        (lambda t, g, a, b: margin(g, a, b).mean(), "That is the difference without the thing. What is it with it?"),
        (lambda *case: change(*case).sum(), "That is the sum over the pictures; asked for is their mean."),
        (lambda *case: change(*case).abs().mean(), "Changes in both directions count as positive: keep the signs."),
        (lambda *case: change(*case).mean().abs(), "A thing may take away, too: keep the sign of the mean."),
        (lambda *case: change(*case).median(), "That is the median of the pictures; asked for is their mean."),
        (change, "That is one number for each picture; what is their mean?"),
        (lambda t, g, a, b: change(t, g, 8, 9).mean(), "You always take classes 8 and 9. Take those that are given."),
        (lambda t, g, a, b: change(t.softmax(1), g.softmax(1), a, b).mean(), "Take logits, not probabilities."),
    ],
    praise="Same fish, with the hand and without: whatever else is in the picture cancels out.",
    otherwise="For classes {2}, {3} it is not {answer}: the difference of two logits, with and without; then the mean.",
)


def wedges(random: np.random.Generator) -> Tensor:
    """Black wedges above and often below, as in a picture that was rotated: H x W booleans, never the middle."""
    height, width = random.integers(32, 130, 2).tolist()
    slope = torch.arange(width) / random.uniform(0.5, 1) / width
    above, below = (height / 4 * random.uniform(0.6, 1) * (1 - slope).clamp(min=0) for _ in range(2))
    rows, below = torch.arange(height)[:, None], below.flip(0) * (random.random() < 0.7)
    corners = (rows < above.floor()) | (rows >= height - below.floor())
    return corners.flip(1) if random.random() < 0.5 else corners


def moved(corners: Tensor, down: int) -> Tensor:
    return torch.roll(corners, (down, 0), dims=(0, 1))


def scattered(corners: Tensor) -> Tensor:
    """As many pixels that are no corner, one here and one there."""
    free = (~corners.flatten()).nonzero()[:, 0]
    chosen = free[torch.linspace(0, len(free) - 1, int(corners.sum())).long()]
    return torch.zeros(corners.numel(), dtype=torch.bool).scatter(0, chosen, True).reshape(corners.shape)


def inside(mask: Tensor) -> int:
    """How many pixels of a mask have all four neighbours in it."""
    return int((mask[1:-1, 1:-1] & mask[:-2, 1:-1] & mask[2:, 1:-1] & mask[1:-1, :-2] & mask[1:-1, 2:]).sum())


@exercise(
    wrong=[
        (lambda corners: corners, "These are the corners themselves."),
        (torch.zeros_like, "You hide nothing."),
        (lambda corners: ~corners, "Hide as many, or that may be the reason."),
        (lambda corners: moved(corners, len(corners) // 2) & moved(corners, len(corners) // 2 + 1), "Hide as many"),
        (lambda corners: corners.flip(1), "are hidden as well"),
        (lambda corners: moved(corners, 5), "are hidden as well"),
        (lambda corners: moved(corners, 64), "are hidden as well"),
        (scattered, "but so scattered that they spoil every patch."),
    ]
)
def control_for(function):
    """As many other pixels in pieces as large: function(black corners H x W) -> H x W booleans."""
    random = np.random.default_rng(6)
    for _ in range(20):
        corners = wedges(random)
        hidden = tensor(call(function, corners), corners.shape) > 0.5
        asked, found = int(corners.sum()), int(hidden.sum())
        if torch.equal(hidden, corners):
            raise Wrong("These are the corners themselves. A control leaves them as they are and hides something else.")
        if found == 0:
            raise Wrong("You hide nothing. A control hides as much as the corners are, somewhere else.")
        if found != asked:
            raise Wrong(f"The corners have {asked} pixels, yours {found}. Hide as many, or that may be the reason.")
        if both := int((hidden & corners).sum()):
            raise Wrong(f"{both} pixels of the corners are hidden as well: then nobody can tell which of them did it.")
        if inside(hidden) < inside(corners) / 2:
            raise Wrong("As many, and elsewhere; but so scattered that they spoil every patch. Hide pieces as large.")
    return "As much, in pieces as large, at another place: what is left to differ is what you suspect."


def sums(evidence: Tensor, regions: Tensor) -> Tensor:
    return (evidence * regions).sum((1, 2, 3))


def means(evidence: Tensor, regions: Tensor) -> Tensor:
    """The mean evidence of each region's patches, all pictures together: R numbers."""
    return sums(evidence, regions) / regions.sum((1, 2, 3))


def loudest(evidence: Tensor, regions: Tensor) -> Tensor:
    return torch.where(regions, evidence, -1e9).amax((1, 2, 3))


def by_picture(evidence: Tensor, regions: Tensor, least: int = 0) -> Tensor:
    """The mean over pictures of each region's mean; a region that is missing from one gives NaN, or 0 with least=1."""
    return ((evidence * regions).sum((2, 3)) / regions.sum((2, 3)).clamp(min=least)).mean(1)


def beside_object(scores: Tensor) -> int:
    return 1 + int(scores[1:].argmax())


def spoilt_pictures(random: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Evidence (N x h x w) and regions (R x N x h x w): the object, and in any order a shortcut that is silent in two
    pictures and missing from three, a large ground that says a little, a thing with one loud patch, one that speaks
    against the class, often loudly for it, and mostly one that says nothing. Two are missing from one picture."""
    count, side, kinds = random.integers((8, 11, 5), (13, 14, 7)).tolist()
    shortcut, ground, loud, against, quiet = [*(1 + random.permutation(kinds - 1)).tolist(), 0][:5]
    where = torch.full((count, side, side), ground)
    for picture in range(count):
        places = torch.from_numpy(random.permutation(side * side))
        sizes = {shortcut: 0 if 0 < picture < 4 else 4, loud: 3 * (picture != 1), against: 8 * (picture != 2)}
        sizes |= {quiet: 9, 0: 15}
        for region, size in sizes.items():
            where[picture].view(-1)[places[:size]], places = region, places[size:]
    level = torch.zeros(kinds)
    level[[0, shortcut, ground, loud, against]] = torch.tensor([random.choice([6, 1]), 4.0, 1.9, -0.5, -9.0])
    evidence = level[where]
    evidence[[0, -1]] *= where[[0, -1]] != shortcut
    evidence += (where == against) * torch.from_numpy(random.choice([-10, -10, 21], where.shape))
    evidence[tuple(random.choice((where == loud).nonzero().numpy()))] = 25
    return evidence + 0.3 * normal(random, count, side, side), torch.stack([where == r for r in range(kinds)])


second_shortcut = table(
    "Which region is the shortcut: function(evidence N x h x w, regions R x N x h x w), region 0 is the object.",
    right=lambda e, regions: beside_object(means(e, regions)),
    draw=spoilt_pictures,
    wrong=[
        (lambda e, r: int(means(e, r).argmax()), "Region 0 is the object: what it says is no shortcut. Leave it out."),
        (lambda e, r: beside_object(sums(e, r)), "That region is the largest; how much does ONE of its patches say?"),
        (lambda e, r: beside_object(loudest(e, r)), "One loud patch in one picture is an accident: ask all patches."),
        (lambda e, r: beside_object(means(e.abs(), r)), "That region speaks against the class: keep the signs."),
        (lambda e, r: beside_object(means(e.relu(), r)), "What speaks against the class counts too: keep the signs."),
        (lambda e, r: beside_object(by_picture(e, r, 1)), "What is missing from a picture does not say 0 there."),
        (lambda e, r: int(means(e, r)[1:].argmax()), "Without the object the regions are numbered from 1, not from 0."),
        (lambda e, r: beside_object(by_picture(e, r)), "0 / 0 is NaN: a region may be missing from a picture."),
    ],
    praise="Strong wherever it occurs, and not the object. Now take it away, and see whether the answers change.",
    otherwise="For {1}, region {answer} is not the one whose patches speak most for the class beside the object.",
)
