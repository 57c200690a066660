"""PVar on text: random models of two layers, made-up data in the exact schemas, an endpoint that is a function."""

from __future__ import annotations

import copy

import made_ultrafeedback as made
import numpy as np
import pytest
from chat_server import serving
from made_texts import chat_model, domain
from tiny_pvar import PAPER, find, timeless
from tiny_pvar_text import ON_TEXT, planned, settings

from bench.errors import UserError
from bench.learn.policy import trainer
from bench.papers.pvar import text_lab
from bench.papers.pvar.lab import lab
from bench.papers.pvar.pairing import pairs_of
from bench.papers.pvar.selecting import chosen
from bench.select import preference_variance
from bench.spec import Context

ALL = np.arange(20)


def says(body):
    """The longer answer is better: AlpacaEval's judge in a word, Arena-Hard's in a grade."""
    asked = body["messages"][-1]["content"]
    first, second = (len(asked.split(f"assistant {name}:\n")[1].split("\n\n")[0]) for name in "AB")
    if body["messages"][0]["role"] == "system":
        return "[[A=B]]" if first == second else "so [[A>>B]]" if first > second else "so [[B>A]]"
    return "tie" if first == second else "AB"[first < second]


@pytest.fixture(scope="module")
def monkeymodule():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def texts(tmp_path_factory, monkeymodule):
    """A data directory."""
    monkeymodule.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path_factory.mktemp("hub"))
    monkeymodule.setenv("A_KEY", "made-up")
    return made.write_data(tmp_path_factory.mktemp("data"), monkeymodule)


@pytest.fixture(scope="module")
def endpoint():
    with serving(says) as here:
        yield here


@pytest.fixture(scope="module")
def models(tiny_model, tmp_path_factory):
    """The folders of the policy and of three reward models."""
    policy = chat_model(tiny_model("llama"), tmp_path_factory.mktemp("chat"))
    ranks = [made.reward_model(tmp_path_factory.mktemp("reward") / "model", policy, seed) for seed in range(3)]
    return policy, ranks


@pytest.fixture(scope="module")
def plan(texts, models, endpoint):
    """`plan(experiment, answers, **changes)`: the tasks of one seed at the tiny size."""

    def of(experiment="order", answers="given", seeds=(0,), **changes):
        return planned(texts, experiment, seeds, **settings(*models, endpoint.url, answers) | changes)

    return of


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """One for all, unless a test wants an empty one."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def place(texts, cache, tmp_path):
    """A task's surroundings."""
    return Context(texts, cache, tmp_path / "scratch")


@pytest.fixture
def fresh(texts, tmp_path):
    """As `place`, with nothing kept."""
    return Context(texts, tmp_path / "cache", tmp_path / "other-scratch")


@pytest.fixture
def here(plan, place):
    """`here(answers)`: the lab of a task."""

    def of(answers="given", context=place, **changes):
        task = plan(answers=answers, **changes)[0]
        return lab(task.settings["lab"], task.seed, context)

    return of


def texts_of(here, group):
    return [here.domain.text(response) for response in group.responses]


def executed(task, context):
    return PAPER.experiment(task.experiment).execute(task, context)


@pytest.mark.parametrize("experiment", ON_TEXT)
def test_there_is_one_pool_and_no_truth(plan, experiment):
    tasks = plan(experiment)
    assert {task.condition["spread"] for task in tasks} == {"wide"}
    assert {task.condition["model"] for task in tasks} == (
        {"large", "small", "tiny"} if experiment == "models" else {"large"}
    )
    assert len({task.cell for task in tasks}) == len(tasks)


def test_data_and_models_of_a_task_are_those_that_it_needs(plan):
    texts = {"weights", "alpaca_eval", "ultrafeedback", "baseline", "arena_hard"}
    assert set(plan()[0].data) == texts | {"ultrafeedback-completions", "reward_model_large"}
    assert set(plan(answers="sampled")[0].data) == texts | {"reward_model_large"}
    assert {f"reward_model_{name}" for name in ("large", "small", "tiny")} <= set(plan("models")[0].data)


def test_the_pools_responses_are_the_four_that_are_given(here):
    lab = here()
    prompts, groups = lab.pool("wide")
    assert len(prompts) == len(groups) == 20
    for prompt, group in zip(prompts, groups, strict=True):
        row = int(prompt.asked.id)
        first = made.TWICE[1] if row in made.TWICE else row  # of a prompt that is there twice, the first in the file
        assert texts_of(lab, group) == [made.answer(first, at) for at in range(4)]


