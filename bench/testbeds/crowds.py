"""People who differ: reward models learn from what some of them say, and are judged by what the same people say later.

The pool is what seen people compared, and the test what they compared besides; see bench/domains/crowds for whose
comparisons these are. Who is seen, and what is held out, is another draw with every seed.

Where people or texts are real, a quarter of all that can be compared is set aside: in tests for validation seeds there
is nothing else, and in tests that are reported nothing of it. Pools have both, so that what one kind of seeds holds out
the other may learn from. `apart` in the settings says what is told apart so: a "pair" of items in either order, what
was asked (the "prompt"), or "item" by item, when comparisons of one that is set aside and one that is not are in no
test.
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
from bench.testbeds.testbed import VALIDATION, Ground, Measure, Testbed
from bench.testbeds.validation import set_aside
from bench.testbeds.words import BY_PERSON, PARAMETERS

if TYPE_CHECKING:
    from bench.data.annotated import Annotated
    from bench.data.embedded import Embedded
    from bench.domains.crowds.crowd import Crowd
    from bench.testbeds.features import Held, Part

ACCURACY = Measure(
    "accuracy",
    "accuracy on held-out comparisons",
    0.5,
    beside={**BY_PERSON, **PARAMETERS},
    landmarks={
        "longer_wins": "the longer item",
        "agreement_two": "another person on the same pair",
        "agreement_others": "the others' majority",
        "noise_ceiling": "people by their own order",
    },
)


@dataclass(frozen=True)
class CrowdSource:
    """See Source. Settings: `version`, `apart` (none where every seed has people of its own), and under `crowd` those
    of bench.domains.crowds.settings."""

    def fingerprints(self, settings: Mapping[str, Any], data_dir: Path | None) -> Mapping[str, str]:
        """See Source."""
        from pydantic import TypeAdapter

        from bench.domains.crowds.settings import CrowdSettings

        found: dict[str, str] = TypeAdapter(CrowdSettings).validate_python(settings["crowd"]).fingerprints(data_dir)
        return found

    def open(self, settings: Mapping[str, Any], learner: Slot, seed: int, budget: int, context: Context) -> Ground:
        """See Source."""
        from bench.testbeds.features import FeatureGround

        here = _crowd(canonical(settings), seed, _shared(context))
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
        return 0.3 + labels / 500


@lru_cache(maxsize=1)
def _crowd(settings: str, seed: int, context: Context) -> Crowd:
    """One crowd serves all methods and budgets of a seed."""
    from bench.domains.crowds.making import crowd

    wanted = json.loads(settings)
    here = crowd(wanted["crowd"], seed, context)
    return here if wanted["apart"] is None else _told_apart(here, wanted["apart"], seed)


def _told_apart(here: Crowd, unit: str, seed: int) -> Crowd:
    """With a test for seeds of this kind. Facts of others' agreement stay those of all that is held out."""
    from bench.domains.crowds.judged import longer_wins

    aside = [{set_aside(key) for key in keys} for keys in _compared(here.test.comparisons, unit)]
    test = here.test.take([kinds == {seed >= VALIDATION} for kinds in aside])
    own = longer_wins(test.comparisons, test.comparisons.people)
    return replace(here, test=test, facts={**here.facts, **own})


def _compared(data: Annotated, unit: str) -> list[list[str]]:
    """(n,): names of what is compared in each comparison."""
    two = [sorted((data.items[one], data.items[other])) for one, other in zip(data.first, data.second, strict=True)]
    if unit == "item":
        return two
    return [["\n".join(pair)] for pair in two] if unit == "pair" else [[data.prompts[asked]] for asked in data.asked]


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
    name: str,
    line: str,
    budgets: tuple[int, ...],
    crowd: Mapping[str, Any],
    small: Mapping[str, Any],
    *,
    apart: str | None = None,
    overlap: float = 0.0,
) -> Testbed:
    """`small` are the sizes that the profile of that name has instead; the others run anywhere in a second or so."""
    sizes: Mapping[Profile, Mapping[str, Any]] = {Profile.EMBEDDED: crowd, Profile.SMALL: {**crowd, **small}}
    at = {
        profile: {"version": 1, "apart": apart, "crowd": {"name": name, "unseen": 0.3, **own}}
        for profile, own in sizes.items()
    }
    return Testbed(name, line, {Slot.REWARD: ACCURACY}, False, budgets, at, CrowdSource(), overlap=overlap)


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
            "test": 60,
            "conflict": 0.5,
            "concentration": None,
            "adapt": 20,
        },
        {"members": 48},
        apart="item",
        overlap=0.11,  # half of the personas are a seed's own, and a fifth of their statements is held out: 0.1 / 0.9
    ),
    _testbed(
        "ukp_workers",
        "which argument convinces more? real crowd workers, told apart; judged by their answers on other pairs",
        (400, 800, 1600, 3200),
        {"train": 30, "test": 20, "held_out": 0.3, "adapt": 20},
        {"train": 90},
        apart="pair",
        overlap=0.15,  # counted: 13 in 100 comparisons by the same person are held out by another seed too
    ),
    _testbed(
        "jester",
        "which joke is funnier? 70 real raters; judged by their own ratings of other pairs of jokes",
        (200, 400, 800, 1600),
        {"people": 100, "unit": "pair", "train": 30, "test": 20, "held_out": 0.3, "adapt": 20},
        {"people": 1000},
        apart="pair",
        overlap=0.04,  # counted, of 1,000 people; 100 of 5,000 are hardly ever drawn twice
    ),
    _testbed(
        "vpl_hh",
        "helpful or harmless? 28 people of two groups who want opposite things; judged on new dialogues",
        (75, 150, 300, 600),
        {"each": 40, "held_out": 0.3, "adapt": 20},
        {"each": 100},
        apart="prompt",
        overlap=0.27,  # seven in ten people are seen, and three in ten of their dialogues held out: 0.21 / 0.79
    ),
    _testbed(
        "dsp",
        "academy, business, entertainment or literature? people who want answers for theirs; judged on new queries",
        (150, 300, 600, 1200),
        {"queries": 200, "held_out": 0.3, "adapt": 20},
        {"queries": 658},
        apart="prompt",
        overlap=0.32,  # counted, whoever is said to have judged, as those people are made: 0.24 / 0.76
    ),
)
