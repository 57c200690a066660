"""Table 1 and the quirks on a simulated TL;DR: what is planned, what models read, and what is measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny_summaries import COUNTS, SOURCE, context, few_rows, one, planned, settings

from bench.data.world.vocabulary import BEGIN_ID, END_ID
from bench.errors import UserError
from bench.evaluate.personal import accuracy
from bench.files import validate
from bench.papers.pal import summaries_source, summaries_study
from bench.papers.pal.summaries import SummariesConfig
from bench.papers.pal.summaries_models import lengths, summary_model
from bench.papers.pal.summaries_source import reader, summaries
from bench.papers.pal.summaries_study import summarised
from bench.spec import Variant

QUIRKS = {
    "places",
    "padding",
    "padding id",
    "truncation",
    "norm bound",
    "epoch by test",
    "shared data",
    "other K = 1",
    "updated twice",
}


@pytest.fixture(autouse=True)
def _few(monkeypatch):
    few_rows(monkeypatch)


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """The language model is trained once for all tests."""
    return context(tmp_path_factory.mktemp("summaries"))


@pytest.fixture
def data():
    return summaries(SOURCE, COUNTS, 1000, False, None)


def test_arms_and_baselines_are_told_apart_by_their_conditions():
    tasks = planned()
    assert len({(task.method, *task.condition.items()) for task in tasks}) == len(tasks) == 13
    assert {task.condition["size"] for task in tasks if task.method == "pal_b"} == {"tiny", "large"}
    assert "size" not in one(tasks, "mixture", K=2).condition


def test_as_released_there_are_no_baselines_and_all_seeds_share_their_data():
    tasks = planned(variant=Variant.AS_RELEASED)
    assert [task.method for task in tasks] == ["pal_b", "pal_b"]
    assert all(task.settings["model"]["shared_data"] and task.settings["model"]["epoch_on_test"] for task in tasks)
    assert one(tasks, "pal_b", K=1).settings["model"]["projector"]["dropout"] == 0.5


def test_a_quirk_is_the_model_without_it_but_for_that_quirk():
    tasks = planned("quirks")
    assert {task.condition["quirk"] for task in tasks} == QUIRKS | {"none"}
    for task in tasks:
        plain = one(tasks, task.method, K=task.condition["K"], quirk="none").settings["model"]
        quirky = task.settings["model"]
        different = {key for key in quirky if quirky[key] != plain[key]}
        assert len(different) == (task.condition["quirk"] != "none"), task.label()


def test_a_change_that_is_no_setting_is_refused():
    with pytest.raises(UserError, match="windw"):
        settings(arms={"corrected": [{"method": "pal_b", "changes": {"reading": {"windw": "padded"}}}]})
    with pytest.raises(UserError, match="there is no pal_b"):
        validate(SummariesConfig, {**settings().model_dump(mode="json"), "models": {}}, "made up")


def test_apart_every_text_begins_and_ends_and_else_prompt_and_response_are_one(here, data):
    read, said = reader(SOURCE, here.cache_dir), data.found.test
    apart, whole = (read.completions(said, apart=apart) for apart in (True, False))
    for group in apart:
        for ids in (group.prompt, *group.responses):
            assert (ids[0], ids[-1]) == (BEGIN_ID, END_ID)
    for group, both in zip(apart, whole, strict=True):
        assert list(both.prompt) == list(group.prompt[:-1])
        assert [list(ids) for ids in both.responses] == [list(ids[1:]) for ids in group.responses]


def test_unseen_workers_are_asked_the_same_whatever_they_said_and_as_released_all_the_rest(data):
    tests = [data.unseen(count) for count in COUNTS]
    assert [len(said) / len(data.found.unseen.people) for said, _ in tests] == COUNTS
    assert tests[0][1].fingerprint == tests[1][1].fingerprint
    released = summaries(SOURCE, COUNTS, 1000, True, None)
    said, asked = released.unseen(1)
    assert len(said) + len(asked) == len(released.found.unseen)


def test_repeats_as_released_have_the_same_data_and_else_their_own():
    shared = [summaries(SOURCE, COUNTS, seed, True, None).found.train.fingerprint for seed in (0, 1)]
    own = [summaries(SOURCE, COUNTS, seed, False, None).found.train.fingerprint for seed in (0, 1)]
    assert shared[0] == shared[1]
    assert own[0] != own[1]


def test_a_model_of_lengths_knows_what_labels_are_made_of(here, data):
    found = data.found
    features = lengths(found.test)
    assert np.abs(features[:, 0] - features[:, 1]).max() > 0.3
    fitted = summary_model("length", None, {"ridge": 1.0}, 0, reader(SOURCE, here.cache_dir)).fit(
        found.train, found.validation
    )
    assert accuracy(fitted.decisions(found.test), found.test.labels) > 0.95


def test_vectors_are_the_last_states_of_prompt_and_response(here, data):
    read, said = reader(SOURCE, here.cache_dir), data.found.test.take([0, 1, 2])
    features = summary_model("shared", None, {"ridge": 1.0}, 0, read).features(said)
    for group, both in zip(read.completions(said, apart=False), features, strict=True):
        for ids, found in zip(group.responses, both, strict=True):
            row = torch.tensor([[*group.prompt, *ids]])
            with torch.no_grad():
                wanted = read.backbone(input_ids=row).last_hidden_state[0, -1].numpy()
            assert found == pytest.approx(wanted, abs=1e-4)


def test_the_share_of_tokens_is_the_mean_over_comparisons_of_right_margins(here, data):
    model = one(planned(), "pal_b", K=2, size="tiny", weighting="cumulative").settings["model"]
    fitted = summary_model("pal_b", 2, model, 0, reader(SOURCE, here.cache_dir)).fit(
        data.found.train, data.found.validation
    )
    asked = data.found.test
    decisions, share = fitted.measured(asked)
    margins = fitted.text.token_margins(fitted._groups(asked), annotators=asked.annotators)
    right = [((each * label > 0) + (each == 0) / 2).mean() for each, label in zip(margins, asked.labels, strict=True)]
    assert share == pytest.approx(np.mean(right), abs=1e-9)
    assert decisions == pytest.approx(
        fitted.text.decision_function(fitted._groups(asked), annotators=asked.annotators), abs=1e-5
    )


def test_responses_that_are_cut_are_counted(here, data):
    model = one(planned(), "pal_a").settings["model"]
    short = {**model, "reading": {**model["reading"], "max_length": 30}}
    shares = [
        summary_model("pal_a", 2, each, 0, reader(SOURCE, here.cache_dir)).cut_share(data.found.test)
        for each in (model, short)
    ]
    whole = [
        len(group.prompt) + max(map(len, group.responses))
        for group in reader(SOURCE, here.cache_dir).completions(data.found.test, apart=False)
    ]
    assert shares == [0.0, np.mean(np.array(whole) > 30)]
    assert shares[1] > 0


@pytest.mark.parametrize("variant", [Variant.CORRECTED, Variant.AS_RELEASED])
def test_a_task_measures_seen_and_unseen_workers_by_group_and_by_token(variant, here):
    task = one(planned(variant=variant), "pal_b", K=2, size="tiny", weighting="cumulative")
    found = summarised(task, here)
    for metric in ("seen_accuracy", "seen_accuracy_minority", "seen_accuracy_mean_token", "seen_accuracy_last_token"):
        assert 0 <= found.metrics[metric] <= 1
    for count in (0, *COUNTS):
        assert {f"unseen_accuracy_{count}", f"unseen_accuracy_mean_token_{count}"} <= found.metrics.keys()
    assert found.metrics["shared_parameters"] == 3 * 3 * (32 * 32 + 32) + 1  # f and two g, three layers each, and tau
    assert len(found.curves["weight_1"]) == len(found.notes["people"].split()) == 10
    assert summarised(task, here).metrics["seen_accuracy"] == found.metrics["seen_accuracy"]


def test_tasks_with_the_same_data_share_what_the_language_model_was_run_for(here, monkeypatch):
    tasks = [one(planned(), "pal_b", K=K, size="tiny", weighting="cumulative") for K in (1, 2)]
    summarised(tasks[0], here)
    monkeypatch.setattr(summaries_source, "Memory", None)
    summarised(tasks[1], replace(here, scratch_dir=here.scratch_dir / "another"))


def test_what_ran_before_changes_no_bit_of_a_task(here):
    cumulative, last = (one(planned(), "pal_b", K=2, size="tiny", weighting=name) for name in ("cumulative", "last"))
    alone = summarised(last, here)
    summaries_study._reader.cache_clear()
    summarised(cumulative, here)
    after = summarised(last, here)
    assert {**alone.metrics, "fit_seconds": 0} == {**after.metrics, "fit_seconds": 0}
    assert alone.curves == after.curves


def test_a_trained_backbone_is_its_own_and_the_shared_one_stays(here):
    read = reader(SOURCE, here.cache_dir)
    before = {name: values.clone() for name, values in read.backbone.state_dict().items()}
    task = one(planned(), "pal_b", size="large")
    data = summaries(SOURCE, COUNTS, 0, False, None)
    few = data.found.train.take(np.arange(40))
    held = data.found.validation
    held = held.take([person in few.people for person in held.annotators])
    fitted = summary_model("pal_b", 2, task.settings["model"], 0, read).fit(few, held)
    assert all((values == before[name]).all() for name, values in read.backbone.state_dict().items())
    trained = fitted.text.backbone.state_dict()
    assert any((values != before[name]).any() for name, values in trained.items())
    assert fitted.learned_parameters_["backbone"] == sum(values.numel() for values in read.backbone.parameters())
