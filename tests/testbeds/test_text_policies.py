"""Policies of texts: from any dataset of pairs to a policy that is judged on pairs which nobody learnt from."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from bench.compare.pipeline import Pipeline, run
from bench.data.pairs import Pair, make_dataset
from bench.errors import UserError
from bench.learn.policy.reference import weights_hash
from bench.methods.method import Slot
from bench.methods.registry import method
from bench.spec import Context, Profile
from bench.testbeds import text_policies
from bench.testbeds.testbed import VALIDATION
from bench.testbeds.text_ground import OpenTexts
from bench.testbeds.text_parts import TESTED, parts
from bench.testbeds.texts import IMPLICIT

WORDS = ("river", "stone", "cloud", "garden", "window", "letter", "candle", "market")
SETTINGS = {
    **text_policies.SETTINGS[Profile.EMBEDDED],
    "prompt_tokens": 24,
    "response_tokens": 16,
    "pool": 60,
    "test": 40,
    "policy": {
        **{"vocabulary": 320, "width": 32, "layers": 1, "heads": 2},
        **{"epochs": 1, "batch_size": 16, "learning_rate": 1e-2, "threads": 1},
    },
    "reward_model": {"epochs": 1, "learning_rate": 1e-3},
    "training": {"learning_rate": 1e-2, "epochs": 2, "batch_size": 16, "warmup": 0.1},
}


def texts(count=180, name="made"):
    """People prefer the answer that says thanks. Two pairs a group; every fifth pair's answers are of equal length."""
    random = Random(name)
    rows = []
    for number in range(count):
        said = [" ".join(random.choices(WORDS, k=random.randint(2, 5))) for _ in range(3)]
        pair = f" {said[1]} thanks", f" {said[2]} never"
        rows.append(Pair(str(number), f"group {number // 2}", f"About {said[0]}:", *pair))
    return make_dataset(name, rows, "made for a test")


DATASET = texts()


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def context(cache, tmp_path):
    return Context(None, cache, tmp_path)


@pytest.fixture
def opened(context):
    """`opened(budget)`: seed 0."""
    return lambda budget=32, seed=0: text_policies.open_ground(DATASET, SETTINGS, seed, budget, context)


@pytest.fixture
def here(context):
    """Seed 0, beside its ground."""
    return OpenTexts(DATASET, SETTINGS, 0, context)


def pipeline(select, label, learn):
    return Pipeline(method(select, Slot.SELECT), method(label, Slot.LABEL), method(learn, Slot.POLICY))


def found(outcome):
    """All but what it cost."""
    return {name: value for name, value in outcome.metrics.items() if not name.startswith("method_")}


def sides(groups):
    return [[one.tolist() for one in group.responses] for group in groups]


@pytest.mark.parametrize("parts_", [("random", "people", "dpo"), ("pvar", "spa", "simpo")], ids="+".join)
def test_a_pipeline_gives_the_same_bits_from_a_cold_and_a_warm_cache(tmp_path, parts_):
    context = Context(None, tmp_path / "cache", tmp_path)
    grounds = (text_policies.open_ground(DATASET, SETTINGS, 0, 32, context) for _ in range(2))
    cold, warm = (found(run(pipeline(*parts_), {}, ground, 32, 0)) for ground in grounds)
    assert cold == warm
    assert cold["labels_spent"] == 32
    assert {*IMPLICIT.beside, *IMPLICIT.landmarks} <= cold.keys()
    assert cold["pairs"] == (32 if parts_[1] == "people" else 60)


def test_a_policy_learns_what_people_prefer(opened):
    metrics = run(pipeline("random", "people", "dpo"), {}, opened(60), 60, 0).metrics
    assert metrics[text_policies.MEASURE] > 0.9
    assert metrics["implicit_margin"] > 1


def test_a_policy_that_learnt_nothing_is_right_in_half_of_the_pairs_and_turns_none_round(here):
    judged = here.judged(here.sft)
    assert judged[text_policies.MEASURE] == 0.5
    assert judged["implicit_margin"] == judged["gained"] == judged["lost"] == 0
    assert judged["ranking_accuracy"] == judged["accuracy_of_sft"]


def test_the_longer_answer_and_the_likelier_one_stand_beside_it(here):
    judged = here.judged(here.sft)
    pairs = here.parts.test
    gap = [len(pair.chosen) - len(pair.rejected) for pair in pairs]
    assert judged["accuracy_of_longer"] == np.mean([0.5 + 0.5 * np.sign(one) for one in gap])
    assert 0 <= judged["accuracy_of_sft"] <= 1


def test_people_say_what_the_dataset_says_in_whichever_order_they_are_asked(opened, here):
    ground = opened(60)
    judgements = ground.buy(range(60))
    assert 10 < judgements.first.sum() < 50  # which answer stands first tells nothing
    chosen = {here.tokenizer.decode(pair.responses[0]).split()[-1] for pair in ground.known.bought}
    assert chosen == {"thanks<|end|>"}
    turned = [type(one)(one.prompt, one.responses[::-1]) for one in ground.groups]
    assert (here.people(turned).first == ~judgements.first).all()


def test_labels_beyond_the_budget_are_refused_and_cost_nothing(opened):
    ground = opened(10)
    ground.buy(range(8))
    with pytest.raises(UserError, match="3 labels asked for, 2 of a budget of 10 left"):
        ground.buy(range(8, 11))
    assert ground.spent == 8


