"""Whether the statistics of a comparison hold what they say, by simulation: coverage, family-wise error, power.

    python benchmarks/comparison_statistics.py means|proportions|profiles|labels|splits|tournaments [--seeds 5 10 20]

The tests hold the same at smaller sizes; the choices of method in bench/compare/intervals.py rest on these tables.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from bench.compare.blocks import Blocks
from bench.compare.intervals import means, paired_differences, paired_tests, proportion
from bench.compare.profiles import THRESHOLDS, profiles
from bench.compare.ranks import ranks
from bench.evaluate.label_efficiency import label_ratio
from bench.verdict.statistics import holm

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "compare"))
from simulated import HELD_OUT, OVERLAP, ROWS, equals, splits

TASKS = ("world", "crowd", "text")


def main() -> None:
    sections: dict[str, Callable[[int], str]] = {
        "means": _means,
        "proportions": _proportions,
        "profiles": _profiles,
        "labels": _labels,
        "splits": _splits,
        "tournaments": _tournaments,
    }
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("section", choices=sections)
    parser.add_argument("--seeds", type=int, nargs="+", default=[5, 10, 20])
    options = parser.parse_args()
    for seeds in options.seeds:
        print(f"{seeds} seeds: {sections[options.section](seeds)}", flush=True)


def _means(seeds: int) -> str:
    """Coverage of t, and of the percentile and the bias-corrected bootstrap, in percent."""
    rng = np.random.default_rng([1, seeds])
    ease = rng.beta(1.2, 0.8, (20_000, seeds, 20))
    draws = {
        "normal": (rng.normal(size=(100_000, seeds)), 0.0),
        "Gamma(4), skewness 1": (rng.gamma(4, size=(100_000, seeds)), 4.0),
        "Beta(36, 4), -0.8": (rng.beta(36, 4, (100_000, seeds)), 0.9),
        "Beta(18, 2), -1.1": (rng.beta(18, 2, (100_000, seeds)), 0.9),
        "exponential, 2": (rng.exponential(size=(100_000, seeds)), 1.0),
        "clustered wins": (rng.binomial(5, ease).mean(axis=2) / 5, 0.6),
    }
    lines = []
    for name, (values, truth) in draws.items():
        found = means(values)
        t = np.mean((found.low <= truth) & (truth <= found.high))
        bootstraps = []
        for method in ("percentile", "BCa"):
            few = stats.bootstrap((values[:2000],), np.mean, axis=1, n_resamples=999, method=method, rng=rng, batch=50)
            bootstraps.append(np.mean((few.confidence_interval.low <= truth) & (truth <= few.confidence_interval.high)))
        lines.append(f"{name}: t {t:.1%}, percentile {bootstraps[0]:.1%}, BCa {bootstraps[1]:.1%}")
    return "\n  ".join(["", *lines])


def _proportions(seeds: int) -> str:
    """The least coverage over all probabilities, exactly, and the mean over them."""
    truths = np.linspace(0.005, 0.995, 199)
    hits = np.arange(seeds + 1)
    chances = stats.binom.pmf(hits[:, None], seeds, truths)
    ours = proportion(hits / seeds, seeds)
    intervals = {"Clopper-Pearson": (ours.low, ours.high)}
    for name, method in {"Wilson": "wilson", "Jeffreys": "jeffreys"}.items():
        intervals[name] = proportion_confint(hits, seeds, method=method)
    intervals["percentile"] = tuple(stats.binom.ppf(tail, seeds, hits / seeds) / seeds for tail in (0.025, 0.975))
    lines = []
    for name, (low, high) in intervals.items():
        covered = (chances * ((low[:, None] <= truths) & (truths <= high[:, None]))).sum(axis=0)
        lines.append(f"{name}: least {covered.min():.1%}, mean {covered.mean():.1%}")
    return "; ".join(lines)


def _profiles(seeds: int) -> str:
    """Coverage of bands by the truth at the unit that was seen, at three thresholds, for luck of its own and shared."""
    levels = np.array([[0.80, 0.70, 0.90], [0.77, 0.72, 0.86]])
    lines = []
    for shared in (0.0, 0.025):
        rng = np.random.default_rng([3, seeds])
        own = np.sqrt(0.03**2 - shared**2)
        hits: dict[str, dict[float, list[bool]]] = {"exact": {}, "stratified bootstrap": {}}
        for _ in range(2000):
            values = [
                levels[:, [t]] + shared * rng.normal(size=seeds) + own * rng.normal(size=(2, seeds)) for t in range(3)
            ]
            tasks = [Blocks(name, one) for name, one in zip(TASKS, values, strict=True)]
            found, _ = profiles(tasks, dict.fromkeys(TASKS, 0.5), ("a", "b"))
            assert found is not None
            unit = np.array([one.mean(axis=1).max() for one in values]) - 0.5
            for level in (0.7, 0.9, 1.0):
                truth = np.mean(stats.norm.sf(0.5 + level * unit, levels[1], 0.03))
                above = np.array([one[1] > 0.5 + level * width for one, width in zip(values, unit, strict=True)])
                resampled = rng.binomial(seeds, above.mean(axis=1), (1000, 3)).mean(axis=1) / seeds
                low, high = np.quantile(resampled, [0.025, 0.975])
                place = THRESHOLDS.index(level)
                hits["exact"].setdefault(level, []).append(found.low["b"][place] <= truth <= found.high["b"][place])
                hits["stratified bootstrap"].setdefault(level, []).append(low <= truth <= high)
        words = [f"{name} " + ", ".join(f"{np.mean(one):.1%}" for one in by.values()) for name, by in hits.items()]
        lines.append(f"shared {shared / 0.03:.0%} of the spread: " + "; ".join(words))
    return "\n  ".join(["", *lines])


def _labels(seeds: int) -> str:
    """Coverage of the label ratio at the reference's own last quality; the Monte-Carlo error is 0.6 points."""
    labels = np.array([100, 200, 400, 800])
    rise = 0.9 - 0.4 * np.exp(-np.log(labels / 25) / 1.5)
    twice = 0.9 - 0.4 * np.exp(-np.log(2 * labels / 25) / 1.5)
    truth = 800 / np.exp(np.interp(rise[-1], twice, np.log(labels)))
    hits = []
    for number in range(1400):
        rng = np.random.default_rng([4, seeds, number])
        shared = 0.02 * rng.normal(size=(seeds, 1))
        left, right = (curve + shared + 0.01 * rng.normal(size=(seeds, 4)) for curve in (twice, rise))
        found = label_ratio(labels, left, right)
        hits.append(found.low <= truth <= found.high)
    return f"label ratio {np.mean(hits):.1%}"


