"""Evidence as text, so that it can travel to a page."""

import base64

from torch import Tensor


def pack(q: int, stride: int, maps: Tensor) -> dict:
    """One model's C x h x w evidence as text: float32, little end first, in base64."""
    text = base64.b64encode(maps.numpy().astype("<f4").tobytes()).decode()
    return {"q": q, "stride": stride, "rows": maps.shape[1], "columns": maps.shape[2], "evidence": text}
