"""Arena-Hard beside AlpacaEval: the same policy asked its 500 prompts, and the same endpoint asked in its way."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from bench.data import arena_hard
from bench.domains.corpora import Asked, Turn
from bench.domains.settings import AlpacaEvalJudge
from bench.errors import UserError
from bench.evaluate.arena_hard import battles, leaderboard
from bench.evaluate.judges import GradedJudge
from bench.evaluate.judges.client import Endpoint
from bench.spec import Context, canonical

TIMEOUT = 300.0  # seconds: a judgement has thousands of tokens


@dataclass(frozen=True)
class ArenaHard:
    """Arena-Hard v0.1: the win rate over GPT-4-0314, of judgements in five grades and both orders.

    Its judge is GPT-4-1106-preview, as AlpacaEval 2.0's is, so the endpoint's settings serve both.
    """

    settings: AlpacaEvalJudge
    context: Context
    model: str  # what is evaluated, by name
    study: str  # whose cache the endpoint's answers are in

    def prompts(self) -> list[Asked]:
        """In the order of their uids. Raises Unavailable and UserError as the loader does."""
        return [Asked(one.uid, (Turn("user", one.prompt),)) for one in self._questions]

    def quality(self, texts: Sequence[str]) -> dict[str, float]:
        """Of an answer to each of the prompts, in their order: the win rate and its 95 % bootstrap, as fractions."""
        asked = self._questions
        judgements = self._judge(texts).judgements(
            [one.uid for one in asked],
            [one.prompt for one in asked],
            [one.baseline for one in asked],
            texts,
            of=self.model,
        )
        table = leaderboard(battles(judgements), arena_hard.BASELINE).set_index("model")
        return {
            f"arena_hard_{name}": float(table.loc[self.model, name])  # type: ignore[arg-type]  # a column of floats
            for name in ("win_rate", "low", "high")
        }

    @property
    def _questions(self) -> tuple[arena_hard.Question, ...]:
        if self.context.data_dir is None:
            raise UserError("Arena-Hard needs a data directory: name it with --data-dir or PREFBENCH_DATA")
        return arena_hard.load(self.context.data_dir)

    def _judge(self, texts: Sequence[str]) -> GradedJudge:
        settings = self.settings
        endpoint = Endpoint(
            settings.base_url,
            key_variable=settings.key_variable,
            requests_per_minute=settings.requests_per_minute,
            timeout=TIMEOUT,
        )
        name = hashlib.sha256(canonical([*texts]).encode()).hexdigest()  # a file is of one process at a time
        return GradedJudge(endpoint, settings.model, self.context.cache_dir / self.study / f"graded-{name}.jsonl")
