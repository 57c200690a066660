"""The rulings: every published number and every claim of a paper, held against the records of one profile."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from bench.errors import nearest
from bench.spec import Claim, Effect, Paper, Profile, Published, Ruling, Scalar, Unavailable, Variant, Verdict
from bench.verdict import statistics

CONDITION_TOLERANCE = 1e-6  # relative; a condition such as beta = n^(-1/2) is printed with some nine digits


def verdicts(
    paper: Paper, series: pd.DataFrame, published: Iterable[Published], profile: Profile, variants: Sequence[Variant]
) -> list[Verdict]:
    """One verdict for every published number and claim in each of `variants` that it is about.

    `series` is tidy (see docs/architecture.md). Numbers come first, in the order of their file, then claims.

    A number is *equivalent* where two one-sided tests at 5 % put our mean within its margin, and *different* where
    the 95 % interval of our mean lies wholly beyond the margin (`statistics.compare`).

    A claim is *supported* where its `p_for`, or *contradicted* where its `p_against`, is below 5 % after Holm's
    adjustment over all claims of the paper in that variant and profile. The two directions are two families: the
    chance of calling any false claim supported is at most 5 %, and so is that of calling any true claim contradicted.
    Claims that were not attempted count in the family with p = 1, so no claim gets an easier ruling because
    another one was not run.
    """
    rows = series[(series["paper"] == paper.name) & (series["profile"] == str(profile))]
    by_variant = {variant: rows[rows["variant"] == str(variant)] for variant in variants}
    cells = dict(list(rows.groupby(["variant", "experiment", "method", "metric"])))
    numbers = [
        _number(
            paper,
            number,
            cells.get((str(variant), number.experiment, number.method, number.metric), rows.iloc[:0]),
            by_variant[variant],
            profile,
            variant,
        )
        for number in published
        for variant in number.variants
        if variant in by_variant
    ]
    claims = [verdict for variant in variants for verdict in _claims(paper, by_variant[variant], variant, profile)]
    return numbers + claims


def _number(
    paper: Paper, number: Published, cell: pd.DataFrame, rows: pd.DataFrame, profile: Profile, variant: Variant
) -> Verdict:
    """The verdict on one published number.

    `rows` is the series of one variant and profile, `cell` those of them that are of the number's experiment, method
    and metric.
    """

    def verdict(ruling: Ruling, reason: str, ours: float | None = None, replicates: int = 0) -> Verdict:
        return Verdict(
            subject=number.id,
            kind="number",
            experiment=number.experiment,
            variant=variant,
            profile=profile,
            ruling=ruling,
            reason=reason,
            published=number.value,
            ours=ours,
            margin=number.margin.value if number.margin else None,
            replicates=replicates,
        )

    if number.value is None or number.margin is None:
        said = "no published value" if number.value is None else "not compared"
        return verdict(Ruling.NOT_ATTEMPTED, f"{said}: {number.note}")
    if profile not in number.profiles:
        scales = " or ".join(number.profiles)
        return verdict(Ruling.NOT_ATTEMPTED, f"{scales}-scale number; this profile is {profile}")
    found = _matching(cell, number.condition)
    if found.empty:
        return verdict(Ruling.NOT_ATTEMPTED, _missing(paper, number, rows, variant, profile))
    values = found["value"].to_numpy(dtype=float)
    if found["seed"].duplicated().any():
        apart = [column for column in _conditions(found) if found[column].nunique() > 1]
        return verdict(Ruling.NOT_ATTEMPTED, f"the records at this condition differ in {', '.join(apart) or 'nothing'}")
    if not np.isfinite(values).all():
        broken = ", ".join(str(seed) for seed in found["seed"][~np.isfinite(values)])
        return verdict(Ruling.INCONCLUSIVE, f"not a finite value at seeds {broken}", replicates=len(values))
    if len(values) < statistics.MINIMUM_REPLICATES:
        return verdict(Ruling.INCONCLUSIVE, _too_few(len(values)), float(values.mean()), len(values))
    return _compared(number, values, verdict(Ruling.INCONCLUSIVE, "", float(values.mean()), len(values)))


def _compared(number: Published, values: statistics.Array, undecided: Verdict) -> Verdict:
    """`undecided` with the outcome of the two tests."""
    assert number.value is not None
    assert number.margin is not None
    margin = number.margin.value
    test = statistics.compare(values, number.value, margin, spread=number.spread, reference_replicates=number.n)
    same, apart = float(test.p_equivalent), float(test.p_different)
    low, high, distance = float(test.low), float(test.high), float(test.mean) - number.value
    if same < statistics.ALPHA:
        ruling, p = Ruling.EQUIVALENT, same
        reason = f"within {margin:.3g} of {number.value:.4g} with 95 % certainty ({len(values)} replicates)"
    elif apart < statistics.ALPHA:
        ruling, p = Ruling.DIFFERENT, apart
        side = "higher" if distance > 0 else "lower"
        reason = f"{side} by {abs(distance):.3g}, and its 95 % interval lies beyond the margin of {margin:.3g}"
    else:
        ruling, p = Ruling.INCONCLUSIVE, min(same, apart)
        reason = f"{len(values)} replicates cannot tell whether it is within {margin:.3g} of {number.value:.4g}"
        if _paper_too_noisy(number):
            reason = f"the paper's own {number.n} replicates do not fix its mean to within the margin of {margin:.3g}"
    return Verdict(
        **{
            **vars(undecided),
            "ruling": ruling,
            "reason": reason,
            "low": low,
            "high": high,
            "p_value": p,
            "detectable": float(test.detectable),
        }
    )


def _paper_too_noisy(number: Published) -> bool:
    """Whether no number of our replicates could show equivalence, so uncertain is the published mean."""
    from scipy import stats

    if number.spread is None or number.n is None or number.n < 2 or number.margin is None:
        return False
    error = number.spread / math.sqrt(number.n)
    return bool(stats.t.ppf(1 - statistics.ALPHA, number.n - 1) * error >= number.margin.value)


def _claims(paper: Paper, rows: pd.DataFrame, variant: Variant, profile: Profile) -> list[Verdict]:
    family = [claim for claim in paper.claims if variant in claim.variants]
    outcomes = [_evaluate(paper, claim, rows, variant, profile) for claim in family]
    effects = [outcome if isinstance(outcome, Effect) else None for outcome in outcomes]
    p_for = statistics.holm([effect.p_for if effect else 1.0 for effect in effects])
    p_against = statistics.holm([effect.p_against if effect else 1.0 for effect in effects])
    return [
        _claim(claim, variant, profile, outcome, supports, contradicts)
        for claim, outcome, supports, contradicts in zip(family, outcomes, p_for, p_against, strict=True)
    ]


def _evaluate(
    paper: Paper, claim: Claim, rows: pd.DataFrame, variant: Variant, profile: Profile
) -> Effect | tuple[Ruling, str]:
    """The claim's effect, or the ruling and reason where there is none."""
    for name in claim.experiments:
        if not (rows["experiment"] == name).any():
            return Ruling.NOT_ATTEMPTED, _no_records(paper, name, variant, profile)
    try:
        effect = claim.evaluate(rows[rows["experiment"].isin(claim.experiments)])
    except Unavailable as why:
        return Ruling.NOT_ATTEMPTED, str(why)
    except ValueError as error:  # a value that is not finite, an error of zero in a logarithm: said, not fatal
        return Ruling.INCONCLUSIVE, f"cannot be computed: {error}"
    if effect is None:
        return Ruling.NOT_ATTEMPTED, f"the records lack what the claim needs ({claim.criterion})"
    return effect


