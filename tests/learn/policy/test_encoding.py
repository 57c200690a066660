"""From text to tokens: one begin token, one end token, and what is too long is cut where it says."""

import pytest
from transformers import AutoTokenizer

from bench.data.pairs import Pair
from bench.errors import UserError
from bench.learn.policy.encoding import Limits, encode, encode_demonstrations, encode_pairs

TEMPLATE = "{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}assistant:"
PAIR = Pair("7", "g", "Human: how do I bake bread? Assistant:", " mix flour and water", " wait")


@pytest.fixture(scope="module")
def llama(tiny_model):
    return AutoTokenizer.from_pretrained(tiny_model("llama"))


@pytest.fixture(scope="module")
def pythia(tiny_model):
    return AutoTokenizer.from_pretrained(tiny_model("gpt_neox"))


def test_a_pair_is_its_texts_with_one_begin_and_one_end_token(llama):
    (group,) = encode_pairs([PAIR], llama)
    assert llama.decode(group.prompt) == "<|begin_of_text|>Human: how do I bake bread? Assistant:"
    assert [llama.decode(ids) for ids in group.responses] == [
        " mix flour and water<|end_of_text|>",
        " wait<|end_of_text|>",
    ]


def test_a_tokenizer_that_sets_no_begin_token_gets_none(pythia):
    (group,) = encode_pairs([PAIR], pythia)
    assert pythia.decode(group.prompt) == PAIR.prompt


def test_an_end_token_that_the_text_spells_out_is_not_doubled(llama):
    written = f" wait{llama.eos_token}{llama.eos_token}"
    (group,) = encode_demonstrations([("Human:", written)], llama)
    assert (group.responses[0] == llama.eos_token_id).sum() == 1
    assert group.responses[0][-1] == llama.eos_token_id


def test_a_long_prompt_loses_its_beginning_but_not_the_begin_token(llama):
    (whole,) = encode_pairs([PAIR], llama)
    (cut,) = encode_pairs([PAIR], llama, Limits(prompt=5))
    assert cut.prompt.tolist() == [llama.bos_token_id, *whole.prompt[-4:]]


def test_a_long_prompt_without_begin_token_loses_its_beginning(pythia):
    (whole,) = encode_pairs([PAIR], pythia)
    (cut,) = encode_pairs([PAIR], pythia, Limits(prompt=5))
    assert cut.prompt.tolist() == whole.prompt[-5:].tolist()


def test_a_response_that_fits_with_its_end_token_is_whole_and_one_token_less_cuts_it(llama):
    (whole,) = encode_pairs([PAIR], llama)
    length = len(whole.responses[0])
    (fits,) = encode_pairs([PAIR], llama, Limits(response=length))
    (cut,) = encode_pairs([PAIR], llama, Limits(response=length - 1))
    assert fits.responses[0].tolist() == whole.responses[0].tolist()
    assert cut.responses[0].tolist() == whole.responses[0][:-1].tolist()
    assert llama.eos_token_id not in cut.responses[0]


def test_every_response_keeps_a_token(llama):
    (group,) = encode_pairs([PAIR], llama, Limits(prompt=2, response=1))
    assert [len(group.prompt), *map(len, group.responses)] == [2, 1, 1]
    assert llama.eos_token_id not in group.responses[0]


def test_a_chat_template_makes_the_prompt_the_users_turn(llama, monkeypatch):
    monkeypatch.setattr(llama, "chat_template", TEMPLATE)
    (group,) = encode_pairs([PAIR], llama, chat=True)
    assert llama.decode(group.prompt) == f"<|begin_of_text|>user: {PAIR.prompt}\nassistant:"
    (cut,) = encode_pairs([PAIR], llama, Limits(prompt=4), chat=True)
    assert cut.prompt[0] == llama.bos_token_id


def test_a_tokenizer_without_chat_template_is_an_error_where_one_is_asked_for(llama):
    assert llama.chat_template is None
    with pytest.raises(UserError, match="no chat template"):
        encode_pairs([PAIR], llama, chat=True)


def test_a_tokenizer_without_padding_token_just_works(llama):
    assert llama.pad_token is None
    assert len(encode_pairs([PAIR, Pair("8", "g", "bread", " a", " bake bread")], llama)) == 2


def test_a_tokenizer_without_end_token_is_an_error(tiny_model):
    endless = AutoTokenizer.from_pretrained(tiny_model("llama"))
    endless.eos_token = None
    with pytest.raises(UserError, match="no end-of-sequence token"):
        encode_pairs([PAIR], endless)


@pytest.mark.parametrize(("prompt", "chosen", "what"), [(" ", " a", "prompt"), ("a", "", "response")])
def test_an_empty_text_is_an_error_that_names_the_pair(llama, prompt, chosen, what):
    with pytest.raises(UserError, match=f"pair 9: its {what} is empty"):
        encode_pairs([PAIR, Pair("9", "g", prompt, chosen, " b")], llama)


def test_a_response_of_the_end_token_alone_is_empty(llama):
    with pytest.raises(UserError, match="demonstration 0: its response is empty"):
        encode_demonstrations([("Human:", llama.eos_token)], llama)


def test_limits_that_leave_no_room_are_an_error():
    with pytest.raises(UserError, match=r"limits\.prompt: must be at least 2, got 1"):
        Limits(prompt=1)
    with pytest.raises(UserError, match=r"limits\.response: must be at least 1, got 0"):
        Limits(response=0)


def test_no_texts_are_no_groups(llama):
    assert encode_pairs([], llama) == []


def test_with_a_chat_template_a_prompt_may_be_a_conversation(llama, monkeypatch):
    monkeypatch.setattr(llama, "chat_template", TEMPLATE)
    turns = [
        {"role": "user", "content": "how?"},
        {"role": "assistant", "content": "so."},
        {"role": "user", "content": "why?"},
    ]
    (whole,) = encode(["one"], [turns], [()], llama, chat=True)
    shown = llama.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
    assert llama.decode(whole.prompt) == shown
    assert whole.responses == ()
    with pytest.raises(UserError, match="turns need a chat template"):
        encode(["one"], [turns], [()], llama)
