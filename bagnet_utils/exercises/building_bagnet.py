"""Checks of notebook 03."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from bagnet_utils.exercises import flawed
from bagnet_utils.exercises.judging import (
    NotTried,
    Wrong,
    alike,
    call,
    describe,
    exercise,
    normal,
    row,
    size,
    table,
    tensor,
)
from bagnet_utils.models.bagnet import BagNet


def fill(net: nn.Module, case: flawed.Case) -> None:
    """Put a case's weights into the network, if it has all of them and no others."""
    own = {name: tuple(weight.shape) for name, weight in net.state_dict().items() if "num_batches" not in name}
    wanted = {name: tuple(weight.shape) for name, weight in case.weights.items() if "num_batches" not in name}
    net_for = "For kernel3 {}, {} classes and width {:g} your network".format(*case.size)
    for name in wanted:
        if name not in own:
            raise Wrong(f"{net_for} has no {name}.")
        if own[name] != wanted[name]:
            raise Wrong(f"{net_for} has {name} of shape {size(own[name])}, but {size(wanted[name])} is wanted.")
    for name in own.keys() - wanted.keys():
        raise Wrong(f"{net_for} has {name}. There is no such weight in the list.")
    net.load_state_dict(case.weights, strict=False)


def answer_of(build: Callable, case: flawed.Case) -> Tensor:
    net = call(build, *case.size)
    if not isinstance(net, nn.Module):
        raise Wrong(f"Your function gives {describe(net)}, but a network is wanted, an nn.Module.")
    if type(net) is BagNet:
        raise Wrong("This is the course's own network. Write yours from nothing: its blocks, its stages, its stem.")
    fill(net, case)
    return tensor(call(net.double().eval(), case.pictures), case.logits.shape, "Your network")


@exercise(
    wrong=[
        *flawed.MISTAKES,
        (flawed.changed_block(flawed.no_batchnorm), "has no layer1.0.downsample.1.weight"),
        (
            lambda kernel3, classes, width: flawed.Flawed((1, 1, 1, 1), classes, width),
            "has layer1.0.conv2.weight of shape",
        ),
        (lambda kernel3, classes, width: flawed.Flawed(kernel3, classes, 3 / 64), "is wanted"),
        (flawed.changed(lambda net: setattr(net, "extra", nn.Linear(2, 2))), "no such weight in the list"),
        (BagNet, "the course's own network"),
        (lambda *given: nn.Sequential, "a network is wanted"),
    ]
)
def build(function):
    """A BagNet from nothing: function(kernel3, num_classes, width) -> nn.Module with the published names of weights."""
    answers = [answer_of(function, case) for case in flawed.nets()]
    failed = [case for case, answer in zip(flawed.nets(), answers, strict=True) if not alike(answer, case.logits, 1e-5)]
    if not failed:
        return f"The weights fit, and the logits of all {len(answers)} networks agree to 1e-5. This is a BagNet."
    for number, (_, sentence) in enumerate(flawed.MISTAKES):
        if all(alike(answer, flawed.answer(number, case), 1e-5) for case, answer in enumerate(answers)):
            raise Wrong(sentence)
    raise Wrong(
        f"The weights fit, but for kernel3 {failed[0].size[0]} the logits are others. "
        "Go through stem, block and head line by line: which layer, which stride, BatchNorm, then ReLU or not?"
    )


def logits_of(features: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return torch.einsum("ndhw,cd->nchw", features, weight) + bias[:, None, None]


def features_and_layer(random) -> tuple[Tensor, Tensor, Tensor]:
    n, d, c, h, w = random.integers(1, 7, 5).tolist()
    return normal(random, n, d, h, w), normal(random, c, d), normal(random, c)


evidence_of = table(
    "The logits of every patch: function(features N x D x h x w, weight C x D, bias C) -> N x C x h x w.",
    right=logits_of,
    draw=features_and_layer,
    wrong=[
        (lambda f, w, b: logits_of(f, w, 0 * b), "The bias is missing: without it the mean is not the logit."),
        (
            lambda f, w, b: logits_of(f, w, b).mean((2, 3)),
            "That is one number for each class: the mean is taken already. Here every patch is wanted by itself.",
        ),
        (
            lambda f, w, b: logits_of(f, w, b).permute(0, 2, 3, 1),
            "All numbers are there, but the classes come last. They belong where the features were: N x C x h x w.",
        ),
        (
            lambda f, w, b: logits_of(f, w, b) / f[0, 0].numel(),
            "You divide by the number of patches. The mean does that later.",
        ),
        (
            lambda f, w, b: logits_of(f, w / f[0, 0].numel(), b),
            "You divide the evidence by the number of patches. The mean does that later.",
        ),
        (
            lambda f, w, b: logits_of(f, w, b / f[0, 0].numel()),
            "You share the bias among the patches. But the mean of n whole biases is the bias: each gets all of it.",
        ),
        (lambda f, w, b: logits_of(f, w, b).relu(), "A ReLU has no place here: evidence against a class counts too."),
        (lambda f, w, b: logits_of(f, w, b).softmax(1), "These are probabilities. Their mean is not the logit."),
        (lambda f, w, b: logits_of(f, w, b).transpose(2, 3), "You changed rows and columns: N x C x h x w is wanted."),
    ],
    praise="Its mean over h and w is the logit, whatever the weights.",
    otherwise="The shape is right, the numbers are not: sum over the D features, for each class, at each place.",
)


@exercise(
    wrong=[
        ((1, 1, 1, 1), "33 px: too large"),
        ((1, 1, 1, 0), "17 px: too small"),
        ((2, 2, 1, 0), "29 px: too large"),
        ((0, 0, 0, 0), "3 px: too small"),
        ((1, 1, 9, 0), "No such network"),
        ((1, 2.5, 1, 0), "No such network"),
        ((1, 2, 1), "4 numbers are wanted"),
        (25, "Several numbers are wanted"),
    ]
)
def kernel3_for_25(answer):
    """Four numbers that give a BagNet with patches of 25 px, one every 8."""
    if isinstance(answer, (tuple, list)) and any(number is ... or number is None for number in answer):
        raise NotTried
    kernel3 = tuple(int(number) if number == int(number) else number for number in row(answer, 4))
    try:
        model = BagNet(kernel3, num_classes=2, width=1 / 16)
    except ValueError as problem:
        raise Wrong(f"No such network can be built. {problem}") from None
    if model.patch_size != 25:
        word = "large" if model.patch_size > 25 else "small"
        raise Wrong(f"This makes patches of {model.patch_size} px: too {word}.")
    return f"{kernel3} makes patches of 25 px, one every {model.stride}."
