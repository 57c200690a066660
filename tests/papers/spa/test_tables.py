"""What each table's rows are: which stages are behind every policy, on which prompts, with whose labels."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tiny_spa import PAPER, find, planned, read, shipped, stages

from bench.errors import UserError
from bench.papers.spa.labelling import LABELERS
from bench.run.plan import Selection, plan
from bench.spec import Variant


def embedded(experiment, variant=Variant.CORRECTED):
    """The tasks of one seed at the shipped size."""
    (part,) = plan(PAPER, Selection((experiment,), (variant,), seeds=1))
    return part.tasks


def chain(task, name):
    """One field of every stage behind a task's policy."""
    return [getattr(stage, name) for stage in stages(task)]


def overlaps(first, second):
    return first[0] < second[1] and second[0] < first[1]


@pytest.mark.parametrize("variant", Variant)
def test_the_embedded_sizes_are_three_fortieths_of_the_papers(variant):
    last = find(embedded("table1", variant), "spa", iteration=2 if variant == Variant.AS_RELEASED else 3)
    papers = (2000, 8000, 20_000, 30_000)[: len(stages(last))]
    assert [stage.pairs for stage in stages(last)] == [size * 3 // 40 for size in papers]
    assert last.condition["gold_percent"] == 3.3


def test_table1_is_sft_then_dpo_then_everyones_labels_then_the_loop():
    tasks = planned("table1")
    assert [task.method for task in tasks] == ["sft", "dpo", "zephyr", "spa", "spa", "spa"]
    assert [task.condition.get("iteration") for task in tasks] == [None, None, None, 1, 2, 3]
    assert {task.condition["model"] for task in tasks} == {"world-tiny"}
    assert stages(tasks[0]) == []
    assert [stages(task) for task in tasks[3:]] == [stages(tasks[-1])[:count] for count in (2, 3, 4)]


def test_the_loop_pays_once_and_then_judges_for_itself():
    last = find(planned("table1"), "spa", iteration=3)
    assert chain(last, "labels") == ["people", "direct", "direct", "direct"]
    assert chain(last, "epochs") == [3, 1, 1, 1]
    assert chain(last, "refine") == [False, True, True, True]
    assert chain(last, "decoupling") == [0.0, 0.5, 0.25, 0.125]


def test_zephyr_pays_for_as_many_prompts_as_the_loop_has_for_one_epoch():
    (stage,) = stages(find(embedded("table1"), "zephyr"))
    assert (stage.pairs, stage.labels, stage.epochs) == (4500, "people", 1)


@pytest.mark.parametrize("variant", Variant)
def test_no_two_parts_of_the_prompts_overlap(variant):
    pools = [(450 * draw, 450 * (draw + 1)) for draw in range(3)]
    draws = embedded("table4", Variant.CORRECTED)
    parts = [stages(find(draws, "dpo", draw=draw + 1))[0].prompts for draw in range(3)]
    assert all(pool[0] == part[0] and part[1] <= pool[1] for pool, part in zip(pools, parts, strict=True))
    loop = max((stages(task) for task in embedded("table1", variant) if task.method == "spa"), key=len)
    parts = [*pools, *(stage.prompts for stage in loop[1:])]
    assert not any(overlaps(one, other) for row, one in enumerate(parts) for other in parts[:row])
    if variant != Variant.AS_RELEASED:  # it has none of its own
        (zephyr,) = stages(find(embedded("table1", variant), "zephyr"))
        assert not any(overlaps(zephyr.prompts, pool) for pool in pools)


def test_variants_differ_where_text_and_scripts_do():
    found = {variant: planned("table1", variant)[-1] for variant in Variant}
    released = found[Variant.AS_RELEASED]
    assert len(stages(released)) == 3  # of four: run_all.sh runs two iterations
    assert set(chain(released, "decoupling")) == {0.0}
    assert released.settings["refinement"]["threshold"] == "released"
    assert released.settings["end_twice"]
    for text in (Variant.AS_PUBLISHED, Variant.CORRECTED):
        assert found[text].settings["refinement"]["threshold"] == "quantile"
        assert not found[text].settings["end_twice"]
    assert [found[variant].settings["drop_identical"] for variant in Variant] == [False, False, True]


LOOP = ("table1", "table2", "table6", "table10", "controls", "efficiency", "table3", "table4")  # that have SPA itself


@pytest.mark.parametrize("table", LOOP)
def test_rows_that_tables_share_are_the_same_stages_with_the_same_settings(table):
    for method, condition in (("sft", {}), ("dpo", {}), ("spa", {"iteration": 1}), ("spa", {"iteration": 2})):
        own = {"table3": {"gold_percent": 3.3}, "table4": {"draw": 1}, "efficiency": {"labels": 150}}.get(table, {})
        if method == "sft" or (method, table) == ("spa", "efficiency"):
            own = {}
        found = find(embedded(table), method, **condition, **own)
        assert found.settings == find(embedded("table1"), method, **condition).settings


def test_table2_has_the_same_prompts_judged_by_others_and_trained_on_plainly():
    tasks = embedded("table2")
    spa = stages(find(tasks, "spa", iteration=3))
    for method, labels in (("iterative_dpo_pairrm", "ranker"), ("iterative_dpo_llm_judge", "llm_judge")):
        for number in (1, 2, 3):
            start, *loop = stages(find(tasks, method, iteration=number))
            assert start == spa[0]
            assert [stage.prompts for stage in loop] == [stage.prompts for stage in spa[1 : number + 1]]
            assert {(stage.labels, stage.refine, stage.decoupling) for stage in loop} == {(labels, False, 0.0)}


def test_table3_has_four_seeds_and_the_same_two_iterations_after_each():
    tasks = embedded("table3")
    rows = [task for task in tasks if task.method == "spa" and task.condition["iteration"] == 2]
    assert [task.condition["gold_percent"] for task in rows] == [0.8, 1.7, 3.3, 10.0]
    assert [stages(task)[0].prompts for task in rows] == [(0, 37), (0, 75), (0, 150), (0, 450)]
    assert len({tuple(stages(task)[1:]) for task in rows}) == 1
    assert [stages(task)[0].pairs for task in tasks if task.method == "dpo"] == [37, 75, 150, 450]


def test_table4_draws_three_seeds_of_different_prompts():
    rows = [task for task in embedded("table4") if task.condition.get("iteration") == 2]
    assert [task.condition["draw"] for task in rows] == [1, 2, 3]
    seeds = [stages(task)[0] for task in rows]
    assert {seed.pairs for seed in seeds} == {150}
    assert not any(overlaps(seeds[one].prompts, seeds[other].prompts) for one, other in ((0, 1), (0, 2), (1, 2)))
    assert len({tuple(stages(task)[1:]) for task in rows}) == 1


def test_table5_has_the_same_stages_from_another_policy():
    tasks = embedded("table5")
    assert {task.condition["model"] for task in tasks} == {"world-llama"}
    assert {task.settings["domain"]["policy"] for task in tasks} == {"llama"}
    assert stages(find(tasks, "spa", iteration=2)) == stages(find(embedded("table1"), "spa", iteration=2))


def test_table6_takes_the_parts_away_one_by_one():
    tasks = embedded("table6")
    parts = {
        method: [(stage.refine, stage.decoupling) for stage in stages(find(tasks, method, iteration=3))[1:]]
        for method in ("expansion", "expansion_refinement", "spa")
    }
    assert parts == {
        "expansion": [(False, 0.0)] * 3,
        "expansion_refinement": [(True, 0.0)] * 3,
        "spa": [(True, 0.5), (True, 0.25), (True, 0.125)],
    }
    assert {tuple(stage.labels for stage in stages(task)[1:]) for task in tasks if len(stages(task)) == 4} == {
        ("direct",) * 3
    }


def test_as_released_there_is_nothing_between_refinement_and_spa():
    tasks = embedded("table6", Variant.AS_RELEASED)
    assert stages(find(tasks, "expansion_refinement", iteration=2)) == stages(find(tasks, "spa", iteration=2))


def test_table7_changes_nothing_but_the_second_iterations_judge():
    tasks = embedded("table7")
    ours = stages(find(tasks, "expansion", iteration=2))
    assert ours == stages(find(embedded("table6"), "expansion", iteration=2))  # without self-refinement, as in Table 6
    for method, labels in (
        ("expansion_previous_reference", "direct_previous"),
        ("expansion_pairrm", "ranker"),
        ("expansion_likelihood", "likelihood"),
    ):
        assert stages(find(tasks, method)) == [*ours[:2], replace(ours[2], labels=labels)]


def test_table10_penalises_length_at_both_iterations_and_changes_nothing_else():
    tasks = embedded("table10")
    start, *spa = stages(find(tasks, "spa", iteration=2))
    penalty = shipped("table10")["length_penalty"]
    assert penalty > 0
    shorter = stages(find(tasks, "spa_length_regularised", iteration=2))
    assert shorter == [start, *(replace(stage, length_penalty=penalty) for stage in spa)]


def test_figure4_pays_nobody_and_judges_against_the_model_before_its_tuning():
    tasks = embedded("figure4")
    assert [task.method for task in tasks] == ["instruct", "spa_no_seed", "spa_no_seed"]
    spa = stages(find(embedded("table1"), "spa", iteration=2))
    assert stages(tasks[0]) == []
    assert stages(tasks[2]) == [replace(stage, labels="direct_base") for stage in spa[1:]]
    assert {task.condition.get("gold_percent", 0.0) for task in tasks} == {0.0}
    assert tasks[2].settings["against"] == {"sft": 0}  # no stage of it is DPO on a seed


def test_controls_are_the_loop_with_one_thing_changed():
    tasks = embedded("controls")
    start, *spa = stages(find(tasks, "spa", iteration=2))
    for method, labels in (("spa_random_labels", "random"), ("spa_gold_labels", "truth")):
        assert stages(find(tasks, method, iteration=2)) == [start, *(replace(stage, labels=labels) for stage in spa)]


def test_the_longer_dpo_takes_as_many_steps_as_the_loop_to_within_half_an_epoch():
    tasks, size = embedded("controls"), 32
    (longer,) = stages(find(tasks, "dpo_longer"))
    (start, *spa) = stages(find(tasks, "spa", iteration=2))
    assert longer == replace(start, epochs=longer.epochs)
    an_epoch = -(-start.pairs // size)
    steps = start.epochs * an_epoch + sum(-(-stage.pairs // size) for stage in spa)
    assert abs(longer.epochs * an_epoch - steps) <= an_epoch / 2


def test_efficiency_is_dpo_on_ever_more_labels():
    rows = [task for task in embedded("efficiency") if task.method == "dpo"]
    labels = shipped("efficiency")["labels"]
    assert [task.condition["labels"] for task in rows] == labels == sorted(labels)
    seeds = [stages(task) for task in rows]
    assert all(seed.labels == "people" for (seed,) in seeds)
    assert [seed.pairs for (seed,) in seeds] == labels
    assert labels[0] < 150 < labels[-1]  # on both sides of what the loop has
    beyond = [seed.prompts for (seed,) in seeds if seed.pairs > 450]
    assert not any(overlaps(prompts, (0, 1350)) for prompts in beyond)  # the pools of the draws


@pytest.mark.parametrize("experiment", [experiment.name for experiment in PAPER.experiments])
def test_every_table_names_labelers_and_methods_that_there_are_and_prompts_that_the_ranker_has_not(experiment):
    for variant in PAPER.experiment(experiment).variants:
        tasks = embedded(experiment, variant)
        assert {task.method for task in tasks} <= PAPER.methods.keys()
        assert {stage.labels for task in tasks for stage in stages(task)} <= {"people", "truth", *LABELERS}
        assert max(stage.prompts[1] for task in tasks for stage in stages(task)) <= 16_000 - 2_000
        assert len({task.cell for task in tasks}) == len(tasks)


def test_a_config_that_cannot_be_run_says_where_and_why():
    with pytest.raises(UserError, match=r"own\.yaml: decoupling has 1 values for 3 iterations"):
        read(decoupling=[0.5])
    with pytest.raises(UserError, match=r"own\.yaml: seed_labels is 700, and a draw has a pool of 450 prompts"):
        read(seed_labels=700)
    with pytest.raises(UserError, match="come to 15,000 prompts, and the domain has 14,000"):
        read(prompts=[5500, 4000, 4000])
    with pytest.raises(UserError, match="test_prompts come to 3,000 prompts, and the domain has 2,000"):
        read(test_prompts=3000)
    with pytest.raises(UserError, match=r"own\.yaml: unknown key 'tresholds'"):
        read(tresholds=1)
    with pytest.raises(UserError, match=r"own\.yaml: key 'domain\.policy': .*'compact'.*got 'huge'"):
        read(domain=shipped()["domain"] | {"policy": "huge"})
    with pytest.raises(
        UserError, match=r"unknown key 'domain\.polcy'\. Did you mean 'policy'.*Valid: name, policy, ranker$"
    ):
        read(domain=shipped()["domain"] | {"polcy": "small"})
    with pytest.raises(UserError, match=r"unknown key 'domain\.polcy'\. Did you mean 'policy'.*limits"):
        read(domain={"name": "text", "polcy": "small"})
    with pytest.raises(UserError, match=r"own\.yaml: labels: 13,000 prompts, and the domain has 12,650"):
        read("efficiency", labels=[100, 13_000])
