"""Figure 3 end to end: one epoch of two-layer models of the paper's architectures on data with the hub's schemas."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch.utils.data import DistributedSampler

from bench.errors import UserError
from bench.learn.reward.deep_pairs import EndRule
from bench.learn.reward.deep_train import train
from bench.papers.sparse import fig3_data, fig3_run
from bench.papers.sparse.fig3 import FIG3, Fig3Config
from bench.papers.sparse.paper import PAPER
from bench.run import config as run_config
from bench.spec import Context, Profile, Request, Task, Unavailable, Variant, canonical

VARIANTS = (Variant.AS_RELEASED, Variant.CORRECTED)


@pytest.fixture
def settings(tiny_model):
    """The paper profile's config with two-layer models, fp32, and a learning rate at which they learn."""
    paper = run_config.load(PAPER, FIG3, Profile.PAPER).model_dump()
    model = {"origin": "path", "parameters": 1e5, "batch_size": 4, "micro_batch": 4}
    return paper | {
        "models": {
            "pythia": model | {"id": str(tiny_model("gpt_neox"))},
            "llama": model | {"id": str(tiny_model("llama")), "max_seeds": 1},
        },
        "datasets": {"rm-static": {}, "shp": {"train_pairs": 16}},
        "betas": [0, 0.01],
        "learning_rate": 3e-3,
        "precision": "fp32",
        "checkpoint_every": 2,
    }


def plan(settings, data_dir, variant, seeds=(0,)):
    request = Request(variant, Profile.PAPER, Fig3Config(**settings), seeds, data_dir, Path("/nowhere"))
    return list(FIG3.plan(request))


def one_task(settings, data_dir, variant, model="llama", dataset="rm-static", beta=0.01):
    tasks = plan(settings, data_dir, variant)
    return next(t for t in tasks if t.condition == {"model": model, "dataset": dataset, "beta": beta})


def execute(task, data_dir, scratch):
    return FIG3.execute(task, Context(data_dir, scratch / "cache", scratch / "scratch", threads=1))


