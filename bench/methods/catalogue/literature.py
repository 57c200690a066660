"""Reward models of the wider literature."""

from bench.methods.method import Method, Slot
from bench.methods.space import Log

_HERE = "bench.learn.reward"

LITERATURE = (
    Method(
        "gpm",
        Slot.REWARD,
        "responses as vectors with a skew-symmetric score: preferences may run in circles",
        f"{_HERE}.general_preference:GeneralPreferenceModel",
        source="Zhang et al. 2024 (GPM, arXiv 2410.02197)",
        space={"ridge": Log(0.1, 30.0), "blocks": (1, 2, 4)},
    ),
)
