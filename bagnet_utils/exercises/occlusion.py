"""Checks of notebook 08."""

import math

import numpy as np
import torch

from bagnet_utils.exercises.judging import Wrong, describe, exercise, normal, table


def filled(image, row, column, size, colour=lambda square, image: square.mean((1, 2), keepdim=True)):
    """A copy of the picture in which a square shows a colour, by default its own mean."""
    image = image.clone()
    square = image[:, row : row + size, column : column + size]
    square[:] = colour(square, image)
    return image


def showing(colour):
    return lambda *case: filled(*case, colour=lambda square, image: colour(square))


def picture_and_square(random) -> tuple:
    """A picture that is higher or wider, and a square in it, which may reach its last row or column."""
    height, width = (int(side) for side in random.permutation([random.integers(4, 10), random.integers(10, 16)]))
    size = int(random.integers(1, min(height, width)))
    row, column = (int(random.choice([side - size, random.integers(0, side - size + 1)])) for side in (height, width))
    return normal(random, 3, height, width), row, column, size


SQUARE = "Row {1}, column {2}, {3} px: "
_hidden = table(
    "A square of its own mean colour: function(image 3 x H x W, row, column, size) -> a copy of the picture.",
    right=filled,
    cases=[(normal(np.random.default_rng(0), 3, 9, 12), 2, 5, 4)],
    draw=picture_and_square,
    wrong=[
        (showing(lambda square: square.mean()), "Your square is grey. Each colour has a mean of its own."),
        (
            lambda *case: filled(*case, colour=lambda _, image: image.mean((1, 2), keepdim=True)),
            "That is the mean colour of the whole picture. Asked for is that of what the square hides.",
        ),
        (showing(lambda square: 0.0), "Your square is black. What is the mean of the pixels under it?"),
        (lambda i, r, c, s: filled(i, c, r, s), "Row and column have changed places."),
        (
            lambda i, r, c, s: filled(i, r, c, s + 1),
            SQUARE + "your square is a pixel too large. Where does a slice end?",
        ),
        (
            lambda i, r, c, s: filled(i, r, c, s - 1),
            SQUARE + "your square is a pixel too small. Where does a slice end?",
        ),
        (showing(lambda square: square.mean(1, keepdim=True)), "Your mean runs over the rows alone: stripes are left."),
        (showing(lambda square: square.mean(2, keepdim=True)), "Your mean runs over columns alone: stripes are left."),
        (showing(lambda square: square.mean(0)), "Your mean runs over the colours, so the colour has gone. Keep that."),
        (showing(lambda square: square[:, :1, :1].clone()), "Your square has its first pixel's colour, not the mean."),
        (
            showing(lambda square: square - square.mean((1, 2), keepdim=True)),
            "You took the mean away, and the pattern is left. Do the opposite.",
        ),
        (lambda i, r, c, s: i.clone(), "Nothing is hidden in the picture that comes back."),
    ],
    praise="Where the square lies only the pattern is gone; its colour, on average, has stayed.",
    otherwise=SQUARE + "not right. Inside, each colour is the mean of what the square hides; outside nothing changes.",
)


def filled_in_place(image, *where):
    return image.copy_(filled(image, *where))


@exercise(wrong=[*_hidden.wrong, (filled_in_place, "whoever needs it afterwards finds a hole. Copy it first.")])
def hide(function):
    """What the table asks, and whether the picture that was given is still as it was."""
    given = []

    def watched(image, *where):
        given.append((image, image.clone()))
        return function(image, *where)

    praise = _hidden.__wrapped__(watched if callable(function) else function)
    if not all(torch.equal(image, before) for image, before in given):
        raise Wrong("The picture that was given has changed: whoever needs it afterwards finds a hole. Copy it first.")
    return praise


def counted(sees=lambda begin, end, first, past: begin < past and end > first):
    """How many patches see the square; those from `begin` to before `end`, this one from `first` to before `past`."""
    return lambda row, size, patch, stride, cells: sum(
        sees(begin, begin + patch, row, row + size) for begin in range(0, cells * stride, stride)
    )


