"""A task of PAL's study from its plan to its outcome, on crowds small enough to be learnt in a second."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from bench.data.annotated import hashed
from bench.domains.crowds.making import crowd
from bench.errors import UserError
from bench.files import validate
from bench.papers.pal.methods import METHODS
from bench.papers.pal.models import MAKERS, model
from bench.papers.pal.pictured import ITEMS, pictured
from bench.papers.pal.recipe import PALConfig, planned
from bench.papers.pal.study import studied
from bench.spec import Context, Profile, Request, Task, Variant

RATES = {"projector_f": 0.05, "projectors_g": 0.05, "prototypes": 0.1, "annotators": 0.3, "temperature": 0.1}
PAL_A = {
    "K": [2],
    "projector": {"layers": 0},
    "training": {
        "epochs": 40, "batch_size": 64, "rates": RATES, "weight_decay": 0.0, "decoupled": False, "bound": None,
    },
    "adaptation": {"epochs": 20, "batch_size": 5, "learning_rate": 0.3},
}  # fmt: skip
CROWD = {
    "name": "ideal_points", "prototypes": 2, "dimension": 3, "people": 20, "train": 60, "test": 20, "unseen": 0.3,
    "adapt": 20,
}  # fmt: skip
SMALL = {
    "pal_a": PAL_A,
    "shared": {"ridge": 1.0},
    "per_user": {"ridge": 1.0},
    "mixture": {"K": [2], "ridge": 1.0},
    "clusters": {"K": [2], "ridge": 1.0},
    "nearest_users": {"k": 3, "ridge": 1.0},
    "low_rank": {"K": [1], "ridge": 1.0},
    "sparse_deviations": {"deviation_l1": 3.0, "shared_l1": 3.0},
    "user_embedding": {"dimension": 2, "hidden": 8, "prior": 1.0, "epochs": 1, "learning_rate": 0.01},
    "variational": {"dimension": 2, "hidden": 8, "kl_weight": 0.1, "steps": 10, "learning_rate": 0.01},
}


@pytest.fixture
def context(tmp_path):
    return Context(None, tmp_path / "cache", tmp_path / "scratch")


def config(methods=SMALL, counts=(5, 20), **of_crowd):
    studies = [{"crowd": {**CROWD, **of_crowd}, "methods": methods, "counts": list(counts)}]
    return validate(PALConfig, {"seeds": {"corrected": 1}, "studies": studies}, "a test")


def tasks(seeds=(0,), **options):
    request = Request(Variant.CORRECTED, Profile.EMBEDDED, config(**options), seeds, None, None)
    return planned("prototypes", 1)(request)


def only(method, **options):
    (task,) = tasks(methods={method: SMALL[method]}, **options)
    return task


def test_a_plan_has_every_model_with_every_k_on_every_seed():
    found = tasks(seeds=(0, 1), methods={"pal_a": {**PAL_A, "K": [1, 2]}, "shared": {"ridge": 1.0}})
    assert [(task.seed, task.method, task.condition.get("K")) for task in found] == [
        (seed, *of) for seed in (0, 1) for of in (("pal_a", 1), ("pal_a", 2), ("shared", None))
    ]
    assert found[0].condition["k_star"] == 2
    assert len({task.id for task in found}) == len(found)


def test_a_task_is_the_same_after_it_was_written_down():
    for task in tasks():
        assert Task.from_spec(task.spec()).id == task.id


def test_more_comparisons_than_the_crowd_has_are_refused():
    with pytest.raises(UserError, match=r"21 comparisons, and crowd\.adapt has 20"):
        config(counts=(21,))


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"dimensions": 3}, "dimensions"),
        ({"unseen": 1.0}, "unseen"),
        ({"name": "ideal"}, "ideal"),
        ({"flips": 1.0}, "flips"),
    ],
)
def test_a_wrong_key_of_a_crowd_is_refused_by_name(wrong, named):
    with pytest.raises(UserError, match=named):
        config(**wrong)


def test_every_method_has_a_line_and_a_maker():
    assert set(METHODS) == set(MAKERS)


def test_planning_loads_no_torch():
    code = (
        "import sys\nfrom pathlib import Path\nfrom bench import papers\nfrom bench.run.config import load\n"
        "from bench.spec import Profile, Request, Variant\npaper = papers.load('pal')\n"
        "for name in ('prototypes', 'newcomers', 'complexity', 'pictures'):\n"
        "    known = paper.experiment(name)\n    config = load(paper, known, Profile.EMBEDDED)\n"
        "    assert known.plan(Request(Variant.CORRECTED, Profile.EMBEDDED, config, (0,), None, Path('.')))\n"
        "sys.exit(', '.join({'torch', 'transformers', 'sklearn'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("method", SMALL)
def test_every_model_learns_adapts_and_is_tested(method, context):
    outcome = studied(only(method), context)
    accuracies = {f"unseen_accuracy_{count}" for count in (0, 5, 20)} | {"seen_accuracy", "seen_accuracy_by_person"}
    assert accuracies <= set(outcome.metrics)
    assert all(0 <= outcome.metrics[name] <= 1 for name in accuracies)
    assert outcome.metrics["seen_accuracy"] > 0.55
    assert outcome.curves["count"] == [0, 5, 20]
    assert outcome.curves["unseen_accuracy"][2] == outcome.metrics["unseen_accuracy_20"]


def test_pal_finds_two_groups_that_one_model_for_all_cannot_serve(context):
    two = studied(only("pal_a"), context)
    shared = studied(only("shared"), context)
    assert two.metrics["rand_index"] == 1.0
    assert two.metrics["seen_accuracy"] > max(0.93, shared.metrics["seen_accuracy"] + 0.05)
    assert two.metrics["unseen_accuracy_20"] > two.metrics["unseen_accuracy_0"] + 0.05


def test_with_one_prototype_pal_has_one_model_for_all(context):
    (task,) = tasks(methods={"pal_a": {**PAL_A, "K": [1]}})
    outcome = studied(task, context)
    assert outcome.metrics["rand_index"] == 0.0
    assert len(set(outcome.curves["unseen_accuracy"])) == 1
    assert set(outcome.curves["weight_1"]) == {1.0}


def test_weights_lie_on_the_simplex_beside_groups_and_hashed_names(context):
    outcome = studied(only("pal_a"), context)
    weights = np.array([outcome.curves["weight_1"], outcome.curves["weight_2"]])
    np.testing.assert_allclose(weights.sum(axis=0), 1, atol=1e-6)
    names = str(outcome.notes["people"]).split()
    assert len(names) == weights.shape[1] == len(outcome.curves["group"]) == 14
    assert set(names) <= {hashed(f"person-{number}") for number in range(20)}


def test_numbers_that_are_learnt_are_counted(context):
    metrics = studied(only("pal_a"), context).metrics
    assert metrics["shared_parameters"] == 3 * 3 + 3 + 2 * 3  # f with its offset, and two prototypes
    assert metrics["personal_parameters"] == 14 * 2
    assert studied(only("shared"), context).metrics["shared_parameters"] == 4  # x and ||x||^2


def test_same_task_same_bits(context):
    for method in ("pal_a", "mixture"):
        first, again = studied(only(method), context), studied(only(method), context)
        timed = {"fit_seconds"}
        assert {k: v for k, v in first.metrics.items() if k not in timed} == {
            k: v for k, v in again.metrics.items() if k not in timed
        }


def test_the_pictures_are_of_the_fit_that_the_study_makes(context):
    task = only("pal_a")
    outcome, study = pictured(task, context), studied(task, context)
    for k in (1, 2):
        shown = [outcome.metrics[f"person_{place}_weight_{k}"] for place in range(14)]
        assert shown == study.curves[f"weight_{k}"]
    assert [outcome.metrics[f"person_{place}_group"] for place in range(14)] == study.curves["group"]


def test_pictures_keep_distances_where_two_axes_hold_everything(context):
    task = only("pal_a", dimension=2)
    metrics = pictured(task, context).metrics
    assert metrics["variance_shown"] == pytest.approx(1)
    here = crowd(task.settings["crowd"], task.seed, context)
    said = here.train
    fitted = model("pal_a", 2, task.settings["model"], task.seed).fit(
        said.items, said.comparisons.labels, annotators=said.comparisons.annotators
    )
    with torch.no_grad():
        projected = fitted.fitted_.network.items(torch.from_numpy(here.test.items[:, 0])).numpy()[: ITEMS // 2]
    at = np.array([[metrics[f"item_{2 * n}_axis_{axis}"] for axis in (1, 2)] for n in range(ITEMS // 2)])
    between = [np.linalg.norm(points[:, None] - points[None], axis=2) for points in (projected, at)]
    np.testing.assert_allclose(between[1], between[0], rtol=1e-3, atol=1e-3)


def test_only_pal_a_is_pictured(context):
    task = replace(only("shared"), condition={"K": 1})
    with pytest.raises(UserError, match=r"only pal_a .* got shared"):
        pictured(task, context)
