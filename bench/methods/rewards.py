"""Reward models of `bench.learn.reward` as methods: made of plain hyper-parameters."""

from __future__ import annotations

from bench.learn.reward import L1BradleyTerry
from bench.learn.reward.personal.ridge import RidgeBradleyTerry
from bench.learn.reward.personal.shared import SharedBradleyTerry


class Ridge(SharedBradleyTerry):
    """One linear Bradley-Terry model for everybody, with a ridge."""

    def __init__(self, ridge: float = 1.0) -> None:
        super().__init__(RidgeBradleyTerry(ridge))
        self.ridge = ridge


class L1(SharedBradleyTerry):
    """One linear Bradley-Terry model for everybody, with an l1 penalty."""

    def __init__(self, beta: float = 0.01) -> None:
        super().__init__(L1BradleyTerry(beta=beta))
        self.beta = beta
