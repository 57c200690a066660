"""Linear layers over a packed stream as 1x1 convolutions, on CPUs where that is the faster way to the same product.

torch computes `linear` in float32 by MKL, which does not use AVX-512 on every processor that has it; convolutions go
to oneDNN, which does. A stream (1, n, d) is an image of one row of n pixels in channels-last order as it lies, so that
nothing is copied. Its rounding is of the same order: relative to float64, 6e-7 against 2.5e-7 (Frobenius norm).

Which way is taken must not change from run to run, as results are the same bits on one machine. So a layer goes by
its size and the stream's length, fixed numbers, and by one measurement a machine (processor and torch), which is
kept under PREFBENCH_CACHE/linear and read from then on. It asks for a clear gain and times one thread, which other
processes slow down but do not stall. Without a cache that can be written, it is always `linear`. The file is
plain: setting its `convolution` to false goes back.

Only packed forward passes in float32 on the CPU are computed so, and what gradient checkpointing computes again of
them, where it has `again` as its `context_fn` (without, it is `linear` both times). Not models of width 128: in short
streams they lose by it, and what has been trained at that width stays the same bits. And not weights that ZeRO-3 has
divided, which may not be here.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import conv2d, linear
from torch.overrides import TorchFunctionMode

from bench.environment import hardware
from bench.errors import UserError
from bench.files import commit
from bench.paths import cache_dir

LEAST_TOKENS = 256  # of a stream: from here on it paid at every width tried, 256 to 2048; at 64 tokens it may not
LEAST_WEIGHTS = 2**16 + 1  # of a layer
CLEAR = 1.25  # times faster on `SHAPE`: a gain that noise does not make; where there is one it is near 2
SHAPE = (1021, 512, 512)  # tokens and features in and out of the measurement


def convolution(states: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """`linear` of states (1, n, d) by a weight (f, d): (1, n, f)."""
    image = states.reshape(1, 1, -1, states.shape[-1]).permute(0, 3, 1, 2)  # as a column, odd n is slow backward
    # Dilation spreads the taps of a filter, and one tap cannot be spread; but with one thread, only a dilated
    # convolution of a single image goes to oneDNN.
    found = conv2d(image, weight[:, :, None, None], bias, dilation=2)
    return found.permute(0, 2, 3, 1).reshape(1, -1, weight.shape[0])


@contextmanager
def packed(model: Any, tokens: int) -> Iterator[None]:
    """Within, `model` (a transformers model) reads a stream of `tokens` by convolutions, if that pays."""
    if not _pays(model, tokens):
        yield
        return
    # A layer that is computed again must have been computed so at first: its `context_fn` sees to both.
    checkpointing = any(getattr(module, "gradient_checkpointing", False) for module in model.modules())
    _call.packed = True
    try:
        with nullcontext() if checkpointing else _Convolutions():
            yield
    finally:
        _call.packed = False


def again() -> tuple[AbstractContextManager[Any], AbstractContextManager[Any]]:
    """A `context_fn` of torch.utils.checkpoint: the contexts of a layer's first and second computation."""
    return (_Convolutions(), _Convolutions()) if _call.packed else (nullcontext(), nullcontext())


@cache
def faster() -> bool:
    """Whether this machine computes `SHAPE` clearly faster by `convolution`, as was once measured."""
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    machine = {"processor": hardware()["processor"], "torch": torch.__version__}
    name = hashlib.sha256(json.dumps(machine).encode()).hexdigest()[:16]
    return _decided(cache_dir() / "linear" / f"{name}.json", machine)


class _Call(threading.local):
    packed = False


_call = _Call()


class _Convolutions(TorchFunctionMode):
    """In this thread, `linear` of a stream by a layer large enough is a convolution."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        if func is linear and not kwargs and _suits(*args):
            return convolution(*args)
        return func(*args, **(kwargs or {}))


def _pays(model: Any, tokens: int) -> bool:
    if model.device.type != "cpu" or model.dtype != torch.float32 or tokens < LEAST_TOKENS:
        return False
    layers = (module.weight for module in model.modules() if isinstance(module, torch.nn.Linear))
    return any(map(_large, layers)) and faster()


def _suits(states: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> bool:
    stream = states.ndim == 3 and states.shape[0] == 1 and states.shape[1] >= LEAST_TOKENS
    # bfloat16 has a fast product of its own, to which autocast takes float32 too.
    plain = states.dtype == weight.dtype == torch.float32 and not torch.is_autocast_enabled("cpu")
    return stream and plain and _large(weight)


def _large(weight: torch.Tensor) -> bool:
    return weight.numel() >= LEAST_WEIGHTS and not hasattr(weight, "ds_id")  # the mark of ZeRO-3


def _decided(path: Path, machine: dict[str, str]) -> bool:
    """What the file says; where there is none, it is measured and written, by the first process that does."""
    try:
        if not path.exists():
            commit(path, json.dumps({**machine, **_measure()}, indent=1).encode())
        kept = json.loads(path.read_text(encoding="utf-8"))["convolution"]
    except OSError:
        return False
    except (ValueError, KeyError, TypeError):
        kept = None
    if not isinstance(kept, bool):
        raise UserError(f"{path}: `convolution` must be true or false; remove the file to have it measured again")
    return kept


def _measure() -> dict[str, Any]:
    """Seconds of a forward and backward pass on one thread, the fastest of seven in turn, and what follows."""
    tokens, inputs, outputs = SHAPE
    seconds: dict[str, list[float]] = {"linear": [], "convolution": []}
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.inference_mode(False), torch.enable_grad():
            states, weight = (
                torch.ones(1, tokens, inputs).requires_grad_(),
                torch.ones(outputs, inputs).requires_grad_(),
            )
            upstream = torch.ones(1, tokens, outputs)
            for _ in range(7):
                for name, way in (("linear", linear), ("convolution", convolution)):
                    start = time.perf_counter()
                    torch.autograd.grad(way(states, weight), (states, weight), upstream)
                    seconds[name].append(time.perf_counter() - start)
    finally:
        torch.set_num_threads(threads)
    ours, theirs = min(seconds["convolution"]), min(seconds["linear"])
    return {"linear_seconds": theirs, "convolution_seconds": ours, "convolution": theirs > CLEAR * ours}
