"""AlpacaEval's scored answers, as PVar reads them."""

import numpy as np
import pytest
from scipy.special import expit

from bench.data import alpaca_eval
from bench.papers.pvar.answers import LEAST, MODELS, answers
from bench.select import preference_variance


def test_every_prompt_has_an_answer_of_every_model_with_the_judges_log_odds(data_dir):
    found, given = answers(data_dir), alpaca_eval.answers(data_dir)
    assert found.rewards.shape == (803, MODELS)  # two of 805 prompts lack an answer
    assert len(found.prompts) == len(found.texts) == len(found.ids) == 803
    model = sorted(given)[3]
    by_prompt = {answer.prompt_id: answer for answer in given[model]}
    for row in (0, 400, 802):
        answer = by_prompt[found.ids[row]]
        assert found.texts[row][3] == answer.text
        assert found.prompts[row] == alpaca_eval.prompts(data_dir)[found.ids[row]]
        assert expit(found.rewards[row, 3]) == pytest.approx(np.clip(answer.preference, LEAST, 1 - LEAST))


def test_the_baseline_cancels_in_the_difference_of_two_answers(data_dir):
    found = answers(data_dir)
    assert np.allclose(preference_variance(found.rewards + 3.0), preference_variance(found.rewards))


def test_a_character_is_a_token(data_dir):
    found = answers(data_dir)
    columns = np.tile(np.arange(5), (len(found.prompts), 1))
    group = found.groups(columns)[7]
    assert [len(response) for response in group.responses] == [max(1, len(text)) for text in found.texts[7][:5]]
    assert "".join(map(chr, group.prompt)) == found.prompts[7]
