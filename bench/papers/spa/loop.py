"""SPA's loop, a stage at a time: sample two responses a prompt, label them, train on the labels.

The policy of a stage is kept under the hash of all that it depends on, so whoever needs the stage before finds it, or
makes it again; tables that share stages share policies.
"""

from __future__ import annotations

import copy
import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bench.domains.domain import Ids, domain
from bench.label import ordered
from bench.label.judgements import longer_first
from bench.learn.kept import Made, kept
from bench.learn.policy.completions import Completions
from bench.learn.policy.metrics import Fit
from bench.learn.policy.objectives import Objective, Preference
from bench.learn.policy.reference import ReferenceLogProbs, reference_log_probs
from bench.learn.policy.refinement import Refinement
from bench.learn.policy.trainer import train
from bench.learn.policy.training import Training
from bench.papers.spa.label_quality import label_facts, length_facts, mark_facts
from bench.papers.spa.labelling import judgements
from bench.papers.spa.layout import ultrafeedback_rows
from bench.papers.spa.stage import Stage, write
from bench.seeds import seed_for
from bench.spec import Context, canonical

VERSION = 5  # of what a stage is: raise it when the same settings give another policy
_NEEDED = ("domain", "sampling", "training", "refinement", "judge", "end_twice", "drop_identical")  # by a stage


class Loop:
    """The stages of one seed. `settings` are those of a task, less its own stages."""

    def __init__(self, settings: Mapping[str, Any], seed: int, context: Context) -> None:
        self.settings = settings
        self.seed = seed
        self.context = context
        self.domain = domain(settings["domain"], seed, context, study="spa", rows=ultrafeedback_rows)
        self.beta = float(settings["training"]["beta"])

    def policy(self, stages: Sequence[Stage]) -> Made:
        """After these stages; the SFT policy after none."""
        if not stages:
            return Made(self.domain.sft, {})
        return kept(self.path(stages), lambda: copy.deepcopy(self.domain.sft), lambda: self._make(stages))

    def groups(self, stages: Sequence[Stage], before: Any) -> tuple[list[Any], list[Completions]]:
        """The prompts of the last of `stages`, with two responses: those that people judged, else samples of `before`.

        `corrected` leaves out pairs of identical responses where nobody is paid for them.
        """
        prompts = self.domain.prompts("train", *stages[-1].prompts)
        given = self.domain.given(prompts) if stages[-1].labels == "people" else None
        if given is not None:
            return given
        both = self.responses(before, prompts, 2, f"stage {len(stages)}")
        groups = [Completions(prompt.ids, tuple(pair)) for prompt, pair in zip(prompts, both, strict=True)]
        if self.settings["drop_identical"] and stages[-1].labels != "people":
            kept_rows = [row for row, group in enumerate(groups) if not _identical(group)]
            prompts, groups = [prompts[row] for row in kept_rows], [groups[row] for row in kept_rows]
        return prompts, groups

    def responses(
        self, policy: Any, prompts: Sequence[Any], samples: int, name: str, **sampling: Any
    ) -> list[list[Ids]]:
        """`samples` of each prompt from the random stream `name`, as the settings' `sampling` or otherwise."""
        seed = seed_for("spa", "sample", self.seed, name)
        return self.domain.sample(policy, prompts, samples=samples, seed=seed, **(self.settings["sampling"] | sampling))

    def key(self, stages: Sequence[Stage]) -> str:
        """The hash of everything that the policy after `stages` depends on."""
        parts = {
            **{name: self.settings[name] for name in _NEEDED},
            "stages": write(stages),
            "seed": self.seed,
            "sft": self.domain.sft_hash,
            "version": VERSION,
        }
        return hashlib.sha256(canonical(parts).encode()).hexdigest()

    def path(self, stages: Sequence[Stage]) -> Path:
        """Where that policy is kept."""
        return self.context.cache_dir / "spa" / f"{self.key(stages)}.safetensors"

    def _make(self, stages: Sequence[Stage]) -> Made:
        before = self.policy(stages[:-1]).module
        began = time.perf_counter()
        prompts, groups = self.groups(stages, before)
        sampled = time.perf_counter()
        gap = self.domain.truth(prompts, groups)
        if self.settings["end_twice"]:
            groups = [self._with_another_end(group) for group in groups]
        own = reference_log_probs(before, groups, cache_dir=None)
        found = judgements(self, stages, own, prompts, groups)
        labelled = time.perf_counter()
        policy, fit = self._trained(before, ordered(groups, found), own.turned(groups, ~found.first), stages)
        facts = {
            "labels_spent": float(found.labels_spent),
            **(label_facts(found, gap) if gap is not None else {}),
            **length_facts(found, longer_first(groups)),
            "steps": float(len(fit.steps)),
            "generation_seconds": sampled - began,
            "labelling_seconds": labelled - sampled,
            "training_seconds": fit.seconds,
        }
        if stages[-1].refine and gap is not None:
            batch_size, start = self.settings["training"]["batch_size"], self.settings["refinement"]["start"]
            facts |= mark_facts(fit.memory or {}, found, gap, batch_size, start)
        return Made(policy, facts)

    def _trained(
        self, before: Any, pairs: Sequence[Completions], reference: ReferenceLogProbs, stages: Sequence[Stage]
    ) -> tuple[Any, Fit]:
        """Training begins at the policy before, and has it as reference (Algorithm 1)."""
        stage, shared = stages[-1], self.settings["training"]
        objective: Objective = Preference("dpo", reference, beta=self.beta)
        if stage.refine:
            objective = Refinement(
                reference,
                beta=self.beta,
                decoupling=stage.decoupling,
                reference_model=before if stage.decoupling > 0 else None,
                **self.settings["refinement"],
            )
        training = Training(
            learning_rate=stage.learning_rate,
            epochs=stage.epochs,
            batch_size=shared["batch_size"],
            warmup=shared["warmup"],
            seed=seed_for("spa", "train", self.seed, len(stages)),
            checkpoint_every=self.settings["checkpoint_every"],
            **self.domain.engine,
        )
        policy = copy.deepcopy(before)
        fit = train(policy, pairs, objective, training, checkpoints=self.context.scratch_dir / self.key(stages)[:16])
        return policy.eval(), fit

    def _with_another_end(self, group: Completions) -> Completions:
        """As released: an end token more, a second where the response had one, the first where it was cut."""
        end = np.array([self.domain.end], dtype=np.int32)
        return replace(group, responses=tuple(np.concatenate([response, end]) for response in group.responses))


def _identical(group: Completions) -> bool:
    first, second = group.responses
    return np.array_equal(first, second)
