"""What tuning may try: hyper-parameters, and the values that each can have."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.errors import UserError
from bench.seeds import seed_for
from bench.spec import canonical

DIGITS = 3  # of a number that is drawn: no result hangs on a fourth


@dataclass(frozen=True)
class Log:
    """Any number between two positive ones, every factor as likely as another."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not 0 < self.low < self.high < math.inf:
            raise UserError(f"Log({self.low}, {self.high}): needs 0 < low < high")

    def at(self, share: float) -> float:
        """The value below which `share` of the range lies."""
        return _rounded(self.low * (self.high / self.low) ** share)


@dataclass(frozen=True)
class Uniform:
    """Any number between two."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not -math.inf < self.low < self.high < math.inf:
            raise UserError(f"Uniform({self.low}, {self.high}): needs low < high")

    def at(self, share: float) -> float:
        """The value below which `share` of the range lies."""
        return _rounded(self.low + share * (self.high - self.low))


Values = Sequence[Any] | Log | Uniform  # a sequence: one of these
Space = Mapping[str, Values]
Settings = dict[str, Any]  # hyper-parameters by name, JSON values


def trials(space: Space, count: int, *axes: str) -> list[Settings]:
    """At most `count` different settings: first none, which is the defaults, then draws from the whole `space`.

    The draws are a Latin hypercube of a stream named by `axes`: with few trials, no hyper-parameter is tried on one end
    of its range alone. Fewer come back where the space has no more.
    """
    found: list[Settings] = [{}]
    if not space or count < 2:
        return found
    random = np.random.default_rng(seed_for("trials", *axes))
    seen = {canonical({})}
    for _ in range(20):  # rounds; a small space repeats itself
        missing = count - len(found)
        columns = {name: (random.permutation(missing) + random.random(missing)) / missing for name in sorted(space)}
        for row in range(missing):
            drawn = {name: _value(space[name], float(column[row])) for name, column in columns.items()}
            if canonical(drawn) not in seen:
                seen.add(canonical(drawn))
                found.append(drawn)
        if len(found) == count:
            break
    return found


def _value(values: Values, share: float) -> Any:
    if isinstance(values, Log | Uniform):
        return values.at(share)
    return values[min(int(share * len(values)), len(values) - 1)]


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
