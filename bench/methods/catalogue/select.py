"""For which prompts labels are bought."""

from bench.methods.method import Method, Slot
from bench.methods.space import Log, Space

_HERE = "bench.methods.selectors"
_PER_TOKEN: Space = {"per_token": (False, True)}


_REWARDED = ("pvar", "reward_gap", "reward_variance", "gradient_norm")


def _by(name: str, line: str, kind: str, source: str = "", space: Space | None = None) -> Method:
    rewarded = name in _REWARDED
    return Method(name, Slot.SELECT, line, f"{_HERE}:{kind}", source, space=space or {}, reads_rewards=rewarded)


SELECT = (
    _by("random", "whichever prompts: the control", "Random"),
    _by(
        "pvar",
        "prompts whose preferences vary most under a reward model",
        "PVar",
        "Guo et al. 2025 (PVar)",
        {"scale": Log(0.25, 4.0)},
    ),
    _by("reward_gap", "prompts with the largest gap between best and worst reward", "RewardGap"),
    _by("reward_variance", "prompts whose rewards vary most", "RewardVariance"),
    _by("length_difference", "prompts whose responses differ most in length: a control", "LengthDifference"),
    _by("perplexity", "prompts with the most surprising responses", "Perplexity", "Marion et al. 2023"),
    _by(
        "policy_entropy",
        "prompts at which the SFT policy has most to choose from",
        "PolicyEntropy",
        "Muldrew et al. 2024",
        _PER_TOKEN,
    ),
    _by(
        "reference_margin",
        "prompts whose responses the SFT policy finds about as likely",
        "ReferenceMargin",
        space=_PER_TOKEN,
    ),
    _by(
        "gradient_norm",
        "prompts whose DPO gradient is largest, were labels those of a reward model",
        "GradientNorm",
        "after Settles et al. 2008",
    ),
    _by("diversity", "prompts that cover the space of prompts, by k-centres", "Diversity", "Sener and Savarese 2018"),
    Method(
        "negative_correlation",
        Slot.SELECT,
        "prompts whose two responses are most unlike each other to the policy",
        "bench.methods.selection.negative_correlation:NegativeCorrelation",
        source="after Zhang et al. 2025 (Community Alignment); the score is ours",
    ),
)
