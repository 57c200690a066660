"""What a comparison has found: the vocabulary that statistics, tables, pictures and pages share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bench.testbeds.testbed import Measure

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Entrant:
    """A pipeline that is compared, by the name that tables have for it."""

    name: str
    line: str  # what it does
    own: bool  # a user's: from a file or an installed package
    parts: Mapping[str, str]  # select, label, learn -> the method's name


@dataclass(frozen=True)
class Trial:
    """Hyper-parameters that were tried, and what they were worth."""

    entrant: str
    task: str
    number: int  # 0: the defaults
    hyper: Mapping[str, Mapping[str, Any]]  # by place: select, label, learn
    value: float | None  # mean of the measure over validation seeds; None where a seed failed
    chosen: bool


@dataclass(frozen=True)
class Tuning:
    """What every entrant was given on every task before it was compared."""

    count: int  # trials each, at most: a method may have fewer settings
    seeds: tuple[int, ...]  # of validation; none is among the reported ones
    budgets: Mapping[str, int]  # labels of every trial, by task
    trials: tuple[Trial, ...]


@dataclass(frozen=True)
class Results:
    """Records of a comparison as a table, and what the table is of.

    `rows` has a row per record and metric: entrant, task, budget (labels), seed, metric, value, record (the path of its
    JSON file, relative to the runs folder). Metrics are the measure's, others of the judge, and costs: method_seconds
    and method_memory_bytes of the method alone, wall_seconds of the whole task, tokens, labels_spent, pairs.
    """

    rows: pd.DataFrame
    entrants: tuple[Entrant, ...]
    measures: Mapping[str, Measure]  # by task
    tuning: Tuning
    failures: Mapping[str, str]  # what failed, in words -> the last line of its error
    command: str  # that made it
    profile: str
    overlaps: Mapping[str, float] = field(default_factory=dict)  # by task: rows held out over rows learnt from, where
    # every seed splits the same data anew; 0, or no entry, where every seed has data of its own


@dataclass(frozen=True)
class Value:
    """An estimate and its 95 % interval; infinite where there is none: too few seeds, or none that would be valid."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Cell:
    """What an entrant is worth on a task with so many labels; `budget` None: the area under its curve.

    The area is the mean of the measure over log(labels), in the measure's unit; of one budget it is the value there.
    """

    task: str
    entrant: str
    budget: int | None
    mean: Value
    seeds: int  # that the entrant has
    best: bool  # nobody's mean is higher among those who have all seeds, on that task and budget
    missing: int = 0  # seeds that others have there and this entrant has not: never the best
    within: float | None = None  # below three seeds: 1.96 standard errors within them, prompts clustered; no interval


@dataclass(frozen=True)
class Difference:
    """`left` less `right` on a task: areas, paired by seed."""

    task: str
    left: str
    right: str
    difference: Value
    p: float  # two-sided, of no difference
    adjusted: float  # Holm's, over all pairs and tasks of the comparison
    improvement: Value  # probability that `left` is better on a new seed, ties half; fixed data: without interval
    labels: LabelsNeeded | None  # None with fewer than two budgets, or three seeds
    detectable: float  # the true difference found with 80 % power at 5 % over the number of differences (Bonferroni)
    seeds: int  # that both have
    missing: int = 0  # seeds of the task that one of the two lacks
    equal: bool = False  # on every seed


@dataclass(frozen=True)
class LabelsNeeded:
    """How many times the labels of `left` `right` needs to be as good as `target` is with all: above 1, `left` saves.

    The target is the one of the two that is worth less with all its labels: a level that both may reach.
    """

    low_value: float
    high_value: float  # another than low_value: the crossing was not seen, and the ratio lies between them
    low: float
    high: float
    note: str
    target: str

    def inverse(self) -> LabelsNeeded:
        """The same, of `right` and `left`."""
        low_value, high_value, low, high = (
            1 / one if one else math.inf for one in (self.high_value, self.low_value, self.high, self.low)
        )
        return LabelsNeeded(low_value, high_value, low, high, self.note, self.target)


@dataclass(frozen=True)
class Cost:
    """What one run of an entrant took on a task with so many labels: means over seeds; None where nobody measured.

    `own` says that time is of choosing, labelling and learning alone, for everybody on the task; else it is of the
    whole task, with opening the testbed and judging.
    """

    task: str
    entrant: str
    budget: int
    seconds: float | None
    own: bool
    memory: float | None  # bytes that the process grew by while the method worked
    tokens: float | None  # trained and sampled
    labels: float | None


@dataclass(frozen=True)
class Beside:
    """What else was measured of an entrant with the most labels: `metric` is one of its measure's `beside`."""

    task: str
    entrant: str
    metric: str
    budget: int
    mean: Value
    seeds: int  # that it was measured on
    missing: int  # seeds of the task that lack it


@dataclass(frozen=True)
class Landmark:
    """What a task's measure can be held against, whoever learns: a ceiling, or a rule that needs no label."""

    task: str
    words: str
    value: float  # mean over seeds


@dataclass(frozen=True)
class Ranks:
    """Average ranks over blocks (task x seed), 1 the best, and who cannot be told apart.

    `groups` are the maximal sets of entrants among which no pair differs after Holm's correction, best first; one whom
    all differ from is a group alone. They may overlap, and need not be neighbours in rank. There are none where
    `telling` is false: with so few blocks no pair could be told apart, however much it differs.
    """

    average: Mapping[str, float]
    blocks: int
    p: float  # that all are alike
    groups: tuple[tuple[str, ...], ...]
    test: str  # in words
    telling: bool = True


@dataclass(frozen=True)
class Profiles:
    """Performance profiles: the share of runs (task x seed) in which an entrant's score is above each threshold.

    Scores are areas, 0 at the task's chance and 1 at the best mean of any entrant there.
    """

    thresholds: tuple[float, ...]
    share: Mapping[str, tuple[float, ...]]
    low: Mapping[str, tuple[float, ...]]  # 95 % bands, pointwise; empty where a task's seeds are not independent
    high: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True)
class Tournament:
    """All statistics of a comparison."""

    cells: tuple[Cell, ...]
    differences: tuple[Difference, ...]  # both directions are there once: left before right in the order of entrants
    costs: tuple[Cost, ...]
    ranks: Ranks | None  # None with fewer than two entrants or three blocks
    profiles: Profiles | None  # None where no task has anybody better than chance
    beside: tuple[Beside, ...] = ()
    landmarks: tuple[Landmark, ...] = ()
    notes: tuple[str, ...] = ()  # seeds, entrants and tasks that were left out, and why; and what is not independent
