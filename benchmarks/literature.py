"""What of the wider literature fits no slot of a comparison, beside what it should be better than.

    python benchmarks/literature.py selection|candidates|feedback [--seeds 5]

selection: Robust Preference Selection (bench/generate/robust_selection.py) against as many samples of the user's own
direction, for users who want one manner, which the policy was trained for, and for users who want two at once.
candidates: pairs sampled apart (bench/generate/apart.py) against independent pairs, and what DPO makes of each.
feedback: what a rating is worth against a comparison: the same people give either, and a Bradley-Terry model of jokes
learns from it what others prefer (needs PREFBENCH_DATA; all of Jester's comparisons come from ratings, so that the two
kinds never contradict each other here).

Worlds and people of the seeds share nothing. Differences are paired by seed, with 95 % t intervals. Nothing is tuned.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from functools import cached_property
from itertools import combinations
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from bench import paths
from bench.compare.intervals import means
from bench.data.jester import MARGIN, ratings
from bench.data.world.annotator import NOISE
from bench.data.world.vocabulary import END_ID, Ids
from bench.errors import UserError
from bench.generate import sample
from bench.generate.apart import sample_apart
from bench.generate.kept_arrays import grouped
from bench.generate.robust_selection import robust_selection
from bench.generate.world_directions import WorldDirections, asking
from bench.label import ordered
from bench.learn.policy.objectives import Preference
from bench.learn.policy.reference import reference_log_probs
from bench.methods.method import Slot
from bench.methods.registry import method
from bench.seeds import seed_for
from bench.spec import Context, Profile
from bench.testbeds.training import Trainer
from bench.testbeds.world import TESTBED
from bench.testbeds.world_ground import OpenWorld

Array = NDArray[np.float64]
Found = Mapping[str, Mapping[str, float]]  # row -> setting -> value, of one seed

ANGLES = (0, 15, 30, 45, 60)  # degrees; 0: the user's own direction
COUNT = 4  # responses to choose from
EACH = 5  # ratings or comparisons that one person gives


def main() -> None:
    sections: Mapping[str, Callable[[int], Found]] = {
        "selection": selection,
        "candidates": candidates,
        "feedback": feedback,
    }
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("section", choices=sections)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)  # as tasks run
    found = []
    for seed in range(options.seeds):
        found.append(sections[options.section](seed))
        print(f"seed {seed} of {options.seeds} is done", flush=True)
    for row, settings in found[0].items():
        first = next(iter(settings))
        for name in settings:
            values = np.array([one[row][name] for one in found])
            less = means(values - np.array([one[row][first] for one in found]))
            against = "" if name == first else f", less {first} {less.value:+.3f} ({less.low:+.3f} to {less.high:+.3f})"
            print(f"{row}: {name} {values.mean():.3f}{against}")


def selection(seed: int) -> Found:
    """How much of what a user wants is in the response: mean of <v, r(x, y)>, by angle."""
    here = _world(seed)
    policy = Remembered(here.domain.sft, here.test_prompts[:200], seed=seed)
    axes = list(np.eye(5))
    users = {"one manner": axes, "two at once": [(one + other) / np.sqrt(2) for one, other in combinations(axes, 2)]}
    return {
        name: {
            f"{angle} degrees": float(np.mean([_served(policy, direction, angle, seed) for direction in directions]))
            for angle in ANGLES
        }
        for name, directions in users.items()
    }


class Remembered(WorldDirections):
    """Directions that ask for the same manner have the same responses; each is sampled once."""

    @cached_property
    def _had(self) -> dict[tuple[str, int], list[Ids]]:
        return {}

    def respond(self, direction: Array, draw: int) -> list[Ids]:
        """See WorldDirections."""
        key = asking(self.prompts[0], direction).text, draw
        if key not in self._had:
            self._had[key] = super().respond(direction, draw)
        return self._had[key]


def _served(policy: WorldDirections, direction: Array, angle: float, seed: int) -> float:
    chosen = robust_selection(
        policy.respond, policy.worth, direction, count=COUNT, angle=np.radians(angle), seed=seed_for("user", seed)
    )
    return float(np.mean(policy.worth(chosen) @ direction))


def candidates(seed: int) -> Found:
    """Of 400 prompts with two responses each: how unsure people are, equal pairs, and DPO's win rate over SFT."""
    here = _world(seed)
    prompts = here.prompts[:400]
    ids = [prompt.ids for prompt in prompts]
    found: dict[str, dict[str, float]] = {}
    for name, sampler in {"independent": sample, "apart": sample_apart}.items():
        drawn = sampler(
            here.domain.sft,
            ids,
            samples=2,
            stop=(END_ID,),
            max_tokens=here.settings["max_tokens"],
            temperature=here.settings["temperature"],
            seed=seed_for("candidates", seed),
        )
        groups = grouped(ids, [[one.tokens for one in each] for each in drawn])
        first = 1 / (1 + np.exp(-here.domain.truth(prompts, groups) / NOISE))
        pairs = ordered(groups, here.domain.people(prompts, groups))
        trainer = Trainer("candidates", seed, here.settings["training"])
        objective = Preference("dpo", reference_log_probs(here.domain.sft, pairs, cache_dir=None))
        policy, _ = trainer.trained(here.domain.sft, pairs, objective, {}, "dpo")
        for row, value in {
            "preference variance": np.mean(first * (1 - first)),
            "equal pairs": np.mean([np.array_equal(*group.responses) for group in groups]),
            "DPO, win rate over SFT": here.judged(policy)["win_rate_over_sft"],
        }.items():
            found.setdefault(row, {})[name] = float(value)
    return found


