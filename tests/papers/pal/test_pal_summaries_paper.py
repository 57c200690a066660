"""The paper's own scale: Table D.2 on the hub's rows; from a folder and a two-layer model to a record."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest
from tiny_summaries import COUNTS, PAPER, context, hub_folder, one, planned
from transformers import AutoTokenizer

from bench.data import tldr
from bench.errors import UserError
from bench.papers.pal.summaries_source import reader
from bench.run.config import merge
from bench.run.store import Store
from bench.spec import Profile, Record, Unavailable, Variant

VARIANTS = (Variant.CORRECTED, Variant.AS_RELEASED)


@pytest.fixture
def folder(tiny_model, tmp_path):
    """A saved model whose tokenizer has a padding token, as OPT's does."""
    found = tmp_path / "model"
    shutil.copytree(tiny_model("gpt_neox"), found)
    tokenizer = AutoTokenizer.from_pretrained(found)
    tokenizer.pad_token = "a"
    tokenizer.save_pretrained(found)
    return found


def tasks(data_dir, folder, variant=Variant.CORRECTED):
    backbone = {"origin": "path", "id": str(folder)}
    return planned(variant=variant, profile=Profile.PAPER, data_dir=data_dir, source={"backbone": backbone})


def shorter(task):
    """Padded to 80 tokens, which is faster."""
    if "reading" not in task.settings["model"]:
        return task
    return replace(task, settings=merge(task.settings, {"model": {"reading": {"max_length": 80}}}))


def test_what_is_missing_is_named_and_how_to_get_it(tmp_path):
    with pytest.raises(Unavailable) as missing:
        planned(profile=Profile.PAPER, data_dir=tmp_path, source={"backbone": {"id": "somebody/nothing"}})
    for said in (f"needs tldr/ in the folder {tmp_path}", "refs/convert/parquet", "hf download somebody/nothing"):
        assert said in str(missing.value)
    with pytest.raises(Unavailable, match="PREFBENCH_DATA or --data-dir"):
        planned(profile=Profile.PAPER)


def test_settings_are_those_of_table_d2(tmp_path, folder, monkeypatch):
    model = one(tasks(hub_folder(tmp_path, monkeypatch), folder), "pal_b", K=2, size="tiny", weighting="cumulative")
    settings = model.settings["model"]
    assert settings["projector"] == {
        "layers": 2, "activation": "gelu", "dropout": 0.0, "residual": False, "dimension": None,
    }  # fmt: skip
    assert (settings["training"]["epochs"], settings["training"]["batch_size"]) == (1, 4)
    rates = settings["training"]["rates"]
    assert (rates["backbone"], rates["projector_f"], rates["projectors_g"], rates["annotators"]) == (
        9.65e-6, 1e-4, 1e-4, 5e-3,
    )  # fmt: skip
    assert settings["training"]["weight_decay"] == 0.01
    assert settings["reading"]["max_length"] == 600
    assert model.condition["dataset"] == "tldr"


def test_data_and_weights_are_in_the_spec(tmp_path, folder, monkeypatch):
    data_dir = hub_folder(tmp_path, monkeypatch)
    before = tasks(data_dir, folder)[0].data
    assert set(before) == {"tldr", "weights"}
    with (data_dir / "tldr" / "train.jsonl").open("a", encoding="utf-8") as file:
        file.write("\n")
    after = tasks(data_dir, folder)[0].data
    assert before["tldr"] != after["tldr"]
    assert before["weights"] == after["weights"]


@pytest.mark.parametrize("variant", VARIANTS)
def test_from_plan_to_record(variant, tmp_path, folder, monkeypatch):
    data_dir, store = hub_folder(tmp_path, monkeypatch), Store(tmp_path / "runs", "pal")
    planned_ones = tasks(data_dir, folder, variant)
    chosen = [one(planned_ones, "pal_b", K=2, size="tiny", weighting="cumulative")]
    chosen += [one(planned_ones, "user_embedding")] if variant is Variant.CORRECTED else []
    store.prepare()
    for task in (shorter(task) for task in chosen):
        outcome = PAPER.experiment("tldr").execute(task, context(tmp_path, data_dir))
        assert all(np.isfinite(value) for value in outcome.metrics.values())
        assert {f"unseen_accuracy_{count}" for count in COUNTS} <= outcome.metrics.keys()
        assert "on the hub it has 92,858" in outcome.notes["differences"]
        store.write(Record(task, outcome, {}))
    assert store.read().records.keys() == {shorter(task).id for task in chosen}


def test_the_end_is_written_as_characters_after_every_text(tmp_path, folder, monkeypatch):
    data_dir = hub_folder(tmp_path, monkeypatch)
    read = reader(tasks(data_dir, folder)[0].settings["source"], tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert tokenizer.decode(read.encode("a post", True, True)) == f"a post{tldr.END}"
    assert tokenizer.decode(read.encode(" an answer", False, False)) == " an answer"


def test_a_tokenizer_without_padding_is_refused(tmp_path, tiny_model, monkeypatch):
    given = tasks(hub_folder(tmp_path, monkeypatch), tiny_model("gpt_neox"))[0].settings["source"]
    with pytest.raises(UserError, match="no padding token"):
        reader(given, tmp_path)
