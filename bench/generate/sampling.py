"""Batched sampling from a transformers decoder.

A batch holds prompts of one length only: there is no padding, so that positions are right for every architecture. Each
prompt is computed once for all of its samples, and rows that have finished leave the batch.

What "does not depend on the batch" means: the random numbers of a sample are its own (`bench.generate.streams`), so
that a sample is the same in any batch, as far as the model's logits are. Those differ by rounding between shapes of a
batch (matrix products add in another order), and a token changes where its number falls between the two roundings of
a cumulative probability: once in some 100,000 tokens in float32 (benchmarks/RESULTS.md).
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from bench.errors import UserError
from bench.generate.cache import BatchCache
from bench.generate.request import Request, Sample
from bench.generate.streams import Numbers, uniforms
from bench.generate.tokens import choose
from bench.spec import Progress

BATCH_TOKENS = 16_384  # prompt and response tokens whose keys and values are held at a time
WORTH_DROPPING = 0.75  # rows leave the batch once no more than this share of it is still being sampled

NOT_SAMPLED = -1

Row = tuple[int, int]  # (index of a prompt, index of a sample)


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
    batch_tokens: int = BATCH_TOKENS,
    numbers: Numbers = uniforms,
    progress: Progress | None = None,
) -> list[list[Sample]]:
    """`samples` responses to each of `prompts`, in their order, from `model` (a transformers decoder), on its device.

    `prompts` are sequences of token ids; `stop` are the tokens that end a response; temperature 0 is greedy, top_p the
    mass of the nucleus. Two equal prompts get equal samples unless `keys` names them apart: random numbers are a
    stream named by (seed, key, index of the sample). `batch_tokens` bounds the memory: the tokens, of prompts and
    responses, whose keys and values are held at a time. `numbers` draws the random numbers, by default independent
    ones for every sample. `progress(done, all)` counts samples.

    The model is left as it was (mode, attention), without gradients. Raises UserError, before sampling, for an empty
    prompt, tokens outside the vocabulary, a prompt with `max_tokens` beyond the model's positions, a temperature,
    top_p, or weight that is not a valid number; and while sampling where the model's logits are not finite.
    """
    config = model.config.get_text_config()
    request = Request.of(
        prompts,
        max_tokens=max_tokens,
        seed=seed,
        temperature=temperature,
        top_p=top_p,
        samples=samples,
        stop=stop,
        keys=keys,
        positions=getattr(config, "max_position_embeddings", None),
        vocabulary=config.vocab_size,
    )
    if batch_tokens < 1:
        raise UserError(f"batch_tokens: must be at least 1, got {batch_tokens}")
    _check_weights(model)
    found: list[list[Sample]] = [[] for _ in prompts]
    done, total = 0, len(prompts) * samples
    with torch.no_grad(), _evaluating(model):
        for rows in _batches(request, batch_tokens):
            for (prompt, _), response in zip(rows, _sample_batch(model, request, rows, numbers), strict=True):
                found[prompt].append(response)
            done += len(rows)
            if progress is not None:
                progress(done, total)
    return found


def _batches(request: Request, batch_tokens: int) -> Iterator[list[Row]]:
    """Rows of prompts of one length, in batches of even size; the samples of a prompt side by side, in order."""
    by_length: dict[int, list[int]] = {}
    for index, prompt in enumerate(request.prompts):
        by_length.setdefault(len(prompt), []).append(index)
    for length, indices in sorted(by_length.items()):
        rows = list(itertools.product(indices, range(request.samples)))
        most = max(1, batch_tokens // (length + request.max_tokens))
        batches = -(-len(rows) // most)
        yield from (rows[len(rows) * b // batches : len(rows) * (b + 1) // batches] for b in range(batches))


def _sample_batch(model: Any, request: Request, rows: list[Row], draw: Numbers) -> list[Sample]:
    device = next(model.parameters()).device
    capacity = len(request.prompts[rows[0][0]]) + request.max_tokens
    drawn = draw(request.seed, ((request.keys[prompt], index) for prompt, index in rows), request.max_tokens)
    numbers = torch.from_numpy(drawn).to(device)
    tokens = np.full((len(rows), request.max_tokens), NOT_SAMPLED, dtype=np.int32)
    places = np.arange(len(rows))  # the place in `rows` of each row of the model's batch
    open_ = np.ones(len(rows), dtype=bool)  # which rows of the model's batch have not met a stop token

    cache = BatchCache()
    logits = _read_prompts(model, request, rows, cache, device)
    for step in range(request.max_tokens):
        chosen = choose(logits, numbers[:, step], temperature=request.temperature, top_p=request.top_p)
        ids = chosen.cpu().numpy()
        if (ids < 0).any():
            prompt, index = rows[places[ids < 0][0]]
            raise UserError(f"the model's logits are not finite at token {step} of sample {index} of prompts[{prompt}]")
        tokens[places[open_], step] = ids[open_]
        open_ &= ~np.isin(ids, request.stop)
        if not open_.any() or step + 1 == request.max_tokens:
            break
        if open_.sum() <= WORTH_DROPPING * len(open_):
            staying = torch.from_numpy(open_.nonzero()[0]).to(device)
            cache.take(staying, capacity)
            numbers, chosen = numbers[staying], chosen[staying]
            places, open_ = places[open_], open_[open_]
        logits = model(input_ids=chosen[:, None], past_key_values=cache, use_cache=True).logits[:, -1]
    return [_as_sample(row, request.stop) for row in tokens]


def _read_prompts(
    model: Any, request: Request, rows: list[Row], cache: BatchCache, device: torch.device
) -> torch.Tensor:
    """(rows, V): logits of the first token of each row. Every prompt is computed once, its keys copied to its rows."""
    distinct = list(dict.fromkeys(prompt for prompt, _ in rows))
    ids = torch.from_numpy(np.stack([request.prompts[prompt] for prompt in distinct])).long().to(device)
    logits = model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1).logits[:, -1]
    place = {prompt: index for index, prompt in enumerate(distinct)}
    source = torch.tensor([place[prompt] for prompt, _ in rows], device=device)
    cache.take(source, ids.shape[1] + request.max_tokens)
    return logits[source]  # type: ignore[no-any-return]


def _as_sample(row: NDArray[np.int32], stop: tuple[int, ...]) -> Sample:
    tokens = row[row != NOT_SAMPLED].copy()
    return Sample(tokens, finished=int(tokens[-1]) in stop)


@contextlib.contextmanager
def _evaluating(model: Any) -> Iterator[None]:
    """Dropout off; every module gets back the mode it had."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


def _check_weights(model: Any) -> None:
    for name, weight in model.named_parameters():
        total = weight.detach().sum(
            dtype=torch.float32
        )  # quicker than looking at every value, and enough if it is finite
        if not torch.isfinite(total) and not torch.isfinite(weight).all():
            raise UserError(
                f"the model's weight {name} holds values that are not finite: nothing can be sampled from it"
            )
