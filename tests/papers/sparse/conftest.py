"""A data directory with datasets of the hub, in their schemas and a few hundred rows long."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from bench.data import rm_static, shp


def rm_static_row(number):
    """A row of Dahoas/rm-static: polite answers win."""
    row = dict.fromkeys(rm_static.HUB.fields, "")
    prompt = f"\n\nHuman: How do I bake bread number {number // 2}?\n\nAssistant:"
    chosen = " Please mix the flour" + " slowly" * (number % 3)
    return row | {"prompt": prompt, "response": chosen, "chosen": chosen, "rejected": " No" + " way" * (number % 4)}


def shp_row(number):
    """A row of stanfordnlp/SHP, A and B preferred in turn."""
    empty = {"string": "", "int64": 0, "float64": 0.0}
    row = {name: empty[kind] for name, kind in shp.HUB.fields.items()}
    answers = [f"Please wait {number % 7} hours", "No" + " never" * (number % 4)]
    if number % 2:
        answers.reverse()
    return row | {
        "post_id": f"post{number // 3}",
        "history": f"When is dough {number // 3} ready?",
        "human_ref_A": answers[0],
        "human_ref_B": answers[1],
        "labels": 1 - number % 2,
    }


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory):
    """A data directory with rm-static as parquet and SHP as JSON lines, a few hundred rows each."""
    root = tmp_path_factory.mktemp("data")
    (root / "rm-static" / "data").mkdir(parents=True)
    for split, count, first in (("train", 60, 0), ("test", 30, 100)):
        table = pd.DataFrame([rm_static_row(first + number) for number in range(count)])
        table.to_parquet(root / "rm-static" / "data" / f"{split}-00000-of-00001.parquet")
    (root / "shp").mkdir()
    for split, count, first in (("train", 600, 0), ("validation", 300, 1000), ("test", 300, 2000)):
        lines = [json.dumps(shp_row(first + number)) for number in range(count)]
        (root / "shp" / f"{split}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root
