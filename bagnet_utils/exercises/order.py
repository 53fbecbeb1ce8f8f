"""Check of notebook 13b on order: does a network's answer depend on the order of its patches?"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from bagnet_utils.exercises.judging import Wrong, normal, table

COUNT, WIDTH = 6, 4  # patches, features
Head = Callable[[Tensor], Tensor]  # T x D features -> C logits


def heads(random: np.random.Generator) -> dict[str, Head]:
    """Networks on T x D features with weights of their own; of each, whether it reads order is in READS."""
    places, narrow, last = (normal(random, *shape) for shape in ((COUNT, WIDTH), (WIDTH, WIDTH), (WIDTH, 3)))
    mirrored, late = (places + places.flip(0)) / 2, torch.cat([torch.zeros(COUNT - 2, WIDTH), places[-2:]])

    def attended(x: Tensor) -> Tensor:
        return x + (x @ narrow @ x.T).softmax(1) @ x

    def ring(x: Tensor) -> Tensor:
        return (x * x.roll(1, 0)).mean(0)

    return {
        "a bag": lambda x: (x @ narrow).relu().mean(0) @ last,
        "places added to a mean": lambda x: (x + places).mean(0) @ last,
        "attention": lambda x: attended(x).mean(0) @ last,
        "places after the mean": lambda x: (attended(x).mean(0) + places.mean(0)) @ last,
        "a bag with places": lambda x: ((x + places) @ narrow).relu().mean(0) @ last,
        "attention with places": lambda x: attended(x + places).mean(0) @ last,
        "places that are mirrored": lambda x: ((x + mirrored) @ narrow).relu().mean(0) @ last,
        "a ring": lambda x: ring(x) @ last,
        "places of the last two": lambda x: ((x + late) @ narrow).relu().mean(0) @ last,
        "places, hardly used": lambda x: x.mean(0) @ last + 0.01 * ((x + places) @ narrow).relu().mean(0) @ last,
    }


READS = {
    "a bag": False,
    "places added to a mean": False,
    "attention": False,
    "places after the mean": False,
    "a bag with places": True,
    "attention with places": True,
    "places that are mirrored": True,
    "a ring": True,
    "places of the last two": True,
    "places, hardly used": True,
}


def head_and_patches(random: np.random.Generator) -> tuple[Head, Tensor]:
    some = heads(random)
    name = list(some)[random.integers(len(some))]
    head = some[name]
    head.reads = READS[name]
    return head, 2 * normal(random, COUNT, WIDTH)


def apart(head: Head, patches: Tensor, order: Tensor) -> float:
    """How far the answer moves, at most, when the patches come in another order."""
    return (head(patches[order]) - head(patches)).abs().max().item()


def swaps() -> list[Tensor]:
    """All exchanges of two neighbours: an answer that none of them moves, no order moves."""
    orders = [torch.arange(COUNT) for _ in range(COUNT - 1)]
    for first, order in enumerate(orders):
        order[first], order[first + 1] = first + 1, first
    return orders


BACKWARDS, ROUND, FIRST_TWO = torch.arange(COUNT).flip(0), torch.arange(COUNT).roll(1), swaps()[0]


def yes_or_no(answer) -> float:
    one = isinstance(answer, Tensor) and answer.dtype == torch.bool and answer.numel() == 1
    if one or isinstance(answer, (bool, np.bool_)):
        return float(bool(answer))
    raise Wrong("Yes or no is wanted: True if the answer depends on the order, else False.")


reads_order = table(
    "Does a network's answer depend on the order of its patches? function(head, patches T x D) -> True or False.",
    right=lambda head, patches: any(apart(head, patches, order) > 1e-4 for order in swaps()),
    draw=head_and_patches,
    read=yes_or_no,
    wrong=[
        (
            lambda head, patches: apart(head, patches, BACKWARDS) > 1e-4,
            "You turn the row round and try no other order. A network with mirrored places does not notice that.",
        ),
        (
            lambda head, patches: apart(head, patches, ROUND) > 1e-4,
            "You only move all patches on by one. A network that compares neighbours on a ring does not notice that.",
        ),
        (
            lambda head, patches: apart(head, patches, FIRST_TWO) > 1e-4,
            "You exchange the first two patches only. What if the network knows the places of the last two?",
        ),
        (
            lambda head, patches: any(apart(head, patches, order) > 0 for order in swaps()),
            "You ask for equal numbers to the last digit. A sum in another order is rounded otherwise: allow for 1e-4.",
        ),
        (
            lambda head, patches: any(head(patches[order]).argmax() != head(patches).argmax() for order in swaps()),
            "You compare the winning classes. Logits may move although the same class wins: compare the logits.",
        ),
        (
            lambda head, patches: any(apart(head, patches, order) > 0.1 for order in swaps()),
            "You overlook small changes. Rounding moves a logit by less than 1e-4; all above that is order.",
        ),
        (
            lambda head, patches: True,
            "You always say yes. A bag of patches is one of the networks: its answer is a mean.",
        ),
        (lambda head, patches: False, "You always say no. One of the networks compares each patch with its neighbour."),
        (
            lambda head, patches: all(apart(head, patches, order) <= 1e-4 for order in swaps()),
            "The other way round: you say True where no order changes the answer.",
        ),
    ],
    praise="One order that changes the answer is a proof. That none was found is evidence only: how many did you try?",
    otherwise="For one of the networks your answer is {answer}, and that is wrong. Which orders do you try?",
)
