"""The paper's own scale: what is planned where everything is there, and what is said where it is not."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from tiny_spa import PAPER, find, stages
from tiny_text import SHIPPED, planned

from bench import models
from bench.domains import text_needs
from bench.run.plan import Selection, plan
from bench.spec import Profile, Unavailable, Variant

EXPERIMENTS = ("table1", "table2", "table3", "table4", "table5", "table6", "table7", "table10", "figure4")
HUB = {
    "mistral-7b": "alignment-handbook/zephyr-7b-sft-full",
    "phi-2": "lole25/phi-2-sft-ultrachat-full",
    "llama-3-8b-instruct": "meta-llama/Meta-Llama-3-8B-Instruct",
    "phi-3-14b-instruct": "microsoft/Phi-3-medium-4k-instruct",
}


@pytest.fixture
def everything(monkeypatch):
    """A machine that has all that is needed."""
    monkeypatch.setattr(models, "fingerprint", lambda source: f"{source.id}@made-up")
    monkeypatch.setattr(text_needs, "require", lambda *_: "made-up")
    monkeypatch.setattr(text_needs, "_pairs", lambda *_: "made-up")
    monkeypatch.setattr(text_needs, "_gpu_bytes", lambda: 400e9)
    monkeypatch.setattr(text_needs.importlib.util, "find_spec", lambda name: name)
    monkeypatch.setenv("OPENAI_API_KEY", "made-up")


def tasks(experiment, variant=Variant.CORRECTED, tmp_path=None):
    return planned(tmp_path, experiment, variant, Profile.PAPER)


@pytest.mark.usefixtures("everything")
def test_table_1_is_what_the_paper_states():
    found = tasks("table1")
    assert [task.method for task in found] == ["sft", "dpo", "zephyr", "spa", "spa", "spa"]
    last = found[-1]
    assert last.condition == {"model": "mistral-7b", "gold_percent": 3.3, "iteration": 3}
    settings = last.settings
    assert settings["domain"]["policy"]["id"] == HUB["mistral-7b"]
    assert settings["domain"]["backend"] == "vllm"
    assert settings["domain"]["engine"]["dtype"] == "bfloat16"
    assert settings["domain"]["limits"]["prompt"] == 1024  # of 2,048 with the response
    assert settings["sampling"] == {"temperature": 0.7, "max_tokens": 300}
    assert settings["training"] == {"beta": 0.1, "warmup": 0.1, "batch_size": 32}
    assert settings["refinement"] == {"alpha": 0.1, "share": 0.1, "window": 50, "start": 0.2, "threshold": "quantile"}
    assert settings["judge"] == {"epochs": 3, "learning_rate": 2e-5}
    assert settings["test_prompts"] == 805
    assert settings["against"] == {}  # AlpacaEval compares with GPT-4's answers
    assert [asdict(stage) for stage in stages(last)] == [
        {**DPO, "prompts": (0, 2000)},
        {**ITERATION, "prompts": (2000, 10_000), "decoupling": 0.5},
        {**ITERATION, "prompts": (10_000, 30_000), "decoupling": 0.25},
        {**ITERATION, "prompts": (30_000, 60_000), "decoupling": 0.125},
    ]
    (zephyr,) = stages(find(found, "zephyr"))
    assert asdict(zephyr) == {**DPO, "prompts": (0, 60_000), "epochs": 1}


DPO = {
    "labels": "people",
    "learning_rate": 5e-7,
    "epochs": 3,
    "refine": False,
    "decoupling": 0.0,
    "length_penalty": 0.0,
}
ITERATION = {"labels": "direct", "learning_rate": 5e-7, "epochs": 1, "refine": True, "length_penalty": 0.0}


@pytest.mark.usefixtures("everything")
def test_table_3_has_the_papers_sizes_of_the_seed():
    seeds = {
        task.condition["gold_percent"]: stages(task)[0].prompts for task in tasks("table3") if task.method == "dpo"
    }
    # The largest lies after the three draws, where spa-10's seed is.
    assert seeds == {0.8: (0, 500), 1.7: (0, 1000), 3.3: (0, 2000), 10.0: (180_000, 186_000)}
    iterations = {
        tuple(stage.prompts for stage in stages(task)[1:]) for task in tasks("table3") if task.method == "spa"
    }
    assert iterations == {((2000, 10_000),), ((2000, 10_000), (10_000, 30_000))}


@pytest.mark.usefixtures("everything")
def test_table_4_has_a_shuffle_of_its_own_for_every_draw():
    for draw, first in ((1, 0), (2, 60_000), (3, 120_000)):
        task = find(tasks("table4"), "spa", draw=draw, iteration=2)
        assert [stage.prompts for stage in stages(task)] == [
            (first, first + 2000),
            (first + 2000, first + 10_000),
            (first + 10_000, first + 30_000),
        ]


@pytest.mark.usefixtures("everything")
def test_table_5_has_the_other_models_as_appendix_b_3_trains_them():
    found = tasks("table5")
    assert {task.condition["model"] for task in found} == set(HUB) - {"mistral-7b"}
    for model, rate, beta, epochs, last in (
        ("phi-2", 5e-6, 0.1, 3, 1),
        ("llama-3-8b-instruct", 1e-5, 0.01, 1, 2),
        ("phi-3-14b-instruct", 1e-5, 0.01, 1, 2),
    ):
        rows = [task for task in found if task.condition["model"] == model]
        assert [task.condition.get("iteration") for task in rows] == [None, None, *range(1, last + 1)]
        chain = stages(rows[-1])
        assert {stage.learning_rate for stage in chain} == {rate}
        assert [stage.epochs for stage in chain] == [epochs] + [1] * last
        for task in rows:
            assert task.settings["training"]["beta"] == beta
            assert task.settings["domain"]["policy"]["id"] == HUB[model]
            assert task.data["weights"] == f"{HUB[model]}@made-up"


@pytest.mark.usefixtures("everything")
def test_figure_4_starts_from_the_instruct_model_and_is_judged_against_its_base():
    last = tasks("figure4")[-1]
    assert last.data["weights"] == "mistralai/Mistral-7B-Instruct-v0.1@made-up"
    assert last.data["base"] == "mistralai/Mistral-7B-v0.1@made-up"
    assert {stage.labels for stage in stages(last)} == {"direct_base"}


@pytest.mark.usefixtures("everything")
def test_every_table_of_the_paper_is_planned_and_ours_are_not():
    assert all(tasks(experiment) for experiment in EXPERIMENTS)
    assert {name for profile, name in SHIPPED if profile == Profile.PAPER} == set(EXPERIMENTS)


def test_everything_that_is_missing_is_said_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(text_needs.importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(text_needs, "_gpu_bytes", lambda: 80e9)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(Unavailable) as raised:
        tasks("table2", tmp_path=tmp_path)
    for what in (
        "needs an NVIDIA GPU with 158 GB to train mistral-7b in one process (the one here has 80 GB)",
        "needs vLLM: run `python -m pip install 'prefbench[generate]'`",
        "in the environment variable OPENAI_API_KEY",
        "run `hf download alignment-handbook/zephyr-7b-sft-full`",
        "run `hf download llm-blender/PairRM-hf`",
        f"needs {tmp_path}/alpaca_eval/prompts.jsonl.gz",
        "run `hf download argilla/ultrafeedback-binarized-preferences-cleaned --repo-type dataset",
    ):
        assert what in str(raised.value), what


def test_a_plan_without_them_has_a_reason_and_no_task(tmp_path):
    (part,) = plan(PAPER, Selection(("table1",), ("corrected",), Profile.PAPER, data_dir=tmp_path))
    assert not part.tasks
    assert "needs" in part.unavailable
