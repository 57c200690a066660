"""What a study on text needs of this machine: data, models, a GPU, packages, a key. Nothing is ever downloaded."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Collection
from pathlib import Path

from bench import models
from bench.data import alpaca_eval, hh_rlhf, ultrafeedback
from bench.data.datafile import named, require
from bench.domains.settings import AlpacaEvalJudge, TextSettings
from bench.spec import Unavailable

GB = 1e9
# Weights, float32 master, two moments and gradient of the policy that learns (2 + 4 + 8 + 4), the policy before it and
# the SFT policy (2 each); activations are a few percent with gradient checkpointing.
BYTES_A_PARAMETER = 22


def fingerprints(settings: TextSettings, data_dir: Path | None, also: Collection[str] = ()) -> dict[str, str]:
    """Of every dataset and model that a study uses, by name; `also` those of "base" and "ranker" that it asks for.

    Raises Unavailable with everything that is missing and how to get it; UserError for data that are not as they
    should be.
    """
    wanted: dict[str, Callable[[], str]] = {
        "weights": lambda: models.fingerprint(settings.policy.source),
        "alpaca_eval": lambda: require(data_dir, alpaca_eval.PROMPTS),
        settings.corpus: lambda: _pairs(settings, data_dir),
    }
    if isinstance(settings.judge, AlpacaEvalJudge):
        wanted["baseline"] = lambda: require(data_dir, alpaca_eval.RESPONSES)
    if "base" in also:
        wanted["base"] = lambda: _base(settings)
    if "ranker" in also:
        wanted["ranker"] = _ranker
    found, missing = {}, _missing(settings)
    for name, find in wanted.items():
        try:
            found[name] = find()
        except Unavailable as reason:
            missing.append(str(reason))
    if missing:
        raise Unavailable("; ".join(dict.fromkeys(missing)))
    return found


def _missing(settings: TextSettings) -> list[str]:
    """What is no file: hardware, packages, keys."""
    missing = []
    needed = BYTES_A_PARAMETER * settings.policy.parameters / GB
    if settings.gpu and (there := _gpu_bytes() / GB) < needed:
        missing.append(
            f"needs an NVIDIA GPU with {needed:.0f} GB to train {settings.policy.name} in one process "
            f"({f'the one here has {there:.0f} GB' if there else 'there is none here'})"
        )
    if settings.backend == "vllm" and importlib.util.find_spec("vllm") is None:
        missing.append("needs vLLM: run `python -m pip install 'prefbench[generate]'`")
    if isinstance(settings.judge, AlpacaEvalJudge):
        variable = settings.judge.key_variable
        if not os.environ.get(variable, "").strip():
            missing.append(f"needs the key of {settings.judge.base_url} in the environment variable {variable}")
    return missing


def _gpu_bytes() -> int:
    """The memory of the GPU that is used; 0 where there is none."""
    import torch

    return torch.cuda.get_device_properties(0).total_memory if torch.cuda.is_available() else 0


def _pairs(settings: TextSettings, data_dir: Path | None) -> str:
    if settings.corpus == hh_rlhf.NAME:
        return require(data_dir, hh_rlhf.FILE)
    folder = named(data_dir) / ultrafeedback.NAME
    if not folder.is_dir():
        repo = ultrafeedback.HUB.repo
        raise Unavailable(
            f"needs {repo} in the folder {folder}: run `hf download {repo} --repo-type dataset --local-dir {folder}`"
        )
    return ultrafeedback.load(folder).fingerprint


def _base(settings: TextSettings) -> str:
    if settings.base is None:
        raise Unavailable(
            f"needs the model before instruction tuning of {settings.policy.name}: name it at domain.base"
        )
    return models.fingerprint(settings.base.source)


def _ranker() -> str:
    from bench.label.pairrm import HUB

    return models.fingerprint(HUB)
