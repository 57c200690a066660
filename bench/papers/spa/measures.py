"""What is measured of a stage's policy: win rates on held-out prompts, the judge's reward, length, divergence."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from bench.evaluate.divergence import sampled_kl
from bench.evaluate.win_rate import win_rate
from bench.files import replace
from bench.learn.policy.completions import Completions
from bench.learn.policy.log_probs import response_log_probs, response_sums
from bench.papers.spa.domain import Ids
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
    metrics = {**loop.domain.quality(prompts, own), "length": float(np.mean([len(response) for response in own]))}
    for name, count in against.items():
        if len(stages) > count:
            theirs = _one_each(loop, stages[:count], prompts)
            metrics[f"win_rate_over_{name}"] = win_rate(loop.domain.compare(prompts, own, theirs)).mean
    if stages:
        metrics["kl_from_sft"] = _divergence(loop, made.module, prompts[:DIVERGENCE_PROMPTS])
    return {**metrics, **made.facts, "judging_seconds": time.perf_counter() - began}


def _one_each(loop: Loop, stages: Sequence[Stage], prompts: Sequence[Any]) -> list[Ids]:
    """One response a prompt, from a random stream of the stage's own: judgements of two stages are independent.

    Kept beside the policy, which many others are compared with.
    """
    path = loop.path(stages).with_suffix(f".{_tested(loop, len(prompts))}-responses.json")
    try:
        return [np.array(ids, dtype=np.int32) for ids in json.loads(path.read_text(encoding="utf-8"))]
    except (FileNotFoundError, json.JSONDecodeError):
        sampling = loop.settings.get("testing", {})
        found = loop.responses(loop.policy(stages).module, prompts, 1, f"test {len(stages)}", **sampling)
        replace(path, json.dumps([each[0].tolist() for each in found]).encode())
        return [each[0] for each in found]


def _tested(loop: Loop, prompts: int) -> str:
    """What decides the judged responses besides policy and seed, as part of a file's name."""
    return "-".join(map(str, [prompts, *loop.settings.get("testing", {}).values()]))


def _divergence(loop: Loop, policy: Any, prompts: Sequence[Any]) -> float:
    """KL(policy || SFT) in nats a response, from one sample a prompt at temperature 1."""
    found = loop.domain.sample(
        policy,
        prompts,
        samples=1,
        max_tokens=loop.settings["sampling"]["max_tokens"],
        temperature=1.0,
        seed=seed_for("spa", "divergence", loop.seed),
    )
    groups = [Completions(prompt.ids, tuple(each)) for prompt, each in zip(prompts, found, strict=True)]
    ours, theirs = (
        np.concatenate(response_sums(groups, response_log_probs(model, groups))) for model in (policy, loop.domain.sft)
    )
    return sampled_kl(ours, theirs).k1.mean
