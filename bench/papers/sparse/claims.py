"""What the paper says that can be tested at any scale: rates, crossings, orders. Criteria are fixed here."""

from __future__ import annotations

import functools

import pandas as pd

from bench.data import made
from bench.spec import Claim, Effect, Unavailable, Variant
from bench.verdict import effects

RATE_MARGIN = 0.25  # an exponent of 1 to within a quarter: 1/2, the slow rate, is two margins away
CROSSING_MARGIN = 0.1  # in k/d: the crossing of Figure 2a reads 0.50 to 0.55, its dashed line is drawn at 0.5 by hand
BETA_MARGIN = 0.1  # of the exponent -1/2
FEW_LABELS = 400  # where Figure 4's l1 head first passes all of its baseline


def _derived(metric: str, method: str, target: float, margin: float, series: pd.DataFrame) -> Effect | None:
    """A number of `derived.py` is `target` within `margin`; its replicates are jackknife pseudo-values."""
    rows = series[(series["metric"] == metric) & (series["method"] == method)]
    if rows.empty:
        return None
    return effects.equivalence_effect(rows["value"], target=target, margin=margin, unit="log-log slope")


def _crossing(series: pd.DataFrame) -> Effect | None:
    pairs = effects.paired_differences(
        series, metric="squared_sigma_error", on="method", left="l1", right="mle", by=("k", "d")
    )
    if pairs["k"].nunique() < 4:
        return None
    pairs = pairs.assign(**{"k/d": (pairs["k"] / pairs["d"]).astype(float)})
    return effects.crossing_effect(pairs, "k/d", target=0.5, margin=CROSSING_MARGIN)


def _l1_below_mle(series: pd.DataFrame) -> Effect | None:
    pairs = effects.paired_differences(
        series, metric="squared_sigma_error", on="method", left="mle", right="l1", by=("n",)
    )
    return None if pairs.empty else effects.ordering_effect(pairs, ("n",), unit="squared Sigma-error, MLE minus l1")


def _head_gain(series: pd.DataFrame) -> Effect | None:
    pairs = effects.paired_differences(
        _human(series), metric="accuracy", on="method", left="l1", right="mle", by=("dataset", "n")
    )
    return None if pairs.empty else effects.ordering_effect(pairs, ("dataset", "n"), unit="accuracy, l1 minus beta = 0")


def _few_labels(series: pd.DataFrame) -> Effect | None:
    """l1 with 400 labels against beta = 0 with the most labels there are, paired by seed, at every dataset."""
    rows = _human(series)
    rows = rows[rows["metric"] == "accuracy"]
    most = rows.groupby("dataset")["n"].transform("max")
    kept = rows[
        ((rows["method"] == "l1") & (rows["n"] == FEW_LABELS)) | ((rows["method"] == "mle") & (rows["n"] == most))
    ]
    pairs = effects.paired_differences(kept, metric="accuracy", on="method", left="l1", right="mle", by=("dataset",))
    if pairs.empty:
        return None
    return effects.ordering_effect(pairs, ("dataset",), unit="accuracy, l1 at n = 400 minus beta = 0 at the largest n")


def _human(series: pd.DataFrame) -> pd.DataFrame:
    """Without the text that the suite makes itself: a statement about human preferences is not tested on it."""
    human = series[series["dataset"] != made.NAME]
    if human.empty and not series.empty:
        raise Unavailable("only on text that the suite made itself; human preferences need a data directory")
    return human


_BOTH = (Variant.CORRECTED, Variant.AS_RELEASED)

CLAIMS = (
    Claim(
        name="l0-rate",
        statement="The l0 estimate's squared error is of order (k/n) log(d/k).",
        source="abstract and section 3: minimax rate of the k-sparse class, attained by l0",
        experiments=("rates",),
        variants=(Variant.CORRECTED,),
        evaluate=functools.partial(_derived, "log10_rate_slope", "l0", 1.0, RATE_MARGIN),
        criterion=f"log-log slope 1 within {RATE_MARGIN}",
    ),
    Claim(
        name="l1-rate",
        statement="The l1 estimate's squared error is of order (k/n) log(d/k) too.",
        source="abstract: l1 is near-optimal under mild assumptions on the Gram matrix",
        experiments=("rates",),
        variants=(Variant.CORRECTED,),
        evaluate=functools.partial(_derived, "log10_rate_slope", "l1", 1.0, RATE_MARGIN),
        criterion=f"log-log slope 1 within {RATE_MARGIN}",
    ),
    Claim(
        name="mle-rate",
        statement="Without sparsity the error is of order d/n.",
        source="abstract: classical minimax rate",
        experiments=("rates",),
        variants=(Variant.CORRECTED,),
        evaluate=functools.partial(_derived, "log10_rate_slope", "mle", 1.0, RATE_MARGIN),
        criterion=f"log-log slope 1 within {RATE_MARGIN}",
    ),
    Claim(
        name="crossing",
        statement="l1 is better than the MLE up to about k/d = 0.5, and worse beyond.",
        source="Figure 2a, dashed line",
        experiments=("fig2a",),
        variants=_BOTH,
        evaluate=_crossing,
        criterion=f"the error curves cross at k/d = 0.5 within {CROSSING_MARGIN}",
    ),
    Claim(
        name="l1-below-mle",
        statement="For a sparse truth l1 has a smaller error than the MLE at every n.",
        source="Figure 2b",
        experiments=("fig2b",),
        variants=_BOTH,
        evaluate=_l1_below_mle,
        criterion="the paired difference MLE minus l1 is above zero at all seven n",
    ),
    Claim(
        name="best-beta",
        statement="The best beta falls as n^(-1/2).",
        source="Figure 1, line log(beta) = -0.5 log(n) - 0.7",
        experiments=("fig1",),
        variants=_BOTH,
        evaluate=functools.partial(_derived, "log10_best_beta_slope", "l1", -0.5, BETA_MARGIN),
        criterion=f"exponent -0.5 within {BETA_MARGIN}",
    ),
    Claim(
        name="l1-head-gain",
        statement="On frozen text features an l1 head is more accurate than beta = 0 at every n.",
        source="Figure 4",
        experiments=("fig4",),
        variants=_BOTH,
        evaluate=_head_gain,
        criterion="the paired difference in test accuracy is above zero at every dataset and n",
    ),
    Claim(
        name="few-labels",
        statement="An l1 head with 400 labels is at least as accurate as beta = 0 with sixteen times as many.",
        source="Figure 4: 60.3 % at n = 400 against 59.25 % at n = 6,400",
        experiments=("fig4",),
        variants=_BOTH,
        evaluate=_few_labels,
        criterion="the paired difference is above zero at every dataset, with the most labels that it has",
    ),
)
