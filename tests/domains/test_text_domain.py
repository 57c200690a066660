"""The text domain, with a random model of two layers and made-up data in the exact schemas."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_texts import chat_model, domain, write_data

from bench.data.pairs import Pair
from bench.domains import domain as domains
from bench.domains import text as text_domain
from bench.domains.corpora import Asked, Turn
from bench.errors import UserError
from bench.spec import Context


@pytest.fixture(scope="module")
def monkeymodule():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def texts(tmp_path_factory, monkeymodule):
    """A data directory."""
    return write_data(tmp_path_factory.mktemp("data"), monkeymodule)


@pytest.fixture(scope="module")
def settings(tiny_model, tmp_path_factory):
    """With the folder of the SFT policy."""
    return domain(chat_model(tiny_model("llama"), tmp_path_factory.mktemp("chat")))


@pytest.fixture(scope="module")
def place(texts, tmp_path_factory):
    """A task's surroundings, one cache for all."""
    return Context(texts, tmp_path_factory.mktemp("cache"), tmp_path_factory.mktemp("scratch"))


@pytest.fixture
def study(settings, place):
    """`study(name)`: the domain of seed 0 for that study."""

    def of(name="a study", context=place):
        return domains.domain(settings, 0, context, study=name)

    return of


def test_length_is_counted_in_characters(study):
    here, texts = study(), ["yes", "and then ?"]
    said = [np.array(here.tokenizer.encode(text, add_special_tokens=False), dtype=np.int32) for text in texts]
    found = here.quality(here.prompts("test", 0, 2), said)
    assert found["mean_characters"] == np.mean([len(here.text(ids)) for ids in said])
    assert here.quality(here.prompts("test", 0, 2), [said[0], said[0]])["mean_characters"] == len("yes")


def test_prompts_are_conversations_in_the_chat_template(study):
    prompt = study().prompts("train", 0, 1)[0]
    assert study().tokenizer.decode(prompt.ids).endswith("[user] and then?\n[assistant] ")
    assert len(prompt.ids) == 40  # longer ones lose their beginning


def test_the_conversation_behind_a_prompt_is_whole_though_its_token_ids_are_cut(study):
    here = study()
    prompt = here.prompts("train", 0, 1)[0]
    assert [turn["role"] for turn in here.turns(prompt.ids)] == ["user", "assistant", "user"]
    assert here.turns(prompt.ids)[0]["content"].startswith("do I bake bread")
    assert not here.tokenizer.decode(prompt.ids).startswith("[user]")
    with pytest.raises(UserError, match=r"no prompt of this domain has the token ids that begin \[1, 2\]"):
        here.turns(np.array([1, 2], dtype=np.int32))


def test_prompts_beyond_the_last_say_how_many_there_are(study):
    with pytest.raises(UserError, match="prompts 49 to 60 of train: there are 50"):
        study().prompts("train", 49, 60)


def test_people_judged_no_prompt_without_a_pair(study):
    prompts = study().prompts("train", 20, 22)
    with pytest.raises(UserError, match=f"prompt {prompts[0].asked.id}: people judged no pair"):
        study().given(prompts)
    with pytest.raises(UserError, match="people judged no pair"):
        study().people(prompts, [])


def test_a_pair_with_an_empty_answer_is_left_out(study):
    first, second, third = study().prompts("train", 0, 3)
    broken = replace(second, asked=Asked("x", (Turn("user", "?"),), Pair("x", "g", "?", " ", "no")))
    rows, groups = study().given([first, broken, third])
    assert rows == [first, third]
    assert len(groups) == 2


def test_the_better_answer_is_on_either_side_and_people_know_which(study):
    here = study()
    prompts, groups = here.given(here.prompts("train", 0, 18))
    judged = here.people(prompts, groups)
    for prompt, group, first in zip(prompts, groups, judged.first, strict=True):
        assert here.text(group.responses[int(first)]) == prompt.asked.pair.rejected.strip()
    assert 3 <= judged.first.sum() <= 15
    assert judged.labels_spent == 18


def test_what_was_sampled_before_a_kill_is_not_sampled_again(study, place, tmp_path, monkeypatch):
    here = study(context=Context(place.data_dir, place.cache_dir, tmp_path))
    monkeypatch.setattr(text_domain, "PROMPTS_A_PART", 2)
    asked = {"prompts": here.prompts("train", 18, 24), "samples": 2, "seed": 3, "max_tokens": 8}
    whole = here.sample(here.sft, **asked)
    parts = sorted(tmp_path.rglob("*.json"))
    assert len(parts) == 3
    parts[1].unlink()
    parts[2].write_text("[[")  # cut
    calls = []
    real = text_domain.sample

    def counted(policy, part, **sampling):
        calls.append(len(part))
        return real(policy, part, **sampling)

    monkeypatch.setattr(text_domain, "sample", counted)
    again = here.sample(here.sft, **asked)
    assert calls == [2, 2]
    assert [[ids.tolist() for ids in each] for each in again] == [[ids.tolist() for ids in each] for each in whole]


def test_two_studies_share_no_order_no_side_and_no_judge(study, place):
    one, other = study("one"), study("other")
    first, second = ({prompt.asked.id: prompt for prompt in each.prompts("train", 0, 50)} for each in (one, other))
    assert list(first) != list(second)
    both = first.keys() & second.keys()
    assert any(first[name].chosen_first != second[name].chosen_first for name in both)
    for each in (one, other):
        assert each.judge.facts["judge_held_out_pairs"] == 8
        assert len(list((place.cache_dir / each.study).glob("judge-*.safetensors"))) == 1


def test_an_unknown_domain_names_the_two(place):
    with pytest.raises(UserError, match=r"unknown domain 'wrld'\. Did you mean 'world'"):
        domains.domain({"name": "wrld"}, 0, place, study="a study")