def _claim(
    claim: Claim,
    variant: Variant,
    profile: Profile,
    outcome: Effect | tuple[Ruling, str],
    supports: float,
    contradicts: float,
) -> Verdict:
    subject, experiment = claim.name, claim.experiments[0]
    if isinstance(outcome, tuple):
        return Verdict(subject, "claim", experiment, variant, profile, *outcome)
    if supports < statistics.ALPHA <= contradicts:
        ruling, p = Ruling.SUPPORTED, supports
    elif contradicts < statistics.ALPHA <= supports:
        ruling, p = Ruling.CONTRADICTED, contradicts
    else:
        ruling, p = Ruling.INCONCLUSIVE, min(supports, contradicts)
    reason = outcome.detail or claim.criterion
    if outcome.replicates < statistics.MINIMUM_REPLICATES:
        reason = _too_few(outcome.replicates)
    elif ruling == Ruling.INCONCLUSIVE:
        reason += f"; neither direction is below 5 % after Holm's adjustment (p = {p:.2g})"
    return Verdict(
        subject=subject,
        kind="claim",
        experiment=experiment,
        variant=variant,
        profile=profile,
        ruling=ruling,
        reason=reason,
        ours=_finite(outcome.estimate),
        low=_finite(outcome.low),
        high=_finite(outcome.high),
        p_value=p,
        replicates=outcome.replicates,
        detectable=_finite(outcome.detectable),
    )


