"""The same call on vLLM, for models and numbers of samples that transformers is too slow for.

vLLM draws with a generator of its own for each request, seeded by our name of the sample: samples repeat and do not
depend on their batch, up to vLLM's rounding, but they are others than the transformers backend's. vLLM raises a
temperature between 0 and 0.01 to 0.01.
"""

from __future__ import annotations

import gc
import importlib
import itertools
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike

from bench.errors import UserError
from bench.generate.request import Request, Sample
from bench.generate.streams import stream_seed
from bench.spec import Progress, Unavailable

INSTALL = "python -m pip install 'prefbench[generate]'"
REQUESTS = 4096  # handed to the engine at a time: progress is known between them


def engine(folder: Path, **options: Any) -> Any:
    """A vLLM engine (`vllm.LLM`) of the model in `folder`; `options` are its own (dtype, tensor_parallel_size, ...).

    It works on token ids alone and loads no tokenizer. Raises Unavailable where vLLM is not installed.
    """
    return _vllm().LLM(model=str(folder), skip_tokenizer_init=True, **options)


def sample(
    model: Any,
    prompts: Sequence[ArrayLike],
    *,
    max_tokens: int,
    seed: int,
    temperature: float = 1.0,
    top_p: float = 1.0,
    samples: int = 1,
    stop: Sequence[int] = (),
    keys: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> list[list[Sample]]:
    """`samples` responses to each of `prompts` from `model`, a `vllm.LLM`; all else as `bench.generate.sample`."""
    config = model.llm_engine.model_config
    request = Request.of(
        prompts,
        max_tokens=max_tokens,
        seed=seed,
        temperature=temperature,
        top_p=top_p,
        samples=samples,
        stop=stop,
        keys=keys,
        positions=config.max_model_len,
        vocabulary=config.get_vocab_size(),
    )
    found: list[list[Sample]] = [[] for _ in prompts]
    rows = list(itertools.product(range(len(prompts)), range(samples)))
    for start in range(0, len(rows), REQUESTS):
        some = rows[start : start + REQUESTS]
        asked = [{"prompt_token_ids": request.prompts[prompt].tolist()} for prompt, _ in some]
        answers = model.generate(asked, [_parameters(request, *row) for row in some], use_tqdm=False)
        for (prompt, index), answer in zip(some, answers, strict=True):
            found[prompt].append(_as_sample(answer.outputs[0], f"sample {index} of prompts[{prompt}]"))
        if progress is not None:
            progress(start + len(some), len(rows))
    return found


def sample_policy(
    policy: Any, prompts: Sequence[ArrayLike], options: Mapping[str, Any], **sampling: Any
) -> list[list[Sample]]:
    """`sample` from a transformers model in memory, on an engine that lives for this call; `options` are the engine's.

    The policy makes room for it on the GPU meanwhile. Raises Unavailable where vLLM is not installed.
    """
    device = policy.device
    with tempfile.TemporaryDirectory(prefix="prefbench-") as folder:
        policy.save_pretrained(folder)
        policy.to("cpu")
        torch.cuda.empty_cache()
        model = engine(Path(folder), **options)
        try:
            return sample(model, prompts, **sampling)
        finally:
            del model
            gc.collect()
            torch.cuda.empty_cache()
            policy.to(device)


def _parameters(request: Request, prompt: int, index: int) -> Any:
    return _vllm().SamplingParams(
        n=1,
        seed=stream_seed(request.seed, (request.keys[prompt], index)),
        temperature=request.temperature,
        top_p=request.top_p,
        max_tokens=request.max_tokens,
        stop_token_ids=list(request.stop),
        ignore_eos=True,  # only `stop` ends a response
        detokenize=False,
    )


def _as_sample(output: Any, what: str) -> Sample:
    if output.finish_reason not in ("stop", "length"):
        raise UserError(f"vLLM did not finish {what}: finish_reason {output.finish_reason!r}")
    return Sample(np.asarray(output.token_ids, dtype=np.int32), finished=output.finish_reason == "stop")


def _vllm() -> ModuleType:
    try:
        return importlib.import_module("vllm")
    except ImportError:
        raise Unavailable(f"needs vLLM, on a machine with a GPU: run `{INSTALL}`") from None