def _splits(seeds: int) -> str:
    """Share of 2000 data sets on which two equal methods are called different, each seed splitting the data anew.

    Methods that learn are sums of features by label, from 300, 50 or 20 of the rows that are not held out, each method
    with five features of its own out of ten that count the same.
    """
    draws: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
        "answers that are fixed": lambda rng: splits(rng, 2, seeds),
        "and luck of each seed's own": lambda rng: splits(rng, 2, seeds, noise=0.04),
        "learnt from 300": lambda rng: _learnt(rng, seeds, 300),
        "learnt from 50": lambda rng: _learnt(rng, seeds, 50),
        "learnt from 20": lambda rng: _learnt(rng, seeds, 20),
    }
    lines = []
    for number, (name, draw) in enumerate(draws.items()):
        rng = np.random.default_rng([7, seeds, number])
        left, right = np.array([draw(rng) for _ in range(2000)]).swapaxes(0, 1)
        differences = paired_differences(left, right)
        plain, corrected = (np.mean(paired_tests(differences, overlap).p < 0.05) for overlap in (0.0, OVERLAP))
        lines.append(f"{name}: plain {plain:.1%}, corrected {corrected:.1%}")
    return "\n  ".join(["", *lines])


def _learnt(rng: np.random.Generator, seeds: int, labels: int) -> np.ndarray:
    """(2, S) accuracies on rows held out of one data set."""
    features = rng.normal(size=(ROWS, 2, 5))
    truth = np.sign(0.5 * features.sum(axis=(1, 2)) + rng.logistic(size=ROWS))
    found = np.empty((2, seeds))
    for seed in range(seeds):
        order = rng.permutation(ROWS)
        test, train = order[:HELD_OUT], order[HELD_OUT : HELD_OUT + labels]
        weights = np.einsum("nmd,n->md", features[train], truth[train])
        ahead = np.einsum("nmd,md->nm", features[test], weights)
        found[:, seed] = np.mean(np.sign(ahead) == truth[test][:, None], axis=0)
    return found


def _tournaments(seeds: int) -> str:
    """Errors of tournaments where all seeds have data of their own, and where two tasks of three are split anew."""
    spread = np.linspace(-1, 1, seeds)
    detectable = paired_tests(spread[None] / spread.std(ddof=1)).detectable[0]
    power = np.mean(paired_tests(np.random.default_rng([6, seeds]).normal(detectable, 1, (50_000, seeds))).p < 0.05)
    lines = [_errors(seeds, (0.0, 0.0, 0.0)), _errors(seeds, (0.0, OVERLAP, OVERLAP))]
    return "\n  ".join(["", *lines, f"power at the detectable difference {power:.1%}"])


def _errors(seeds: int, overlaps: Sequence[float]) -> str:
    """Share of 1500 tournaments of six equal methods on three tasks with an error anywhere.

    By the functions that `tournament` calls; the tests go through `tournament` itself.
    """
    lefts, rights = np.array(list(combinations(range(6), 2))).T
    errors = np.zeros(4)
    for number in range(1500):
        rng = np.random.default_rng([5, seeds, number])
        tasks = [
            Blocks(name, splits(rng, 6, seeds) if overlap else equals(rng, 6, seeds), overlap)
            for name, overlap in zip(TASKS, overlaps, strict=True)
        ]
        tests = [paired_tests(paired_differences(one.areas[lefts], one.areas[rights]), one.overlap) for one in tasks]
        p_values = np.concatenate([one.p for one in tests])
        ranked = ranks("abcdef", tasks)
        assert ranked is not None
        errors += [min(holm(p_values.tolist())) < 0.05, len(ranked.groups) > 1, ranked.p < 0.05, min(p_values) < 0.05]
    differ, groups, alike, raw = errors / 1500
    kind = f"{sum(map(bool, overlaps))} of 3 tasks split anew"
    return f"{kind}: some difference {differ:.1%} (without Holm {raw:.0%}), some group {groups:.1%}, ranks {alike:.1%}"


if __name__ == "__main__":
    main()
