"""A comparison tunes everybody alike, runs everybody on the same seeds, and never runs a thing twice."""

import dataclasses
import pickle
from functools import partial
from pathlib import Path

import pytest
from toy import TOY

from bench.compare import tuning
from bench.compare.comparison import Comparison
from bench.compare.entrants import entrants, key, pipelines, require_runs
from bench.compare.pipeline import Pipeline
from bench.compare.planning import Planner, execute
from bench.errors import UserError
from bench.methods import Slot
from bench.methods.registry import method, methods
from bench.spec import Context, Profile, Record
from bench.testbeds import registry as places

OWN = '''
"""A user's method."""
from bench.methods.rewards import Ridge


class Contrary(Ridge):
    """The opposite of what was learnt"""

    def decision_function(self, X, *, annotators, prompts=None):
        return -super().decision_function(X, annotators=annotators, prompts=prompts)
'''


def comparison(tmp_path, learn=("bt", "sparse"), **other):
    found = pipelines((), (), learn)
    given = {"own_budgets": None, "trials": 3, "validation": 2, "data_dir": None, **other}
    return Comparison(found, (TOY,), Profile.EMBEDDED, (0, 1, 2), runs=tmp_path, **given)


def work(comparing, parts):
    """Run what has no record; how many tasks that were."""
    stored, done = comparing.store.read(), 0
    for part in parts:
        for task in part.tasks:
            if task.id not in stored.records:
                context = Context(None, Path("cache"), Path("scratch"))
                comparing.store.write(Record(task, part.experiment.execute(task, context), {"cost": {}}))
                done += 1
    return done


def test_everybody_gets_the_same_number_of_trials_on_the_same_validation_seeds(tmp_path):
    comparing = comparison(tmp_path)
    tasks = [task for part in comparing.tuning() for task in part.tasks]
    for name in {task.method for task in tasks}:
        own = [task for task in tasks if task.method == name]
        assert len({str(task.settings["learn"]) for task in own}) == 3
        assert {task.seed for task in own} == {10_000, 10_001}
        assert {task.condition["budget"] for task in own} == {60}


def test_the_best_trial_is_what_is_compared(tmp_path):
    comparing = comparison(tmp_path)
    work(comparing, comparing.tuning())
    work(comparing, comparing.parts())
    results = comparing.results("a test")
    for entrant in results.entrants:
        tried = [trial for trial in results.tuning.trials if trial.entrant == entrant.name]
        chosen = [trial for trial in tried if trial.chosen]
        assert len(chosen) == 1
        assert chosen[0].value == max(trial.value for trial in tried)
        reported = [task for part in comparing.parts() for task in part.tasks if f"+ {entrant.name}" in task.method]
        assert {str(task.settings["learn"]) for task in reported} == {str(dict(chosen[0].hyper["learn"]))}


def test_reported_seeds_are_never_tuned_on(tmp_path):
    comparing = comparison(tmp_path)
    tuned = {task.seed for part in comparing.tuning() for task in part.tasks}
    reported = {task.seed for part in comparing.parts() for task in part.tasks}
    assert not tuned & reported


def test_one_trial_is_the_defaults_and_nothing_is_tuned(tmp_path):
    comparing = comparison(tmp_path, trials=1)
    assert comparing.tuning() == []
    assert all(task.settings["learn"] == {} for part in comparing.parts() for task in part.tasks)


def test_results_have_a_row_for_every_metric_with_the_path_of_its_record(tmp_path):
    comparing = comparison(tmp_path, trials=1)
    assert work(comparing, comparing.parts()) == 2 * 3 * 3
    rows = comparing.results("a test").rows
    measured = rows[rows["metric"] == "accuracy"]
    assert len(measured) == 2 * 3 * 3
    assert all((tmp_path / path).is_file() for path in measured["record"])
    assert set(rows[rows["metric"] == "labels_spent"]["value"]) == {30, 60, 120}


def test_a_new_method_runs_alone_beside_what_is_recorded(tmp_path):
    first = comparison(tmp_path)
    work(first, first.tuning())
    work(first, first.parts())
    own = tmp_path / "own.py"
    own.write_text(OWN)
    second = comparison(tmp_path, learn=("bt", "sparse", f"{own}:Contrary"))
    tuned = work(second, second.tuning())
    assert tuned == 2  # no space of its own: the defaults on two validation seeds
    assert work(second, second.parts()) == 3 * 3
    assert work(second, second.parts()) == 0
    rows = second.results("a test").rows
    accuracy = rows[rows["metric"] == "accuracy"].groupby("entrant")["value"].mean()
    assert accuracy["Contrary"] < 0.5 < accuracy["bt"]


def test_a_changed_file_is_another_method(tmp_path):
    own = tmp_path / "own.py"
    own.write_text(OWN)
    before = comparison(tmp_path, learn=("bt", f"{own}:Contrary"), trials=1)
    work(before, before.parts())
    own.write_text(OWN + "# changed\n")
    after = comparison(tmp_path, learn=("bt", f"{own}:Contrary"), trials=1)
    assert work(after, after.parts()) == 3 * 3


def test_two_files_of_one_name_are_compared(tmp_path):
    for folder, more in (("old", ""), ("new", "# changed\n")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "own.py").write_text(OWN + more)
    comparing = comparison(tmp_path, learn=tuple(f"{tmp_path}/{folder}/own.py:Contrary" for folder in ("old", "new")))
    names = [one.name for one in entrants(comparing.pipelines)]
    assert len(set(names)) == 2
    assert all(name.startswith("own.py:Contrary@") for name in names)
    with pytest.raises(UserError, match="named twice"):
        comparison(tmp_path, learn=(f"{tmp_path}/old/own.py:Contrary",) * 2)


