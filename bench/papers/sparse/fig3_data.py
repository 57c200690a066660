"""The pairs of a deep reward model run: train, validation and test, as the authors draw them and as they should be.

`as_released` draws anew under each training seed, by pair, as DeepSpeed-Chat does: the spread over seeds includes the
spread over data, and pairs of one prompt may fall on both sides. `corrected` has one split for all seeds; no prompt of
the test part is in validation or train, and none of validation in train.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from bench.data import hh_rlhf, rm_static, shp, splits
from bench.data.deepspeed import deepspeed_split
from bench.data.fingerprint import sha256_rows
from bench.data.pairs import Dataset, Pair
from bench.errors import UserError, unknown
from bench.seeds import seed_for
from bench.spec import Unavailable, Variant

SPLIT_SEED = 0  # of the one split that all seeds of `corrected` share, where DeepSpeed-Chat draws the split


@dataclass(frozen=True)
class Parts:
    """The pairs of one run. `validation` is empty where nothing is selected on it."""

    train: tuple[Pair, ...]
    validation: tuple[Pair, ...]
    test: tuple[Pair, ...]
    source: str  # fingerprint of all the data they are drawn from

    @property
    def sizes(self) -> dict[str, int]:
        """How many pairs each part has."""
        return {"train": len(self.train), "validation": len(self.validation), "test": len(self.test)}


@dataclass(frozen=True)
class _Draw:
    """A part as DeepSpeed-Chat draws it: a split of the hub, and which share of its rows."""

    split: str
    shares: tuple[float, ...]
    share: int

    def of(self, dataset: Dataset, seed: int) -> tuple[Pair, ...]:
        rows = deepspeed_split(len(dataset.pairs), self.shares, self.share, seed)
        return tuple(dataset.pairs[row] for row in rows)


@dataclass(frozen=True)
class _Hub:
    load: Callable[[str, Path], Dataset]
    repo: str
    train: _Draw
    validation: _Draw
    test: _Draw


_HUB: Mapping[str, _Hub] = {
    rm_static.NAME: _Hub(
        rm_static.load,
        rm_static.HUB.repo,
        train=_Draw("train", (2, 4, 4), 1),
        validation=_Draw("test", (2, 4, 4), 2),
        test=_Draw("test", (2, 4, 4), 1),
    ),
    shp.NAME: _Hub(
        shp.load,
        shp.HUB.repo,
        train=_Draw("train", (0, 37, 963), 1),
        validation=_Draw("test", (0, 37, 963), 1),
        test=_Draw("validation", (0, 37, 963), 1),
    ),
}
_LOCAL_SHARES = (0.1, 0.7, 0.2)  # of hh_rlhf under as_released: unused, train, test, like its committed split

NAMES = (*_HUB, hh_rlhf.NAME)


def folder(name: str, path: str | None, data_dir: Path | None) -> Path:
    """The folder of a dataset: `path`, else its own in the data directory.

    Raises Unavailable, saying what to do, where there is none; UserError for an unknown name.
    """
    if name not in NAMES:
        raise unknown("dataset", name, NAMES, "datasets")
    if path is None and data_dir is None:
        raise Unavailable(f"needs {name} in a data directory: name one with --data-dir or PREFBENCH_DATA")
    found = Path(path).expanduser() if path is not None else (data_dir or Path()) / name
    if not found.is_dir():
        source = (
            f": run `hf download {_HUB[name].repo} --repo-type dataset --local-dir {found}`" if name in _HUB else ""
        )
        raise Unavailable(f"needs {name} in the folder {found}{source}")
    return found.absolute()


def parts(
    name: str, folder: Path, variant: Variant, seed: int, train_pairs: int | None, eval_pairs: int | None
) -> Parts:
    """The pairs of a run, at most `train_pairs` and, of validation and test each, `eval_pairs` (None: all).

    Raises UserError as the loaders do.
    """
    drawn = _as_released(name, folder, seed) if variant is Variant.AS_RELEASED else _corrected(name, folder)
    if not drawn.train or not drawn.test:
        raise UserError(f"{folder}: too few pairs of {name}: {len(drawn.train)} to train on, {len(drawn.test)} to test")
    if variant is Variant.AS_RELEASED:  # already in random order
        return replace(drawn, train=drawn.train[:train_pairs], test=drawn.test[:eval_pairs])
    return replace(
        drawn,
        train=_some(drawn.train, train_pairs, name, "train"),
        validation=_some(drawn.validation, eval_pairs, name, "validation"),
        test=_some(drawn.test, eval_pairs, name, "test"),
    )


def _as_released(name: str, folder: Path, seed: int) -> Parts:
    if name in _HUB:
        hub = _HUB[name]
        datasets = [_hub_split(name, draw.split, folder) for draw in (hub.train, hub.test)]
        train, test = hub.train.of(datasets[0], seed), hub.test.of(datasets[1], seed)
    else:
        datasets = [hh_rlhf.load(folder.parent)]
        train, test = (_Draw("", _LOCAL_SHARES, share).of(datasets[0], seed) for share in (1, 2))
    return Parts(train, (), test, _source(datasets))


def _corrected(name: str, folder: Path) -> Parts:
    if name in _HUB:
        hub = _HUB[name]
        draws = (hub.train, hub.validation, hub.test)
        datasets = [_hub_split(name, draw.split, folder) for draw in draws]
        train, validation, test = (draw.of(data, SPLIT_SEED) for draw, data in zip(draws, datasets, strict=True))
    else:
        datasets, split = [hh_rlhf.load(folder.parent)], splits.load(name)
        splits.check(split, datasets[0])
        train, validation, test = (datasets[0].take(split.parts[part]) for part in ("train", "validation", "test"))
    validation = _without(validation, test)
    return Parts(_without(train, (*test, *validation)), validation, test, _source(datasets))


def _source(datasets: Iterable[Dataset]) -> str:
    return sha256_rows(dataset.fingerprint for dataset in datasets)


@lru_cache(maxsize=4)
def _hub_split(name: str, split: str, folder: Path) -> Dataset:
    return _HUB[name].load(split, folder)


def _without(pairs: Iterable[Pair], others: Iterable[Pair]) -> tuple[Pair, ...]:
    """`pairs` less those that share a group with `others`."""
    groups = {pair.group for pair in others}
    return tuple(pair for pair in pairs if pair.group not in groups)


def _some(pairs: Sequence[Pair], count: int | None, name: str, part: str) -> tuple[Pair, ...]:
    """At most `count` pairs, the same ones whenever and wherever, and nested in `count`."""
    if count is None:
        return tuple(pairs)
    order = np.random.default_rng(seed_for("fig3", "subset", name, part)).permutation(len(pairs))
    return tuple(pairs[index] for index in order[:count])
