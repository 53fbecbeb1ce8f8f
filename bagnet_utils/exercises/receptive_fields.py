"""Checks of notebook 02."""

from torch import nn

from bagnet_utils.exercises import stacks
from bagnet_utils.exercises.judging import Wrong, row, table
from bagnet_utils.exercises.stacks import Stack, columns, extent

BAGNET33 = [1, 3, 1, 3, 1, 1, 3, 1, 1, 3, 1, 1, 3, 1], [1, 1, 1, 2, 1, 1, 2, 1, 1, 2, 1, 1, 1, 1]


def window_rule(kernels, strides, grow=lambda kernel, step: (kernel - 1) * step, first=1, late=True) -> int:
    width, step = first, 1
    for kernel, stride in zip(kernels, strides, strict=True):
        step = step if late else step * stride
        width += grow(kernel, step)
        step = step * stride if late else step
    return width


def layers(random) -> tuple[list[int], list[int]]:
    """Kernels (even ones too) and strides of one to six layers."""
    count = random.integers(1, 7)
    return random.integers(1, 8, count).tolist(), random.integers(1, 4, count).tolist()


window = table(
    "Width of the window that one top unit sees: function(kernels, strides).",
    right=window_rule,
    cases=[([3], [1]), ([3, 3, 3], [1, 1, 1]), ([1, 1], [1, 2]), ([3, 3], [2, 1]), ([7, 3, 3], [2, 2, 1]), BAGNET33],
    draw=layers,
    wrong=[
        (
            lambda k, s: window_rule(k, s, lambda kernel, step: kernel * step),
            "A layer with kernel 1 adds nothing, one with kernel 3 a pixel on each side: what is taken off the kernel?",
        ),
        (
            lambda k, s: window_rule(k, s, lambda kernel, step: kernel - 1),
            "You forget the strides: after a stride of 2, one step aside is two pixels wide.",
        ),
        (
            lambda k, s: window_rule(k, s, late=False),
            "A layer's own stride moves the layers above it, not its own window: which of your lines comes first?",
        ),
        (
            lambda k, s: window_rule(k, s, first=0),
            "You are one pixel short: with no layer at all, a unit sees one pixel.",
        ),
        (
            lambda k, s: window_rule(k, s, lambda kernel, step: kernel // 2 * 2 * step),
            "Right for odd kernels. An even one does not reach equally far on both sides: how much does it add?",
        ),
        (
            lambda k, s: window_rule(k[::-1], s[::-1]),
            "You begin at the top layer. The strides that count are those of the layers below.",
        ),
    ],
    praise="The same rule gives 33 for the fourteen layers of BagNet-33 that matter.",
    otherwise="For kernels {0} and strides {1} a poke would find another width than {answer}. Draw it on paper.",
)


def geometry(random) -> tuple[int, int, int]:
    """A side, a patch that fits into it, and a stride."""
    patch = int(random.integers(1, 60))
    return patch + int(random.integers(0, 120)), patch, int(random.integers(1, 14))


grid = table(
    "How many patches lie along one side of the picture: function(side, patch, stride).",
    right=lambda side, patch, stride: (side - patch) // stride + 1,
    cases=[
        (224, 33, 8),
        (224, 17, 8),
        (224, 9, 8),
        (128, 33, 8),
        (33, 33, 8),
        (40, 33, 8),
        (41, 33, 8),
        (64, 9, 1),
        (63, 3, 8),
    ],
    draw=geometry,
    wrong=[
        (
            lambda side, patch, stride: (side - patch) // stride,
            "Everywhere one too few. Count the patches on a picture that is just one patch wide.",
        ),
        (
            lambda side, patch, stride: side // stride,
            "You count steps all over the picture. But the patches that begin last would hang over its border.",
        ),
        (
            lambda side, patch, stride: (side - patch) / stride + 1,
            "For side {0}, patch {1}, stride {2} you give {answer}. A part of a patch is no patch: round which way?",
        ),
        (
            lambda side, patch, stride: -(-(side - patch) // stride) + 1,
            "For side {0}, patch {1}, stride {2} your last patch hangs over the border: round down, not up.",
        ),
        (
            lambda side, patch, stride: round((side - patch) / stride) + 1,
            "For side {0}, patch {1}, stride {2} you round to the nearest number. A part of a patch is no patch.",
        ),
        (
            lambda side, patch, stride: side // patch,
            "You lay the patches side by side like tiles. But they overlap: one begins every `stride` pixels.",
        ),
    ],
    praise="Squared, this is how many patches a BagNet averages: 576 for BagNet-33 at 224 pixels.",
    otherwise="For side {0}, patch {1} and stride {2} your count, {answer}, is not that of the network.",
)


def seen_by(pixel, side, patch, stride, first=0, last=0, past=0) -> list[int]:
    """Patches that see the pixel; the others are off by one at a patch's first or last pixel, or past the border."""
    count = (side - patch) // stride + 1 + past
    return [i for i in range(count) if i * stride + first <= pixel < i * stride + patch + last]


def whole_numbers(answer) -> list[float]:
    if isinstance(answer, (int, float)):
        raise Wrong("One number came, but a list is wanted: several patches may see the same pixel.")
    return sorted(row(answer))


def pixel_and_patches(random) -> tuple[int, int, int, int]:
    side, patch, stride = geometry(random)
    at_a_patch = int(random.integers(0, (side - patch) // stride + 1)) * stride  # its first pixel; below, its last
    return (
        int(random.choice([at_a_patch, at_a_patch + patch - 1, random.integers(0, side), side - 1])),
        side,
        patch,
        stride,
    )


PLACE = "Pixel {0} of {1}, patches of {2} px every {3}: "
who_sees = table(
    "Which patches along one side see a pixel: function(pixel, side, patch, stride) -> list of their numbers.",
    right=seen_by,
    cases=[(112, 224, 33, 8), (0, 224, 33, 8), (223, 224, 33, 8), (120, 224, 9, 8), (8, 224, 9, 8), (33, 224, 33, 8)],
    draw=pixel_and_patches,
    read=whole_numbers,
    wrong=[
        (lambda *case: seen_by(*case, last=1), PLACE + "you list a patch that ends just before this pixel."),
        (lambda *case: seen_by(*case, last=-1), PLACE + "you miss a patch. A patch sees its last pixel too."),
        (lambda *case: seen_by(*case, first=1), PLACE + "you miss a patch. A patch sees its first pixel too."),
        (
            lambda *case: seen_by(*case, past=20),
            PLACE + "one of your patches hangs over the border. How many patches are there?",
        ),
        (
            lambda *case: seen_by(*case, past=-1),
            PLACE + "you miss the last patch of the row. How many patches are there?",
        ),
        (
            lambda pixel, side, patch, stride: [pixel // stride],
            PLACE + "you list the patch that began last. Those which began before it may still reach this pixel.",
        ),
        (
            lambda pixel, side, patch, stride: [i * stride for i in seen_by(pixel, side, patch, stride)],
            PLACE + "these are the pixels where the patches begin. Asked are their numbers.",
        ),
    ],
    praise="The last seven pixels of a 224-pixel picture are seen by no patch at all.",
    otherwise=PLACE + "your list is {answer}. Where does patch number i begin, and where does it end?",
)


def window_of(net: Stack, side: int) -> int:
    layers = [layer for layer in net if isinstance(layer, nn.Conv2d)]
    return window_rule([layer.kernel_size[0] for layer in layers], [layer.stride[0] for layer in layers])


def net_and_side(random) -> tuple[Stack, int]:
    """Two or three layers with ReLUs between them, and the side of a picture that is large enough."""
    net = stacks.with_relus(int(random.choice(stacks.CLOSED)))
    return net, window_of(net, 0) + int(random.integers(0, 20))


IN_NET = "In the net {0} (kernel, stride) you measure {answer} px. "
SHUT = IN_NET + "A gradient is zero where the unit sees nothing, but also behind a closed ReLU: how to tell them apart?"
mended_window = table(
    "Columns from the first to the last that the middle unit sees, by gradient: function(net, side).",
    right=window_of,
    cases=[
        (Stack([3, 3, 3], [1, 1, 1]), 15),
        (Stack([2, 1, 3], [1, 4, 1]), 20),  # sees with gaps
        (Stack([5, 5, 5], [1, 1, 1], gain=0.1), 24),  # sees its rim very weakly
        (Stack([4, 3], [3, 2]), 30),
        (Stack([3, 5], [1, 1], padding=2), 15),  # its corner sees less than its middle
    ],
    draw=net_and_side,
    wrong=[
        (lambda net, side: extent(columns(net, side, pictures=1)), SHUT),
        (
            lambda net, side: len(columns(net, side)),
            IN_NET + "It sees with gaps, and the gaps belong to its window: count from the first column to the last.",
        ),
        (
            lambda net, side: extent(columns(net, side), more=0),
            IN_NET + "One is missing: from column 4 to column 6 there are three.",
        ),
        (
            lambda net, side: extent(columns(net, side, every_unit=True)),
            IN_NET + "That is what all units together see. Asked is the unit in the middle.",
        ),
        (
            lambda net, side: extent(columns(net, side, at=0)),
            IN_NET + "That is what the first unit sees: zeros lie around the picture. Asked is the middle one.",
        ),
        (
            lambda net, side: extent(columns(net, side, least=1e-3)),
            IN_NET + "You leave out what is small. A pixel with a weak effect belongs to the window as well.",
        ),
        (
            lambda net, side: extent(columns(net, side)) ** 2,
            IN_NET + "That is the number of pixels. Asked is the width.",
        ),
    ],
    praise="A gradient of zero proves nothing on one picture. On many, it tells you the window.",
    otherwise=IN_NET + "Which unit, which pictures, from which column to which? A closed ReLU hides columns, too.",
)
