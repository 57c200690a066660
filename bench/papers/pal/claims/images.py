"""Of picks of images, where people differ by colour or not at all, and of how much is learnt."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
import pandas as pd

from bench.papers.pal.claims.contrasts import above
from bench.spec import Claim, Effect, Scalar
from bench.verdict import effects
from bench.verdict.contrasts import chosen, claim

SEEN = "seen_accuracy"
MARGIN = 0.02  # of an accuracy, below which two models are of the same use to a reader
ALIKE = 0.01  # the same where two models are to be equally good
FEWER = 156.0
OTHERS: Mapping[str, Mapping[str, Scalar]] = {  # whom PAL meets on Pick-a-Pic: everything that is not PAL
    "cosine": {},
    "shared": {},
    "per_user": {},
    "mixture": {"K": 2},
    "low_rank": {"K": 1},
    "user_embedding": {},
}
HOMOGENEOUS: Mapping[str, Mapping[str, Scalar]] = {"pal_b": {"K": 1}, "shared": {}}
_FIGURE_4 = "Figure 4"


def _above_each(
    series: pd.DataFrame, others: Mapping[str, Mapping[str, Scalar]], K: int, margin: float, where: Mapping[str, Scalar]
) -> Effect | None:
    """PAL-B with K mappings less each of the others, paired by seed, plus `margin`: positive against every one."""
    own = chosen(series, SEEN, "pal_b", {**where, "K": K}).set_index("seed")["value"]
    tables = []
    for method, condition in others.items():
        other = chosen(series, SEEN, method, {**where, **condition}).set_index("seed")["value"]
        difference = (own - other).dropna() + margin
        tables.append(pd.DataFrame({"seed": difference.index, "other": method, "difference": difference.to_numpy()}))
    if any(table.empty for table in tables):
        return None
    named = f"seen accuracy, PAL-B less another{f', plus {margin:g}' if margin else ''}"
    return effects.ordering_effect(pd.concat(tables), ["other"], unit=named)


def gains(series: pd.DataFrame) -> pd.DataFrame:
    """Seed, beta and difference: seen accuracy of PAL-B with K = 2 less that with K = 1."""
    two, one = (chosen(series, SEEN, "pal_b", {"K": K}) for K in (2, 1))
    if "beta" not in series or two.empty or one.empty:
        return pd.DataFrame(columns=["seed", "beta", "difference"])
    pairs = two[["seed", "beta", "value"]].merge(one[["seed", "beta", "value"]], on=["seed", "beta"])
    return pairs.assign(difference=pairs["value_x"] - pairs["value_y"])[["seed", "beta", "difference"]]


def _growth(series: pd.DataFrame) -> Effect | None:
    """The slope of the gain over beta, one a seed."""
    table = gains(series)
    if table["beta"].nunique() < 2:
        return None
    slopes = {
        seed: float(np.polyfit(rows["beta"].astype(float), rows["difference"].astype(float), 1)[0])
        for seed, rows in table.groupby("seed")
    }
    found = pd.DataFrame({"seed": list(slopes), "difference": list(slopes.values())})
    return effects.ordering_effect(found, [], unit="gain in seen accuracy as beta goes from 0 to 1")


def _fewer(series: pd.DataFrame) -> Effect | None:
    rows = chosen(series, "times_fewer", "pal_b", {"backbone": "clip-h", "K": 1})
    if rows.empty:
        return None
    table = rows.assign(difference=rows["value"] - FEWER)
    return effects.ordering_effect(table, [], unit=f"times as many parameters, less {FEWER:g}")


IMAGES: tuple[Claim, ...] = (
    claim(
        "filters-gain",
        "pickafilter",
        "Where two groups want opposite colours, PAL with K = 2 is more accurate than a homogeneous model.",
        _FIGURE_4,
        partial(_above_each, others=HOMOGENEOUS, K=2, margin=0.0, where={"beta": 1.0}),
        "at beta = 1 the seen accuracy of PAL-B with K = 2 is above that with K = 1 and above that of one linear "
        "Bradley-Terry model for all, paired by seed",
    ),
    claim(
        "filters-gain-grows",
        "pickafilter",
        "The gain grows with the share of picks in which the groups differ.",
        _FIGURE_4,
        _growth,
        "the least-squares slope over beta of the seen accuracy of PAL-B with K = 2 less that with K = 1 is positive, "
        "one slope a seed",
    ),
    claim(
        "filters-harmless-without",
        "pickafilter",
        "Where people do not differ, personal models cost nothing.",
        f"{_FIGURE_4}, its left end",
        partial(
            above,
            metric=SEEN,
            left=("pal_b", {"K": 2, "beta": 0.0}),
            right=("pal_b", {"K": 1, "beta": 0.0}),
            margin=MARGIN,
        ),
        f"at beta = 0 the seen accuracy of PAL-B with K = 2 is no further than {MARGIN:g} below that with K = 1, "
        "paired by seed",
    ),
    claim(
        "filters-unseen-by-20",
        "pickafilter",
        "With 20 comparisons of theirs, unseen people are predicted as well as seen ones.",
        "project page: parity with 20 samples per unseen user",
        partial(
            above,
            metric="unseen_accuracy_20",
            left=("pal_b", {"K": 2, "beta": 1.0}),
            right=("pal_b", {"K": 2, "beta": 1.0}),
            right_metric=SEEN,
            margin=MARGIN,
        ),
        f"at beta = 1 PAL-B's accuracy with K = 2 on unseen people after 20 comparisons is no further than {MARGIN:g} "
        "below that on seen people, paired by seed",
    ),
    claim(
        "picks-one-mapping-suffices",
        "pickapic",
        "Even with K = 1, PAL is as good as the best other method (here: a made world, where nobody differs).",
        "abstract, for Pick-a-Pic v2: 2.5 points above the best, and more with K = 1 than the state of the art",
        partial(_above_each, others=OTHERS, K=1, margin=ALIKE, where={}),
        f"the seen accuracy of PAL-B with K = 1 is no further than {ALIKE:g} below that of any other method, paired by "
        "seed",
    ),
    claim(
        "far-fewer-parameters",
        "sizes",
        "PAL learns 156 times fewer parameters than a fine-tuned CLIP-H.",
        "abstract, for Pick-a-Pic v2",
        _fewer,
        f"all parameters of CLIP-H are more than {FEWER:g} times those of f and one mapping g",
    ),
)
