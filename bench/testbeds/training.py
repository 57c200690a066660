"""How a testbed trains policies: a copy of the SFT policy, the testbed's settings, and what a method has instead."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.learn.policy.completions import Completions
from bench.learn.policy.objectives import Objective
from bench.learn.policy.schedule import steps_per_epoch
from bench.learn.policy.trainer import DivergenceError, train
from bench.learn.policy.training import Training
from bench.seeds import seed_for
from bench.spec import Progress


@dataclass(frozen=True)
class Trainer:
    """`settings` are keys of `Training`; `name` and `seed` name the random streams."""

    name: str
    seed: int
    settings: Mapping[str, Any]

    def trained(
        self,
        policy: Any,
        pairs: Sequence[Completions],
        objective: Objective,
        instead: Mapping[str, Any],
        stream: str,
        progress: Progress | None = None,
    ) -> tuple[Any, int]:
        """A trained copy of `policy`, and how many tokens it was trained on, each time that it was counting.

        `instead` are settings that replace the testbed's; `progress` gets (steps done, in all). Raises UserError for
        data or settings that cannot be used; FloatingPointError where loss or gradient are not finite, as that is a
        result and no mistake of a user.
        """
        own = copy.deepcopy(policy)
        training = Training(**{**self.settings, **instead}, seed=seed_for(self.name, "train", self.seed, stream))
        steps = training.epochs * steps_per_epoch(len(pairs), training)
        report = (lambda metrics: progress(metrics.step, steps)) if progress else None
        try:
            fit = train(own, pairs, objective, training, on_step=report)
        except DivergenceError as error:
            raise FloatingPointError(str(error)) from error
        return own.eval(), sum(step.tokens for step in fit.steps)
