"""The same things before other grounds, to see what a background is worth (context.py measures that).

Patchwork draws its scenery anew, or leaves it out. Of photographs, things on white ground can be cut out by rule and
put on other grounds. Each cut is made once and used on every ground: so it cannot be the reason for a difference.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from bagnet_utils.checks import check_choice, check_images, check_seed, check_whole
from bagnet_utils.errors import BadInput
from bagnet_utils.worlds.patchwork.scenery import SCENERY
from bagnet_utils.worlds.patchwork.scenes import NAMES, Scene, developed, planned
from bagnet_utils.worlds.patchwork.staging import layers_of
from bagnet_utils.worlds.photos import dark_corners
from bagnet_utils.worlds.world import World

GREY = {"patchwork": (0.45, 0.45, 0.40), "photos": (0.48, 0.45, 0.40)}  # what the networks subtract: a mean colour
WHITE, RIM = 0.92, 2  # all colours above it; px of the border
MOSTLY, HARDLY = 0.9, 0.2  # of the border: white ground, and surely another
LEAST, MOST, FRAMED = 0.05, 0.8, 0.85  # an object's share of the picture; of its box: then it is a picture in a frame
BRIDGE = 2  # px: ground does not reach into an object through a gap narrower than twice this
CORNER = 32  # px
SCENIC = (
    "airplanes", "dolphin", "elephant", "flamingo", "hawksbill", "helicopter", "ibis", "kangaroo", "ketch", "llama",
    "lotus",
)  # fmt: skip  # kinds that are photographed before water, sky or land


class Staged(NamedTuple):
    """The same N things before several grounds, each ground in R versions."""

    pictures: dict[str, Tensor]  # by ground: R x N x 3 x H x W
    labels: Tensor  # N
    masks: Tensor  # N x H x W booleans, True on the thing
    hosts: Tensor  # R x N: where the ground called "other" comes from: a class, or a pair of Patchwork
    group: Tensor  # C: each class's number among hosts


# ------------------------------------------------------------ Patchwork: all of it is drawn


def plain(scene: Scene, colour: Sequence[float] = GREY["patchwork"]) -> np.ndarray:
    """The scene's creatures before one plain colour: 3 x 128 x 128. Nothing is cut; they are painted on it."""
    plan = planned(scene.pair, scene.label ^ scene.changes.get("swap", False), scene.seed, **scene.changes)
    through, own = layers_of(plan, plan.down)
    return developed(through * np.array(colour) + own)


def scenery_alone(scene: Scene, background: str | None = None) -> np.ndarray:
    """The scene's scenery (or that of another pair, by its name), and nothing before it: 3 x 128 x 128."""
    name = background or scene.changes.get("background") or scene.pair.name
    name = check_choice("scenery_alone", "background", name, NAMES)
    return developed(SCENERY[name](planned(scene.pair, scene.label, scene.seed).stream("background")))


def stage_scenes(scenes: Sequence[Scene], seed: int = 0) -> Staged:
    """Scenes in their own scenery, in that of another pair drawn at random, on grey, and the scenery alone."""
    random = np.random.default_rng(check_seed("stage_scenes", seed))
    hosts = [random.choice([n for n, name in enumerate(NAMES) if name != scene.pair.name]) for scene in scenes]
    drawn = {
        "own": [scene.image for scene in scenes],
        "other": [scene.redraw(background=NAMES[host]).image for scene, host in zip(scenes, hosts, strict=True)],
        "grey": [plain(scene) for scene in scenes],
        "alone": [scenery_alone(scene) for scene in scenes],
    }
    return Staged(
        {ground: torch.from_numpy(np.array(images))[None] for ground, images in drawn.items()},
        torch.tensor([scene.label for scene in scenes]),
        torch.from_numpy(np.array([scene.object for scene in scenes])),
        torch.tensor(hosts)[None],
        torch.arange(2 * len(NAMES)) // 2,
    )


# ------------------------------------------------------------ photographs: cut out and put on


def white_border(images: Tensor) -> Tensor:
    """How much of each picture's border is white, 0 to 1: N."""
    images = check_images("white_border", images)
    rim = torch.ones(images.shape[2:], dtype=torch.bool)
    rim[RIM:-RIM, RIM:-RIM] = False
    return (images.amin(1) > WHITE)[:, rim].float().mean(1)


def cut_out(images: Tensor) -> Tensor:
    """What stands on white ground: N x H x W, 1 on it, 0 on the ground, a soft edge between.

    The rule: ground is what is white and leads to the border.
    """
    masks, margin = [], BRIDGE + 1
    for white in (check_images("cut_out", images).amin(1) > WHITE).numpy():
        wide = np.pad(white, margin, constant_values=True)
        regions, _ = ndimage.label(ndimage.binary_erosion(wide, iterations=BRIDGE, border_value=1))
        ground = ndimage.binary_dilation(regions == regions[0, 0], iterations=BRIDGE) & wide
        thing = ndimage.binary_opening(~ground, np.ones((3, 3)))[margin:-margin, margin:-margin]
        masks.append(ndimage.gaussian_filter(thing.astype(np.float32), 0.7))
    return torch.from_numpy(np.stack(masks))


