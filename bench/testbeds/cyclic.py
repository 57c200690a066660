"""Preferences that run in circles: where a reward of single items must fail, and by how much is known.

See bench.data.cyclic. Beside every accuracy stand two ceilings of the same test: `bayes_ceiling`, of whoever knows all,
and `bradley_terry_ceiling`, of the best reward of single items. Test labels have the shares that chances say, so that
`accuracy_error`, which takes them for tosses, is on the safe side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.methods.method import Slot
from bench.spec import Context, Profile, Progress
from bench.testbeds.testbed import EVERYBODY, Ground, Measure, Testbed
from bench.testbeds.words import PARAMETERS

if TYPE_CHECKING:
    from bench.data.cyclic import CyclicComparisons
    from bench.testbeds.features import Held, Part

COPIES = 40  # of every pair of states in the test: 2,640 comparisons


@dataclass(frozen=True)
class CyclicSource:
    """See Source. Settings: `version`, `pool` (comparisons that can be bought), and a CyclicWorld's, `seed` aside."""

    def fingerprints(self, settings: Mapping[str, Any], data_dir: Path | None) -> Mapping[str, str]:
        """See Source. All is made from the settings and a seed."""
        return {}

    def open(self, settings: Mapping[str, Any], learner: Slot, seed: int, budget: int, context: Context) -> Ground:
        """See Source."""
        from bench.data.cyclic import CyclicWorld, bayes_ceiling, bradley_terry_ceiling, preferred
        from bench.testbeds.features import FeatureGround

        world = CyclicWorld(seed, **{key: value for key, value in settings.items() if key not in ("version", "pool")})
        pool, test = world.comparisons(settings["pool"]), world.balanced(COPIES)
        wins = preferred(test)
        facts = {"bayes_ceiling": bayes_ceiling(wins), "bradley_terry_ceiling": bradley_terry_ceiling(wins)}
        parts = _part(pool), _part(test)
        return FeatureGround(lambda reads: parts, _held(pool), _held(test), budget, people=False, facts=facts)

    def prepare(
        self, settings: Mapping[str, Any], seeds: Sequence[int], context: Context, progress: Progress | None
    ) -> None:
        """See Source. There is nothing to prepare."""

    def seconds(self, settings: Mapping[str, Any], learner: Slot, labels: int) -> float:
        """See Source."""
        return 0.2 + labels / 5000


def _part(comparisons: CyclicComparisons) -> Part:
    from bench.testbeds.features import Part

    return Part(comparisons.items, [EVERYBODY] * len(comparisons.labels), None)


def _held(comparisons: CyclicComparisons) -> Held:
    from bench.testbeds.features import Held

    return Held(comparisons.labels, [str(row) for row in range(len(comparisons.labels))])


TESTBED = Testbed(
    name="cyclic",
    line="paper beats rock beats scissors beats paper, and better beats worse; judged on new items of the same kinds",
    measures={
        Slot.REWARD: Measure(
            "accuracy",
            "accuracy on held-out comparisons",
            0.5,
            beside=PARAMETERS,
            landmarks={
                "bradley_terry_ceiling": "the best reward of single items",
                "bayes_ceiling": "what made the labels",
            },
        )
    },
    chooses=False,
    budgets=(100, 200, 400, 800, 1600),
    at={Profile.EMBEDDED: {"version": 1, "pool": 2000, "cyclic": 0.7, "strength": 4.0, "dimension": 20}},
    source=CyclicSource(),
)
