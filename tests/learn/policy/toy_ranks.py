"""Runs that are made once in one process and once by two ranks: `torchrun ... toy_ranks.py FOLDER` makes the latter."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors.torch import save_file
from toy_training import toy_groups, toy_model, toy_reference, weights

from bench.learn.policy import log_probs
from bench.learn.policy.objectives import Demonstration, PairwiseReward, Preference
from bench.learn.policy.reward_model import RewardModel
from bench.learn.policy.trainer import train
from bench.learn.policy.training import Training

# 22 pairs in batches of 8 under 25 tokens: often an odd number of micro-batches, and 6 steps.
TRAINING = Training(learning_rate=3e-3, epochs=2, batch_size=8, max_tokens=25, warmup=0, weight_decay=0.1, seed=1000)
GROUPS = toy_groups(22)


def preference(loss):
    return Preference(loss, toy_reference(toy_model(seed=1), GROUPS))


def reward_model():
    return RewardModel(toy_model().base_model, seed=0)


@dataclass(frozen=True)
class Case:
    zero: int
    objective: Callable[[], object] = lambda: preference("dpo")
    model: Callable[[], object] = toy_model
    changes: tuple[tuple[str, object], ...] = ()
    logits: int = log_probs.LOGITS  # at a time: the head's weight is gathered again for every chunk, and recomputed

    @property
    def training(self):
        return replace(TRAINING, **dict(self.changes))


CASES = {
    "zero-1": Case(1),
    "zero-2": Case(2),
    "zero-3": Case(3),
    "zero-2-coupled-dropout": Case(2, lambda: preference("kto"), lambda: toy_model(attention_dropout=0.3)),
    # AOT's gradient begins near zero, where Adam's usual epsilon makes steps of rounding: one process with other
    # micro-batches differs as much.
    "zero-3-coupled": Case(3, lambda: preference("aot"), changes=(("adam_eps", 1e-6),)),
    "zero-3-recomputed": Case(3, changes=(("gradient_checkpointing", True),)),
    "zero-3-head-in-chunks": Case(3, logits=50 * 10),
    "zero-3-tied": Case(3, Demonstration, lambda: toy_model(tie_word_embeddings=True)),
    "zero-3-reward-model": Case(3, PairwiseReward, reward_model),
    "zero-2-one-micro-batch": Case(2, changes=(("max_tokens", 10_000),)),
}
BFLOAT16 = {f"zero-{stage}-bfloat16": Case(stage, changes=(("dtype", "bfloat16"),)) for stage in (1, 2, 3)}


CONTINUED = ("zero-1", "zero-2", "zero-3-recomputed")
RESUMED = (*CONTINUED, *BFLOAT16)
HALF_WAY = 3


def run(case: Case, zero: int, folder: Path | None = None, half_way: Sequence[Path] = ()):
    """The trained model and fit of `case`; the folders `half_way` get a copy of the checkpoint in the middle."""
    model = case.model()
    log_probs.LOGITS = case.logits

    def on_step(metrics):
        name = f"step-{HALF_WAY:08d}"
        for target in half_way if metrics.step == HALF_WAY else ():
            shutil.copytree(folder / name, target / name)

    training = replace(case.training, zero=zero, checkpoint_every=1)
    return model, train(model, GROUPS, case.objective(), training, checkpoints=folder, on_step=on_step)


def main(folder: Path) -> None:
    def keep(name, outcome):
        model, fit = outcome
        if os.environ["RANK"] == "0":
            losses = {"losses": json.dumps([step.loss for step in fit.steps])}
            save_file({key: value.clone() for key, value in weights(model).items()}, folder / name, losses)

    for name, case in {**CASES, **BFLOAT16}.items():
        if name in RESUMED:
            copies = [folder / f"half-together-{name}", folder / f"half-kept-{name}"]
            keep(name, run(case, case.zero, folder / f"together-{name}", copies))
            keep(f"resumed-{name}", run(case, case.zero, copies[0]))
        if name in CONTINUED:
            keep(f"joined-{name}", run(case, case.zero, folder / f"half-alone-{name}"))
        if name not in RESUMED:
            keep(name, run(case, case.zero))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    torch.distributed.destroy_process_group()  # its threads must not outlive the interpreter
