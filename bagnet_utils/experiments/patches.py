"""Which patches convince a BagNet, which mislead it, and which look alike to it?"""

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from bagnet_utils.checks import check_images, check_seed, check_switch, check_target, check_whole
from bagnet_utils.errors import BadInput
from bagnet_utils.experiments.heatmaps import evidence
from bagnet_utils.models.bagnet import BagNet, check_bagnet


@dataclass(frozen=True)
class Patch:
    """A patch and what the network says of it."""

    pixels: Tensor = field(repr=False)  # 3 x q x q
    evidence: float  # logit of the class that was asked about
    picture: int  # which of the pictures it comes from
    row: int  # px, of its upper left corner
    column: int


def top_patches(
    model: BagNet,
    images: Tensor,
    target: int,
    k: int = 8,
    labels: Tensor | None = None,
    misleading: bool = False,
    rather_than: int | None = None,
) -> list[Patch]:
    """The k patches with the highest evidence for a class, the strongest first, at most one from each picture.

    labels: if given, only pictures of the class are searched, or, for misleading patches, only pictures of others.
    rather_than: another class, whose evidence is then taken off: what tells the two apart?
    """
    check_bagnet("top_patches", model)
    k = check_whole("top_patches", "k", k, 1, 10_000, " (patches)")
    images = check_images("top_patches", images, model)
    target = check_target("top_patches", target, model.fc.out_features)
    if rather_than is not None:
        rather_than = check_target("top_patches", rather_than, model.fc.out_features)
    misleading = check_switch("top_patches", "misleading", misleading)
    chosen = torch.arange(len(images))
    if labels is not None:
        labels = torch.as_tensor(labels).cpu()
        if labels.shape != (len(images),):
            raise BadInput(
                f"top_patches: there are {len(images)} pictures, but {labels.numel()} labels; give one each."
            )
        chosen = chosen[(labels == target) != misleading]
    elif misleading:
        raise BadInput("top_patches: which patches mislead depends on what the pictures show; give their labels.")
    if len(chosen) == 0:
        raise BadInput(
            f"top_patches: none of the pictures is {'not ' * misleading}of class {target}; give some that are."
        )
    best = []
    for numbers in chosen.split(25):
        all_maps = evidence(model, images[numbers])  # n x C x h x w
        maps = all_maps[:, target]  # n x h x w
        if rather_than is not None:
            maps = maps - all_maps[:, rather_than]
        values, places = maps.flatten(1).max(1)
        best += zip(
            values.tolist(),
            numbers.tolist(),
            (places // maps.shape[2]).tolist(),
            (places % maps.shape[2]).tolist(),
            strict=True,
        )
    q, step = model.patch_size, model.stride
    best = sorted(best, key=lambda one: -one[0])[:k]
    return [
        Patch(images[n, :, i * step : i * step + q, j * step : j * step + q].cpu(), value, n, i * step, j * step)
        for value, n, i, j in best
    ]


def pixels_on(patches: list[Patch], masks) -> list[int]:
    """How many pixels of each patch lie on the mask of its picture. masks: N x H x W booleans, one for each picture."""
    counts = []
    for patch in patches:
        height, width = patch.pixels.shape[1:]
        window = slice(patch.row, patch.row + height), slice(patch.column, patch.column + width)
        counts.append(int(masks[patch.picture][window].sum()))
    return counts


@dataclass(frozen=True)
class Prototypes:
    """Heaps of patches that look alike to the network. The patches of all pictures are numbered row by row."""

    centres: np.ndarray = field(repr=False)  # k x D
    heap: np.ndarray = field(repr=False)  # N x h x w: which heap each patch lies in
    nearest: list[list[Patch]] = field(repr=False)  # for each heap the patches nearest to its centre


def prototypes(model: BagNet, images: Tensor, k: int = 12, examples: int = 8, seed: int = 0) -> Prototypes:
    """Cluster the network's patch features by k-means: k prototypes, with the patches that are nearest to each."""
    from sklearn.cluster import MiniBatchKMeans

    check_bagnet("prototypes", model)
    images = check_images("prototypes", images, model)
    with torch.no_grad():
        features = torch.cat([model.features(batch) for batch in images.split(10)])  # N x D x h x w
    n, depth, rows, columns = features.shape
    vectors = features.permute(0, 2, 3, 1).reshape(-1, depth).cpu().numpy()
    k = check_whole("prototypes", "k", k, 1, len(vectors), ": there are no more patches")
    examples = check_whole("prototypes", "examples", examples, 1, 10_000, " (patches)")
    seed = check_seed("prototypes", seed, 2**32 - 1)
    clusters = MiniBatchKMeans(k, n_init=3, random_state=seed, batch_size=4096).fit(vectors)
    heap = clusters.predict(vectors)
    apart = ((vectors - clusters.cluster_centers_[heap]) ** 2).sum(1)
    q, step = model.patch_size, model.stride
    nearest = []
    for number in range(k):
        members = np.flatnonzero(heap == number)
        members = members[np.argsort(apart[members])]
        _, first = np.unique(members // (rows * columns), return_index=True)  # one from each picture
        patches = []
        for member in members[np.sort(first)[:examples]]:
            picture, place = divmod(int(member), rows * columns)
            i, j = (step * number for number in divmod(place, columns))
            pixels = images[picture, :, i : i + q, j : j + q].cpu()
            patches.append(Patch(pixels, -float(apart[member]), picture, i, j))
        nearest.append(patches)
    return Prototypes(clusters.cluster_centers_, heap.reshape(n, rows, columns), nearest)
