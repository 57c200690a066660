"""Reward models of comparisons in features."""

from bench.methods.method import Method, Slot
from bench.methods.space import Log

_HERE = "bench.methods.rewards"

REWARD = (
    Method(
        "bt",
        Slot.REWARD,
        "one linear Bradley-Terry model for everybody, with a ridge",
        f"{_HERE}:Ridge",
        source="Bradley and Terry 1952",
        space={"ridge": Log(1e-3, 1e2)},
    ),
    Method(
        "sparse",
        Slot.REWARD,
        "a linear Bradley-Terry model with an l1 penalty",
        f"{_HERE}:L1",
        source="Yao et al. 2025 (Sparse), Eq. 4",
        space={"beta": Log(1e-4, 1e-1)},
    ),
)
