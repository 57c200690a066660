import json
import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from bench.data.world import World
from bench.errors import UserError
from bench.learn.policy import world_policy as module
from bench.learn.policy.completions import Completions
from bench.learn.policy.log_probs import response_log_probs, response_sums
from bench.learn.policy.world_policy import POLICIES, base_policy, world_policy


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def tiny(cache):
    return world_policy(cache_dir=cache, seed=1000, size="tiny")


def folders(cache):
    """Of the policies kept, and whatever was not tidied up."""
    return [path for path in (cache / "world_policy").iterdir() if path.is_dir()]


def test_the_second_call_loads_the_same_weights_at_once(cache, tiny) -> None:
    began = time.perf_counter()
    again, tokenizer = world_policy(cache_dir=cache, seed=1000, size="tiny", progress=_never)
    assert time.perf_counter() - began < 1
    for one, other in zip(tiny[0].parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)
    prompt = World(1000).prompts("validation")[0]
    assert tokenizer(prompt.text)["input_ids"] == prompt.ids.tolist()
    assert not again.training


def test_training_again_gives_the_same_bits(tmp_path, tiny) -> None:
    steps = []
    again, _ = world_policy(cache_dir=tmp_path, seed=1000, size="tiny", progress=lambda done, all_: steps.append(done))
    assert steps == list(range(1, 21))
    for one, other in zip(tiny[0].parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)


def test_the_number_of_threads_leaves_the_bits_and_is_left_as_it_was(tmp_path, tiny) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        again, _ = world_policy(cache_dir=tmp_path, seed=1000, size="tiny")
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    for one, other in zip(tiny[0].parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)


def test_another_seed_is_another_policy(cache, tiny) -> None:
    other, _ = world_policy(cache_dir=cache, seed=1001, size="tiny")
    assert not torch.equal(tiny[0].get_input_embeddings().weight, other.get_input_embeddings().weight)
    assert len(folders(cache)) == 2, "and nothing temporary is left"


def test_even_a_tiny_policy_learns_more_than_how_frequent_words_are(cache, tiny) -> None:
    shown = [ids for _, (ids,) in World(1000).demonstrations("validation", each=1)]
    share = np.bincount(np.concatenate(shown)) / sum(map(len, shown))
    entropy = -np.sum(share[share > 0] * np.log(share[share > 0]))
    facts = [json.loads(path.read_text()) for path in (cache / "world_policy").glob("*/sft.json")]
    assert facts
    for fact in facts:
        assert fact["demonstrations"] == 1600
        assert 0.5 < fact["held_out_nats_per_token"] < entropy - 0.5


def gain(model):
    """(n,): what each response gains in log-probability, nats, from being under its own prompt, not another's."""
    shown = [(prompt.ids, response) for prompt, (response,) in World(1000).demonstrations("validation", each=1)][:600]
    own = [Completions(prompt, (response,)) for prompt, response in shown]
    other = [replace(group, prompt=shown[place - 1][0]) for place, group in enumerate(own)]
    sums = (np.concatenate(response_sums(groups, response_log_probs(model, groups))) for groups in (own, other))
    return np.subtract(*sums)


def test_before_it_followed_prompts_a_policy_ignored_them(tmp_path, monkeypatch) -> None:
    quick = replace(POLICIES["tiny"], width=64, heads=4, prompts=1500, batch_size=8)  # the least that follows at all
    monkeypatch.setitem(POLICIES, "quick", quick)
    gains = {
        make: gain(make(cache_dir=tmp_path / make.__name__, seed=1000, size="quick")[0])
        for make in (world_policy, base_policy)
    }
    error = gains[base_policy].std() / np.sqrt(len(gains[base_policy]))
    assert gains[world_policy].mean() > 0.3
    assert abs(gains[base_policy].mean()) < 3 * error < 0.1


def test_a_base_policy_is_kept_apart_and_learns_the_same_responses_under_other_prompts(tmp_path, monkeypatch) -> None:
    learned, real = [], module.train

    def train(model, groups, *arguments, **keywords):
        learned.append([(group.prompt.tobytes(), tuple(map(bytes, group.responses))) for group in groups])
        return real(model, groups, *arguments, **keywords)

    monkeypatch.setattr(module, "train", train)
    follows, _ = world_policy(cache_dir=tmp_path, seed=1000, size="tiny")
    ignores, _ = base_policy(cache_dir=tmp_path, seed=1000, size="tiny")
    assert not torch.equal(follows.get_input_embeddings().weight, ignores.get_input_embeddings().weight)
    with_own, with_other = learned[0][: len(learned[1])], learned[1]
    for part in (0, 1):
        assert sorted(pair[part] for pair in with_own) == sorted(pair[part] for pair in with_other)
    assert len(set(with_own) & set(with_other)) < 0.05 * len(with_own)


def test_a_llama_learns_as_well(tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(POLICIES, "llama", replace(POLICIES["llama"], width=32, heads=2, prompts=640, batch_size=8))
    policy, _ = world_policy(cache_dir=tmp_path, seed=1000, size="llama")
    assert policy.config.model_type == "llama"
    assert policy.config.tie_word_embeddings
    (facts,) = tmp_path.rglob("sft.json")
    assert json.loads(facts.read_text())["held_out_nats_per_token"] < 0.8 * np.log(policy.config.vocab_size)


def test_unknown_sizes_are_refused(tmp_path) -> None:
    with pytest.raises(UserError, match=r"unknown size of the world's policy 'smal'\. Did you mean 'small'"):
        world_policy(cache_dir=tmp_path, size="smal")
    with pytest.raises(UserError, match="seed must be at least 0"):
        world_policy(cache_dir=tmp_path, seed=-1)


def _never(done: int, steps: int) -> None:
    raise AssertionError("trained again")
