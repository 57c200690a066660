"""PAL on texts: margins token by token against plain forward passes; the language model runs once, or learns too."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tiny_texts import HIDDEN, PADDING, backbone, groups

from bench.errors import UserError
from bench.learn.policy.completions import Completions
from bench.learn.reward.pal import PALA, PALB, Adaptation, Rates, Training
from bench.learn.reward.pal.reading import AS_RELEASED, Asked, Reading, Weighting, Window, read
from bench.learn.reward.pal.text import TextPAL
from bench.learn.reward.pal.tokens import TextComparisons

LENGTH = 24
RELEASED = Reading(Asked.SAME_PLACE, Window.PADDED, Weighting.CUMULATIVE, taken_for_padding=1, max_length=LENGTH)
RIGHT_PAD = Reading(Asked.SAME_PLACE, Window.PADDED, Weighting.MEAN, max_length=LENGTH)
MEANT = Reading(max_length=LENGTH)
LAST = Reading(weighting=Weighting.LAST, max_length=LENGTH)
END = Reading(Asked.SAME_PLACE, Window.FIXED_END, max_length=LENGTH)
QUICK = Training(
    epochs=16, batch_size=8, rates=Rates(projector_f=5e-3, projectors_g=5e-3, annotators=0.1, temperature=0.0)
)

ONCE = Training(batch_size=8, rates=QUICK.rates)


def labels(found, annotators):
    """Even annotators prefer lower tokens, odd ones upper."""
    lower = np.array([group.responses[0][0] < 22 for group in found])
    return np.where(lower == (np.array(annotators) % 2 == 0), 1.0, -1.0)


def data(count=40, seed=0):
    found, who = groups(count, seed), [index // 2 % 4 for index in range(count)]
    return found, labels(found, who), who


def fit(method, reading, count=16, **more):
    found, said, who = data(count)
    return TextPAL(method, backbone(), PADDING, reading, **more).fit(found, said, annotators=who)


@torch.no_grad()
def states(model, row):
    """One text alone, padded to the fixed length and masked."""
    row = row[:LENGTH]
    padded = torch.tensor([[*row.tolist(), *[PADDING] * (LENGTH - len(row))]])
    mask = (torch.arange(LENGTH) < len(row)).long()[None]
    return model(input_ids=padded, attention_mask=mask).last_hidden_state[0]


@torch.no_grad()
def plain_margins(model, group, who):
    """Of one comparison, from whole padded texts, as the released code goes about it."""
    network, weights = model.fitted_.network, torch.from_numpy(model.fitted_.weights()[who]).float()
    apart = model.method.reads_prompts
    first, second = (ids if apart else np.concatenate([group.prompt, ids]) for ids in group.responses)
    at = read(first[:LENGTH], second[:LENGTH], len(group.prompt), model.reading, PADDING)
    of_first, of_second = (network.items(states(model.backbone, row)) for row in (first, second))
    if apart:
        mapped = network.mapped(states(model.backbone, group.prompt))[at.prompt]
        ideal = torch.einsum("k,tkd->td", weights, mapped)
    else:
        ideal = network.items(weights @ network.prototypes)
    margins = network.rewards(of_first[at.first], ideal) - network.rewards(of_second[at.second], ideal)
    return margins.numpy(), at.weights


@pytest.mark.parametrize("reading", [RELEASED, RIGHT_PAD, MEANT, LAST, END])
@pytest.mark.parametrize("method", [PALA, PALB])
def test_margins_are_those_of_plain_forward_passes_on_padded_texts(method, reading):
    model = fit(method(training=ONCE), reading)
    found, _, who = data(6, seed=1)
    margins = model.token_margins(found, annotators=who)
    decisions = model.decision_function(found, annotators=who)
    for group, annotator, of_tokens, decision in zip(found, who, margins, decisions, strict=True):
        wanted, weights = plain_margins(model, group, annotator)
        assert of_tokens == pytest.approx(wanted, abs=1e-4)
        assert decision == pytest.approx(float(wanted @ weights), abs=1e-4)


def test_tokens_can_be_read_otherwise_than_in_training():
    model = fit(PALB(training=ONCE), RELEASED)
    found, _, who = data(5, seed=1)
    margins = model.token_margins(found, annotators=who, reading=END)
    assert [len(of_tokens) for of_tokens in margins] == [1] * 5
    assert model.reading is RELEASED


@pytest.mark.parametrize("method", [PALA(training=QUICK), PALB(training=QUICK)], ids=["A", "B"])
def test_two_tastes_are_learnt(method):
    model = fit(method, MEANT, count=80)
    found, said, who = data(40, seed=1)
    assert np.mean(model.decision_function(found, annotators=who) * said > 0) > 0.9


def test_one_token_a_comparison_is_a_comparison_of_vectors():
    """With last tokens alone, the source gives what an estimator of vectors would read."""
    found, said, who = data(12)
    lm = backbone()
    text = TextPAL(PALB(training=ONCE), lm, PADDING, LAST).fit(found, said, annotators=who)
    ends = [[states(lm, row)[len(row) - 1].numpy() for row in (*group.responses, group.prompt)] for group in found]
    X, prompts = np.array(ends)[:, :2], np.array(ends)[:, 2]
    vectors = PALB(training=ONCE).fit(X, said, annotators=who, prompts=prompts)
    wanted = vectors.decision_function(X, annotators=who, prompts=prompts)
    assert text.decision_function(found, annotators=who) == pytest.approx(wanted, abs=1e-3)


def test_an_epoch_does_not_run_the_language_model(tmp_path):
    found, said, who = data(16)
    lm = backbone()
    once = TextPAL(PALB(training=ONCE), lm, PADDING, MEANT, cache_dir=tmp_path).fit(found, said, annotators=who)

    def run(*_, **__):
        raise AssertionError("the language model ran")

    lm.forward = run
    again = TextPAL(PALB(training=ONCE), lm, PADDING, MEANT, cache_dir=tmp_path).fit(found, said, annotators=who)
    assert torch.equal(again.fitted_.logits, once.fitted_.logits)


def test_without_a_cache_all_epochs_of_a_fit_together_run_the_language_model_once_a_text():
    found, said, who = data(16)
    lm, rows = backbone(), []
    lm.register_forward_pre_hook(lambda _, __, given: rows.append(len(given["input_ids"])), with_kwargs=True)
    TextPAL(PALB(training=ONCE), lm, PADDING, MEANT).fit(found, said, annotators=who)
    assert sum(rows) == len({row.tobytes() for group in found for row in (group.prompt, *group.responses)})


def test_frozen_states_are_kept_by_content(tmp_path):
    found, said, who = data(8)
    for _ in range(2):
        TextPAL(PALB(), backbone(), PADDING, MEANT, cache_dir=tmp_path).fit(found, said, annotators=who)
    (kept,) = (tmp_path / "pal").glob("*.safetensors")
    TextPAL(PALB(), backbone(seed=1), PADDING, MEANT, cache_dir=tmp_path).fit(found, said, annotators=who)
    assert len(list((tmp_path / "pal").glob("*.safetensors"))) == 2
    whole = kept.read_bytes()
    kept.write_bytes(whole[: len(whole) // 2])
    TextPAL(PALB(), backbone(), PADDING, MEANT, cache_dir=tmp_path).fit(found, said, annotators=who)
    assert kept.read_bytes() == whole


def test_frozen_the_language_model_stays_as_it_was():
    lm = backbone()
    before = {name: values.clone() for name, values in lm.state_dict().items()}
    TextPAL(PALB(training=ONCE), lm, PADDING, MEANT).fit(*data(8)[:2], annotators=data(8)[2])
    assert all(torch.equal(values, before[name]) for name, values in lm.state_dict().items())


def test_a_step_of_pal_large_is_a_step_of_adam_through_the_language_model():
    found, said, who = data(4)
    rates = Rates(backbone=1e-3, projector_f=1e-3, projectors_g=1e-3, annotators=0.0, temperature=0.0)
    training = Training(batch_size=4, rates=rates, weight_decay=0.0)
    lm, plain = backbone(), backbone()
    large = TextPAL(PALB(training=training), lm, PADDING, LAST, train_backbone=True).fit(found, said, annotators=who)

    network = PALB().network(HIDDEN, HIDDEN)
    weights = large.fitted_.weights()
    losses = []
    for group, label, annotator in zip(found, said, who, strict=True):
        first, second, prompt = (
            plain(input_ids=torch.from_numpy(row.astype(np.int64))[None]).last_hidden_state[0, -1]
            for row in (*group.responses, group.prompt)
        )
        ideal = torch.from_numpy(weights[annotator]).float() @ network.mapped(prompt[None])[0]
        margin = network.rewards(network.items(first), ideal) - network.rewards(network.items(second), ideal)
        losses.append(torch.nn.functional.softplus(-label * margin))
    torch.stack(losses).mean().backward()
    torch.optim.Adam(plain.parameters(), lr=1e-3).step()
    for name, values in lm.named_parameters():
        torch.testing.assert_close(values, plain.get_parameter(name), atol=2e-5, rtol=1e-3)
    assert large.learned_parameters_["backbone"] == sum(values.numel() for values in lm.parameters())


def test_pal_large_learns_what_frozen_features_do(tmp_path):
    training = Training(epochs=8, batch_size=8, rates=QUICK.rates)
    model = fit(PALB(training=training), MEANT, count=80, train_backbone=True, cache_dir=tmp_path)
    found, said, who = data(40, seed=1)
    assert np.mean(model.decision_function(found, annotators=who) * said > 0) > 0.85


def test_adaptation_serves_new_annotators_and_runs_in_one_call():
    model = fit(PALB(training=QUICK, adaptation=Adaptation(learning_rate=0.1)), MEANT, count=80)
    found, said, who = data(40, seed=2)
    strangers = [f"new {annotator}" for annotator in who]
    adapted = model.adapt(found, said, annotators=strangers)
    assert np.mean(adapted.decision_function(found, annotators=strangers) * said > 0) > 0.9
    assert np.mean(model.decision_function(found, annotators=strangers) * said > 0) < 0.7


@pytest.mark.parametrize("method", [PALA(training=ONCE), PALB(training=ONCE)], ids=["A", "B"])
def test_read_at_last_tokens_decisions_are_differences_of_the_scalar_reward(method):
    model = fit(method, LAST)
    found = data(6, seed=1)[0]
    rewards = model.scalar_reward(1).scores(found)
    wanted = [one - other for one, other in rewards]
    assert model.decision_function(found, annotators=[1] * 6) == pytest.approx(wanted, abs=1e-4)


def test_the_scalar_reward_takes_any_number_of_responses():
    model = fit(PALB(training=ONCE), LAST)
    pair = data(1)[0][0]
    more = Completions(pair.prompt, (*pair.responses, pair.responses[0]))
    scores = model.scalar_reward({0: 0.5, 1: 0.5}).scores([more, pair])
    assert [len(row) for row in scores] == [3, 2]
    assert scores[0] == pytest.approx([*scores[1], scores[1][0]], abs=1e-4)


def test_validation_chooses_the_epoch_of_the_language_model_too():
    found, said, who = data(12)
    training = Training(epochs=3, batch_size=4, rates=QUICK.rates)
    flipped = TextComparisons(found, -said, who)
    lm, one = backbone(), backbone()
    TextPAL(PALB(training=training), lm, PADDING, LAST, train_backbone=True).fit(
        found, said, annotators=who, validation=flipped
    )
    first = Training(epochs=1, batch_size=4, rates=QUICK.rates)
    TextPAL(PALB(training=first), one, PADDING, LAST, train_backbone=True).fit(found, said, annotators=who)
    for name, values in lm.named_parameters():
        assert torch.equal(values, one.get_parameter(name))


def test_a_comparison_without_a_token_is_a_tie():
    """The id 1 twice before the responses differ: the released window is empty."""
    same = np.array([1, 1, 5], dtype=np.int32)
    empty = Completions(same, (np.append(same, np.int32(8)), np.append(same, np.int32(9))))
    model = TextPAL(PALB(), backbone(), PADDING, RELEASED)
    found, said, who = data(4)
    model.fit([empty, *found], [1.0, *said], annotators=[0, *who])
    assert model.decision_function([empty, *found], annotators=[0, *who])[0] == 0
    assert [len(row) > 0 for row in model.token_margins([*found, empty], annotators=[*who, 0])] == [True] * 4 + [False]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"groups": []}, "no comparisons"),
        ({"groups": [Completions(np.array([1]), (np.array([2]),))] * 2}, "1 responses"),
        ({"labels": [0.0, 1.0]}, "-1 or"),
        ({"annotators": ["a"]}, "1 for 2"),
    ],
)
def test_input_that_does_not_go_together_is_an_error(change, says):
    given = {"groups": groups(2), "labels": [1.0, -1.0], "annotators": ["a", "b"]} | change
    with pytest.raises(UserError, match=says):
        TextPAL(PALB(), backbone(), PADDING, AS_RELEASED).fit(
            given["groups"], given["labels"], annotators=given["annotators"]
        )
