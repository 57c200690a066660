"""The vocabulary of the suite: what a paper, an experiment, a task, a record and a verdict are.

Data goes one way: config -> plan -> tasks -> records -> series -> verdicts -> figures, report. Everything
on that way is one of the frozen dataclasses below. This file imports nothing of the package but errors.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from pydantic import BaseModel

Scalar = str | int | float | bool | None
Progress = Callable[[int, int], None]  # (done so far, in all)


class Variant(StrEnum):
    """Which reading of the paper a task follows."""

    AS_PUBLISHED = "as_published"  # the text of the paper
    AS_RELEASED = "as_released"  # the authors' code, quirks and all
    CORRECTED = "corrected"  # the same idea without the known faults


class Profile(StrEnum):
    """At which scale a task runs. Same code path; only configs differ."""

    EMBEDDED = "embedded"  # CPU, no network, minutes
    SMALL = "small"  # one GPU or a patient CPU; small real models, real data
    PAPER = "paper"  # the paper's models, data and hardware


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces: equal values give equal text, on every machine."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


@dataclass(frozen=True)
class Task:
    """One cell of an experiment: method x condition x seed x variant x profile. Its spec decides its result.

    `condition` holds the columns a reader would group by (n, d, k, ...); `settings` everything else that the
    result depends on; `data` the fingerprint of every dataset and model used, by name; `version` the
    experiment's code version, raised by hand when its meaning changes.
    """

    paper: str
    experiment: str
    variant: Variant
    profile: Profile
    method: str
    seed: int
    condition: Mapping[str, Scalar] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    version: int = 1

    def spec(self) -> dict[str, Any]:
        """The task as plain JSON values; the run id is its hash."""
        return {
            "paper": self.paper,
            "experiment": self.experiment,
            "variant": str(self.variant),
            "profile": str(self.profile),
            "method": self.method,
            "seed": self.seed,
            "condition": dict(self.condition),
            "settings": dict(self.settings),
            "data": dict(self.data),
            "version": self.version,
        }

    @staticmethod
    def from_spec(spec: Mapping[str, Any]) -> Task:
        """The inverse of `spec`."""
        return Task(**{**spec, "variant": Variant(spec["variant"]), "profile": Profile(spec["profile"])})

    @property
    def id(self) -> str:
        """sha256 of the canonical spec (64 hex digits). Same id, same result."""
        return hashlib.sha256(canonical(self.spec()).encode()).hexdigest()

    @property
    def cell(self) -> str:
        """What the task answers, whatever data, settings or code version: equal cells replace each other."""
        spec = self.spec()
        return canonical({key: spec[key] for key in spec if key not in ("settings", "data", "version")})

    def label(self) -> str:
        """A short human name, as shown in progress and errors."""
        condition = " ".join(f"{key}={value}" for key, value in self.condition.items())
        return f"{self.paper}/{self.experiment} {self.variant} {self.method} {condition} seed={self.seed}"


@dataclass(frozen=True)
class Outcome:
    """What running a task gives: scalar metrics, and curves (equal-length columns) where there are any."""

    metrics: Mapping[str, float]
    curves: Mapping[str, list[float]] = field(default_factory=dict)
    notes: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True)
class Context:
    """What a running task may use besides its spec, none of which may change its result."""

    data_dir: Path | None  # the user's data directory
    cache_dir: Path  # recomputable intermediates, addressed by content
    scratch_dir: Path  # this task's own folder for checkpoints; removed once its record is committed
    threads: int = 1


@dataclass(frozen=True)
class Record:
    """A committed task: its spec, its outcome, and where it came from."""

    task: Task
    outcome: Outcome
    provenance: Mapping[str, Any]


@dataclass(frozen=True)
class Request:
    """What one experiment is asked to plan: variant, profile, seeds, and the config that goes with them."""

    variant: Variant
    profile: Profile
    config: Any  # the experiment's own config model, already validated
    seeds: tuple[int, ...]
    data_dir: Path | None
    cache_dir: Path

    def task(
        self,
        paper: str,
        experiment: str,
        version: int,
        method: str,
        seed: int,
        condition: Mapping[str, Scalar],
        settings: Mapping[str, Any],
        data: Mapping[str, str],
    ) -> Task:
        """A task in this variant and profile."""
        return Task(paper, experiment, self.variant, self.profile, method, seed, condition, settings, data, version)


@dataclass(frozen=True)
class Experiment:
    """One table or figure of a paper.

    `plan` expands a request into tasks, and raises `Unavailable` when this machine lacks what it needs.
    `execute` is the pure function from a task to its outcome. `batch` names what neighbouring tasks share, so that
    one worker gets them together (a synthetic problem, say): it affects speed only.
    """

    name: str
    title: str
    shows: str  # one sentence: what the table or figure shows
    variants: Mapping[Variant, str]  # each variant it has, with a line on what it does
    profiles: tuple[Profile, ...]
    config: type[BaseModel]
    plan: Callable[[Request], Iterable[Task]]
    execute: Callable[[Task, Context], Outcome]
    prepare: Callable[[Sequence[Task], Context, Progress | None], None] | None = None  # shared work, before the tasks
    version: int = 1
    batch: Callable[[Task], Any] = lambda task: task.id
    parallel: bool = True  # False: one task at a time, with all cores (training a language model)
    seconds: Callable[[Task], float] = lambda task: 0.1  # rough cost on one core, for the announcement


class Unavailable(Exception):  # noqa: N818  a state of the machine, not an error
    """An experiment cannot run here (no data directory, no GPU, ...). The message says what it needs."""


@dataclass(frozen=True)
class Margin:
    """The largest difference from a published number that still counts as the same, and why."""

    value: float
    reason: str


@dataclass(frozen=True)
class Published:
    """One published number and how well it is known."""

    id: str  # unique in its paper, e.g. fig2b-mle-n10
    experiment: str
    method: str
    metric: str
    condition: Mapping[str, Scalar]
    value: float | None  # None: the cell exists in the paper, its value is not known to us
    unit: str
    where: str  # figure or table, series, row, column
    known: str  # printed | figure | derived | quoted | rerun | unknown
    reading_error: float  # largest error of reading the value, in its unit; 0 for printed numbers
    spread: float | None  # standard deviation over the paper's replicates, where known
    n: int | None  # the paper's replicates
    margin: Margin | None
    profiles: tuple[Profile, ...]  # the scales at which comparing is meaningful
    variants: tuple[Variant, ...]  # the variants it is compared with, the one that made it first
    note: str = ""  # why the value is unknown or not compared, and what else to know beside it


@dataclass(frozen=True)
class Effect:
    """A claim's effect size with its confidence interval and p-value.

    `p_for` tests the null "the claim is false" (small: supported); `p_against` the null "the claim is true" (small:
    contradicted). `detectable` is the smallest departure that this many replicates would detect with 80 % power.
    """

    estimate: float
    low: float
    high: float
    unit: str
    p_for: float
    p_against: float
    replicates: int
    detectable: float
    detail: str = ""  # one sentence with the figures a reader wants

    def __post_init__(self) -> None:
        if not all(math.isfinite(p) and 0 <= p <= 1 for p in (self.p_for, self.p_against)):
            raise ValueError(f"p-values must lie in [0, 1], got {self.p_for} and {self.p_against}")


@dataclass(frozen=True)
class Claim:
    """A statement of the paper that can be tested at any scale: a function from records to an effect.

    `evaluate` gets the series (with the paper's derived rows) of `experiments` in one variant and profile. It returns
    None when the series lacks what the claim needs, and raises `Unavailable` with the reason where it has one.
    """

    name: str
    statement: str
    source: str  # where the paper says it
    experiments: tuple[str, ...]
    variants: tuple[Variant, ...]
    evaluate: Callable[[pd.DataFrame], Effect | None]
    criterion: str  # what "supported" means, fixed before the run


class Ruling(StrEnum):
    """What a verdict can say. The first three are about numbers, the next two about claims."""

    EQUIVALENT = "equivalent"
    DIFFERENT = "different"
    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    INCONCLUSIVE = "inconclusive"
    NOT_ATTEMPTED = "not attempted"


@dataclass(frozen=True)
class Verdict:
    """A ruling on one published number or claim, for one variant and profile, with its evidence."""

    subject: str  # id of the published number, or name of the claim
    kind: str  # "number" or "claim"
    experiment: str
    variant: Variant
    profile: Profile
    ruling: Ruling
    reason: str  # one sentence
    published: float | None = None
    ours: float | None = None  # the mean over replicates, or the claim's effect
    low: float | None = None
    high: float | None = None
    margin: float | None = None
    p_value: float | None = None  # adjusted (Holm) for claims
    replicates: int = 0
    detectable: float | None = None  # minimum detectable effect, 80 % power


@dataclass(frozen=True)
class Paper:
    """A paper of the suite: what it says, and how the suite runs it."""

    name: str
    title: str
    authors: str
    venue: str
    url: str
    idea: str  # one sentence
    slot: str  # select | label | learn/reward | learn/policy
    folder: Path  # its module's folder: configs/ and README.md with the quirks
    experiments: tuple[Experiment, ...]
    claims: tuple[Claim, ...]
    derive: Callable[[pd.DataFrame], pd.DataFrame]  # series -> further rows: numbers read off whole maps and curves
    methods: Mapping[str, str]  # name -> one line

    def experiment(self, name: str) -> Experiment:
        """The experiment of that name; UserError with the nearest name otherwise."""
        from bench.errors import unknown

        for experiment in self.experiments:
            if experiment.name == name:
                return experiment
        raise unknown("experiment", name, (e.name for e in self.experiments), self.name)
