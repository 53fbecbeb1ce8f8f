"""Wrong answers to the exercises of notebook 08: check -> answers, and a piece of what each must be told."""

import math

import torch


def filled(image, row, column, size, colour, copy=True):
    image = image.clone() if copy else image
    image[:, row : row + size, column : column + size] = colour(image[:, row : row + size, column : column + size])
    return image


def own(square):
    return square.mean((1, 2), keepdim=True)


def place(probabilities, columns, find=torch.argmin):
    return divmod(int(find(probabilities)), len(columns))


def pixels(p, rows, columns, find=torch.argmin):
    i, j = place(p, columns, find)
    return rows[i], columns[j]


def counted(test):
    return lambda row, size, patch, stride, cells: sum(
        test(cell * stride, cell * stride + patch, row, row + size) for cell in range(cells)
    )


WRONG = {
    "hide": [
        (lambda i, r, c, s: filled(i, r, c, s, own, copy=False), "has changed: whoever"),
        (lambda i, r, c, s: filled(i, r, c, s, torch.mean), "runs over the colours"),
        (lambda i, r, c, s: filled(i, r, c, s, lambda square: own(i)), "of the whole picture"),
        (lambda i, r, c, s: filled(i, r, c, s, torch.zeros_like), "square is black"),
        (lambda i, r, c, s: filled(i, c, r, s, own), "changed places"),
        (lambda i, r, c, s: filled(i, r, c, s + 1, own), "Pixels outside"),
        (lambda i, r, c, s: filled(i, r, c, s, lambda square: square.mean(1, keepdim=True)), "does not show one"),
        (lambda i, r, c, s: i.clone(), "Nothing is hidden"),
        (lambda i, r, c, s: own(i[:, r : r + s, c : c + s]), "is wanted"),
    ],
    "touched": [
        (counted(lambda begin, end, first, last: first <= begin < last), "begin before the square"),
        (counted(lambda begin, end, first, last: first <= begin and end <= last), "wholly in the square"),
        (counted(lambda begin, end, first, last: begin <= last and end >= first), "ends just before"),
        (
            lambda row, size, patch, stride, cells: (
                (row + size - 1) // stride - math.ceil((row - patch + 1) / stride) + 1
            ),
            "are not there",
        ),
        (lambda *given: counted(lambda begin, end, first, last: begin < last and end > first)(*given) ** 2, "both"),
        (lambda row, size, patch, stride, cells: size // stride, "begin before the square|Draw the line"),
        (lambda row, size, patch, stride, cells: cells, "Draw the line"),
    ],
    "where_it_hurts": [
        (lambda p, b, rows, columns: (*place(p, columns), b - p.min().item()), "asked for are pixels"),
        (lambda p, b, rows, columns: (*pixels(p, rows, columns)[::-1], b - p.min().item()), "changed places"),
        (lambda p, b, rows, columns: (*pixels(p, rows, columns, torch.argmax), b - p.max().item()), "hiding helps"),
        (lambda p, b, rows, columns: (*pixels(p, rows, columns), p.min().item() - b), "turned round"),
        (lambda p, b, rows, columns: (*pixels(p, rows, columns), p.min().item()), "what is left there"),
        (lambda p, b, rows, columns: (*pixels(p, rows, columns), (b - p.min().item()) / b), "as a share"),
        (lambda p, b, rows, columns: (*pixels(p, rows, columns), (p.max() - p.min()).item()), "not with the best"),
        (lambda p, b, rows, columns: (rows[3], columns[0], 0.6), "How many columns"),
        (lambda p, b, rows, columns: b - p.min().item(), "Three numbers"),
    ],
}
