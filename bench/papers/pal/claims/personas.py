"""Of people made of Anthropic's personas."""

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
    at,
)
from bench.spec import Claim, Scalar
from bench.verdict.contrasts import Side, claim

_PURE: dict[str, Scalar] = {"mixed": "one each"}
_PAL: Side = ("pal_a", {**RIGHT, **_PURE})
_BY = ("topic",)


def _pal_a(K: int) -> Side:
    return ("pal_a", {"K": K, **_PURE})


PERSONAS: tuple[Claim, ...] = (
    claim(
        "personas-gain",
        "personas",
        "Of people with four personas, PAL's reward model is more accurate than one for everybody.",
        f"{ABSTRACT}; personas are among its data sets",
        partial(all_above, pairs=every((_PAL,), (("shared", _PURE), _pal_a(1))), by=_BY),
        "the seen accuracy of PAL-A with K = 4 is above that of one linear model for all and above K = 1, for each "
        "subject, paired by seed",
    ),
    claim(
        "personas-larger-gain-unseen",
        "personas",
        "Unseen people, adapted to, gain more than seen ones.",
        UNSEEN_GAIN,
        partial(larger_gain, lefts=(_PAL,), right=("shared", _PURE), by=_BY),
        "the gain of PAL-A with K = 4 over one model for all is larger for unseen people after 20 comparisons than for "
        "seen ones, for each subject, paired by seed",
    ),
    claim(
        "personas-prototypes-help",
        "personas",
        "Every prototype helps until there are as many as personas.",
        PROTOTYPES,
        partial(all_above, pairs=[(_pal_a(K), _pal_a(K - 1)) for K in (2, 3, 4)], by=_BY),
        "seen accuracy of PAL-A rises from K = 1 to 2, 3 and 4, for each subject, paired by seed",
    ),
    claim(
        "personas-more-is-harmless",
        "personas",
        "More prototypes than personas do no harm.",
        PROTOTYPES,
        partial(all_above, pairs=every((_pal_a(5), _pal_a(6)), (_PAL,)), by=_BY, margin=MARGIN),
        f"seen accuracy of PAL-A with K = 5 and 6 is no further than {MARGIN:g} below that with K = 4, for each "
        "subject, paired by seed",
    ),
    claim(
        "personas-parity-by-20",
        "personas",
        "With 20 comparisons of theirs, unseen people are predicted as well as seen ones.",
        PARITY,
        partial(parity, sides=(_PAL,), by=_BY, margin=MARGIN),
        f"PAL-A's accuracy with K = 4 on unseen people after 20 comparisons is no further than {MARGIN:g} below that "
        "on seen people, for each subject, paired by seed",
    ),
    claim(
        "personas-mixtures-gain",
        "personas",
        "The same of people who are mixtures of personas: PAL is more accurate than one model for everybody.",
        ABSTRACT,
        partial(
            all_above,
            pairs=every(
                at((("pal_a", RIGHT),), mixed="mixed 0.3"),
                at((SHARED, ("pal_a", {"K": 1})), mixed="mixed 0.3"),
            ),
        ),
        "the seen accuracy of PAL-A with K = 4 is above that of one linear model for all and above K = 1, paired by "
        "seed",
    ),
    claim(
        "personas-beats-linear",
        "personas",
        "PAL is more accurate than linear personal models on the same features (a control).",
        CONTROL,
        partial(all_above, pairs=every((_PAL,), at(LINEAR, mixed="one each")), by=_BY),
        "the seen accuracy of PAL-A with K = 4 is above that of a mixture of Bradley-Terry models, of low rank, and of "
        "a model each, for each subject, paired by seed",
    ),
)
