"""A small paper with records of two experiments, published numbers, verdicts and drawings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bench.report.figures import Drawings, draw
from bench.report.page import Material
from bench.run.config import Config
from bench.run.series import series as tidy
from bench.spec import (
    Claim,
    Experiment,
    Margin,
    Outcome,
    Paper,
    Profile,
    Published,
    Record,
    Ruling,
    Task,
    Variant,
    Verdict,
)

SEEDS = 6
NS = (10, 20, 40, 80)
KS = (2, 20, 40, 60, 80, 100)


def _tasks() -> Iterator[tuple[Task, float]]:
    rng = np.random.default_rng(0)
    for variant in (Variant.CORRECTED, Variant.AS_RELEASED):
        for seed in range(SEEDS if variant == Variant.CORRECTED else 2):
            for method in ("mle", "l1"):
                for n in NS:
                    condition = {"n": n, "d": 100, "k": 5, "sigma": 0.1, "beta": n**-0.5}
                    error = (8 / n if method == "mle" else 0.3 / n**0.5) * np.exp(0.1 * rng.standard_normal())
                    yield Task("sparse", "fig2b", variant, Profile.EMBEDDED, method, seed, condition), error
                for k in KS:
                    condition = {"n": 100, "d": 100, "k": k, "sigma": 0.1, "beta": 0.1}
                    error = (0.078 if method == "mle" else 0.0011 * k) + 0.002 * rng.standard_normal()
                    yield Task("sparse", "fig2a", variant, Profile.EMBEDDED, method, seed, condition), error


@pytest.fixture(scope="session")
def records() -> list[Record]:
    provenance: dict[str, Any] = {
        "code": {"commit": "0123abcd", "dirty": True},
        "packages": {"numpy": "2.4.6", "scipy": "1.17.1"},
        "hardware": {"cores": 2, "memory_bytes": 2**34, "gpus": []},
        "cost": {"wall_seconds": 0.5, "peak_memory_bytes": 3 * 2**20},
        "began": "2026-01-01T00:00:00+00:00",
        "finished": "2026-01-01T00:00:01+00:00",
    }
    return [
        Record(task, Outcome({"squared_sigma_error": float(error), "fit_seconds": 0.25}), provenance)
        for task, error in _tasks()
    ]


@pytest.fixture(scope="session")
def series(records: list[Record]) -> pd.DataFrame:
    return tidy(records)


def _number(experiment: str, method: str, condition: dict[str, Any], value: float | None, **changes: Any) -> Published:
    name = "-".join(f"{key}{text}" for key, text in condition.items())
    item = Published(
        id=f"{experiment}-{method}-{name}",
        experiment=experiment,
        method=method,
        metric="squared_sigma_error",
        condition={"d": 100, "sigma": 0.1, **condition},
        value=value,
        unit="",
        where=f"{experiment}, {method} at {name}",
        known="figure" if value is not None else "unknown",
        reading_error=0.001,
        spread=None,
        n=20,
        margin=Margin(0.02, "a tenth of the value is what <two readers> differ by"),
        profiles=(Profile.EMBEDDED,),
        variants=(Variant.AS_RELEASED, Variant.CORRECTED),
    )
    return replace(item, **changes)


@pytest.fixture(scope="session")
def published() -> list[Published]:
    return [
        *(_number("fig2b", "mle", {"n": n, "k": 5}, 8 / n) for n in NS),
        *(_number("fig2b", "l1", {"n": n, "k": 5}, 0.3 / n**0.5) for n in NS),
        *(_number("fig2a", "mle", {"k": k, "n": 100}, 0.078) for k in KS),
        _number("fig2a", "l1", {"k": 2, "n": 100}, 0.5),  # far from the records
        _number("fig2a", "l1", {"k": 7, "n": 100}, None, where="Table 4, a cell that nobody has seen"),
    ]


@pytest.fixture(scope="session")
def verdicts(published: list[Published]) -> list[Verdict]:
    known = [item for item in published if item.value is not None]
    shared: dict[str, Any] = {"variant": Variant.CORRECTED, "profile": Profile.EMBEDDED}
    compared: dict[str, Any] = {
        "ours": 0.0789,
        "low": 0.0771,
        "high": 0.0807,
        "margin": 0.02,
        "replicates": 6,
        **shared,
    }
    numbers = [
        Verdict(
            item.id, "number", item.experiment, ruling=ruling, reason="said by TOST", published=item.value, **compared
        )
        for item in known
        for ruling in [Ruling.EQUIVALENT if item.value != 0.5 else Ruling.DIFFERENT]
    ]
    claim = Verdict(
        "l1-below-mle", "claim", "fig2b", ruling=Ruling.SUPPORTED, reason="l1 is below at all four n.", ours=0.313,
        low=0.27, high=0.35, p_value=0.0003, replicates=6, detectable=0.05, **shared,
    )  # fmt: skip
    against = replace(claim, subject="crossing", experiment="fig2a", ruling=Ruling.CONTRADICTED, ours=-0.71)
    few = replace(claim, variant=Variant.AS_RELEASED, ruling=Ruling.INCONCLUSIVE, low=None, high=None, replicates=2)
    return [*numbers, claim, against, few, replace(few, subject="crossing", ruling=Ruling.NOT_ATTEMPTED, ours=None)]


@pytest.fixture(scope="session")
def paper() -> Paper:
    def experiment(name: str, title: str) -> Experiment:
        lines = {Variant.CORRECTED: "the true optimum", Variant.AS_RELEASED: "the authors' <solver>"}
        return Experiment(
            name, title, "Error, as a curve.", lines, (Profile.EMBEDDED,), Config,
            plan=lambda request: (), execute=lambda task, context: Outcome({}),
        )  # fmt: skip

    def claim(name: str, experiment: str) -> Claim:
        return Claim(
            name, f"What {name} & others say.", "Figure 2", (experiment,), tuple(Variant), lambda rows: None, "p < 0.05"
        )

    return Paper(
        name="sparse",
        title="A paper about <sparsity> & preferences",
        authors="A, B",
        venue="ICML 2025",
        url="https://example.org/paper",
        idea="Few features matter.",
        slot="learn/reward",
        folder=Path(),
        experiments=(
            experiment("fig2a", "Figure 2a"),
            experiment("fig2b", "Figure 2b"),
            experiment("fig4", "Figure 4"),
        ),
        claims=(claim("l1-below-mle", "fig2b"), claim("crossing", "fig2a")),
        methods={"mle": "maximum likelihood", "l1": "with a penalty"},
        derive=lambda rows: rows.iloc[:0],
    )


@pytest.fixture(scope="session")
def drawings(series: pd.DataFrame, published: list[Published], tmp_path_factory: pytest.TempPathFactory) -> Drawings:
    return draw("sparse", series, published, tmp_path_factory.mktemp("figures"))


@pytest.fixture(scope="session")
def material(
    paper: Paper, verdicts: list[Verdict], published: list[Published], records: list[Record], drawings: Drawings
) -> Material:
    findings = {"fig2b": ["l1: the released solver stops short at 3 of 4 conditions."]}
    return Material(paper, verdicts, published, records, drawings, findings)
