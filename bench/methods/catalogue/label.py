"""Who says which response is better, where no label was bought."""

from bench.methods.method import Method, Slot

_HERE = "bench.methods.labelers"

LABEL = (
    Method("people", Slot.LABEL, "nobody but the people who were paid: the control", f"{_HERE}:People"),
    Method(
        "spa",
        Slot.LABEL,
        "a policy that learnt from the bought labels labels the rest by its own likelihoods",
        f"{_HERE}:SPA",
        source="Kim et al. 2025 (SPA), Eq. 7",
    ),
)