def has_ground(images: Tensor) -> Tensor:
    """Whose border is surely no white sheet and no black frame: N booleans."""
    return (white_border(images) < HARDLY) & ~dark_corners(images).any((1, 2))


def grounds_alone(world: World, kinds: Sequence[str] = SCENIC) -> tuple[Tensor, Tensor]:
    """Grounds of these kinds' photographs with nothing on them, and the labels of these: M x 3 x H x W and M."""
    wanted = torch.tensor([kind in kinds for kind in world.classes])[world.labels] & has_ground(world.images)
    return torch.stack([ground_of(image) for image in world.images[wanted]]), world.labels[wanted]


def can_be_used(masks: Tensor) -> Tensor:
    """Which cut-outs are things of a fair size, and no picture in a frame, which fills its box: N booleans."""
    things = masks > 0.5
    area, box = things.sum((1, 2)), things.any(2).sum(1) * things.any(1).sum(1)
    share = area / things.shape[1:].numel()
    return (share > LEAST) & (share < MOST) & (area < FRAMED * box)


def ground_of(image: Tensor, side: int = CORNER) -> Tensor:
    """A ground like this picture's, without what it shows: one corner, mirrored again and again (3 x H x W).

    Of the four corner squares it is the most usual one: its mean colour is nearest to the median of the four.
    """
    height, width = image.shape[1:]
    side = check_whole("ground_of", "side", side, 1, min(height, width), " (pixels)")
    ends = slice(side), slice(-side, None)
    corners = torch.stack([image[:, rows, columns] for rows in ends for columns in ends])
    colours = corners.mean((2, 3))
    tile = corners[int((colours - colours.median(0).values).norm(dim=1).argmin())]
    tile = torch.cat([tile, tile.flip(2)], 2)
    tile = torch.cat([tile, tile.flip(1)], 1)
    return tile.repeat(1, -(-height // (2 * side)), -(-width // (2 * side)))[:, :height, :width]


def put(images: Tensor, masks: Tensor, grounds: Tensor) -> Tensor:
    """What the masks (N x H x W, 0 to 1) cut out of the images, on these grounds: N x 3 x H x W."""
    return images * masks[:, None] + grounds * (1 - masks[:, None])


def stage_photographs(world: World, rounds: int = 4, seed: int = 0) -> Staged:
    """Things on white ground, as they are and cut out: on white, on grey, on grounds of their own kind and of others.

    Own: a ground out of another picture of the kind; white for a kind of which all pictures stand on white. Other: of a
    kind that is photographed before water, sky or land. Whole: the same pictures entire, with what they show.
    """
    rounds, seed = check_whole("stage_photographs", "rounds", rounds, 1, 100), check_seed("stage_photographs", seed)
    scenic = [label for label, kind in enumerate(world.classes) if kind in SCENIC]
    border = white_border(world.images)
    found = (border > MOSTLY).nonzero()[:, 0]
    masks = cut_out(world.images[found]) if len(found) else torch.empty(0, *world.images.shape[2:])
    fit = can_be_used(masks)
    things, labels, masks = world.images[found[fit]], world.labels[found[fit]], masks[fit]
    free = has_ground(world.images)
    pool = {label: ((world.labels == label) & free).nonzero()[:, 0].tolist() for label in range(len(world.classes))}
    scenic = [label for label in scenic if pool[label]]
    if not len(things) or not scenic:
        raise BadInput(
            f"stage_photographs: {len(things)} things on white ground and {len(scenic)} kinds with scenery were found, "
            "but some of both are wanted; give load_world('photos', n=None)."
        )
    random, white = np.random.default_rng(seed), torch.ones_like(things)
    hosts = torch.from_numpy(random.choice(scenic, (rounds, len(things))))
    grounds = {"own": [], "other": [], "whole": []}
    for host in hosts.tolist():
        behind = [world.images[random.choice(pool[label])] for label in host]
        own = [world.images[random.choice(pool[label])] if pool[label] else white[0] for label in labels.tolist()]
        grounds["whole"].append(torch.stack(behind))
        grounds["other"].append(torch.stack([ground_of(image) for image in behind]))
        grounds["own"].append(torch.stack([ground_of(image) for image in own]))
    grey = torch.tensor(GREY["photos"])[:, None, None].expand_as(things)
    once = {"as it is": things, "white": put(things, masks, white), "grey": put(things, masks, grey)}
    pictures = {ground: images[None] for ground, images in once.items()}
    pictures |= {ground: torch.stack([put(things, masks, one) for one in many]) for ground, many in grounds.items()}
    return Staged(pictures, labels, masks > 0.5, hosts, torch.arange(len(world.classes)))
