"""The checks of a method's contract, and what each says of a method that breaks it.

They are for mistakes. Whoever is set on reading what they should not can open files or walk the interpreter's frames.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch

from bench.methods.checks.attempt import PLAIN, Attempt, Case, FailedError, attempt, called, made
from bench.methods.checks.batches import couples_pairs
from bench.methods.checks.imports import forbidden
from bench.methods.method import TRAINING, Method, Slot, arguments
from bench.methods.space import Settings, trials

DRAWS = 3  # settings from `space` that are tried, the defaults not among them
ALL = tuple(Slot)


@dataclass(frozen=True)
class Verdict:
    """What a check found: `ok` is None where it was not made, and then `why` says why not."""

    check: str
    ok: bool | None
    why: str = ""


class _NotMadeError(Exception):
    """A check that says nothing here."""


class Subject:
    """A method that is checked."""

    def __init__(self, method: Method) -> None:
        self.method = method
        self.plain = self.run()

    def make(self, seed: int = 0, **hyper: Any) -> Any:
        """One of it."""
        return made(self.method.make, seed, hyper)

    def run(self, case: Case = PLAIN, **hyper: Any) -> Attempt:
        """A fresh one, on a fresh testbed."""
        return attempt(self.method.slot, self.make(**hyper), case)

    @cached_property
    def deterministic(self) -> bool:
        """Whether it gives the same bits again, whatever the global random streams and the order of sets are."""
        with _stirred():
            return np.array_equal(self.run(replace(PLAIN, process=1)).output, self.plain.output)


def _same_twice(subject: Subject) -> None:
    if not subject.deterministic:
        raise FailedError(
            "two fresh instances with seed 0 gave different results; draw from a stream of your own, as "
            "numpy.random.default_rng(seed) or torch.Generator().manual_seed(seed), with the `seed` of __init__, "
            "and sort what comes from a set of names"
        )


def _construction(subject: Subject) -> None:
    first = subject.make(seed=0)
    other = called(lambda: _beside(first, subject.method))
    attempt(subject.method.slot, other)
    found = attempt(subject.method.slot, first).output
    if subject.deterministic and not np.array_equal(found, subject.plain.output):
        raise FailedError(
            "another instance, with another seed, was used before it, and the result changed; keep what is learnt or "
            "drawn in `self`, not in the class or the module"
        )


def _beside(first: Any, method: Method) -> Any:
    """Another of the very class of `first`, with another seed: `Method.make` reads a file anew, and has its own."""
    kind = type(first)
    return kind(**{**method.fixed, **({"seed": 1} if "seed" in arguments(kind) else {})})


def _inputs(subject: Subject) -> None:
    if subject.plain.inputs_changed:
        raise FailedError("what it was given is not as it was; work on copies (array.copy(), sorted(list))")


def _policy(subject: Subject) -> None:
    if subject.plain.policy_changed:
        raise FailedError(
            "known.policy has other weights or another mode than before; train copy.deepcopy(known.policy)"
        )


def _held_out(subject: Subject) -> None:
    named = forbidden(subject.method.load())
    if named:
        raise FailedError(f"its file names {named[0]}, where labels come from; all it may use is `known`")
    if subject.plain.held_out_read:
        raise FailedError("it read held-out labels; they are for the judge, after it is done")
    if subject.method.slot == Slot.REWARD or subject.plain.asked or not subject.deterministic:
        return  # what it says may hang on what people think: it paid for that
    if not np.array_equal(subject.run(replace(PLAIN, taste=-1)).output, subject.plain.output):
        raise FailedError("it bought no label, and answers otherwise where people think otherwise; it may use `known`")


def _counted(subject: Subject) -> None:
    for extra in (PLAIN.extra, 0):
        try:
            found = subject.run(replace(PLAIN, extra=extra))
        except FailedError:
            if extra:
                raise
            return  # it was refused a label beyond the budget, and let that be known
        if found.asked != found.counted:
            raise FailedError(
                f"people were asked {found.asked} times and {found.counted} labels were counted; ask known.people alone"
            )


def _pool(shape: str, words: str) -> Callable[[Subject], None]:
    def check(subject: Subject) -> None:
        try:
            subject.run(Case(shape=shape))  # type: ignore[arg-type]
        except FailedError as error:
            raise FailedError(f"{words}: {error}") from error

    return check


def _one_annotator(subject: Subject) -> None:
    subject.run(Case(people=1))


def _each_for_itself(subject: Subject) -> None:
    if couples_pairs(subject.make()):
        raise FailedError(
            "a pair's loss hangs on the other pairs of its batch, and couples_batch is False; set it to True, or "
            "the gradient depends on how a batch is split"
        )


def _settings(subject: Subject) -> None:
    space = {name: values for name, values in subject.method.space.items() if name not in TRAINING}
    if not space:
        raise _NotMadeError("it has no space")
    for hyper in trials(space, DRAWS + 1, "check", subject.method.name)[1:]:
        try:
            subject.run(**hyper)
        except FailedError as error:
            raise FailedError(f"{_words(hyper)}: {error}") from error


CHECKS: tuple[tuple[str, tuple[Slot, ...], Callable[[Subject], None]], ...] = (
    ("same bits twice under a seed", ALL, _same_twice),
    ("order of construction does not matter", ALL, _construction),
    ("leaves its inputs as they are", ALL, _inputs),
    ("leaves the SFT policy as it is", (Slot.SELECT, Slot.LABEL, Slot.POLICY), _policy),
    ("does not touch held-out labels", ALL, _held_out),
    ("labels that it buys are counted", (Slot.SELECT, Slot.LABEL, Slot.POLICY), _counted),
    ("survives a single pair", ALL, _pool("single", "with a single pair")),
    ("survives duplicate pairs", ALL, _pool("duplicates", "with every pair thrice")),
    ("survives all ties", ALL, _pool("ties", "with equal responses")),
    ("survives one annotator", (Slot.REWARD,), _one_annotator),
    ("a pair's loss is its own", (Slot.POLICY,), _each_for_itself),
    ("takes hyper-parameters from its space", ALL, _settings),
)


def verdicts(method: Method) -> Iterator[Verdict]:
    """One a check, as they are made. Where a method does not run at all, that is the only one."""
    runs = "runs, and gives finite numbers of the right shape"
    try:
        subject = Subject(method)
    except FailedError as error:
        yield Verdict(runs, False, str(error))
        return
    yield Verdict(runs, True)
    for name, slots, check in CHECKS:
        if method.slot in slots:
            yield _verdict(name, check, subject)


def _verdict(name: str, check: Callable[[Subject], None], subject: Subject) -> Verdict:
    try:
        check(subject)
    except FailedError as error:
        return Verdict(name, False, str(error))
    except _NotMadeError as error:
        return Verdict(name, None, str(error))
    return Verdict(name, True)


def _words(hyper: Settings) -> str:
    return ", ".join(f"{name}={value}" for name, value in hyper.items())


@contextmanager
def _stirred() -> Iterator[None]:
    """Global random streams in a state of their own, and afterwards as they were."""
    states = random.getstate(), np.random.get_state()  # noqa: NPY002  what a careless method draws from
    with torch.random.fork_rng():
        random.seed(1)
        np.random.seed(1)  # noqa: NPY002
        torch.manual_seed(1)
        try:
            yield
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])  # noqa: NPY002
