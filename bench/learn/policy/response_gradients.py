"""The gradient of every response's log-probability, over all weights, from one backward pass of many responses.

Responses lie in the stream each with a prompt of its own, so that no token is shared and what reaches a token from
above belongs to one response. What a layer adds to the gradient of its weights is then computed response by response,
from its inputs and what reached its outputs (Goodfellow 2015, arXiv 1510.01799, for dense layers), handed on, and
dropped before the next layer's: the gradients of a whole model never exist at once. A prompt computed once would save
only its forward pass, for backward it is another one for every response. With inner products of 8 responses of 16
tokens under 130,000 weights, on one core, a prompt takes 10 ms so, 22 ms by a batched backward pass over a shared
prompt (`is_grads_batched`) and 30 ms by 8 backward passes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch.func import functional_call, vjp, vmap

from bench.learn.policy.completions import Completions
from bench.learn.policy.log_probs import log_probs
from bench.learn.policy.packing import pack

Consume = Callable[[torch.nn.Parameter, torch.Tensor], None]
Inputs = Mapping[int | str, Any]  # of a layer's call: by place, by name


def each_response(model: Any, groups: Sequence[Completions], consume: Consume) -> None:
    """Call `consume(weight, gradients)` once for every weight of `model` (`attention.enable`d, in evaluation mode).

    `gradients` (R, numbers of the weight) are those of log pi(y|x) for the R responses of all groups, in order. A
    weight that no response depends on is left out. Layers must be called as modules and, attention aside, work token
    by token; whether they do is for the caller to look at.
    """
    single = [replace(group, responses=(response,)) for group in groups for response in group.responses]
    packing = pack(single).to(model.device)
    lengths = torch.tensor([span.end - span.start for span in packing.spans], device=model.device)
    watch = _Watch(model.get_output_embeddings(), _Rows(lengths), _Rows(packing.lengths), consume)
    owners = [module for module in model.modules() if next(module.parameters(recurse=False), None) is not None]
    handles = [module.register_forward_hook(watch.call, with_kwargs=True) for module in owners]
    try:
        with torch.enable_grad():
            total = log_probs(model, packing).sums.sum()
        watch.forward = False
        torch.autograd.grad(total, watch.roots)
        watch.finish()
    finally:
        for handle in handles:
            handle.remove()


class _Rows:
    """Where the tokens of R responses, laid end to end, lie in a table (R, longest)."""

    def __init__(self, lengths: torch.Tensor) -> None:
        self.count = int(lengths.sum())
        self.shape = (len(lengths), int(lengths.max()))
        self.response = torch.repeat_interleave(torch.arange(len(lengths), device=lengths.device), lengths)
        starts = lengths.cumsum(0) - lengths
        self.place = torch.arange(self.count, device=lengths.device) - starts[self.response]

    def table(self, values: torch.Tensor, start: int = 0) -> torch.Tensor:
        """(R, longest, ...) of `values` (n, ...), which are the tokens from `start` on; zero elsewhere."""
        here = slice(start, start + len(values))
        table = values.new_zeros(*self.shape, *values.shape[1:])
        return table.index_put((self.response[here], self.place[here]), values)

    def tokens(self, value: Any) -> torch.Tensor | None:
        """A layer's input or output, which is (1, N, ...), (1, heads, N, ...) or (N, ...), as (N, ...); else None."""
        if not isinstance(value, torch.Tensor):
            return None
        value = value.detach()
        if value.ndim > 1 and value.shape[0] == 1:
            value = value[0]
        axis = next((axis for axis, size in enumerate(value.shape[:2]) if size == self.count), None)
        return None if axis is None else value.movedim(axis, 0)


class _Watch:
    """A forward and a backward pass, watched layer by layer.

    `stream` are the tokens that go through the model; `targets` those predicted, which alone go through the head, a
    chunk at a time.
    """

    def __init__(self, head: torch.nn.Module, stream: _Rows, targets: _Rows, consume: Consume) -> None:
        self.head, self.stream, self.targets, self.consume = head, stream, targets, consume
        self.forward = True  # backward, chunks of logits are computed again
        self.roots: list[torch.Tensor] = []  # where the backward pass may end: outputs of layers that read no states
        self._through_head = 0
        self._awaited: dict[torch.nn.Parameter, int] = {}  # calls that the backward pass has not come to
        self._held: dict[torch.nn.Parameter, torch.Tensor] = {}  # (R, *shape), of weights that are awaited again

    def call(
        self, module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: torch.Tensor
    ) -> None:
        """A forward hook: what `module` adds to the gradients is taken when the backward pass comes to `output`."""
        if not self.forward:
            return
        inputs: Inputs = dict([*enumerate(args), *kwargs.items()])
        if not any(isinstance(value, torch.Tensor) and value.requires_grad for value in inputs.values()):
            self.roots.append(output if output.requires_grad else output.requires_grad_())
        for parameter in module.parameters(recurse=False):
            self._awaited[parameter] = self._awaited.get(parameter, 0) + 1
        start = self._through_head
        if module is self.head:
            self._through_head += len(output)

        def take(upstream: torch.Tensor) -> None:
            tables = self._tables({"upstream": upstream}, module, start)
            found = _by_response(module, inputs, self._tables(inputs, module, start), tables["upstream"])
            for name, parameter in module.named_parameters(recurse=False):
                self._add(parameter, found[name])

        output.register_hook(take)  # type: ignore[no-untyped-call]

    def finish(self) -> None:
        """Hand on what was held for calls that the backward pass never came to."""
        for parameter, gradients in self._held.items():
            self.consume(parameter, gradients.flatten(1))

    def _tables(self, values: Inputs, module: torch.nn.Module, start: int) -> dict[int | str, torch.Tensor]:
        """Those of `values` that hold tokens, each as a table by responses."""
        if module is self.head:
            return {name: self.targets.table(value.detach(), start) for name, value in values.items()}
        tokens = {name: self.stream.tokens(value) for name, value in values.items()}
        return {name: self.stream.table(value) for name, value in tokens.items() if value is not None}

    def _add(self, parameter: torch.nn.Parameter, found: torch.Tensor) -> None:
        if parameter in self._held:
            found = found.add_(self._held.pop(parameter))
        self._awaited[parameter] -= 1
        if self._awaited[parameter]:
            self._held[parameter] = found
        else:
            self.consume(parameter, found.flatten(1))


def _by_response(
    module: torch.nn.Module, inputs: Inputs, tables: dict[int | str, torch.Tensor], upstream: torch.Tensor
) -> dict[str, torch.Tensor]:
    """What `module` adds to the gradients of its own weights, (R, *shape) each."""
    if type(module) is torch.nn.Linear:
        found = {"weight": upstream.transpose(1, 2) @ tables[0]}
        return found if module.bias is None else {**found, "bias": upstream.sum(1)}
    weights = dict(module.named_parameters(recurse=False))

    def pull(upstream: torch.Tensor, tables: dict[int | str, torch.Tensor]) -> dict[str, torch.Tensor]:
        values = {**inputs, **tables}
        args = tuple(value for name, value in values.items() if isinstance(name, int))
        kwargs = {name: value for name, value in values.items() if isinstance(name, str)}
        back = vjp(lambda weights: functional_call(module, weights, args, kwargs), weights)[1]
        found: dict[str, torch.Tensor] = back(upstream)[0]
        return found

    return vmap(pull)(upstream, tables)
