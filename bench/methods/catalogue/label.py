"""Who says which response is better, where no label was bought."""

from bench.methods.method import Method, Slot
from bench.methods.space import Log, Space

_HERE = "bench.methods.labelers"


def _by(name: str, line: str, kind: str, source: str = "", space: Space | None = None) -> Method:
    rewarded = name == "reward_model"
    return Method(name, Slot.LABEL, line, f"{_HERE}:{kind}", source, space=space or {}, reads_rewards=rewarded)


LABEL = (
    _by("people", "nobody but the people who were paid: the control", "People"),
    _by(
        "spa",
        "a policy that learnt from the bought labels labels the rest by its own likelihoods",
        "SPA",
        "Kim et al. 2025 (SPA), Eq. 7",
    ),
    _by(
        "spa_length_regularised",
        "the same, less a price for every token",
        "LengthRegularisedSPA",
        "Kim et al. 2025 (SPA), Eq. 13",
        {"length_penalty": Log(1e-3, 1e-2)},
    ),
    _by(
        "likelihood",
        "the same policy's likelihoods without a reference",
        "Likelihood",
        "Kim et al. 2025 (SPA), Table 7",
    ),
    _by("reward_model", "a reward model that was at hand before any label was bought", "RewardModel"),
    _by("random", "a fair coin: the control of those that label for themselves", "Random"),
)
