"""Outputs of the published implementation for weights and pictures made by rule, so that no weights are needed.

The rule: for every key of the state dict, with r = default_rng([salt, crc32(key)]), counters are zero; variances and
one-dimensional weights are uniform(.5, 1.5); other one-dimensional tensors are .1 x normal; the rest is normal,
divided by the square root of its fan-in. The picture is default_rng(salt).standard_normal, fed as it is.
"""

import zlib
from dataclasses import dataclass

import numpy as np
import torch

import bagnet_utils as bu


@dataclass
class Case:
    build: str
    salt: int
    side: int
    parameters: int
    first_logits: list[float]
    sum_of_logits: float
    best: int
    heatmap: list[tuple[int, int, float]]  # row, column, logit of class `salt` for the patch centred there


CASES = [
    Case(
        "bagnet9", 7, 64, 15_688_744,
        [1.82152, 1.55125, -1.78459, -1.76129, -1.39018, 2.89858, -1.10117, -1.84705], 167.186, 664,
        [(0, 0, -1.22176), (3, 60, -1.63604), (31, 32, -2.40073), (63, 63, -2.32611)],
    ),
    Case(
        "bagnet17", 11, 96, 16_213_032,
        [3.24594, 1.69616, -0.45906, 1.31724, 4.8483, 5.67922, -0.49165, 0.28353], 73.019, 652,
        [(0, 0, 1.5273), (10, 77, 2.70892), (48, 48, 2.01746), (95, 95, 3.02498)],
    ),
    Case(
        "bagnet33", 13, 224, 18_310_184,
        [3.47568, 3.50153, 2.56115, -3.99937, 1.01812, -0.69541, -9.60398, 2.51088], -84.177, 879,
        [(0, 0, -0.93728), (17, 200, -2.3792), (100, 113, -2.80988), (223, 223, -2.55682)],
    ),
]  # fmt: skip


def weights_by_rule(shapes: dict[str, torch.Size], salt: int) -> dict[str, torch.Tensor]:
    weights = {}
    for key, shape in shapes.items():
        random = np.random.default_rng([salt, zlib.crc32(key.encode())])
        if key.endswith("num_batches_tracked"):
            values = np.zeros(shape, np.int64)
        elif key.endswith("running_var") or (len(shape) == 1 and key.endswith("weight")):
            values = random.uniform(0.5, 1.5, shape)
        elif len(shape) == 1:
            values = 0.1 * random.standard_normal(shape)
        else:
            values = random.standard_normal(shape) * np.sqrt(1 / np.prod(shape[1:]))
        values = np.asarray(values)
        weights[key] = torch.from_numpy(values if values.dtype == np.int64 else values.astype(np.float32))
    return weights


def model_and_image(case: Case) -> tuple[bu.BagNet, torch.Tensor]:
    model = getattr(bu, case.build)()
    model.load_state_dict(weights_by_rule({k: v.shape for k, v in model.state_dict().items()}, case.salt), strict=True)
    image = np.random.default_rng(case.salt).standard_normal((3, case.side, case.side)).astype(np.float32)
    return model.eval(), torch.from_numpy(image)
