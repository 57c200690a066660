"""Pairs of texts: learners learn from some pairs which text people prefer, and are judged on pairs of other groups.

Every dataset is two testbeds of one name, since what they read differs: reward models learn from features
(`text_rewards.py`), policies from tokens (`text_policies.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.methods.method import Slot
from bench.spec import Context, Profile, Progress, canonical
from bench.testbeds import text_policies
from bench.testbeds.origins import Origin, Shipped
from bench.testbeds.testbed import Ground, Measure, Testbed
from bench.testbeds.text_rewards import RewardSource
from bench.testbeds.words import BY_PERSON, PARAMETERS, RANKED

if TYPE_CHECKING:
    from bench.data.pairs import Dataset

ACCURACY = Measure(
    "accuracy",
    "accuracy on held-out pairs",
    0.5,
    beside={**BY_PERSON, **PARAMETERS},
    landmarks={"longer_wins": "the longer answer"},
)
IMPLICIT = Measure(
    text_policies.MEASURE,
    "accuracy of the implied reward on held-out pairs",
    0.5,
    beside={**RANKED, "implicit_margin": "margin of the implied reward, nats"},
    landmarks={"accuracy_of_longer": "the longer answer", "accuracy_of_sft": "the answer likelier to the SFT policy"},
)
HELD_OUT = 0.25  # of the pairs that a seed may see
BUDGETS = (100, 200, 400, 800)
PAIRS = {Profile.EMBEDDED: 20_000, Profile.SMALL: 20_000}  # that are embedded at most: all of a built-in dataset


@dataclass(frozen=True)
class PolicySource:
    """See Source. Settings are those of `text_policies`."""

    origin: Origin

    def fingerprints(self, settings: Mapping[str, Any], data_dir: Path | None) -> Mapping[str, str]:
        """See Source. A policy that is made from the data has no fingerprint of its own."""
        found = dict(self.origin.fingerprints(data_dir))
        if "origin" in settings["policy"]:
            from bench import models
            from bench.domains.settings import Backbone

            found["weights"] = models.fingerprint(Backbone.model_validate(settings["policy"]).source)
        return found

    def open(self, settings: Mapping[str, Any], learner: Slot, seed: int, budget: int, context: Context) -> Ground:
        """See Source."""
        return text_policies.open_ground(self._dataset(context.data_dir), settings, seed, budget, context)

    def prepare(
        self, settings: Mapping[str, Any], seeds: Sequence[int], context: Context, progress: Progress | None
    ) -> None:
        """See Source: the SFT policy, which all seeds share, and the reward model at hand."""
        text_policies.prepare(self._dataset(context.data_dir), settings, context, progress)

    def seconds(self, settings: Mapping[str, Any], learner: Slot, labels: int) -> float:
        """See Source."""
        if (parameters := settings["policy"].get("parameters")) is not None:
            return float(parameters) / 1.35e8 * (175 + 2.6 * labels)  # as SmolLM2 took, on a core
        return 1.5 + 0.015 * labels

    def _dataset(self, data_dir: Path | None) -> Dataset:
        return _dataset(self.origin, canonical(dict(self.origin.fingerprints(data_dir))), data_dir)


@lru_cache(maxsize=2)
def _dataset(origin: Origin, fingerprint: str, data_dir: Path | None) -> Dataset:
    """Read once for all seeds and methods; again where what lies there has changed."""
    return origin.load(data_dir).dataset


def text_testbeds(
    origin: Origin,
    line: str,
    budgets: tuple[int, ...] = BUDGETS,
    pairs: Mapping[Profile, int] = PAIRS,
    data: Mapping[str, Path] | None = None,
) -> tuple[Testbed, Testbed]:
    """The testbeds of reward models and of policies on the pairs of `origin`."""
    return (
        reward_testbed(origin, line, budgets, pairs, data),
        Testbed(
            origin.name,
            line,
            {Slot.POLICY: IMPLICIT},
            True,
            budgets,
            text_policies.SETTINGS,
            PolicySource(origin),
            text_policies.TRAINING_SPACE,
            data or {},
            overlap=text_policies.HELD_OUT / (1 - text_policies.HELD_OUT),  # at most: of many pairs, fewer are tested
            whole_machine=(Profile.SMALL,),
            at_hand=text_policies.AT_HAND,
        ),
    )


def reward_testbed(
    origin: Origin,
    line: str,
    budgets: tuple[int, ...] = BUDGETS,
    pairs: Mapping[Profile, int] = PAIRS,
    data: Mapping[str, Path] | None = None,
    held_out: float = HELD_OUT,
) -> Testbed:
    """That of reward models alone."""
    return Testbed(
        origin.name,
        line,
        {Slot.REWARD: ACCURACY},
        False,
        budgets,
        {profile: {"version": 1, "pairs": most, "held_out": held_out} for profile, most in pairs.items()},
        RewardSource(origin),
        data=data or {},
        overlap=held_out / (1 - held_out),
    )


TESTBEDS = (
    *text_testbeds(
        Shipped("hh"),
        "which answer is more helpful? what people preferred in Anthropic's dialogues; judged on other dialogues",
    ),
    *text_testbeds(
        Shipped("hh_harmless"),
        "which answer does less harm? what people preferred in Anthropic's dialogues; judged on other dialogues",
    ),
    reward_testbed(  # 16 debates are too few for policies, and of the 12 that are reported a fourth is no test
        Shipped("ukp"),
        "which argument convinces more? the majority of five people each time; judged on other debates",
        held_out=0.4,
    ),
    *text_testbeds(
        Shipped("alpaca_eval"),
        "a model's answer or GPT-4's? GPT-4 said which, mostly the longer one; judged on other prompts",
    ),
)