def test_nobody_says_anything_of_held_out_pairs(opened, here):
    with pytest.raises(UserError, match="no pair of the pool"):
        opened().known.people(here.test.groups[:1])


def test_no_group_is_in_two_parts_and_only_the_sft_part_is_the_same_for_every_seed():
    first, other = (parts(DATASET, seed, sft=1000, pool=1000, test=1000) for seed in (0, 1))
    for one in (first, other):
        groups = [{pair.group for pair in part} for part in (one.sft, one.pool, one.test)]
        assert sum(map(len, groups)) == len(set.union(*groups)) == 75  # the other 15 are for validation
        assert [len(each) for each in groups] == [30, 34, 11]
    assert first.sft == other.sft
    assert first.pool != other.pool


def test_parts_have_at_most_as_many_pairs_as_they_are_asked_for():
    found = parts(DATASET, 0, sft=7, pool=5, test=3)
    assert (len(found.sft), len(found.pool), len(found.test)) == (7, 5, 3)


def test_pairs_that_tell_nothing_are_left_out():
    rows = [*DATASET.pairs, Pair("empty", "e", "About:", "", " never"), Pair("same", "s", "About:", " a", " a")]
    more = make_dataset("more", rows, "made")
    found = [parts(more, seed, sft=1000, pool=1000, test=1000) for seed in (0, VALIDATION)]
    used = {pair.id for one in found for part in (one.sft, one.pool, one.test) for pair in part}
    assert used == {pair.id for pair in DATASET.pairs}


def test_pairs_whose_answers_are_cut_to_the_same_tokens_are_left_out(context):
    long = " river stone cloud garden" * 6
    rows = [
        Pair(pair.id, pair.group, pair.prompt, f"{long} thanks", f"{long} never") if index % 10 == 0 else pair
        for index, pair in enumerate(DATASET.pairs)
    ]
    here = OpenTexts(make_dataset("long", rows, "made"), SETTINGS, 0, context)
    cut = sum(int(pair.id) % 10 == 0 for pair in here.parts.pool)
    assert cut > 0
    assert len(here.groups) == len(here.parts.pool) - cut


def test_a_pair_that_is_there_twice_is_in_the_pool_once(context):
    rows = [
        Pair(str(index), f"{index}", one.prompt, one.chosen, one.rejected)
        for index, one in enumerate([*DATASET.pairs[:60], *DATASET.pairs[:60]])
    ]
    here = OpenTexts(make_dataset("twice", rows, "made"), SETTINGS, 0, context)
    keys = [str((group.prompt.tolist(), sorted(one.tolist() for one in group.responses))) for group in here.groups]
    assert len(keys) == len(set(keys)) < len(here.parts.pool)


def test_too_few_groups_are_refused(context):
    few = make_dataset("few", DATASET.pairs[:60], "made")
    for seed in (0, VALIDATION):
        with pytest.raises(UserError, match="few: 30 prompts with pairs leave 4 for a test of policies, and 5 are the"):
            text_policies.open_ground(few, SETTINGS, seed, 4, context)
    enough = make_dataset("enough", DATASET.pairs[:80], "made")
    assert len({pair.group for pair in parts(enough, 0, sft=9, pool=9, test=9).test}) == TESTED


def test_another_seed_has_another_pool_of_the_same_policy(opened):
    one, other = opened(seed=0), opened(seed=1)
    assert sides(one.groups) != sides(other.groups)
    assert weights_hash(one.known.policy) == weights_hash(other.known.policy)


def test_after_preparing_nothing_is_trained(tmp_path, monkeypatch):
    context = Context(None, tmp_path, tmp_path)
    text_policies.prepare(DATASET, SETTINGS, context, None)
    monkeypatch.setattr("bench.learn.policy.text_policy.train", None)
    monkeypatch.setattr("bench.testbeds.training.train", None)
    ground = text_policies.open_ground(DATASET, SETTINGS, 3, 8, context)
    assert [len(each) for each in ground.known.rewards(ground.groups[:3])] == [2, 2, 2]


def test_samples_for_a_method_end_where_answers_end(opened):
    ground = opened()
    found = ground.known.sample(ground.known.policy, ground.groups[:6], 3, "mine")
    assert [len(group.responses) for group in found] == [3] * 6
    assert all(len(one) == 16 or one[-1] == ground.known.end for group in found for one in group.responses)


def test_a_dialogue_is_turns_for_a_model_with_a_chat_template():
    from bench.testbeds.text_ground import _messages

    assert _messages("\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Why?\n\nAssistant:") == [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "Why?"},
    ]
    assert _messages("Why?") == "Why?"


def test_what_all_seeds_share_reports_how_far_it_is(tmp_path):
    seen = []
    text_policies.prepare(DATASET, SETTINGS, Context(None, tmp_path / "cache", tmp_path), lambda *at: seen.append(at))
    ends = [place for place, (done, of) in enumerate(seen) if done == of]
    assert len(ends) == 2  # of the SFT policy, and of the reward model
    assert ends[-1] == len(seen) - 1
    assert [done for done, _ in seen[: ends[0] + 1]] == list(range(1, ends[0] + 2))
