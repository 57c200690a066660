"""What each table's rows are: which stages are behind every policy, on which prompts, with whose labels."""

from __future__ import annotations

import pytest
from tiny_spa import PAPER, find, planned, read, shipped, stages

from bench.errors import UserError
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
def test_the_embedded_sizes_are_a_tenth_of_the_papers(variant):
    last = find(embedded("table1", variant), "spa", iteration=2 if variant == Variant.AS_RELEASED else 3)
    assert [stage.pairs for stage in stages(last)] == [200, 800, 2000, 3000][: len(stages(last))]
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
    assert (stage.pairs, stage.labels, stage.epochs) == (6000, "people", 1)


@pytest.mark.parametrize("variant", Variant)
def test_no_two_parts_of_the_prompts_overlap(variant):
    pools = [(600 * draw, 600 * (draw + 1)) for draw in range(3)]
    draws = embedded("table4", Variant.CORRECTED)
    parts = [stages(find(draws, "dpo", draw=draw + 1))[0].prompts for draw in range(3)]
    assert all(pool[0] == part[0] and part[1] <= pool[1] for pool, part in zip(pools, parts, strict=True))
    loop = max((stages(task) for task in embedded("table1", variant) if task.method == "spa"), key=len)
    parts = [*pools, *(stage.prompts for stage in loop[1:])]
    assert not any(overlaps(one, other) for row, one in enumerate(parts) for other in parts[:row])
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


def test_a_config_that_cannot_be_run_says_where_and_why():
    with pytest.raises(UserError, match=r"own\.yaml: decoupling has 1 values for 3 iterations"):
        read(decoupling=[0.5])
    with pytest.raises(UserError, match=r"own\.yaml: seed_labels is 700, and a draw has a pool of 600 prompts"):
        read(seed_labels=700)
    with pytest.raises(UserError, match="come to 14,200 prompts, and the domain has 14,000"):
        read(prompts=[4200, 4000, 4000])
    with pytest.raises(UserError, match="test_prompts come to 3,000 prompts, and the domain has 2,000"):
        read(test_prompts=3000)
    with pytest.raises(UserError, match=r"own\.yaml: unknown key 'tresholds'"):
        read(tresholds=1)
    with pytest.raises(UserError, match=r"own\.yaml: key 'domain\.policy'.*got 'huge'"):
        read(domain=shipped()["domain"] | {"policy": "huge"})
    with pytest.raises(UserError, match=r"own\.yaml: labels: 13,000 prompts, and the domain has 12,200"):
        read("efficiency", labels=[100, 13_000])
