"""Checks of notebook 07."""

import math

import torch

from bagnet_utils.exercises.judging import Wrong, call, exercise, number, size, tensor


@exercise
def put_back(function):
    """Undo a shuffle: function(shuffled tiles T x 3 x t x t, order T) -> the tiles as they lay before."""
    random = torch.Generator().manual_seed(4)
    tiles, order = torch.rand(9, 3, 4, 4, generator=random), torch.randperm(9, generator=random)
    mixed = tiles[order]
    answer = call(function, mixed, order)
    if isinstance(answer, torch.Tensor) and tuple(answer.shape) == (9,):
        raise Wrong("That is an order. Asked for are the tiles themselves, in the order that they had.")
    answer = tensor(answer, mixed.shape)
    for found, says in (
        (mixed, "The tiles lie as they came: nothing has been moved."),
        (mixed[order], "You shuffled a second time with the same order. Which place did tile number k come from?"),
        (mixed.flip(0), "You turned the row round. That undoes a shuffle only if the shuffle turned it round."),
        (mixed[order.flip(0)], "Reading an order from its end does not undo it. Where did tile number k come from?"),
    ):
        if torch.equal(answer, found.double()):
            raise Wrong(says)
    if not torch.equal(answer, tiles.double()):
        places = sum(torch.equal(one, two) for one, two in zip(answer, tiles.double(), strict=True))
        raise Wrong(f"{places} of 9 tiles lie where they lay before. Follow one tile: where was it, where is it now?")
    return "With the order at hand nothing is lost. A bag throws the order away, and keeps everything else."


@exercise
def whole_share(function):
    """The share of patches that lie within one tile: function(side, patch, stride, tile) -> 0..1."""
    cases = ((128, 9, 8, 16), (128, 17, 8, 32), (128, 33, 8, 32), (128, 33, 8, 64), (64, 8, 8, 16), (224, 9, 4, 56))

    def along(side, patch, stride, tile, past=1) -> tuple[int, int]:
        begins = range(0, side - patch + 1, stride)
        return sum(begin // tile == (begin + patch - past) // tile for begin in begins), len(begins)

    def hang_over(side, patch, stride, tile) -> float:
        begins = range(0, side, stride)
        return (sum(begin // tile == (begin + patch - 1) // tile for begin in begins) / len(begins)) ** 2

    answers = [number(call(function, *case)) for case in cases]

    def like(rule) -> bool:
        return all(math.isclose(one, rule(*case), abs_tol=1e-6) for one, case in zip(answers, cases, strict=True))

    counted = [along(*case) for case in cases]
    if like(lambda *case: (along(*case)[0] / along(*case)[1]) ** 2):
        return "Now you can say, before any network runs, how much of it a shuffle can touch."
    for rule, says in (
        (lambda *case: along(*case)[0] / along(*case)[1], "That is right along one direction. A picture has two."),
        (lambda *case: 100 * (along(*case)[0] / along(*case)[1]) ** 2, "These are percent; a share lies from 0 to 1."),
        (lambda *case: along(*case)[0] ** 2, "That is how many there are; asked for is their share of all patches."),
        (lambda *case: 1 - (along(*case)[0] / along(*case)[1]) ** 2, "That is the share of those that cross a seam."),
        (
            lambda *case: (along(*case, past=0)[0] / along(*case)[1]) ** 2,
            "A patch that ends with the tile's last pixel still lies within it. Which pixel is a patch's last?",
        ),
        (hang_over, "Some of your patches hang over the picture's edge; the network has none there."),
        (
            lambda side, patch, stride, tile: (max(0, tile - patch) // stride + 1) ** 2 / (side // stride) ** 2,
            "That counts one tile's patches. How many tiles are there, and how many patches in all?",
        ),
    ):
        if like(rule):
            raise Wrong(says)
    wrong = (
        (one, case)
        for one, case, (whole, of) in zip(answers, cases, counted, strict=True)
        if not math.isclose(one, (whole / of) ** 2, abs_tol=1e-6)
    )
    one, (side, patch, stride, tile) = next(wrong)
    raise Wrong(
        f"For a picture of {side} px, patches of {patch} every {stride} and tiles of {tile} you say {one:.3f}. "
        "Draw one row: where does each patch begin, and where does it end?"
    )


@exercise
def gram(function):
    """How strongly each two features occur together: function(features D x h x w) -> D x D, a mean over places."""
    features = torch.randn(5, 3, 4, generator=torch.Generator().manual_seed(0)) + 0.5
    flat = features.flatten(1)
    right = flat @ flat.T / 12
    answer = call(function, features)
    if isinstance(answer, torch.Tensor) and tuple(answer.shape) == (12, 12):
        raise Wrong("Yours compares places, 12 x 12. A Gram matrix compares features: the places are summed away.")
    if isinstance(answer, torch.Tensor) and answer.ndim != 2:
        raise Wrong(f"Yours has the shape {size(answer.shape)}; wanted is a table of features by features, 5 x 5.")
    answer = tensor(answer, (5, 5))
    centred = flat - flat.mean(1, keepdim=True)
    lengths = flat.norm(dim=1)
    for found, says in (
        (right * 12, "That is the sum over the places; divide by how many places there are."),
        (right / 5, "You divide by the number of features as well; only the places are averaged over."),
        (centred @ centred.T / 12, "You subtract each feature's mean first. That is a covariance; leave the mean in."),
        (
            right * 12 / lengths[:, None] / lengths,
            "You divide by the features' lengths. How strong they are counts too.",
        ),
        (flat.mean(1)[:, None] * flat.mean(1), "You average first and multiply then: that forgets who meets whom."),
    ):
        if torch.allclose(answer, found.double(), atol=1e-4):
            raise Wrong(says)
    if not torch.allclose(answer, right.double(), atol=1e-4):
        raise Wrong("The shape is right, the numbers are not: at each place multiply two features, then take the mean.")
    return "Shuffle the places and it stays as it is: it knows what occurs together, and not where."
