"""Pick-a-Pic as PAL uses it: which of two generated images somebody picked, as embeddings that PAL's authors publish.

Kirstain et al. 2023 collected the picks. The authors of PAL publish OpenCLIP H/14 features (1,024 of the prompt and of
either image) in zip archives on the hub. Verified, by their code: one file <ranking>.joblib a comparison, which holds
(((user, prompt, (left, right)), y), ranking), y = -1 where the left image was picked and +1 (in old data 3) where the
right one was. By the hub's pages: the archives' names. Not verified, as none was at hand: that the archives hold these
very files, whether features are tensors or arrays (both are read) and of length one, and how a tie is stored (y = 0 is
taken for one, and left out; PAL's code would take it for the left image).
"""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from bench.data import splits
from bench.data.embedded import Embedded, Vectors, make_embedded
from bench.data.joblib_files import read_plain
from bench.errors import UserError

NAME = "pickapic"
REPO = "ramya-ml/pickapic-embeds"
ARCHIVES = (  # in its folder embeddings/
    "pickapic_v1-openclip-h14_default.zip",
    "pickapic_v1-openclip-h14_filter-noties.zip",
    "pickapic_v1-openclip-h14_filter.zip",
    "pickapic_v1-openclip-h14_filter_noties.zip",
    "pickapic_v1-pickscore-v1-default.zip",
    "pickapic_v1-pickscore-v1_filter.zip",
    "pickapic_v2-openclip-h14_default.zip",
    "pickapic_v2-pickscore-v1_default.zip",
)
FEATURES = 1_024
HOW_TO_GET = (
    f"Run `hf download {REPO} embeddings/{ARCHIVES[-2]} --repo-type dataset --local-dir FOLDER`, and name the archive "
    "or a folder in which it is unpacked."
)
# Counted in the authors' tables of rankings by user.
USERS = {"v1": 4_725, "v2": 6_083, "both": 4_717}
RANKINGS = {"v1": 615_259}
# The authors report v2 on its leaked and its non-leaked rankings; of the latter, 386 are in v1, too.
LEAKED, NON_LEAKED, NON_LEAKED_IN_V1 = 12_025, 8_691, 386

_RIGHT = (1, 3)
_LEFT, _TIE = -1, 0


@lru_cache(maxsize=1)
def leakage() -> dict[str, tuple[int, ...]]:
    """Rankings of the test set of v2: "leaked" and "non_leaked" as the authors have them, and "clean".

    The clean ones are the non-leaked ones that are not in v1.
    """
    listed = splits.load(NAME).parts
    parts = {part: [int(id_.removeprefix("v2/")) for id_ in ids] for part, ids in listed.items()}
    return {
        "leaked": tuple(parts["leaked"]),
        "non_leaked": tuple(sorted(parts["non_leaked"] + parts["non_leaked_in_v1"])),
        "clean": tuple(parts["non_leaked"]),
    }


def load(source: Path, rankings: Sequence[int] | None = None) -> Embedded:
    """From an archive, or from the folder in which it is unpacked; `rankings` keeps these, in their order.

    Without `rankings`, all of them by number. The first item is the left image. Ties are left out and counted.
    Raises UserError for a missing source, one without samples, rankings that it lacks, and samples of another form.
    """
    if not source.exists():
        raise UserError(f"no archive or folder {source}\n{HOW_TO_GET}")
    with _Samples(source) as samples:
        wanted = samples.rankings if rankings is None else rankings
        if missing := next((ranking for ranking in wanted if ranking not in samples.files), None):
            raise UserError(f"{source}: no sample of ranking {missing}; it has {len(samples.files):,} others")
        return _gathered(source, len(wanted), ((ranking, samples.read(ranking)) for ranking in wanted))


def read_rankings(path: Path) -> tuple[int, ...]:
    """A list of rankings as the authors save it with torch (train_ranking_ids.pt and the like); a set comes sorted.

    Raises UserError for a missing file and for one that holds something else.
    """
    import torch

    if not path.is_file():
        raise UserError(f"no file {path}")
    try:
        found = torch.load(path, weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise UserError(f"{path}: not a list of rankings saved with torch ({str(error)[:100]})") from error
    ordered = sorted(found) if isinstance(found, set) else found
    if not isinstance(ordered, list) or not all(isinstance(ranking, int) for ranking in ordered):
        raise UserError(f"{path}: expected a list or a set of ranking numbers, found {type(found).__name__}")
    return tuple(ordered)


class _Samples:
    """The files <ranking>.joblib of an archive or a folder, in whatever folder within it they lie."""

    def __init__(self, source: Path) -> None:
        self._archive = zipfile.ZipFile(source) if source.is_file() else None
        names: Iterable[str]
        if self._archive is None:
            names = (str(path) for path in source.rglob("*.joblib"))
        else:
            names = (name for name in self._archive.namelist() if name.endswith(".joblib"))
        self.files = {int(stem): name for name in names if (stem := PurePosixPath(name).stem).isdecimal()}
        if not self.files:
            raise UserError(f"{source}: no file <ranking>.joblib in it")

    @property
    def rankings(self) -> list[int]:
        return sorted(self.files)

    def read(self, ranking: int) -> Any:
        name = self.files[ranking]
        content = Path(name).read_bytes() if self._archive is None else self._archive.read(name)
        return read_plain(io.BytesIO(content), name)

    def __enter__(self) -> _Samples:
        return self

    def __exit__(self, *_: object) -> None:
        if self._archive is not None:
            self._archive.close()


def _gathered(source: Path, count: int, samples: Iterator[tuple[int, Any]]) -> Embedded:
    prompts: Vectors = np.empty((count, 0), dtype=np.float32)
    items: Vectors = np.empty((count, 2, 0), dtype=np.float32)
    rankings: list[int] = []
    annotators: list[str] = []
    labels: list[int] = []
    for ranking, sample in samples:
        place = f"{source}, ranking {ranking}"
        annotator, prompt, two, picked = _parts(sample, place)
        if not prompts.size:
            prompts, items = np.empty((count, len(prompt)), np.float32), np.empty((count, 2, len(two[0])), np.float32)
        if (len(prompt), len(two[0]), len(two[1])) != (prompts.shape[1], items.shape[2], items.shape[2]):
            raise UserError(f"{place}: features of another length than those before it")
        if picked == _TIE:
            continue
        prompts[len(rankings)], items[len(rankings)] = prompt, two
        rankings.append(ranking)
        annotators.append(annotator)
        labels.append(1 if picked == _LEFT else -1)
    kept = len(rankings)
    return make_embedded(
        NAME,
        rankings=rankings,
        annotators=annotators,
        labels=labels,
        prompts=prompts[:kept],
        items=items[:kept],
        source=f"{source.name} of {REPO}",
        left_out=count - kept,
    )


def _parts(sample: Any, place: str) -> tuple[str, Vectors, tuple[Vectors, Vectors], int]:
    """User, features of the prompt, of both images, and who was picked. Raises UserError for another form."""
    try:
        ((user, prompt, (left, right)), picked), _ = sample
        vectors = [np.asarray(each, dtype=np.float32).reshape(-1) for each in (prompt, left, right)]
        answer = int(picked)
    except (TypeError, ValueError) as error:
        raise UserError(f"{place}: expected (((user, prompt, (left, right)), y), ranking) ({error})") from error
    if answer not in (_LEFT, _TIE, *_RIGHT):
        raise UserError(f"{place}: y must be -1, 0, 1 or 3, found {answer}")
    return str(user), vectors[0], (vectors[1], vectors[2]), answer
