"""What a comparison asks of a testbed: a pool that labels can be bought for, and a judge of what was learnt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from bench.methods.method import Slot
from bench.methods.space import Space
from bench.spec import Context, Profile, Progress, Scalar

if TYPE_CHECKING:
    from bench.label.judgements import Judgements
    from bench.learn.policy.completions import Completions
    from bench.methods.contract import Known

EVERYBODY = "everybody"  # who judged, where people are not told apart
LEARNERS = (Slot.REWARD, Slot.POLICY)
VALIDATION = 10_000  # seeds from here on are for validation, far above those that anybody reports


@dataclass(frozen=True)
class Measure:
    """What a testbed measures of a learner of one slot. Higher is better."""

    metric: str  # key of a record's metrics
    words: str  # as tables name it
    chance: float  # its value without any preference learnt
    beside: Mapping[str, str] = field(default_factory=dict)  # further metrics of what was learnt, and their words
    landmarks: Mapping[str, str] = field(default_factory=dict)  # metrics of the seed alone, whoever learns


@dataclass(frozen=True)
class Testbed:
    """A place to learn and to be judged. `settings` are JSON values that decide, with a seed, all that happens there.

    `chooses` says that prompts with sampled responses are at hand, so that selectors and labelers run there.
    """

    name: str
    line: str  # what is learnt from whom, and who judges
    measures: Mapping[Slot, Measure]  # by slot of the learners that end a pipeline here
    chooses: bool
    budgets: tuple[int, ...]  # labels, by default
    at: Mapping[Profile, Mapping[str, Any]]  # settings by profile
    source: Source
    # What tuning may try of TRAINING for every policy; a profile that is not there has nothing.
    training_space: Mapping[Profile, Space] = field(default_factory=dict)
    data: Mapping[str, Path] = field(default_factory=dict)  # files that the user named, by name; not in any record
    responses: int = 2  # to every prompt of the pool: the longest list that people can rank
    # Of fixed data that every seed splits anew: rows held out over rows that can be learnt from; 0 where every seed has
    # data of its own. It is n_test/n_train of Nadeau and Bengio (2003): two seeds share overlap / (1 + overlap) of what
    # they hold out.
    overlap: float = 0.0
    whole_machine: tuple[Profile, ...] = ()  # where tasks run one at a time, each with all cores and their memory
    at_hand: str = ""  # what methods are given here that labels were paid for, which are counted nowhere

    def settings(self, profile: Profile) -> dict[str, Any]:
        """At this profile. Raises UserError, naming the profiles that there are."""
        from bench.errors import unknown

        if profile not in self.at:
            raise unknown("profile", profile, self.at, f"the task {self.name}")
        return dict(self.at[profile])


class Source(Protocol):
    """How a testbed is made. An implementation loads torch and data inside these functions, not before; it pickles."""

    def fingerprints(self, settings: Mapping[str, Any], data_dir: Path | None) -> Mapping[str, str]:
        """Of data and weights, by name; nothing large is read. Raises Unavailable for what this machine lacks."""

    def open(self, settings: Mapping[str, Any], learner: Slot, seed: int, budget: int, context: Context) -> Ground:
        """The testbed of one seed; at most `budget` labels can be bought in it. Same arguments, same ground.

        What validation seeds (from VALIDATION on) hold out, no other seed holds out, and what others do, none of them.
        """

    def prepare(
        self, settings: Mapping[str, Any], seeds: Sequence[int], context: Context, progress: Progress | None
    ) -> None:
        """What grounds of several seeds share, into the cache; with all cores. `progress` gets (done, in all)."""

    def seconds(self, settings: Mapping[str, Any], learner: Slot, labels: int) -> float:
        """Rough cost of learning from so many labels, on one core."""


class Ground(Protocol):
    """A testbed of one seed, opened. Rows are places in its pool."""

    @property
    def size(self) -> int:
        """Of the pool: labels that could be bought."""

    @property
    def groups(self) -> Sequence[Completions]:
        """The pool, prompts with k >= 2 responses; empty where `chooses` is false."""

    @property
    def known(self) -> Known | None:
        """What methods may use; None where `chooses` is false."""

    @property
    def spent(self) -> int:
        """Labels bought so far."""

    @property
    def sold(self) -> Mapping[int, float]:
        """Rows whose pair a label was bought for, by anybody, with its log-odds; in the order of buying."""

    def buy(self, rows: Sequence[int]) -> Judgements:
        """What people say of the first two responses, or the pair, at each row; all are counted.

        Raises UserError, and buys nothing, beyond the budget. `known.bought` has these pairs from now on.
        """

    def learn(self, learner: Any, rows: Sequence[int], judgements: Judgements, training: Mapping[str, Any]) -> Learnt:
        """Have `learner`, a method of the learner's slot, learn from judgements of `rows`, and judge what came out.

        A learner with `lists` is given rankings of the first of `rows`, as many as the rest of the budget pays for.
        `training` are hyper-parameters of training (TRAINING in bench.methods.method) that replace the testbed's.
        Held-out labels are read after the learner is done, and by nobody else.
        """


@dataclass(frozen=True)
class Learnt:
    """What came out: metrics, the measure's among them, and the `seconds` of learning, without those of judging.

    A metric `<name>_error` is the standard error of <name> within this seed, prompts being clusters; it is left out
    where there is one cluster alone.
    """

    metrics: Mapping[str, float]
    seconds: float
    notes: Mapping[str, Scalar] = field(default_factory=dict)
