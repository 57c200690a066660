"""Which prompts get a label: a score for each, from what is known before any label of it is bought.

A selector has one method, `scores(groups)`, as a labeler has `label(groups)`; `choose` spends a budget on the scores.
What a selector goes by (a reward model, a policy, an encoder) it is made with. None may read the gold reward.
"""

from bench.select.pvar import PVar
from bench.select.random_scores import RandomScores
from bench.select.reward_gap import RewardGap
from bench.select.reward_variance import RewardVariance
from bench.select.selector import RULES, Rewards, Rule, Scores, Selector, choose

__all__ = [
    "RULES",
    "PVar",
    "RandomScores",
    "RewardGap",
    "RewardVariance",
    "Rewards",
    "Rule",
    "Scores",
    "Selector",
    "choose",
]
