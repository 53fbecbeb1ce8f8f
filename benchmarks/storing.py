"""One file holds all that was measured, docs/results.json. The page docs/claims.md is rendered from it."""

import json
import os

import numpy as np

from bagnet_utils import files
from bagnet_utils.statistics import NoInterval


def read() -> dict:
    """All results: by world, and those of `leaks`, `transfer` and ImageNet."""
    return json.loads(files.RESULTS.read_text(encoding="utf-8")) if files.RESULTS.exists() else {}


def write(part: str, results: dict) -> None:
    """Put results of a world (or of another part) into the file, beside what is known of it."""
    known = read()
    known[part] = rounded({**known.get(part, {}), **results})
    files.RESULTS.parent.mkdir(parents=True, exist_ok=True)
    part = files.RESULTS.with_suffix(f".{os.getpid()}.part")  # whole before it is in its place: others may read it now
    part.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(part, files.RESULTS)


def rounded(results):
    """The same with floats of six digits, null for NaN and infinity, and in words what cannot be judged."""
    if isinstance(results, NoInterval) and np.isnan(results.value):
        return str(results)
    if isinstance(results, dict):
        return {name: rounded(value) for name, value in results.items()}
    if isinstance(results, (list, tuple)):
        return [rounded(value) for value in results]
    if isinstance(results, float):
        return float(f"{results:.6g}") if np.isfinite(results) else None
    return results
