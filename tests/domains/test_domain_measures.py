"""What a policy is worth in a domain, and how far it went from the SFT policy."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from bench.data.world.gold import rewards
from bench.domains.measures import divergence, judged, kept_responses


def responses(here, seed):
    """Twelve test prompts, and one response of the SFT policy to each."""
    prompts = here.prompts("test", 0, 12)
    return prompts, [each[0] for each in here.sample(here.sft, prompts, samples=1, max_tokens=12, seed=seed)]


def test_a_judgement_has_reward_length_and_win_rates_by_name(world):
    here = world()
    (prompts, own), (_, theirs) = responses(here, 1), responses(here, 2)
    found = judged(here, prompts, own, {"rival": theirs, "itself": own})
    gap = rewards(prompts, own) - rewards(prompts, theirs)
    assert found == {
        "gold_reward": pytest.approx(rewards(prompts, own).mean()),
        "length": pytest.approx(np.mean([len(each) for each in own])),
        "win_rate_over_rival": pytest.approx(((gap > 0) + 0.5 * (gap == 0)).mean()),
        "win_rate_over_itself": 0.5,
    }


def test_a_policy_has_not_gone_from_itself(world):
    here = world()
    assert divergence(here, here.sft, here.prompts("test", 0, 4), max_tokens=8, seed=0) == 0


def test_divergence_is_the_mean_log_ratio_of_the_policys_own_samples(world):
    here, prompts = world(), world().prompts("test", 0, 6)
    policy = copy.deepcopy(here.sft)
    noise = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in policy.parameters():
            parameter += 0.02 * torch.randn(parameter.shape, generator=noise)
    found = here.sample(policy, prompts, samples=1, max_tokens=12, temperature=1.0, seed=5)

    def log_probability(model, prompt, response):
        ids = torch.tensor(np.concatenate([prompt.ids, response])[None], dtype=torch.long)
        with torch.no_grad():
            every = model(input_ids=ids).logits[0, :-1].log_softmax(-1)
        return float(every.gather(1, ids[0, 1:, None])[len(prompt.ids) - 1 :].sum())

    ratios = [
        log_probability(policy, prompt, response) - log_probability(here.sft, prompt, response)
        for prompt, (response,) in zip(prompts, found, strict=True)
    ]
    assert divergence(here, policy, prompts, max_tokens=12, seed=5) == pytest.approx(np.mean(ratios), abs=1e-4)
    assert np.mean(ratios) > 0.01


def test_kept_responses_are_sampled_once_and_again_where_the_file_is_damaged(tmp_path):
    calls = []

    def sample():
        calls.append(1)
        return [[np.array([1, 2], dtype=np.int32)], [np.array([3], dtype=np.int32)]]

    path = tmp_path / "responses.json"
    first = kept_responses(path, sample)
    second = kept_responses(path, sample)
    assert len(calls) == 1
    path.write_text(path.read_text()[:4])
    third = kept_responses(path, sample)
    assert len(calls) == 2
    for found in (first, second, third):
        assert [ids.tolist() for ids in found] == [[1, 2], [3]]
        assert all(ids.dtype == np.int32 for ids in found)
