"""Of people who judged texts: made of personas, real ones, and groups who want different things."""

from __future__ import annotations

from functools import partial

from bench.papers.pal.claims.contrasts import above
from bench.papers.pal.claims.groups import GROUPS
from bench.papers.pal.claims.people_contrasts import (
    SEEN,
    all_above,
    every,
    fewer,
    larger_gain,
    parity,
    some_above,
)
from bench.papers.pal.claims.people_sides import ABSTRACT, CONTROL, FEW, LINEAR, MARGIN, PARITY, SHARED, UNSEEN_GAIN, at
from bench.papers.pal.claims.personas import PERSONAS
from bench.spec import Claim
from bench.verdict.contrasts import Side, claim

K = 2  # prototypes for real people, of whom no right number is known
FEWER, FEWER_EACH = 10.0, 20.0  # times; the paper has 20 to 156, each against a whole language model or CLIP

_PAL: Side = ("pal_a", {"K": K})
_PERSONAL: tuple[Side, ...] = (
    _PAL,
    ("per_user", {}),
    ("mixture", {}),
    ("clusters", {}),
    ("nearest_users", {}),
    ("low_rank", {}),
    ("sparse_deviations", {}),
    ("user_embedding", {}),
    ("variational", {}),
)
_BY = ("dataset", "new")

REAL: tuple[Claim, ...] = (
    claim(
        "people-gain",
        "people",
        "Of real people, PAL's reward model is more accurate than one for everybody.",
        ABSTRACT,
        partial(all_above, pairs=every((_PAL,), (SHARED, ("pal_a", {"K": 1}))), by=_BY),
        f"the seen accuracy of PAL-A with K = {K} is above that of one linear model for all and above K = 1, on every "
        "data set and for new pairs as for new items, paired by seed",
    ),
    claim(
        "people-larger-gain-unseen",
        "people",
        "Unseen people, adapted to, gain more than seen ones.",
        UNSEEN_GAIN,
        partial(larger_gain, lefts=at((_PAL,), new="pair"), right=("shared", {"new": "pair"}), by=("dataset",)),
        f"the gain of PAL-A with K = {K} over one model for all is larger for unseen people after 20 comparisons than "
        "for seen ones, on every data set, new pairs, paired by seed",
    ),
    claim(
        "people-parity-by-20",
        "people",
        "With 20 comparisons of theirs, unseen people are predicted as well as seen ones.",
        PARITY,
        partial(parity, sides=at((_PAL,), new="pair"), by=("dataset",), margin=MARGIN),
        f"PAL-A's accuracy with K = {K} on unseen people after 20 comparisons is no further than {MARGIN:g} below that "
        "on seen people, on every data set, new pairs, paired by seed",
    ),
    claim(
        "people-fewer-parameters",
        "people",
        "PAL learns far fewer numbers than a model of each person.",
        FEW,
        partial(
            fewer,
            own=_PAL,
            other=("per_user", {}),
            by=_BY,
            parts=("shared_parameters", "personal_parameters"),
            times=FEWER,
        ),
        f"all that PAL-A with K = {K} learns is fewer numbers than a {FEWER:g}th of those of a linear model of each "
        "person, for every crowd",
    ),
    claim(
        "people-fewer-each",
        "people",
        "A further person costs PAL far fewer numbers than a model of their own.",
        FEW,
        partial(fewer, own=_PAL, other=("per_user", {}), by=_BY, parts=("personal_parameters",), times=FEWER_EACH),
        f"the people's own numbers of PAL-A with K = {K} are fewer than a {FEWER_EACH:g}th of those of a linear model "
        "of each person, for every crowd",
    ),
    claim(
        "people-beats-linear",
        "people",
        "Of real people, PAL is more accurate than linear personal models on the same features (a control).",
        CONTROL,
        partial(all_above, pairs=every((_PAL,), LINEAR), by=_BY),
        f"the seen accuracy of PAL-A with K = {K} is above that of a mixture of Bradley-Terry models, of low rank, and "
        "of a model each, on every data set, paired by seed",
    ),
    claim(
        "workers-some-personal-helps",
        "people",
        "Of workers who judge arguments, some personal model is more accurate than one for everybody (a control).",
        CONTROL,
        partial(some_above, lefts=_PERSONAL, right=SHARED, where={"dataset": "ukp_workers"}),
        f"the seen accuracy of one of {len(_PERSONAL)} personal models is above that of one linear model for all, "
        "paired by seed, Bonferroni over the models",
    ),
    claim(
        "raters-some-personal-helps",
        "people",
        "Of raters of jokes, some personal model is more accurate than one for everybody (a control).",
        CONTROL,
        partial(some_above, lefts=_PERSONAL, right=SHARED, where={"dataset": "jester", "new": "pair"}),
        f"the seen accuracy of one of {len(_PERSONAL)} personal models is above that of one linear model for all, new "
        "pairs, paired by seed, Bonferroni over the models",
    ),
    claim(
        "people-beyond-others",
        "people",
        "PAL says what somebody will say better than the majority of the others who judged the same pair (a control).",
        CONTROL,
        partial(
            above,
            metric=SEEN,
            left=("pal_a", {"K": K, "new": "pair"}),
            right=("pal_a", {"K": K, "new": "pair"}),
            right_metric="agreement_others",
            by=("dataset",),
        ),
        f"the seen accuracy of PAL-A with K = {K} is above the rate at which somebody agrees with the majority of the "
        "others on the same test, on every data set, new pairs, paired by seed",
    ),
    claim(
        "workers-only-noise-is-left",
        "people",
        "All that PAL gets wrong of workers who judge arguments is their own noise (a control).",
        CONTROL,
        partial(
            above,
            metric=SEEN,
            left=("pal_a", {"K": K, "dataset": "ukp_workers"}),
            right=("pal_a", {"K": K, "dataset": "ukp_workers"}),
            right_metric="noise_ceiling",
            margin=MARGIN,
        ),
        f"the seen accuracy of PAL-A with K = {K} is no further than {MARGIN:g} below 1 less the noise that circles "
        "show, paired by seed",
    ),
)

PEOPLE: tuple[Claim, ...] = PERSONAS + REAL + GROUPS
