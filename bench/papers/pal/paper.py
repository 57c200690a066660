"""The paper: its experiments, claims and methods, put together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.papers.pal.claims import CLAIMS
from bench.papers.pal.experiments import EXPERIMENTS
from bench.papers.pal.methods import METHODS
from bench.papers.pal.summaries import LENGTH
from bench.spec import Paper

if TYPE_CHECKING:
    import pandas as pd


def _derive(series: pd.DataFrame) -> pd.DataFrame:
    """Nothing is read off several seeds at once."""
    return series.iloc[:0]


PAPER = Paper(
    name="pal",
    title="PAL: Sample-Efficient Personalized Reward Modeling for Pluralistic Alignment",
    authors="Chen, Chen, Rege, Wang, Vinayak",
    venue="ICLR 2025",
    url="https://arxiv.org/abs/2406.08469",
    idea="People are mixtures of few ideal points: learn those from everybody, and a newcomer needs few labels.",
    slot="learn/reward",
    folder=Path(__file__).parent,
    experiments=EXPERIMENTS,
    claims=CLAIMS,
    derive=_derive,
    methods={**METHODS, **LENGTH},
)
