"""Picks of images in PAL's study: what is planned, run and recorded, at both scales, and how much PAL learns."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
import torch

from bench.data import pickapic
from bench.papers.pal.paper import PAPER
from bench.papers.pal.recipe import PALConfig
from bench.papers.pal.sizes import Encoder, encoder_parameters
from bench.run import config as run_config
from bench.run.series import series
from bench.run.store import Store
from bench.spec import Context, Outcome, Profile, Record, Request, Task, Unavailable, Variant

DIMENSION, USERS = 8, 6
PAL_B = {
    "K": [1, 2],
    "projector": {"layers": 2, "activation": "relu", "dropout": 0.5, "residual": True},
    "training": {
        "epochs": 2,
        "batch_size": 32,
        "rates": dict.fromkeys(("projector_f", "projectors_g", "prototypes", "annotators", "temperature"), 1e-2),
        "weight_decay": 0.01,
        "decoupled": True,
        "bound": 4.0,
    },
    "adaptation": {"epochs": 2, "batch_size": 1, "learning_rate": 0.1},
}
METHODS = {"pal_b": PAL_B, "cosine": {}, "shared": {"ridge": 1.0}}


def planned(name: str, profile: Profile, data_dir: Path | None = None, seeds: Sequence[int] = (0,), **own: Any):
    experiment = PAPER.experiment(name)
    config = run_config.load(PAPER, experiment, profile)
    if own:
        config = PALConfig.model_validate({"seeds": {"corrected": 1}, **own})
    request = Request(Variant.CORRECTED, profile, config, tuple(seeds), data_dir, Path("/nowhere"))
    return list(experiment.plan(request))


def context(data_dir: Path | None, tmp_path: Path) -> Context:
    return Context(data_dir, tmp_path / "cache", tmp_path / "scratch")


def test_pick_a_filter_is_planned_at_every_beta_with_the_same_models():
    tasks = planned("pickafilter", Profile.EMBEDDED)
    by_beta: dict[Any, set[Any]] = {}
    for task in tasks:
        by_beta.setdefault(task.condition["beta"], set()).add((task.method, task.condition.get("K")))
    assert list(by_beta) == [0.0, 0.2, 0.4, 0.6, 1.0]
    models = by_beta[0.0]
    assert all(found == models for beta, found in by_beta.items() if beta < 1)
    assert by_beta[1.0] == models | {("pal_b", 3)}  # one more than there are groups
    assert {("pal_b", 1), ("pal_b", 2), ("pal_a", 2), ("shared", None)} <= models


@pytest.mark.parametrize("name", ["pickapic", "pickafilter"])
def test_without_the_published_embeddings_the_papers_scale_says_how_to_get_them(name):
    with pytest.raises(Unavailable, match="hf download ramya-ml/pick"):
        planned(name, Profile.PAPER)


def test_the_papers_scale_is_the_papers_training():
    config = run_config.load(PAPER, PAPER.experiment("pickapic"), Profile.PAPER)
    assert [study.crowd.version for study in config.studies] == ["v1", "v2"]
    for study in config.studies:
        pal = study.methods.pal_b
        assert pal.K == [1, 2]
        assert (pal.training.batch_size, pal.training.epochs, pal.training.bound) == (16_384, 50, 4.0)
        assert pal.training.decoupled
        assert pal.projector.model_dump(include={"layers", "activation", "dropout", "residual"}) == PAL_B["projector"]
        assert study.crowd.archive.split("/")[-1] in pickapic.ARCHIVES


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with published picks: everybody picks by the first feature, left where it is larger there."""
    folder = tmp_path_factory.mktemp("data")
    parts = pickapic.leakage()
    train = range(1, 181)
    test = [*parts["leaked"][:60], *parts["clean"][:60]]
    torch.save(list(train), folder / "train.pt")
    torch.save(test, folder / "test.pt")
    with zipfile.ZipFile(folder / "all.zip", "w") as opened:
        for ranking in (*train, *test):
            prompt, left, right = np.random.default_rng(ranking).normal(size=(3, DIMENSION)).astype("f4")
            picked = -1 if left[0] > right[0] else 1
            joblib.dump((((str(ranking % USERS), prompt, (left, right)), picked), ranking), folder / "one")
            opened.write(folder / "one", f"{ranking}.joblib")
    return folder


def of_archive(archive: Path) -> list[Task]:
    crowd = {
        "name": "pickapic",
        "version": "v2",
        "archive": "all.zip",
        "train": "train.pt",
        "test": "test.pt",
        "unseen": 0.3,
        "adapt": 10,
    }
    studies = [{"crowd": crowd, "methods": METHODS, "counts": [5, 10]}]
    return planned("pickapic", Profile.PAPER, archive, studies=studies)


