"""The known-truth world as a testbed: pipelines from labels to a judged learner, on the tiny policy."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from bench.compare.pipeline import Pipeline, run
from bench.data.world.gold import rewards
from bench.errors import UserError
from bench.label import Judgements, ordered
from bench.learn.policy.log_probs import response_log_probs, response_sums
from bench.methods.contract import Known
from bench.methods.method import Slot
from bench.methods.pair_loss import PairLoss
from bench.methods.registry import method
from bench.spec import Context, Profile
from bench.testbeds import training as training_module
from bench.testbeds.world import TESTBED
from bench.testbeds.world_ground import STUDY, OpenWorld

TINY = {
    "policy": "tiny",
    "pool": 48,
    "responses": 3,
    "max_tokens": 12,
    "reward_model": {"labels": 32, "epochs": 1, "learning_rate": 1e-3},
    "training": {"learning_rate": 1e-3, "epochs": 1, "batch_size": 16, "warmup": 0.1},
    "test_prompts": 24,
    "opponents": 2,
    "divergence_prompts": 8,
}
SETTINGS = {**TESTBED.settings(Profile.EMBEDDED), **TINY}


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """Holds the tiny SFT policy once it has been trained, and whatever tests make."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def context(cache, tmp_path):
    return Context(None, cache, tmp_path)


@pytest.fixture
def opened(context):
    """`opened(learner, budget)`: world 0."""
    return lambda learner=Slot.POLICY, budget=16: TESTBED.source.open(SETTINGS, learner, 0, budget, context)


@pytest.fixture
def here(context):
    """World 0, beside its ground."""
    return OpenWorld(SETTINGS, 0, context)


def pipeline(select, label, learn, slot=Slot.POLICY):
    return Pipeline(method(select, Slot.SELECT), method(label, Slot.LABEL), method(learn, slot))


def found(outcome):
    """All but what it cost."""
    return {name: value for name, value in outcome.metrics.items() if not name.startswith("method_")}


@pytest.mark.parametrize(
    ("parts", "slot", "pairs"),
    [
        (("random", "people", "dpo"), Slot.POLICY, 16),
        (("pvar", "spa", "simpo"), Slot.POLICY, 48),
        (("random", "people", "bt"), Slot.REWARD, 16),
        (("pvar", "spa", "sparse"), Slot.REWARD, 48),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, tuple) else str(value),
)
def test_a_pipeline_gives_the_same_bits_from_a_cold_and_a_warm_cache(opened, cache, parts, slot, pairs):
    shutil.rmtree(cache / STUDY, ignore_errors=True)
    cold, warm = (found(run(pipeline(*parts, slot), {}, opened(slot), 16, 0)) for _ in range(2))
    assert cold == warm
    assert cold["labels_spent"] == 16
    assert cold["pairs"] == pairs
    measure = TESTBED.measures[slot]
    assert 0 <= cold[measure.metric] <= 1
    assert cold[f"{measure.metric}_error"] > 0
    assert {*measure.beside, *measure.landmarks} <= cold.keys()


def test_a_learner_of_rankings_spends_three_labels_a_list(opened):
    found = run(pipeline("random", "people", "irpo"), {}, opened(budget=17), 17, 0).metrics
    assert (found["labels_spent"], found["pairs"]) == (15, 5)
    assert 0 <= found["win_rate_over_sft"] <= 1


def test_another_seed_is_another_world(context):
    first, other = (TESTBED.source.open(SETTINGS, Slot.POLICY, seed, 16, context) for seed in (0, 1))
    assert [group.prompt.tolist() for group in first.groups] != [group.prompt.tolist() for group in other.groups]


def test_hyper_parameters_of_training_replace_the_testbeds(opened):
    one, other = (
        run(pipeline("random", "people", "dpo"), {"learn": {"learning_rate": rate}}, opened(budget=48), 48, 0).metrics
        for rate in (1e-9, 1e-2)
    )
    assert one["kl_from_sft"] < 1e-6 < other["kl_from_sft"]


def test_labels_beyond_the_budget_are_refused_and_cost_nothing(opened):
    ground = opened(budget=10)
    ground.buy(range(8))
    with pytest.raises(UserError, match="3 labels asked for, 2 of a budget of 10 left"):
        ground.buy(range(8, 11))
    assert ground.spent == len(ground.known.bought) == 8


