"""Of groups who want different things."""

from __future__ import annotations

from functools import partial

from bench.papers.pal.claims.people_contrasts import all_above, every, larger_gain, parity
from bench.papers.pal.claims.people_sides import (
    ABSTRACT,
    CONTROL,
    LINEAR,
    MARGIN,
    PARITY,
    PROTOTYPES,
    RIGHT,
    SHARED,
    UNSEEN_GAIN,
)
from bench.spec import Claim
from bench.verdict.contrasts import Side, claim

_PAL: tuple[Side, ...] = (("pal_a", RIGHT), ("pal_b", RIGHT))
_BY = ("dataset",)

GROUPS: tuple[Claim, ...] = (
    claim(
        "groups-gain",
        "groups",
        "Of groups who want different things, PAL's reward model is more accurate than one for everybody.",
        ABSTRACT,
        partial(all_above, pairs=every(_PAL, (SHARED,)), by=_BY),
        "the seen accuracy of PAL-A and of PAL-B with K = K* is above that of one linear model for all, on both data "
        "sets, paired by seed",
    ),
    claim(
        "groups-larger-gain-unseen",
        "groups",
        "Unseen people, adapted to, gain more than seen ones.",
        UNSEEN_GAIN,
        partial(larger_gain, lefts=_PAL, right=SHARED, by=_BY),
        "the gain of PAL-A and of PAL-B with K = K* over one model for all is larger for unseen people after 20 "
        "comparisons than for seen ones, on both data sets, paired by seed",
    ),
    claim(
        "groups-prototypes-help",
        "groups",
        "As many prototypes as groups are better than one.",
        PROTOTYPES,
        partial(all_above, pairs=[((name, RIGHT), (name, {"K": 1})) for name in ("pal_a", "pal_b")], by=_BY),
        "the seen accuracy of PAL-A and of PAL-B with K = K* is above that with K = 1, on both data sets, paired by "
        "seed",
    ),
    claim(
        "groups-more-is-harmless",
        "groups",
        "One prototype more than groups does no harm.",
        PROTOTYPES,
        partial(
            all_above,
            pairs=[((name, {"beyond": 1}), (name, RIGHT)) for name in ("pal_a", "pal_b")],
            by=_BY,
            margin=MARGIN,
        ),
        f"the seen accuracy of PAL-A and of PAL-B with K = K* + 1 is no further than {MARGIN:g} below that with K = "
        "K*, on both data sets, paired by seed",
    ),
    claim(
        "groups-parity-by-20",
        "groups",
        "With 20 comparisons of theirs, unseen people are predicted as well as seen ones.",
        PARITY,
        partial(parity, sides=_PAL, by=_BY, margin=MARGIN),
        f"the accuracy of PAL-A and of PAL-B with K = K* on unseen people after 20 comparisons is no further than "
        f"{MARGIN:g} below that on seen people, on both data sets, paired by seed",
    ),
    claim(
        "groups-beats-linear",
        "groups",
        "Of groups, PAL is more accurate than linear personal models on the same features (a control).",
        CONTROL,
        partial(all_above, pairs=every(_PAL, LINEAR), by=_BY),
        "the seen accuracy of PAL-A and of PAL-B with K = K* is above that of a mixture of Bradley-Terry models, of "
        "low rank, and of a model each, on both data sets, paired by seed",
    ),
)