def feedback(seed: int) -> Found:
    """Accuracy on what 300 others prefer, from labels of people of whom everyone gives five, by number of labels."""
    users, jokes, given = ratings(_data_dir())
    people = np.random.default_rng(seed_for("feedback")).permutation(users.max() + 1)
    if len(people) < 460 * (seed + 1):
        raise UserError(f"feedback: {len(people):,} people are enough for {len(people) // 460} seeds of 460 each")
    learners, others = people[460 * seed :][:160], people[460 * seed + 160 :][:300]
    random = np.random.default_rng(seed_for("feedback", seed))
    said: dict[str, list[Array]] = {"comparisons": [], "ratings": []}  # (pairs, 3) of everyone: two jokes, and +-1
    for person in learners:
        mine = users == person
        told = _told(jokes[mine], given[mine])
        said["comparisons"].append(random.permutation(told)[:EACH])
        rated = random.permutation(jokes[mine])[:EACH]
        said["ratings"].append(told[np.isin(told[:, :2], rated).all(axis=1)])
    test = np.concatenate([random.permutation(_told(jokes[users == one], given[users == one]))[:20] for one in others])
    return {
        f"{count} labels": {kind: _accuracy(np.concatenate(each[: count // EACH]), test) for kind, each in said.items()}
        for count in (100, 200, 400, 800)
    }


def _told(jokes: NDArray[np.int64], given: Array) -> Array:
    """What one person's ratings say of all pairs of jokes that they tell apart: +1 where the first is the better."""
    first, second = np.triu_indices(len(jokes), k=1)
    apart = given[first] - given[second]
    kept = abs(apart) >= MARGIN
    return np.column_stack([jokes[first], jokes[second], np.sign(apart)])[kept]


def _accuracy(learnt: Array, test: Array) -> float:
    """Of a Bradley-Terry model with a parameter a joke, by the suite's own `bt` at its defaults."""
    features = np.eye(100)
    model = method("bt", Slot.REWARD).make(0)
    model.fit(features[learnt[:, :2].astype(int)], learnt[:, 2], annotators=["all"] * len(learnt), prompts=None)
    decisions = model.decision_function(features[test[:, :2].astype(int)], annotators=["all"] * len(test), prompts=None)
    return float(np.mean((1 + np.sign(decisions * test[:, 2])) / 2))


def _world(seed: int) -> OpenWorld:
    cache = paths.cache_dir()
    return OpenWorld(TESTBED.settings(Profile.EMBEDDED), seed, Context(None, cache, cache))


def _data_dir() -> Path:
    if (found := paths.data_dir(None)) is None:
        raise UserError("jester5k is read from the data directory; set PREFBENCH_DATA")
    return found


if __name__ == "__main__":
    main()
