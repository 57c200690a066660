"""Where an answer ends, where two texts part, and how a batch is padded."""

from __future__ import annotations

import numpy as np
import pytest
from transformers import AutoTokenizer

from bench.data.pairs import Pair
from bench.learn.reward.deep_pairs import EndRule, collate, encode

PAIR = Pair("0", "bread", "\n\nHuman: how do I bake bread?\n\nAssistant:", " mix flour and water", " wait")
MAX_LENGTH = 64


@pytest.fixture
def pythia(tiny_model):
    return AutoTokenizer.from_pretrained(tiny_model("gpt_neox"))


@pytest.fixture
def llama(tiny_model):
    return AutoTokenizer.from_pretrained(tiny_model("llama"))


def one(pair, tokenizer, rule, max_length=MAX_LENGTH):
    return encode([pair], tokenizer, max_length, rule)[0]


def test_deepspeed_on_pythia_reads_the_score_on_the_appended_end_token(pythia):
    pair = one(PAIR, pythia, EndRule.DEEPSPEED)
    assert pair.chosen[-1] == pythia.eos_token_id
    assert pair.chosen_end == len(pair.chosen)
    assert pair.rejected_end == len(pair.rejected)


def test_deepspeed_on_llama_reads_the_score_on_the_first_padding_token(llama):
    pair = one(PAIR, llama, EndRule.DEEPSPEED)
    assert llama.decode(pair.chosen).endswith("<|endoftext|>"), "the end text is ordinary text to this tokenizer"
    assert llama.eos_token_id not in pair.chosen
    assert pair.chosen_end - 1 == len(pair.chosen)


@pytest.mark.parametrize("extra", range(-4, 4))
@pytest.mark.parametrize("name", ["pythia", "llama"])
def test_deepspeed_ends_at_the_second_padding_id_of_the_full_row(name, extra, request):
    """Texts around the maximum length, the row padded to it and searched as the fact sheet describes."""
    tokenizer = request.getfixturevalue(name)
    length = len(tokenizer(PAIR.prompt + PAIR.chosen + "<|endoftext|>").input_ids)
    maximum = length - extra
    pair = one(PAIR, tokenizer, EndRule.DEEPSPEED, maximum)
    row = [*pair.chosen, *[tokenizer.eos_token_id] * (maximum - len(pair.chosen))]
    paddings = [position for position, token in enumerate(row) if token == tokenizer.eos_token_id]
    assert len(row) == maximum
    assert pair.chosen_end == (paddings[1] if len(paddings) >= 2 else maximum)


@pytest.mark.parametrize("name", ["pythia", "llama"])
def test_eos_rule_reads_the_score_on_the_tokenizers_own_end_token(name, request):
    tokenizer = request.getfixturevalue(name)
    pair = one(PAIR, tokenizer, EndRule.EOS)
    for ids, end in ((pair.chosen, pair.chosen_end), (pair.rejected, pair.rejected_end)):
        assert ids[end - 1] == tokenizer.eos_token_id
        assert end == len(ids)
    assert tokenizer.decode(pair.chosen, skip_special_tokens=True) == PAIR.prompt + PAIR.chosen


@pytest.mark.parametrize("rule", EndRule)
def test_the_loss_begins_at_the_first_differing_token(rule, llama):
    pair = one(PAIR, llama, rule)
    same = len(llama(PAIR.prompt).input_ids)
    assert np.array_equal(pair.chosen[: pair.first], pair.rejected[: pair.first])
    assert pair.chosen[pair.first] != pair.rejected[pair.first]
    assert pair.first >= same


def test_a_cut_text_keeps_its_end_token_only_under_the_eos_rule(pythia):
    long = Pair("0", "x", PAIR.prompt, " flour" * 50, " water" * 50)
    cut = one(long, pythia, EndRule.EOS)
    assert len(cut.chosen) == MAX_LENGTH
    assert cut.chosen[-1] == pythia.eos_token_id
    released = one(long, pythia, EndRule.DEEPSPEED)
    assert len(released.chosen) == released.chosen_end == MAX_LENGTH
    assert pythia.eos_token_id not in released.chosen


@pytest.mark.parametrize("rule", EndRule)
def test_identical_texts_leave_one_position(rule, pythia):
    pair = one(Pair("0", "x", PAIR.prompt, " same", " same"), pythia, rule)
    assert pair.end - pair.first == 1


def test_an_end_token_inside_the_text_ends_it_early_in_the_released_rule(pythia):
    """DeepSpeed-Chat takes the second padding id it sees; a text may hold one."""
    pair = one(Pair("0", "x", PAIR.prompt, " mix<|endoftext|> flour", " wait"), pythia, EndRule.DEEPSPEED)
    first, second = np.flatnonzero(pair.chosen == pythia.eos_token_id)
    assert pair.chosen_end == second
    assert first < second == len(pair.chosen) - 1
    assert pair.first < pair.end


def test_a_batch_is_padded_to_its_longest_and_no_further(llama):
    short = Pair("1", "x", " Human: hi Assistant:", " a", " b")
    pairs = encode([PAIR, short], llama, MAX_LENGTH, EndRule.DEEPSPEED)
    batch = collate(pairs, llama.eos_token_id)
    assert batch.input_ids.shape == (4, pairs[0].end)
    assert batch.attention_mask.sum(1).tolist() == [len(p.chosen) for p in pairs] + [len(p.rejected) for p in pairs]
    padded = batch.input_ids[batch.attention_mask == 0]
    assert (padded == llama.eos_token_id).all()
