"""The text datasets by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from bench.data import hh_rlhf, made, rm_static, shp, ukpconvarg1
from bench.data.pairs import Dataset
from bench.errors import UserError, unknown

_LOCAL: Mapping[str, Callable[[Path], Dataset]] = {hh_rlhf.NAME: hh_rlhf.load, ukpconvarg1.NAME: ukpconvarg1.load}
_HOW_TO_GET = {hh_rlhf.NAME: hh_rlhf.HOW_TO_GET, ukpconvarg1.NAME: ukpconvarg1.HOW_TO_GET}
_HUB = (rm_static.NAME, shp.NAME)


def load_text(name: str, data_dir: Path | None) -> Dataset:
    """The dataset of that name. `made` needs no data directory.

    Raises UserError for an unknown name, for a dataset that needs a data directory where there is none, and as the
    loaders do. The hub's datasets come in splits: for them, call `rm_static.load` or `shp.load`.
    """
    if name == made.NAME:
        return made.load()
    if name in _HUB:
        raise UserError(f"{name} comes in splits of the Hugging Face hub: use bench.data.{name.replace('-', '_')}.load")
    if name not in _LOCAL:
        raise unknown("dataset", name, (*_LOCAL, made.NAME, *_HUB))
    if data_dir is None:
        raise UserError(f"{name} needs a data directory. {_HOW_TO_GET[name]}")
    return _LOCAL[name](data_dir)


def available(data_dir: Path | None) -> list[str]:
    """The datasets that `load_text` can load here: `made`, and those with a folder in the data directory."""
    found = [] if data_dir is None else [name for name in _LOCAL if (data_dir / name).is_dir()]
    return [*found, made.NAME]
