"""Who labels a stage, by name. All but people, and the truth as an upper bound, cost no label."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.errors import UserError
from bench.label import Direct, Judgements, Labeler, Likelihood, Random
from bench.label.llm_judge import LLMJudge, judge_demonstrations
from bench.learn.kept import Made, kept, place
from bench.learn.policy.completions import Completions
from bench.learn.policy.objectives import Demonstration
from bench.learn.policy.reference import ReferenceLogProbs
from bench.learn.policy.trainer import train
from bench.learn.policy.training import Training
from bench.papers.spa.stage import Stage
from bench.seeds import seed_for

if TYPE_CHECKING:
    from bench.papers.spa.loop import Loop

JUDGE_VERSION = 1


def judgements(
    loop: Loop, stages: Sequence[Stage], own: ReferenceLogProbs, prompts: Sequence[Any], groups: Sequence[Completions]
) -> Judgements:
    """The labels of the last of `stages`. `own` are the groups' log-probabilities under the policy before it."""
    labels = stages[-1].labels
    if labels == "people":
        return loop.domain.people(prompts, groups)
    if labels == "truth":
        gap = loop.domain.truth(prompts, groups)
        if gap is None:
            raise UserError("labels: the truth needs a judge that gives rewards; this one compares with a baseline")
        return Judgements(np.where(gap == 0, 0.0, np.copysign(np.inf, gap)), labels_spent=len(groups))
    return LABELERS[labels](loop, stages, own).label(groups)


def _direct(loop: Loop, stages: Sequence[Stage], own: ReferenceLogProbs) -> Labeler:
    """Eq. 7, and Eq. 13 where the stage has a length penalty."""
    return Direct(own, loop.domain.sft, beta=loop.beta, length_penalty=stages[-1].length_penalty)


def _direct_previous(loop: Loop, stages: Sequence[Stage], own: ReferenceLogProbs) -> Labeler:
    """Eq. 7 with the policy before that of the samples as reference (Table 7)."""
    return Direct(own, loop.policy(stages[:-2]).module, beta=loop.beta)


def _direct_base(loop: Loop, stages: Sequence[Stage], own: ReferenceLogProbs) -> Labeler:
    """Eq. 7 with the model before instruction tuning as reference (Figure 4)."""
    return Direct(own, loop.domain.base(), beta=loop.beta)


def _likelihood(loop: Loop, stages: Sequence[Stage], own: ReferenceLogProbs) -> Labeler:
    return Likelihood(own, beta=loop.beta)


def _ranker(loop: Loop, stages: Sequence[Stage], own: ReferenceLogProbs) -> Labeler:
    return loop.domain.ranker()


def _random(loop: Loop, stages: Sequence[Stage], own: ReferenceLogProbs) -> Labeler:
    return Random(seed_for("spa", "random labels", loop.seed, len(stages)))


def _llm_judge(loop: Loop, stages: Sequence[Stage], own: ReferenceLogProbs) -> Labeler:
    """The SFT policy, taught on the seed's labels to say which of two responses is better (App. B.2)."""
    question = loop.domain.question()

    def teach() -> Made:
        prompts, groups = loop.groups(stages[:1], loop.domain.sft)
        shown = judge_demonstrations(groups, loop.domain.people(prompts, groups), question)
        model = copy.deepcopy(loop.domain.sft)
        training = Training(
            **loop.settings["judge"],
            batch_size=loop.settings["training"]["batch_size"],
            warmup=loop.settings["training"]["warmup"],
            seed=seed_for("spa", "judge", loop.seed),
            **loop.domain.engine,
        )
        fit = train(model, shown, Demonstration(), training)
        return Made(model.eval(), {"training_seconds": fit.seconds})

    parts = {"version": JUDGE_VERSION, "judge": loop.settings["judge"], "seed": loop.key(stages[:1])}
    path = place(loop.context.cache_dir / "spa", "judge", parts)
    return LLMJudge(kept(path, lambda: copy.deepcopy(loop.domain.sft), teach).module, question)


LABELERS: Mapping[str, Callable[[Loop, Sequence[Stage], ReferenceLogProbs], Labeler]] = MappingProxyType(
    {
        "direct": _direct,
        "direct_previous": _direct_previous,
        "direct_base": _direct_base,
        "likelihood": _likelihood,
        "ranker": _ranker,
        "llm_judge": _llm_judge,
        "random": _random,
    }
)
