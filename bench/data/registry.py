"""The text datasets by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.data import hh_rlhf, made, rm_static, shp, ukpconvarg1, ultrafeedback, ultrafeedback_completions
from bench.data.hub import HubDataset
from bench.data.pairs import Dataset
from bench.errors import UserError, unknown


@dataclass(frozen=True)
class _Local:
    folder: str  # in the data directory
    how_to_get: str
    load: Callable[[Path], Dataset]


_LOCAL: Mapping[str, _Local] = {
    **{name: _Local(hh_rlhf.NAME, hh_rlhf.HOW_TO_GET, partial(hh_rlhf.load, name=name)) for name in hh_rlhf.SUBSETS},
    ukpconvarg1.NAME: _Local(ukpconvarg1.NAME, ukpconvarg1.HOW_TO_GET, ukpconvarg1.load),
}
_HUB: Mapping[str, HubDataset] = {
    rm_static.NAME: rm_static.HUB,
    shp.NAME: shp.HUB,
    ultrafeedback.NAME: ultrafeedback.HUB,
    ultrafeedback_completions.NAME: ultrafeedback_completions.HUB,
}


def load_text(name: str, data_dir: Path | None) -> Dataset:
    """The dataset of that name. `made` needs no data directory.

    Raises UserError for an unknown name, for a dataset that needs a data directory where there is none, and as the
    loaders do. The hub's datasets come in splits: for them, call the `load` of their own module.
    """
    if name == made.NAME:
        return made.load()
    if name in _HUB:
        raise UserError(f"{name} comes in splits of the Hugging Face hub: use bench.data.{name.replace('-', '_')}.load")
    if name not in _LOCAL:
        raise unknown("dataset", name, (*_LOCAL, made.NAME, *_HUB))
    if data_dir is None:
        raise UserError(f"{name} needs a data directory. {_LOCAL[name].how_to_get}")
    return _LOCAL[name].load(data_dir)


def how_to_get(name: str, data_dir: Path | None) -> str:
    """What to do so that the dataset of that name lies in the data directory. KeyError for `made` and unknown names."""
    if name in _LOCAL:
        return _LOCAL[name].how_to_get
    folder = f"{data_dir or 'DATA_DIR'}/{name}"
    return (
        f"Run `hf download {_HUB[name].repo} --repo-type dataset --local-dir {folder}`, and give the folder that "
        f"contains {name}/ with --data-dir or PREFBENCH_DATA."
    )


def available(data_dir: Path | None) -> list[str]:
    """The datasets that `load_text` can load here: `made`, and those with a folder in the data directory."""
    found = [] if data_dir is None else [name for name, local in _LOCAL.items() if (data_dir / local.folder).is_dir()]
    return [*found, made.NAME]