def beyond_the_ends(row, size, patch, stride, cells) -> int:
    """By the numbers of the first and the last patch, which may be patches that are not there."""
    return (row + size - 1) // stride - math.ceil((row - patch + 1) / stride) + 1


def square_and_patches(random) -> tuple[int, ...]:
    """Patches wider and narrower than the square and than their stride; squares at the borders too."""
    patch, stride, cells = (int(random.integers(1, most)) for most in (45, 13, 16))
    side = (cells - 1) * stride + patch + int(random.integers(0, stride))
    size = int(random.integers(1, min(side, 45) + 1))
    return int(random.choice([0, side - size, random.integers(0, side - size + 1)])), size, patch, stride, cells


LINE = "A square of {1} px at {0}, patches of {2} px, one every {3}, {4} of them: "
touched = table(
    "Patches along one direction that see a pixel of a square: function(row, size, patch, stride, cells) -> number.",
    right=counted(),
    cases=[(48, 32, 33, 8, 12), (48, 16, 9, 8, 15), (49, 16, 9, 8, 15), (0, 16, 33, 8, 12), (112, 16, 9, 8, 15)],
    draw=square_and_patches,
    wrong=[
        (beyond_the_ends, LINE + "is one of your patches before the first, or after the last? Those are not there."),
        (lambda *case: counted()(*case) ** 2, "You count in both directions; asked for is one."),
        (counted(lambda b, e, first, past: first <= b < past), LINE + "a patch may begin before the square, too."),
        (counted(lambda b, e, first, past: first < e <= past), LINE + "a patch may end after the square and see it."),
        (
            counted(lambda b, e, first, past: b >= first and e <= past),
            LINE + "you count patches that lie wholly in the square, but one pixel of it is enough.",
        ),
        (
            counted(lambda b, e, first, past: b <= first and e >= past),
            LINE + "you count patches that hold the whole square, but one pixel of it is enough.",
        ),
        (
            counted(lambda b, e, first, past: first <= b < past or first < e <= past),
            LINE + "your patches begin or end in the square. One that holds the whole square does neither.",
        ),
        (
            counted(lambda b, e, first, past: b <= first < e or b < past <= e),
            LINE + "your patches see the square's first or last pixel. One may lie between the two.",
        ),
        (counted(lambda b, e, first, past: b <= first < e), LINE + "you ask only about the square's first pixel."),
        (
            counted(lambda b, e, first, past: b <= past and e >= first),
            LINE + "a patch that ends just before the square does not see it. Compare the last pixels.",
        ),
        (counted(lambda b, e, first, past: b <= past and e > first), LINE + "one of yours begins after the square."),
        (counted(lambda b, e, first, past: b < past - 1 and e > first), LINE + "you forget the square's last pixel."),
        (counted(lambda b, e, first, past: b < past and e > first + 1), LINE + "you forget the square's first pixel."),
        (
            lambda row, size, patch, stride, cells: (size + patch - 1) // stride,
            "That holds away from the border, where the square lies well. Where does this one begin?",
        ),
        (lambda row, size, *more: counted()(size, row, *more), "Are `row` and `size` where they should be?"),
    ],
    praise="So much of the network's work is needed again, in each direction; all other patches say what they said.",
    otherwise=LINE + "you say {answer}. Draw the line of pixels, and the patches below it.",
)

CAUSES = {(True, False): "part", (False, True): "square", (True, True): "both", (False, False): "neither"}
PICKED = (14, 0.5, 2.8), (14, -1.2, 1.2), (20, 8, -5), (20, -5, 2.8), (40, 2.35, 9), (45, -2, 2.35)  # pictures, errors


def errors_above_zero(falls) -> float:
    """The mean, in standard errors."""
    return float(falls.mean() / falls.std() * len(falls) ** 0.5)


def decided(before, on_part, beside, surely=lambda falls: errors_above_zero(falls) > 2) -> str:
    return CAUSES[bool(surely(beside - on_part)), bool(surely(before - beside))]


