"""A language model learns from the answers that are chosen, and is held against those that are not."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from bench.domains.settings import Backbone
from bench.errors import UserError
from bench.papers.pvar import answers_experiments, answers_training
from bench.papers.pvar.answers import MODELS, Answers
from bench.papers.pvar.answers_training import Reader
from bench.spec import Context, Profile, Request, Unavailable, Variant

PROMPTS, POOL = 60, 40
SETTINGS = {
    "engine": {"dtype": "float32", "max_tokens": 1024},
    "limits": {"prompt": 24, "response": 16},
    "training": {"learning_rate": 3e-3, "epochs": 2, "batch_size": 8, "warmup": 0.1, "checkpoint_every": 2},
    "beta": 0.1,
    "pool": POOL,
    "responses": 8,
    "scale": 1.0,
    "fraction": 0.5,
    "pairs": "best_worst",
}
TEMPLATE = "{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}[assistant] "


@pytest.fixture
def made():
    """A judge that likes `good` answers, more on some prompts than on others."""
    random = np.random.default_rng(0)
    worth = random.normal(size=(PROMPTS, MODELS))
    texts = tuple(tuple("flour and water" if one > 0 else "until brown" for one in row) for row in worth)
    stakes = np.repeat([0.2, 3.0], PROMPTS // 2)
    rows = tuple(range(PROMPTS))
    return Answers(rows, tuple(f"how do I bake {row}" for row in rows), texts, worth * stakes[:, None])


@pytest.fixture
def backbone(tiny_model, tmp_path):
    from transformers import AutoTokenizer

    folder = tmp_path / "with a chat template"  # the tiny model itself is shared by tests that want none
    shutil.copytree(tiny_model("llama"), folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(folder)
    return {"name": "tiny", "origin": "path", "id": str(folder), "parameters": 1e4}


def executed(made, backbone, monkeypatch, tmp_path, **settings):
    monkeypatch.setattr(answers_training, "answers", lambda _: made)
    config = SETTINGS | {"model": backbone} | settings
    request = Request(Variant.CORRECTED, Profile.SMALL, None, (0,), tmp_path, tmp_path)
    planned = request.task("pvar", "answers_training", 1, "random", 0, {}, config, {})
    return answers_training.execute(planned, Context(tmp_path, tmp_path, tmp_path / "scratch"))


@pytest.fixture(autouse=True)
def no_files(monkeypatch):
    monkeypatch.setattr(answers_experiments, "_fingerprints", lambda request: {})


def test_a_policy_learns_what_the_judge_prefers_on_prompts_it_has_not_seen(made, backbone, monkeypatch, tmp_path):
    metrics = executed(made, backbone, monkeypatch, tmp_path).metrics
    assert metrics["held_out_pairs"] == PROMPTS - POOL
    assert metrics["held_out_margin"] > 0
    assert metrics["held_out_accuracy"] > 0.6
    assert metrics["steps"] == 2 * -(-POOL // 2 // 8)


def test_the_same_task_is_the_same_to_the_bit(made, backbone, monkeypatch, tmp_path):
    first, again = (executed(made, backbone, monkeypatch, tmp_path / name).metrics for name in ("one", "other"))
    assert first | {"training_seconds": 0} == again | {"training_seconds": 0}


def test_an_empty_answer_is_not_read(made):
    texts = [list(row) for row in made.texts]
    for row in range(PROMPTS):
        texts[row][row % MODELS] = " "
    reader = Reader(replace(made, texts=tuple(map(tuple, texts))), SETTINGS | {"responses": MODELS - 1}, 0)
    assert all(row % MODELS not in read for row, read in enumerate(reader.read))


def test_held_out_prompts_are_in_no_pool_and_the_same_for_all_seeds(made):
    readers = [Reader(made, SETTINGS, seed) for seed in range(3)]
    for reader in readers:
        assert sorted([*reader.pool, *reader.held_out]) == list(range(PROMPTS))
        assert reader.held_out.tolist() == readers[0].held_out.tolist()


def test_top_and_bottom_are_the_ends_of_the_variance(made):
    reader = Reader(made, SETTINGS, 0)
    score = dict(zip(reader.pool.tolist(), reader.scores, strict=True))
    worth = {
        method: np.mean([score[row] for row in reader.chosen(method)]) for method in ("pvar", "random", "pvar_bottom")
    }
    assert worth["pvar"] > worth["random"] > worth["pvar_bottom"]


@pytest.mark.parametrize("pairs", ["best_worst", "random_labelled"])
def test_the_better_answer_by_the_judge_stands_first_and_both_were_read(made, pairs):
    reader = Reader(made, SETTINGS | {"pairs": pairs}, 0)
    rows = reader.chosen("random")
    for row, (better, worse) in zip(rows, reader.pairs(rows), strict=True):
        assert made.rewards[row, better] >= made.rewards[row, worse]
        assert {better, worse} <= set(reader.read[row])
        if pairs == "best_worst":
            assert made.rewards[row, better] == made.rewards[row, reader.read[row]].max()


def test_the_backbone_of_the_config_is_a_known_one():
    with pytest.raises(ValueError, match="origin"):
        Backbone.model_validate({"name": "x", "origin": "nowhere", "parameters": 1})


def test_without_the_data_the_plan_says_what_is_missing(monkeypatch, tmp_path):
    monkeypatch.undo()
    request = Request(Variant.CORRECTED, Profile.SMALL, None, (0,), None, tmp_path)
    with pytest.raises(Unavailable, match="--data-dir"):
        answers_experiments._fingerprints(request)
    with pytest.raises(Unavailable, match=r"alpaca_eval/prompts\.jsonl\.gz"):
        answers_experiments._fingerprints(Request(Variant.CORRECTED, Profile.SMALL, None, (0,), tmp_path, tmp_path))


def test_an_error_of_the_user_is_raised_before_anything_is_trained(made, backbone, monkeypatch, tmp_path):
    with pytest.raises(UserError, match=r"limits\.prompt"):
        executed(made, backbone, monkeypatch, tmp_path, limits={"prompt": 1, "response": 16})
