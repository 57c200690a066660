"""A language model behind an OpenAI-compatible chat endpoint as the judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from bench.errors import UserError
from bench.evaluate.judges.answers import Answer, Answers
from bench.evaluate.judges.asking import ask, identity
from bench.evaluate.judges.client import Endpoint
from bench.evaluate.judges.cost import Cost, Prices
from bench.evaluate.judges.judge import Preferences, check_lengths
from bench.evaluate.judges.verdicts import TEMPLATE, check_template, question, read, read_log_probs
from bench.spec import Progress

ONE_WORD: Mapping[str, Any] = MappingProxyType({"temperature": 0, "max_tokens": 8})
LOG_PROBS: Mapping[str, Any] = MappingProxyType({**ONE_WORD, "logprobs": True, "top_logprobs": 5})
CHARACTERS_PER_TOKEN = 4  # of English, for estimates
FRAMING_TOKENS = 8  # that a chat format adds to a message, for estimates

Comparison = tuple[str, str, str]  # prompt, answer shown as A, answer shown as B


@dataclass(frozen=True)
class EndpointJudge:
    """Asks `model` at `endpoint` which of two answers is better, in both orders unless told otherwise.

    `settings` go into each request beside model and messages: `ONE_WORD`, or `LOG_PROBS` to read the probabilities of
    the verdicts where the endpoint gives them. Answers are kept in `answers`, by the sha256 of the request: an
    interrupted comparison goes on where it was, and asks nothing twice. An answer without a verdict counts as a tie;
    where more than `unreadable` of them have none, `compare` raises UserError with an example.
    """

    endpoint: Endpoint
    model: str
    answers: Path
    template: str = TEMPLATE
    settings: Mapping[str, Any] = field(default_factory=lambda: ONE_WORD)
    both_orders: bool = True
    prices: Prices | None = None
    unreadable: float = 0.05

    def __post_init__(self) -> None:
        check_template(self.template)

    def spec(self) -> dict[str, Any]:
        """What the preferences depend on, as plain JSON values for a task's settings; no key, no paths."""
        return {
            "base_url": self.endpoint.base_url,
            "model": self.model,
            "template": self.template,
            "settings": dict(self.settings),
            "both_orders": self.both_orders,
        }

    def compare(
        self,
        prompts: Sequence[str],
        first: Sequence[str],
        second: Sequence[str],
        *,
        progress: Progress | None = None,
    ) -> Preferences:
        """(n,) preferences for the first answer: 1, 0, 0.5, or probabilities; of both orders, where asked, the mean.

        `progress(done, all)` counts requests. Raises UserError where the endpoint refuses (a wrong key, at once) or
        gives no answer after its attempts; what was answered until then is kept.
        """
        comparisons = self._comparisons(prompts, first, second)
        kept = Answers(self.answers)
        bodies = {self._identity(comparison): self._body(comparison) for comparison in comparisons}
        ask(self.endpoint, bodies, kept, _preference, progress)
        found = [kept[self._identity(comparison)] for comparison in comparisons]
        self._check_readable(found)
        shown = np.array([0.5 if answer.preference is None else answer.preference for answer in found], float)
        if not self.both_orders:
            return shown
        return np.asarray((shown[0::2] + 1 - shown[1::2]) / 2, float)

    def estimate(self, prompts: Sequence[str], first: Sequence[str], second: Sequence[str]) -> Cost:
        """What `compare` would still cost: questions at 4 characters a token, answers at `max_tokens` each."""
        missing = self._missing(self._comparisons(prompts, first, second), Answers(self.answers))
        characters = sum(len(question(self.template, *comparison)) for comparison in missing.values())
        most = self.settings.get("max_tokens", self.settings.get("max_completion_tokens", 0))
        asked = -(-characters // CHARACTERS_PER_TOKEN) + FRAMING_TOKENS * len(missing)
        return Cost.of(len(missing), asked, most * len(missing), self.prices)

    def cost(self, prompts: Sequence[str], first: Sequence[str], second: Sequence[str]) -> Cost:
        """What the kept answers to these comparisons have cost, by the endpoint's own count of tokens."""
        kept = Answers(self.answers)
        identities = {self._identity(comparison) for comparison in self._comparisons(prompts, first, second)}
        answers = [kept[identity] for identity in identities if identity in kept]
        tokens = (sum(a.input_tokens for a in answers), sum(a.output_tokens for a in answers))
        return Cost.of(len(answers), *tokens, self.prices)

    def _comparisons(self, prompts: Sequence[str], first: Sequence[str], second: Sequence[str]) -> list[Comparison]:
        """What is asked: each pair, and after it the same pair the other way round."""
        check_lengths(prompts, first, second)
        asked: list[Comparison] = []
        for prompt, one, other in zip(prompts, first, second, strict=True):
            asked.append((prompt, one, other))
            if self.both_orders:
                asked.append((prompt, other, one))
        return asked

    def _missing(self, comparisons: Sequence[Comparison], kept: Answers) -> dict[str, Comparison]:
        named = {self._identity(comparison): comparison for comparison in comparisons}
        return {identity: comparison for identity, comparison in named.items() if identity not in kept}

    def _body(self, comparison: Comparison) -> dict[str, Any]:
        message = {"role": "user", "content": question(self.template, *comparison)}
        return {"model": self.model, "messages": [message], **self.settings}

    def _identity(self, comparison: Comparison) -> str:
        return identity(self.endpoint, self._body(comparison))

    def _check_readable(self, found: Sequence[Answer]) -> None:
        bad = [answer for answer in found if answer.preference is None]
        if len(bad) > self.unreadable * len(found):
            raise UserError(
                f"{len(bad)} of {len(found)} answers of {self.model} name no verdict, more than the share of "
                f"{self.unreadable:g} that may count as ties; one of them: {bad[0].text[:200]!r}"
            )


def _preference(choice: Mapping[str, Any], text: str) -> float | None:
    content = (choice.get("logprobs") or {}).get("content")
    preference = read_log_probs(content) if content else None
    return read(text) if preference is None else preference