@pytest.mark.parametrize("variant", VARIANTS)
def test_one_epoch_of_every_task(variant, settings, data_dir, tmp_path):
    tasks = plan(settings, data_dir, variant)
    assert len(tasks) == 8
    for task in tasks:
        outcome = execute(task, data_dir, tmp_path / task.id)
        metrics = outcome.metrics
        assert task.method == ("l1" if task.condition["beta"] else "mle")
        expected = {"accuracy", "length_accuracy", "objective", "nonzeros", "nonzeros_1e-4", "fit_seconds"}
        assert set(metrics) == expected | ({"validation_accuracy"} if variant is Variant.CORRECTED else set())
        assert all(np.isfinite(value) for value in metrics.values())
        assert len(outcome.curves["loss"]) == -(-task.settings["data"]["pairs"]["train"] // 4)
        assert 0 <= metrics["nonzeros"] <= outcome.notes["head_weights"] == 32


def test_a_task_survives_json_and_gives_the_same_outcome(settings, data_dir, tmp_path):
    task = one_task(settings, data_dir, Variant.CORRECTED)
    again = Task.from_spec(json.loads(canonical(task.spec())))
    assert again.id == task.id
    first, second = execute(task, data_dir, tmp_path / "a"), execute(again, data_dir, tmp_path / "b")
    assert first.curves == second.curves
    assert first.metrics | {"fit_seconds": 0} == second.metrics | {"fit_seconds": 0}


KILLED_RUN = """
import json, os, signal, sys
from pathlib import Path
from bench.learn.reward import deep_train
from bench.papers.sparse.fig3 import FIG3
from bench.spec import Context, Task

step, calls = deep_train._step, iter(range(100))
def killed(*arguments):
    if next(calls) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return step(*arguments)
deep_train._step = killed
task, data_dir, scratch = Task.from_spec(json.loads(sys.argv[1])), Path(sys.argv[2]), Path(sys.argv[3])
FIG3.execute(task, Context(data_dir, scratch / "cache", scratch / "scratch", threads=1))
"""


def test_a_killed_task_goes_on_from_its_checkpoint_to_the_same_outcome(settings, data_dir, tmp_path):
    task = one_task(settings, data_dir, Variant.CORRECTED)
    unbroken = execute(task, data_dir, tmp_path / "unbroken")
    command = [sys.executable, "-c", KILLED_RUN, canonical(task.spec()), str(data_dir), str(tmp_path)]
    assert subprocess.run(command, capture_output=True, timeout=120, check=False).returncode == -signal.SIGKILL
    assert [path.name for path in (tmp_path / "scratch").iterdir()] == ["step-00000002"]
    resumed = execute(task, data_dir, tmp_path)
    assert resumed.curves == unbroken.curves
    assert resumed.metrics | {"fit_seconds": 0} == unbroken.metrics | {"fit_seconds": 0}


@pytest.mark.parametrize("variant", VARIANTS)
def test_accuracy_is_that_of_reading_each_answer_by_itself(variant, settings, data_dir, tmp_path):
    """Every text alone, without padding or batches, its score at its end token."""
    task = one_task(settings, data_dir, variant, model="pythia")
    accuracy = execute(task, data_dir, tmp_path).metrics["accuracy"]

    torch.set_num_threads(1)
    model, tokenizer = fig3_run.untrained(task)
    parts = fig3_run.planned_parts(task, data_dir)
    rule = EndRule.DEEPSPEED if variant is Variant.AS_RELEASED else EndRule.EOS
    examples = fig3_run.encode(parts.train, tokenizer, 512, rule)
    train(model, [examples[index] for index in fig3_run._order(task, len(examples))], fig3_run.training(task))
    model.eval()

    def read(text):
        ids = torch.tensor([[*tokenizer(text).input_ids, tokenizer.eos_token_id]])
        with torch.no_grad():
            return model.v_head(model.backbone(input_ids=ids).last_hidden_state[0, -1]).item()

    wins = [read(pair.prompt + pair.chosen) > read(pair.prompt + pair.rejected) for pair in parts.test]
    assert accuracy == np.mean(wins)


def test_corrected_reaches_exact_zeros_and_as_released_does_not(settings, data_dir, tmp_path):
    strong = settings | {"betas": [3.0]}
    nonzeros = {
        variant: execute(one_task(strong, data_dir, variant, beta=3.0), data_dir, tmp_path / variant).metrics[
            "nonzeros"
        ]
        for variant in VARIANTS
    }
    assert nonzeros[Variant.AS_RELEASED] == 32
    assert nonzeros[Variant.CORRECTED] < 16


def test_equal_scores_count_half_and_for_the_authors_as_wrong():
    chosen, rejected = np.array([1.0, 0.0, 2.0, 2.0]), np.array([0.0, 1.0, 2.0, 2.0])
    assert fig3_run.share_preferred(chosen, rejected, ties=0.5) == 0.5
    assert fig3_run.share_preferred(chosen, rejected, ties=0.0) == 0.25


@pytest.mark.parametrize("count", [7, 100])
def test_the_released_order_is_the_distributed_samplers(count):
    sampler = DistributedSampler(range(count), num_replicas=1, rank=0)
    assert fig3_run.sampler_order(count) == list(sampler)


def test_as_released_evaluates_the_first_hundred_batches():
    test = [str(number) for number in range(2_041)]
    assert len(fig3_run.evaluated(Variant.AS_RELEASED, test, batch_size=8)) == 800
    assert len(fig3_run.evaluated(Variant.AS_RELEASED, test, batch_size=16)) == 1_600
    assert fig3_run.evaluated(Variant.CORRECTED, test, batch_size=8) == test


def test_a_model_can_run_fewer_seeds(settings, data_dir):
    tasks = plan(settings, data_dir, Variant.AS_RELEASED, seeds=(0, 1, 2))
    seeds = {name: {task.seed for task in tasks if task.condition["model"] == name} for name in settings["models"]}
    assert seeds == {"pythia": {0, 1, 2}, "llama": {0}}


def test_the_paper_profile_is_the_papers_protocol():
    config = run_config.load(PAPER, FIG3, Profile.PAPER)
    assert {
        name: (m.batch_size, m.max_seeds or config.seeds[Variant.AS_RELEASED]) for name, m in config.models.items()
    } == {
        "pythia-70m": (8, 5),
        "llama-3.2-1b": (16, 5),
        "llama-3.2-3b": (32, 3),
    }
    assert list(config.datasets) == ["rm-static", "shp"]
    exponents = [-4.5, -4, -3.75, -3.5, -3.25, -3, -2.75, -2.5, -2, -1.5, -1, -0.5]
    assert config.betas == pytest.approx([0, *(10**e for e in exponents), 1, 2, 4, 8], rel=1e-12)
    assert (config.learning_rate, config.weight_decay, config.max_length) == (1e-5, 0.1, 512)


def test_the_small_profile_is_valid_and_no_other_key_is():
    config = run_config.load(PAPER, FIG3, Profile.SMALL)
    assert config.models["smollm2-135m"].origin == "smollm2"
    with pytest.raises(ValidationError, match="learning_rates"):
        Fig3Config(**config.model_dump(), learning_rates=1e-5)


def test_what_is_missing_is_named_before_anything_runs(settings, data_dir, tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    model = {"origin": "hub", "parameters": 1.2e9, "batch_size": 16, "micro_batch": 8}
    for name, told in {
        "meta-llama/Llama-3.2-1B": "accept the licence at https://huggingface.co/meta-llama/Llama-3.2-1B",
        "EleutherAI/pythia-70m": "run `hf download EleutherAI/pythia-70m`",
    }.items():
        with pytest.raises(Unavailable, match=told):
            plan(settings | {"models": {"m": model | {"id": name}}}, data_dir, Variant.CORRECTED)
    with pytest.raises(Unavailable, match="hf download Dahoas/rm-static"):
        plan(settings, tmp_path, Variant.CORRECTED)


def test_data_or_weights_that_changed_after_planning_are_refused(settings, data_dir, tmp_path):
    task = one_task(settings, data_dir, Variant.CORRECTED)
    with pytest.raises(UserError, match="pairs of rm-static have changed"):
        execute(replace(task, data=task.data | {"pairs": "0" * 64}), data_dir, tmp_path)
    with pytest.raises(UserError, match="weights of llama have changed"):
        execute(replace(task, data=task.data | {"weights": "0" * 64}), data_dir, tmp_path)


def test_every_dataset_of_the_configs_is_known():
    for profile in FIG3.profiles:
        assert set(run_config.load(PAPER, FIG3, profile).datasets) <= set(fig3_data.NAMES)


def test_cost_grows_with_pairs_and_parameters(settings, data_dir):
    task = one_task(settings, data_dir, Variant.CORRECTED)
    settings["models"]["llama"]["parameters"] *= 10
    assert FIG3.seconds(one_task(settings, data_dir, Variant.CORRECTED)) == pytest.approx(10 * FIG3.seconds(task))
