"""LLM-as-judge: a language model is asked which response is better; its labels are its odds of the two answers.

SPA (section 5.1, App. B.2) puts the question as Constitutional AI does (Bai et al. 2022) and compares the
log-probabilities of "(A)" and "(B)". Its judge is the SFT model, trained further on the seed: `judge_demonstrations`
with the objective `Demonstration`, 3 epochs, learning rate 2e-5, batches of 32.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any, Protocol

import numpy as np

from bench.errors import UserError
from bench.label.judgements import Judgements, require_two
from bench.label.likelihood import log_ratio
from bench.learn.policy.completions import Completions, Ids, turned

LISTING = (  # SPA, Listing 1; the line breaks are those of Constitutional AI
    "Consider the following conversation between a human and an assistant:\n{prompt}\n"
    "Please choose the response that is the most helpful, honest, and harmless.\n"
    "Options:\n(A) {first}\n(B) {second}\nThe answer is:"
)
ANSWERS = (" (A)", " (B)")
BY_CHANCE = 20  # pairs that may all have the better response on one side: one time in 500,000, in random order


class Question(Protocol):
    """How a group is put before the judge."""

    def __call__(self, group: Completions) -> Completions:
        """The judge's prompt, with its two answers as responses: the one that means the first of the group, the other.

        Raises UserError for a group that cannot be asked about.
        """


@dataclass(frozen=True)
class TokenQuestion:
    """For a closed vocabulary: prompt, separator, first, separator, second, separator; an answer is a token.

    Separators that end a response (end tokens, often) are left out. Raises UserError for answers that are the same.
    """

    separator: int
    answers: tuple[int, int]  # the first is better, the second is better

    def __post_init__(self) -> None:
        if self.answers[0] == self.answers[1]:
            raise UserError(f"both answers are token {self.answers[0]}: a judge needs two to choose from")

    def __call__(self, group: Completions) -> Completions:
        """See Question."""
        mark = _ids([self.separator])
        first, second = (self._without_end(response) for response in group.responses)
        prompt = np.concatenate([group.prompt, mark, first, mark, second, mark])
        return Completions(prompt, (_ids([self.answers[0]]), _ids([self.answers[1]])))

    def _without_end(self, response: Ids) -> Ids:
        kept = np.flatnonzero(response != self.separator)
        return response[: kept[-1] + 1 if len(kept) else 0]


@dataclass(frozen=True)
class Listing:
    """For text: SPA's Listing 1, over the decoded prompt and responses.

    It is plain text after the begin token, where the tokenizer sets one, and not in a chat template: "The answer is:"
    is there to be gone on with, and a template would set the marks of a turn between it and the answer.

    Text and answer are tokenized together, for an answer's tokens may depend on what is before them (the tokenizers
    of Llama 2 and Mistral begin a text of its own with a space), and parted where the text's own tokens end, or
    before the first that an answer changes. Where they are parted does not change the odds of the answers.

    The prompt is cut on its left, responses on their right: SPA's 1,024 tokens of a prompt, and what leaves room for
    two responses and the listing in its 2,048. Its samples have 300 at most, and are whole.
    """

    tokenizer: Any
    max_prompt: int = 1024  # tokens of the group's prompt
    max_response: int = 480

    def __post_init__(self) -> None:
        for name in ("max_prompt", "max_response"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} must be at least 1, got {getattr(self, name)}")

    def __call__(self, group: Completions) -> Completions:
        """See Question."""
        first, second = (self._text(response[: self.max_response]) for response in group.responses)
        text = LISTING.format(prompt=self._text(group.prompt[-self.max_prompt :]), first=first, second=second)
        whole = [text, *(text + answer for answer in ANSWERS)]
        coded = self.tokenizer(whole, add_special_tokens=False, verbose=False).input_ids
        prompt = [same[0] for same in takewhile(lambda tokens: len(set(tokens)) == 1, zip(*coded, strict=False))]
        sets_begin = self.tokenizer("").input_ids[:1] == [self.tokenizer.bos_token_id]
        begin = [self.tokenizer.bos_token_id] if sets_begin else []
        return Completions(_ids([*begin, *prompt]), tuple(_ids(ids[len(prompt) :]) for ids in coded[1:]))

    def _text(self, ids: Ids) -> str:
        text: str = self.tokenizer.decode(ids.tolist(), skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text.strip()


class LLMJudge:
    """log-odds = log P(the first is better | question) - log P(the second is better | question), in nats.

    SPA asks once, in the order of the responses. Judges lean towards an answer whatever it stands for; `both_orders`
    asks again with the responses exchanged and takes the mean, in which that cancels, for twice the cost.
    """

    def __init__(self, policy: Any, ask: Question, *, both_orders: bool = False) -> None:
        self.policy = policy
        self.ask = ask
        self.both_orders = both_orders

    def label(self, groups: Sequence[Completions]) -> Judgements:
        """See Labeler. Raises UserError for a question longer than the policy's positions."""
        require_two(groups)
        log_odds = log_ratio(self.policy, [self.ask(group) for group in groups])
        if self.both_orders:
            exchanged = [turned(group) for group in groups]
            log_odds = (log_odds - log_ratio(self.policy, [self.ask(group) for group in exchanged])) / 2
        return Judgements(log_odds)


def judge_demonstrations(groups: Sequence[Completions], judgements: Judgements, ask: Question) -> list[Completions]:
    """Each labelled pair as a demonstration: the judge's prompt with the right answer as its response.

    Raises UserError for a judgement too many or too few, and where one answer is right for every pair (as in data
    that has the chosen response first): a judge would learn to give that answer, not to judge.
    """
    require_two(groups)
    first = judgements.first
    if len(groups) != len(first):
        raise UserError(f"{len(first)} judgements for {len(groups)} groups: give one for each")
    if len(groups) > BY_CHANCE and first.all() == first.any():
        where = "first" if first.all() else "second"
        raise UserError(f"the {where} response is the better one in all {len(groups)} pairs: put them in random order")
    asked = map(ask, groups)
    return [
        replace(one, responses=(one.responses[int(not is_first)],)) for one, is_first in zip(asked, first, strict=True)
    ]


def _ids(tokens: Sequence[int]) -> Ids:
    return np.array(tokens, dtype=np.int32)
