"""The paper: its experiments, claims and methods, put together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.papers.sparse import synthetic
from bench.papers.sparse.claims import CLAIMS
from bench.papers.sparse.fig3 import CLAIM as FIG3_CLAIM
from bench.papers.sparse.fig3 import FIG3
from bench.papers.sparse.fig4 import FIG4
from bench.papers.sparse.synthetic import GridConfig
from bench.spec import Experiment, Paper, Profile, Variant

if TYPE_CHECKING:
    import pandas as pd

_SOLVERS = {
    Variant.CORRECTED: "the certified optimum (gap below 1e-8) over the unit ball",
    Variant.AS_RELEASED: "the authors' SciPy calls: SLSQP (MLE), trust-constr (l1), finite differences",
}


def _grid(name: str, title: str, shows: str, variants: dict[Variant, str], profiles: tuple[Profile, ...]) -> Experiment:
    version = 1
    return Experiment(
        name=name,
        title=title,
        shows=shows,
        variants=variants,
        profiles=profiles,
        config=GridConfig,
        plan=synthetic.plan(name, version),
        execute=synthetic.execute,
        version=version,
        batch=synthetic.batch,
        seconds=synthetic.seconds,
    )


def _derive(series: pd.DataFrame) -> pd.DataFrame:
    from bench.papers.sparse.derived import derive

    return derive(series)


_ALL = tuple(Profile)  # the synthetic experiments are the paper's own at every scale

PAPER = Paper(
    name="sparse",
    title="Leveraging Sparsity for Sample-Efficient Preference Learning: A Theoretical Perspective",
    authors="Yao, He, Gastpar",
    venue="ICML 2025",
    url="https://proceedings.mlr.press/v267/yao25c.html",
    idea="An l1 penalty on a Bradley-Terry reward model needs fewer comparisons when few features matter.",
    slot="learn/reward",
    folder=Path(__file__).parent,
    experiments=(
        _grid(
            "fig1",
            "Figure 1",
            "Error of the l1 estimate over n and beta: which beta is best at each n.",
            _SOLVERS,
            _ALL,
        ),
        _grid("fig2a", "Figure 2a", "Error against sparsity k/d: where l1 stops helping.", _SOLVERS, _ALL),
        _grid("fig2b", "Figure 2b", "Error against n for a sparse truth: l1 below the MLE.", _SOLVERS, _ALL),
        _grid(
            "rates",
            "The rates",
            "Error against (k/n) log(d/k) for l0 and l1, and against d/n for the MLE.",
            {Variant.CORRECTED: _SOLVERS[Variant.CORRECTED]},
            _ALL,
        ),
        FIG3,
        FIG4,
    ),
    claims=(*CLAIMS, FIG3_CLAIM),
    derive=_derive,
    methods={
        "mle": "maximum likelihood over the unit ball",
        "l1": "maximum likelihood with an l1 penalty",
        "l0": "maximum likelihood with at most k non-zeros",
    },
)
