"""The rulings: every margin can fail, every claim can turn, and what cannot be ruled says why."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel
from scipy import stats

from bench.spec import Claim, Effect, Experiment, Margin, Paper, Profile, Published, Ruling, Unavailable, Variant
from bench.verdict import statistics
from bench.verdict.effects import equivalence_effect
from bench.verdict.published import load
from bench.verdict.rule import verdicts

SEEDS = 10
TABLE = load("sparse")
COMPARED = [number for number in TABLE if number.value is not None and number.margin is not None]


def never(*_):
    raise AssertionError("a verdict runs nothing")


def experiment(name, variants=tuple(Variant)):
    return Experiment(
        name=name,
        title=name,
        shows="",
        variants=dict.fromkeys(variants, ""),
        profiles=tuple(Profile),
        config=BaseModel,
        plan=never,
        execute=never,
    )


def paper(*claims, name="sparse", experiments=("fig1", "fig2a", "fig2b", "fig3", "fig4")):
    built = tuple(known if isinstance(known, Experiment) else experiment(known) for known in experiments)
    return Paper(
        name=name,
        title="",
        authors="",
        venue="",
        url="",
        idea="",
        slot="",
        folder=Path(),
        experiments=built,
        claims=claims,
        derive=never,
        methods={},
    )


def series(number, values, *, variant=Variant.CORRECTED, profile=Profile.EMBEDDED, seeds=None, **changes):
    """The tidy series of a task that answers `number` once for each seed."""
    row = {
        "paper": "sparse",
        "experiment": number.experiment,
        "variant": str(variant),
        "profile": str(profile),
        "method": number.method,
        **number.condition,
        "metric": number.metric,
        **changes,
    }
    return pd.DataFrame([{**row, "seed": seed, "value": v} for seed, v in zip(seeds or range(99), values)])  # noqa: B905


def noise(sd, n=SEEDS):
    """n values with mean 0 and exactly this standard deviation."""
    values = np.random.default_rng(0).normal(size=n)
    return sd * (values - values.mean()) / values.std(ddof=1)


def rule(number, values, **options):
    variant, profile = number.variants[0], number.profiles[-1]
    frame = series(number, values, variant=variant, profile=profile, **options)
    return verdicts(paper(), frame, [number], profile, [variant])[0]


def too_noisy(number):
    """Whether the published mean is itself not known to within its margin (then nothing can be equivalent to it)."""
    if number.spread is None:
        return False
    return stats.t.ppf(0.95, number.n - 1) * number.spread / math.sqrt(number.n) > number.margin.value


def number(value=1.0, margin=0.1, **changes):
    fields = {
        "id": "fig2b-mle-n10",
        "experiment": "fig2b",
        "method": "mle",
        "metric": "squared_sigma_error",
        "condition": {"n": 10, "beta": 0.1},
        "value": value,
        "unit": "",
        "where": "",
        "known": "figure",
        "reading_error": 0.0,
        "spread": None,
        "n": None,
        "margin": Margin(margin, "for this test"),
        "profiles": (Profile.EMBEDDED,),
        "variants": (Variant.CORRECTED,),
    }
    return Published(**{**fields, **changes})


class TestEveryMarginOfThePaper:
    @pytest.mark.parametrize("published", COMPARED, ids=lambda number: number.id)
    def test_our_mean_at_the_published_value_is_equivalent(self, published):
        verdict = rule(published, published.value + noise(published.margin.value / 20))
        if too_noisy(published):
            assert verdict.ruling == Ruling.INCONCLUSIVE
            assert "own" in verdict.reason
        else:
            assert verdict.ruling == Ruling.EQUIVALENT, verdict.reason
        assert verdict.margin == published.margin.value

    @pytest.mark.parametrize("side", [-1, 1])
    @pytest.mark.parametrize("published", COMPARED, ids=lambda number: number.id)
    def test_our_mean_well_beyond_the_margin_is_different(self, published, side):
        """By the margin, and 5 standard errors of the published mean (none where it counts as fixed) and of ours."""
        theirs = published.spread / math.sqrt(published.n) if published.spread else 0.0
        away = published.margin.value * 1.1 + 5 * theirs
        verdict = rule(published, published.value + side * away + noise(published.margin.value / 20))
        assert verdict.ruling == Ruling.DIFFERENT, verdict.reason
        assert ("higher" if side > 0 else "lower") in verdict.reason

    def test_only_these_published_means_are_too_uncertain_for_their_margin(self):
        assert [published.id for published in COMPARED if too_noisy(published)] == ["fig4-l1-n400"]


class TestNumbers:
    def only(self, published, frame, profile=Profile.EMBEDDED, **options):
        (verdict,) = verdicts(paper(**options), frame, [published], profile, list(Variant))
        return verdict

    def test_reports_the_evidence(self):
        verdict = self.only(number(), series(number(), 1.02 + noise(0.05)))
        assert (verdict.subject, verdict.kind, verdict.experiment) == ("fig2b-mle-n10", "number", "fig2b")
        assert (verdict.ruling, verdict.replicates, verdict.published) == (Ruling.EQUIVALENT, SEEDS, 1.0)
        assert verdict.ours == pytest.approx(1.02)
        half = stats.t.ppf(0.975, SEEDS - 1) * 0.05 / SEEDS**0.5
        assert (verdict.low, verdict.high) == pytest.approx((1.02 - half, 1.02 + half))
        assert verdict.detectable > 0.1
        assert verdict.p_value < statistics.ALPHA

    def test_wide_spread_is_inconclusive(self):
        verdict = self.only(number(), series(number(), 1.0 + noise(1.0)))
        assert verdict.ruling == Ruling.INCONCLUSIVE
        assert "10 replicates cannot tell" in verdict.reason

    @pytest.mark.parametrize("count", [1, 2])
    def test_too_few_replicates_are_inconclusive_and_still_shown(self, count):
        verdict = self.only(number(), series(number(), [1.0] * count))
        assert (verdict.ruling, verdict.ours, verdict.replicates) == (Ruling.INCONCLUSIVE, 1.0, count)
        assert verdict.reason == f"needs at least 3 replicates, has {count}"

    def test_a_value_that_is_not_finite_is_named_by_its_seed_and_never_dropped(self):
        verdict = self.only(number(), series(number(), [1.0, math.nan, 1.0, 1.0, 1.0]))
        assert verdict.ruling == Ruling.INCONCLUSIVE
        assert verdict.reason == "not a finite value at seeds 1"

    def test_replicates_without_spread_are_ruled_by_their_distance(self):
        assert self.only(number(), series(number(), [1.05] * 3)).ruling == Ruling.EQUIVALENT
        assert self.only(number(), series(number(), [1.15] * 3)).ruling == Ruling.DIFFERENT

    def test_an_unknown_value_is_not_attempted_and_says_why(self):
        published = number(None, margin=None, known="unknown", note="torn off")
        verdict = self.only(published, series(published, [1.0] * 5))
        assert (verdict.ruling, verdict.published) == (Ruling.NOT_ATTEMPTED, None)
        assert verdict.reason == "no published value: torn off"

    def test_a_number_of_the_papers_scale_is_not_attempted_at_a_smaller_one(self):
        verdict = self.only(number(profiles=(Profile.PAPER,)), series(number(), [1.0] * 5))
        assert verdict.ruling == Ruling.NOT_ATTEMPTED
        assert verdict.reason == "paper-scale number; this profile is embedded"

    def test_without_records_the_reason_is_the_command_that_makes_them(self):
        empty = series(number(), [])
        frame = empty.reindex(columns=series(number(), [1.0]).columns)
        command = "prefbench run sparse --experiment fig2b --variant corrected"
        assert self.only(number(), frame).reason == f"no records: run `{command}`"
        published = number(profiles=(Profile.PAPER,))
        assert f"{command} --profile paper" in self.only(published, frame, Profile.PAPER).reason

    def test_an_experiment_without_that_variant_or_at_all_says_so(self):
        other = series(number(), [1.0] * 5, variant=Variant.AS_RELEASED)
        only_released = experiment("fig2b", (Variant.AS_RELEASED,))
        verdict = self.only(number(), other, experiments=(only_released,))
        assert verdict.reason == "fig2b has no variant corrected, only as_released"
        assert self.only(number(), other, experiments=()).reason == "the suite does not run fig2b"

    @pytest.mark.parametrize(
        ("condition", "reason"),
        [
            ({"n": 10, "beta": 0.2}, r"no record of fig2b has beta = 0.2 (nearest: 0.1)"),
            ({"n": 11, "beta": 0.1}, r"no record of fig2b has n = 11 (nearest: 10)"),
            ({"n": 10, "model": "x"}, r"no record of fig2b has model = x"),
        ],
    )
    def test_a_condition_that_was_not_run_is_named_with_the_nearest_that_was(self, condition, reason):
        assert self.only(number(condition=condition), series(number(), [1.0] * 5)).reason == reason

    def test_conditions_match_to_a_millionth_and_may_name_fewer_columns_than_the_records(self):
        frame = series(number(), [1.0] * 5, beta=0.1 * (1 + 5e-7), sigma=0.1)
        assert self.only(number(), frame).ruling == Ruling.EQUIVALENT
        assert self.only(number(), series(number(), [1.0] * 5, beta=0.1001)).ruling == Ruling.NOT_ATTEMPTED

    def test_records_that_differ_in_a_condition_the_number_does_not_name_are_not_mixed(self):
        frame = pd.concat([series(number(), [1.0] * 5, k=k) for k in (5, 10)])
        verdict = self.only(number(), frame)
        assert verdict.ruling == Ruling.NOT_ATTEMPTED
        assert verdict.reason == "the records at this condition differ in k"

    def test_other_papers_profiles_and_variants_do_not_leak_in(self):
        frames = [
            series(number(), [9.0] * 5, paper="other"),
            series(number(), [9.0] * 5, profile=Profile.SMALL),
            series(number(), [9.0] * 5, variant=Variant.AS_RELEASED),
            series(number(), [1.0] * 5),
        ]
        assert self.only(number(), pd.concat(frames)).ours == 1.0

    def test_only_the_variants_asked_for_get_verdicts(self):
        published = number(variants=(Variant.AS_RELEASED, Variant.CORRECTED))
        frame = series(published, [1.0] * 5)
        found = verdicts(paper(), frame, [published], Profile.EMBEDDED, [Variant.CORRECTED])
        assert [verdict.variant for verdict in found] == [Variant.CORRECTED]


def claim(name, evaluate, variants=(Variant.CORRECTED,)):
    return Claim(name, f"statement of {name}", "here", ("fig2b",), variants, evaluate, f"criterion of {name}")


def mean_is_one(frame):
    return equivalence_effect(frame["value"], target=1.0, margin=0.1, unit="")


def with_p(p_for, p_against):
    return lambda frame: Effect(0.0, -1.0, 1.0, "", p_for, p_against, 5, 1.0)


class TestClaims:
    def rulings(self, *claims, frame=None, variant=Variant.CORRECTED):
        frame = series(number(), [1.0] * 5) if frame is None else frame
        return {v.subject: v for v in verdicts(paper(*claims), frame, [], Profile.EMBEDDED, [variant])}

    @pytest.mark.parametrize(
        ("truth", "ruling"), [(1.0, Ruling.SUPPORTED), (1.5, Ruling.CONTRADICTED), (1.1, Ruling.INCONCLUSIVE)]
    )
    def test_a_claim_turns_with_the_records(self, truth, ruling):
        verdict = self.rulings(claim("c", mean_is_one), frame=series(number(), truth + noise(0.02)))["c"]
        assert (verdict.kind, verdict.ruling, verdict.replicates) == ("claim", ruling, SEEDS)
        assert verdict.ours == pytest.approx(truth)
        assert verdict.detectable > 0.1

    def test_holm_adjusts_over_the_claims_of_the_paper(self):
        claims = [claim(f"c{i}", with_p(p, 1.0)) for i, p in enumerate((0.01, 0.03, 0.04))]
        found = self.rulings(*claims)
        assert [found[f"c{i}"].p_value for i in range(3)] == pytest.approx([0.03, 0.06, 0.06])
        assert [found[f"c{i}"].ruling for i in range(3)] == [Ruling.SUPPORTED, *[Ruling.INCONCLUSIVE] * 2]
        assert "after Holm's adjustment (p = 0.06)" in found["c1"].reason

    def test_a_claim_that_was_not_attempted_still_counts_in_the_family(self):
        alone = self.rulings(claim("a", with_p(0.03, 1.0)))["a"]
        beside = self.rulings(claim("a", with_p(0.03, 1.0)), claim("b", lambda frame: None))
        assert alone.ruling == Ruling.SUPPORTED
        assert beside["a"].ruling == Ruling.INCONCLUSIVE
        assert beside["b"].ruling == Ruling.NOT_ATTEMPTED
        assert "criterion of b" in beside["b"].reason

    @pytest.mark.parametrize(("direction", "wrong"), [("for", Ruling.SUPPORTED), ("against", Ruling.CONTRADICTED)])
    def test_the_chance_of_any_wrong_ruling_is_at_most_five_percent(self, direction, wrong, monkeypatch):
        monkeypatch.setattr("gc.collect", lambda: 0)  # statsmodels calls it every time, at 30 ms
        rng, rounds, errors = np.random.default_rng(0), 400, 0
        frame = series(number(), [1.0] * 5)
        for _ in range(rounds):
            draws = rng.random(5)
            claims = [
                claim(f"c{i}", with_p(p, 1.0) if direction == "for" else with_p(1.0, p)) for i, p in enumerate(draws)
            ]
            errors += any(verdict.ruling == wrong for verdict in self.rulings(*claims, frame=frame).values())
        assert errors / rounds <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / rounds)
        assert errors > 0

    def test_without_records_the_reason_is_the_command(self):
        verdict = self.rulings(claim("c", mean_is_one), frame=series(number(), [1.0], experiment="fig1"))["c"]
        assert verdict.ruling == Ruling.NOT_ATTEMPTED
        assert verdict.reason.startswith("no records: run `prefbench run sparse --experiment fig2b")

    def test_a_claim_that_cannot_be_computed_says_why_and_spoils_no_other(self):
        frame = series(number(), [1.0, math.nan, 1.0, 1.0])
        found = self.rulings(claim("broken", mean_is_one), claim("whole", with_p(0.001, 1.0)), frame=frame)
        assert found["broken"].ruling == Ruling.INCONCLUSIVE
        assert "1 of 4 replicates are not finite" in found["broken"].reason
        assert found["whole"].ruling == Ruling.SUPPORTED

    def test_a_claim_that_its_records_cannot_speak_to_says_why(self):
        def unfit(series):
            raise Unavailable("needs human preferences")

        verdict = self.rulings(claim("c", unfit), frame=series(number(), [1.0] * 5))["c"]
        assert (verdict.ruling, verdict.reason) == (Ruling.NOT_ATTEMPTED, "needs human preferences")

    def test_two_seeds_are_too_few_and_infinities_are_left_empty(self):
        verdict = self.rulings(claim("c", mean_is_one), frame=series(number(), [1.0, 1.0]))["c"]
        assert (verdict.ruling, verdict.reason) == (Ruling.INCONCLUSIVE, "needs at least 3 replicates, has 2")
        assert (verdict.low, verdict.high, verdict.detectable) == (None, None, None)

    def test_claims_are_evaluated_within_one_variant_on_their_own_experiments(self):
        seen = []
        both = (Variant.AS_RELEASED, Variant.CORRECTED)
        frames = [series(number(), [1.0] * 5, variant=v, experiment=e) for v in both for e in ("fig2b", "fig1")]

        def look(frame):
            seen.append((set(frame["variant"]), set(frame["experiment"])))
            return mean_is_one(frame)

        found = verdicts(paper(claim("c", look, both)), pd.concat(frames), [], Profile.EMBEDDED, both)
        assert seen == [({"as_released"}, {"fig2b"}), ({"corrected"}, {"fig2b"})]
        assert [verdict.variant for verdict in found] == list(both)
