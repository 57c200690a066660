"""The names of things: who chooses prompts, how a prompt gives a pair, which pools there are, which reward models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Rule = Literal["top", "bottom", "random"]

SPREADS: Mapping[str, str] = MappingProxyType(
    {"wide": "prompts of all stakes", "even": "prompts of the middle stakes, whose variances hardly differ"}
)
PAIRS: Mapping[str, str] = MappingProxyType(
    {
        "best_worst": "the best response against the worst, by the reward model that chooses",
        "random_labelled": "two responses at random, with a paid label: the pair that a dataset comes with",
        "equal_gap": "the two whose rewards differ by as much as those of all other prompts' pairs",
        "equal_length": "of the two most alike in length, the one with the higher reward first",
    }
)
MODELS: Mapping[str, str] = MappingProxyType(
    {"gold": "the truth", "large": "8,000 labels", "small": "2,500 labels", "tiny": "600 labels"}
)


@dataclass(frozen=True)
class Method:
    """Whose scores (a name in `selecting.SELECTORS`, or nobody's) and which end of them."""

    says: str
    rule: Rule
    selector: str | None = None


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "pvar": Method("the prompts of the highest preference variance", "top", "pvar"),
        "pvar_bottom": Method("those of the lowest", "bottom", "pvar"),
        "random": Method("prompts at random", "random"),
        "all": Method("the whole pool", "random"),
        "reward_gap": Method("the largest gap between the best reward and the worst", "top", "reward_gap"),
        "reward_variance": Method("the largest variance of rewards", "top", "reward_variance"),
        "ensemble": Method("the three reward models disagree most", "top", "ensemble"),
        "entropy": Method("the policy's responses are least certain", "top", "entropy"),
        "perplexity": Method("the responses are least likely, a token", "top", "perplexity"),
        "reference_margin": Method("the policy tells its responses apart least", "top", "reference_margin"),
        "gradient_norm": Method("the largest gradient norm, were labels the reward model's", "top", "gradient_norm"),
        "length_difference": Method("the responses differ most in length", "top", "length_difference"),
        "diversity": Method("the prompts are far from each other", "top", "diversity"),
    }
)
BASELINES = tuple(name for name in METHODS if name not in ("pvar", "pvar_bottom", "random", "all"))
