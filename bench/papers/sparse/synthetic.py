"""The synthetic experiments (Figures 1, 2a, 2b and the rates): one protocol over a grid in n, d, k and beta.

Each task draws the authors' problem of its seed, fits one estimator, and measures it on the training differences,
as the paper does. `corrected` is the certified optimum over the unit ball, `as_released` the authors' SciPy call.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import product
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bench.run.config import Config, Count, NotNegative, Positive
from bench.spec import Context, Outcome, Request, Task, Variant

Method = Literal["mle", "l1", "l0"]


class Beta(BaseModel):
    """The weight of the l1 norm: listed values, or a constant times a function of n and d."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    values: list[NotNegative] = Field(default=[])
    constant: Positive = 1.0
    rule: Literal["listed", "1/sqrt(n)", "sqrt(log(d)/n)"] = "listed"

    @model_validator(mode="after")
    def _one_way(self) -> Beta:
        if (self.rule == "listed") != bool(self.values):
            raise ValueError("give either values, or a rule ('1/sqrt(n)', 'sqrt(log(d)/n)') with a constant")
        return self

    def at(self, n: int, d: int) -> list[float]:
        """The values of beta for n comparisons in d dimensions."""
        scale = {"1/sqrt(n)": math.sqrt(1 / n), "sqrt(log(d)/n)": math.sqrt(math.log(d) / n)}
        return list(self.values) if self.rule == "listed" else [self.constant * scale[self.rule]]


class GridConfig(Config):
    """A grid of synthetic problems and the estimators that are fitted to each."""

    methods: list[Method] = Field(min_length=1)
    n: list[Count] = Field(min_length=1)  # comparisons
    d: list[Count] = Field(min_length=1)  # features
    k: list[Count] = Field(min_length=1)  # non-zero entries of theta*
    sigma: Positive  # noise scale of the comparisons
    beta: Beta  # weight of the l1 norm, for l1
    tolerance: Positive  # certified optimality gap of a corrected fit
    subset: dict[Variant, dict[Literal["n", "d", "k"], list[Count]]] = Field(default={})  # of the grid, for a variant

    @model_validator(mode="after")
    def _sparse(self) -> GridConfig:
        if max(self.k) > min(self.d):
            raise ValueError(f"k must be at most d: k = {max(self.k)}, d = {min(self.d)}; nearest is k = {min(self.d)}")
        return self


def plan(experiment: str, version: int, paper: str = "sparse") -> Callable[[Request], Iterator[Task]]:
    """The planner of one such experiment: grid x seed x method, neighbours sharing their problem."""

    def tasks(request: Request) -> Iterator[Task]:
        config: GridConfig = request.config
        only = config.subset.get(request.variant, {})
        axes = [only.get(name, getattr(config, name)) for name in ("n", "d", "k")]
        settings: dict[str, Any] = {"radius": 1.0}
        if request.variant == Variant.CORRECTED:
            settings["tolerance"] = config.tolerance
        methods = [m for m in config.methods if request.variant == Variant.CORRECTED or m != "l0"]
        for (n, d, k), seed, method in product(product(*axes), request.seeds, methods):
            for beta in config.beta.at(n, d) if method == "l1" else [0.0]:
                condition = {"n": n, "d": d, "k": k, "sigma": config.sigma, "beta": beta}
                yield request.task(paper, experiment, version, method, seed, condition, settings, {})

    return tasks


def batch(task: Task) -> Any:
    """Tasks on the same problem."""
    c = task.condition
    return c["n"], c["d"], c["k"], task.seed


def seconds(task: Task) -> float:
    """Rough seconds on one core, for the announcement and the time left."""
    n, d = int(task.condition["n"] or 0), int(task.condition["d"] or 0)
    if task.variant == Variant.AS_RELEASED:
        return 1.7 + n / 500 if task.method == "l1" else 0.1
    return (0.05 if task.method == "l0" else 0.005) * (d / 100) + n * d * d * 2e-10


def execute(task: Task, context: Context) -> Outcome:
    """Fit one estimator to the problem of the task's seed; errors are in the training design, as in the paper."""
    from bench.data.synthetic import squared_l2_error, squared_sigma_error
    from bench.papers.sparse import as_released, fitting

    n, d, k = (int(task.condition[name] or 0) for name in ("n", "d", "k"))
    sigma, beta = (float(task.condition[name] or 0) for name in ("sigma", "beta"))
    problem = _problem(n, d, k, sigma, task.seed)
    shared = {"beta": beta, "sigma": sigma, "radius": task.settings["radius"]}
    if task.variant == Variant.AS_RELEASED:

        def solve() -> Any:
            fit = as_released.fit_l1(problem, beta) if task.method == "l1" else as_released.fit_mle(problem)
            return fit.x, fit.nit

        theta, metrics = fitting.measured(solve, problem.differences, problem.labels, **shared)
    else:
        theta, metrics = fitting.certified(
            task.method, problem.differences, problem.labels, k=k, tolerance=task.settings["tolerance"], **shared
        )
    errors = {
        "squared_sigma_error": squared_sigma_error(theta, problem),
        "squared_l2_error": squared_l2_error(theta, problem),
    }
    return Outcome({**errors, **metrics})


@lru_cache(maxsize=2)
def _problem(*spec: Any) -> Any:
    from bench.data.synthetic import linear_problem

    return linear_problem(*spec)