def test_nothing_can_be_bought_of_a_budget_that_is_spent(opened):
    ground = opened(budget=4)
    ground.known.people(ground.pairs(range(4)))
    assert len(ground.buy([]).log_odds) == 0
    assert ground.spent == 4


def test_labels_that_a_method_asks_for_are_counted_and_known(opened):
    ground = opened(budget=10)
    bought = ground.buy(range(4))
    more = ground.known.people(ground.pairs([4, 5]))
    assert ground.spent == 6
    both = Judgements(np.concatenate([bought.log_odds, more.log_odds]))
    expected = [[one.tolist() for one in pair.responses] for pair in ordered(ground.pairs(range(6)), both)]
    assert [[one.tolist() for one in pair.responses] for pair in ground.known.bought] == expected


def test_people_prefer_the_better_response_of_a_pair_more_often_than_not(opened, here):
    ground = opened(budget=48)
    judgements = ground.buy(range(48))
    pairs = ground.pairs(range(48))
    gap = np.subtract(*(rewards(here.prompts, [pair.responses[side] for pair in pairs]) for side in (0, 1)))
    agree = judgements.first[gap != 0] == (gap[gap != 0] > 0)
    assert 0.55 < agree.mean() < 1


def test_nothing_is_sold_of_prompts_outside_the_pool(opened, here):
    ground = opened()
    with pytest.raises(UserError, match="not in the pool"):
        ground.known.people(here.opponents[:1])
    assert ground.spent == 0


def test_more_prompts_than_a_world_has_are_refused(context):
    with pytest.raises(UserError, match=r"16,000 prompts of the part 'train' are asked for, and it has 15,968"):
        TESTBED.source.open({**SETTINGS, "pool": 16_000}, Slot.POLICY, 0, 16, context)


def test_the_sft_policy_is_judged_to_be_about_as_good_as_itself(opened):
    ground = opened()
    judged = ground.judged(ground.known.policy)
    assert judged["kl_from_sft"] == 0
    assert abs(judged["win_rate_over_sft"] - 0.5) < 4 * judged["win_rate_over_sft_error"]


def test_the_sft_policy_turns_no_pair_round_and_ranks_as_its_likelihoods_say(opened, here):
    ground = opened()
    judged = ground.judged(ground.known.policy)
    assert judged["implicit_accuracy"] == 0.5
    assert judged["gained"] == judged["lost"] == 0
    sums = np.stack(response_sums(here.opponents, response_log_probs(ground.known.policy, here.opponents)))
    held = here.held_out
    right = [
        better * (sums[row, a] - sums[row, b]) > 0 for (row, a, b), better in zip(held.pairs, held.better, strict=True)
    ]
    assert judged["ranking_accuracy"] == judged["accuracy_of_sft"] == pytest.approx(np.mean(right))
    assert judged["ranking_accuracy_error"] > 0


def test_a_policy_that_nothing_was_bought_for_cannot_be_taught(opened):
    with pytest.raises(UserError, match="no label was bought"):
        opened().known.taught()


def test_a_taught_policy_is_trained_once_and_its_tokens_are_counted(opened):
    ground = opened()
    ground.buy(range(16))
    first = ground.known.taught()
    tokens = ground.known.tokens
    assert ground.known.taught() is first
    assert ground.known.tokens == tokens == sum(pair.stream_length for pair in ground.known.bought)


def test_what_is_known_has_all_that_the_contract_names(opened):
    known = opened().known
    for name in (*Known.__annotations__, *(key for key, one in vars(Known).items() if callable(one) and key[0] != "_")):
        assert hasattr(known, name), name


def test_rewards_and_embeddings_are_of_every_response_and_every_prompt(opened):
    ground = opened()
    assert [len(each) for each in ground.known.rewards(ground.groups)] == [3] * 48
    assert ground.known.embed(ground.groups).shape == (48, 32)


def test_samples_for_a_method_come_from_the_stream_that_it_names(opened):
    known, again = opened().known, opened().known
    groups = opened().groups[:8]
    one, same = (where.sample(where.policy, groups, 2, "mine") for where in (known, again))
    other = known.sample(known.policy, groups, 2, "another")
    texts = [[[ids.tolist() for ids in group.responses] for group in found] for found in (one, same, other)]
    assert texts[0] == texts[1] != texts[2]


