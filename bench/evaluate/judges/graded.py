"""Arena-Hard's judge: which of two answers is better, in five grades, after the reasons, in both orders.

The protocol is that of Arena-Hard v0.1 (Li et al. 2024, arXiv 2406.11939, and the released code): temperature 0, at
most 4,096 tokens, the baseline as A in the first game and as B in the second, and a verdict in double brackets. The
wording is ours, so figures are near those of its leaderboard and not the same; where the released code asks for a
missing verdict again, it is missing here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bench.errors import UserError
from bench.evaluate.arena_hard import GRADES
from bench.evaluate.judges.answers import Answers
from bench.evaluate.judges.asking import ask, identity
from bench.evaluate.judges.client import Endpoint
from bench.evaluate.judges.judge import check_lengths
from bench.evaluate.judges.verdicts import question
from bench.spec import Progress

REASONED: Mapping[str, Any] = MappingProxyType({"temperature": 0, "max_tokens": 4096})
ROLE = "You compare two assistants' answers to what a person asked, and say which is better and by how much."
TEMPLATE = """\
What the person asked:
{prompt}

Answer of assistant A:
{first}

Answer of assistant B:
{second}

First write the answer that you would give yourself. Then hold both answers against it: name what is wrong or missing \
in each, and say whether it helps with what was asked, keeps to it, and is brief where that is enough. The order of \
the answers says nothing. End with exactly one of these five verdicts:
[[A>>B]] A is much better
[[A>B]] A is slightly better
[[A=B]] they are about equal
[[B>A]] B is slightly better
[[B>>A]] B is much better\
"""
_VERDICT = re.compile(r"\[\[\s*([AB<>=]+)\s*\]\]")


@dataclass(frozen=True)
class GradedJudge:
    """Asks `model` at `endpoint`. Answers are kept in `answers`, by the sha256 of the request: nothing is asked twice.

    A judgement without a verdict counts for nothing; where more than `unreadable` of the answers have none,
    `judgements` raises UserError with an example.
    """

    endpoint: Endpoint
    model: str
    answers: Path
    unreadable: float = 0.05

    def judgements(
        self,
        names: Sequence[str],
        prompts: Sequence[str],
        baseline: Sequence[str],
        own: Sequence[str],
        *,
        of: str,
        progress: Progress | None = None,
    ) -> list[dict[str, Any]]:
        """A row a prompt in the format of Arena-Hard's files, for `bench.evaluate.arena_hard.battles`.

        `names` are the prompts' uids, `of` names the model whose answers are `own`. `progress(done, all)` counts
        requests. Raises UserError where the endpoint refuses or gives no answer after its attempts; what was answered
        until then is kept.
        """
        check_lengths(prompts, baseline, own)
        games = [
            [self._body(prompt, theirs, ours), self._body(prompt, ours, theirs)]
            for prompt, theirs, ours in zip(prompts, baseline, own, strict=True)
        ]
        kept = Answers(self.answers)
        bodies = {identity(self.endpoint, body): body for both in games for body in both}
        ask(self.endpoint, bodies, kept, lambda choice, text: None, progress)
        texts = [[kept[identity(self.endpoint, body)].text for body in both] for both in games]
        self._check_readable([text for both in texts for text in both])
        return [
            {"uid": name, "model": of, "games": [{"score": grade(text)} for text in both]}
            for name, both in zip(names, texts, strict=True)
        ]

    def _body(self, prompt: str, first: str, second: str) -> dict[str, Any]:
        messages = [
            {"role": "system", "content": ROLE},
            {"role": "user", "content": question(TEMPLATE, prompt, first, second)},
        ]
        return {"model": self.model, "messages": messages, **REASONED}

    def _check_readable(self, texts: Sequence[str]) -> None:
        bad = [text for text in texts if grade(text) is None]
        if len(bad) > self.unreadable * len(texts):
            raise UserError(
                f"{len(bad)} of {len(texts)} answers of {self.model} have no verdict, more than the share of "
                f"{self.unreadable:g} that may be left out; one of them ends: {bad[0][-200:]!r}"
            )


def grade(text: str) -> str | None:
    """The verdict of an answer, one of `GRADES`; None where it names none, or several that differ."""
    found = {verdict for verdict in _VERDICT.findall(text) if verdict in GRADES}
    return found.pop() if len(found) == 1 else None
