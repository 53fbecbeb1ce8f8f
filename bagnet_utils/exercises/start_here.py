"""Checks of notebook 00."""

import torch

from bagnet_utils.exercises.judging import Wrong, call, exercise, number


@exercise
def verdict(function):
    """The class that a bag of patches decides for: function(votes N x C) -> number of the class."""
    votes = torch.tensor(
        [[1.0, 0.0, 0.9], [1.0, 0.0, 0.9], [1.0, 0.2, 0.9], [0.0, 6.0, 3.5], [0.3, -5.0, 0.2]]
    )  # mean: class 2; most first places: class 0; strongest single vote: class 1
    answer = call(function, votes)
    if isinstance(answer, torch.Tensor) and answer.dim() == 1 and len(answer) == 3:
        raise Wrong("These are the logits of the three classes. Which class wins?")
    if isinstance(answer, torch.Tensor) and answer.dim() == 1 and len(answer) == 5:
        raise Wrong("You average over the classes; average over the patches, which lie along the first axis.")
    answer = number(answer)
    if answer == 2:
        return "Not the loudest patch, not the majority: the mean. Class 2 is nobody's first choice and still wins."
    if answer == 0:
        raise Wrong("Class 0 has the most first places. But patches do not elect: how loudly each speaks counts too.")
    if answer == 1:
        raise Wrong("Class 1 has the loudest single patch. The others are to be heard as well.")
    raise Wrong(f"There are classes 0, 1 and 2; {answer:g} is none of them. Did you return the place or the value?")


@exercise
def noticing(function):
    """How many patches at most can see one pixel: function(patch, stride)."""
    for patch, stride in ((33, 8), (17, 8), (9, 8), (32, 8), (8, 8), (7, 2)):
        along, answer = -(-patch // stride), number(call(function, patch, stride))
        where = f"For patches of {patch} px, one every {stride}: "
        if answer == along**2:
            continue
        if answer == along:
            raise Wrong(where + "that is right along one direction. A picture has two.")
        if answer in (patch // stride, (patch // stride) ** 2):
            raise Wrong(where + "rounded down. The pixel may lie at the very rim of one patch more.")
        if answer == patch**2:
            raise Wrong(where + "so many pixels lie in a patch. Asked is how many patches hold one pixel.")
        if answer == (along + 1) ** 2:
            raise Wrong(where + "one too many along each direction: draw the patches under one another and count.")
        raise Wrong(where + f"{answer:g} is not right. Begin with one direction: which patches reach the pixel?")
    return "25, 9 and 4 patches for BagNet-33, -17 and -9. All the others are blind to that pixel."
