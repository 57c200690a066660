"""The pairs of Figure 4: which datasets are here, what identifies them, and their differences of features.

SHP is split as the authors split it: 12,903 pairs to train on and 682 of the hub's validation split to test on, drawn
by DeepSpeed-Chat under the one seed of their feature script, whatever the seed of a run (it chooses the subset of n).
No post is in two of the hub's splits. The other datasets have their committed splits by prompt or topic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from bench.data import registry, shp, splits
from bench.data.features import difference_features, features_fingerprint, find_encoder, length_baseline
from bench.data.hub import count_rows
from bench.data.pairs import Dataset, Pair, make_dataset
from bench.data.splits import Split
from bench.data.synthetic import Array
from bench.errors import UserError
from bench.spec import Progress, Unavailable

AUTHORS_SEED = 1234  # the default of the authors' feature script, trans.py
PARTS = ("train", "test")


@dataclass(frozen=True)
class Encoder:
    """An encoder by name, and the folder of its weights where they are not in their usual place."""

    name: str
    path: str | None = None


@dataclass(frozen=True)
class Identity:
    """What a plan needs to know; nothing is embedded for it."""

    data: Mapping[str, str]  # fingerprints of all that a task reads
    train_pairs: int
    dimension: int  # of the features


@dataclass(frozen=True)
class Differences:
    """Train and test differences, chosen minus rejected."""

    features: tuple[Array, Array]  # (n, d) each
    lengths: tuple[Array, Array]  # (n, 1) each: characters, scaled to a root mean square of 1
    fingerprint: str  # of the features


def present(names: Sequence[str], fallback: str | None, data_dir: Path | None) -> list[str]:
    """Those of `names` that the data directory has; where it has none of them, the fallback.

    Raises Unavailable, saying how to get them, where there is no fallback either.
    """
    here = registry.available(data_dir)
    if data_dir is not None and (data_dir / shp.NAME).is_dir():
        here = [*here, shp.NAME]
    if found := [name for name in names if name in here] or ([fallback] if fallback else []):
        return found
    place = f"the data directory {data_dir}" if data_dir else "a data directory"
    ways = dict.fromkeys(registry.how_to_get(name, data_dir) for name in names)
    raise Unavailable("\n".join([f"needs {' or '.join(names)} in {place}.", *ways]))


@lru_cache(maxsize=8)
def identity(name: str, encoder: Encoder, data_dir: Path | None) -> Identity:
    """Raises UserError as the loaders do, Unavailable where the encoder is not on this machine."""
    dataset, split = _load(name, data_dir)
    data = {
        name: dataset.fingerprint,
        "features": features_fingerprint(dataset, encoder.name, encoder.path),
        **{f"split {part}": split.sha256[part] for part in PARTS},
    }
    return Identity(data, len(split.parts["train"]), find_encoder(encoder.name, encoder.path).dimension())


@lru_cache(maxsize=4)
def differences(
    name: str, encoder: Encoder, data_dir: Path | None, cache_dir: Path, progress: Progress | None
) -> Differences:
    """The differences of a dataset, its texts embedded where the cache does not have them."""
    dataset, split = _load(name, data_dir)
    features = difference_features(dataset, encoder.name, path=encoder.path, cache_dir=cache_dir, progress=progress)
    lengths = length_baseline(dataset)
    lengths = lengths / (lengths**2).mean() ** 0.5
    row = {id_: index for index, id_ in enumerate(features.ids)}
    train, test = ([row[id_] for id_ in split.parts[part]] for part in PARTS)
    both = features.differences
    return Differences((both[train], both[test]), (lengths[train], lengths[test]), features.fingerprint)


@lru_cache(maxsize=4)
def _load(name: str, data_dir: Path | None) -> tuple[Dataset, Split]:
    if name == shp.NAME and data_dir is not None:
        dataset, split = _shp(data_dir / name)
    else:
        dataset, split = registry.load_text(name, data_dir), splits.load(name)
    splits.check(split, dataset, PARTS)
    return dataset, split


def _shp(folder: Path) -> tuple[Dataset, Split]:
    """The pairs that the authors' split draws, read from a folder in the hub's format."""
    split = splits.load(shp.NAME, AUTHORS_SEED)
    rules = splits.read(shp.NAME)["rules"]
    pairs: list[Pair] = []
    for part in PARTS:
        source, expected = rules[part]["prefix"], rules[part]["rows"]
        found = count_rows(shp.HUB, source, folder)
        if found != expected:
            raise UserError(
                f"{folder}: {found:,} rows in split '{source}' of {shp.HUB.repo}, the authors' split is of {expected:,}"
            )
        rows = [int(id_.rpartition("/")[2]) for id_ in split.parts[part]]
        pairs += shp.load(source, folder, rows).pairs
    return make_dataset(shp.NAME, pairs, f"{shp.HUB.repo}, drawn by DeepSpeed-Chat under seed {AUTHORS_SEED}"), split
