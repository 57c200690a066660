"""The known-truth world as a testbed: people with noise are paid, and the gold reward judges.

Every seed is a world of its own, with its SFT policy, its pool of prompts and the responses that the policy gave, and a
reward model. All are made once and kept by content.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.methods.method import Slot
from bench.methods.space import Log, Space
from bench.spec import Context, Profile, Progress
from bench.testbeds.testbed import Ground, Measure, Testbed
from bench.testbeds.words import RANKED

SETTINGS: Mapping[str, Any] = {
    "version": 1,  # of what happens here: raise it when the same settings give other results
    "policy": "compact",
    "pool": 1600,  # prompts
    "responses": 4,  # of the SFT policy to each; people judge the first two
    "max_tokens": 40,
    "temperature": 0.7,
    # At hand before any label is bought. Its own labels are counted nowhere, as in PVar's paper.
    "reward_model": {"labels": 1000, "epochs": 4, "learning_rate": 1e-3},
    "training": {"learning_rate": 4e-4, "epochs": 3, "batch_size": 32, "warmup": 0.1},
    "test_prompts": 400,
    "opponents": 4,  # responses of the SFT policy to a test prompt that a policy's one is compared with
    "divergence_prompts": 200,
}
TRAINING_SPACE: Space = {"learning_rate": Log(1e-5, 1e-3)}


class WorldSource:
    """See `bench.testbeds.testbed.Source`."""

    def fingerprints(self, settings: Mapping[str, Any], data_dir: Path | None) -> Mapping[str, str]:
        """Of the world and of what labels are drawn from."""
        from bench.data.world import gold, world

        return {"world": world.FINGERPRINT, "gold": gold.FINGERPRINT}

    def open(self, settings: Mapping[str, Any], learner: Slot, seed: int, budget: int, context: Context) -> Ground:
        """See Source."""
        from bench.testbeds import world_ground

        return world_ground.open_ground(settings, learner, seed, budget, context)

    def prepare(
        self, settings: Mapping[str, Any], seeds: Sequence[int], context: Context, progress: Progress | None
    ) -> None:
        """See Source: the worlds of the seeds, one a core at a time."""
        from bench.testbeds import world_ground

        world_ground.prepare(settings, seeds, context, progress)

    def seconds(self, settings: Mapping[str, Any], learner: Slot, labels: int) -> float:
        """See Source."""
        return 2.0 if learner == Slot.REWARD else 1.5 + 0.006 * labels


TESTBED = Testbed(
    name="world",
    line="short English of a known-truth world: noisy people judge samples, the gold reward judges what was learnt",
    measures={
        Slot.POLICY: Measure(
            "win_rate_over_sft",
            "win rate over the SFT policy",
            0.5,
            beside={
                "gold_reward": "gold reward",
                "length": "tokens a response",
                "kl_from_sft": "KL from SFT, nats",
                "accuracy_of_sft": "ranking accuracy before",
                **RANKED,
                "implicit_accuracy": "accuracy of the implied reward",
            },
        ),
        Slot.REWARD: Measure("accuracy", "accuracy on the gold order of held-out pairs", 0.5),
    },
    chooses=True,
    budgets=(100, 200, 400, 800),
    at={Profile.EMBEDDED: SETTINGS, Profile.SMALL: {**SETTINGS, "policy": "small"}},
    source=WorldSource(),
    responses=SETTINGS["responses"],
    at_hand=f"a reward model that learnt from {SETTINGS['reward_model']['labels']:,} other labels, counted nowhere",
    training_space={Profile.EMBEDDED: TRAINING_SPACE, Profile.SMALL: TRAINING_SPACE},
)
