"""Pick-a-Pic and Pick-a-Filter as a crowd: embeddings that PAL's authors publish, in the user's data directory.

Reading hundreds of thousands of small files takes minutes, so what is read is kept by content. Who comes later is our
draw: the paper has no unseen users here. Which group somebody is in is not in the archives.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bench.data import embedded, pickafilter, pickapic
from bench.data.annotator_splits import split_annotators
from bench.data.embedded import Embedded
from bench.data.fingerprint import sha256_file, sha256_rows
from bench.domains.crowds.crowd import Crowd, make_crowd
from bench.domains.crowds.prompted import with_cosine
from bench.errors import UserError
from bench.files import once
from bench.spec import Context, Unavailable

LISTS = (
    "lists of rankings as PAL's authors save them with torch (train_ranking_ids.pt and the like, in necessary_cache/)"
)


def fingerprints(settings: Mapping[str, Any], data_dir: Path | None) -> dict[str, str]:
    """Of the archive and the lists. Raises Unavailable with all that is missing and how to get it."""
    named = {key: str(settings[key]) for key in ("archive", "train", "test") if settings[key] is not None}
    if data_dir is None:
        raise Unavailable(f"needs a data directory with {', '.join(named.values())}. {_how_to_get(settings)}")
    if missing := [name for name in named.values() if not (data_dir / name).is_file()]:
        raise Unavailable(f"{data_dir} has no {', '.join(missing)}. {_how_to_get(settings)}")
    lists = {key: sha256_file(data_dir / name) for key, name in named.items() if key != "archive"}
    return {"archive": _listed(data_dir / named["archive"]), **lists}


def crowd(settings: Mapping[str, Any], seed: int, context: Context) -> Crowd:
    """Of the settings `PickapicSettings`. Raises Unavailable for missing files and UserError for damaged ones."""
    data = fingerprints(settings, context.data_dir)
    assert context.data_dir is not None
    path = context.cache_dir / "pickapic" / f"{sha256_rows([sorted(data.items())])}.safetensors"
    folder = context.data_dir
    train, test = _rankings(settings, folder)
    picks = once(
        path,
        lambda kept: embedded.read(kept) if kept.is_file() else None,
        lambda: pickapic.load(folder / settings["archive"], [*train, *test]),
        _write,
    )
    for_training = np.isin(picks.rankings, train)
    train_picks, test_picks = picks.take(np.flatnonzero(for_training)), picks.take(np.flatnonzero(~for_training))
    people = split_annotators(train_picks.comparisons, settings["unseen"], seed)
    subsets = pickapic.leakage() if settings["version"] == "v2" else {}
    return make_crowd(
        train_picks,
        test_picks,
        people,
        seed,
        adapt=settings["adapt"],
        linear=with_cosine,
        prompted=with_cosine,
        subsets=subsets,
    )


def _rankings(settings: Mapping[str, Any], folder: Path) -> tuple[list[int], list[int]]:
    """For training and for the test; v2's own test is that of its leaked and its non-leaked rankings."""
    train = pickapic.read_rankings(folder / settings["train"])
    if settings["test"] is None:
        parts = pickapic.leakage()
        test = tuple(sorted(parts["leaked"] + parts["non_leaked"]))
    else:
        test = pickapic.read_rankings(folder / settings["test"])
    if both := set(train) & set(test):
        raise UserError(f"{settings['train']}: {len(both):,} of its rankings are in the test, such as {min(both)}")
    return list(dict.fromkeys(train)), list(dict.fromkeys(test))


def _listed(archive: Path) -> str:
    """Of what an archive lists: names, sizes and checksums. Reading all of 12 GB for each plan would take a minute."""
    try:
        with zipfile.ZipFile(archive) as opened:
            return sha256_rows([entry.filename, entry.file_size, entry.CRC] for entry in opened.infolist())
    except zipfile.BadZipFile as error:
        raise UserError(f"{archive}: not a zip archive ({error})") from error


def _how_to_get(settings: Mapping[str, Any]) -> str:
    if settings["beta"] is None:
        how = f"`hf download {pickapic.REPO} --repo-type dataset` has the archives (folder embeddings/)"
    else:
        how = f"`hf download {pickafilter.REPO} --repo-type dataset` has the archives (paf_<beta>_mix_ratio.zip)"
    return f"{how}; {LISTS} are in the branch t2i-adds-on of their repository"


def _write(path: Path, value: Embedded) -> None:
    temporary = path.with_suffix(".tmp")  # under the lock of `once`
    embedded.write(value, temporary)
    temporary.replace(path)
