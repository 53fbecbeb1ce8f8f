"""What a bag of patches answers when some of its patches are silenced: the mean of what is left."""

from typing import NamedTuple

from torch import Tensor


class Left(NamedTuple):
    """The answer of the patches that still count."""

    patches: int  # how many they are
    logits: Tensor | None  # C; None where no patch is left, for nothing has no mean
    probabilities: Tensor | None  # C, their softmax


def silence(evidence: Tensor, silenced: Tensor) -> Left:
    """The mean over the patches that are not silenced.

    evidence: C x h x w logits of one picture's patches. silenced: h x w, True where a patch no longer counts.
    Only the votes go: the pixels stay, and the patches that overlap a silenced one still see them.
    """
    left = evidence[:, ~silenced]  # C x patches left
    if left.shape[1] == 0:
        return Left(0, None, None)
    logits = left.double().mean(1)
    return Left(left.shape[1], logits, logits.softmax(0))
