"""Methods that change what they are given: others never notice, and who changes the SFT policy is told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bench.compare.pipeline import Pipeline, run
from bench.errors import UserError
from bench.methods.method import Method, Slot
from bench.methods.registry import method
from bench.methods.selectors import Random
from bench.spec import Context, Profile
from bench.testbeds import crowds, world

HERE = Path(__file__)
WORLD = {
    **world.TESTBED.settings(Profile.EMBEDDED),
    **{"policy": "tiny", "pool": 24, "responses": 2, "max_tokens": 8},
    **{"test_prompts": 12, "opponents": 2, "divergence_prompts": 4},
    "reward_model": {"labels": 16, "epochs": 1, "learning_rate": 1e-3},
    "training": {"learning_rate": 1e-2, "epochs": 1, "batch_size": 4, "warmup": 0.1},
}
IDEAL = next(one for one in crowds.TESTBEDS if one.name == "ideal_points")
CROWD = {**IDEAL.settings(Profile.EMBEDDED)}
CROWD["crowd"] = {**CROWD["crowd"], "people": 12, "train": 50}


class Centred:
    """Centres items in place, which loses all that they tell"""

    def fit(self, X, labels, *, annotators, prompts=None):
        X -= X[:, :1]
        labels[:] = 1
        return self

    def decision_function(self, X, *, annotators, prompts=None):
        X -= X[:, :1]
        return X[:, 0, 0] - X[:, 1, 0]


class ThroughData(Random):
    """Writes to the weights where torch does not count it"""

    def scores(self, groups, known):
        for weight in known.policy.parameters():
            weight.data.mul_(1.01)
        return super().scores(groups, known)


class Fails(ThroughData):
    """The same, and then fails"""

    def scores(self, groups, known):
        super().scores(groups, known)
        raise RuntimeError("on its own")


class Frozen(Random):
    """Trains nothing of the policy any more, which changes no weight"""

    def scores(self, groups, known):
        known.policy.requires_grad_(False).train()
        return super().scores(groups, known)


class Writes(Random):
    """Writes to tokens"""

    def scores(self, groups, known):
        groups[0].responses[0][:] = 0
        return super().scores(groups, known)


def own(kind, slot):
    return Method(kind.__name__, slot, "", f"{__name__}:{kind.__name__}")


def numbers(outcome):
    """All but what it cost."""
    return {name: value for name, value in outcome.metrics.items() if not name.startswith("method_")}


def in_crowd(learner, cache):
    ground = IDEAL.source.open(CROWD, Slot.REWARD, 0, 200, Context(None, cache, cache))
    everybody = method("random", Slot.SELECT), method("people", Slot.LABEL), learner
    return numbers(run(Pipeline(*everybody), {}, ground, 200, 0))


def in_world(selector, cache, slot=Slot.POLICY):
    ground = world.TESTBED.source.open(WORLD, slot, 0, 12, Context(None, cache, cache))
    learner = method("dpo" if slot == Slot.POLICY else "bt", slot)
    return numbers(run(Pipeline(selector, method("people", Slot.LABEL), learner), {}, ground, 12, 0))


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """Where worlds are made before any method runs, as a comparison has it."""
    folder = tmp_path_factory.mktemp("cache")
    world.TESTBED.source.prepare(WORLD, [0], Context(None, folder, folder), None)
    return folder


@pytest.fixture(scope="module")
def fresh(cache):
    """What honest methods get in a process where nobody else was."""
    code = (
        "import json, sys; from pathlib import Path; sys.path.insert(0, sys.argv[1]);"
        "from test_methods_that_write import *; cache = Path(sys.argv[2]);"
        "honest = method('random', Slot.SELECT);"
        "worlds = [in_world(honest, cache, slot) for slot in (Slot.POLICY, Slot.REWARD)];"
        "print(json.dumps([in_crowd(method('bt', Slot.REWARD), cache), *worlds]))"
    )
    command = [sys.executable, "-c", code, str(HERE.parent), str(cache)]
    said = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    return json.loads(said.splitlines()[-1])


def test_a_reward_model_that_works_in_place_changes_nobody_elses_numbers(cache, fresh):
    honest = method("bt", Slot.REWARD)
    crowds._crowd.cache_clear()
    bad = in_crowd(own(Centred, Slot.REWARD), cache)
    assert in_crowd(honest, cache) == fresh[0]
    assert in_crowd(own(Centred, Slot.REWARD), cache) == bad
    assert in_crowd(honest, cache) == fresh[0]


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        (ThroughData, UserError, "changed the SFT policy's weights"),
        (Fails, RuntimeError, "on its own"),
        (Writes, ValueError, "read-only"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_selector_that_changes_policy_or_tokens_fails_and_changes_nobody_elses_numbers(
    cache, fresh, bad, error, message
):
    honest = method("random", Slot.SELECT)
    for place, slot in ((1, Slot.POLICY), (2, Slot.REWARD)):
        assert in_world(honest, cache, slot) == fresh[place]
        with pytest.raises(error, match=message):
            in_world(own(bad, Slot.SELECT), cache, slot)
        assert in_world(honest, cache, slot) == fresh[place]


def test_a_policy_that_is_frozen_by_a_method_is_trained_all_the_same(cache, fresh):
    assert in_world(own(Frozen, Slot.SELECT), cache) == fresh[1]
    assert in_world(method("random", Slot.SELECT), cache) == fresh[1]


def test_what_is_given_is_not_the_testbeds_own(cache):
    one, other = (IDEAL.source.open(CROWD, Slot.REWARD, 0, 9, Context(None, cache, cache)) for _ in range(2))
    kept = other._read("linear")[1].items.copy()
    rows = [0, 1, 2]
    one.learn(Centred(), rows, one.buy(rows), {})
    np.testing.assert_array_equal(other._read("linear")[1].items, kept)
