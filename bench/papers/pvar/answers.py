"""Real prompts with many scored answers: AlpacaEval's, by 24 models, judged by GPT-4-turbo.

An answer's reward is the judge's log-odds that it beats the baseline's answer, in nats: under Bradley-Terry that is its
reward less the baseline's, and the baseline cancels in the difference of two answers. The judge is very sure: half of
all answers are 10,000 : 1 or worse, and what it printed as 0 or 1 is taken as one in two million. So the scale by which
differences are divided before the sigmoid decides what PVar sees, and it is a condition of the study.

Prompts and answers are spelt in characters (a token each), which is all that selectors without a model read of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from bench.data import alpaca_eval
from bench.learn.policy.completions import Completions, Ids

LEAST = 5e-7  # half of the last digit of the judge's printed probabilities
MODELS = 24


@dataclass(frozen=True, eq=False)
class Answers:
    """The prompts that all models answered; prompts, texts and rewards go row by row."""

    ids: tuple[int, ...]  # AlpacaEval's prompt_id
    prompts: tuple[str, ...]
    texts: tuple[tuple[str, ...], ...]  # (n, 24): in the order of the models' names
    rewards: NDArray[np.float64]  # (n, 24), nats

    def groups(self, columns: NDArray[np.int64]) -> list[Completions]:
        """The answers in `columns` (n, k) of every row, in characters."""
        return [
            Completions(_characters(prompt), tuple(_characters(texts[column]) for column in row))
            for prompt, texts, row in zip(self.prompts, self.texts, columns, strict=True)
        ]


@lru_cache(maxsize=1)
def answers(data_dir: Path) -> Answers:
    """Of the data directory. Raises UserError for files that are missing or changed."""
    asked, given = alpaca_eval.prompts(data_dir), alpaca_eval.answers(data_dir)
    by_model = [{answer.prompt_id: answer for answer in given[model]} for model in sorted(given)]
    whole = [number for number in range(len(asked)) if all(number in each for each in by_model)]
    judged = np.array([[each[number].preference for each in by_model] for number in whole])
    return Answers(
        ids=tuple(whole),
        prompts=tuple(asked[number] for number in whole),
        texts=tuple(tuple(each[number].text for each in by_model) for number in whole),
        rewards=np.asarray(logit(judged.clip(LEAST, 1 - LEAST))),
    )


def _characters(text: str) -> Ids:
    """(T,): code points; a space where there is nothing, as a response has a token at least."""
    return np.frombuffer((text or " ").encode("utf-32-le"), dtype="<i4").astype(np.int32)
