"""Pairs of texts as testbeds: what is held out, what is read, and whose data they are."""

import json
import pickle
from dataclasses import replace

import numpy as np
import pytest

from bench.compare import tuning
from bench.compare.pipeline import Pipeline, run
from bench.data import features as frozen
from bench.data.formats import Preferences
from bench.data.pairs import Pair, make_dataset
from bench.errors import UserError
from bench.methods import Slot
from bench.methods.registry import method
from bench.spec import Context, Profile
from bench.testbeds import registry, texts
from bench.testbeds.origins import MODELS, Shipped
from bench.testbeds.testbed import VALIDATION
from bench.testbeds.text_parts import parts
from bench.testbeds.text_rewards import some, split
from bench.testbeds.words import PARAMETERS

WORDS = ("good", "fine", "bad", "sad")


class WordCounts:
    """An encoder that counts four words, in the place of one that takes seconds to load."""

    def require(self):
        pass

    def settings(self):
        return {"words": " ".join(WORDS)}

    def dimension(self):
        return len(WORDS)

    def embed(self, given, progress=None, partial=None):
        return np.array([[f"{t.prompt} {t.answer}".count(word) for word in WORDS] for t in given], dtype=np.float32)


@pytest.fixture(autouse=True)
def encoder(monkeypatch):
    monkeypatch.setattr(frozen, "ENCODERS", {"minilm": WordCounts()})
    monkeypatch.setattr("bench.data.encoder.require", lambda: None)


@pytest.fixture
def context(tmp_path):
    return Context(None, tmp_path / "cache", tmp_path / "scratch")


def rows(count, each=2, people=()):
    """Good answers are preferred to bad ones by everybody, nine times of ten."""
    random = np.random.default_rng(0)
    for number in range(count):
        sides = ["a good answer", "a bad answer"]
        chosen, rejected = sides if random.random() < 0.9 else sides[::-1]
        who = {"annotator": people[number % len(people)]} if people else {}
        yield {"prompt": f"fine question {number // each}: ", "chosen": chosen, "rejected": rejected, **who}


@pytest.fixture
def file(tmp_path):
    def write(given, name="my.jsonl"):
        path = tmp_path / name
        path.write_text("".join(f"{json.dumps(row)}\n" for row in given))
        return str(path)

    return write


def reward_testbed(reference):
    return registry.testbed(reference, Slot.REWARD)


def opened(testbed, context, budget=50, seed=0):
    return testbed.source.open(testbed.settings(Profile.EMBEDDED), Slot.REWARD, seed, budget, context)


def pipeline(learner):
    return Pipeline(method("random", Slot.SELECT), method("people", Slot.LABEL), method(learner, Slot.REWARD))


class Reader:
    """Keeps what it is given; prefers the item with more of the first word."""

    def __init__(self, reads="linear"):
        self.reads = reads

    def fit(self, X, labels, *, annotators, prompts=None):
        self.X, self.labels, self.annotators, self.prompts = X, labels, annotators, prompts
        return self

    def decision_function(self, X, *, annotators, prompts=None):
        self.asked = X, annotators, prompts
        return X[:, 0, 0] - X[:, 1, 0]


def found(outcome):
    """All but what it cost."""
    return {name: value for name, value in outcome.metrics.items() if not name.startswith("method_")}


def learnt(ground, learner, rows=(3, 0, 8)):
    return ground.learn(learner, rows, ground.buy(rows), {})


@pytest.mark.parametrize("learner", ["bt", "sparse"])
def test_a_users_file_is_learnt_from(file, context, learner):
    testbed = reward_testbed(file(rows(200)))
    outcome = run(pipeline(learner), {}, opened(testbed, context), 50, 0)
    assert 0.8 < outcome.metrics["accuracy"] < 1
    assert 0 < outcome.metrics["accuracy_error"] < 0.1
    assert outcome.metrics["labels_spent"] == 50
    assert "accuracy_by_person" not in outcome.metrics


def test_the_same_seed_is_the_same_ground_in_another_process_too(file, context):
    testbed = reward_testbed(file(rows(200)))
    sent = pickle.loads(pickle.dumps(testbed))
    first, again, other = (
        found(run(pipeline("bt"), {}, opened(one, context, seed=seed), 50, seed))
        for one, seed in ((testbed, 0), (sent, 0), (testbed, 1))
    )
    assert first == again != other


def test_which_answer_comes_first_says_nothing(file, context):
    ground = opened(reward_testbed(file(rows(400))), context, 220)
    learner = Reader()
    judged = learnt(ground, learner, range(220)).metrics
    assert 0.35 < np.mean(learner.labels == 1) < 0.65
    truth = np.sign(learner.X[:, 0, 0] - learner.X[:, 1, 0])
    assert 0.85 < np.mean(learner.labels == truth) < 0.95  # the noise of the file, on either side
    assert 0.8 < judged["accuracy"] < 1


