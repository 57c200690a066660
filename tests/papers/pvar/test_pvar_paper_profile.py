"""PVar at the paper's scale: what is planned where everything is there, and what is said where it is not."""

from __future__ import annotations

import re

import pytest
from tiny_pvar import PAPER, find
from tiny_pvar_text import ON_TEXT, planned

from bench import models
from bench.data import arena_hard
from bench.domains import text_needs
from bench.files import read_yaml
from bench.run import config
from bench.run.plan import Selection, plan
from bench.spec import Profile, Unavailable

CONFIGS = PAPER.folder / "configs"
REWARD_MODELS = {
    "large": "Skywork/Skywork-Reward-V2-Llama-3.1-8B",
    "small": "Skywork/Skywork-Reward-V2-Llama-3.2-3B",
    "tiny": "Skywork/Skywork-Reward-V2-Llama-3.2-1B",
}


@pytest.fixture
def everything(monkeypatch):
    """A machine that has all that is needed."""
    monkeypatch.setattr(models, "fingerprint", lambda source: f"{source.id}@made-up")
    for name in ("require", "_pairs", "four_answers"):
        monkeypatch.setattr(text_needs, name, lambda *_: "made-up")
    monkeypatch.setattr(arena_hard, "require", lambda _: "made-up")
    monkeypatch.setattr(text_needs, "_gpu_bytes", lambda: 400e9)
    monkeypatch.setattr(text_needs.importlib.util, "find_spec", lambda name: name)
    monkeypatch.setenv("OPENAI_API_KEY", "made-up")


@pytest.mark.usefixtures("everything")
def test_the_order_is_that_of_ultrafeedbacks_prompts():
    found = planned(None)
    conditions = {(task.method, task.condition["pairs"], task.condition["fraction"]) for task in found}
    assert len(found) == len(conditions) == 2 * (1 + 3 * 3)
    task = find(found, "pvar", pairs="best_worst", fraction=0.1)
    lab, text = task.settings["lab"], task.settings["lab"]["text"]
    assert (text["answers"], lab["responses"]) == ("given", 4)
    assert text["domain"]["policy"]["id"] == "meta-llama/Meta-Llama-3-8B-Instruct"
    assert text["domain"]["policy"]["end"] == "<|eot_id|>"
    assert (text["domain"]["backend"], text["domain"]["engine"]["dtype"]) == ("vllm", "bfloat16")
    assert text["domain"]["judge"]["model"] == "gpt-4-1106-preview"
    assert task.settings["judging"]["test_prompts"] == 805
    assert task.settings["row"]["hyper"] == {"beta": 0.1}
    assert set(task.data) >= {"ultrafeedback", "ultrafeedback-completions", "arena_hard", "baseline", "weights"}
    assert task.data["reward_model_large"] == f"{REWARD_MODELS['large']}@made-up"
    prompts = lab["pool"] + task.settings["judging"]["held_out"]
    assert text["domain"]["limits"]["prompt"] + text["test_tokens"] <= text["domain"]["vllm"]["max_model_len"]
    assert prompts < 60_917


@pytest.mark.usefixtures("everything")
def test_reward_models_of_a_hub_are_of_three_sizes_and_nobody_knows_the_truth():
    found = planned(None, "models")
    assert {task.condition["model"] for task in found} == set(REWARD_MODELS)
    for name, identity in REWARD_MODELS.items():
        task = find(found, "pvar", pairs="best_worst", model=name)
        assert task.settings["lab"]["text"]["reward_models"][name]["id"] == identity
        assert task.data[f"reward_model_{name}"] == f"{identity}@made-up"


@pytest.mark.usefixtures("everything")
def test_people_label_the_datasets_own_pairs_a_tenth_against_all():
    found = {(task.method, task.condition["fraction"]) for task in planned(None, "human")}
    assert {("pvar", 0.1), ("all", 1.0)} <= found
    assert {task.condition["pairs"] for task in planned(None, "human")} == {"random_labelled"}


@pytest.mark.usefixtures("everything")
def test_other_losses_have_rates_for_models_of_8b():
    rates = {task.condition["loss"]: task.settings["row"]["learning_rate"] for task in planned(None, "losses")}
    assert set(rates) == {"dpo", "ipo", "kto", "simpo", "orpo"}
    assert max(rates.values()) < 1e-5


@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize("experiment", ON_TEXT)
def test_the_other_source_of_responses_is_one_file_away(experiment):
    known = PAPER.experiment(experiment)
    own = config.load(PAPER, known, Profile.PAPER, CONFIGS / "sampled.yaml").model_dump()
    found = planned(None, experiment, **own)
    assert {task.settings["lab"]["text"]["answers"] for task in found} == {"sampled"}
    assert {task.settings["lab"]["responses"] for task in found} == {8}
    assert all("ultrafeedback-completions" not in task.data for task in found)
    assert not {task.id for task in found} & {task.id for task in planned(None, experiment)}


def test_every_value_that_the_paper_does_not_state_is_marked_as_ours():
    """The paper states none, so what is not marked is what the benchmarks and the data are."""
    lines = (CONFIGS / "common.yaml").read_text().split("  paper:\n")[1].splitlines()
    given = {"responses", "test_prompts", "test", "gpu", "name", "corpus", "judge", "text", "domain"}
    unmarked = set()
    ours = None  # how deep the block is that a mark stands over
    for line in lines:
        deep, name = len(line) - len(line.lstrip()), re.match(r"\s*(\w+):", line)
        if ours is not None and deep <= ours:
            ours = None
        if name and "# ours" in line:
            ours = deep
        elif name and ours is None:
            unmarked.add(name[1])
    assert unmarked <= given
    assert read_yaml(CONFIGS / "sampled.yaml") == {"responses": 8, "text": {"answers": "sampled"}}


def test_everything_that_is_missing_is_said_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(text_needs.importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(text_needs, "_gpu_bytes", lambda: 80e9)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(Unavailable) as raised:
        planned(tmp_path, "models")
    for what in (
        "needs an NVIDIA GPU with 176 GB to train llama-3-8b-instruct in one process (the one here has 80 GB)",
        "needs vLLM: run `python -m pip install 'prefbench[generate]'`",
        "in the environment variable OPENAI_API_KEY",
        "run `hf download meta-llama/Meta-Llama-3-8B-Instruct`",
        *(f"run `hf download {identity}`" for identity in REWARD_MODELS.values()),
        f"needs {tmp_path}/alpaca_eval/prompts.jsonl.gz",
        f"needs {tmp_path}/alpaca_eval/responses_core24.jsonl.gz",
        "run `hf download argilla/ultrafeedback-binarized-preferences-cleaned --repo-type dataset",
        "run `hf download openbmb/UltraFeedback --repo-type dataset",
        "run `hf download lmarena-ai/arena-hard-auto data/arena-hard-v0.1/question.jsonl",
    ):
        assert what in str(raised.value), what


def test_a_plan_has_a_reason_for_every_experiment_and_no_task(tmp_path):
    for part in plan(PAPER, Selection((), ("corrected",), Profile.PAPER, data_dir=tmp_path)):
        assert not part.tasks
        said = part.unavailable
        assert "needs" in said if part.experiment.name in ON_TEXT else "has no paper profile" in said
