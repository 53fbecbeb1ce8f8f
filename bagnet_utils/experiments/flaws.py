"""What if pictures have a flaw that tells their class? Photographs of minarets, say, with black corners."""

import numpy as np
import torch.nn.functional as F
from torch import Tensor

from bagnet_utils.experiments.heatmaps import evidence
from bagnet_utils.models.bagnet import BagNet
from bagnet_utils.statistics import Estimate, bootstrap, percent_of


def fill_with_mean(images: Tensor, masks: Tensor, flaws: Tensor | None = None) -> Tensor:
    """The pictures (N x 3 x H x W) with the pixels of their masks (N x H x W) in the mean colour of all others.

    flaws: pixels that have no say in that mean, if they are others than the mask's.
    """
    kept = ~(masks if flaws is None else flaws)[:, None]  # N x 1 x H x W
    colours = (images * kept).sum((2, 3), keepdim=True) / kept.sum((2, 3), keepdim=True)
    return images.where(~masks[:, None], colours)


def evidence_on(
    model: BagNet, images: Tensor, target: int, masks: Tensor, least: float = 0.1
) -> tuple[Estimate, Estimate]:
    """Percent of the positive evidence for a class on patches that the mask covers, and percent of such patches.

    masks: N x H x W booleans. A patch counts if at least this share of it lies on the mask.
    """
    positive = evidence(model, images)[:, target].clamp(min=0)  # N x h x w
    covered = F.avg_pool2d(masks[:, None].float(), model.patch_size, model.stride)[:, 0] >= least
    on, total = (part.sum((1, 2)).numpy() for part in (positive * covered, positive))
    return bootstrap(percent_of, on, total), bootstrap(np.mean, 100 * covered.float().mean((1, 2)).numpy())