def test_longer_answers_stand_beside_the_accuracy(file, context):
    given = [{"prompt": f"p{n} ", "chosen": "longer" if n % 4 else "s", "rejected": "other"} for n in range(400)]
    metrics = learnt(opened(reward_testbed(file(given)), context), Reader()).metrics
    assert metrics["longer_wins"] == pytest.approx(0.75, abs=0.1)


def test_people_who_are_told_apart_are_told_apart_to_methods_and_errors(file, context):
    testbed = reward_testbed(file(rows(200, people=("ann", "bob", "cyd"))))
    ground, learner = opened(testbed, context), Reader()
    metrics = learnt(ground, learner).metrics
    assert "200 pairs of my.jsonl by 3 people who are told apart" in testbed.line
    assert set(learner.asked[1]) == {"ann", "bob", "cyd"}
    assert metrics.keys() >= {*texts.ACCURACY.beside, *texts.ACCURACY.landmarks} - {*PARAMETERS}
    assert list(ground._test.clusters) == list(learner.asked[1])


def test_of_one_annotator_who_is_always_the_same_errors_are_over_prompts(file, context):
    ground = opened(reward_testbed(file(rows(200, people=("me",)))), context)
    metrics = run(pipeline("bt"), {}, ground, 50, 0).metrics
    assert metrics["accuracy_error"] > 0
    assert all(np.isfinite(value) for value in metrics.values())
    assert "accuracy_by_person" not in metrics
    assert len(set(ground._test.clusters)) > 10


def test_a_test_of_one_prompt_has_an_accuracy_and_no_error(file, context):
    four = [{**row, "prompt": f"question {number // 50}: "} for number, row in enumerate(rows(200))]
    metrics = run(pipeline("bt"), {}, opened(reward_testbed(file(four)), context), 50, 0).metrics
    assert 0 <= metrics["accuracy"] <= 1
    assert "accuracy_error" not in metrics


def test_prompts_are_there_for_who_reads_them(file, context):
    testbed = reward_testbed(file(rows(200)))
    linear, prompted, items = Reader("linear"), Reader("prompted"), Reader("items")
    for learner in (linear, prompted, items):
        learnt(opened(testbed, context), learner)
    assert linear.prompts is prompted.prompts is None
    assert linear.X.shape == items.X.shape == (3, 2, 4)
    np.testing.assert_array_equal(items.prompts, [[0, 1, 0, 0]] * 3)  # "fine question"
    np.testing.assert_allclose(prompted.X[..., -1], 0.5**0.5, rtol=1e-6)  # of (x, 1) and (0, 1)


def test_pairs_without_prompts_have_none_to_read(file, context):
    given = [{"prompt": "", "chosen": f"good {n}", "rejected": f"bad {n}"} for n in range(160)]
    items, prompted = Reader("items"), Reader("prompted")
    testbed = reward_testbed(file(given))
    for learner in (items, prompted):
        learnt(opened(testbed, context), learner)
        assert learner.prompts is None
        assert learner.X.shape == (3, 2, 4)


@pytest.mark.parametrize("reads", ["linear", "items"])
def test_what_is_prepared_is_not_computed_at_the_expense_of_a_method(file, context, monkeypatch, reads):
    testbed = reward_testbed(file(rows(200)))
    testbed.source.prepare(testbed.settings(Profile.EMBEDDED), [0], context, None)
    monkeypatch.delattr(WordCounts, "embed")
    assert learnt(opened(testbed, context), Reader(reads)).metrics["accuracy"] > 0.5


def test_a_budget_beyond_the_pool_is_refused_with_all_numbers(file, context):
    testbed = reward_testbed(file(rows(200)))
    with pytest.raises(
        UserError, match=r"of 200 pairs this seed may see 150, 38 of them for the test; a budget of 113 l"
    ):
        opened(testbed, context, budget=113)


def test_budgets_are_those_that_a_file_has_pairs_for(file):
    """Every seed's pool, of policies too, is one that the budgets fit: of validation seeds, the one in the middle."""
    for count, expected in (
        (3000, (100, 200, 400, 800)),
        (2000, (100, 200, 400)),
        (1000, (100, 200)),
        (300, (11, 33, 99)),
    ):
        testbed = reward_testbed(file(rows(count)))
        assert testbed.budgets == expected
        dataset = testbed.source.origin.load(None).dataset
        for seed, budget in ((0, max(expected)), (VALIDATION, tuning.middle(expected))):
            assert len(parts(dataset, seed, sft=2000, pool=1000, test=500).pool) >= budget


