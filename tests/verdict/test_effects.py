"""The tests that claims are made of turn with the truth, and keep their error rates."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bench.verdict import effects
from bench.verdict.statistics import ALPHA

ROUNDS = 300
BOUND = ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / ROUNDS)


def curves(crossing, *, seeds=10, noise=0.004, rng=0, steps=50):
    """Paired differences of two curves that cross at `crossing`, as in Figure 2a: concave, noisy, correlated."""
    rng = np.random.default_rng(rng)
    x = np.linspace(2, 100, steps)
    curve = 0.083 * (1 - np.exp(-x / 20))
    difference = curve - np.interp(crossing, x, curve) + rng.normal(0, noise, (seeds, 1))
    difference = difference + rng.normal(0, noise, (seeds, steps))
    seed = np.repeat(np.arange(seeds), steps)
    return pd.DataFrame({"seed": seed, "k": np.tile(x, seeds), "difference": difference.ravel()})


def differences(means, *, seeds=8, noise=1.0, rng=0):
    rng = np.random.default_rng(rng)
    rows = [(seed, n, mean + rng.normal(0, noise)) for n, mean in enumerate(means) for seed in range(seeds)]
    return pd.DataFrame(rows, columns=["seed", "n", "difference"])


def tidy(rows, columns=("method", "seed", "n", "value")):
    return pd.DataFrame(rows, columns=list(columns)).assign(metric="error")


class TestPairs:
    def test_pairs_within_seed_and_condition_and_leaves_out_what_has_no_partner(self):
        rows = [("l1", 0, 10, 1.0), ("mle", 0, 10, 3.0), ("l1", 1, 10, 2.0), ("mle", 0, 20, 9.0)]
        pairs = effects.paired_differences(tidy(rows), metric="error", on="method", left="mle", right="l1", by=["n"])
        assert pairs.to_dict("records") == [{"seed": 0, "n": 10, "left": 3.0, "right": 1.0, "difference": 2.0}]

    def test_a_condition_that_both_lack_still_pairs(self):
        rows = [("l1", 0, np.nan, 1.0), ("mle", 0, np.nan, 3.0)]
        pairs = effects.paired_differences(tidy(rows), metric="error", on="method", left="mle", right="l1", by=["n"])
        assert pairs["difference"].tolist() == [2.0]

    def test_refuses_several_rows_for_one_seed_and_condition(self):
        rows = [("l1", 0, 10, 1.0), ("l1", 0, 10, 2.0), ("mle", 0, 10, 3.0)]
        with pytest.raises(ValueError, match=r"several rows for one seed and \(n\)"):
            effects.paired_differences(tidy(rows), metric="error", on="method", left="mle", right="l1", by=["n"])


class TestEquivalence:
    def test_the_claim_turns_when_the_value_is_off(self):
        sample = np.random.default_rng(0).normal(0, 0.02, 8)
        right, wrong = (
            effects.equivalence_effect(sample + mean, target=-0.5, margin=0.1, unit="slope") for mean in (-0.5, -0.8)
        )
        assert right.p_for < 0.01 < right.p_against
        assert wrong.p_against < 0.01 < wrong.p_for
        assert right.low < -0.5 < right.high
        assert right.replicates == 8

    def test_two_seeds_rule_nothing(self):
        effect = effects.equivalence_effect([-0.5, -0.5], target=-0.5, margin=0.1, unit="slope")
        assert (effect.p_for, effect.p_against, effect.replicates) == (1.0, 1.0, 2)
        assert math.isinf(effect.high)

    def test_a_value_that_is_not_finite_is_refused(self):
        with pytest.raises(ValueError, match="not finite"):
            effects.equivalence_effect([-0.5, np.nan, -0.5], target=-0.5, margin=0.1, unit="slope")


class TestOrdering:
    def test_holds_when_every_condition_shows_it(self):
        effect = effects.ordering_effect(differences([3, 4, 5]), ["n"], unit="error")
        assert effect.p_for < 0.01
        assert effect.p_against == 1.0
        assert effect.detail.startswith("holds by itself at 3 of 3")

    def test_one_contrary_condition_contradicts_it_and_is_the_one_shown(self):
        effect = effects.ordering_effect(differences([3, -4, 5]), ["n"], unit="error")
        assert effect.p_against < 0.01 < effect.p_for
        assert effect.estimate < 0
        assert "n = 1" in effect.detail

    def test_p_for_is_the_weakest_conditions_t_test(self):
        frame = differences([3, 0.5, 5])
        effect = effects.ordering_effect(frame, ["n"], unit="error")
        weakest = frame[frame["n"] == 1]["difference"]
        assert effect.p_for == pytest.approx(stats.ttest_1samp(weakest, 0, alternative="greater").pvalue)

    def test_without_conditions_it_is_one_t_test(self):
        frame = differences([0.8])
        effect = effects.ordering_effect(frame, [], unit="error")
        assert effect.p_for == pytest.approx(stats.ttest_1samp(frame["difference"], 0, alternative="greater").pvalue)

    @pytest.mark.parametrize("means", [(0, 5, 5), (0, 0, 0)])
    def test_false_claims_are_supported_in_at_most_five_percent(self, means):
        found = [effects.ordering_effect(differences(means, rng=r), ["n"], unit="").p_for for r in range(ROUNDS)]
        assert np.mean(np.array(found) < ALPHA) <= BOUND

    def test_true_claims_are_contradicted_in_at_most_five_percent(self):
        found = [
            effects.ordering_effect(differences([0, 0, 0], rng=r), ["n"], unit="").p_against for r in range(ROUNDS)
        ]
        assert np.mean(np.array(found) < ALPHA) <= BOUND

    def test_a_condition_with_too_few_seeds_rules_nothing(self):
        frame = differences([3, 4]).drop(index=range(2))
        frame = frame[(frame["n"] == 0) | (frame["seed"] < 2)]
        effect = effects.ordering_effect(frame, ["n"], unit="error")
        assert (effect.p_for, effect.p_against, effect.replicates) == (1.0, 1.0, 2)
        assert "n = 1" in effect.detail


class TestCrossing:
    def effect(self, crossing, **options):
        return effects.crossing_effect(curves(crossing, **options), "k", target=50, margin=15)

    def test_finds_the_crossing_and_supports_the_claim(self):
        effect = self.effect(50, seeds=20)
        assert effect.estimate == pytest.approx(50, abs=6)
        assert effect.p_for < ALPHA < effect.p_against
        assert effect.low < 50 < effect.high

    @pytest.mark.parametrize("crossing", [15, 95])
    def test_a_crossing_elsewhere_contradicts_the_claim(self, crossing):
        effect = self.effect(crossing, seeds=20)
        assert effect.p_against < ALPHA < effect.p_for

    def test_curves_that_never_cross_contradict_the_claim_at_an_infinite_place(self):
        frame = curves(50, seeds=20)
        effect = effects.crossing_effect(frame.assign(difference=frame["difference"] - 1), "k", target=50, margin=15)
        assert effect.estimate == math.inf
        assert effect.p_against < 1e-6

    def test_curves_that_cross_the_other_way_are_not_that_crossing(self):
        frame = curves(50, seeds=20)
        effect = effects.crossing_effect(frame.assign(difference=-frame["difference"]), "k", target=50, margin=15)
        assert effect.p_against < ALPHA < effect.p_for

    @pytest.mark.parametrize("seeds", [3, 10])
    @pytest.mark.parametrize("crossing", [35, 65])
    def test_both_errors_stay_at_five_percent_at_either_end_of_the_margin(self, crossing, seeds):
        found = [self.effect(crossing, seeds=seeds, rng=r) for r in range(ROUNDS)]
        assert np.mean([effect.p_for < ALPHA for effect in found]) <= BOUND
        assert np.mean([effect.p_against < ALPHA for effect in found]) <= BOUND

    def test_the_interval_covers_the_crossing(self):
        found = [self.effect(50, seeds=10, rng=r) for r in range(200)]
        assert np.mean([effect.low <= 50 <= effect.high for effect in found]) >= 0.95 - 3 * math.sqrt(0.05 * 0.95 / 200)

    def test_works_on_a_coarse_grid(self):
        effect = self.effect(50, seeds=20, noise=0.001, steps=6)
        assert effect.estimate == pytest.approx(50, abs=6)
        assert effect.p_for < ALPHA

    def test_a_grid_that_ends_within_the_margin_is_refused(self):
        frame = curves(50)
        with pytest.raises(ValueError, match="needs 35 to 65"):
            effects.crossing_effect(frame[frame["k"] < 60], "k", target=50, margin=15)

    def test_two_seeds_rule_nothing(self):
        effect = self.effect(50, seeds=2)
        assert (effect.p_for, effect.p_against) == (1.0, 1.0)
