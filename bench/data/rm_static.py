"""Dahoas/rm-static: helpful and harmless preferences, the paper's first reward-model dataset."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.data.hub import HubDataset, read_split
from bench.data.pairs import Dataset, Pair, make_dataset

NAME = "rm-static"
HUB = HubDataset(
    "Dahoas/rm-static",
    fields={"prompt": "string", "response": "string", "chosen": "string", "rejected": "string"},
    rows={"train": 76_256, "test": 5_103},
)


def load(split: str, path: Path | None = None, rows: Sequence[int] | None = None) -> Dataset:
    """One split ("train" or "test"), from the hub or a local folder; `rows` keeps only these rows, in their order.

    Prompt and answers are taken as they are: a prompt ends with "Assistant:" and an answer begins with a space, so
    prompt + answer is the text DeepSpeed-Chat trains on (before its end token). Ids are "train/<row>".
    Raises UserError as `hub.read_split` does.
    """
    pairs = (
        Pair(f"{split}/{number}", row["prompt"], row["prompt"], row["chosen"], row["rejected"])
        for number, row in read_split(HUB, split, path, rows)
    )
    return make_dataset(NAME, pairs, f"{HUB.repo}, split {split}")
