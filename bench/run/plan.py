"""From what a user asks for to the exact list of tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.errors import UserError, unknown
from bench.run import config
from bench.spec import Experiment, Paper, Profile, Request, Task, Unavailable, Variant


@dataclass(frozen=True)
class Selection:
    """What is asked for; an empty choice means all there is."""

    experiments: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    profile: str = Profile.EMBEDDED
    seeds: int | None = None  # how many, from 0; the config says when None
    config: Path | None = None
    data_dir: Path | None = None
    cache_dir: Path = Path()


@dataclass(frozen=True)
class Part:
    """The tasks of one experiment and variant, or the reason why it has none here."""

    experiment: Experiment
    variant: Variant
    tasks: tuple[Task, ...]
    unavailable: str = ""


def plan(paper: Paper, selection: Selection) -> list[Part]:
    """Every part of the selection in the paper's order. UserError for any name that does not exist."""
    profile = _profile(selection.profile)
    chosen = [paper.experiment(name) for name in selection.experiments] or list(paper.experiments)
    variants = _variants(chosen, selection.variants)
    if selection.config is not None and len(selection.experiments) != 1:
        raise UserError("--config belongs to one experiment: name it with --experiment")
    if selection.experiments:
        for experiment in chosen:
            _require_profile(paper, experiment, profile)
    parts = []
    for experiment in chosen:
        for variant in experiment.variants:
            if variant in variants:
                parts.append(_part(paper, experiment, variant, profile, selection))
    return parts


def _part(paper: Paper, experiment: Experiment, variant: Variant, profile: Profile, selection: Selection) -> Part:
    if profile not in experiment.profiles:
        scales = ", ".join(experiment.profiles)
        return Part(experiment, variant, (), f"has no {profile} profile (it runs at: {scales})")
    settings = config.load(paper, experiment, profile, selection.config)
    seeds = settings.seeds.get(variant, 0) if selection.seeds is None else selection.seeds
    request = Request(variant, profile, settings, tuple(range(seeds)), selection.data_dir, selection.cache_dir)
    try:
        tasks = tuple(experiment.plan(request))
    except Unavailable as reason:
        return Part(experiment, variant, (), str(reason))
    return Part(experiment, variant, tasks)


def _profile(name: str) -> Profile:
    if name not in list(Profile):
        raise unknown("profile", name, Profile)
    return Profile(name)


def _variants(experiments: Sequence[Experiment], names: Sequence[str]) -> set[Variant]:
    valid = {variant for experiment in experiments for variant in experiment.variants}
    for name in names:
        if name not in valid:
            raise unknown("variant", name, valid, ", ".join(e.name for e in experiments))
    return {Variant(name) for name in names} or valid


def _require_profile(paper: Paper, experiment: Experiment, profile: Profile) -> None:
    if profile not in experiment.profiles:
        raise unknown("profile", profile, experiment.profiles, f"{paper.name}/{experiment.name}")
