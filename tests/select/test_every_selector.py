"""What holds for every selector: a finite score a group, the same each time, that goes where its group goes."""

import numpy as np
import pytest
from groups import GROUPS, group, language_model, reward
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import UserError
from bench.learn.policy.completions import Completions
from bench.learn.policy.reference import reference_log_probs
from bench.select import (
    Diversity,
    Ensemble,
    ImplicitPVar,
    LengthDifference,
    Perplexity,
    PolicyEntropy,
    PVar,
    RandomScores,
    ReferenceMargin,
    RewardGap,
    RewardVariance,
    policy_embeddings,
)
from bench.select.ensemble import MEASURES


def other_reward(groups):
    return [np.array([np.cos(r.astype(float)).sum() for r in g.responses]) for g in groups]


def bag_of_words(groups):
    return [np.bincount(group.prompt, minlength=50) for group in groups]


OF_TOKENS = {
    "pvar": PVar(reward),
    "gap": RewardGap(reward),
    "variance": RewardVariance(reward),
    **{f"ensemble {measure}": Ensemble([reward, other_reward], measure) for measure in MEASURES},
    "length": LengthDifference(),
    "random": RandomScores(7),
    "diversity": Diversity(bag_of_words),
}
POLICY, REFERENCE = language_model(0), language_model(1)
OF_MODELS = {
    "implicit pvar": ImplicitPVar(POLICY, REFERENCE),
    "entropy": PolicyEntropy(POLICY),
    "entropy a token": PolicyEntropy(POLICY, per_token=True),
    "margin": ReferenceMargin(REFERENCE),
    "margin a token": ReferenceMargin(REFERENCE, per_token=True),
    "perplexity": Perplexity(REFERENCE),
    "diversity of hidden states": Diversity(lambda groups: policy_embeddings(POLICY, groups)),
}
ONE_IS_ENOUGH = {"random", "diversity", "entropy", "entropy a token", "perplexity", "diversity of hidden states"}


@pytest.mark.parametrize("name", [*OF_TOKENS, *OF_MODELS])
def test_a_finite_score_a_group_the_same_each_time(name):
    selector = {**OF_TOKENS, **OF_MODELS}[name]
    scores = selector.scores(GROUPS)
    assert scores.shape == (len(GROUPS),)
    assert scores.dtype == np.float64
    assert np.isfinite(scores).all()
    assert len(set(scores.tolist())) > 1
    np.testing.assert_array_equal(selector.scores(GROUPS), scores)


@pytest.mark.parametrize("name", OF_TOKENS)
@settings(deadline=None)
@given(order=st.permutations(range(len(GROUPS))))
def test_a_score_goes_where_its_group_goes(name, order):
    scores = OF_TOKENS[name].scores(GROUPS)
    np.testing.assert_array_equal(OF_TOKENS[name].scores([GROUPS[row] for row in order]), scores[order])


@pytest.mark.parametrize("name", OF_MODELS)
def test_a_score_of_a_model_goes_where_its_group_goes(name):
    order = np.random.default_rng(0).permutation(len(GROUPS))
    scores = OF_MODELS[name].scores(GROUPS)
    np.testing.assert_allclose(OF_MODELS[name].scores([GROUPS[row] for row in order]), scores[order], rtol=1e-4)


@pytest.mark.parametrize("name", sorted({*OF_TOKENS, *OF_MODELS} - {"random"}))
def test_the_order_of_responses_does_not_matter(name):
    selector = {**OF_TOKENS, **OF_MODELS}[name]
    turned = [Completions(each.prompt, each.responses[::-1]) for each in GROUPS]
    np.testing.assert_allclose(selector.scores(turned), selector.scores(GROUPS), rtol=1e-4)


@pytest.mark.parametrize("name", [*OF_TOKENS, *OF_MODELS])
def test_what_compares_responses_names_the_group_with_too_few(name):
    selector = {**OF_TOKENS, **OF_MODELS}[name]
    shown = [group(0), group(1, k=1)]
    if name in ONE_IS_ENOUGH:
        assert np.isfinite(selector.scores(shown)).all()
    else:
        with pytest.raises(UserError, match="group 1 has 1 responses, and a score needs at least 2"):
            selector.scores(shown)


@pytest.mark.parametrize("name", sorted(OF_MODELS.keys() - {"diversity of hidden states"}))
def test_log_probabilities_serve_in_place_of_a_model_and_must_be_of_these_groups(name):
    own, others = (reference_log_probs(model, GROUPS, cache_dir=None) for model in (POLICY, REFERENCE))
    known = {
        "implicit pvar": ImplicitPVar(own, others),
        "entropy": PolicyEntropy(own),
        "entropy a token": PolicyEntropy(own, per_token=True),
        "margin": ReferenceMargin(others),
        "margin a token": ReferenceMargin(others, per_token=True),
        "perplexity": Perplexity(others),
    }[name]
    np.testing.assert_array_equal(known.scores(GROUPS), OF_MODELS[name].scores(GROUPS))
    with pytest.raises(UserError, match="other data, or of the same groups in another order"):
        known.scores(GROUPS[::-1])
