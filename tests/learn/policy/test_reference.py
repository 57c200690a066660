"""Reference log-probabilities are computed once for a model and data, and kept by content."""

import numpy as np
import pytest
import torch
from architectures import VOCABULARY, decoder, groups, plain_log_probs
from safetensors.numpy import load, save

from bench.errors import UserError
from bench.learn.policy import reference
from bench.learn.policy.completions import Completions, turned
from bench.learn.policy.reference import reference_log_probs


@pytest.fixture
def computed(monkeypatch):
    """How many groups were computed, call by call."""
    calls = []
    original = reference.response_log_probs

    def counting(model, data, **options):
        calls.append(len(data))
        return original(model, data, **options)

    monkeypatch.setattr(reference, "response_log_probs", counting)
    return calls


def test_are_the_models_own_log_probabilities(tmp_path):
    found = reference_log_probs(decoder("Llama"), groups(), cache_dir=tmp_path)
    expected = plain_log_probs(decoder("Llama"), groups()).detach().numpy()
    assert np.abs(np.concatenate(found.tokens) - expected).max() < 1e-5
    assert [len(sums) for sums in found.sums] == [len(group.responses) for group in groups()]
    for group, tokens, sums in zip(groups(), found.tokens, found.sums, strict=True):
        parts = np.split(tokens, np.cumsum([len(response) for response in group.responses])[:-1])
        assert sums == pytest.approx([part.sum(dtype=np.float64) for part in parts])


def test_the_second_time_they_are_read_and_the_same_bits(tmp_path, computed):
    first = reference_log_probs(decoder("Llama"), groups(), cache_dir=tmp_path)
    second = reference_log_probs(decoder("Llama"), groups(), cache_dir=tmp_path)
    assert computed == [len(groups())]
    assert all(np.array_equal(a, b) for a, b in zip(first.tokens, second.tokens, strict=True))
    assert first.fingerprint == second.fingerprint


@pytest.mark.parametrize("change", ["weight", "config", "dtype", "token", "order"])
def test_another_model_or_other_data_is_computed_anew(tmp_path, computed, change):
    before = reference_log_probs(decoder("Llama"), groups(), cache_dir=tmp_path)
    model, data = decoder("Llama"), groups()
    if change == "weight":
        with torch.no_grad():
            model.model.layers[1].mlp.up_proj.weight[3, 4] += 1e-3
    elif change == "config":
        model = decoder("Llama", rope_parameters={"rope_type": "default", "rope_theta": 5000.0})
    elif change == "dtype":
        model = model.to(torch.bfloat16)
    elif change == "token":
        data[2] = Completions(data[2].prompt, (data[2].responses[0], data[2].responses[0]))
    else:
        data = data[::-1]
    after = reference_log_probs(model, data, cache_dir=tmp_path)
    assert len(computed) == 2
    assert before.fingerprint != after.fingerprint


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty"])
def test_a_damaged_file_is_made_again(tmp_path, computed, damage):
    first = reference_log_probs(decoder("Llama"), groups(), cache_dir=tmp_path)
    (path,) = (tmp_path / "reference").iterdir()
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes({"cut": bytes(content[:-3]), "flipped": bytes(content), "empty": b""}[damage])
    second = reference_log_probs(decoder("Llama"), groups(), cache_dir=tmp_path)
    assert len(computed) == 2
    assert all(np.array_equal(a, b) for a, b in zip(first.tokens, second.tokens, strict=True))
    reference_log_probs(decoder("Llama"), groups(), cache_dir=tmp_path)
    assert len(computed) == 2


def test_without_a_cache_nothing_is_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    reference_log_probs(decoder("Llama"), groups(), cache_dir=None)
    assert list(tmp_path.iterdir()) == []


def test_a_cache_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "reference").write_text("a file where the folder should be")
    with pytest.raises(UserError, match="cannot write the reference cache"):
        reference_log_probs(decoder("Llama"), groups(), cache_dir=tmp_path)


def test_they_know_their_data(tmp_path):
    found = reference_log_probs(decoder("Llama"), groups(), cache_dir=tmp_path)
    found.check(decoder("Llama"), groups())
    with pytest.raises(UserError, match="of 7 groups for 6 groups"):
        found.check(decoder("Llama"), groups()[1:])
    with pytest.raises(UserError, match="another order"):
        found.check(decoder("Llama"), groups()[::-1])


def test_turned_round_they_are_those_of_the_turned_groups():
    model, pairs = decoder("Llama"), [group for group in groups() if len(group.responses) == 2]
    turn = np.arange(len(pairs)) % 2 == 0
    other = [turned(group) if one else group for group, one in zip(pairs, turn, strict=True)]
    known = reference_log_probs(model, pairs, cache_dir=None).turned(pairs, turn)
    anew = reference_log_probs(model, other, cache_dir=None)
    known.check(model, other)
    for one, two in zip((*known.tokens, *known.sums), (*anew.tokens, *anew.sums), strict=True):
        np.testing.assert_allclose(one, two, atol=1e-5)


def test_a_file_without_a_vocabulary_is_made_again(tmp_path, computed):
    first = reference_log_probs(decoder("Llama"), groups(), cache_dir=tmp_path)
    assert first.vocabulary == VOCABULARY
    (path,) = (tmp_path / "reference").iterdir()
    path.write_bytes(save({name: values for name, values in load(path.read_bytes()).items() if name != "vocabulary"}))
    assert reference_log_probs(decoder("Llama"), groups(), cache_dir=tmp_path).vocabulary == VOCABULARY
    assert len(computed) == 2


def test_they_know_their_vocabulary():
    found = reference_log_probs(decoder("Llama", vocab_size=110), groups(), cache_dir=None)
    with pytest.raises(UserError, match=r"policy .* has a vocabulary of 101 and the reference one of 110"):
        found.check(decoder("Llama"), groups())


def test_weights_that_are_not_numbers_are_an_error(tmp_path):
    model = decoder("Llama")
    with torch.no_grad():
        model.lm_head.weight[2, 3] = torch.nan
    with pytest.raises(UserError, match=r"1 of 3,232 weights of lm_head.weight are NaN"):
        reference_log_probs(model, groups(), cache_dir=tmp_path)
