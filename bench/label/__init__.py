"""Who says which of two responses is better, once responses are sampled: the policy itself, a reward model, people.

A labeler has one method, `label(groups)`; `ordered` makes training pairs of its answers. None of them may read the
gold reward: what comes from the truth is bought (`Human`).
"""

from bench.label.direct import Direct
from bench.label.human import Human
from bench.label.judgements import Judgements, Labeler, ordered
from bench.label.likelihood import Likelihood
from bench.label.llm_judge import Listing, LLMJudge, TokenQuestion, judge_demonstrations
from bench.label.pairrm import PairRM
from bench.label.random_labels import Random
from bench.label.reward import Reward

__all__ = [
    "Direct",
    "Human",
    "Judgements",
    "LLMJudge",
    "Labeler",
    "Likelihood",
    "Listing",
    "PairRM",
    "Random",
    "Reward",
    "TokenQuestion",
    "judge_demonstrations",
    "ordered",
]
