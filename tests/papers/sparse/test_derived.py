"""Numbers read off a map or a curve: right on maps whose contours are known, with the scatter of their replicates."""

import numpy as np
import pandas as pd
import pytest

from bench.papers.sparse.derived import derive

BETAS = 10 ** np.arange(-4.25, 0.6, 0.25)
NS = 10 ** np.arange(1, 4.7, 0.1)


def series(experiment: str, cells: list[dict], seeds: int = 6) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    identity = {"paper": "sparse", "experiment": experiment, "variant": "corrected", "profile": "embedded"}
    made = [
        {
            **identity,
            "seed": seed,
            "metric": "squared_sigma_error",
            **cell,
            "value": cell["value"] * np.exp(0.01 * rng.standard_normal()),
        }
        for cell in cells
        for seed in range(seeds)
    ]
    return pd.DataFrame(made)


@pytest.fixture(scope="module")
def contours() -> pd.DataFrame:
    """log10 error = -log10 n + 0.3 + (log10 beta - best)^2 / 10, best = -0.5 log10 n - 0.7."""
    cells = [
        {
            "method": "l1",
            "n": n,
            "beta": b,
            "value": 10 ** (0.3 - np.log10(n) + (np.log10(b) + 0.5 * np.log10(n) + 0.7) ** 2 / 10),
        }
        for n in NS
        for b in BETAS
    ]
    return derive(series("fig1", cells))


def mean(frame: pd.DataFrame, metric: str, **condition: float) -> float:
    rows = frame[frame["metric"] == metric]
    for name, value in condition.items():
        rows = rows[rows[name] == value]
    assert len(rows) == 6
    return float(rows["value"].mean())


def test_the_line_of_the_best_beta(contours):
    assert mean(contours, "log10_best_beta_slope") == pytest.approx(-0.5, abs=0.03)
    assert mean(contours, "log10_best_beta_intercept") == pytest.approx(-0.7, abs=0.1)


def test_a_level_boundary_lies_where_the_map_falls_through_the_level(contours):
    """At log10 beta = -2: 0.3 - x + (x/2 - 1.3)^2 / 10 = -1.8, x = log10 n."""
    expected = min(np.roots([1 / 40, -1.13, 2.1 + 0.169]).real)
    assert mean(contours, "log10_n_at_level", level=-1.8, log10_beta=-2.0) == pytest.approx(expected, abs=0.02)


def test_lowest_and_highest_error(contours):
    assert mean(contours, "log10_error_min") < mean(contours, "log10_error_max")


def test_the_crossing_of_two_curves():
    cells = [{"method": "mle", "n": 100, "k": k, "value": 1.0} for k in range(10, 101, 10)]
    cells += [{"method": "l1", "n": 100, "k": k, "value": 1.0 + (k - 47) / 50} for k in range(10, 101, 10)]
    assert mean(derive(series("fig2a", cells)), "crossing_k") == pytest.approx(47, abs=1.0)


def test_curves_that_do_not_cross_have_no_crossing():
    cells = [
        {"method": m, "n": 100, "k": k, "value": v} for k in range(10, 101, 10) for m, v in (("mle", 1.0), ("l1", 0.5))
    ]
    assert derive(series("fig2a", cells)).empty


@pytest.mark.parametrize("method", ["mle", "l1"])
def test_the_slope_of_an_error_that_follows_its_rate_is_one(method):
    cells = []
    for n in (400, 800, 1600):
        for d in (50, 100):
            for k in (2, 5, 10):
                value = d / n if method == "mle" else k / n * np.log(d / k)
                cells.append({"method": method, "n": n, "d": d, "k": k, "value": 3 * value})
    found = derive(series("rates", cells))
    assert mean(found, "log10_rate_slope") == pytest.approx(1.0, abs=0.01)
    assert mean(found, "log10_rate_intercept") == pytest.approx(np.log10(3), abs=0.02)
