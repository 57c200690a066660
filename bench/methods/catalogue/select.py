"""For which prompts labels are bought."""

from bench.methods.method import Method, Slot

_HERE = "bench.methods.selectors"

SELECT = (
    Method("random", Slot.SELECT, "whichever prompts: the control", f"{_HERE}:Random"),
    Method(
        "pvar",
        Slot.SELECT,
        "prompts whose preferences vary most under a reward model",
        f"{_HERE}:PVar",
        source="Guo et al. 2025 (PVar)",
    ),
)
