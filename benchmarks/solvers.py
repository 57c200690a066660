"""Our linear solvers against the authors' and the established ones: ratios within one run. Exit code 1 under a target.

python benchmarks/solvers.py                  # everything, about two minutes
python benchmarks/solvers.py authors --seeds 2
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Annotated, Any

import celer
import numpy as np
import typer
from rich.console import Console
from rich.table import Table
from skglm import SparseLogisticRegression
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from bench.data.synthetic import linear_problem
from bench.learn.reward import BradleyTerry, L1BradleyTerry, l1_path
from bench.learn.reward.certificate import optimality_gap
from bench.learn.reward.links import LINKS
from bench.learn.reward.loss import PreferenceLoss
from bench.papers.sparse import as_released

SAMPLE = 0.5  # seconds of runs of which the best counts
GAP = 1e-8
BALL = 10.0  # contains the solutions of the problems on which other libraries are met, well inside
TOLERANCES = [10.0**-power for power in range(3, 13)]  # of the other libraries, loosest first
FAR_BEHIND = 3.0  # times our time, after which an opponent is not asked for a smaller gap
SHAPES = [(40_000, 100), (2_000, 20_000)]
RULES = {"0.2/sqrt(n)": 0.2, "1/sqrt(n)": 1.0}  # beta of the paper's Figures 1 and 2b


class Part(StrEnum):
    ALL = "all"
    AUTHORS = "authors"
    LIBRARIES = "libraries"
    PATHS = "paths"


@dataclass(frozen=True)
class Line:
    """One comparison: it passes where `figure` is on the right side of `target`; without a target it informs."""

    what: str
    figure: float
    detail: str
    at_least: float | None = None
    at_most: float | None = None

    @property
    def passed(self) -> bool:
        above = self.at_least is None or self.figure >= self.at_least
        return above and (self.at_most is None or self.figure <= self.at_most)

    def cells(self) -> tuple[str, ...]:
        if self.at_least is None and self.at_most is None:
            return self.what, f"{self.figure:.3g}", "", self.detail, "-"
        target = f">= {self.at_least:g}" if self.at_least is not None else f"<= {self.at_most:g}"
        return self.what, f"{self.figure:.3g}", target, self.detail, "ok" if self.passed else "FAILED"


def seconds(work: Callable[[], Any], at_least: int = 3) -> float:
    """The best time of some runs, more of short ones: what the work takes when the machine does nothing else."""
    times: list[float] = []
    while len(times) < at_least or sum(times) < SAMPLE:
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def authors(seeds: int) -> Iterator[Line]:
    """n = d = 100, k = 5, sigma = 0.1: the released SciPy calls on the same problems."""
    for name, beta, target in (("l1 against trust-constr", 0.1, 300.0), ("MLE against SLSQP", 0.0, None)):
        ratios, excess, ours = [], [], []
        for seed in range(seeds):
            problem = linear_problem(100, 100, 5, 0.1, seed)
            model: Any = L1BradleyTerry(beta, sigma=0.1) if beta else BradleyTerry(sigma=0.1)
            began = time.perf_counter()
            released = as_released.fit_l1(problem, beta) if beta else as_released.fit_mle(problem)
            theirs = time.perf_counter() - began
            ours.append(seconds(partial(model.fit, problem.differences, problem.labels)))
            ratios.append(theirs / ours[-1])
            # SLSQP may end a rounding error outside the ball, below any feasible objective.
            reached = released.x / max(1.0, float(np.linalg.norm(released.x)))
            excess.append(model.objective_ - as_released.objective(reached, problem, beta))
        detail = f"{seeds} seeds, median {np.median(ratios):.0f}, ours {1e3 * np.median(ours):.2f} ms"
        yield Line(f"{name}: times faster, worst seed", min(ratios), detail, at_least=target)
        yield Line(f"{name}: objective above theirs, worst seed", max(excess), f"best {min(excess):.2g}", at_most=GAP)


def opponents(n: int, beta: float) -> dict[str, Callable[[float], Any]]:
    """Estimators of the same problem, given their tolerance; liblinear and celer weigh the sum of the losses by C."""
    C = 1 / (n * beta)
    return {
        "skglm": lambda tol: SparseLogisticRegression(alpha=beta, fit_intercept=False, tol=tol, max_iter=500),
        "celer": lambda tol: celer.LogisticRegression(C=C, fit_intercept=False, tol=tol, max_iter=500),
        "liblinear": lambda tol: LogisticRegression(
            l1_ratio=1, solver="liblinear", C=C, fit_intercept=False, tol=tol, max_iter=100_000
        ),
    }


def libraries() -> Iterator[Line]:
    """The established solvers, each with the loosest of its tolerances that reaches our gap."""
    for n, d in SHAPES:
        problem = linear_problem(n, d, 5, 0.1, 0)
        X, y = np.asfortranarray(problem.differences / problem.sigma), problem.labels  # the layout the others want
        for rule, constant in RULES.items():
            beta = constant / n**0.5
            model = L1BradleyTerry(beta, radius=BALL, tol=GAP)
            ours = seconds(partial(model.fit, X, y))
            assert np.linalg.norm(model.coef_) < 0.9 * BALL, "the ball is active: the problems differ"
            for name, make in opponents(n, beta).items():
                theirs, gap = time_to_gap(make, X, y, beta, ours)
                detail = (
                    f"ours {1e3 * ours:.0f} ms, gap {model.optimality_gap_:.0e}; {1e3 * theirs:.0f} ms, gap {gap:.0e}"
                )
                yield Line(f"n={n} d={d} beta={rule}: times faster than {name}", theirs / ours, detail, at_least=1.0)


def time_to_gap(make: Callable[[float], Any], X: Any, y: Any, beta: float, ours: float) -> tuple[float, float]:
    """Seconds of the loosest tolerance whose solution has a gap of at most GAP, and that gap.

    An opponent far behind before it gets there is let off: a tighter tolerance takes no less.
    """
    loss = PreferenceLoss(X, y, LINKS["logistic"])
    make(0.1).fit(X, y)  # compiles
    took, gap = 0.0, np.inf
    for tolerance in TOLERANCES:
        model = make(tolerance)
        took = seconds(partial(model.fit, X, y), at_least=2)
        theta = np.ravel(model.coef_)
        margins = loss.margins(theta)
        objective = loss.value(margins) + beta * float(np.abs(theta).sum())
        gap = optimality_gap(theta, loss.gradient(margins), objective, beta, BALL)
        if gap <= GAP or took > FAR_BEHIND * ours:
            break
    return took, gap


def paths() -> Iterator[Line]:
    """20 betas from beta_max down to the beta of one cold fit."""
    for n, d, radius in [(100, 100, 1.0), *((n, d, BALL) for n, d in SHAPES)]:
        problem = linear_problem(n, d, 5, 0.1, 0)
        X, y = np.asfortranarray(problem.differences / problem.sigma), problem.labels
        beta = 0.2 / n**0.5
        top = l1_path(X, y, n_betas=1, radius=radius).betas[0]
        betas = np.geomspace(top, beta, 20)
        cold = seconds(partial(L1BradleyTerry(beta, radius=radius).fit, X, y))
        whole = seconds(partial(l1_path, X, y, betas, radius=radius))
        detail = f"path {1e3 * whole:.0f} ms, cold fit at its last beta {1e3 * cold:.1f} ms"
        yield Line(f"n={n} d={d}: path of 20 betas in cold fits", whole / cold, detail, at_most=5.0)


def main(
    part: Annotated[Part, typer.Argument(help="Which comparison to run.")] = Part.ALL,
    seeds: Annotated[int, typer.Option(min=1, help="Seeds of the authors' comparison, about 4 s each.")] = 5,
) -> None:
    """Time our linear solvers against the authors' and the established ones, one thread each."""
    warnings.simplefilter("ignore")  # the opponents' own notices: what they reach is measured here
    parts = {Part.AUTHORS: lambda: authors(seeds), Part.LIBRARIES: libraries, Part.PATHS: paths}
    console = Console(stderr=True)
    lines: list[Line] = []
    for name, compare in parts.items():
        if part in (Part.ALL, name):
            with threadpool_limits(1), console.status(name):
                lines.extend(compare())
    table = Table("comparison", "figure", "target", "detail", "", box=None)
    for line in lines:
        table.add_row(*line.cells())
    Console(width=None if console.is_terminal else 200).print(table)
    raise typer.Exit(0 if all(line.passed for line in lines) else 1)


if __name__ == "__main__":
    typer.run(main)
