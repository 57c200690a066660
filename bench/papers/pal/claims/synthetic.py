"""Of people with known ideal points. Criteria and margins are fixed here, with their reasons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

import numpy as np
import pandas as pd

from bench.spec import Claim, Effect
from bench.verdict import effects
from bench.verdict.contrasts import chosen, claim

SEEN, UNSEEN = "seen_accuracy", "unseen_accuracy_"
HARMLESS = 0.02  # the paper counts 1.7 to 2.5 points as a gain (TL;DR, Pick-a-Pic): less than that is no loss
REACHED = 0.95  # (K* - 1) / 200 of one's own numbers and (D^2 + K* D) / 14,000 of all: 1 to 4 % are to be learnt yet
NEAR = 0.05  # of the accuracy with many comparisons: "nearly as good"
FOUND = 0.9  # adjusted Rand index: at most one person in twenty is in a wrong group
FEW = (1, 2, 5, 10, 20)
PARITY = 40
GROWTH = 0.5  # half way between an exponent of 0, no growth, and 1, growth in proportion
_FIGURE = "Figure 5, section 4.2 (as reported by readers of the paper)"
_THEOREMS = "Theorems 1 and 2 (as reported by readers of the paper)"
_CONTROL = "a control, not a claim of the paper"


def _at_truth(series: pd.DataFrame, metric: str, method: str = "pal_a", more: int = 0) -> pd.DataFrame:
    """Seed, k_star, mixed and value where K is K* + `more`."""
    rows = chosen(series, metric, method, {})
    if "K" not in rows or "k_star" not in rows:
        return rows.reindex(columns=["seed", "k_star", "mixed", "value"]).iloc[:0]
    return rows[rows["K"].astype(float) == rows["k_star"] + more][["seed", "k_star", "mixed", "value"]]


def _differences(
    left: pd.DataFrame, right: pd.DataFrame, by: Sequence[str], unit: str, margin: float = 0.0
) -> Effect | None:
    """`left` less `right`, paired by seed and `by`, plus `margin`, positive at every value of `by`."""
    pairs = left.merge(right, on=["seed", *by], suffixes=("", "_other"))
    if pairs.empty:
        return None
    table = pairs.assign(difference=pairs["value"] - pairs["value_other"] + margin)
    return effects.ordering_effect(table, by, unit=unit + (f", plus {margin:g}" if margin else ""))


def _one_more_helps(series: pd.DataFrame) -> Effect | None:
    rows = chosen(series, SEEN, "pal_a", {"mixed": "one each"})
    if rows.empty:
        return None
    rows = rows[rows["K"] <= rows["k_star"]][["seed", "k_star", "K", "value"]]
    return _differences(rows, rows.assign(K=rows["K"] + 1), ("k_star", "K"), "seen accuracy, K less K - 1")


def _too_many_harmless(series: pd.DataFrame) -> Effect | None:
    at = _at_truth(series, SEEN)
    found = [
        _at_truth(series, SEEN, more=more).merge(at, on=["seed", "k_star", "mixed"], suffixes=("", "_other")).assign(
            more=more
        )
        for more in (1, 2)
    ]  # fmt: skip
    table = pd.concat(found, ignore_index=True)
    if table.empty:
        return None
    table = table.assign(difference=table["value"] - table["value_other"] + HARMLESS)
    unit = f"seen accuracy, K* + 1 or 2 less K*, plus {HARMLESS:g}"
    return effects.ordering_effect(table, ["k_star", "mixed", "more"], unit=unit)


def _reaches(series: pd.DataFrame, metric: str, least: float) -> Effect | None:
    rows = _at_truth(series, metric)
    rows = rows[rows["mixed"] == "one each"]
    if rows.empty:
        return None
    table = rows.assign(difference=rows["value"] - least)
    return effects.ordering_effect(table, ["k_star"], unit=f"{metric.replace('_', ' ')} at K*, less {least:g}")


def _as_seen(series: pd.DataFrame) -> Effect | None:
    unseen, seen = _at_truth(series, f"{UNSEEN}{PARITY}"), _at_truth(series, SEEN)
    return _differences(unseen, seen, ("k_star", "mixed"), "accuracy, unseen less seen people", HARMLESS)


def _better_than(series: pd.DataFrame, method: str, metrics: Iterable[str]) -> Effect | None:
    """PAL-A at K* above another model in each of the metrics and populations."""
    sides = []
    for metric in metrics:
        other = chosen(series, metric, method, {})
        if other.empty:
            return None
        pairs = _at_truth(series, metric).merge(
            other[["seed", "k_star", "mixed", "value"]], on=["seed", "k_star", "mixed"], suffixes=("", "_other")
        )
        sides.append(pairs.assign(measured=metric))
    table = pd.concat(sides, ignore_index=True)
    if table.empty:
        return None
    table = table.assign(difference=table["value"] - table["value_other"])
    named = "accuracy on unseen people" if table["measured"].str.startswith(UNSEEN).all() else "seen accuracy"
    return effects.ordering_effect(table, ["k_star", "mixed", "measured"], unit=f"{named}, PAL-A less {method}")


def needed(counts: Sequence[float], accuracies: Sequence[float]) -> float:
    """Comparisons a person at which accuracy comes within `NEAR` of what the most of them give.

    Between two counts by a straight line in their logarithm; at the least where all are that near.
    """
    target = accuracies[-1] - NEAR
    first = int(np.flatnonzero(np.asarray(accuracies) >= target)[0])
    if first == 0:
        return float(counts[0])
    (low, high), (below, above) = np.log(counts[first - 1 : first + 1]), accuracies[first - 1 : first + 1]
    return float(np.exp(low + (high - low) * (target - below) / (above - below)))


def needed_seen(series: pd.DataFrame, method: str = "pal_a") -> pd.DataFrame:
    """Seed, k_star, d and value: `needed` of seen people, from crowds in which each said more and more."""
    return _needed(chosen(series, SEEN, method, {}), "each")


def needed_unseen(series: pd.DataFrame, method: str = "pal_a") -> pd.DataFrame:
    """The same of unseen people, from what was known of them, where seen people said the most."""
    rows = series[(series["method"] == method) & series["metric"].str.startswith(UNSEEN)]
    if rows.empty or "each" not in rows:
        return _needed(rows.iloc[:0], "count")
    rows = rows[rows["each"] == rows["each"].max()]
    rows = rows.assign(count=rows["metric"].str.removeprefix(UNSEEN).astype(int))
    return _needed(rows[rows["count"] > 0], "count")


def _needed(rows: pd.DataFrame, along: str) -> pd.DataFrame:
    found = []
    if len(rows):
        for (seed, k_star, d), curve in rows.groupby(["seed", "k_star", "d"]):
            ordered = curve.sort_values(along)
            value = needed(ordered[along].to_list(), ordered["value"].to_list())
            found.append({"seed": seed, "k_star": k_star, "d": d, "value": value})
    return pd.DataFrame(found, columns=["seed", "k_star", "d", "value"])


def exponents(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Seed and value: the power of `column` with which what is needed grows, where the column varies most.

    The slope of a least-squares line in logarithms.
    """
    other = "d" if column == "k_star" else "k_star"
    if table.empty:
        return table[["seed", "value"]]
    widest = table.groupby(other)[column].nunique().idxmax()
    rows = table[table[other] == widest]
    if rows[column].nunique() < 2:
        return table.iloc[:0][["seed", "value"]]
    found = [
        {"seed": seed, "value": np.polyfit(np.log(own[column].astype(float)), np.log(own["value"]), 1)[0]}
        for seed, own in rows.groupby("seed")
    ]
    return pd.DataFrame(found)


