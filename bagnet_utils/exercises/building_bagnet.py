"""Checks of notebook 03."""

import torch
import torch.nn.functional as F

from bagnet_utils.exercises.judging import NotTried, Wrong, call, exercise, tensor


@exercise
def add_shortcut(function):
    """Way plus shortcut, the shortcut cropped at the bottom and the right: function(way, shortcut)."""
    random = torch.Generator().manual_seed(0)
    way, shortcut = torch.randn(2, 3, 5, 7, generator=random), torch.randn(2, 3, 7, 9, generator=random)
    answer = call(function, way, shortcut)
    if isinstance(answer, torch.Tensor) and answer.shape == shortcut.shape:
        raise Wrong("What comes out is as large as the shortcut: crop the larger of the two, do not pad the smaller.")
    answer = tensor(answer, (2, 3, 5, 7)).float()
    known = {
        "You keep the middle of the shortcut. The published code keeps its upper left.": shortcut[:, :, 1:6, 1:8],
        "You keep the lower right of the shortcut. The published code keeps its upper left.": shortcut[:, :, 2:, 2:],
        "You scale the shortcut down. But nothing is interpolated: it loses rows and columns.": F.interpolate(
            shortcut, (5, 7)
        ),
    }
    if torch.allclose(answer, way + shortcut[:, :, :5, :7]):
        equal = torch.randn(1, 2, 4, 4, generator=random)
        same = tensor(call(function, equal, equal), (1, 2, 4, 4)).float()
        if torch.allclose(same, 2 * equal):
            return "The rest of the shortcut is thrown away: this is where a BagNet leans to the upper left."
        raise Wrong("With a 1 x 1 layer both have the same size and nothing is cropped; there your answer differs.")
    for sentence, part in known.items():
        if torch.allclose(answer, way + part):
            raise Wrong(sentence)
    if torch.allclose(answer, way):
        raise Wrong("The shortcut is missing from the sum.")
    raise Wrong("The size is right, the numbers are not: take the first rows and columns of the shortcut, and add.")


@exercise
def evidence_of(function):
    """The logits of every patch: function(features N x D x h x w, weight C x D, bias C) -> N x C x h x w."""
    random = torch.Generator().manual_seed(0)
    features, weight = torch.randn(2, 6, 3, 4, generator=random), torch.randn(5, 6, generator=random)
    bias = torch.randn(5, generator=random)
    right = torch.einsum("ndhw,cd->nchw", features, weight) + bias[:, None, None]
    answer = call(function, features, weight, bias)
    if isinstance(answer, torch.Tensor) and tuple(answer.shape) == (2, 5):
        raise Wrong(
            "That is one number for each class: the mean is taken already. Here every patch is wanted by itself."
        )
    if isinstance(answer, torch.Tensor) and tuple(answer.shape) == (2, 3, 4, 5):
        raise Wrong(
            "All numbers are there, but the classes come last; they belong where the features were: N x C x h x w."
        )
    answer = tensor(answer, (2, 5, 3, 4)).float()
    if torch.allclose(answer, right, atol=1e-4):
        return "Its mean over h and w is the logit, whatever the weights."
    if torch.allclose(answer, right - bias[:, None, None], atol=1e-4):
        raise Wrong("The bias is missing: without it the mean is not the logit.")
    if torch.allclose(answer, (right - bias[:, None, None]) / 12 + bias[:, None, None], atol=1e-4) or torch.allclose(
        answer, right / 12, atol=1e-4
    ):
        raise Wrong("You divide by the number of patches. The mean does that later; here each patch speaks for itself.")
    if torch.allclose(answer, right - bias[:, None, None] + bias[:, None, None] / 12, atol=1e-4):
        raise Wrong(
            "You share the bias among the patches. But the mean of n whole biases is the bias: each gets all of it."
        )
    raise Wrong("The size is right, the numbers are not: sum over the D features, for each class, at each place.")


@exercise
def kernel3_for_25(answer):
    """Four numbers that give a BagNet with patches of 25 px, one every 8."""
    from bagnet_utils.models.bagnet import BagNet

    if not isinstance(answer, (tuple, list)) or len(answer) != 4:
        raise Wrong("A tuple of four numbers is wanted, one for each stage, such as (1, 1, 1, 1).")
    if any(number is ... or number is None for number in answer):
        raise NotTried
    try:
        model = BagNet(tuple(answer), num_classes=2, width=1 / 16)
    except ValueError as problem:
        raise Wrong(f"No such network can be built. {problem}") from None
    if model.patch_size != 25:
        word = "large" if model.patch_size > 25 else "small"
        raise Wrong(f"This makes patches of {model.patch_size} px: too {word}.")
    return f"{tuple(answer)} makes patches of 25 px, one every {model.stride}."
