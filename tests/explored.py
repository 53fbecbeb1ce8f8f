"""What tests of the explorer share."""

import base64

import numpy as np
import torch

from bagnet_utils.models.zoo import build

SIZES = (9, 17, 33)


def net(q: int):
    """A random-weight BagNet whose evidence is large enough to be told apart at two decimals."""
    model = build(f"bagnet{q}", "patchwork", seed=q).eval()
    model.fc.weight.data *= 30
    return model


def unpacked(explorer, q: int) -> torch.Tensor:
    (bag,) = (bag for bag in explorer.packed["bags"] if bag["q"] == q)
    values = np.frombuffer(base64.b64decode(bag["evidence"]), "<f4").reshape(-1, bag["rows"], bag["columns"])
    return torch.from_numpy(values.copy())
