"""Checks of notebook 11."""

import math

import torch

from bagnet_utils.exercises.judging import Wrong, call, exercise, number, tensor


@exercise
def mean_fall(function):
    """How far a probability falls over a masking curve: function(curve, 1-D, nothing hidden first) -> number."""
    for values in ([0.9, 0.8, 0.4, 0.2, 0.1], [0.5, 0.7, 0.8]):
        curve = torch.tensor(values)
        start, rest = values[0], sum(values[1:]) / (len(values) - 1)
        answer = number(call(function, curve))

        def like(value, answer=answer) -> bool:
            return math.isclose(answer, value, abs_tol=1e-4)

        if like(start - rest):
            continue
        if like(rest - start):
            raise Wrong("The sign is turned round: a fall counts as positive.")
        if like(start - sum(values) / len(values)):
            raise Wrong("The first point is in your mean, but nothing was hidden there.")
        if like(start - values[-1]):
            raise Wrong("That is the fall at the end. A map that finds the right places early should gain by it.")
        if like(rest):
            raise Wrong("That is the mean probability itself; asked for is how far it lies below the first point.")
        if like((start - rest) / start):
            raise Wrong("That is a share of the first probability; asked for is the fall itself.")
        if like(abs(start - rest)):
            raise Wrong("This curve rises, so it falls by less than nothing: leave out the absolute value.")
        raise Wrong("The number is not right: the first point, less the mean of all the others.")
    return "One number for a whole curve: with it many nets and many maps can be compared."


@exercise
def input_times_gradient(function):
    """A map from a picture and its gradient: function(image 3 x H x W, gradient 3 x H x W) -> H x W."""
    random = torch.Generator().manual_seed(0)
    image, gradient = (torch.randn(3, 4, 5, generator=random) for _ in range(2))
    answer = call(function, image, gradient)
    product = image * gradient
    if isinstance(answer, torch.Tensor) and answer.shape == product.shape:
        raise Wrong("Your map still has three colours. What does one pixel add, all its colours together?")
    answer = tensor(answer, (4, 5))

    def like(value) -> bool:
        return torch.allclose(answer, value.double(), atol=1e-4)

    if like(product.sum(0)):
        return "That is what epsilon-LRP gives in a ReLU network, down to rounding."
    if like(product.mean(0)):
        raise Wrong("You took the mean over the colours. Contributions are added up.")
    if like(product.abs().sum(0)) or like((image * gradient.abs()).sum(0)):
        raise Wrong("With absolute values nothing can speak against the class. Keep the signs.")
    if like(image.sum(0) * gradient.sum(0)):
        raise Wrong("You added the colours up first. Each colour goes with its own gradient.")
    if like(gradient.sum(0)) or like(gradient.abs().sum(0)) or like(gradient.abs().max(0).values):
        raise Wrong("That is made of the gradient alone; what the picture holds there is not in it yet.")
    if like(product.max(0).values):
        raise Wrong("That is the strongest colour of each pixel; the others count as well.")
    raise Wrong("The shape is right, the numbers are not: multiply number by number, then bring the colours together.")


@exercise
def completeness_gap(function):
    """By how much a map misses its sum: function(attribution H x W, logit, logit of the blank picture) -> number."""
    attribution = torch.randn(6, 5, generator=torch.Generator().manual_seed(1))
    total, size = attribution.sum().item(), attribution.abs().sum().item()
    for logit, blank in ((7.0, 2.0), (-20.0, 1.5)):
        answer = number(call(function, attribution, logit, blank))

        def like(value, answer=answer) -> bool:
            return math.isclose(answer, value, abs_tol=1e-3)

        risen = logit - blank
        if like(total - risen):
            continue
        if like(risen - total):
            raise Wrong("The sign is turned round: positive is a map that adds up to too much.")
        if like(total - logit):
            raise Wrong("You forget the blank picture: it has a logit too, and only what lies above it is explained.")
        if like(total + risen):
            raise Wrong("Two signs are mixed up: take the rise of the logit away from the sum.")
        if like(attribution.mean().item() - risen):
            raise Wrong("A heatmap of a BagNet has a mean that counts; these maps have a sum.")
        if like(size - risen):
            raise Wrong("You add up absolute values; what speaks against the class has to be taken away.")
        if like(abs(total - risen)):
            raise Wrong("This map adds up to too little, so the gap is negative: leave out the absolute value.")
        raise Wrong("The number is not right: the sum of the map, less the rise of the logit from blank to picture.")
    return "A check that costs nothing: a map that does not add up was made by a method that slipped."
