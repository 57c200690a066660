"""Every claim turns: data made true to it supports it, data made false to it contradicts it, noise decides nothing."""

import numpy as np
import pandas as pd
import pytest

from bench import papers
from bench.spec import Unavailable

PAPER = papers.load("sparse")
CLAIMS = {claim.name: claim for claim in PAPER.claims}
IDENTITY = {"paper": "sparse", "variant": "corrected", "profile": "embedded"}
RNG_SEED = 5


def evaluate(name: str, series: pd.DataFrame):
    """The claim's effect, from the series with the rows that the paper derives, as a report evaluates it."""
    return CLAIMS[name].evaluate(pd.concat([series, PAPER.derive(series)]))


def rows(experiment: str, method: str, metric: str, cells: list[dict], seeds: int, noise: float = 0.02) -> pd.DataFrame:
    """One row a cell and seed, each cell's `value` times a log-normal factor."""
    rng = np.random.default_rng(RNG_SEED)
    made = []
    for cell in cells:
        for seed in range(seeds):
            value = cell["value"] * np.exp(noise * rng.standard_normal())
            made.append(
                {
                    **IDENTITY,
                    "experiment": experiment,
                    "method": method,
                    "metric": metric,
                    "seed": seed,
                    **cell,
                    "value": value,
                }
            )
    return pd.DataFrame(made)


def rate_series(method: str, exponent: float, noise: float = 0.02) -> pd.DataFrame:
    cells = []
    for n in (400, 800, 1600, 3200):
        for d in (50, 100, 200):
            for k in (2, 5, 10):
                rate = d / n if method == "mle" else k / n * np.log(d / k)
                cells.append({"n": n, "d": d, "k": k, "value": rate**exponent})
    return rows("rates", method, "squared_sigma_error", cells, 10, noise)


@pytest.mark.parametrize("method", ["l0", "l1", "mle"])
def test_a_rate_is_supported_at_slope_one_and_contradicted_at_one_half(method):
    right = evaluate(f"{method}-rate", rate_series(method, 1.0))
    wrong = evaluate(f"{method}-rate", rate_series(method, 0.5))
    assert right.estimate == pytest.approx(1.0, abs=0.02)
    assert right.p_for < 0.001
    assert wrong.estimate == pytest.approx(0.5, abs=0.02)
    assert wrong.p_against < 0.001


def test_a_noisy_rate_decides_nothing():
    effect = evaluate("l1-rate", rate_series("l1", 1.0, noise=8.0))
    assert effect.p_for > 0.05
    assert effect.p_against > 0.05


def crossing_series(at: float) -> pd.DataFrame:
    k = range(2, 101, 2)
    l1 = [{"n": 100, "d": 100, "k": each, "value": 0.08 + 0.1 * (each / 100 - at)} for each in k]
    mle = [{"n": 100, "d": 100, "k": each, "value": 0.08} for each in k]
    return pd.concat([rows("fig2a", name, "squared_sigma_error", c, 20) for name, c in (("l1", l1), ("mle", mle))])


def test_the_crossing_is_supported_at_one_half_and_contradicted_at_a_fifth():
    right, wrong = evaluate("crossing", crossing_series(0.5)), evaluate("crossing", crossing_series(0.2))
    assert right.estimate == pytest.approx(0.5, abs=0.02)
    assert right.p_for < 0.01
    assert wrong.p_against < 0.01


def ordering_series(worse_at: int | None) -> pd.DataFrame:
    n = (10, 20, 40, 80, 100, 200, 400)
    mle = [{"n": each, "value": 1.0} for each in n]
    l1 = [{"n": each, "value": 1.5 if each == worse_at else 0.5} for each in n]
    return pd.concat([rows("fig2b", name, "squared_sigma_error", c, 10) for name, c in (("l1", l1), ("mle", mle))])


def test_one_n_where_l1_is_worse_contradicts_l1_below_the_mle_at_every_n():
    assert evaluate("l1-below-mle", ordering_series(None)).p_for < 0.001
    assert evaluate("l1-below-mle", ordering_series(80)).p_against < 0.001


@pytest.mark.parametrize(("exponent", "supported"), [(-0.5, True), (-0.2, False)])
def test_the_best_beta_follows_its_exponent(exponent, supported):
    betas = 10 ** np.arange(-4.25, 0.6, 0.25)
    cells = [
        {"n": n, "beta": beta, "value": 1 + np.log(beta / (0.2 * n**exponent)) ** 2}
        for n in (10, 40, 100, 400, 1000, 4000, 10000, 40000)
        for beta in betas
    ]
    effect = evaluate("best-beta", rows("fig1", "l1", "squared_sigma_error", cells, 10, noise=0.005))
    assert effect.estimate == pytest.approx(exponent, abs=0.03)
    assert (effect.p_for < 0.01) is supported
    assert (effect.p_against < 0.01) is not supported


def head_series(gain: float) -> pd.DataFrame:
    n = (200, 400, 800)
    made = []
    for dataset in ("a", "b"):
        mle = [{"dataset": dataset, "n": each, "value": 0.6} for each in n]
        l1 = [{"dataset": dataset, "n": each, "value": 0.6 + gain} for each in n]
        made += [rows("fig4", name, "accuracy", c, 5, 0.005) for name, c in (("l1", l1), ("mle", mle))]
    return pd.concat(made)


@pytest.mark.parametrize("name", ["l1-head-gain", "few-labels"])
def test_claims_on_text_follow_the_sign_of_the_gain(name):
    assert evaluate(name, head_series(0.1)).p_for < 0.01
    assert evaluate(name, head_series(-0.1)).p_against < 0.01


@pytest.mark.parametrize("name", ["l1-head-gain", "few-labels"])
def test_claims_on_human_text_are_not_tested_on_text_the_suite_made(name):
    with pytest.raises(Unavailable, match="data directory"):
        evaluate(name, head_series(0.1).assign(dataset="made"))


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
def test_a_claim_without_its_records_is_not_attempted(claim):
    columns = [
        "experiment",
        "method",
        "metric",
        "seed",
        "n",
        "d",
        "k",
        "sigma",
        "beta",
        "dataset",
        "model",
        "value",
        "variant",
    ]
    assert claim.evaluate(pd.DataFrame(columns=columns)) is None
