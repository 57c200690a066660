"""One run of a method on the small testbed, and all that was seen of it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bench.label import Judgements
from bench.learn.policy.completions import Completions
from bench.learn.policy.reference import data_hash
from bench.learn.policy.trainer import train
from bench.methods.checks.comparisons import PEOPLE, Problem
from bench.methods.checks.ground import POOL, TRAINING, Ground, Shape
from bench.methods.contract import PAIR
from bench.methods.method import Slot
from bench.methods.sources import told


class FailedError(Exception):
    """A method broke its contract. The message says how, and what would be right."""


@dataclass(frozen=True)
class Attempt:
    """What came out of a method, and what it touched."""

    output: NDArray[np.float64]  # (n,): scores, log-odds, or the weights that training ended with
    inputs_changed: bool = False
    policy_changed: bool = False
    held_out_read: bool = False
    asked: int = 0  # answers of people
    counted: int = 0  # labels that the ground counted


@dataclass(frozen=True)
class Case:
    """On which pool, with which people, how many labels are left to buy, and in which process, as it were."""

    shape: Shape = "plain"
    taste: int = 1
    extra: int = POOL
    people: int = PEOPLE
    process: int = 0  # in which names hash as they do


PLAIN = Case()


def attempt(slot: Slot, instance: Any, case: Case = PLAIN) -> Attempt:
    """Have `instance` do what its slot is for. Raises FailedError where it breaks, or gives what cannot be used."""
    if slot == Slot.REWARD:
        return _reward(instance, case)
    select = slot == Slot.SELECT  # when prompts are chosen, nothing is bought yet
    responses = 3 if select else getattr(instance, "lists", PAIR)
    ground = Ground(case.shape, taste=case.taste, responses=responses, bought=not select, extra=case.extra)
    given, before = data_hash(ground.groups), ground.known.fingerprint()
    groups = list(ground.groups)
    output = called(lambda: RUNS[slot](instance, groups, ground))
    policy, bought = ground.known.fingerprint()
    unchanged = len(groups) == len(ground.groups) and data_hash(groups) == given == data_hash(ground.groups)
    return Attempt(
        output,
        inputs_changed=not unchanged or bought != before[1],
        policy_changed=policy != before[0] or ground.known.policy.training,
        held_out_read=ground.held_out.read,
        asked=ground.people.asked,
        counted=ground.spent,
    )


def _select(instance: Any, groups: list[Completions], ground: Ground) -> NDArray[np.float64]:
    return _vector(instance.scores(groups, ground.known), len(ground.groups), "scores(groups, known)", "group")


def _label(instance: Any, groups: list[Completions], ground: Ground) -> NDArray[np.float64]:
    judgements = instance.label(groups, ground.known)
    if not isinstance(judgements, Judgements):
        raise FailedError(f"label gave {type(judgements).__name__}; it gives bench.label.Judgements(log_odds)")
    # Who names no doubt gives infinite log-odds.
    odds = np.nan_to_num(np.asarray(judgements.log_odds, dtype=float), nan=np.nan, posinf=1e300, neginf=-1e300)
    return _vector(odds, len(ground.groups), "label(groups, known).log_odds", "group")


def _policy(instance: Any, groups: list[Completions], ground: Ground) -> NDArray[np.float64]:
    objective = instance.objective(groups, ground.known)
    policy = copy.deepcopy(ground.known.policy)
    train(policy, groups, objective, TRAINING)
    weights = torch.cat([value.detach().reshape(-1) for value in policy.state_dict().values()]).double().numpy()
    return _vector(weights, len(weights), "the weights after training", "weight")


RUNS: dict[Slot, Callable[[Any, list[Completions], Ground], NDArray[np.float64]]] = {
    Slot.SELECT: _select,
    Slot.LABEL: _label,
    Slot.POLICY: _policy,
}


def _reward(instance: Any, case: Case) -> Attempt:
    problem = Problem.of(case.shape, case.people, case.process)
    before, count = problem.fingerprint(), len(problem.test_items)
    found = called(lambda: _vector(problem.decisions(instance), count, "decision_function", "comparison"))
    return Attempt(found, inputs_changed=problem.fingerprint() != before)


def _vector(values: Any, count: int, what: str, unit: str) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=float)
    if array.shape != (count,):
        raise FailedError(f"{what}: shape {array.shape}, where one number a {unit} is asked for, ({count},)")
    if len(bad := np.flatnonzero(~np.isfinite(array))):
        raise FailedError(f"{what}: {array[bad[0]]} of {unit} {bad[0]}; all must be finite")
    return array


def called(run: Callable[[], Any]) -> Any:
    """What `run` gives; whatever a method raises is a failure of its own."""
    try:
        return run()
    except FailedError:
        raise
    except (Exception, SystemExit) as error:
        raise FailedError(told(error)) from error


def made(make: Callable[..., Any], seed: int, hyper: Mapping[str, Any]) -> Any:
    """One of the method. Raises FailedError where its constructor does."""
    return called(lambda: make(seed, **hyper))