def test_published_picks_go_from_plan_to_record_with_leakage_apart(archive, tmp_path):
    tasks = of_archive(archive)
    assert [(task.method, task.condition.get("K")) for task in tasks] == [
        ("pal_b", 1),
        ("pal_b", 2),
        ("cosine", None),
        ("shared", None),
    ]
    here, store = context(archive, tmp_path), Store(tmp_path / "runs", "pal")
    store.prepare()
    for task in tasks:
        outcome = PAPER.experiment("pickapic").execute(task, here)
        store.write(Record(task, outcome, {}))
    rows = series(store.read().records.values())
    leaked, clean = "seen_accuracy_leaked", "seen_accuracy_clean"
    for (method, K), one in rows.groupby(["method", "K"], dropna=False):
        found = one.set_index("metric")["value"]
        assert {"seen_accuracy", leaked, "seen_accuracy_non_leaked", clean, "unseen_accuracy_10"} <= set(found.index)
        assert found["seen_accuracy_non_leaked"] == found[clean]  # of those in v1 none is in the archive
        assert found["seen_accuracy"] == pytest.approx((found[leaked] + found[clean]) / 2, abs=0.02), (method, K)
    shared = rows[(rows["method"] == "shared")].set_index("metric")["value"]
    cosine = rows[(rows["method"] == "cosine")].set_index("metric")["value"]
    assert shared["seen_accuracy"] > 0.9  # the picks are linear in the images
    assert cosine["seen_accuracy"] < 0.7
    assert cosine["shared_parameters"] == cosine["personal_parameters"] == 0


def test_pal_learns_what_the_papers_architectures_learn():
    counts = {
        (task.method, task.condition["backbone"], task.condition["K"]): run_sizes(task).metrics["learned_parameters"]
        for task in planned("sizes", Profile.EMBEDDED)
        if task.settings["encoder"] is None
    }

    def three_layers(d: int) -> int:
        return 3 * (d * d + d)

    assert counts == {
        ("pal_b", "opt-350m", 1): 2 * three_layers(512),
        ("pal_b", "opt-350m", 2): 3 * three_layers(512),
        ("pal_a", "opt-350m", 2): three_layers(512) + 2 * 512,
        ("pal_b", "distilbert", 2): 3 * three_layers(768),
        ("pal_b", "bge-m3", 2): 3 * three_layers(1024),
        ("pal_b", "1.5b", 2): 3 * three_layers(1536),
    }


def run_sizes(task: Task) -> Outcome:
    return PAPER.experiment("sizes").execute(task, Context(None, Path("/nowhere"), Path("/nowhere")))


def test_clip_h_has_the_parameters_that_open_clip_lists():
    """docs/model_profile.csv of open_clip: 632.08 million of the images' tower, 354.03 of the text's, 986.11 in all."""
    (settings,) = {
        str(task.settings["encoder"]): task.settings["encoder"]
        for task in planned("sizes", Profile.PAPER)
        if task.settings["encoder"] is not None
    }.values()
    assert encoder_parameters(Encoder(**settings)) / 1e6 == pytest.approx(986.11, abs=0.005)


def test_a_shallower_clip_has_its_layers_less():
    tower = {"hidden_size": 8, "intermediate_size": 16, "num_attention_heads": 2}
    text = {**tower, "vocab_size": 10, "max_position_embeddings": 4}
    image = {**tower, "image_size": 4, "patch_size": 2}

    def count(layers: int) -> int:
        return encoder_parameters(
            Encoder.model_validate(
                {
                    "projection_dim": 8,
                    "text_config": {**text, "num_hidden_layers": layers},
                    "vision_config": {**image, "num_hidden_layers": 1},
                }
            )
        )

    layer = 4 * (8 * 8 + 8) + 2 * 2 * 8 + (8 * 16 + 16) + (16 * 8 + 8)  # attention, norms, MLP
    assert count(3) - count(1) == 2 * layer


def test_the_ratio_is_all_of_clip_over_what_pal_learns():
    tasks = [task for task in planned("sizes", Profile.EMBEDDED) if task.settings["encoder"] is not None]
    assert [task.condition["K"] for task in tasks] == [1, 2]
    for task in tasks:
        metrics = run_sizes(task).metrics
        assert metrics["times_fewer"] * metrics["learned_parameters"] == pytest.approx(metrics["encoder_parameters"])
