"""What preference variance says of gradients, on prompts of the pool: before the first step, and after training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bench.learn.policy.prompt_gradients import gram_matrices
from bench.papers.pvar.pairing import pairs_of
from bench.papers.pvar.selecting import chosen
from bench.papers.pvar.study import trained
from bench.papers.pvar.theory import Pool, measured, summary
from bench.papers.pvar.world import WorldLab, lab
from bench.select.log_ratios import log_ratios
from bench.spec import Context, Outcome, Task

DECILES = 10
DRAWN = ("pvar_own", "norm_own", "bound_own", "ratio_of_signal_own")  # by deciles of PVar


def theorised(task: Task, context: Context) -> Outcome:
    """`summary` of the policy's gradients on the pool's first prompts, and means by deciles of PVar."""
    torch.set_num_threads(context.threads)
    here, settings = lab(task.settings["lab"], task.seed, context), task.settings
    before = task.condition["policy"] == "before"
    policy = here.sft if before else _after(here, settings)
    count, row = settings["prompts"], settings["row"]
    groups = here.pool(row["spread"])[1][:count]
    pool = Pool(
        grams=gram_matrices(policy, groups),
        rewards=here.rewards(row["spread"], row["model"])[:count],
        gold=here.rewards(row["spread"], "gold")[:count],
        log_ratios=np.stack(log_ratios(policy, None if before else here.sft, groups)),
        lengths=np.array([[len(y) for y in group.responses] for group in groups], dtype=float),
    )
    columns = measured(pool, row["hyper"]["beta"])
    curves = {name: [float(value) for value in columns[name]] for name in DRAWN}
    return Outcome(summary(columns) | by_decile(columns), curves)


def by_decile(columns: Mapping[str, NDArray[np.float64]]) -> dict[str, float]:
    """`<column>_1` to `<column>_10`: means over tenths of the prompts, from the lowest PVar to the highest."""
    order = np.argsort(columns["pvar_own"], kind="stable")
    parts = np.array_split(order, DECILES)
    return {
        f"{name}_{at}": float(columns[name][part].mean())
        for name in DRAWN
        for at, part in enumerate(parts, start=1)
        if len(part)
    }


def _after(here: WorldLab, settings: Mapping[str, Any]) -> Any:
    row = settings["row"]
    rows = chosen(here, row["method"], row["spread"], row["model"], row["fraction"])
    _, pairs, _ = pairs_of(here, row["pairs"], row["spread"], row["model"], rows)
    policy, _, _ = trained(here, row, rows, pairs, settings["training"], settings["judging"]["held_out"])
    return policy