def deciding(surely):
    return lambda *margins: decided(*margins, surely=surely)


def unpaired(before, on_part, beside) -> str:
    def surely(one, other) -> bool:
        return bool(one.mean() - other.mean() > 2 * ((one.var() + other.var()) / len(one)) ** 0.5)

    return CAUSES[surely(beside, on_part), surely(before, beside)]


def margins_of(random, count: int, *errors: float) -> tuple:
    """Margins of very different pictures; by how many standard errors the square makes them fall, and then the part."""
    scale = float(random.choice([0.1, 1, 10]))
    margins = [scale * (8 + 5 * normal(random, count))]
    for error in errors:
        falls = normal(random, count)
        margins.append(margins[-1] - 0.7 * scale * ((falls - falls.mean()) / falls.std() + error / count**0.5))
    return margins[0], margins[2], margins[1]  # before, on the part, beside


def three_measurements(random) -> tuple:
    """A part and a square that help, harm or do nothing, all clearly."""
    kinds = random.choice([-1, 0, 1], 2, p=[0.2, 0.4, 0.4]).tolist()
    errors = [kind * (2.7 + random.exponential(4)) if kind else random.uniform(-1.3, 1.3) for kind in kinds]
    return margins_of(random, int(random.integers(14, 50)), *errors)


def a_cause(answer) -> str:
    if not isinstance(answer, str) or answer not in CAUSES.values():
        what = repr(answer[:20]) if isinstance(answer, str) else describe(answer)
        raise Wrong(f'"part", "square", "both" or "neither" is wanted, but your function gives {what}.')
    return answer


cause = table(
    "What surely made the margins fall: function(before, on_part, beside) -> part, square, both or neither.",
    right=decided,
    cases=[margins_of(np.random.default_rng(0), *case) for case in PICKED],
    draw=three_measurements,
    read=a_cause,
    wrong=[
        (
            lambda before, on_part, beside: CAUSES[
                errors_above_zero(before - on_part) > 2, errors_above_zero(before - beside) > 2
            ],
            "You compare the square on the part with no square at all. So the part gets the square's own share too. "
            "What is the fair comparison?",
        ),
        (
            deciding(lambda falls: falls.mean() > 0),
            "A mean above zero may be luck. Is it more than two standard errors above zero?",
        ),
        (unpaired, "You compare two means. But the pictures are the same: take the fall of each picture first."),
        (
            deciding(lambda falls: abs(errors_above_zero(falls)) > 2),
            "Where the margin rises nothing fell: keep the sign.",
        ),
        (lambda b, on_part, beside: decided(on_part, b, beside), "Are `before` and `on_part` where they should be?"),
        (lambda b, on_part, beside: decided(b, beside, on_part), "Are `on_part` and `beside` where they should be?"),
        (
            lambda *case: decided(*(-one for one in case)),
            "The sign: a fall is the margin before minus that afterwards.",
        ),
        (
            deciding(lambda falls: falls.mean() > 2 * falls.std()),
            "You compare with the spread of single pictures. That of their mean is smaller: divide by the root of N.",
        ),
        (deciding(lambda falls: (falls > 0).all()), "Not every picture need fall. Take the mean, and how sure it is."),
        (
            deciding(lambda falls: (falls > 0).float().mean() > 0.5),
            "You count pictures that fall. Half of them do by luck.",
        ),
        (
            lambda b, on_part, beside: "part" if (beside - on_part).mean() > (b - beside).mean() else "square",
            "You name the larger of the two. It may be both, or neither.",
        ),
        (
            lambda *case: {"part": "square", "square": "part"}.get(decided(*case), decided(*case)),
            "You call the part's share the square's, and the other way round.",
        ),
    ],
    praise="The same square beside the part is the control: what it does there, the part has not done.",
    otherwise="In one case you say {answer}. For each picture: how far does the square alone move the margin, and how "
    "far does the margin fall further when the same square lies on the part?",
)
