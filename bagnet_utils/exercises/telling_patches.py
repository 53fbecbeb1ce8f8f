"""Checks of notebook 06."""

import math

import torch

from bagnet_utils.exercises.judging import Wrong, call, exercise, number, tensor


@exercise
def best_patch(function):
    """Where the strongest evidence lies: function(evidence N x h x w, stride) -> (picture, row px, column px)."""
    evidence = torch.randn(3, 4, 6, generator=torch.Generator().manual_seed(3))
    evidence[1, 3, 2] = 9.0
    for stride, right in ((8, (1, 24, 16)), (4, (1, 12, 8))):
        answer = call(function, evidence, stride)
        try:
            found = tuple(int(number(one)) for one in answer)
        except TypeError:
            raise Wrong("Three numbers are wanted: the picture, and the patch's row and column in pixels.") from None
        if len(found) != 3:
            raise Wrong(f"Three numbers are wanted, but {len(found)} came: the picture, the row and the column.")
        if found == right:
            continue
        if found == (1, 3, 2):
            raise Wrong("The cell is right; asked for are pixels. How many pixels lie between two cells?")
        if found == (right[0], right[2], right[1]):
            raise Wrong("Row and column have changed places.")
        if found[0] != 1:
            raise Wrong(f"The strongest evidence is in picture 1 of 0 to 2, but you found picture {found[0]}.")
        if found[1:] == (3 * 17, 2 * 17):
            raise Wrong("Patches begin every `stride` pixels, whatever their width.")
        raise Wrong(
            f"It lies at {right[1]}, {right[2]} px, but you say {found[1]}, {found[2]}. How many columns has a row?"
        )
    return "From there it is one slice to the patch itself."


@exercise
def nearest_centre(function):
    """Which prototype each patch is nearest to: function(features D x h x w, centres k x D) -> h x w numbers."""
    random = torch.Generator().manual_seed(0)
    features, centres = torch.randn(5, 3, 4, generator=random), torch.randn(6, 5, generator=random)
    centres[2] *= 4
    distance = ((features[None] - centres[:, :, None, None]) ** 2).sum(1)  # k x h x w
    answer = call(function, features, centres)
    if isinstance(answer, torch.Tensor) and tuple(answer.shape) == (6, 3, 4):
        raise Wrong("These are distances to all prototypes; which of them is the smallest?")
    answer = tensor(answer, (3, 4))
    if torch.equal(answer, distance.argmin(0).double()):
        return "A picture becomes a map of names: that is what the visual words of notebook 1 were."
    if torch.equal(answer, distance.argmax(0).double()):
        raise Wrong("These are the farthest prototypes.")
    if torch.equal(answer, torch.einsum("dhw,kd->khw", features, centres).argmax(0).double()):
        raise Wrong("You compare by products: a long centre then wins although it is far away. Take distances.")
    if torch.allclose(answer, distance.min(0).values.double()):
        raise Wrong("These are the distances to the nearest prototype; asked for is its number.")
    raise Wrong(
        "The shape is right, the numbers are not: for each place, the distance to each centre, then the smallest."
    )


@exercise
def effect_of(function):
    """What a thing adds to a difference of logits: function(with it N x C, without it N x C, first, second)."""
    random = torch.Generator().manual_seed(0)
    there, gone = torch.randn(7, 10, generator=random) + 1, torch.randn(7, 10, generator=random)

    def margin(logits):
        return logits[:, 8] - logits[:, 9]

    answer = number(call(function, there, gone, 8, 9))

    def like(value) -> bool:
        return math.isclose(answer, float(value), abs_tol=1e-4)

    if like((margin(there) - margin(gone)).mean()):
        return "Same fish, with the hand and without: whatever else is in the picture cancels out."
    if like((margin(gone) - margin(there)).mean()):
        raise Wrong("The sign is turned round: how much does the thing ADD while it is there?")
    if like((there[:, 8] - gone[:, 8]).mean()):
        raise Wrong(
            "That is the first class's logit alone. If both logits rise by the same, the answer does not change."
        )
    if like(margin(there).mean()):
        raise Wrong("That is the difference with the thing there. What is it without?")
    if like((margin(there) - margin(gone)).sum()):
        raise Wrong("That is the sum over the pictures; asked for is their mean.")
    if like((margin(there) - margin(gone)).abs().mean()):
        raise Wrong("Changes in both directions count as positive with you: leave out the absolute value.")
    raise Wrong(
        "The number is not right: for each picture the difference of two logits, with and without; then the mean."
    )


@exercise
def control_for(function):
    """As many other pixels in pieces as large: function(black corners H x W) -> H x W booleans."""
    for side, high in ((32, 9), (48, 14)):  # a wedge of black above and one below, as in a picture that was rotated
        slope = torch.arange(side) * high // side
        rows = torch.arange(side)[:, None]
        corners = (rows < high - slope) | (rows >= side - 1 - slope)
        hidden = tensor(call(function, corners), (side, side)) > 0.5
        asked, found = int(corners.sum()), int(hidden.sum())
        if torch.equal(hidden, corners):
            raise Wrong("These are the corners themselves. A control leaves them as they are and hides something else.")
        if both := int((hidden & corners).sum()):
            raise Wrong(f"{both} pixels of the corners are hidden as well: then nobody can tell which of them did it.")
        if found != asked:
            raise Wrong(f"The corners have {asked} pixels, yours {found}. Hide as many, or the difference is to blame.")
        if inside(hidden) < inside(corners) / 2:
            raise Wrong("As many, and elsewhere; but so scattered that they spoil every patch. Hide pieces as large.")
    return "As much, in the same shapes, at another place: what is left to differ is what you suspect."


def inside(mask: torch.Tensor) -> int:
    """How many pixels of a mask have all four neighbours in it."""
    middle = mask[1:-1, 1:-1]
    return int((middle & mask[:-2, 1:-1] & mask[2:, 1:-1] & mask[1:-1, :-2] & mask[1:-1, 2:]).sum())
