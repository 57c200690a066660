"""Judges: which of two responses to a prompt is better.

A judge has one method, `compare(prompts, first, second)`, and it answers (n,) numbers in [0, 1]: the probability or
share of preference for the first, 0.5 a tie. `bench.evaluate.win_rate` takes it from there. What a prompt and a
response are is the judge's own: texts for an endpoint, token ids for a reward model, whatever its rewards take for the
gold judge. `GradedJudge` has five grades, which `bench.evaluate.arena_hard` makes a leaderboard of.
"""

from bench.evaluate.judges.cost import Cost, Prices
from bench.evaluate.judges.endpoint import EndpointJudge
from bench.evaluate.judges.graded import GradedJudge
from bench.evaluate.judges.judge import Judge
from bench.evaluate.judges.rewards import GoldJudge, RewardModelJudge

__all__ = ["Cost", "EndpointJudge", "GoldJudge", "GradedJudge", "Judge", "Prices", "RewardModelJudge"]
