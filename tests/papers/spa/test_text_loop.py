"""The loop on text, with a random model of two layers and made-up data in the exact schemas."""

from __future__ import annotations

import numpy as np
import pytest
from made_texts import chat_model, domain, write_data
from tiny_spa import PAPER, loop_of, timeless
from tiny_text import SIZES, planned

from bench.domains import text as text_domain
from bench.errors import UserError
from bench.spec import Context, Unavailable, Variant


@pytest.fixture(scope="module")
def monkeymodule():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def texts(tmp_path_factory, monkeymodule):
    """A data directory."""
    return write_data(tmp_path_factory.mktemp("data"), monkeymodule)


@pytest.fixture(scope="module")
def model(tiny_model, tmp_path_factory):
    """The folder of the SFT policy."""
    return chat_model(tiny_model("llama"), tmp_path_factory.mktemp("chat"))


@pytest.fixture(scope="module")
def plan(texts, model):
    """`plan(experiment, variant)`: the tasks of one seed at the tiny size."""

    def of(experiment="table1", variant=Variant.CORRECTED, **settings):
        return planned(texts, experiment, variant, **{**SIZES, "domain": domain(model), **settings})

    return of


@pytest.fixture(scope="module")
def place(texts, tmp_path_factory):
    """A task's surroundings, one cache for all."""
    return Context(texts, tmp_path_factory.mktemp("cache"), tmp_path_factory.mktemp("scratch"))


@pytest.fixture(scope="module")
def outcomes(plan, place):
    """Of Table 1's stages, in their order."""
    return [PAPER.experiment("table1").execute(task, place) for task in plan()]


def test_table_1_has_no_row_that_needs_labels_for_every_prompt(plan):
    assert [task.method for task in plan()] == ["sft", "dpo", "spa", "spa", "spa"]
    assert {task.condition["model"] for task in plan()} == {"tiny"}
    assert set(plan()[0].data) == {"weights", "alpaca_eval", "hh_rlhf"}


def test_every_stage_is_judged_by_the_reward_model(outcomes):
    sft, dpo, *iterations = [outcome.metrics for outcome in outcomes]
    assert dpo["labels_spent"] == 6
    assert dpo["label_agreement"] in [share / 6 for share in range(7)]  # of people with the judge
    assert [metrics["labels_spent"] for metrics in iterations] == [0, 0, 0]
    for metrics in (sft, dpo, *iterations):
        assert np.isfinite(list(metrics.values())).all()
        assert metrics["judge_held_out_pairs"] == 8
        assert 0 <= metrics["judge_accuracy"] <= 1
        assert metrics["judge_accuracy_of_length"] == 1  # every made-up answer that was chosen is the longer one
        assert metrics["reward"] != 0
    assert {metrics["judge_accuracy"] for metrics in (sft, dpo, *iterations)} == {sft["judge_accuracy"]}
    assert all(0 <= metrics["win_rate_over_dpo"] <= 1 for metrics in iterations)


def test_a_stage_made_again_is_the_same_to_the_bit(plan, outcomes, place, tmp_path):
    again = PAPER.experiment("table1").execute(plan()[2], Context(place.data_dir, tmp_path, tmp_path / "scratch"))
    assert timeless(again.metrics) == timeless(outcomes[2].metrics)


def test_the_seed_is_what_people_judged_and_nothing_is_sampled(plan, place, monkeypatch):
    loop, stages = loop_of(plan()[1], place)
    monkeypatch.setattr(text_domain, "sample", None)
    prompts, groups = loop.groups(stages, loop.policy(stages[:-1]).module)
    judged = loop.domain.people(prompts, groups)
    for prompt, group, first in zip(prompts, groups, judged.first, strict=True):
        better, worse = (loop.domain.text(group.responses[side]) for side in (int(not first), int(first)))
        assert prompt.asked.pair.chosen.strip().startswith(better)
        assert prompt.asked.pair.rejected.strip() == worse
        assert all(response[-1] == loop.domain.end or len(response) == 24 for response in group.responses)
    assert len({bool(first) for first in judged.first}) == 2  # a judge that is taught on them must not see a side
    assert judged.labels_spent == 6


def test_other_labels_work_on_text(plan, place):
    for method in ("spa_random_labels", "spa_gold_labels"):
        task = next(task for task in plan("controls", gentle_learning_rate=1e-4) if task.method == method)
        metrics = PAPER.experiment("controls").execute(task, place).metrics
        if method == "spa_gold_labels":
            assert metrics["label_agreement"] == 1


def test_the_judge_in_words_is_asked_with_the_conversation(plan, place):
    loop, stages = loop_of(plan()[1], place)
    group = loop.groups(stages, loop.policy(stages[:-1]).module)[1][0]
    asked = loop.domain.tokenizer.decode(loop.domain.question()(group).prompt)
    assert "Please choose the response that is the most helpful" in asked
    assert "and then?" in asked


@pytest.mark.parametrize(
    ("experiment", "missing"), [("table2", "llm-blender/PairRM-hf"), ("table7", "PairRM"), ("figure4", "base")]
)
def test_only_what_needs_a_missing_model_is_unavailable(plan, experiment, missing, monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(Unavailable, match=missing):
        plan(experiment)


def test_without_data_the_plan_says_what_is_missing(model):
    with pytest.raises(Unavailable, match="needs a data directory: name one with --data-dir"):
        planned(None, **SIZES, domain=domain(model))


def test_a_config_that_asks_for_too_much_says_so(plan, model):
    with pytest.raises(UserError, match="come to 51 prompts, and the domain has 50"):
        plan(prompts=[11, 11, 11])
    with pytest.raises(UserError, match="pool: 3 draws of 7 prompts are more than have labels"):
        plan(pool=7)
    with pytest.raises(UserError, match="hh_rlhf goes with seed_pairs"):
        plan(domain=domain(model) | {"seed_pairs": None})
    with pytest.raises(UserError, match="labels: 19 prompts, and the domain has 18"):
        plan("efficiency", labels=[6, 19])


def test_draws_of_the_seed_share_no_pair(plan):
    places = {task.condition["draw"]: task.settings["stages"][0]["prompts"] for task in plan("table4")[1:]}
    assert places == {1: [0, 6], 2: [6, 12], 3: [12, 18]}
    assert {tuple(task.settings["stages"][1]["prompts"]) for task in plan("table4") if task.method == "spa"} == {
        (18, 24)
    }