def _grows(series: pd.DataFrame, column: str, seen: bool, sign: int) -> Effect | None:
    """The exponent is above GROWTH (sign +1) or below it (sign -1)."""
    table = exponents((needed_seen if seen else needed_unseen)(series), column)
    if table.empty:
        return None
    named = "K*" if column == "k_star" else "D"
    unit = f"exponent of {named}, less {GROWTH:g}" if sign > 0 else f"{GROWTH:g} less the exponent of {named}"
    return effects.ordering_effect(table.assign(difference=sign * (table["value"] - GROWTH)), [], unit=unit)


_WITHIN = f"comparisons a person until accuracy is within {NEAR:g} of that with 48"

SYNTHETIC: tuple[Claim, ...] = (
    claim(
        "prototypes-help",
        "prototypes",
        "Accuracy rises with K until K reaches K*.",
        _FIGURE,
        _one_more_helps,
        "of people with one prototype each, seen accuracy with K is above that with K - 1 for every K up to K* and "
        "every K* = 2..5, paired by seed",
    ),
    claim(
        "prototypes-reach",
        "prototypes",
        "At K = K* accuracy goes to 100 %.",
        _FIGURE,
        partial(_reaches, metric=SEEN, least=REACHED),
        f"seen accuracy at K* is above {REACHED:g} for every K* = 2..5: with 200 comparisons of each of 70 people, "
        "1 to 4 % are what so many numbers leave to be learnt",
    ),
    claim(
        "prototypes-too-many",
        "prototypes",
        "Over-estimating K does not hurt.",
        _FIGURE,
        _too_many_harmless,
        f"seen accuracy with K* + 1 and K* + 2 is no more than {HARMLESS:g} below that with K*, in every population; "
        "the smallest gain that the paper reports as one is 1.7 points",
    ),
    claim(
        "prototypes-beat-shared",
        "prototypes",
        "PAL is more accurate than one model for everybody.",
        "abstract: heterogeneous preferences",
        partial(_better_than, method="shared", metrics=(SEEN,)),
        "seen accuracy at K* is above that of one linear model of (x, ||x||^2), in every population, paired by seed",
    ),
    claim(
        "prototypes-found",
        "prototypes",
        "The groups of people are found.",
        _CONTROL,
        partial(_reaches, metric="rand_index", least=FOUND),
        f"the adjusted Rand index of largest weights against prototypes is above {FOUND:g} for every K* = 2..5",
    ),
    claim(
        "newcomers-as-seen",
        "newcomers",
        "With about 40 comparisons, PAL is as accurate on unseen people as on seen ones.",
        _FIGURE,
        _as_seen,
        f"at K*, accuracy on unseen people after {PARITY} comparisons is no more than {HARMLESS:g} below seen "
        "accuracy, with one prototype each and with mixtures",
    ),
    claim(
        "newcomers-beat-per-user",
        "newcomers",
        "Of few comparisons, PAL learns more about somebody than a model of their own does.",
        "Theorem 2: what is left to learn grows with K, not with D",
        partial(_better_than, method="per_user", metrics=tuple(f"{UNSEEN}{count}" for count in FEW)),
        f"accuracy on unseen people is above that of one model each at every of {', '.join(map(str, FEW))} "
        "comparisons, with one prototype each and with mixtures, paired by seed",
    ),
    claim(
        "newcomers-beat-mixture",
        "newcomers",
        "PAL is more accurate on unseen people than a mixture of as many Bradley-Terry models.",
        _CONTROL,
        partial(_better_than, method="mixture", metrics=tuple(f"{UNSEEN}{count}" for count in FEW)),
        f"accuracy on unseen people is above the mixture's at every of {', '.join(map(str, FEW))} comparisons, with "
        "one prototype each and with mixtures, paired by seed",
    ),
    *(
        claim(
            f"complexity-{name}-{people}",
            "complexity",
            f"The comparisons that PAL needs of {'each seen person' if seen else 'an unseen person'} {statement}.",
            _THEOREMS,
            partial(_grows, column=column, seen=seen, sign=sign),
            f"{_WITHIN} grow with a power of {symbol} {'above' if sign > 0 else 'below'} {GROWTH:g}, half way between "
            "none and proportion; one exponent a seed",
        )
        for people, seen in (("seen", True), ("unseen", False))
        for name, column, symbol, sign, statement in (
            ("dimension", "d", "D", -1, "do not grow with the dimension D"),
            ("prototypes", "k_star", "K*", 1, "grow in proportion to K*"),
        )
    ),
)
