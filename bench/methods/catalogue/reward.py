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
    Method(
        "gpm",
        Slot.REWARD,
        "responses as vectors with a skew-symmetric score, which knows preferences that run in circles",
        "bench.learn.reward.general_preference:GeneralPreferenceModel",
        source="Zhang et al. 2024 (GPM, arXiv 2410.02197)",
        space={"ridge": Log(1e-2, 10.0), "blocks": (1, 2, 4)},
    ),
)
