"""Tasks become records in worker processes, whatever happens to some of them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.errors import UserError
from bench.run.execute import Workers, Workplace, execute
from bench.run.plan import Selection, plan
from bench.run.series import in_force, series
from bench.run.status import State, standings
from bench.run.store import Store
from bench.spec import Profile, Task, Variant


def tasks(*n: int) -> list[Task]:
    return [Task("toy", "squares", Variant.CORRECTED, Profile.EMBEDDED, "mle", 0, {"n": each}) for each in n]


@pytest.fixture
def workplace(tmp_path):
    return Workplace(tmp_path / "runs", None, tmp_path / "cache", {"code": {"commit": "abc"}})


def run(paper, workplace, work, jobs=2):
    with Workers(jobs) as workers:
        return list(execute(paper.experiments[0], work, workplace, workers))


def test_workers_are_kept_from_one_experiment_to_the_next(paper, workplace):
    with Workers(1) as workers:
        processes = set()
        for n in (1, 2):
            list(execute(paper.experiments[0], tasks(n), workplace, workers))
            processes |= set(workers.pool(paper.experiments[0])[0]._processes)
        assert len(processes) == 1


def test_work_is_handed_over_at_once_so_that_no_worker_waits_between_experiments(paper, workplace):
    experiment = paper.experiments[0]
    with Workers(1) as workers:
        this = execute(experiment, tasks(1), workplace, workers)
        following = execute(experiment, tasks(2), workplace, workers)
        list(following)
        assert len(Store(workplace.runs, "toy").read().records) == 2  # though nobody has asked for this one's
        assert [done.task.condition["n"] for done in this] == [1]


def test_every_task_becomes_a_record_with_provenance_and_cost(paper, workplace):
    work = tasks(1, 2, 3)
    assert {done.task.id for done in run(paper, workplace, work)} == {task.id for task in work}
    records = Store(workplace.runs, "toy").read().records
    assert {record.outcome.metrics["value"] for record in records.values()} == {1.0, 4.0, 9.0}
    for record in records.values():
        assert record.provenance["code"] == {"commit": "abc"}
        assert record.provenance["threads"] == 1
        assert record.provenance["cost"]["wall_seconds"] >= 0
        assert record.provenance["cost"]["peak_memory_bytes"] > 1e6


def test_a_failing_task_is_recorded_as_a_failure_and_the_rest_goes_on(paper, workplace):
    failed = {done.task.condition["n"]: done.error for done in run(paper, workplace, tasks(12, 13, 15))}
    assert failed[13] == "ValueError: thirteen is unlucky"
    assert failed[12] is failed[15] is None
    stored = Store(workplace.runs, "toy").read()
    assert len(stored.records) == 2
    assert "thirteen is unlucky" in next(iter(stored.failures.values()))["traceback"]


def test_an_error_of_the_user_stops_the_run_and_keeps_what_is_done(paper, workplace):
    run(paper, workplace, tasks(1))
    with pytest.raises(UserError, match="data file changed"):
        run(paper, workplace, tasks(14))
    assert len(Store(workplace.runs, "toy").read().records) == 1


def test_results_do_not_depend_on_the_number_of_workers(paper, workplace, tmp_path):
    other = Workplace(tmp_path / "other", None, tmp_path / "cache", {})
    run(paper, workplace, tasks(*range(1, 9)), jobs=1)
    run(paper, other, tasks(*range(1, 9)), jobs=3)
    one, three = Store(workplace.runs, "toy").read(), Store(other.runs, "toy").read()
    assert {i: r.outcome for i, r in one.records.items()} == {i: r.outcome for i, r in three.records.items()}


def test_a_run_that_is_killed_keeps_finished_tasks_and_leaves_no_worker(tmp_path):
    script = tmp_path / "killed.py"
    script.write_text(
        "import sys\n"
        f"sys.path[:0] = {sys.path!r}\n"
        "from toy_paper import experiment, toy_plan\n"
        "from test_execute import tasks\n"
        "from pathlib import Path\n"
        "from bench.run.execute import Workers, Workplace, execute\n"
        "if __name__ == '__main__':\n"
        f"    place = Workplace(Path({str(tmp_path)!r}) / 'runs', None, Path('.'), {{}})\n"
        "    work = tasks(1, 2, 3, 600001, 600002)\n"
        "    with Workers(2) as workers:\n"
        "        for done in execute(experiment('squares', toy_plan), work, place, workers):\n"
        "            print('done', flush=True)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    process = subprocess.Popen([sys.executable, script], env=environment, stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while len(Store(tmp_path / "runs", "toy").read().records) < 3 and time.monotonic() < deadline:
        time.sleep(0.2)
    workers = children(process.pid)
    process.send_signal(signal.SIGKILL)
    process.wait()
    stored = Store(tmp_path / "runs", "toy").read()
    assert {record.task.condition["n"] for record in stored.records.values()} == {1, 2, 3}
    assert not stored.unreadable
    assert workers
    while any(alive(pid) for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(alive(pid) for pid in workers)


def children(pid: int) -> list[int]:
    import psutil

    return [child.pid for child in psutil.Process(pid).children(recursive=True)]


def alive(pid: int) -> bool:
    import psutil

    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_status_says_why(paper, workplace):
    part, unavailable = plan(paper, Selection())
    assert unavailable.unavailable == "needs a telescope"
    assert len(part.tasks) == 6
    run(paper, workplace, part.tasks[:1])
    old = Task(**{**part.tasks[1].spec(), "variant": Variant.CORRECTED, "profile": Profile.EMBEDDED, "settings": {}})
    run(paper, workplace, [old])
    stored = Store(workplace.runs, "toy").read()
    where = standings(part, stored)
    assert [standing.state for standing in where[:3]] == [State.DONE, State.STALE, State.MISSING]
    assert "settings.offset is now 1, recorded with None" in where[1].why


def test_the_series_holds_records_of_the_plan_in_force_whatever_their_seed(paper, workplace):
    parts = plan(paper, Selection(seeds=3))
    run(paper, workplace, [*parts[0].tasks, *tasks(99)])
    records = Store(workplace.runs, "toy").read().records.values()
    frame = series(in_force(records, plan(paper, Selection(seeds=1))))
    values = frame[frame["metric"] == "value"]
    assert sorted(values["n"].unique()) == [1, 2, 3]
    assert sorted(values["seed"].unique()) == [0, 1, 2]
    assert list(frame.columns[:9]) == ["paper", "experiment", "variant", "profile", "method", "seed", "n", "d", "k"]
