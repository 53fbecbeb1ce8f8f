"""Checks of notebook 11."""

import math

import torch

from bagnet_utils.exercises.judging import Wrong, call, exercise, number, tensor


@exercise
def mean_fall(function):
    """How far a probability falls over a masking curve: function(curve, 1-D, nothing hidden first) -> number."""
    curves = (0.9, 0.8, 0.4, 0.2, 0.1), (0.5, 0.7, 0.8)  # the second one rises
    answers = [number(call(function, torch.tensor(curve))) for curve in curves]

    def like(rule) -> bool:
        values = [rule(curve[0], sum(curve[1:]) / (len(curve) - 1), curve) for curve in curves]
        return all(math.isclose(*both, abs_tol=1e-4) for both in zip(answers, values, strict=True))

    if like(lambda start, rest, curve: start - rest):
        return "One number for a whole curve: with it many nets and many maps can be compared."
    if like(lambda start, rest, curve: rest - start):
        raise Wrong("The sign is turned round: a fall counts as positive.")
    if like(lambda start, rest, curve: start - sum(curve) / len(curve)):
        raise Wrong("The first point is in your mean, but nothing was hidden there.")
    if like(lambda start, rest, curve: start - curve[-1]):
        raise Wrong("That is the fall at the end. A map that finds the right places early should gain by it.")
    if like(lambda start, rest, curve: rest):
        raise Wrong("That is the mean probability itself; asked for is how far it lies below the first point.")
    if like(lambda start, rest, curve: (start - rest) / start):
        raise Wrong("That is a share of the first probability; asked for is the fall itself.")
    if like(lambda start, rest, curve: abs(start - rest)):
        raise Wrong("A curve that rises falls by less than nothing: leave out the absolute value.")
    raise Wrong("The number is not right: it takes the first point, and the mean of all the others.")


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
    cases = (7.0, 2.0), (-20.0, 1.5)
    answers = [number(call(function, attribution, *case)) for case in cases]

    def like(rule) -> bool:
        return all(math.isclose(a, rule(*case), abs_tol=1e-3) for a, case in zip(answers, cases, strict=True))

    if like(lambda logit, blank: total - (logit - blank)):
        return "A check that costs nothing: a map that does not add up was made by a method that slipped."
    if like(lambda logit, blank: logit - blank - total):
        raise Wrong("The sign is turned round: positive is a map that adds up to too much.")
    if like(lambda logit, blank: total - logit):
        raise Wrong("You forget the blank picture: it has a logit too, and only what lies above it is explained.")
    if like(lambda logit, blank: total - logit - blank) or like(lambda logit, blank: total + logit - blank):
        raise Wrong("Two signs are mixed up: take the rise of the logit away from the sum.")
    if like(lambda logit, blank: attribution.mean().item() - (logit - blank)):
        raise Wrong("A heatmap of a BagNet has a mean that counts; these maps have a sum.")
    if like(lambda logit, blank: size - (logit - blank)):
        raise Wrong("You add up absolute values; what speaks against the class has to be taken away.")
    if like(lambda logit, blank: abs(total - (logit - blank))):
        raise Wrong("A map that adds up to too little has a negative gap: leave out the absolute value.")
    raise Wrong(
        "The number is not right: it takes the map's sum, and how far the logit rose from the blank picture on."
    )
