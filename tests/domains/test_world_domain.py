"""The known-truth world as a domain: reward models that are paid for, and studies that share no draw."""

from __future__ import annotations

import numpy as np

from bench.data.world import World
from bench.data.world.gold import rewards
from bench.domains import world as world_domain
from bench.learn.policy.completions import Completions

LABELLED = {"labels": 96, "epochs": 1, "learning_rate": 1e-3}


def groups_of(here, part="test", samples=2):
    """Prompts, and samples of the SFT policy as groups."""
    prompts = here.prompts(part, 0, 12)
    found = here.sample(here.sft, prompts, samples=samples, max_tokens=12, seed=1)
    return prompts, [Completions(prompt.ids, tuple(each)) for prompt, each in zip(prompts, found, strict=True)]


def watch(monkeypatch):
    """What is trained from now on: the groups, by call."""
    calls, real = [], world_domain.train

    def train(model, groups, *arguments, **keywords):
        calls.append(list(groups))
        return real(model, groups, *arguments, **keywords)

    monkeypatch.setattr(world_domain, "train", train)
    return calls


def test_the_truth_is_the_gold_reward_of_the_first_less_that_of_the_second(world):
    prompts, groups = groups_of(world())
    each = [rewards(prompts, [group.responses[side] for group in groups]) for side in (0, 1)]
    assert world().truth(prompts, groups).tolist() == (each[0] - each[1]).tolist()


def test_a_reward_model_learns_once_from_paid_pairs_of_the_last_prompts(world, monkeypatch):
    calls = watch(monkeypatch)
    _, groups = groups_of(world())
    model, again = (world().reward_model("once", **LABELLED) for _ in range(2))
    (pairs,) = calls
    last = World(0).prompts("train")[-96:]
    assert [pair.prompt.tolist() for pair in pairs] == [prompt.ids.tolist() for prompt in last]
    assert all(len(pair.responses) == 2 for pair in pairs)
    # People chose the better response more often than not: their noise is what a difference of some size overcomes.
    gap = rewards(last, [pair.responses[0] for pair in pairs]) - rewards(last, [pair.responses[1] for pair in pairs])
    assert (gap >= 0).mean() > 0.5
    np.testing.assert_array_equal(np.stack(model.scores(groups)), np.stack(again.scores(groups)))


def test_reward_models_of_other_labels_names_and_studies_are_others(world):
    _, groups = groups_of(world())
    scores = [
        np.stack(here.reward_model(name, **labelled).scores(groups))
        for here, name, labelled in (
            (world(), "one", LABELLED),
            (world(), "two", LABELLED),
            (world(), "one", {**LABELLED, "labels": 64}),
            (world(), "one", {**LABELLED, "epochs": 2}),
            (world("another study"), "one", LABELLED),
        )
    ]
    for place, one in enumerate(scores):
        for other in scores[place + 1 :]:
            assert not np.allclose(one, other)


def test_a_reward_model_scores_as_many_responses_as_a_group_has(world):
    _, groups = groups_of(world(), samples=5)
    assert [len(each) for each in world().reward_model("one", **LABELLED).scores(groups)] == [5] * 12


def test_the_ranker_is_the_reward_model_of_the_settings(world):
    _, groups = groups_of(world())
    scores = np.stack(world().reward_model("ranker", **LABELLED).scores(groups))
    np.testing.assert_allclose(world().ranker().label(groups).log_odds, scores[:, 0] - scores[:, 1])


def test_what_the_settings_say_is_left_of_the_training_prompts():
    from bench.domains.settings import WorldSettings

    settings = WorldSettings(name="world", policy="tiny", ranker=LABELLED)
    assert settings.sizes()["train"] == len(World(0).prompts("train")) - 96
    assert set(settings.fingerprints(None)) == {"world", "gold"}
