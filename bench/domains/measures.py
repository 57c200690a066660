"""What a policy is worth in a domain: one response to each test prompt, judged; and how far it went."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.domains.domain import Domain, Ids
from bench.evaluate.divergence import sampled_kl
from bench.evaluate.win_rate import win_rate
from bench.files import replace
from bench.learn.policy.completions import Completions
from bench.learn.policy.log_probs import response_log_probs, response_sums


def kept_responses(path: Path, sample: Callable[[], Sequence[Sequence[Ids]]]) -> list[Ids]:
    """The first response to each prompt, as `path` holds them; where it is missing or damaged, of `sample()`, kept.

    `path` must be named by all that decides them. Beside a policy's weights, they spare others that are compared with
    it to sample it again.
    """
    try:
        return [np.array(ids, dtype=np.int32) for ids in json.loads(path.read_text(encoding="utf-8"))]
    except (FileNotFoundError, json.JSONDecodeError):
        found = [each[0] for each in sample()]
        replace(path, json.dumps([ids.tolist() for ids in found]).encode())
        return found


def judged(
    domain: Domain, prompts: Sequence[Any], own: Sequence[Ids], others: Mapping[str, Sequence[Ids]]
) -> dict[str, float]:
    """What the judge says of one response a prompt, its mean length in tokens, and its win rate over each of `others`.

    Win rates are fractions, under `win_rate_over_` and the name of the others; a tie counts half.
    """
    metrics = {**domain.quality(prompts, own), "length": float(np.mean([len(response) for response in own]))}
    for name, theirs in others.items():
        metrics[f"win_rate_over_{name}"] = win_rate(domain.compare(prompts, own, theirs)).mean
    return metrics


def divergence(domain: Domain, policy: Any, prompts: Sequence[Any], *, max_tokens: int, seed: int) -> float:
    """KL(policy || SFT) in nats a response, estimated without bias from one sample a prompt at temperature 1."""
    found = domain.sample(policy, prompts, samples=1, max_tokens=max_tokens, temperature=1.0, seed=seed)
    groups = [Completions(prompt.ids, tuple(each)) for prompt, each in zip(prompts, found, strict=True)]
    ours, theirs = (
        np.concatenate(response_sums(groups, response_log_probs(model, groups))) for model in (policy, domain.sft)
    )
    return sampled_kl(ours, theirs).k1.mean
