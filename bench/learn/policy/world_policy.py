"""The SFT policy of the known-truth world: a small language model that imitates writers of mixed quality.

Trained once, in about a minute on two cores, and kept under the hash of everything that its weights depend on. Bits
depend on the number of threads, so that belongs to the size.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from filelock import FileLock
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedConfig
from transformers.utils import logging

from bench.data.world.tokenizer import tokenizer
from bench.data.world.vocabulary import BEGIN_ID, END_ID, PAD_ID, words
from bench.data.world.world import FINGERPRINT, SIZES, World
from bench.errors import UserError, unknown
from bench.learn.policy import attention
from bench.learn.policy.completions import Completions
from bench.learn.policy.log_probs import log_probs
from bench.learn.policy.metrics import StepMetrics
from bench.learn.policy.objectives import Demonstration
from bench.learn.policy.packing import pack
from bench.learn.policy.trainer import train
from bench.learn.policy.training import Training
from bench.seeds import seed_for
from bench.spec import Progress, canonical

POSITIONS = 128
HELD_OUT = 500  # validation prompts, two demonstrations each, for the report


@dataclass(frozen=True)
class Size:
    """A model and how much it is shown."""

    width: int
    layers: int
    heads: int
    prompts: int  # SFT prompts, five demonstrations each
    batch_size: int  # prompts
    learning_rate: float
    threads: int = 1
    architecture: str = "gpt_neox"


POLICIES: Mapping[str, Size] = {
    "small": Size(width=128, layers=4, heads=4, prompts=SIZES["sft"], batch_size=16, learning_rate=2e-3, threads=2),
    # A sixth of the weights of "small" in a quarter of the time, for studies of many stages: the gold reward of its
    # samples is 1.67, that of those of "small" 1.78 (validation seed 1000, temperature .7).
    "compact": Size(width=64, layers=2, heads=4, prompts=SIZES["sft"], batch_size=16, learning_rate=4e-3),
    "llama": Size(64, 2, 4, prompts=SIZES["sft"] // 2, batch_size=16, learning_rate=4e-3, architecture="llama"),
    "tiny": Size(width=32, layers=2, heads=2, prompts=320, batch_size=16, learning_rate=1e-2),  # for tests: seconds
}


def world_policy(
    *, cache_dir: Path, seed: int = 0, size: str = "small", progress: Progress | None = None
) -> tuple[Any, Any]:
    """The SFT policy of `World(seed)` (in evaluation mode, float32, on the CPU) and its tokenizer.

    The first call trains it, `progress(step, steps)` after every step, and keeps it in `cache_dir`/world_policy; later
    ones load it. `sft.json` beside the weights says how training went. Raises UserError for an unknown size.
    """
    return _cached(cache_dir, seed, size, True, progress)


def base_policy(
    *, cache_dir: Path, seed: int = 0, size: str = "small", progress: Progress | None = None
) -> tuple[Any, Any]:
    """The model before it was taught to follow prompts: as `world_policy`, from demonstrations under other prompts."""
    return _cached(cache_dir, seed, size, False, progress)


def _cached(cache_dir: Path, seed: int, size: str, follows: bool, progress: Progress | None) -> tuple[Any, Any]:
    if size not in POLICIES:
        raise unknown("size of the world's policy", size, POLICIES)
    if seed < 0:
        raise UserError(f"seed must be at least 0, got {seed}; the nearest valid value is 0")
    folder = cache_dir / "world_policy" / _key(seed, POLICIES[size], follows)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):  # of several processes that want it, one trains
        if not folder.is_dir():
            _commit(folder, *_train(seed, POLICIES[size], follows, progress))
    logging.disable_progress_bar()
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    return model.eval(), AutoTokenizer.from_pretrained(folder, local_files_only=True)


def _training(seed: int, size: Size) -> Training:
    return Training(
        learning_rate=size.learning_rate,
        batch_size=size.batch_size,
        max_tokens=2048,
        warmup=0.05,
        adam_betas=(0.9, 0.98),
        seed=seed_for("world", "policy", seed),
    )


def _key(seed: int, size: Size, follows: bool) -> str:
    training = asdict(_training(seed, size))
    parts = {"world": FINGERPRINT, "seed": seed, "size": asdict(size), "training": training, "follows": follows}
    return hashlib.sha256(canonical(parts).encode()).hexdigest()


def _train(seed: int, size: Size, follows: bool, progress: Progress | None) -> tuple[Any, dict[str, float]]:
    world, training = World(seed), _training(seed, size)
    count = size.prompts if follows else size.prompts // 2  # there is less to learn where prompts say nothing
    shown = [Completions(prompt.ids, responses) for prompt, responses in islice(world.demonstrations(), count)]
    if not follows:
        order = np.random.default_rng(seed_for("world", "other prompts", seed)).permutation(len(shown))
        shown = [replace(group, prompt=shown[other].prompt) for group, other in zip(shown, order, strict=True)]
    steps = -(-len(shown) // training.batch_size)
    with torch.random.fork_rng([]):
        torch.manual_seed(seed_for("world", "initial weights", seed))
        model: Any = AutoModelForCausalLM.from_config(_config(size))

    def report(metrics: StepMetrics) -> None:
        if progress:
            progress(metrics.step, steps)

    threads = torch.get_num_threads()
    torch.set_num_threads(size.threads)
    try:
        fit = train(model, shown, Demonstration(), training, on_step=report)
    finally:
        torch.set_num_threads(threads)
    tokens = sum(metrics.tokens for metrics in fit.steps)
    return model, {
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "demonstrations": sum(len(group.responses) for group in shown),
        "seconds": fit.seconds,
        "tokens_per_second": tokens / fit.seconds,  # of the stream: each prompt once for its five responses
        "held_out_nats_per_token": _held_out(model, world),
    }


def _config(size: Size) -> PreTrainedConfig:
    return AutoConfig.for_model(
        size.architecture,
        vocab_size=len(words()),
        hidden_size=size.width,
        intermediate_size=4 * size.width,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        max_position_embeddings=POSITIONS,
        tie_word_embeddings=True,
        pad_token_id=PAD_ID,
        bos_token_id=BEGIN_ID,
        eos_token_id=END_ID,
    )


@torch.no_grad()
def _held_out(model: Any, world: World) -> float:
    written = islice(world.demonstrations("validation", each=2), HELD_OUT)
    shown = [Completions(prompt.ids, responses) for prompt, responses in written]
    attention.enable(model)
    return -float(log_probs(model.eval(), pack(shown)).tokens.mean())


def _commit(folder: Path, model: Any, facts: dict[str, float]) -> None:
    """The whole folder or none: written beside its place and renamed. Who comes second leaves the first's."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    logging.disable_progress_bar()
    model.save_pretrained(temporary)
    tokenizer().save_pretrained(temporary)
    (temporary / "sft.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
    try:
        temporary.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
        shutil.rmtree(temporary)
