"""Who judges policies on text: a reward model of people's preferences, or GPT-4 as in AlpacaEval 2.0."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bench.data import alpaca_eval
from bench.domains.settings import AlpacaEvalJudge, RewardJudge
from bench.errors import UserError
from bench.evaluate.alpaca_eval import joint_difficulty, leaderboard_row, parse_annotations
from bench.evaluate.judges import EndpointJudge, GoldJudge
from bench.evaluate.judges.client import Endpoint
from bench.evaluate.judges.endpoint import LOG_PROBS
from bench.label.judgements import first_minus_second, longer_first
from bench.learn.kept import Made, kept, place
from bench.learn.policy.completions import Completions, Ids
from bench.learn.policy.objectives import PairwiseReward
from bench.learn.policy.reference import data_hash
from bench.learn.policy.reward_model import RewardModel
from bench.learn.policy.trainer import train
from bench.learn.policy.training import Training
from bench.seeds import seed_for
from bench.spec import Context, canonical

Wins = NDArray[np.float64]

VERSION = 1  # of the reward model


class Judge(Protocol):
    """What `TextDomain` asks of one."""

    def truth(self, groups: Sequence[Completions]) -> NDArray[np.float64] | None:
        """(n,): the reward of the first response less that of the second; None of a judge without rewards."""

    def compare(self, prompts: Sequence[Ids], own: Sequence[Ids], theirs: Sequence[Ids]) -> Wins:
        """(n,): 1 where `own` is better, 0 where `theirs` is, 0.5 for a tie."""

    def quality(self, prompts: Sequence[Ids], responses: Sequence[Ids], texts: Sequence[str]) -> dict[str, float]:
        """Of one response to each prompt: means, by metric."""


@dataclass(frozen=True)
class LearnedJudge:
    """A reward model; `facts` say how well it and the longer answer agree with people on pairs that it never saw."""

    model: RewardModel
    facts: Mapping[str, float]

    @staticmethod
    def kept(
        policy: Any,
        policy_hash: str,
        pairs: Sequence[Completions],
        held_out: Sequence[Completions],
        settings: RewardJudge,
        engine: Mapping[str, Any],
        cache_dir: Path,
        study: str,
    ) -> LearnedJudge:
        """The one that starts from `policy`, trained on `pairs` (chosen, rejected) unless it was before.

        It is the same for all seeds of a study: what they differ by is not the judge.
        """
        parts = {
            "version": VERSION,
            "policy": policy_hash,
            "data": [data_hash(pairs), data_hash(held_out)],
            **settings.model_dump(),
            **engine,
        }
        path = place(cache_dir / study, "judge", parts)

        def untrained() -> RewardModel:
            return RewardModel(copy.deepcopy(policy.base_model), seed=0)

        def trained() -> Made:
            model = untrained()
            training = Training(
                learning_rate=settings.learning_rate,
                epochs=settings.epochs,
                batch_size=settings.batch_size,
                seed=seed_for(study, "text", "judge"),
                checkpoint_every=10,
                **engine,
            )
            checkpoints = path.with_suffix(".checkpoints")
            fit = train(model, pairs, PairwiseReward(), training, checkpoints=checkpoints)
            scores = first_minus_second(model.scores(held_out))
            longer = longer_first(held_out)
            facts = {
                "judge_accuracy": float(_right(scores).mean()),
                "judge_accuracy_of_length": float(_right(longer).mean()),
                "judge_held_out_pairs": float(len(held_out)),
                "judge_training_seconds": fit.seconds,
            }
            return Made(model.eval(), facts)

        made = kept(path, untrained, trained)
        return LearnedJudge(made.module, made.facts)

    def truth(self, groups: Sequence[Completions]) -> NDArray[np.float64]:
        """See Judge."""
        return first_minus_second(self.model.scores(groups))

    def compare(self, prompts: Sequence[Ids], own: Sequence[Ids], theirs: Sequence[Ids]) -> Wins:
        """See Judge."""
        return GoldJudge(self._rewards).compare(prompts, own, theirs)

    def quality(self, prompts: Sequence[Ids], responses: Sequence[Ids], texts: Sequence[str]) -> dict[str, float]:
        """The mean reward, and what the judge itself is worth."""
        return {"reward": float(self._rewards(prompts, responses).mean()), **self.facts}

    def _rewards(self, prompts: Sequence[Ids], responses: Sequence[Ids]) -> NDArray[np.float64]:
        groups = [Completions(ids, (response,)) for ids, response in zip(prompts, responses, strict=True)]
        return np.concatenate(self.model.scores(groups)).astype(float)


def _right(margins: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of margins of the preferred answer: 1, 0, or 0.5 for a tie."""
    return np.where(margins == 0, 0.5, margins > 0)