def _matching(rows: pd.DataFrame, condition: Mapping[str, Scalar]) -> pd.DataFrame:
    """The rows of a series at `condition`, which may name fewer columns than the records have."""
    keep = np.ones(len(rows), dtype=bool)
    for column, value in condition.items():
        keep &= _equal(rows, column, value)
    return rows[keep]


def _missing(paper: Paper, number: Published, rows: pd.DataFrame, variant: Variant, profile: Profile) -> str:
    """Why no record answers a published number: the first thing that is not there, and the nearest that is."""
    found = rows[rows["experiment"] == number.experiment]
    if found.empty:
        return _no_records(paper, number.experiment, variant, profile)
    for column, value in {"method": number.method, "metric": number.metric, **number.condition}.items():
        kept = found[_equal(found, column, value)]
        if kept.empty:
            return f"no record of {number.experiment} has {column} = {value}{_nearest_in(found, column, value)}"
        found = kept
    raise AssertionError(f"{number.id} has matching records")


def _no_records(paper: Paper, experiment: str, variant: Variant, profile: Profile) -> str:
    known = {known.name: known for known in paper.experiments}.get(experiment)
    if known is None:
        return f"the suite does not run {experiment}"
    if variant not in known.variants:
        return f"{experiment} has no variant {variant}, only {', '.join(known.variants)}"
    if profile not in known.profiles:
        return f"{experiment} does not run at profile {profile}, only at {', '.join(known.profiles)}"
    scale = "" if profile == Profile.EMBEDDED else f" --profile {profile}"
    return f"no records: run `prefbench run {paper.name} --experiment {experiment} --variant {variant}{scale}`"


def _equal(rows: pd.DataFrame, column: str, value: Scalar) -> statistics.Array:
    if column not in rows.columns:
        return np.zeros(len(rows), dtype=bool)
    if isinstance(value, int | float) and not isinstance(value, bool):
        given = pd.to_numeric(rows[column], errors="coerce").to_numpy(dtype=float)
        return np.asarray(np.isclose(given, value, rtol=CONDITION_TOLERANCE, atol=0.0))
    return np.asarray(rows[column].isna() if value is None else rows[column] == value, dtype=bool)


def _nearest_in(rows: pd.DataFrame, column: str, value: Scalar) -> str:
    if column not in rows.columns or rows[column].isna().all():
        return ""
    if isinstance(value, int | float):
        there = pd.to_numeric(rows[column], errors="coerce").dropna()
        return f" (nearest: {there.iloc[(there - value).abs().argmin()]:g})" if len(there) else ""
    guess = nearest(str(value), rows[column].dropna().astype(str).unique())
    return f" (nearest: {guess})" if guess else ""


def _conditions(rows: pd.DataFrame) -> list[str]:
    identity = ("paper", "experiment", "variant", "profile", "method", "seed", "metric", "value")
    return [column for column in rows.columns if column not in identity]


def _too_few(replicates: int) -> str:
    return f"needs at least {statistics.MINIMUM_REPLICATES} replicates, has {replicates}"


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
