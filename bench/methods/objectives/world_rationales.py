"""Why one response of the known-truth world is better than another, in a sentence of that world.

A rationale names one attribute (`bench.data.world.attributes`) in which the two differ: "one should thank people ." for
one that the chosen has more of, "one should not guess ." for one that the rejected has. Which of them it is nobody
reveals for free: a linear Bradley-Terry model of the attributes, fitted to the same pairs, says what counts, as the
paper's language models do without asking people again. That model reads attributes off tokens by the world's
rules, the language and not the truth (LANGUAGE in bench/methods/checks/imports.py): more than other methods are given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bench.data.world.attributes import ATTRIBUTES, attributes_of
from bench.data.world.prompts import Prompt, parse
from bench.data.world.vocabulary import END_ID, Ids, decode, encode
from bench.errors import UserError
from bench.learn.policy.completions import Completions
from bench.learn.reward.personal.ridge import RidgeBradleyTerry

ADVICE: Mapping[str, str] = {  # by attribute, what to do for more of it
    "relevant": "write about the {topic}",
    "off_topic": "write about another thing",
    "manner": "do as people ask",
    "example": "have an example",
    "number": "count things",
    "reason": "have a reason",
    "advice": "have some advice",
    "story": "write a story",
    "polite": "thank people",
    "rude": "say stupid things",
    "hedging": "guess",
    "filler": "talk so much",
    "greeting": "say hello",
    "closing": "say that is all",
    "question": "ask questions",
    "exclamation": "say how wonderful things are",
    "repetition": "repeat things",
    "garbled": "say things wrong",
    "unfinished": "forget the ends",
    "length": "write long things",
}


def rationales(pairs: Sequence[Completions], ridge: float = 1.0) -> list[Ids | None]:
    """(R,) for every (chosen, rejected), the end token last; None where no attribute speaks for the chosen.

    The attribute is the one that contributes most to the margin of a model fitted to all `pairs`, its weights shrunk by
    `ridge`. Pairs that are not of the known-truth world have none.
    """
    prompts = [prompt for pair in pairs if (prompt := _prompt(pair)) is not None]
    if len(prompts) < len(pairs):
        return [None] * len(pairs)
    chosen, rejected = (attributes_of(prompts, [pair.responses[side] for pair in pairs]) for side in (0, 1))
    differences: NDArray[np.float64] = chosen - rejected
    model = RidgeBradleyTerry(ridge).fit(differences, np.ones(len(pairs)))
    worth = differences * model.coef_
    best = worth.argmax(axis=1)
    return [
        sentence(ATTRIBUTES[place], prompt, more=bool(differences[row, place] > 0)) if worth[row, place] > 0 else None
        for row, (place, prompt) in enumerate(zip(best, prompts, strict=True))
    ]


def sentence(attribute: str, prompt: Prompt, *, more: bool) -> Ids:
    """(R,): that a response to `prompt` should have the attribute, or should not, and the end token."""
    advice = ADVICE[attribute].format(topic=prompt.topic)
    text = f"one should {advice} ." if more else f"one should not {advice} ."
    return np.append(encode(text), END_ID).astype(np.int32)


def _prompt(pair: Completions) -> Prompt | None:
    """The request; None where it is none of the known-truth world's."""
    try:
        return parse(decode(pair.prompt[1:]))
    except (UserError, IndexError):  # another text, or a token that the world does not have
        return None
