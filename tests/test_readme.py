"""The README's Python runs as it stands, but for the size of the world's policy."""

import re
from pathlib import Path

import numpy as np
import pytest

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


@pytest.fixture
def names(tmp_path, monkeypatch):
    monkeypatch.setenv("PREFBENCH_CACHE", str(tmp_path))
    rng = np.random.default_rng(0)
    differences = rng.standard_normal((40, 5))
    return {"differences": differences, "labels": np.sign(differences @ np.ones(5))}


def block_with(text: str) -> str:
    (found,) = [block for block in BLOCKS if text in block]
    return found


def test_every_block_is_run_here():
    assert len(BLOCKS) == 3


def test_the_estimator_is_certified(names):
    exec(block_with("L1BradleyTerry"), names)
    assert names["model"].optimality_gap_ < 1e-8


def test_a_newcomer_is_met_with_all_else_frozen(names):
    rng = np.random.default_rng(0)
    items = rng.standard_normal((300, 2, 4)).astype(np.float32)
    who = [f"person {row % 3}" for row in range(300)]
    first_is_nearer = np.linalg.norm(items[:, 0] - 1, axis=1) < np.linalg.norm(items[:, 1] - 1, axis=1)
    names |= {"items": items, "labels": np.where(first_is_nearer, 1.0, -1.0), "who": who}
    names |= {"few_items": items[:5], "few_labels": names["labels"][:5]}
    exec(block_with("PALA"), names)
    assert names["known"].fitted_.annotators.known[-1] == "newcomer"
    decisions = names["known"].decision_function(items, annotators=["newcomer"] * 300)
    assert np.mean(np.sign(decisions) == names["labels"]) > 0.8


def test_a_policy_learns_from_paid_labels(names):
    code = block_with("world_policy").replace("world_policy(", 'world_policy(size="tiny", ')
    assert 'world_policy(size="tiny", cache_dir' in code
    exec(code, names)
    losses = [step.loss for step in names["fit"].steps]
    assert losses[0] == pytest.approx(np.log(2), abs=1e-4)  # the policy is still the reference
    assert np.mean(losses[-3:]) < np.log(2) - 0.01