def test_no_prompt_is_there_twice_or_without_a_whole_pair_or_in_both_parts(here):
    lab = here(pool=27)
    pool = [prompt.asked for prompt in lab.pool("wide")[0]]
    held_out, _ = lab.held_out(8)
    apart = [lab.domain.turns(pair.prompt)[0]["content"] for pair in held_out]
    prompts = [asked.turns[0].content for asked in pool] + apart
    rows = {int(asked.id) for asked in pool}
    assert len(prompts) == len(set(prompts)) == made.ROWS - made.WITHOUT_ANSWERS - 2
    assert made.BLANK not in rows
    assert not rows & set(range(made.ROWS - made.WITHOUT_ANSWERS, made.ROWS))
    assert not set(made.TWICE) <= rows


def test_too_large_a_pool_says_how_many_prompts_there_are(here):
    with pytest.raises(UserError, match=r"pool and held_out need 36 prompts, and 35 of .* four given answers"):
        here(pool=30).held_out(6)
    assert len(here("sampled", pool=30).held_out(8)[0]) == 8  # what is sampled needs no given answers


def test_the_pools_own_responses_are_sampled_once(here, monkeypatch):
    lab = here("sampled")
    groups = lab.pool("wide")[1]
    assert all(len(group.responses) == 3 and max(map(len, group.responses)) <= 6 for group in groups)
    monkeypatch.setattr(text_lab.TextDomain, "sample", None)
    for one, other in zip(groups, here("sampled").pool("wide")[1], strict=True):
        assert [ids.tolist() for ids in one.responses] == [ids.tolist() for ids in other.responses]


def test_rewards_are_the_classifiers_and_a_part_that_is_kept_is_not_scored_again(here, fresh, monkeypatch):
    monkeypatch.setattr(text_lab, "PROMPTS_A_PART", 6)
    found = here(context=fresh).rewards("wide", "small")
    parts = sorted((fresh.cache_dir / "pvar").glob("rewards-*.safetensors"))
    assert len(parts) == 4
    lab = here(context=fresh)
    source = text_lab.Backbone.model_validate(lab.text["reward_models"]["small"]).source
    model = text_lab.Classifier.load(source, lab.domain.turns, lab.domain.text, "float32")
    np.testing.assert_allclose(found, np.stack(model.scores(lab.pool("wide")[1])), atol=1e-6)
    parts[2].unlink()
    scored, real = [], text_lab.Classifier.scores
    monkeypatch.setattr(text_lab.Classifier, "scores", lambda self, part: scored.append(len(part)) or real(self, part))
    np.testing.assert_array_equal(here(context=fresh).rewards("wide", "small"), found)
    assert len(scored) == 1


def test_reward_models_of_three_sizes_choose_each_for_itself(here):
    lab = here()
    for name in ("large", "small", "tiny"):
        variance = preference_variance(lab.rewards("wide", name))
        rows = chosen(lab, "pvar", "wide", name, 0.2)
        assert set(rows) == set(np.argsort(-variance)[:4])
    assert len({tuple(chosen(lab, "pvar", "wide", name, 0.2)) for name in ("large", "small", "tiny")}) > 1


def test_best_and_worst_are_the_reward_models_and_cost_no_label(here):
    lab = here()
    prompts, pairs, spent = pairs_of(lab, "best_worst", "wide", "large", ALL)
    rewards = lab.rewards("wide", "large")
    for row, pair in enumerate(pairs):
        given = texts_of(lab, lab.pool("wide")[1][row])
        assert texts_of(lab, pair) == [given[rewards[row].argmax()], given[rewards[row].argmin()]]
    assert spent == 0
    assert len(prompts) == 20


@pytest.mark.parametrize("answers", ["given", "sampled"])
def test_a_labelled_pair_is_the_datasets_whoever_answered_in_the_pool(here, answers):
    lab = here(answers)
    prompts, pairs, spent = pairs_of(lab, "random_labelled", "wide", "large", ALL)
    for prompt, pair in zip(prompts, pairs, strict=True):
        assert texts_of(lab, pair) == [prompt.asked.pair.chosen, prompt.asked.pair.rejected]
    assert spent == 20


@pytest.fixture(scope="module")
def outcome(plan, texts, cache, tmp_path_factory):
    """Of one task."""
    return executed(find(plan("human"), "pvar"), Context(texts, cache, tmp_path_factory.mktemp("scratch")))


def test_a_task_is_judged_by_both_benchmarks(outcome, endpoint):
    metrics = outcome.metrics
    assert np.isfinite(list(metrics.values())).all()
    for name in ("win_rate", "length_controlled_win_rate", "arena_hard_win_rate", "held_out_accuracy"):
        assert 0 <= metrics[name] <= 1
    assert metrics["arena_hard_low"] <= metrics["arena_hard_win_rate"] <= metrics["arena_hard_high"]
    assert metrics["labels_spent"] == metrics["pairs_trained"] == 2  # a tenth of the pool
    assert metrics["steps"] == 1
    graded = [body for body in endpoint.bodies if body["messages"][0]["role"] == "system"]
    assert any("which is hard, 4?" in body["messages"][1]["content"] for body in graded)
    assert any("what is 5 and 5?" in body["messages"][0]["content"] for body in endpoint.bodies)


