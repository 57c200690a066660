"""Which prompts get a label: a score for each, from what is known before any label of it is bought.

A selector has one method, `scores(groups)`, as a labeler has `label(groups)`; `choose` spends a budget on the scores.
What a selector goes by (a reward model, a policy, an encoder) it is made with. None may read the gold reward.
"""

from bench.select.diversity import Diversity, policy_embeddings
from bench.select.ensemble import Ensemble
from bench.select.expected_loss import ExpectedLoss
from bench.select.gradient_norm import GradientNorm
from bench.select.length_difference import LengthDifference
from bench.select.perplexity import Perplexity
from bench.select.policy_entropy import PolicyEntropy
from bench.select.pvar import ImplicitPVar, PVar, preference_variance
from bench.select.random_scores import RandomScores
from bench.select.reference_margin import ReferenceMargin
from bench.select.reward_gap import RewardGap
from bench.select.reward_variance import RewardVariance
from bench.select.selector import RULES, Rewards, Rule, Scores, Selector, choose

__all__ = [
    "RULES",
    "Diversity",
    "Ensemble",
    "ExpectedLoss",
    "GradientNorm",
    "ImplicitPVar",
    "LengthDifference",
    "PVar",
    "Perplexity",
    "PolicyEntropy",
    "RandomScores",
    "ReferenceMargin",
    "RewardGap",
    "RewardVariance",
    "Rewards",
    "Rule",
    "Scores",
    "Selector",
    "choose",
    "policy_embeddings",
    "preference_variance",
]
