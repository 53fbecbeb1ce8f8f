"""Checks of notebook 00."""

import torch
from torch import Tensor

from bagnet_utils.exercises.judging import normal, table

verdict = table(
    "The class that a bag of patches decides for: function(votes N x C) -> number of the class.",
    right=lambda votes: int(votes.mean(0).argmax()),
    draw=lambda random: (3 * normal(random, random.integers(1, 20), random.integers(3, 7)),),
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
        (lambda votes: int(votes.mean(0).argmax()) + 1, "One too many: the first class is number 0."),
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
    cases=[(33, 8), (17, 8), (9, 8), (32, 8), (8, 8), (7, 2), (51, 25)],
    draw=lambda random: tuple(int(n) for n in (random.integers(3, 90), random.integers(1, 33))),
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


def step(patch: int, new: float) -> int:
    return round(new * patch)


def moved(heat: Tensor, by: int) -> tuple[Tensor, Tensor]:
    """The evidence of all windows that can move right by so many pixels, before and after."""
    return heat[:, : heat.shape[1] - by], heat[:, by:]


def share(heat: Tensor, by: int, loud: float, keeps=lambda before, after: after >= before / 2) -> float:
    before, after = moved(heat, by)
    return keeps(before, after)[before > loud].float().mean().item()


def around(heat: Tensor, by: int, loud: float) -> float:
    after = heat.roll(-by, 1)
    return (after >= heat / 2)[heat > loud].float().mean().item()


def map_and_step(random) -> tuple[Tensor, int, float, float]:
    """A smooth map, wider than a patch, and a share of a patch that is almost a whole number of pixels.

    Every other map holds whole numbers: some windows have just as much evidence as `loud`, or keep just half.
    """
    patch, by = int(random.integers(9, 40)), int(random.integers(2, 8))
    heat = normal(random, random.integers(9, 24), patch + random.integers(5, 20))
    for axis in (0, 1):
        heat = heat + heat.roll(1, axis) + 0.5 * heat.roll(2, axis)
    heat = float(random.integers(5, 15)) * (heat + 0.5)
    heat = heat.round() if random.random() < 0.5 else heat
    loud = moved(heat, by)[0].quantile(float(random.uniform(0.55, 0.8)), interpolation="lower").item()
    return heat, patch, float((by + random.uniform(-0.3, 0.3)) / patch), loud


MOVED = "Patches of {1} px, {2} of their pixels new: "
share_kept = table(
    "Share of loud windows that keep half of their evidence: function(heat h x w, patch, new, loud).",
    right=lambda heat, patch, new, loud: share(heat, step(patch, new), loud),
    draw=map_and_step,
    wrong=[
        (
            lambda heat, patch, new, loud: around(heat, step(patch, new), loud),
            "A window at the right edge comes in again at the left. Leave out those that cannot move.",
        ),
        (
            lambda heat, patch, new, loud: share(heat, int(new * patch), loud),
            MOVED + "you round down. Take the nearest whole number of pixels.",
        ),
        (
            lambda heat, patch, new, loud: share(heat, step(patch, 1 - new), loud),
            MOVED + "you move by the share that stays, not by the share that is new.",
        ),
        (
            lambda heat, patch, new, loud: share(heat, round(new * heat.shape[1]), loud),
            MOVED + "you take this share of the map. It is meant of the patch.",
        ),
        (
            lambda heat, patch, new, loud: share(heat.T, step(patch, new), loud),
            "You move the windows down. They are to move right, along the last axis.",
        ),
        (
            lambda heat, patch, new, loud: share(heat.flip(1), step(patch, new), loud),
            "You move the windows left: what lies `step` pixels further right is heat[:, step:].",
        ),
        (
            lambda heat, patch, new, loud: share(heat, step(patch, new), -torch.inf),
            "You count all windows. Only loud ones are asked for: those with more evidence than `loud`.",
        ),
        (
            lambda heat, patch, new, loud: share(heat, step(patch, new), loud, lambda before, after: after > loud),
            "You count windows that are still loud. Asked: which still have half of their own evidence?",
        ),
        (
            lambda heat, patch, new, loud: share(heat, step(patch, new), loud, lambda a, b: b > a / 2),
            "You leave out windows that keep just half of their evidence: at least half is asked.",
        ),
        (
            lambda heat, patch, new, loud: share(heat, step(patch, new), loud - 1e-3),
            "You count windows with just as much evidence as `loud`. Loud are those with more.",
        ),
        (
            lambda heat, patch, new, loud: share(heat, step(patch, new), loud, lambda a, b: b.abs() >= a / 2),
            "Evidence that turns against the class is not kept: leave the signs.",
        ),
        (
            lambda heat, patch, new, loud: share(heat, step(patch, new), loud, lambda a, b: (b - a).abs() <= a / 2),
            "A window whose evidence grows has kept it as well, however much it grows.",
        ),
        (
            lambda heat, patch, new, loud: share(heat, step(patch, new), loud, lambda a, b: b < a / 2),
            "That is the share of those that lose it.",
        ),
        (
            lambda heat, patch, new, loud: share(heat, step(patch, new), loud, lambda a, b: b / a),
            "That is a mean of ratios. Count windows: how many of the loud ones keep half?",
        ),
        (
            lambda heat, patch, new, loud: (lambda a, b: ((a > loud) & (b >= a / 2)).float().mean().item())(
                *moved(heat, step(patch, new))
            ),
            "You divide by the number of all windows; divide by the number of loud ones.",
        ),
        (
            lambda heat, patch, new, loud: 100 * share(heat, step(patch, new), loud),
            "That is a percentage. A share lies between 0 and 1.",
        ),
    ],
    praise="Now ask all three networks with new=0.25: are large patches still steadier?",
    otherwise=MOVED + "{answer} is not the share. How far do they move, which are loud, and which of those keep half?",
)
