"""The paper: its experiments, claims and methods, put together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.papers.spa.claims import CLAIMS
from bench.papers.spa.experiments import EXPERIMENTS
from bench.spec import Paper

if TYPE_CHECKING:
    import pandas as pd


def _derive(series: pd.DataFrame) -> pd.DataFrame:
    """Nothing is read off several seeds at once."""
    return series.iloc[:0]


PAPER = Paper(
    name="spa",
    title="Spread Preference Annotation: Direct Preference Judgment for Efficient LLM Alignment",
    authors="Kim, Lee, Shin, Kim",
    venue="ICLR 2025",
    url="https://openreview.net/forum?id=BPgK5XW1Nb",
    idea="A policy trained on few labels labels its own samples by its own likelihoods, and learns from them.",
    slot="label",
    folder=Path(__file__).parent,
    experiments=EXPERIMENTS,
    claims=CLAIMS,
    derive=_derive,
    methods={
        "sft": "the policy before any preference",
        "dpo": "DPO on the paid labels",
        "zephyr": "DPO on paid labels of all prompts",
        "spa": "DPO on labels that the policy gives its own samples, with self-refinement",
        "expansion": "SPA without self-refinement",
        "expansion_refinement": "SPA without de-coupled noise detection",
        "expansion_previous_reference": "expansion, judged against the policy before",
        "expansion_likelihood": "expansion, judged by likelihood alone",
        "expansion_pairrm": "expansion, judged by a model trained on many labels",
        "iterative_dpo_pairrm": "DPO on labels of a model trained on many labels, at every iteration",
        "iterative_dpo_llm_judge": "DPO on labels of a model that is asked in words, at every iteration",
        "spa_length_regularised": "SPA with a penalty on length in its judgements",
        "instruct": "the policy of the study without paid labels, before it",
        "spa_no_seed": "SPA without paid labels, judged against the model before its tuning",
        "dpo_longer": "DPO on the paid labels for as many steps as SPA takes",
        "dpo_gentle": "DPO on the paid labels at a quarter of its best learning rate",
        "spa_gentle": "SPA from there",
        "spa_random_labels": "SPA with coin tosses for labels",
        "spa_gold_labels": "SPA with true labels: the upper bound",
    },
)
