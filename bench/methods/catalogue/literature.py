"""Reward models of the wider literature, and a reward that nothing is learnt for."""

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
        space={"ridge": Log(0.01, 1.0), "blocks": (1, 2, 4)},
    ),
    Method(
        "sparse_features",
        Slot.REWARD,
        "a sparse autoencoder's directions, with weights of all and deviations of each annotator",
        f"{_HERE}.sparse_features:SparseFeatureModel",
        source="Movva et al. 2025 (WIMHF, arXiv 2510.26202)",
        space={
            "directions": (32, 64),
            "active": (4, 8, 16),
            "ridge": Log(0.1, 100.0),
            "deviation_ridge": Log(1.0, 1000.0),
        },
    ),
    Method(
        "context",
        Slot.REWARD,
        "a linear reward whose weights depend on what was asked, by a map of low rank",
        f"{_HERE}.context:ContextualBradleyTerry",
        source="after Pitis et al. 2024 (context-aware preference modelling, arXiv 2407.14916)",
        space={"rank": (1, 2, 4, 8), "ridge": Log(0.1, 100.0)},
    ),
    Method(
        "orchestrator",
        Slot.REWARD,
        "reward models of clusters of prompts, and weights for them that the prompt decides",
        f"{_HERE}.orchestrator:PreferenceOrchestrator",
        source="Liu et al. 2025 (PRO, arXiv 2511.10656)",
        space={"models": (2, 4, 8), "ridge": Log(0.1, 100.0), "temperature": Log(0.1, 3.0)},
    ),
    Method(
        "relevance",
        Slot.LABEL,
        "the response that is nearer to its prompt, longer and less repetitive: nothing is learnt",
        "bench.methods.relevance:RegularisedRelevance",
        source="Kim and Seo 2024 (R3, arXiv 2402.03469)",
    ),
)
