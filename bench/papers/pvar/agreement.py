"""AlpacaEval's answers: how PVar is distributed over real prompts, and which selectors find the prompts of high PVar.

A selector reads some of a prompt's 24 answers; what its choice is worth is the PVar of the others, which it has not
seen: a ranking that is only noise gains nothing there. Seeds are draws of who is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from bench.learn.policy.completions import Completions
from bench.papers.pvar.answers import MODELS, Answers, answers
from bench.seeds import seed_for
from bench.select import LengthDifference, PVar, RandomScores, RewardGap, Rewards, RewardVariance, Selector
from bench.select.estimation import estimation_error
from bench.select.pvar import preference_variance
from bench.select.ranking import rank_correlation, top
from bench.spec import Context, Outcome, Task

Array = NDArray[np.float64]
PERCENT = range(0, 101, 5)
SURE = 0.2  # of at most 0.25: nearly every pair of answers is decided
SIZES = (2, 3, 4, 6, 8, 12)  # answers that PVar is estimated from
CHARACTERS = 1000.0  # as a reward, by which an answer that is so much longer is preferred with odds e : 1


@dataclass(frozen=True)
class Read:
    """What a selector may read: the judge's rewards, or the lengths that anybody sees."""

    rewards: Rewards
    scale: float
    seed: int


SELECTORS: Mapping[str, Callable[[Read], Selector]] = MappingProxyType(
    {
        "pvar": lambda read: PVar(read.rewards, read.scale),
        "reward_variance": lambda read: RewardVariance(read.rewards),
        "reward_gap": lambda read: RewardGap(read.rewards),
        "pvar_of_length": lambda read: PVar(_lengths, CHARACTERS),
        "length_difference": lambda read: LengthDifference(),
        "random": lambda read: RandomScores(read.seed),
    }
)


def execute(task: Task, context: Context) -> Outcome:
    """One selector, or, as the method `distribution`, PVar itself."""
    assert context.data_dir is not None
    found, settings = answers(context.data_dir), task.settings
    if task.method == "distribution":
        return distribution(found.rewards, settings["scale"])
    return agreement(found, task.method, settings["scale"], settings["responses"], settings["share"], task.seed)


def distribution(rewards: Array, scale: float) -> Outcome:
    """Of PVar from all answers, over prompts; and how far fewer answers would do."""
    values = preference_variance(rewards, scale=scale)
    error = estimation_error(rewards, SIZES, scale=scale, shares=(0.3,), seed=0)
    by_size = {
        statistic: error[error["statistic"] == statistic]["value"].tolist()
        for statistic in ("reliability", "rank_with_others", "gain")
    }
    metrics = {
        "mean_pvar": float(values.mean()),
        "spread_of_pvar": float(values.std(ddof=1)),
        "share_of_sure_prompts": float((values >= SURE).mean()),
        "highest_sixth_over_lowest": float(np.quantile(values, 5 / 6) / np.quantile(values, 1 / 6)),
    }
    for name, column in by_size.items():
        metrics |= {f"{name}_{n}": value for n, value in zip(SIZES, column, strict=True)}
    return Outcome(metrics | {f"pvar_at_{percent}": float(np.percentile(values, percent)) for percent in PERCENT})


def agreement(found: Answers, method: str, scale: float, responses: int, share: float, seed: int) -> Outcome:
    """What `method` finds from `responses` answers of every prompt, by the PVar of the 12 that nobody reads."""
    random = np.random.default_rng(seed_for("pvar", "answers", seed))
    columns = np.argsort(random.random(found.rewards.shape), axis=1)
    read, others = columns[:, :responses], columns[:, MODELS // 2 :]
    rewards = np.take_along_axis(found.rewards, read, axis=1)
    groups = found.groups(read)
    selector = SELECTORS[method](Read(lambda _: list(rewards), scale, seed))
    scores = selector.scores(groups)[:, None]
    worth = preference_variance(np.take_along_axis(found.rewards, others, axis=1), scale=scale)
    chosen, best = (top(values, share)[:, 0] for values in (scores, worth[:, None]))
    lengths = np.array(_lengths(groups))
    return Outcome(
        {
            "rank_correlation": rank_correlation(scores, worth[:, None]),
            "overlap": float(np.average(best, weights=chosen)),
            "gain": float(np.average(worth, weights=chosen) / worth.mean()),
            "length_of_chosen": float(np.average(lengths.mean(axis=1), weights=chosen) / lengths.mean()),
        }
    )


def _lengths(groups: Sequence[Completions]) -> list[Array]:
    return [np.array([len(response) for response in group.responses], dtype=float) for group in groups]
