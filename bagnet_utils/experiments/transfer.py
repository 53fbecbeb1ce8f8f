"""What are a network's features worth for kinds of things that it never learnt? (Zeiler & Fergus 2014, section 5)

The network stays as it is. A linear classifier is put on the features of one layer and learns the new kinds: a probe.
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from bagnet_utils.checks import check_choice, check_number, check_seed, check_whole
from bagnet_utils.errors import BadInput
from bagnet_utils.experiments.watching import over_places, watch

PROBES = ("SVM", "softmax")


def pooled_features(model: nn.Module, images: Tensor, layers: Iterable[str]) -> dict[str, Tensor]:
    """What each of these layers puts out, as its mean over all places: layer -> N x D, D the layer's channels."""
    pooled = {layer: [] for layer in layers}

    def look(layer: str, output: Tensor, start: int) -> None:
        pooled[layer].append(over_places(output))

    watch("pooled_features", model, images, list(pooled), look)
    return {layer: torch.cat(parts) for layer, parts in pooled.items()}


def some_of_each(labels: Tensor, each: int, seed: int) -> Tensor:
    """Numbers of `each` pictures of every kind, kind by kind."""
    counts = labels.unique(return_counts=True)[1]
    each = check_whole("some_of_each", "each", each, 1, int(counts.min()), " (the smallest kind has no more)")
    random = torch.Generator().manual_seed(check_seed("some_of_each", seed))
    parts = [(labels == kind).nonzero()[:, 0] for kind in labels.unique()]
    return torch.cat([mine[torch.randperm(len(mine), generator=random)[:each]] for mine in parts])


def fit_probe(kind: str, features: Tensor, labels: Tensor, looseness: float):
    """A linear classifier taught on N x D features, each scaled to mean 0 and standard deviation 1 (scikit-learn).

    kind: "SVM" (one class against all others) or "softmax". looseness: scikit-learn's C; the larger, the closer it
    fits. Its `predict` takes features and gives labels.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import LinearSVC

    check_choice("fit_probe", "probe", kind, PROBES)
    looseness = check_number("fit_probe", "looseness", looseness, 0, 1e9)
    if features.ndim != 2 or labels.shape != features.shape[:1]:
        raise BadInput(
            f"fit_probe: features of shape {tuple(features.shape)} and labels of shape {tuple(labels.shape)} were "
            "given, but N x D features and N labels are wanted."
        )
    linear = (
        LinearSVC(C=looseness, dual=False, tol=1e-3) if kind == "SVM" else LogisticRegression(C=looseness, max_iter=500)
    )
    return make_pipeline(StandardScaler(), linear).fit(features.double().numpy(), labels.numpy())


def percent_right(probe, features: Tensor, labels: Tensor) -> float:
    """How many of 100 pictures a probe classifies correctly, by their features."""
    return 100 * float((probe.predict(features.double().numpy()) == labels.numpy()).mean())
