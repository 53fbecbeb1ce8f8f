"""The same scenery, and before it the same creatures at another place, in another size or turned.

Scenery and creatures are taken apart exactly: every brush multiplies what lies under it and adds to it. So a scene is
`through` x scenery + `own`. Painted on black, it is `own`; painted on white, it is `through` + `own`.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from bagnet_utils.checks import check_number
from bagnet_utils.worlds.patchwork.casting import PAINTERS
from bagnet_utils.worlds.patchwork.drawing import SIDE
from bagnet_utils.worlds.patchwork.scenery import SCENERY
from bagnet_utils.worlds.patchwork.scenes import Scene, developed, planned


def staged(scene: Scene, zoom: float = 1.0, turn: float = 0.0) -> np.ndarray:
    """The scene with its creatures `zoom` times as large, turned by `turn` degrees to the left -> 3 x 128 x 128.

    The scenery is drawn as it is. The creatures are resampled about the picture's middle, with all that goes on above
    and below it: nothing need be filled in. To move them no resampling is needed: `scene.redraw(down=8)`.
    """
    zoom = check_number("staged", "zoom", zoom, 0, 4)
    turn = check_number("staged", "turn", turn, -361, 360)
    plan = planned(scene.pair, scene.label ^ scene.changes.get("swap", False), scene.seed, **scene.changes)
    scenery = SCENERY[scene.changes.get("background") or scene.pair.name](plan.stream("background"))
    if zoom == 1 and turn == 0:
        through, own = layers_of(plan, plan.down)
    else:
        tall = [layers_of(plan, plan.down + step) for step in (SIDE, 0, -SIDE)]  # above, the picture, below
        through, own = (np.concatenate(parts) for parts in zip(*tall, strict=True))
        through, own = 1 + resampled(through - 1, zoom, turn), resampled(own, zoom, turn)
    return developed(scenery * through + own)


def layers_of(plan, down: int) -> tuple[np.ndarray, np.ndarray]:
    """What is seen of the scenery, and what the creatures add: 128 x 128 x 3 each."""
    on = [np.full((SIDE, SIDE, 3), shade) for shade in (0.0, 1.0)]
    for canvas in on:
        PAINTERS[plan.pair.name](canvas, plan._replace(down=down))
    return on[1] - on[0], on[0]


def resampled(tall: np.ndarray, zoom: float, turn: float) -> np.ndarray:
    """The middle 128 rows of 384 x 128 x 3, zoomed and turned about their middle; 0 comes in from beside them."""
    angle, fine = np.deg2rad(turn), int(np.ceil(1 / zoom))  # what shrinks is averaged over some samples a pixel
    steps = torch.from_numpy(((np.arange(SIDE * fine) + 0.5) / fine - SIDE / 2) / zoom)
    down, right = torch.meshgrid(steps, steps, indexing="ij")
    x = np.cos(angle) * right - np.sin(angle) * down
    y = np.sin(angle) * right + np.cos(angle) * down
    height, width, _ = tall.shape
    grid = torch.stack([x / (width / 2), y / (height / 2)], 2)[None]
    given = torch.from_numpy(tall).permute(2, 0, 1)[None]
    found: Tensor = F.avg_pool2d(F.grid_sample(given, grid, align_corners=False), fine)
    return found[0].permute(1, 2, 0).numpy()
