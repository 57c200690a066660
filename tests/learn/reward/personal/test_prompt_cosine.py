"""The cosine of prompt and item, from which nobody's model differs."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from bench.errors import UserError
from bench.learn.reward.personal.cosine import SCALE, PromptCosine, cosines

DRAW = np.random.default_rng(0)
ITEMS, PROMPTS = DRAW.normal(size=(12, 2, 5)), DRAW.normal(size=(12, 5))
LABELS, WHO = np.where(np.arange(12) % 3, 1, -1), [f"person {row % 4}" for row in range(12)]


def test_log_odds_are_the_scaled_difference_of_cosines():
    model = PromptCosine().fit(ITEMS, LABELS, annotators=WHO, prompts=PROMPTS)
    expected = [cosine_similarity(two, asked[None])[:, 0] for two, asked in zip(ITEMS, PROMPTS, strict=True)]
    found = model.decision_function(ITEMS, annotators=WHO, prompts=PROMPTS)
    assert found == pytest.approx(SCALE * -np.diff(np.array(expected), axis=1)[:, 0])


def test_nothing_is_learnt_from_anybody():
    model = PromptCosine().fit(ITEMS, LABELS, annotators=WHO, prompts=PROMPTS)
    other = PromptCosine().fit(ITEMS, -LABELS, annotators=WHO[::-1], prompts=PROMPTS)
    adapted = model.adapt(ITEMS[:3], LABELS[:3], annotators=["new"] * 3, prompts=PROMPTS[:3])
    assert sum(model.learned_parameters_.values()) == sum(adapted.learned_parameters_.values()) == 0
    for one in (other, adapted):
        for person in ("person 1", "new", "a stranger"):
            asked = {"annotators": [person] * 12, "prompts": PROMPTS}
            assert (one.decision_function(ITEMS, **asked) == model.decision_function(ITEMS, **asked)).all()


def test_what_has_no_length_is_near_nothing():
    assert (cosines(np.zeros((1, 2, 5)), PROMPTS[:1]) == 0).all()
    assert (cosines(ITEMS[:1], np.zeros((1, 5))) == 0).all()


@pytest.mark.parametrize("prompts", [PROMPTS[:, :4], None])
def test_prompts_have_as_many_features_as_items(prompts):
    with pytest.raises(UserError, match="features, items 5: no cosine"):
        PromptCosine().fit(ITEMS, LABELS, annotators=WHO, prompts=prompts)
