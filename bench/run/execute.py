"""Tasks to records, in worker processes.

Workers write each record themselves as soon as it is there, so a Ctrl-C or a kill loses at most the tasks in flight.
A worker has its share of the cores for its numerical threads, and dies with its parent.
"""

from __future__ import annotations

import multiprocessing as mp
import os
import resource
import shutil
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from bench.errors import UserError
from bench.run.store import Store
from bench.spec import Context, Experiment, Outcome, Record, Task

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
_CHUNK_SECONDS = 2.0  # neighbouring tasks are handed over in chunks of about this long, to spare the queue


@dataclass(frozen=True)
class Workplace:
    """What all workers of a run share."""

    runs: Path
    data_dir: Path | None
    cache_dir: Path
    provenance: Mapping[str, Any]


@dataclass(frozen=True)
class Done:
    """A finished task: its seconds by the estimate, and its error when it failed."""

    task: Task
    estimate: float
    error: str | None


class Workers:
    """Worker processes on `jobs` cores, kept from one experiment to the next: loading torch takes seconds.

    Left by an exception, a Ctrl-C among them, it leaves nothing running.
    """

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self._pool: ProcessPoolExecutor | None = None
        self._threads = 0

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        if self._pool is None:
            return
        if failed:
            for process in list(self._pool._processes.values()):
                process.terminate()
        self._pool.shutdown(wait=not failed, cancel_futures=bool(failed))

    def pool(self, experiment: Experiment) -> tuple[ProcessPoolExecutor, int]:
        """Workers for an experiment, and the threads of each: one that is not `parallel` gets one with all cores."""
        count, threads = (self.jobs, 1) if experiment.parallel else (1, self.jobs)
        if self._pool is None or threads != self._threads:
            if self._pool is not None:
                self._pool.shutdown()
            self._pool = ProcessPoolExecutor(
                max_workers=count,
                mp_context=mp.get_context("spawn"),
                initializer=_start_worker,
                initargs=(threads,),
            )
            self._threads = threads
        return self._pool, threads


def execute(experiment: Experiment, tasks: Sequence[Task], workplace: Workplace, workers: Workers) -> Iterator[Done]:
    """Hand `tasks` to `workers` at once, and yield each as it finishes, in whatever order that is.

    Called for the next experiment before this one's tasks are done, it leaves no worker idle in between.

    UserError (a full disk, a changed data file) stops the run; any other error of a task is recorded as its failure
    and the rest goes on.
    """
    pool, threads = workers.pool(experiment)
    chunks = _chunks(experiment, tasks)
    return _finished(
        experiment, {pool.submit(_run_chunk, experiment.execute, chunk, workplace, threads) for chunk in chunks}
    )


def _finished(experiment: Experiment, waiting: set[Future[list[tuple[Task, str | None]]]]) -> Iterator[Done]:
    while waiting:
        finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
        for future in finished:
            for task, error in future.result():
                yield Done(task, experiment.seconds(task), error)


def _chunks(experiment: Experiment, tasks: Iterable[Task]) -> Iterator[list[Task]]:
    """Neighbours that share a batch stay together; small batches are joined up to about two seconds' work."""
    chunk: list[Task] = []
    load = 0.0
    for _, group in groupby(tasks, key=experiment.batch):
        batch = list(group)
        cost = sum(experiment.seconds(task) for task in batch)
        if chunk and load + cost > _CHUNK_SECONDS:
            yield chunk
            chunk, load = [], 0.0
        chunk += batch
        load += cost
    if chunk:
        yield chunk


def _start_worker(threads: int) -> None:
    """Before numpy or torch is loaded: fix the threads, leave Ctrl-C to the parent, die with it."""
    for name in _THREAD_VARIABLES:
        os.environ[name] = str(threads)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = mp.parent_process()
    if parent is not None:
        threading.Thread(target=_die_with, args=(parent,), daemon=True).start()


def _die_with(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


def _run_chunk(
    function: Callable[[Task, Context], Outcome], chunk: Sequence[Task], workplace: Workplace, threads: int
) -> list[tuple[Task, str | None]]:
    return [(task, _run_task(function, task, workplace, threads)) for task in chunk]


def _run_task(
    function: Callable[[Task, Context], Outcome], task: Task, workplace: Workplace, threads: int
) -> str | None:
    """Run and commit one task; the last line of its error when it failed."""
    store = Store(workplace.runs, task.paper)
    scratch = workplace.runs / task.paper / task.experiment / "scratch" / task.id
    context = Context(workplace.data_dir, workplace.cache_dir, scratch, threads)
    began, wall, cpu = datetime.now(UTC), time.perf_counter(), time.process_time()
    try:
        outcome = function(task, context)
    except UserError:
        raise
    except Exception as error:  # noqa: BLE001  whatever a task throws is its recorded failure
        store.write_failure(task, traceback.format_exc(), workplace.provenance)
        return f"{type(error).__name__}: {error}"
    cost = {
        "wall_seconds": time.perf_counter() - wall,
        "cpu_seconds": time.process_time() - cpu,
        "peak_memory_bytes": _peak_memory(),
    }
    times = {"began": began.isoformat(timespec="seconds"), "finished": datetime.now(UTC).isoformat(timespec="seconds")}
    store.write(Record(task, outcome, {**times, "cost": cost, "threads": threads, **workplace.provenance}))
    shutil.rmtree(scratch, ignore_errors=True)
    return None


def _peak_memory() -> int:
    """The largest resident size of this worker so far, in bytes (it can only grow from task to task)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
