"""Checks of notebook 02."""

from bagnet_utils.exercises.judging import Wrong, call, exercise, number

STACKS = [([3], [1]), ([3, 3, 3], [1, 1, 1]), ([1, 1], [1, 2]), ([3, 3], [2, 1]), ([7, 3, 3], [2, 2, 1])]
BAGNET33 = [1, 3, 1, 3, 1, 1, 3, 1, 1, 3, 1, 1, 3, 1], [1, 1, 1, 2, 1, 1, 2, 1, 1, 2, 1, 1, 1, 1]


def true_window(kernels, strides) -> int:
    width, step = 1, 1
    for kernel, stride in zip(kernels, strides, strict=True):
        width += (kernel - 1) * step
        step *= stride
    return width


@exercise
def window(function):
    """Width of the window that one top unit sees: function(kernels, strides)."""

    def mistake(grow, first=1, late=True):
        def wrong(kernels, strides):
            width, step = first, 1
            for kernel, stride in zip(kernels, strides, strict=True):
                step = step if late else step * stride
                width += grow(kernel, step)
                step = step * stride if late else step
            return width

        return wrong

    known = [
        (
            mistake(lambda kernel, step: kernel * step),
            "A layer with kernel 1 adds nothing, one with kernel 3 a pixel on each side: what is taken off the kernel?",
        ),
        (
            mistake(lambda kernel, step: kernel - 1),
            "You forget the strides: after a stride of 2, one step aside is two pixels wide.",
        ),
        (
            mistake(lambda kernel, step: (kernel - 1) * step, late=False),
            "A layer's own stride moves the layers above it, not its own window: which of your lines comes first?",
        ),
        (
            mistake(lambda kernel, step: (kernel - 1) * step, first=0),
            "You are one pixel short: with no layer at all, a unit sees one pixel.",
        ),
    ]
    stacks = [*STACKS, BAGNET33]
    answers = [number(call(function, *stack)) for stack in stacks]
    if answers == [true_window(*stack) for stack in stacks]:
        return "The same rule gives 33 for the fourteen layers of BagNet-33 that matter."
    for wrong, sentence in known:
        if answers == [wrong(*stack) for stack in stacks]:
            raise Wrong(sentence)
    kernels, strides = next(s for s, a in zip(stacks, answers, strict=True) if a != true_window(*s))
    raise Wrong(
        f"For kernels {kernels} and strides {strides} a poke would find another width than yours. Draw it on paper."
    )


@exercise
def grid(function):
    """How many patches lie along one side of the picture: function(side, patch, stride)."""
    cases = [(224, 33, 8), (224, 17, 8), (224, 9, 8), (128, 33, 8), (33, 33, 8), (40, 33, 8), (41, 33, 8), (64, 9, 1)]
    answers = [number(call(function, *case)) for case in cases]
    right = [(side - patch) // stride + 1 for side, patch, stride in cases]
    if answers == right:
        return "Squared, this is how many verdicts a BagNet averages: 576 for BagNet-33 at 224 pixels."
    if answers == [n - 1 for n in right]:
        raise Wrong("Everywhere one too few. Count the patches on a picture that is just one patch wide.")
    if answers == [side // stride for side, _, stride in cases]:
        raise Wrong("That many patches begin inside the picture, but the last of them hang over its border.")
    if answers == [(side - patch) / stride + 1 for side, patch, stride in cases]:
        raise Wrong("A part of a patch is no patch: what has to be done with the fraction?")
    if answers == [side // patch for side, patch, _ in cases]:
        raise Wrong(
            "You lay the patches side by side like tiles, but they overlap: each begins `stride` pixels after the last."
        )
    case = next(c for c, a, r in zip(cases, answers, right, strict=True) if a != r)
    raise Wrong(f"For side {case[0]}, patch {case[1]} and stride {case[2]} your count is not that of the network.")


@exercise
def who_sees(function):
    """Which patches along one side see a pixel: function(pixel, side, patch, stride) -> list of their numbers."""

    def truth(pixel, side, patch, stride):
        return [i for i in range((side - patch) // stride + 1) if i * stride <= pixel < i * stride + patch]

    cases = [(112, 224, 33, 8), (0, 224, 33, 8), (223, 224, 33, 8), (120, 224, 9, 8), (8, 224, 9, 8), (33, 224, 33, 8)]
    for case in cases:
        answer = call(function, *case)
        if isinstance(answer, (int, float)):
            raise Wrong("One number came, but a list is wanted: several patches may see the same pixel.")
        try:
            found = sorted(int(i) for i in answer)
        except (TypeError, ValueError, OverflowError):
            raise Wrong(f"A list of whole numbers is wanted, but a {type(answer).__name__} came.") from None
        pixel, side, patch, stride = case
        right = truth(*case)
        where = f"Pixel {pixel} of {side}, patches of {patch} every {stride}: "
        if found == right:
            continue
        if not right:
            raise Wrong(where + "the last patch ends before this pixel, so nobody sees it. You list somebody.")
        if set(found) > set(right) and max(found) * stride + patch > side:
            raise Wrong(where + "one of your patches hangs over the border. How many patches are there?")
        if set(found) > set(right):
            raise Wrong(
                where + "you list a patch that ends before this pixel, or begins after it. Is the last pixel inside?"
            )
        if set(found) < set(right):
            raise Wrong(where + "you miss a patch. A patch sees its first pixel and its last one too.")
        raise Wrong(
            where + "some of these see it and some do not. Where does patch number i begin, and where does it end?"
        )
    return "The last seven pixels of a 224-pixel picture are seen by nobody at all."
