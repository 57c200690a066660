"""What deep reward models cost here: tokens a second of the `small` profile, and hours for its grid.

    python benchmarks/deep_reward.py [--steps 6] [--data-dir DIR]

Trains SmolLM2-135M for a few steps of the first task of each variant, at the settings of configs/fig3.yaml.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import torch

from bench import paths
from bench.learn.reward.deep_pairs import EndRule, encode
from bench.learn.reward.deep_train import train
from bench.papers.sparse import fig3_run
from bench.papers.sparse.fig3 import FIG3, TOKENS_A_PAIR
from bench.papers.sparse.paper import PAPER
from bench.run import config
from bench.spec import Profile, Request, Task, Variant


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=6, help="steps to time, after two to warm up")
    parser.add_argument("--data-dir", type=Path, help="default: PREFBENCH_DATA")
    options = parser.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", len(os.sched_getaffinity(0)))))
    tasks = {variant: _tasks(variant, paths.data_dir(options.data_dir)) for variant in FIG3.variants}
    speed = _tokens_per_second(tasks[Variant.CORRECTED][0], options.steps, paths.data_dir(options.data_dir))
    print(f"training: {speed:,.0f} tokens/s on {_device()}, {torch.get_num_threads()} threads")
    for variant, grid in tasks.items():
        hours = sum(_tokens(task) for task in grid) / speed / 3600
        print(f"{variant}: {len(grid)} tasks, {hours / len(grid) * 60:.0f} minutes each, {hours:.1f} hours in all")


def _tasks(variant: Variant, data_dir: Path | None) -> list[Task]:
    settings = config.load(PAPER, FIG3, Profile.SMALL)
    seeds = tuple(range(settings.seeds[variant]))
    return list(FIG3.plan(Request(variant, Profile.SMALL, settings, seeds, data_dir, paths.cache_dir())))


def _tokens(task: Task) -> float:
    """Tokens to train on; those of evaluation count a third, as they take no backward pass."""
    pairs = task.settings["data"]["pairs"]
    return float((pairs["train"] + (pairs["validation"] + pairs["test"]) / 3) * TOKENS_A_PAIR)


def _tokens_per_second(task: Task, steps: int, data_dir: Path | None) -> float:
    model, tokenizer = fig3_run.untrained(task)
    training = fig3_run.training(task)
    count = (2 + steps) * training.batch_size
    chosen = fig3_run.planned_parts(task, data_dir).train[:count]
    pairs = encode(chosen, tokenizer, task.settings["max_length"], EndRule.EOS)
    train(model, pairs[: 2 * training.batch_size], training)
    timed = pairs[2 * training.batch_size :]
    fit = train(model, timed, training)
    print("loss by step:", " ".join(f"{loss:.3f}" for loss in fit.losses))
    return float(sum(len(pair.chosen) + len(pair.rejected) for pair in timed) / fit.seconds)


def _device() -> str:
    return torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"


if __name__ == "__main__":
    main()
