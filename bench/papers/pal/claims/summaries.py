"""Of workers who prefer longer summaries and those who prefer shorter ones, and of the released code's quirks."""

from __future__ import annotations

from functools import partial

from bench.papers.pal.claims.contrasts import above
from bench.spec import Claim, Scalar, Variant
from bench.verdict.contrasts import claim

Side = tuple[str, dict[str, Scalar]]

SEEN, SOME, TWENTY = "seen_accuracy", "unseen_accuracy_2", "unseen_accuracy_20"
LARGE = 0.1  # the paper's gains are .017 for seen workers and .36 for unseen ones; a tenth is neither's noise
# A parity needs a margin: the paper's own gain for seen workers is .017, so that less than .02 is of little use.
PARITY = 0.02


def _pal(K: int = 2, weighting: str = "cumulative", **more: Scalar) -> Side:
    return ("pal_b", {"size": "tiny", "K": K, "weighting": weighting, **more})


_CONTROL = "not a claim of the paper: a control"

SUMMARIES: tuple[Claim, ...] = (
    claim(
        "tldr-gain",
        "tldr",
        "For seen workers, PAL's reward model is more accurate than one for everybody.",
        "abstract: +1.7 % accuracy for seen users",
        partial(above, metric=SEEN, left=_pal(), right=("shared", {})),
        "the seen accuracy of PAL-B Tiny with K = 2 is above that of one linear model for all, paired by seed",
    ),
    claim(
        "tldr-two-beat-one",
        "tldr",
        "Two mappings of the prompt are better than one, which is a model for everybody.",
        "Table 1 (its cells are not known)",
        partial(above, metric=SEEN, left=_pal(), right=_pal(1)),
        "the seen accuracy of PAL-B Tiny is higher with K = 2 than with K = 1, paired by seed; as released, the two "
        "also have other projectors",
        (Variant.CORRECTED, Variant.AS_RELEASED),
    ),
    claim(
        "tldr-large-gain-unseen",
        "tldr",
        "For unseen workers, PAL with 20 comparisons of each gains much over one model for everybody.",
        "abstract: +36 % accuracy for unseen users",
        partial(above, metric=TWENTY, left=_pal(), right=("shared", {}), margin=-LARGE),
        f"the unseen accuracy of PAL-B Tiny with K = 2 after 20 comparisons is more than {LARGE:g} above that of one "
        "linear model for all, paired by seed",
    ),
    claim(
        "tldr-gain-over-generic-user",
        "tldr",
        "For unseen workers, PAL with 20 comparisons of each gains much over the user embedding of a stranger.",
        "abstract: +36 % accuracy for unseen users over P-DPO, which has one generic user for them",
        partial(
            above,
            metric=TWENTY,
            left=_pal(),
            right=("user_embedding", {}),
            right_metric="unseen_accuracy_0",
            margin=-LARGE,
        ),
        f"the unseen accuracy of PAL-B Tiny with K = 2 after 20 comparisons is more than {LARGE:g} above that of the "
        "user embedding after none, paired by seed",
    ),
    claim(
        "tldr-parity-by-20",
        "tldr",
        "With 20 comparisons of theirs, unseen workers are predicted as well as seen ones.",
        "project page: 20 samples per unseen user",
        partial(above, metric=TWENTY, left=_pal(), right=_pal(), right_metric=SEEN, margin=PARITY),
        f"the accuracy of PAL-B Tiny with K = 2 on unseen workers after 20 comparisons is no further than {PARITY:g} "
        "below that on seen ones, paired by seed",
        (Variant.CORRECTED, Variant.AS_RELEASED),
    ),
    claim(
        "tldr-cumulative-beats-mean",
        "tldr",
        "Weights that grow along the tokens are better than equal ones.",
        f"{_CONTROL}; Table 1 has both rows",
        partial(above, metric=SEEN, left=_pal(), right=_pal(weighting="mean")),
        "the seen accuracy of PAL-B Tiny with K = 2 is higher with cumulative weights than with equal ones, paired by "
        "seed",
    ),
    claim(
        "tldr-cumulative-beats-last",
        "tldr",
        "Weights that grow along the tokens are better than the last token alone.",
        _CONTROL,
        partial(above, metric=SEEN, left=_pal(), right=_pal(weighting="last")),
        "the seen accuracy of PAL-B Tiny with K = 2 is higher with cumulative weights than with the last token's, "
        "paired by seed",
    ),
    claim(
        "tldr-length-is-enough",
        "tldr",
        "The labels are lengths: a model that counts characters and reads no word is better than PAL.",
        f"{_CONTROL} (fact sheet 4.6)",
        partial(above, metric=SEEN, left=("length", {}), right=_pal()),
        "the seen accuracy of a model of each worker on the summaries' lengths is above that of PAL-B Tiny with K = 2, "
        "paired by seed",
    ),
    claim(
        "quirks-epoch-by-test",
        "quirks",
        "Choosing the epoch of the adaptation by the test makes the test's accuracy higher.",
        f"{_CONTROL} (fact sheet 4.11)",
        partial(above, metric=SOME, left=_pal(quirk="epoch by test"), right=_pal(quirk="none")),
        "PAL-B Tiny's accuracy on unseen workers after 2 comparisons is higher so than at the last epoch, paired by "
        "seed",
    ),
    claim(
        "quirks-padding-leaks",
        "quirks",
        "Reading the shorter summary's padding gives its length away.",
        f"{_CONTROL} (fact sheet 4.6)",
        partial(above, metric=SEEN, left=_pal(quirk="padding"), right=_pal(quirk="none")),
        "PAL-B Tiny's seen accuracy is higher with padding in the window than with each summary's own tokens, paired "
        "by seed",
    ),
)
