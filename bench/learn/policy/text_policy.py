"""A small language model of a few texts: its own tokens, trained from nothing to write them and to answer as they do.

For preferences of real people where no pretrained model is at hand: it knows nothing but those texts.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerFast
from transformers.utils import logging

from bench.data.fingerprint import sha256_rows
from bench.files import once
from bench.learn.policy.completions import Completions
from bench.learn.policy.encoding import Limits, encode_demonstrations
from bench.learn.policy.metrics import StepMetrics
from bench.learn.policy.objectives import Demonstration
from bench.learn.policy.schedule import steps_per_epoch
from bench.learn.policy.trainer import train
from bench.learn.policy.training import Training
from bench.seeds import seed_for
from bench.spec import Progress, canonical

VERSION = 1
BEGIN, END = "<|begin|>", "<|end|>"


@dataclass(frozen=True)
class Size:
    """A model and how it is trained. Bits depend on the number of threads, so that belongs to it."""

    vocabulary: int  # tokens, bytes and the begin and end token among them: at least 258
    width: int
    layers: int
    heads: int
    epochs: int
    batch_size: int
    learning_rate: float
    threads: int


def text_policy(
    demonstrations: Sequence[tuple[str, str]],
    size: Size,
    limits: Limits,
    *,
    cache_dir: Path,
    progress: Progress | None = None,
) -> tuple[Any, Any]:
    """A model (evaluation mode, float32, CPU) of these (prompt, answer), and its tokenizer.

    It learns to write the prompts, and the answers to them, at most `limits` tokens of each. The first call trains it,
    `progress(step, steps)` after every step, and keeps it in `cache_dir`/text_policy; later ones load it. Raises
    UserError as `encode_demonstrations` does.
    """
    rows = sha256_rows(list(row) for row in demonstrations)
    parts = {"version": VERSION, "rows": rows, "size": asdict(size), "limits": asdict(limits)}
    folder = cache_dir / "text_policy" / hashlib.sha256(canonical(parts).encode()).hexdigest()
    return once(folder, _read, lambda: _made(demonstrations, size, limits, progress), _write)


def byte_pairs(texts: Iterable[str], vocabulary: int) -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer of `texts`, in whose tokens any text can be written, after the begin token."""
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[BEGIN, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    inner.train_from_iterator(texts, trainer)
    inner.post_processor = processors.TemplateProcessing(
        single=f"{BEGIN} $A", special_tokens=[(BEGIN, inner.token_to_id(BEGIN))]
    )
    return PreTrainedTokenizerFast(tokenizer_object=inner, bos_token=BEGIN, eos_token=END)


def _made(
    demonstrations: Sequence[tuple[str, str]], size: Size, limits: Limits, progress: Progress | None
) -> tuple[Any, Any]:
    tokenizer = byte_pairs((text for row in demonstrations for text in row), size.vocabulary)
    answers = encode_demonstrations(demonstrations, tokenizer, limits)
    begin = np.array([tokenizer.bos_token_id], dtype=np.int32)
    # An empty prompt's only token is the begin token, and one token alone leaves nothing to write.
    prompts = [Completions(begin, (group.prompt[1:],)) for group in answers if len(group.prompt) > 1]
    training = Training(
        learning_rate=size.learning_rate,
        epochs=size.epochs,
        batch_size=size.batch_size,
        max_tokens=4096,
        weight_decay=0.1,
        adam_betas=(0.9, 0.98),
        seed=seed_for("text policy", "train"),
    )
    with torch.random.fork_rng([]):
        torch.manual_seed(seed_for("text policy", "initial weights"))
        model = AutoModelForCausalLM.from_config(_config(size, limits, tokenizer))
    groups = [*prompts, *answers]
    steps = size.epochs * steps_per_epoch(len(groups), training)

    def report(metrics: StepMetrics) -> None:
        if progress:
            progress(metrics.step, steps)

    threads = torch.get_num_threads()
    torch.set_num_threads(size.threads)
    try:
        train(model, groups, Demonstration(), training, on_step=report)
    finally:
        torch.set_num_threads(threads)
    return model.eval(), tokenizer


def _config(size: Size, limits: Limits, tokenizer: PreTrainedTokenizerFast) -> Any:
    return AutoConfig.for_model(
        "llama",
        vocab_size=len(tokenizer),
        hidden_size=size.width,
        intermediate_size=4 * size.width,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        max_position_embeddings=limits.prompt + limits.response,
        tie_word_embeddings=True,
        pad_token_id=None,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )


def _read(folder: Path) -> tuple[Any, Any] | None:
    if not folder.is_dir():
        return None
    logging.disable_progress_bar()
    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    return model.eval(), AutoTokenizer.from_pretrained(folder, local_files_only=True)


def _write(folder: Path, made: tuple[Any, Any]) -> None:
    """The whole folder or none: written beside its place and renamed."""
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    logging.disable_progress_bar()
    for part in made:
        part.save_pretrained(temporary)
    temporary.rename(folder)
