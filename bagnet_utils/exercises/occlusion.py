"""Checks of notebook 08."""

import math

import numpy as np
import torch

from bagnet_utils.exercises.judging import NotTried, Wrong, call, exercise, number, tensor


@exercise
def hide(function):
    """A square of its own mean colour: function(image 3 x H x W, row, column, size) -> a copy of the picture."""
    given = torch.rand(3, 9, 12, generator=torch.Generator().manual_seed(0))
    row, column, size = 2, 5, 4
    kept, ours = given.clone(), []

    def watched(image, *where):
        ours.append(image)
        return function(image, *where)

    answer = call(watched if callable(function) else function, given, row, column, size)
    if not torch.equal(ours[0], kept):
        raise Wrong("The picture that was given has changed: whoever needs it afterwards finds a hole. Copy it first.")
    answer = tensor(answer, (3, 9, 12))
    given = given.double()
    inside = torch.zeros(9, 12, dtype=torch.bool)
    inside[row : row + size, column : column + size] = True
    if torch.equal(answer, given):
        raise Wrong("Nothing is hidden in the picture that comes back.")
    if torch.equal(answer[:, ~inside], given[:, ~inside]):
        shown = answer[:, inside]  # 3 x size * size
        mean = given[:, inside].mean(1, keepdim=True)
        if torch.allclose(shown, mean.expand_as(shown), atol=1e-5):
            return "Where the square lies only the pattern is gone; its colour, on average, has stayed."
        if torch.allclose(shown, given[:, inside].mean().expand_as(shown), atol=1e-5):
            raise Wrong("Your square is grey: the mean runs over the colours as well. Each colour has its own.")
        if torch.allclose(shown, given.mean((1, 2))[:, None].expand_as(shown), atol=1e-5):
            raise Wrong("That is the mean colour of the whole picture; asked for is that of what the square hides.")
        if not shown.any():
            raise Wrong("Your square is black. What is the mean of the pixels under it?")
        raise Wrong("The square is in the right place, but it does not show one colour, the mean of what it hides.")
    turned = torch.zeros(9, 12, dtype=torch.bool)
    turned[column : column + size, row : row + size] = True
    if torch.equal(answer[:, ~turned], given[:, ~turned]):
        raise Wrong("Row and column have changed places.")
    raise Wrong(
        f"Pixels outside the square have changed, too: it begins at row {row}, column {column}, {size} pixels wide."
    )


@exercise
def touched(function):
    """Patches along one direction that see a pixel of a square: function(row, size, patch, stride, cells) -> number."""
    cases = [(48, 32, 33, 8, 12), (48, 16, 9, 8, 15), (49, 16, 9, 8, 15), (0, 16, 33, 8, 12), (112, 16, 9, 8, 15)]
    for row, size, patch, stride, cells in cases:
        answer = number(call(function, row, size, patch, stride, cells))
        begins = [cell * stride for cell in range(cells)]
        right = sum(begin < row + size and begin + patch > row for begin in begins)
        if answer == right:
            continue
        case = f"A square of {size} px at {row}, patches of {patch} px, one every {stride}, {cells} of them"
        whole = sum(begin >= row and begin + patch <= row + size for begin in begins)
        starting = sum(row <= begin < row + size for begin in begins)
        grazing = sum(begin <= row + size and begin + patch >= row for begin in begins)
        open_end = (row + size - 1) // stride - math.ceil((row - patch + 1) / stride) + 1
        if answer == right**2:
            raise Wrong("You count in both directions; asked for is one.")
        if answer == open_end:
            raise Wrong(
                f"{case}: you count patches that are not there. Is there one before the first, or after the last?"
            )
        if answer == starting:
            raise Wrong(f"{case}: patches that begin before the square can see it as well.")
        if answer == whole:
            raise Wrong(f"{case}: you count patches that lie wholly in the square, but one pixel of it is enough.")
        if answer == grazing:
            raise Wrong(f"{case}: a patch that ends just before the square does not see it. Compare the last pixels.")
        raise Wrong(f"{case}: you say {answer:g}. Draw the line of pixels, and the patches below it.")
    return "So much of the network's work is needed again, in each direction; all other verdicts stand."


@exercise
def where_it_hurts(function):
    """The largest fall of a map: function(probabilities h x w, before, rows, columns) -> (row px, column px, fall)."""
    probabilities = 0.6 + 0.3 * torch.rand(4, 6, generator=torch.Generator().manual_seed(1))
    probabilities[2, 5], before = 0.25, 0.875
    probabilities[0, 1] = 0.95
    rows, columns = tuple(range(0, 32, 8)), tuple(range(0, 24, 4))
    answer = call(function, probabilities, before, rows, columns)
    answer = answer.tolist() if isinstance(answer, np.ndarray) else answer
    if not isinstance(answer, (tuple, list)) or len(answer) != 3:
        raise Wrong("Three numbers are wanted: the row and the column in pixels, and the fall.")
    if any(one is None for one in answer):
        raise NotTried
    row, column, fall = (number(one) for one in answer)

    def fallen(value) -> bool:
        return math.isclose(fall, value, abs_tol=1e-5)

    if (row, column) == (2, 5):
        raise Wrong(
            "The cell is right; asked for are pixels. `rows` and `columns` say where each cell's square begins."
        )
    if (row, column) == (20, 16):
        raise Wrong("Row and column have changed places.")
    if (row, column) == (0, 4):
        raise Wrong("There the probability is highest: hiding helps. Where does it hurt?")
    if (row, column) != (16, 20):
        raise Wrong(f"It hurts most somewhere else than at {row:g}, {column:g} px. How many columns has a row?")
    if fallen(0.625):
        return "One number and its place: that is what one would tell a friend about the map."
    if fallen(-0.625):
        raise Wrong("The place is right; the sign of the fall is turned round. How much is LOST?")
    if fallen(0.25):
        raise Wrong("The place is right; but the third number is what is left there, not how far it fell.")
    if fallen(0.625 / 0.875):
        raise Wrong("The place is right; you give the fall as a share of what was there before. Leave it as it is.")
    if fallen(probabilities.max().item() - 0.25):
        raise Wrong(
            "The place is right; compare with the probability before anything was hidden, not with the best place."
        )
    raise Wrong("The place is right, the fall is not: how far is it from `before` to the probability there?")
