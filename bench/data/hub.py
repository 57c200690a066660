"""Reading one split of a dataset of the Hugging Face hub, from the hub or from a local folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import UserError, unknown

if TYPE_CHECKING:
    import datasets

SUFFIXES = {".parquet": "parquet", ".json": "json", ".jsonl": "json"}


@dataclass(frozen=True)
class HubDataset:
    """What is known of a dataset of the hub: its schema and the rows of each split."""

    repo: str
    fields: Mapping[str, str]  # name -> type
    rows: Mapping[str, int]  # split -> number of rows on the hub


def read_split(
    hub: HubDataset, split: str, path: Path | None, rows: Sequence[int] | None
) -> list[tuple[int, dict[str, Any]]]:
    """Row numbers and rows of one split; all of them, or those numbered in `rows` in that order.

    With `path`, a folder of parquet or JSON files named after their split (`train-00000-of-00002.parquet`,
    `train.jsonl`, `data/train-*.parquet`): no network. Without, the hub (network or a filled cache).
    Raises UserError for an unknown split, a folder without files for it, a field that is missing, a row number
    beyond the end, and a hub split whose number of rows is not the one the split manifests were made for.
    """
    if split not in hub.rows:
        raise unknown("split", split, hub.rows, hub.repo)
    table = _from_hub(hub, split) if path is None else _from_folder(hub, split, path)
    where = f"{hub.repo}, split '{split}'" + (f" in {path}" if path else "")
    missing = [name for name in hub.fields if name not in table.column_names]
    if missing:
        raise UserError(f"{where}: field '{missing[0]}' is missing; found {', '.join(table.column_names)}")
    if rows is None:
        return list(enumerate(table))
    beyond = next((row for row in rows if not 0 <= row < len(table)), None)
    if beyond is not None:
        raise UserError(f"{where}: row {beyond} does not exist; it has {len(table):,} rows")
    return list(zip(rows, table.select(rows), strict=True))


def count_rows(hub: HubDataset, split: str, path: Path) -> int:
    """Rows of one split in a local folder. Raises UserError as `read_split` does for the folder."""
    return len(_from_folder(hub, split, path))


def _from_folder(hub: HubDataset, split: str, path: Path) -> datasets.Dataset:
    import datasets

    if not path.is_dir():
        raise UserError(f"no folder {path}. Download {hub.repo} from the hub there, or leave the path out")
    files = sorted(
        file
        for file in path.rglob("*")
        if file.suffix in SUFFIXES and (file.stem == split or file.stem.startswith(f"{split}-"))
    )
    if not files:
        raise UserError(f"{path}: no file for split '{split}'; expected {split}.jsonl or {split}-*.parquet")
    formats = {SUFFIXES[file.suffix] for file in files}
    if len(formats) > 1:
        raise UserError(f"{path}: split '{split}' has both parquet and JSON files; keep one kind")
    try:
        return datasets.load_dataset(formats.pop(), data_files=[str(file) for file in files], split="train")
    except (datasets.exceptions.DatasetGenerationError, ValueError, OSError) as error:
        raise UserError(f"{path}: cannot read split '{split}' of {hub.repo}: {error.__cause__ or error}") from error


def _from_hub(hub: HubDataset, split: str) -> datasets.Dataset:
    import datasets

    try:
        table = datasets.load_dataset(hub.repo, split=split)
    except (OSError, datasets.exceptions.DatasetNotFoundError) as error:
        raise UserError(
            f"cannot load {hub.repo} from the Hugging Face hub: {error}\n"
            f"On a machine without a network, download its files elsewhere and name their folder."
        ) from error
    if len(table) != hub.rows[split]:
        raise UserError(
            f"{hub.repo}, split '{split}': {len(table):,} rows on the hub today, {hub.rows[split]:,} when the split "
            "manifests were made; download the earlier revision and name its folder"
        )
    return table