def test_a_trial_that_failed_is_told(tmp_path):
    comparing = comparison(tmp_path)
    (part,) = comparing.tuning()
    comparing.store.write_failure(part.tasks[0], "Traceback\nValueError: no luck", {})
    work(comparing, comparing.parts())
    (said,) = comparing.results("a test").failures
    assert said.startswith("a trial of ")


def test_where_a_file_lies_is_not_in_a_record(tmp_path):
    ids = []
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
        own = tmp_path / folder / "own.py"
        own.write_text(OWN)
        comparing = comparison(tmp_path, learn=("bt", f"{own}:Contrary"), trials=1)
        ids.append([task.id for part in comparing.parts() for task in part.tasks])
    assert ids[0] == ids[1]


def test_a_failure_is_told_and_is_no_result(tmp_path):
    comparing = comparison(tmp_path, trials=1)
    tasks = [task for part in comparing.parts() for task in part.tasks]
    comparing.store.write_failure(tasks[0], "Traceback\nValueError: no luck", {})
    for part in comparing.parts():
        for task in part.tasks[1:]:
            outcome = part.experiment.execute(task, Context(None, Path("cache"), Path("scratch")))
            comparing.store.write(Record(task, outcome, {"cost": {}}))
    results = comparing.results("a test")
    assert list(results.failures.values()) == ["ValueError: no luck"]
    assert len(results.rows[results.rows["metric"] == "accuracy"]) == 2 * 3 * 3 - 1


def test_names_are_the_parts_that_vary():
    assert [one.name for one in entrants(pipelines((), (), ("dpo", "ipo")))] == ["dpo", "ipo"]
    crossed = entrants(pipelines(("random", "pvar"), ("people", "spa"), ("simpo",)))
    assert [one.name for one in crossed] == ["random + people", "random + spa", "pvar + people", "pvar + spa"]
    assert not any(one.own for one in crossed)


@pytest.mark.parametrize(
    ("lists", "message"),
    [
        (((), (), ("dpo",)), "at least two"),
        (((), (), ("dpo", "bt")), "different measures"),
        (((), (), ("dpo", "dpo")), "named twice"),
        (((), (), ("dpo", "ipoo")), "ipo"),
        ((("pvaar",), (), ("dpo", "ipo")), "pvar"),
        ((("dpo",), (), ("dpo", "ipo")), "belongs to the slot 'policy'"),
    ],
)
def test_what_cannot_be_compared_is_said(lists, message):
    with pytest.raises(UserError, match=message):
        pipelines(*lists)


def test_a_testbed_of_features_has_no_prompts_to_choose():
    with pytest.raises(UserError, match="pvar reads prompts"):
        require_runs(pipelines(("random", "pvar"), (), ("bt",)), TOY)
    with pytest.raises(UserError, match="has no policy learners"):
        require_runs(pipelines((), (), ("dpo", "ipo")), TOY)


@pytest.mark.parametrize(("budgets", "middle"), [((100,), 100), ((100, 200), 100), ((400, 100, 200, 800), 200)])
def test_everybody_is_tuned_at_the_budget_in_the_middle(budgets, middle):
    assert tuning.middle(budgets) == middle


@pytest.mark.parametrize(
    "place", [one for one in places.testbeds() if Slot.POLICY in one.measures], ids=lambda one: one.name
)
@pytest.mark.parametrize("profile", [Profile.EMBEDDED, Profile.SMALL])
def test_policies_try_learning_rates_around_the_profiles_own(place, profile):
    everything = Pipeline(method("random", Slot.SELECT), method("people", Slot.LABEL), method("dpo", Slot.POLICY))
    rates = [tried["learn"]["learning_rate"] for tried in tuning.tries(everything, place, profile, 8)[1:]]
    own = place.settings(profile)["training"]["learning_rate"]
    assert min(rates) < own < max(rates)
    assert max(rates) < 20 * own


@pytest.mark.parametrize(
    ("place", "profile"),
    [
        pytest.param(place, profile, id=f"{place.name}-{'+'.join(place.measures)}-{profile}")
        for place in places.testbeds()
        for profile in place.at
    ],
)
def test_tasks_that_take_a_pretrained_model_run_one_at_a_time(place, profile):
    part = Planner(place, profile, None).part([])
    pretrained = "parameters" in str(place.settings(profile).get("policy"))
    assert part.experiment.parallel is not pretrained
    costs = [place.source.seconds(place.settings(profile), slot, 800) for slot in place.measures]
    assert (min(costs) > 600) == pretrained


def test_the_first_of_equal_trials_is_the_best_and_a_failed_one_never():
    assert tuning.best([0.5, 0.6, 0.6]) == 1
    assert tuning.best([None, 0.1]) == 1
    assert tuning.best([None, None]) == 0


@pytest.mark.parametrize(
    ("place", "slot"),
    [pytest.param(place, slot, id=f"{place.name}-{slot}") for place in places.testbeds() for slot in place.measures],
)
def test_all_that_a_task_needs_travels_to_a_worker(place, slot, tmp_path):
    everything = Pipeline(method("random", Slot.SELECT), method("people", Slot.LABEL), methods(slot)[0])
    found = [dataclasses.replace(everything, learn=one) for one in methods(slot)]
    travelling = partial(execute, place.source, {key(one): one for one in found})
    assert pickle.loads(pickle.dumps(travelling)).args[1].keys() == {key(one) for one in found}
