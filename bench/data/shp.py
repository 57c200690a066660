"""stanfordnlp/SHP: which of two Reddit comments scored higher (Ethayarajh et al. 2022), the paper's second dataset."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.data.hub import HubDataset, read_split
from bench.data.pairs import Dataset, Pair, make_dataset
from bench.errors import UserError

NAME = "shp"
HUB = HubDataset(
    "stanfordnlp/SHP",
    fields={
        "post_id": "string",
        "domain": "string",
        "upvote_ratio": "float64",
        "history": "string",
        "c_root_id_A": "string",
        "c_root_id_B": "string",
        "created_at_utc_A": "int64",
        "created_at_utc_B": "int64",
        "score_A": "int64",
        "score_B": "int64",
        "human_ref_A": "string",
        "human_ref_B": "string",
        "labels": "int64",
        "seconds_difference": "float64",
        "score_ratio": "float64",
    },
    rows={"train": 348_718, "validation": 18_436, "test": 18_409},
)


def load(split: str, path: Path | None = None, rows: Sequence[int] | None = None) -> Dataset:
    """One split ("train", "validation", "test"), from the hub or a local folder; `rows` keeps only these rows.

    The texts are those of DeepSpeed-Chat: " Human: <post> Assistant:" followed by " <comment>". `labels` is 1 where
    comment A is preferred, 0 where B is. Ids are "train/<row>"; the group is the post.
    Raises UserError as `hub.read_split` does, and for a label that is neither 0 nor 1.
    """
    pairs = (_pair(split, number, row) for number, row in read_split(HUB, split, path, rows))
    return make_dataset(NAME, pairs, f"{HUB.repo}, split {split}")


def _pair(split: str, number: int, row: dict[str, Any]) -> Pair:
    if row["labels"] not in (0, 1):
        raise UserError(f"{HUB.repo}, split '{split}', row {number}: labels must be 0 or 1, found {row['labels']!r}")
    better, worse = ("A", "B") if row["labels"] == 1 else ("B", "A")
    return Pair(
        id=f"{split}/{number}",
        group=row["post_id"],
        prompt=f" Human: {row['history']} Assistant:",
        chosen=f" {row[f'human_ref_{better}']}",
        rejected=f" {row[f'human_ref_{worse}']}",
    )
