"""Reward models of comparisons in features. Networks have few epochs: a fit takes seconds for 1,000 comparisons."""

from typing import Any

from bench.methods.method import Method, Slot
from bench.methods.space import Log, Space

_HERE = "bench.methods.rewards"
_PERSONAL = "bench.learn.reward.personal"
_RIDGE: Space = {"ridge": Log(1e-2, 1e3)}
_GROUPS: Space = {**_RIDGE, "n_groups": (2, 3, 4, 6)}


def _model(name: str, line: str, target: str, source: str, space: Space, **fixed: Any) -> Method:
    return Method(name, Slot.REWARD, line, target, source, fixed, space)


_SHARED = (
    _model(
        "bt",
        "one linear Bradley-Terry model for everybody, with a ridge",
        f"{_HERE}:Ridge",
        "Bradley and Terry 1952",
        _RIDGE,
    ),
    _model(
        "mle",
        "the same by maximum likelihood within a ball",
        f"{_HERE}:MaximumLikelihood",
        "Yao et al. 2025 (Sparse)",
        {"radius": Log(0.3, 100.0)},
    ),
    _model(
        "sparse",
        "a linear Bradley-Terry model with an l1 penalty",
        f"{_HERE}:L1",
        "Yao et al. 2025 (Sparse)",
        {"beta": Log(1e-4, 1e-1)},
    ),
    _model(
        "subset",
        "a linear Bradley-Terry model of few features, the best that swaps find",
        f"{_HERE}:Subset",
        "Yao et al. 2025 (Sparse)",
        {"k": (2, 5, 10, 20, 40)},
    ),
)

_EACH = (
    _model(
        "per_user",
        "a linear Bradley-Terry model for each annotator, with a ridge",
        f"{_HERE}:PerUser",
        "Canal et al. 2022",
        _RIDGE,
    ),
    _model(
        "mixture",
        "groups of annotators: a mixture of Bradley-Terry models, by EM",
        f"{_PERSONAL}.mixture:BradleyTerryMixture",
        "Park et al. 2024",
        _GROUPS,
    ),
    _model(
        "clusters",
        "groups of annotators: K-means of their own models, then one model a group",
        f"{_PERSONAL}.clusters:ClusteredBradleyTerry",
        "Chakraborty et al. 2024 (MaxMin-RLHF), Alg. 2",
        _GROUPS,
    ),
    _model(
        "nearest_users",
        "the mean model of those who agree most",
        f"{_PERSONAL}.nearest_users:NearestUsers",
        "Herlocker et al. 1999",
        {**_RIDGE, "k": (2, 5, 10, 20)},
    ),
    _model(
        "low_rank",
        "a shared model and few directions in which annotators differ from it",
        f"{_PERSONAL}.low_rank:LowRankBradleyTerry",
        "Bose et al. 2025 (LoRe)",
        {**_RIDGE, "rank": (1, 2, 4, 8)},
    ),
    _model(
        "sparse_deviations",
        "a shared model and few features in which an annotator differs from it",
        f"{_HERE}:SparseDeviations",
        "Xu et al. 2020; Yao et al. 2025 (Sparse)",
        {"deviation_l1": Log(0.3, 30.0), "shared_l1": Log(0.1, 10.0)},
    ),
)

_NETWORKS = (
    _model(
        "user_embedding",
        "a network that reads the items and an embedding of the annotator",
        f"{_PERSONAL}.user_embedding:UserEmbedding",
        "Li et al. 2024 (P-DPO)",
        {"dimension": (2, 4, 8, 16), "prior": Log(0.03, 3.0), "learning_rate": Log(1e-3, 3e-2)},
        epochs=10,
    ),
    _model(
        "variational",
        "a network that reads the items and a latent inferred from what the annotator said",
        f"{_PERSONAL}.variational:VariationalPreferences",
        "Poddar et al. 2024 (VPL)",
        {"dimension": (2, 4, 8), "kl_weight": Log(0.01, 1.0), "learning_rate": Log(1e-3, 1e-2)},
        steps=100,
    ),
    _model(
        "pal_a",
        "ideal points of K prototypes; items are worth minus their distance",
        "bench.methods.pal:Prototypes",
        "Chen et al. 2025 (PAL)",
        {"K": (1, 2, 3, 4), "projector_rate": Log(1e-4, 3e-3), "annotator_rate": Log(5e-3, 1e-1)},
    ),
    _model(
        "pal_b",
        "ideal points of K mappings of the prompt; items are worth the cosine",
        "bench.methods.pal:Mappings",
        "Chen et al. 2025 (PAL)",
        {"K": (1, 2, 3, 4), "projector_rate": Log(1e-4, 3e-3), "annotator_rate": Log(5e-3, 1e-1)},
    ),
    _model(
        "cosine",
        "the cosine of prompt and item in a shared space: nothing is learnt",
        f"{_PERSONAL}.cosine:PromptCosine",
        "Radford et al. 2021 (CLIP)",
        {},
    ),
)

REWARD = (*_SHARED, *_EACH, *_NETWORKS)
