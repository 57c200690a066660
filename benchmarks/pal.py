"""PAL's times: an epoch on frozen features, new annotators at once or one by one. Exit code 1 over a limit.

OMP_NUM_THREADS=2 python benchmarks/pal.py                # everything, about two minutes
OMP_NUM_THREADS=2 python benchmarks/pal.py epoch          # or adaptation, or backbone
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Annotated, Any

import numpy as np
import torch
import typer
from rich.console import Console
from rich.table import Table
from transformers import LlamaConfig, LlamaModel

from bench.learn.policy.completions import Completions
from bench.learn.reward.pal import PALA, PALB, Architecture, Reading, TextComparisons, Training, Weighting
from bench.learn.reward.pal.features import frozen_states, hidden_states
from bench.learn.reward.pal.fitted import Fitted
from bench.learn.reward.pal.tokens import TokenSource, tokenwise
from bench.learn.reward.personal.model import Annotators, Comparisons

PAIRS = 20_000
EPOCH = 10.0  # seconds on two cores
USERS, SAMPLES = 10_000, 10
LOOPED = 20  # annotators of the loop that are timed: each costs the same
BATCHED = 50.0  # times faster than the loop
FROZEN = 100.0  # times faster than running the language model in every step


class Part(StrEnum):
    ALL = "all"
    EPOCH = "epoch"
    ADAPTATION = "adaptation"
    BACKBONE = "backbone"


@dataclass(frozen=True)
class Line:
    """One measurement; without a limit it informs."""

    what: str
    figure: float
    unit: str
    detail: str = ""
    at_least: float = 0.0
    at_most: float = np.inf

    @property
    def passed(self) -> bool:
        return self.at_least <= self.figure <= self.at_most


def seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def vectors(pairs: int, d: int, users: int, seed: int = 0) -> Comparisons:
    """Random comparisons, no item or prompt twice; every annotator has as many."""
    draw = np.random.default_rng(seed)
    annotators = np.arange(pairs) % users
    return Comparisons(
        draw.normal(size=(pairs, 2, d)),
        draw.choice([-1.0, 1.0], pairs),
        annotators.tolist(),
        draw.normal(size=(pairs, d)),
    )


def fit(model: PALA | PALB, data: Comparisons) -> PALA | PALB:
    return model.fit(data.X, data.labels, annotators=data.annotators, prompts=data.prompts)


def adapt(model: PALA | PALB, data: Comparisons) -> PALA | PALB:
    return model.adapt(data.X, data.labels, annotators=data.annotators, prompts=data.prompts)


def epochs() -> Iterator[Line]:
    for d, K, width, batch in ((512, 2, 512, 1024), (1024, 2, 512, 1024), (1024, 1, 1024, 1024), (1024, 2, 1024, 1024)):
        data = vectors(PAIRS, d, 10)
        model = PALB(K=K, projector=Architecture(dimension=width), training=Training(batch_size=batch))
        took = seconds(lambda model=model, data=data: fit(model, data))
        # Table D.2's space of preferences has 512 dimensions; the wider one informs.
        limit = EPOCH if width == 512 or K == 1 else np.inf
        yield Line(
            f"PAL-B epoch, {PAIRS:,} pairs, d={d} to {width}, K={K}", took, "s", f"batches of {batch}", at_most=limit
        )
    data = vectors(PAIRS // 10, 512, 10)
    took = seconds(lambda: fit(PALB(), data))
    yield Line("PAL-B, a tenth of that epoch, d=512, K=2", took, "s", "batches of 4, as in Table D.2")


def adaptations() -> Iterator[Line]:
    for name, model, limit in (
        ("PAL-B", PALB(), BATCHED),
        ("PAL-A, linear f", PALA(projector=Architecture(layers=0)), BATCHED),
        ("PAL-A, mlp2", PALA(), 0.0),
    ):
        d = 64 if name == "PAL-A, mlp2" else 512
        fit(model, vectors(200, d, 10))
        everybody = vectors(USERS * SAMPLES, d, USERS, seed=1)
        alone = [
            Comparisons(
                everybody.X[place::USERS],
                everybody.labels[place::USERS],
                [place] * SAMPLES,
                everybody.prompts[place::USERS],
            )
            for place in range(LOOPED)
        ]
        adapt(model, alone[0])
        each = seconds(lambda model=model, alone=alone: [adapt(model, one) for one in alone]) / LOOPED
        if not limit:  # f of every annotator's point in every step: fewer are enough to see the ratio
            everybody = vectors(USERS // 10 * SAMPLES, d, USERS // 10, seed=1)
        users = len(everybody.labels) // SAMPLES
        together = seconds(lambda model=model, everybody=everybody: adapt(model, everybody))
        detail = f"{together:.1f} s at once, {1e3 * each:.0f} ms each alone"
        what = f"{name}: {users:,} new annotators, {SAMPLES} samples, d={d}"
        yield Line(what, each * users / together, "times", detail, at_least=limit)


def backbones() -> Iterator[Line]:
    """The same epoch with hidden states from a table, and from the language model in every step."""
    torch.manual_seed(0)
    config = LlamaConfig(vocab_size=8192, hidden_size=512, intermediate_size=1408, num_hidden_layers=8)
    config.num_attention_heads = config.num_key_value_heads = 8
    lm = LlamaModel(config).eval()
    draw = np.random.default_rng(0)
    groups = [
        Completions(
            draw.integers(4, 8192, 200).astype(np.int32), tuple(draw.integers(4, 8192, (2, 40)).astype(np.int32))
        )
        for _ in range(64)
    ]
    known = Annotators(("a",))
    comparisons = TextComparisons(groups, np.ones(64), ["a"] * 64)
    tokens = tokenwise(comparisons, known, Reading(weighting=Weighting.LAST), 0, prompts_apart=True)
    needed, device = tokens.keys, torch.device("cpu")
    table = frozen_states(lm, tokens.texts, needed, None)
    frozen = TokenSource(tokens, lambda keys: table[torch.from_numpy(np.searchsorted(needed, keys))], device)

    def run(keys: Any) -> torch.Tensor:
        with torch.no_grad():
            return hidden_states(lm, tokens.texts, keys)

    took = []
    for source, repeats in ((frozen, 5), (TokenSource(tokens, run, device), 1)):
        network = PALB().network(512, 512)
        epoch = partial(Fitted.of, network, source, known, Training(batch_size=32), 0)
        epoch()
        took.append(min(seconds(epoch) for _ in range(repeats)))
    each = [1e3 * one / len(groups) for one in took]
    detail = f"{each[0]:.2f} against {each[1]:.0f} ms a pair of 280 tokens, {lm.num_parameters():,} parameters"
    yield Line("PAL-Tiny on frozen states, to a run in every step", each[1] / each[0], "times", detail, at_least=FROZEN)


def main(part: Annotated[Part, typer.Argument()] = Part.ALL) -> None:
    measure = {Part.EPOCH: epochs, Part.ADAPTATION: adaptations, Part.BACKBONE: backbones}
    table = Table("what", "measured", "limit", "", "detail", box=None)
    failed = False
    for one, lines in measure.items():
        for line in lines() if part in (Part.ALL, one) else ():
            limit = (
                f">= {line.at_least:g}" if line.at_least else f"<= {line.at_most:g}" if line.at_most < np.inf else ""
            )
            verdict = ("ok" if line.passed else "TOO SLOW") if limit else ""
            table.add_row(line.what, f"{line.figure:.3g} {line.unit}", limit, verdict, line.detail)
            failed |= not line.passed
    Console(width=160).print(table)
    raise typer.Exit(int(failed))


if __name__ == "__main__":
    typer.run(main)
