"""Anthropic's human preferences on helpfulness and harmlessness (Bai et al. 2022), base test splits.

rm-static, which the sparse paper trains on, derives from the same collection.
"""

from __future__ import annotations

from pathlib import Path

from bench.data.datafile import DataFile, read_rows
from bench.data.pairs import Dataset, Pair, make_dataset
from bench.errors import unknown

NAME = "hh_rlhf"
FILE = DataFile(
    "hh_rlhf/hh_pairs.jsonl.gz",
    "c3f8e7c1f1b4cf673a67de68c89a71e0ff10bf0439a8a5617dde0cfe5abeb747",
    ("subset", "prompt", "chosen", "rejected"),
    rows=4_664,
)
SUBSETS = {NAME: None, "hh_helpful": "helpful-base-test", "hh_harmless": "harmless-base-test"}
GROUPS = 4_382
EMPTY_ANSWERS = 8  # pairs with an empty answer; they are kept
# Accuracy of "the answer with more characters is preferred".
LONGER_WINS = {NAME: 0.5225, "hh_helpful": 0.5980, "hh_harmless": 0.4457}
SOURCE = (
    "anthropics/hh-rlhf at 354e5c3cb8960630860dd5774a6ac2a58313bf4d, harmless-base/test.jsonl.gz, and "
    "helpful-base/test in the copy of Linear95/DSP at ec099cf332cfdac0d1b0d644844ba60459144092, data/helpful.test.json"
)
HOW_TO_GET = (
    f"It holds rows {{subset, prompt, chosen, rejected}} made from {SOURCE}: prompt = the dialogue up to and with the "
    "last '\\n\\nAssistant:'.\nGive the folder that contains hh_rlhf/ with --data-dir or PREFBENCH_DATA."
)


def load(data_dir: Path, name: str = NAME) -> Dataset:
    """The 4,664 pairs, 2,352 helpful, then 2,312 harmless; or one half, as "hh_helpful" or "hh_harmless".

    The halves ask for opposite things (a refusal is preferred in one and rejected in the other), so a reward that is
    linear in the features of a text learns little from both together: prefer a half unless the model reads prompts.
    The group is the human's opening message: dialogues that open alike are stages of one conversation or retellings
    of it, so they stay on one side of a split. `EMPTY_ANSWERS` pairs have an empty answer; they are kept.
    Raises UserError for an unknown name, or a missing, changed or malformed file.
    """
    if name not in SUBSETS:
        raise unknown("dataset", name, SUBSETS)
    rows = enumerate(read_rows(data_dir, FILE, HOW_TO_GET))
    wanted = SUBSETS[name]
    pairs = (_pair(number, row) for number, row in rows if wanted in (None, row["subset"]))
    return make_dataset(name, pairs, SOURCE)


def _pair(number: int, row: dict[str, str]) -> Pair:
    opening = row["prompt"].split("\n\nAssistant:", 1)[0].strip()
    return Pair(f"hh/{number}", opening, row["prompt"], row["chosen"], row["rejected"])
