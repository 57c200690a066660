"""Made-up records of the studies on images: what they would be if the claims were true."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

SEEDS = range(5)
CLIP, OPT = 6_297_600, 1_575_936
OTHERS: tuple[tuple[str, float | None], ...] = (
    ("cosine", None),
    ("shared", None),
    ("per_user", None),
    ("mixture", 2),
    ("low_rank", 1),
    ("user_embedding", None),
)
FILTERED = (*OTHERS, ("pal_b", 1), ("pal_b", 2), ("pal_b", 3), ("pal_a", 2))


def filters() -> pd.DataFrame:
    """Personal models gain 0.2 beta, others nothing."""
    draw = np.random.default_rng(0)

    def rows() -> Iterator[dict[str, Any]]:
        for method, K in FILTERED:
            homogeneous = method in ("cosine", "shared") or (method, K) == ("pal_b", 1)
            for beta in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
                for seed in SEEDS:
                    value = 0.73 + (0 if homogeneous else 0.2 * beta) + 0.001 * draw.normal()
                    for metric, less in (("seen_accuracy", 0.0), ("unseen_accuracy_20", 0.01)):
                        yield row("pickafilter", method, seed, metric, value - less, K=K, beta=beta, dataset="made")

    return pd.DataFrame(rows())


def picks() -> pd.DataFrame:
    """All models are as good but the cosine."""
    draw = np.random.default_rng(1)

    def rows() -> Iterator[dict[str, Any]]:
        for method, K in (*OTHERS, ("pal_b", 1), ("pal_b", 2)):
            for seed in SEEDS:
                value = 0.74 - 0.1 * (method == "cosine") + 0.001 * draw.normal()
                for metric in ("seen_accuracy", "unseen_accuracy_20"):
                    yield row("pickapic", method, seed, metric, value, K=K, dataset="embedding_world")

    return pd.DataFrame(rows())


def sizes() -> pd.DataFrame:
    """The counts, which no seed changes."""
    counts: tuple[tuple[str, str, int, int], ...] = (
        ("pal_b", "opt-350m", 1, OPT),
        ("pal_b", "opt-350m", 2, OPT * 3 // 2),
        ("pal_a", "opt-350m", 2, OPT // 2 + 1024),
        ("pal_b", "distilbert", 2, 5_315_328),
        ("pal_b", "bge-m3", 2, CLIP * 3 // 2),
        ("pal_b", "1.5b", 2, 21_247_488),
        ("pal_b", "clip-h", 1, CLIP),
        ("pal_b", "clip-h", 2, CLIP * 3 // 2),
    )

    def rows() -> Iterator[dict[str, Any]]:
        for method, backbone, K, count in counts:
            for seed in range(3):
                found = {"learned_parameters": float(count)}
                if backbone == "clip-h":
                    found |= {"encoder_parameters": 986_109_441.0, "times_fewer": 986_109_441 / count}
                for metric, value in found.items():
                    yield row("sizes", method, seed, metric, value, K=K, backbone=backbone)

    return pd.DataFrame(rows())


def row(experiment: str, method: str, seed: int, metric: str, value: float, **condition: Any) -> dict[str, Any]:
    """One row of the tidy series."""
    fixed = {"paper": "pal", "experiment": experiment, "variant": "corrected", "profile": "embedded"}
    return {**fixed, "method": method, "seed": seed, **condition, "metric": metric, "value": value}
