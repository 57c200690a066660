"""An experiment's settings: the paper's common file, its own, each with the profile's overrides, then the user's.

An experiment that shares nothing with the others of its paper says `common: false` in its file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from bench.errors import UserError, unknown
from bench.files import read_yaml, validate
from bench.spec import Experiment, Paper, Profile, Variant

Seeds = Annotated[int, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, lt=1)]


class Config(BaseModel):
    """What every experiment's config has; each experiment adds its own keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seeds: dict[Variant, Seeds]  # how many seeds, counted from 0, each variant runs by default


def load(paper: Paper, experiment: Experiment, profile: Profile, own: Path | None = None) -> Any:
    """The validated config of `experiment` at `profile`; keys of the file `own` (with the same shape) win.

    Raises UserError, naming file, key and nearest valid key, for anything wrong in either file.
    """
    if profile not in experiment.profiles:
        raise unknown("profile", profile, experiment.profiles, f"{paper.name}/{experiment.name}")
    common, path = (paper.folder / "configs" / f"{name}.yaml" for name in ("common", experiment.name))
    its = read_yaml(path)
    shares = its.pop("common", True) and common.is_file()
    merged = _at_profile(read_yaml(common), profile, common) if shares else {}
    merged = merge(merged, _at_profile(its, profile, path))
    if own is not None:
        merged = merge(merged, _at_profile(read_yaml(own), profile, own))
    where = own or (f"{path} over {common.name}" if shares else path)
    config: Any = validate(experiment.config, merged, where)
    if strange := set(config.seeds) - set(experiment.variants):
        raise unknown("variant", sorted(strange)[0], experiment.variants, f"{own or path}: seeds")
    return config


def _at_profile(raw: dict[str, Any], profile: Profile, path: Path) -> dict[str, Any]:
    overrides = raw.pop("profiles", None) or {}
    if not isinstance(overrides, dict):
        raise UserError(f"{path}: profiles: expected a mapping from profile to keys")
    for name in overrides:
        if name not in list(Profile):
            raise unknown("profile", name, Profile, f"{path}: profiles")
    return merge(raw, overrides.get(str(profile)) or {})


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` on `base`, mapping by mapping; lists and scalars are replaced whole."""
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = merge(merged[key], value) if both else value
    return merged
