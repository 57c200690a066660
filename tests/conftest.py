"""What tests of several folders share: the user's data directory, a browser, small language models."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

# Before any test loads numpy or torch: tests run one process a core, and threads of theirs would fight for them.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

TINY_CORPUS = ("Human: how do I bake bread? Assistant: mix flour and water, wait an hour, then bake it until brown.",)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The user's data directory, for the tests that hold committed constants and official figures against it."""
    named = os.environ.get("PREFBENCH_DATA")
    if not named:
        pytest.skip("PREFBENCH_DATA is not set: no data directory")
    return Path(named)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Debian's chromium, for tests that are marked `browser`."""
    from browsing import start

    session = start(tmp_path_factory.mktemp("profile"))
    yield session
    session.quit()


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """`tiny_model("llama")` or `tiny_model("gpt_neox", attention_dropout=0.1)`: the folder of a saved random model."""
    made: dict[tuple[object, ...], Path] = {}

    def make(architecture: str, **overrides: float) -> Path:
        key = (architecture, *sorted(overrides.items()))
        if key not in made:
            made[key] = tmp_path_factory.mktemp(architecture)
            _save(architecture, overrides, made[key])
        return made[key]

    return make


def _save(architecture: str, overrides: dict[str, float], folder: Path) -> None:
    import torch
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM, LlamaConfig, LlamaForCausalLM

    tokenizer = _tokenizer(architecture)
    sizes = {
        "vocab_size": len(tokenizer),
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "max_position_embeddings": 512,
        "bos_token_id": 0,
        "eos_token_id": tokenizer.eos_token_id,
        **overrides,
    }
    torch.manual_seed(0)
    if architecture == "llama":
        model = LlamaForCausalLM(LlamaConfig(num_key_value_heads=2, **sizes))
    else:
        model = GPTNeoXForCausalLM(GPTNeoXConfig(**sizes))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _tokenizer(architecture: str):
    """Byte-level BPE. Pythia ends texts with <|endoftext|>; Llama 3 does not know that string, and begins with BOS."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    pythia = architecture == "gpt_neox"
    special = ["<|endoftext|>"] if pythia else ["<|begin_of_text|>", "<|end_of_text|>"]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(TINY_CORPUS, trainer)
    if not pythia:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<|begin_of_text|> $A", special_tokens=[("<|begin_of_text|>", 0)]
        )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=special[0], eos_token=special[-1])
