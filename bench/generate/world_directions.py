"""Directions of the known-truth world: a user's weights of the manners, and a policy that is asked for one of them.

A prompt of the world asks for one manner at most. So the directions that a policy's training covered are the axes, and
a user who wants two things at once lies between them. Which manner a direction asks for is ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.data.world import ATTRIBUTES, Prompt, attributes_of, parse
from bench.data.world.lexicon import ANY_MANNER, ASKED, MANNERS
from bench.data.world.vocabulary import END_ID, Ids
from bench.generate.sampling import sample
from bench.seeds import seed_for

Array = NDArray[np.float64]


class WorldDirections:
    """`policy` on `prompts`, asked for what directions (5,) over MANNERS say: see `bench.generate.robust_selection`."""

    def __init__(
        self, policy: Any, prompts: Sequence[Prompt], *, seed: int, max_tokens: int = 40, temperature: float = 0.7
    ) -> None:
        self.policy = policy
        self.prompts = prompts
        self.seed = seed
        self.max_tokens = max_tokens
        self.temperature = temperature

    def respond(self, direction: Array, draw: int) -> list[Ids]:
        """A response to every prompt, which asks for the manner that `direction` wants most."""
        found = sample(
            self.policy,
            [asking(prompt, direction).ids for prompt in self.prompts],
            max_tokens=self.max_tokens,
            temperature=self.temperature,
            stop=(END_ID,),
            seed=seed_for("world directions", self.seed, draw),
        )
        return [one.tokens for (one,) in found]

    def worth(self, responses: Sequence[Ids]) -> Array:
        """(n, 5): which manners there are in the responses, 1 or 0."""
        columns = [ATTRIBUTES.index(manner) for manner in MANNERS]
        return attributes_of(self.prompts, responses)[:, columns]


def asking(prompt: Prompt, direction: Array) -> Prompt:
    """The prompt as it asks for the manner of the largest weight; for any manner where no weight is positive."""
    about, _, occasion = prompt.text.split(", ")
    wanted = int(np.argmax(direction))
    asked = ASKED[MANNERS[wanted]][0] if direction[wanted] > 0 else ANY_MANNER[0]
    return parse(f"{about}, {asked}, {occasion}")
