"""How well PVar is known from n responses: on many responses of the SFT policy to each of some prompts."""

from __future__ import annotations

import numpy as np
import torch

from bench.data.world.annotator import NOISE
from bench.generate.kept_arrays import kept_arrays
from bench.papers.pvar.world import WorldLab, lab
from bench.select.estimation import estimation_error
from bench.spec import Context, Outcome, Task


def estimated(task: Task, context: Context) -> Outcome:
    """Every statistic of `estimation_error` at one n, by the rewards of one model."""
    torch.set_num_threads(context.threads)
    here, n = lab(task.settings["lab"], task.seed, context), int(str(task.condition["n"]))
    rewards = _rewards(here, str(task.condition["model"]), **task.settings["estimation"])
    table = estimation_error(rewards, (n,), seed=task.seed)
    named = table["statistic"] + table["share"].map(lambda share: "" if np.isnan(share) else f"_{share:g}")
    return Outcome(dict(zip(named, map(float, table["value"]), strict=True)))


def _rewards(here: WorldLab, model: str, prompts: int, samples: int) -> np.ndarray:
    """(prompts, samples), kept."""

    def make() -> dict[str, np.ndarray]:
        asked = list(here.world.prompts("train")[:prompts])
        groups = here.responses(asked, samples, "estimation")
        if model == "gold":
            return {"rewards": here.truth(asked, groups) / NOISE}
        return {"rewards": np.stack(here.reward_model(model).scores(groups)).astype(np.float64)}

    parts = {"of": "estimation", "model": model, "prompts": prompts, "samples": samples}
    return np.asarray(kept_arrays(here.place("rewards", parts), make)["rewards"], dtype=np.float64)
