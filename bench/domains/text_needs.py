"""What a study on text needs of this machine: data, models, a GPU, packages, a key. Nothing is ever downloaded."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import MappingProxyType

from bench import models
from bench.data import alpaca_eval, hh_rlhf, ultrafeedback, ultrafeedback_completions
from bench.data.datafile import named, require
from bench.data.hub import HubDataset
from bench.domains.settings import AlpacaEvalJudge, TextSettings
from bench.spec import Unavailable

GB = 1e9
# Weights, float32 master, two moments and gradient of the policy that learns (2 + 4 + 8 + 4), the policy before it and
# the SFT policy (2 each); activations are a few percent with gradient checkpointing.
BYTES_A_PARAMETER = 22

Find = Callable[[], str]  # a fingerprint; raises Unavailable


def fingerprints(
    settings: TextSettings,
    data_dir: Path | None,
    also: Collection[str] = (),
    further: Mapping[str, Find] = MappingProxyType({}),
) -> dict[str, str]:
    """Of every dataset and model that a study uses, by name; `also` those of "base" and "ranker" that it asks for.

    `further` finds what the study needs besides the domain.
    Raises Unavailable with everything that is missing and how to get it; UserError for data that are not as they
    should be.
    """
    wanted: dict[str, Find] = {
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
    wanted |= further
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
    return ultrafeedback.load(_downloaded(data_dir, ultrafeedback.NAME, ultrafeedback.HUB)).fingerprint


def four_answers(data_dir: Path | None) -> str:
    """The fingerprint of UltraFeedback's four answers a prompt. Raises Unavailable where they are not here."""
    folder = _downloaded(data_dir, ultrafeedback_completions.NAME, ultrafeedback_completions.HUB)
    return ultrafeedback_completions.load(folder).fingerprint


def _downloaded(data_dir: Path | None, name: str, hub: HubDataset) -> Path:
    folder = named(data_dir) / name
    if not folder.is_dir():
        raise Unavailable(
            f"needs {hub.repo} in the folder {folder}: "
            f"run `hf download {hub.repo} --repo-type dataset --local-dir {folder}`"
        )
    return folder


def _base(settings: TextSettings) -> str:
    if settings.base is None:
        raise Unavailable(
            f"needs the model before instruction tuning of {settings.policy.name}: name it at domain.base"
        )
    return models.fingerprint(settings.base.source)


def _ranker() -> str:
    from bench.label.pairrm import HUB

    return models.fingerprint(HUB)