def test_what_needs_the_truth_is_left_out(outcome):
    assert not [name for name in outcome.metrics if "gold" in name or name in ("label_agreement", "high_stakes")]
    assert {"pvar", "length_difference", "response_length"} <= set(outcome.metrics)


def test_the_win_rates_are_those_of_the_answers(plan, fresh, endpoint, monkeypatch):
    """A judge that always prefers the baseline, or always the policy."""
    task = find(plan("human", divergence=2), "pvar")
    lab = text_lab.TextLab(task.settings["lab"], 0, fresh)
    baselines = {" ".join(made.WORDS[: 1 + at]) for at in range(7)} | {"wait an hour."}
    for verdict, share in (("theirs", 0.0), ("ours", 1.0)):

        def biased(body, verdict=verdict):
            first = body["messages"][-1]["content"].split("assistant A:\n")[1].split("\n\n")[0]
            first_wins = (first in baselines) == (verdict == "theirs")
            if body["messages"][0]["role"] == "system":
                return "[[A>B]]" if first_wins else "[[B>A]]"
            return "A" if first_wins else "B"

        monkeypatch.setattr(endpoint, "say", biased)
        for kept in (fresh.cache_dir / "pvar").glob("*.jsonl"):
            kept.unlink()
        found = lab.judged(lab.sft, task.settings["judging"])
        assert found["win_rate"] == share
        assert found["arena_hard_win_rate"] == pytest.approx(share, abs=1e-3)
        assert found["kl_from_sft"] == 0


def test_a_task_that_was_killed_before_its_judgement_is_not_trained_again(plan, fresh, outcome, endpoint, monkeypatch):
    task = find(plan("human"), "pvar")
    with monkeypatch.context() as patch:
        patch.setattr(text_lab.TextLab, "judged", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            executed(task, fresh)
    steps = []
    monkeypatch.setattr(trainer, "_step", lambda *_: steps.append(1))
    again = executed(task, fresh)
    assert not steps
    assert timeless(again.metrics) == timeless(outcome.metrics)


def test_a_task_that_was_killed_in_its_training_ends_with_the_same_bits(plan, place, fresh, monkeypatch):
    task, real, made_steps = find(plan("human"), "all"), trainer._step, []

    def step(*arguments):
        if len(made_steps) == 3:
            raise KeyboardInterrupt
        made_steps.append(1)
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(trainer, "_step", step)
        with pytest.raises(KeyboardInterrupt):
            executed(task, fresh)
    whole, resumed = (executed(task, where) for where in (place, fresh))
    assert timeless(resumed.metrics) == timeless(whole.metrics)
    assert resumed.curves == whole.curves
    assert len(resumed.curves["step"]) == 5


def test_a_judgement_is_kept_and_names_what_it_was_made_with(plan, place, outcome, monkeypatch):
    task = find(plan("human"), "pvar")
    monkeypatch.setattr("bench.papers.pvar.study.train", None)
    assert executed(task, place).metrics == outcome.metrics
    monkeypatch.setattr(text_lab.arena_hard, "require", lambda _: "other files")
    with pytest.raises(TypeError):  # it would be trained and judged again
        executed(task, place)


@pytest.mark.parametrize("loss", ["kto", "simpo"])
def test_other_losses_are_trained_alike(plan, place, loss):
    task = find(plan("losses"), "random", loss=loss)
    metrics = executed(task, place).metrics
    assert metrics["steps"] == 2
    assert np.isfinite(metrics["length_controlled_win_rate"])


def test_the_pool_may_be_sampled_from_end_to_end(plan, place):
    task = find(plan(answers="sampled"), "pvar", pairs="best_worst", fraction=0.3)
    metrics = executed(task, place).metrics
    assert metrics["labels_spent"] == 0
    assert metrics["response_length"] <= 6


def test_settings_that_do_not_go_together_are_named(plan, models, endpoint):
    shared = settings(*models, endpoint.url)
    with pytest.raises(UserError, match="responses: 4 answers are given to a prompt, got 3"):
        plan(responses=3)
    with pytest.raises(UserError, match="policy, opponents: of the known-truth world"):
        plan(policy="tiny", opponents=2)
    with pytest.raises(UserError, match="policy, reward_models, opponents: missing"):
        plan(text=None)
    with pytest.raises(UserError, match="pool and held_out need 58 prompts, and the texts have 40"):
        plan(pool=50)
    with pytest.raises(UserError, match="test_prompts need 13 prompts, and the texts have 12"):
        plan(test_prompts=13)
    other = copy.deepcopy(shared["text"])
    del other["reward_models"]["tiny"]
    with pytest.raises(UserError, match=r"key 'text\.reward_models\.tiny' is missing"):
        plan(text=other)
    with pytest.raises(UserError, match=r"domain\.corpus: must be ultrafeedback.* got hh_rlhf"):
        plan(text=shared["text"] | {"domain": domain(models[0])})
