"""People who differ: reward models learn from what some of them say, and are judged by what the same people say later.

The pool is what seen people compared, and the test what they compared besides; see bench/domains/crowds for whose
comparisons these are. Who is seen, and what is held out, is another draw with every seed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.methods.method import Slot
from bench.spec import Context, Profile, Progress, canonical
from bench.testbeds.testbed import Ground, Measure, Testbed

if TYPE_CHECKING:
    from bench.data.embedded import Embedded
    from bench.domains.crowds.crowd import Crowd
    from bench.testbeds.features import Held, Part

ACCURACY = Measure("accuracy", "accuracy on held-out comparisons", 0.5)


@dataclass(frozen=True)
class CrowdSource:
    """See Source. Settings are those of bench.domains.crowds.settings, under `crowd`."""

    def fingerprints(self, settings: Mapping[str, Any], data_dir: Path | None) -> Mapping[str, str]:
        """See Source."""
        from pydantic import TypeAdapter

        from bench.domains.crowds.settings import CrowdSettings

        found: dict[str, str] = TypeAdapter(CrowdSettings).validate_python(settings["crowd"]).fingerprints(data_dir)
        return found

    def open(self, settings: Mapping[str, Any], learner: Slot, seed: int, budget: int, context: Context) -> Ground:
        """See Source."""
        from bench.testbeds.features import FeatureGround

        here = _crowd(canonical(settings["crowd"]), seed, _shared(context))
        facts = {name: value for name, value in here.facts.items() if not name.startswith("unseen_")}
        return FeatureGround(
            lambda reads: _read(here, reads), _held(here.train), _held(here.test), budget, people=True, facts=facts
        )

    def prepare(
        self, settings: Mapping[str, Any], seeds: Sequence[int], context: Context, progress: Progress | None
    ) -> None:
        """See Source."""
        from bench.domains.crowds.making import prepare

        prepare(settings["crowd"], context, progress)

    def seconds(self, settings: Mapping[str, Any], learner: Slot, labels: int) -> float:
        """See Source."""
        return 0.3 + labels / 2000


@lru_cache(maxsize=1)
def _crowd(settings: str, seed: int, context: Context) -> Crowd:
    """One crowd serves all methods and budgets of a seed."""
    from bench.domains.crowds.making import crowd

    return crowd(json.loads(settings), seed, context)


def _shared(context: Context) -> Context:
    """What is the same for all tasks of a worker."""
    return replace(context, scratch_dir=context.cache_dir, threads=1)


def _read(here: Crowd, reads: str) -> tuple[Part, Part]:
    if reads == "linear":
        here = here.described()
    elif reads == "prompted":
        here = here.with_prompted_items()
    return _part(here.train, reads), _part(here.test, reads)


def _part(embedded: Embedded, reads: str) -> Part:
    from bench.testbeds.features import Part

    asked = reads == "items" and embedded.prompts.shape[1] > 0
    return Part(embedded.items, embedded.comparisons.annotators, embedded.prompts if asked else None)


def _held(embedded: Embedded) -> Held:
    from bench.testbeds.features import Held

    return Held(embedded.comparisons.labels, embedded.comparisons.annotators)


def _testbed(
    name: str, line: str, budgets: tuple[int, ...], crowd: Mapping[str, Any], small: Mapping[str, Any]
) -> Testbed:
    """`small` are the sizes that the profile of that name has instead; the others run anywhere in a second or so."""
    at = {
        Profile.EMBEDDED: {"crowd": {"name": name, "unseen": 0.3, **crowd}},
        Profile.SMALL: {"crowd": {"name": name, "unseen": 0.3, **crowd, **small}},
    }
    return Testbed(name, line, {Slot.REWARD: ACCURACY}, False, budgets, at, CrowdSource())


TESTBEDS = (
    _testbed(
        "ideal_points",
        "whose ideal is nearer? 70 made people around three known ideal points; judged by what they compare next",
        (350, 700, 1400, 2800),
        {
            "prototypes": 3,
            "dimension": 16,
            "people": 100,
            "train": 100,
            "test": 40,
            "concentration": None,
            "flips": 0.0,
            "adapt": 40,
        },
        {"train": 200},
    ),
    _testbed(
        "personas",
        "four religious personas of Anthropic's statements, 44 made people; judged by what they agree with next",
        (100, 200, 400, 800),
        {
            "topic": "religion",
            "prototypes": 4,
            "statements": 400,
            "members": 16,
            "train": 25,
            "test": 30,
            "conflict": 0.5,
            "concentration": None,
            "adapt": 20,
        },
        {"members": 48},
    ),
    _testbed(
        "ukp_workers",
        "which argument convinces more? real crowd workers, told apart; judged by their answers on other pairs",
        (400, 800, 1600, 3200),
        {"train": 30, "test": 20, "held_out": 0.3, "adapt": 20},
        {"train": 90},
    ),
    _testbed(
        "jester",
        "which joke is funnier? 70 real raters; judged by their own ratings of other pairs of jokes",
        (200, 400, 800, 1600),
        {"people": 100, "unit": "pair", "train": 30, "test": 20, "held_out": 0.3, "adapt": 20},
        {"people": 1000},
    ),
    _testbed(
        "vpl_hh",
        "helpful or harmless? 28 people of two groups who want opposite things; judged on new dialogues",
        (75, 150, 300, 600),
        {"each": 36, "held_out": 0.25, "adapt": 20},
        {"each": 100},
    ),
    _testbed(
        "dsp",
        "academy, business, entertainment or literature? people who want answers for theirs; judged on new queries",
        (150, 300, 600, 1200),
        {"queries": 200, "held_out": 0.3, "adapt": 20},
        {"queries": 658},
    ),
)
