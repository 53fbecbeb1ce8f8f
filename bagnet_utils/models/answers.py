"""What the nets that ship answered to the validation photographs, which do not ship. So errors can be compared offline.

python3 course.py claims --world tiny writes them down anew. Each net's answers carry the SHA-256 of the weights that
gave them: answers of other weights are not taken.
"""

import os

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from bagnet_utils.errors import BadInput
from bagnet_utils.files import WEIGHTS
from bagnet_utils.models.zoo import NETS, manifest

FILE = "tiny-answers.safetensors"


def keep_answers(answers: dict[str, Tensor], labels: Tensor) -> None:
    """Write down the nets' answers (N class numbers each) to the photographs in the order of load_world."""
    rows = manifest()
    part = WEIGHTS / f"{FILE}.part"
    numbers = {name: some.to(torch.uint8) for name, some in {**answers, "labels": labels}.items()}
    save_file(numbers, part, metadata={name: rows[f"tiny/{name}"]["sha256"] for name in answers})
    os.replace(part, WEIGHTS / FILE)


def kept_answers() -> tuple[dict[str, Tensor], Tensor]:
    """For each net its answers to the validation photographs, N class numbers; and the N labels."""
    rows, cure = manifest(), "measure them anew: python3 course.py claims --world tiny"
    try:
        with safe_open(WEIGHTS / FILE, framework="pt") as file:
            found = {name: file.get_tensor(name).long() for name in file.keys()}  # noqa: SIM118
            shas = file.metadata()
    except (OSError, SafetensorError):
        raise BadInput(f"kept_answers: data/weights/{FILE} is missing or damaged; {cure}.") from None
    stale = [name for name, sha in shas.items() if rows.get(f"tiny/{name}", {}).get("sha256") != sha]
    if stale:
        raise BadInput(f"kept_answers: other weights than today's gave the answers of {', '.join(stale)}; {cure}.")
    labels = found.pop("labels")
    return {name: found[name] for name in NETS if name in shas}, labels  # the file keeps no order
