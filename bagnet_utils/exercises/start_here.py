"""Checks of notebook 00."""

from bagnet_utils.exercises.judging import normal, table

verdict = table(
    "The class that a bag of patches decides for: function(votes N x C) -> number of the class.",
    right=lambda votes: int(votes.mean(0).argmax()),
    draw=lambda random: (3 * normal(random, random.integers(2, 9), random.integers(3, 7)),),
    wrong=[
        (
            lambda votes: int(votes.argmax(1).mode().values),
            "You count each class's first places. But patches do not elect: how much evidence each gives counts too.",
        ),
        (
            lambda votes: int(votes.argmax() % votes.shape[1]),
            "You take the class of the loudest single patch. The others count as well.",
        ),
        (
            lambda votes: int(votes.abs().mean(0).argmax()),
            "Evidence against a class must count against it: keep the signs.",
        ),
        (lambda votes: int(votes.mean(0).argmin()), "That is the class with the least evidence."),
        (lambda votes: votes.mean(0), "These are the logits of the classes. Which class wins?"),
        (lambda votes: votes.mean(1), "You average over the classes; average over the patches, along the first axis."),
        (
            lambda votes: int(votes.mean(1).argmax()),
            "You average over the classes; what comes out is the number of a patch. Average over the patches.",
        ),
        (lambda votes: votes.mean(0).max(), "That is the value of the largest logit. Which class has it?"),
    ],
    praise="Not the loudest patch, not the majority: the mean decides.",
    otherwise="For {0} (patches x classes) your class {answer} is not right. First the mean, then the largest.",
)

noticing = table(
    "How many patches at most can see one pixel: function(patch, stride).",
    right=lambda patch, stride: (-(-patch // stride)) ** 2,
    cases=[(33, 8), (17, 8), (9, 8), (32, 8), (8, 8), (7, 2)],
    draw=lambda random: tuple(int(n) for n in (random.integers(3, 70), random.integers(1, 20))),
    wrong=[
        (
            lambda patch, stride: -(-patch // stride),
            "For patches of {0} px, one every {1}: that is right along one direction. A picture has two.",
        ),
        (
            lambda patch, stride: (patch // stride) ** 2,
            "For patches of {0} px, one every {1}: rounded down. The pixel may lie at the border of one patch more.",
        ),
        (lambda patch, stride: patch // stride, "Rounded down, and along one direction only; a picture has two."),
        (
            lambda patch, stride: round(patch / stride) ** 2,
            "Rounded to the nearest whole number: is that always enough?",
        ),
        (lambda patch, stride: (patch / stride) ** 2, "{answer} is a mean. How many patches is it at most?"),
        (lambda patch, stride: patch**2, "So many pixels lie in a patch. Asked is how many patches hold one pixel."),
        (
            lambda patch, stride: (patch // stride + 1) ** 2,
            "For patches of {0} px, one every {1}: one too many along each direction. Draw the patches and count.",
        ),
    ],
    praise="25, 9 and 4 patches for BagNet-33, -17 and -9. All the others are blind to that pixel.",
    otherwise="For patches of {0} px, one every {1}: {answer} is not right. Begin with one direction: which patches "
    "reach the pixel?",
)
