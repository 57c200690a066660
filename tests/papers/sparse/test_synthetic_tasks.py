"""The synthetic experiments plan what the paper runs, and their tasks measure what the paper measures."""

import itertools

import numpy as np
import pytest

from bench import papers
from bench.data.synthetic import linear_problem
from bench.papers.sparse import as_released, synthetic
from bench.run.plan import Selection, plan
from bench.spec import Context, Profile, Task, Variant


def part(experiment: str, variant: Variant, seeds: int | None = None):
    selection = Selection((experiment,), (str(variant),), seeds=seeds)
    return plan(papers.load("sparse"), selection)[0].tasks


def run(method: str, variant: Variant = Variant.CORRECTED, n: int = 40, beta: float = 0.1) -> dict[str, float]:
    condition = {"n": n, "d": 20, "k": 3, "sigma": 0.1, "beta": beta}
    settings = {"radius": 1.0, "tolerance": 1e-8}
    task = Task("sparse", "fig2b", variant, Profile.EMBEDDED, method, 0, condition, settings)
    return dict(synthetic.execute(task, Context(None, None, None)).metrics)


def test_figure_2a_is_fifty_k_twenty_seeds_and_two_estimators():
    tasks = part("fig2a", Variant.CORRECTED)
    assert len(tasks) == 50 * 20 * 2
    assert {task.condition["k"] for task in tasks} == set(range(2, 101, 2))
    assert {(t.condition["n"], t.condition["d"], t.condition["sigma"]) for t in tasks} == {(100, 100, 0.1)}
    assert {task.condition["beta"] for task in tasks if task.method == "l1"} == {0.1}


def test_figure_2b_is_seven_n_with_beta_one_over_root_n():
    tasks = part("fig2b", Variant.CORRECTED)
    assert len(tasks) == 7 * 20 * 2
    for task in tasks:
        assert task.condition["beta"] == (task.condition["n"] ** -0.5 if task.method == "l1" else 0)


def test_figure_1_covers_the_authors_n_and_the_range_of_beta_they_searched():
    tasks = part("fig1", Variant.CORRECTED)
    assert len({task.condition["n"] for task in tasks}) == 22
    betas = np.log10(sorted({task.condition["beta"] for task in tasks}))
    assert betas[0] <= -4.25
    assert betas[-1] >= 0.411
    np.testing.assert_allclose(np.diff(betas), 0.25, atol=1e-4)
    assert {task.seed for task in tasks} == set(range(10))


def test_neighbours_share_their_problem_so_that_it_is_drawn_once():
    tasks = part("fig2a", Variant.CORRECTED, seeds=2)
    batches = [synthetic.batch(task) for task in tasks]
    changes = sum(a != b for a, b in itertools.pairwise(batches))
    assert changes + 1 == len(set(batches)) == 100


def test_the_released_program_has_no_l0():
    tasks = part("rates", Variant.CORRECTED, seeds=1)
    assert {task.method for task in tasks} == {"mle", "l1", "l0"}
    assert {task.method for task in part("fig2b", Variant.AS_RELEASED, seeds=1)} == {"mle", "l1"}


@pytest.mark.parametrize("method", ["mle", "l1", "l0"])
def test_a_corrected_fit_is_certified(method):
    metrics = run(method, beta=0.1 if method == "l1" else 0.0)
    assert metrics["optimality_gap"] <= 1e-8
    assert metrics["nonzeros"] <= {"mle": 20, "l1": 19, "l0": 3}[method]


def test_a_fit_that_misses_its_tolerance_is_a_failure_not_a_result():
    condition = {"n": 40, "d": 20, "k": 3, "sigma": 0.1, "beta": 0.1}
    task = Task(
        "sparse", "fig2b", Variant.CORRECTED, Profile.EMBEDDED, "l1", 0, condition, {"radius": 1.0, "tolerance": 1e-30}
    )
    with pytest.raises(RuntimeError, match="not converged: optimality gap"):
        synthetic.execute(task, Context(None, None, None))


def test_the_certificate_bounds_how_far_the_released_solver_stops_from_the_optimum():
    released, optimum = run("l1", Variant.AS_RELEASED), run("l1")
    short = released["objective"] - optimum["objective"]
    assert 0 < short <= released["optimality_gap"] + 1e-12
    assert released["nonzeros"] > optimum["nonzeros"]


def test_the_released_mle_reaches_the_optimum():
    released, optimum = run("mle", Variant.AS_RELEASED, n=100, beta=0.0), run("mle", n=100, beta=0.0)
    assert released["objective"] == pytest.approx(optimum["objective"], abs=1e-4)


@pytest.mark.parametrize(("seed", "objective"), [(0, 0.41968), (5, 0.47472)])
def test_the_released_l1_solver_stops_where_the_fact_sheet_says(seed, objective):
    """Fact sheet 4.3. Finite differences divide rounding by 1.5e-8, so another BLAS ends elsewhere nearby."""
    problem = linear_problem(100, 100, 5, 0.1, seed)
    assert as_released.fit_l1(problem, 0.1).fun == pytest.approx(objective, abs=5e-3)


def test_the_released_objective_is_the_loss_plus_penalty():
    problem = linear_problem(30, 10, 3, 0.1, 0)
    theta = np.linspace(-0.3, 0.3, 10)
    margins = problem.labels * (problem.differences @ theta) / 0.1
    expected = np.logaddexp(0, -margins).mean() + 0.2 * np.abs(theta).sum()
    assert as_released.objective(theta, problem, 0.2) == pytest.approx(expected, rel=1e-14)