def test_a_record_has_what_is_in_a_file_and_not_where_it_lies(file, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    one, same, other = (
        reward_testbed(file(rows(count), name))
        for count, name in ((40, "my.jsonl"), (40, "elsewhere/my.jsonl"), (44, "my.jsonl"))
    )
    known = [one.source.fingerprints(one.settings(Profile.EMBEDDED), None) for one in (same, other)]
    assert known[0].keys() == known[1].keys() == {"my.jsonl", "minilm"}
    assert known[0]["minilm"] == known[1]["minilm"]
    assert known[0]["my.jsonl"] != known[1]["my.jsonl"]
    assert str(tmp_path) not in json.dumps([one.settings(Profile.EMBEDDED), known, one.name, one.line])
    assert one.data == {"my.jsonl": tmp_path / "my.jsonl"}


def test_of_a_large_file_as_many_pairs_are_used_as_its_profile_has(file, context):
    testbed = reward_testbed(file(rows(1700)))
    used = testbed.settings(Profile.EMBEDDED)["pairs"]
    ground = opened(testbed, context)
    assert ground.size + len(ground._test.labels) == 0.75 * used < 1700  # the others are for validation


def test_a_file_that_has_changed_is_read_again(file, context):
    testbed = reward_testbed(file(rows(200)))
    assert opened(testbed, context).size == 112
    file(rows(160))
    assert opened(testbed, context).size == 90


def test_policies_get_all_pairs_as_texts_and_no_encoder_is_asked_for(file, context, monkeypatch):
    given = []
    monkeypatch.setattr("bench.testbeds.text_policies.open_ground", lambda *arguments: given.append(arguments))
    monkeypatch.setattr("bench.testbeds.text_policies.prepare", lambda *arguments: given.append(arguments))
    monkeypatch.delattr("bench.data.encoder.require")
    testbed = registry.testbed(file(rows(2100, each=1)), Slot.POLICY)
    settings = testbed.settings(Profile.EMBEDDED)
    testbed.source.prepare(settings, [0], context, None)
    testbed.source.open(settings, Slot.POLICY, 3, 50, context)
    dataset = given[0][0]
    assert len(dataset.pairs) == 2100
    assert given == [(dataset, settings, context, None), (dataset, settings, 3, 50, context)]
    assert testbed.source.fingerprints(settings, None).keys() == {"my.jsonl"}


def test_a_policy_that_is_not_made_here_has_its_weights_in_the_record(file, monkeypatch):
    monkeypatch.setattr("bench.models.fingerprint", lambda source: f"weights of {source.origin}")
    testbed = registry.testbed(file(rows(200)), Slot.POLICY)
    known = testbed.source.fingerprints(testbed.settings(Profile.SMALL), None)
    assert known.keys() == {"my.jsonl", "weights"}
    assert known["weights"] == "weights of smollm2"


@pytest.mark.parametrize("seed", range(5))
def test_no_group_is_in_pool_and_test(seed):
    groups = [f"group {number % 17}" for number in range(100)]
    pool, test = split(groups, 0.25, seed, "made")
    assert sorted([*pool, *test]) == list(range(100))
    assert not {groups[row] for row in pool} & {groups[row] for row in test}
    assert 15 < len(test) <= 25


def test_every_group_is_held_out_under_some_seed():
    groups = [str(number) for number in range(20)]
    assert {row for seed in range(40) for row in split(groups, 0.25, seed, "made")[1]} == set(range(20))


def test_where_no_group_fits_the_smallest_is_the_test():
    assert split(["a", "a", "a", "b", "b"], 0.25, 0, "made") == ([0, 1, 2], [3, 4])


def test_one_prompt_cannot_be_held_out(file):
    with pytest.raises(UserError, match=r"my\.jsonl: all 4 pairs have the same prompt"):
        reward_testbed(file(list(rows(4, each=4))))


def test_of_many_pairs_some_are_used_and_they_keep_what_stands_beside_them():
    pairs = [Pair(str(n), f"group {n // 3}", "p ", "a", "b") for n in range(90)]
    said = Preferences(make_dataset("made", pairs, "made"), tuple(str(n) for n in range(90)), (1.0,) * 90, 2)
    used = some(said, 32)
    assert used.dataset == some(said, 32).dataset
    assert len(used.dataset.pairs) == len(used.strengths) == 32
    assert used.annotators == tuple(pair.id for pair in used.dataset.pairs)
    assert [int(pair.id) for pair in used.dataset.pairs] == sorted(int(pair.id) for pair in used.dataset.pairs)
    assert some(said, 90) is said


def test_alpaca_evals_pairs_have_the_judges_choice(data_dir):
    from bench.data import alpaca_eval

    pairs = Shipped("alpaca_eval").load(data_dir).dataset.pairs
    assert len(pairs) == 805 * MODELS
    given = alpaca_eval.answers(data_dir)
    for pair in pairs[:: len(pairs) // 50]:
        number, model = pair.id.split("/", 1)
        (answer,) = (answer for answer in given[model] if answer.prompt_id == int(number))
        assert (pair.chosen == f" {answer.text}") == (answer.preference > 0.5)


@pytest.mark.parametrize("name", ["hh", "hh_harmless", "ukp"])
def test_real_pairs_have_a_pool_for_the_largest_budget(data_dir, context, name):
    testbed = reward_testbed(name)
    ground = opened(testbed, replace(context, data_dir=data_dir), testbed.budgets[-1])
    outcome = run(pipeline("bt"), {}, ground, testbed.budgets[-1], 0)
    assert 0.15 * ground.size < len(ground._test.labels) <= testbed.overlap * ground.size + 1
    assert 0.35 < outcome.metrics["longer_wins"] < 0.85
