"""UltraFeedback and Arena-Hard as a domain's texts: what is asked, who answered, and what a study needs."""

from __future__ import annotations

import made_ultrafeedback as made
import pytest
from chat_server import serving
from made_texts import chat_model

from bench.data import arena_hard
from bench.domains import corpora, text_needs
from bench.domains import domain as domains
from bench.domains.arena_hard import ArenaHard
from bench.domains.corpora import Asked, Turn
from bench.domains.settings import AlpacaEvalJudge, TextSettings
from bench.errors import UserError
from bench.spec import Context, Unavailable


@pytest.fixture(scope="module")
def monkeymodule():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def texts(tmp_path_factory, monkeymodule):
    """A data directory."""
    monkeymodule.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path_factory.mktemp("hub"))
    monkeymodule.setenv("A_KEY", "made-up")
    return made.write_data(tmp_path_factory.mktemp("data"), monkeymodule)


def judge(url="https://host/v1"):
    return AlpacaEvalJudge(kind="alpaca_eval", base_url=url, model="gpt", key_variable="A_KEY")


@pytest.fixture(scope="module")
def settings(tiny_model, tmp_path_factory):
    folder = chat_model(tiny_model("llama"), tmp_path_factory.mktemp("chat"))
    return {
        "name": "text",
        "corpus": "ultrafeedback",
        "policy": {"name": "tiny", "origin": "path", "id": str(folder), "parameters": 1e5},
        "judge": judge().model_dump(),
        "test": made.ASKED,
        "limits": {"prompt": 60, "response": 60},
        "backend": "transformers",
        "engine": {"dtype": "float32", "max_tokens": 512},
        "gpu": False,
    }


@pytest.fixture
def place(texts, tmp_path):
    return Context(texts, tmp_path / "cache", tmp_path / "scratch")


@pytest.fixture
def here(settings, place):
    return domains.domain(settings, 0, place, study="a study")


def test_four_answers_are_found_by_the_prompts_text_of_a_double_the_first(texts):
    found = corpora.four_answers(texts)
    assert len(found) == made.ROWS - made.WITHOUT_ANSWERS - 1
    assert found[made.prompt(7)] == tuple(made.answer(7, at) for at in range(4))
    assert found[made.prompt(made.TWICE[0])] == tuple(made.answer(made.TWICE[1], at) for at in range(4))


def test_any_answers_stand_behind_the_prompt_that_was_asked(here):
    prompts = here.prompts("train", 0, 3)
    groups = here.answered(prompts, [["flour", "and water,"], ["wait"], ["until brown."]])
    for prompt, group in zip(prompts, groups, strict=True):
        assert group.prompt.tolist() == prompt.ids.tolist()
        assert all(response[-1] == here.end for response in group.responses)
    assert [here.text(response) for response in groups[0].responses] == ["flour", "and water,"]
    with pytest.raises(UserError, match="its response is empty"):
        here.answered(prompts[:1], [[" "]])


def test_a_prompt_of_another_origin_is_known_from_then_on(here):
    (prompt,) = here.encoded([Asked("x", (Turn("user", "which is hard?"),))])
    assert here.turns(prompt.ids) == [{"role": "user", "content": "which is hard?"}]
    assert here.tokenizer.decode(prompt.ids).endswith("[user] which is hard?\n[assistant] ")


def test_arena_hard_asks_its_prompts_and_judges_in_both_orders(place):
    with serving(lambda body: "[[A>>B]]") as endpoint:
        arena = ArenaHard(judge(endpoint.url), place, "tiny", "a study")
        assert [asked.turns[0].content for asked in arena.prompts()] == [
            f"which is hard, {at}?" for at in range(made.HARD)
        ]
        found = arena.quality(["flour"] * made.HARD)
        assert len(endpoint.bodies) == 2 * made.HARD
        assert found["arena_hard_win_rate"] == pytest.approx(0.5, abs=1e-4)  # whoever is first is much better
        arena.quality(["flour"] * made.HARD)
        assert len(endpoint.bodies) == 2 * made.HARD
    assert len(list((place.cache_dir / "a study").glob("graded-*.jsonl"))) == 1


def test_arena_hard_without_its_files_says_so(tmp_path):
    with pytest.raises(UserError, match="--data-dir"):
        ArenaHard(judge(), Context(None, tmp_path, tmp_path), "tiny", "a study").prompts()
    with pytest.raises(Unavailable, match="hf download lmarena-ai"):
        ArenaHard(judge(), Context(tmp_path, tmp_path, tmp_path), "tiny", "a study").prompts()


def test_what_a_study_needs_besides_is_found_or_said_with_the_rest(settings, texts, tmp_path):
    known = TextSettings.model_validate(settings)
    further = {"four": lambda: text_needs.four_answers(texts), "hard": lambda: arena_hard.require(texts)}
    found = text_needs.fingerprints(known, texts, further=further)
    assert set(found) == {"weights", "alpaca_eval", "ultrafeedback", "baseline", "four", "hard"}
    assert found["hard"] == arena_hard.SHA256
    missing = {"four": lambda: text_needs.four_answers(tmp_path), "hard": lambda: arena_hard.require(tmp_path)}
    with pytest.raises(Unavailable, match=r"prompts\.jsonl\.gz; .* openbmb/UltraFeedback in .*; needs data/arena"):
        text_needs.fingerprints(known, tmp_path, further=missing)
