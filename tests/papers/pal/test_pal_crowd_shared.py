"""A worker makes a crowd once for all models that learn from it."""

from pathlib import Path

from bench.papers.pal import study
from bench.spec import Context, canonical

CROWD = {
    "name": "ideal_points", "prototypes": 2, "dimension": 3, "people": 6, "train": 6, "test": 3,
    "concentration": None, "flips": 0.0, "unseen": 0.4, "adapt": 2,
}  # fmt: skip


def test_tasks_with_scratch_folders_of_their_own_share_a_crowd(tmp_path: Path) -> None:
    contexts = [Context(None, tmp_path, tmp_path / name) for name in ("one", "two")]
    first, second = (study._crowd(canonical(CROWD), 0, study._shared(context)) for context in contexts)
    assert first is second
