"""Who judges policies on text: AlpacaEval's figures held against the leaderboard's."""

from __future__ import annotations

import numpy as np
import pytest

from bench.data import alpaca_eval
from bench.domains import text_judges
from bench.domains.settings import AlpacaEvalJudge
from bench.domains.text_judges import AlpacaEval
from bench.errors import UserError
from bench.evaluate.judges import EndpointJudge
from bench.spec import Context

MODEL = "Mixtral-8x7B-Instruct-v0.1"
SETTINGS = AlpacaEvalJudge(kind="alpaca_eval", base_url="https://host/v1", model="gpt", key_variable="A_KEY")


def test_a_models_own_judgements_give_its_row_of_the_leaderboard(data_dir, tmp_path, monkeypatch):
    answers = alpaca_eval.answers(data_dir)
    model = MODEL if MODEL in answers else sorted(set(answers) - {alpaca_eval.BASELINE})[0]
    given = answers[model]
    asked = {}

    def compare(self, prompts, first, second):
        asked.update(prompts=prompts, second=second, answers=self.answers)
        return np.array([answer.preference for answer in given])

    monkeypatch.setattr(EndpointJudge, "compare", compare)
    judge = AlpacaEval(SETTINGS, Context(data_dir, tmp_path, tmp_path), "tiny", "a study")
    found = judge.quality([], [], [answer.text for answer in given])
    official = alpaca_eval.leaderboard(data_dir)[model]
    assert asked["prompts"] == alpaca_eval.prompts(data_dir)
    assert asked["second"] == [answer.text for answer in answers[alpaca_eval.BASELINE]]
    # The leaderboard has percent, records have fractions.
    assert 100 * found["win_rate"] == pytest.approx(official.win_rate, abs=0.01)
    assert 100 * found["win_rate_standard_error"] == pytest.approx(official.standard_error, abs=0.01)
    # The official column has difficulties of some 120 models and gamed baselines, which are not among the data.
    assert 100 * found["length_controlled_win_rate"] == pytest.approx(official.length_controlled_winrate, abs=2)
    judge.quality([], [], ["other texts"] * len(given))
    assert asked["answers"].name != AlpacaEval._endpoint(judge, [answer.text for answer in given]).answers.name


def test_it_has_no_rewards_and_compares_with_the_baseline_only(tmp_path):
    judge = AlpacaEval(SETTINGS, Context(None, tmp_path, tmp_path), "tiny", "a study")
    assert judge.truth([]) is None
    with pytest.raises(UserError, match="gpt4_1106_preview only"):
        judge.compare([], [], [])
    with pytest.raises(UserError, match="--data-dir"):
        judge.quality([], [], [])


def test_a_tie_with_the_length_is_half_right():
    assert text_judges._right(np.array([1.0, 0.0, -2.0])).tolist() == [1, 0.5, 0]
