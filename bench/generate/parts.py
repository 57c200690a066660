"""Sampling in parts that are kept, so that a kill loses one part of hours of work."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from bench.files import replace
from bench.learn.policy.completions import Ids


def in_parts(
    prompts: Sequence[Ids], sample: Callable[[Sequence[Ids]], list[list[Ids]]], folder: Path, size: int
) -> list[list[Ids]]:
    """`sample` of all prompts, `size` of them at a time, in their order; `folder` is this call's own.

    Prompts of similar length share a part, since a batch holds prompts of one length.
    """
    order = sorted(range(len(prompts)), key=lambda place: (len(prompts[place]), place))
    found: dict[int, list[Ids]] = {}
    for start in range(0, len(order), size):
        part = order[start : start + size]
        path = folder / f"{start}.json"
        try:
            rows = json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            rows = [[ids.tolist() for ids in each] for each in sample([prompts[place] for place in part])]
            path.parent.mkdir(parents=True, exist_ok=True)
            replace(path, json.dumps(rows).encode())
        found |= {
            place: [np.array(ids, dtype=np.int32) for ids in each] for place, each in zip(part, rows, strict=True)
        }
    return [found[place] for place in range(len(prompts))]
