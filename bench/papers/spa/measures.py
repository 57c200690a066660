"""What is measured of a stage's policy: win rates on held-out prompts, the judge's reward, length, divergence."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

import torch

from bench.domains.domain import Ids
from bench.domains.measures import divergence, judged, kept_responses
from bench.files import replace
from bench.papers.spa.loop import Loop
from bench.papers.spa.stage import Stage
from bench.seeds import seed_for
from bench.spec import Context, Outcome, Task

VERSION = 2  # of what is measured
DIVERGENCE_PROMPTS = 200  # a KL is seen sooner than a win rate


def measured(task: Task, context: Context) -> Outcome:
    """The policy after the task's stages, judged. Win rates are against one response of the other policy a prompt.

    Tables that share a policy share its judgement, kept beside its weights.
    """
    torch.set_num_threads(context.threads)
    loop = Loop(task.settings, task.seed, context)
    stages = [Stage.read(written) for written in task.settings["stages"]]
    asked = {name: task.settings[name] for name in ("test_prompts", "against")}
    name = "-".join([_tested(loop, asked["test_prompts"]), *asked["against"], str(VERSION)])
    path = loop.path(stages).with_suffix(f".{name}.json")
    try:
        metrics: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        metrics = _measured(loop, stages, **asked)
        replace(path, json.dumps(metrics).encode())
    return Outcome(metrics)


def _measured(loop: Loop, stages: Sequence[Stage], test_prompts: int, against: dict[str, int]) -> dict[str, float]:
    made = loop.policy(stages)
    began = time.perf_counter()
    prompts = loop.domain.prompts("test", 0, test_prompts)
    own = _one_each(loop, stages, prompts)
    others = {name: stages[:count] for name, count in against.items() if len(stages) > count}
    theirs = {name: _one_each(loop, chain, prompts) for name, chain in others.items()}
    metrics = judged(loop.domain, prompts, own, theirs)
    if stages:
        metrics["kl_from_sft"] = divergence(
            loop.domain,
            made.module,
            prompts[:DIVERGENCE_PROMPTS],
            max_tokens=loop.settings["sampling"]["max_tokens"],
            seed=seed_for("spa", "divergence", loop.seed),
        )
    return {**metrics, **made.facts, "judging_seconds": time.perf_counter() - began}


def _one_each(loop: Loop, stages: Sequence[Stage], prompts: Sequence[Any]) -> list[Ids]:
    """One response a prompt, from a random stream of the stage's own: judgements of two stages are independent.

    Kept beside the policy, which many others are compared with.
    """
    path = loop.path(stages).with_suffix(f".{_tested(loop, len(prompts))}-responses.json")

    def sampled() -> list[list[Ids]]:
        sampling = loop.settings.get("testing", {})
        return loop.responses(loop.policy(stages).module, prompts, 1, f"test {len(stages)}", **sampling)

    return kept_responses(path, sampled)


def _tested(loop: Loop, prompts: int) -> str:
    """What decides the judged responses besides policy and seed, as part of a file's name."""
    return "-".join(map(str, [prompts, *loop.settings.get("testing", {}).values()]))
