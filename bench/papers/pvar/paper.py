"""The paper: its experiments, claims and methods, put together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.papers.pvar.answers_experiments import OF_ANSWERS
from bench.papers.pvar.claims import CLAIMS
from bench.papers.pvar.experiments import EXPERIMENTS
from bench.papers.pvar.methods import METHODS
from bench.spec import Paper

if TYPE_CHECKING:
    import pandas as pd


def _derive(series: pd.DataFrame) -> pd.DataFrame:
    """Nothing is read off several seeds at once; on text, win rates go by benchmark."""
    from bench.papers.pvar.benchmarks import by_benchmark

    return by_benchmark(series)


PAPER = Paper(
    name="pvar",
    title="On the Role of Preference Variance in Preference Optimization",
    authors="Guo, Li, Qiu, Wu, Wang",
    venue="arXiv 2510.13022, 2025",
    url="https://arxiv.org/abs/2510.13022",
    idea="Prompts whose responses are preferred to each other most surely teach most; choose them before paying.",
    slot="select",
    folder=Path(__file__).parent,
    experiments=EXPERIMENTS,
    claims=CLAIMS,
    derive=_derive,
    methods={name: method.says for name, method in METHODS.items()}
    | {"pool": "no policy: what goes with PVar"}
    | OF_ANSWERS,
)