class Nowhere(PairLoss):
    """A loss that is not a number."""

    def loss(self, policy_chosen, policy_rejected, reference_chosen, reference_rejected):
        return policy_chosen * float("nan")


def test_training_that_diverges_is_a_failure_of_the_task_and_not_a_mistake_of_the_user(opened):
    ground = opened()
    with pytest.raises(FloatingPointError, match="training diverged"):
        ground.learn(Nowhere(), range(16), ground.buy(range(16)), {})


class Says:
    """A reward model that says what it was made with, and remembers what it was given."""

    def __init__(self, said):
        self.said = said

    def fit(self, X, labels, *, annotators, prompts=None):
        self.given = X, labels, annotators
        self.asked = prompts
        return self

    def decision_function(self, X, *, annotators, prompts=None):
        return np.resize(np.asarray(self.said, dtype=float), len(X)) if np.ndim(self.said) < 1 else self.said


def test_reward_models_are_judged_by_the_gold_order_of_held_out_pairs(opened):
    ground = opened(Slot.REWARD)
    bought, better = ground.buy(range(16)), ground.held_out.better
    assert set(better) == {1.0, -1.0}
    for said, right in ((better, 1.0), (-better, 0.0), (0.0, 0.5)):
        assert ground.learn(Says(said), range(16), bought, {}).metrics["accuracy"] == right


def test_reward_models_get_items_and_labels_of_the_rows_that_were_judged(opened):
    ground, learner = opened(Slot.REWARD), Says(1.0)
    rows = [7, 3, 11]
    bought = ground.buy(rows)
    ground.learn(learner, rows, bought, {})
    X, labels, annotators = learner.given
    assert X.shape == (3, 2, 64)  # the tiny policy has 32 hidden units; a mean and a last state
    assert labels.tolist() == np.where(bought.first, 1, -1).tolist()
    assert list(annotators) == ["everybody"] * 3
    pool = ground.features.of(ground.groups)
    np.testing.assert_allclose(X, pool[rows, :2] / pool.std(axis=(0, 1)))


def test_only_reward_models_that_read_items_get_what_was_asked(opened):
    ground, learner = opened(Slot.REWARD), Says(1.0)
    bought = ground.buy(range(6))
    ground.learn(learner, range(6), bought, {})
    assert learner.asked is None
    learner.reads = "items"
    ground.learn(learner, range(6), bought, {})
    assert learner.asked.shape == (6, 32)
    learner.reads = "item"
    with pytest.raises(UserError, match="Did you mean 'items'"):
        ground.learn(learner, range(6), bought, {})


@pytest.mark.parametrize(
    ("said", "message"),
    [(np.zeros(3), r"\d+ comparisons were given, shape \(3,\)"), (np.nan, "of comparison 0 it is not a number")],
    ids=["shape", "nan"],
)
def test_a_reward_model_that_does_not_answer_is_named(opened, said, message):
    ground = opened(Slot.REWARD)
    with pytest.raises(UserError, match=rf"Says\.decision_function: {message}"):
        ground.learn(Says(said), range(4), ground.buy(range(4)), {})


def test_after_preparing_no_policy_and_no_reward_model_is_trained(context, monkeypatch):
    from bench.domains import world

    TESTBED.source.prepare(SETTINGS, [0], context, None)
    monkeypatch.setattr(world, "train", None)
    monkeypatch.setattr(OpenWorld, "_sample", None)
    here = OpenWorld(SETTINGS, 0, context)
    assert len(here.reward_model.scores(here.groups)) == 48
    assert len(here.opponents) == 24


def test_only_a_copy_of_the_sft_policy_is_trained(opened, monkeypatch):
    trained, real = [], training_module.train
    monkeypatch.setattr(
        training_module, "train", lambda model, *rest, **named: trained.append(model) or real(model, *rest, **named)
    )
    ground = opened()
    before = {name: value.clone() for name, value in ground.known.policy.state_dict().items()}
    ground.learn(method("dpo", Slot.POLICY).make(0), range(16), ground.buy(range(16)), {})
    assert trained[0] is not ground.known.policy
    assert all((before[name] == value).all() for name, value in ground.known.policy.state_dict().items())
