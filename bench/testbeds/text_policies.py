"""Policies that learn from pairs of texts that people judged, and are judged by pairs that nobody learnt from.

Any dataset of pairs will do that has some forty groups. A third of them, the same in every study, makes the SFT
policy, which imitates their preferred answers, and the reward model that is at hand. A quarter of the rest is for
validation seeds alone, the others are for what is reported; each seed draws a pool, whose labels are sold, and groups
for tests.

A policy is judged without sampling: in how many held-out pairs has the log-ratio log pi(y|x) / pi_sft(y|x) grown more
for the answer that people preferred? That is the accuracy of the reward that the policy implies (Rafailov et al. 2023,
Eq. 5), for a policy that learnt without reference, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bench.methods.space import Log, Space
from bench.spec import Context, Profile, Progress

if TYPE_CHECKING:
    from bench.data.pairs import Dataset
    from bench.testbeds.testbed import Ground

MEASURE = "implicit_accuracy"
HELD_OUT = 0.25  # of the groups that a seed may see
TRAINING_SPACE: Mapping[Profile, Space] = {
    Profile.EMBEDDED: {"learning_rate": Log(3e-5, 1e-3)},
    Profile.SMALL: {"learning_rate": Log(1e-6, 1e-4)},
}

_SHARED: Mapping[str, Any] = {
    "version": 2,  # of what happens here: raise it when the same settings give other results
    "sft_pairs": 2000,  # at most
    "pool": 1000,  # pairs, at most
    "test": 500,  # pairs, at most
    "temperature": 0.7,  # of samples that a method asks for
}
AT_HAND = f"a reward model that learnt from up to {_SHARED['sft_pairs']:,} other pairs, counted nowhere"
SETTINGS: Mapping[Profile, Mapping[str, Any]] = {
    Profile.EMBEDDED: {
        **_SHARED,
        # Chosen with the learning rate on validation seeds 10000 and 10001 of hh_rlhf's helpful half: answers of 96
        # tokens after prompts of 96 taught no more, and took half as long again.
        "prompt_tokens": 32,  # kept of a prompt, from its end
        "response_tokens": 64,  # kept of an answer, from its start
        "policy": {
            "vocabulary": 2048,
            "width": 64,
            "layers": 2,
            "heads": 4,
            "epochs": 4,
            "batch_size": 16,
            "learning_rate": 4e-3,
            "threads": 1,
        },
        "reward_model": {"epochs": 2, "learning_rate": 1e-3},
        "training": {"learning_rate": 2e-4, "epochs": 3, "batch_size": 32, "warmup": 0.1},
    },
    Profile.SMALL: {  # no setting was tuned here
        **_SHARED,
        "prompt_tokens": 96,
        "response_tokens": 96,
        "sft_pairs": 400,
        "policy": {"name": "smollm2-135m", "origin": "smollm2", "parameters": 1.35e8},
        "reward_model": {"epochs": 1, "learning_rate": 2e-5},
        "training": {"learning_rate": 1e-5, "epochs": 2, "batch_size": 32, "warmup": 0.1, "max_tokens": 4096},
    },
}


def open_ground(dataset: Dataset, settings: Mapping[str, Any], seed: int, budget: int, context: Context) -> Ground:
    """The pool of `seed`. Raises UserError for a dataset of too few groups, Unavailable for a model that is missing."""
    from bench.testbeds.pool import PolicyGround
    from bench.testbeds.text_ground import OpenTexts

    here = OpenTexts(dataset, settings, seed, context)
    return PolicyGround(here.place, budget, here.judged)


def prepare(dataset: Dataset, settings: Mapping[str, Any], context: Context, progress: Progress | None) -> None:
    """What all seeds share: the SFT policy and the reward model; of the training of each `progress` gets (steps done,
    in all)."""
    from bench.testbeds.text_ground import OpenTexts

    OpenTexts(dataset, settings, 0, context, progress).reward_model.eval()
