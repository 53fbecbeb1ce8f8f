"""Wrong answers to the exercises of notebook 07: check -> answers, and a piece of what each must be told."""

import torch


def along(side, patch, stride, tile, past=1, end=None):
    begins = range(0, side - patch + 1 if end is None else end, stride)
    return sum(begin // tile == (begin + patch - past) // tile for begin in begins), len(begins)


def share(*case, **how):
    whole, of = along(*case, **how)
    return whole / of


def flat(features):
    return features.flatten(1)


WRONG = {
    "put_back": [
        (lambda mixed, order: mixed, "nothing has been moved"),
        (lambda mixed, order: mixed[order], "second time"),
        (lambda mixed, order: mixed.flip(0), "turned the row round"),
        (lambda mixed, order: mixed[order.flip(0)], "from its end"),
        (lambda mixed, order: order.argsort(), "That is an order"),
        (lambda mixed, order: mixed[order.sort().values.roll(1)], "of 9 tiles"),
    ],
    "whole_share": [
        (share, "along one direction"),
        (lambda *case: 100 * share(*case) ** 2, "percent"),
        (lambda *case: along(*case)[0] ** 2, "how many there are"),
        (lambda *case: 1 - share(*case) ** 2, "cross a seam"),
        (lambda *case: share(*case, past=0) ** 2, "last pixel"),
        (lambda *case: share(*case, end=case[0]) ** 2, "hang over"),
        (
            lambda side, patch, stride, tile: (max(0, tile - patch) // stride + 1) ** 2 / (side // stride) ** 2,
            "one tile",
        ),
        (lambda side, patch, stride, tile: (patch / tile) ** 2, "Draw one row"),
    ],
    "gram": [
        (lambda features: flat(features) @ flat(features).T, "the sum over the places"),
        (lambda features: flat(features).T @ flat(features) / 12, "compares places"),
        (lambda features: flat(features) @ flat(features).T / 60, "number of features as well"),
        (lambda features: torch.cov(flat(features), correction=0), "covariance"),
        (lambda features: torch.outer(features.mean((1, 2)), features.mean((1, 2))), "who meets whom"),
        (lambda features: features.mean((1, 2)), "features by features"),
        (lambda features: flat(features) @ flat(features).T / 12 + 1, "numbers are not"),
    ],
}
