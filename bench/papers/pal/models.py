"""The reward model that a task names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from bench.learn.reward.pal import PALA, PALB, Adaptation, Architecture, Rates, Training
from bench.learn.reward.personal.clusters import ClusteredBradleyTerry
from bench.learn.reward.personal.cosine import PromptCosine
from bench.learn.reward.personal.low_rank import LowRankBradleyTerry
from bench.learn.reward.personal.mixture import BradleyTerryMixture
from bench.learn.reward.personal.model import PersonalRewardModel
from bench.learn.reward.personal.nearest_users import NearestUsers
from bench.learn.reward.personal.per_user import PerUserBradleyTerry
from bench.learn.reward.personal.ridge import RidgeBradleyTerry
from bench.learn.reward.personal.shared import SharedBradleyTerry
from bench.learn.reward.personal.sparse_deviations import SparseDeviations
from bench.learn.reward.personal.user_embedding import UserEmbedding
from bench.learn.reward.personal.variational import VariationalPreferences

Settings = Mapping[str, Any]  # of `methods.Methods`


def _pal(kind: type[PALA] | type[PALB]) -> Callable[[int | None, Settings, int], PersonalRewardModel]:
    def make(K: int | None, settings: Settings, seed: int) -> PersonalRewardModel:
        assert K is not None
        training = settings["training"]
        return kind(
            K=K,
            projector=Architecture(**settings["projector"]),
            training=Training(**{**training, "rates": Rates(**training["rates"])}),
            adaptation=Adaptation(**settings["adaptation"]),
            seed=seed,
        )

    return make


MAKERS: Mapping[str, Callable[[Any, Settings, int], PersonalRewardModel]] = MappingProxyType(  # of K, if it has one
    {
        "pal_a": _pal(PALA),
        "pal_b": _pal(PALB),
        "cosine": lambda K, settings, seed: PromptCosine(),
        "shared": lambda K, settings, seed: SharedBradleyTerry(RidgeBradleyTerry(settings["ridge"])),
        "per_user": lambda K, settings, seed: PerUserBradleyTerry(RidgeBradleyTerry(settings["ridge"])),
        "mixture": lambda K, settings, seed: BradleyTerryMixture(n_groups=K, seed=seed, **settings),
        "clusters": lambda K, settings, seed: ClusteredBradleyTerry(n_groups=K, seed=seed, **settings),
        "nearest_users": lambda K, settings, seed: NearestUsers(**settings),
        "low_rank": lambda K, settings, seed: LowRankBradleyTerry(rank=K, **settings),
        "sparse_deviations": lambda K, settings, seed: SparseDeviations(**settings),
        "user_embedding": lambda K, settings, seed: UserEmbedding(seed=seed, **settings),
        "variational": lambda K, settings, seed: VariationalPreferences(seed=seed, **settings),
    }
)


def model(method: str, K: int | None, settings: Settings, seed: int) -> PersonalRewardModel:
    """An untrained one."""
    return MAKERS[method](K, settings, seed)