@dataclass(frozen=True)
class AlpacaEval:
    """Win rates against GPT-4-turbo's answers, plain and length-controlled, as fractions (the leaderboard has percent).

    The difficulty of a prompt, which the length-controlled rate needs, is estimated from the 24 models of
    `bench.data.alpaca_eval`, since the official difficulties are not among the data.
    """

    settings: AlpacaEvalJudge
    context: Context
    model: str  # what is evaluated, by name
    study: str  # whose cache the endpoint's answers are in

    def truth(self, groups: Sequence[Completions]) -> None:
        """It has no rewards."""

    def compare(self, prompts: Sequence[Ids], own: Sequence[Ids], theirs: Sequence[Ids]) -> Wins:
        """Raises UserError: it compares with one baseline only."""
        raise UserError(f"{self.settings.kind} compares with {alpaca_eval.BASELINE} only")

    def quality(self, prompts: Sequence[Ids], responses: Sequence[Ids], texts: Sequence[str]) -> dict[str, float]:
        """Of texts in the order of the prompts: both win rates, the plain one's standard error."""
        data_dir = self.context.data_dir
        if data_dir is None:
            raise UserError("AlpacaEval needs a data directory: name it with --data-dir or PREFBENCH_DATA")
        asked = alpaca_eval.prompts(data_dir)[: len(texts)]
        baseline = [answer.text for answer in alpaca_eval.answers(data_dir)[alpaca_eval.BASELINE][: len(texts)]]
        wins = self._endpoint(texts).compare(asked, texts, baseline)
        rows = [
            {
                "instruction": instruction,
                "output_1": theirs,
                "generator_1": alpaca_eval.BASELINE,
                "output_2": ours,
                "generator_2": self.model,
                "annotator": self.settings.model,
                "preference": 1 + float(win),
            }
            for instruction, theirs, ours, win in zip(asked, baseline, texts, wins, strict=True)
        ]
        others = {
            model: parse_annotations(alpaca_eval.judgements(data_dir, model), model)
            for model in alpaca_eval.answers(data_dir)
        }
        difficulty = joint_difficulty(others)[alpaca_eval.BASELINE]
        row = leaderboard_row(parse_annotations(rows, self.model), difficulty)
        found = {
            "win_rate": row["win_rate"],
            "win_rate_standard_error": row["standard_error"],
            "length_controlled_win_rate": row["length_controlled_winrate"],
        }
        return {name: float(value) / 100 for name, value in found.items() if value is not None}

    def _endpoint(self, texts: Sequence[str]) -> EndpointJudge:
        settings = self.settings
        endpoint = Endpoint(
            settings.base_url, key_variable=settings.key_variable, requests_per_minute=settings.requests_per_minute
        )
        name = hashlib.sha256(canonical([*texts]).encode()).hexdigest()  # a file is of one process at a time
        answers = self.context.cache_dir / self.study / f"answers-{name}.jsonl"
        return EndpointJudge(endpoint, settings.model, answers, settings=LOG_PROBS)
