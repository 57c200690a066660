"""What every selector takes and gives, and how a budget of labels is spent on its scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from bench.errors import UserError, unknown
from bench.learn.policy.completions import Completions
from bench.seeds import seed_for

Scores = NDArray[np.float64]  # (n,)
Rewards = Callable[[Sequence[Completions]], Sequence[NDArray[np.floating]]]  # of each group's responses: (k,)
Rule = Literal["top", "bottom", "random", "stratified"]
RULES: tuple[Rule, ...] = ("top", "bottom", "random", "stratified")


class Selector(Protocol):
    """See the package."""

    def scores(self, groups: Sequence[Completions]) -> Scores:
        """(n,), finite: the higher, the sooner a label of the prompt is bought. A group is a prompt and k responses.

        Raises UserError for a group that cannot be scored, as one of too few responses.
        """


def choose(scores: Scores, budget: int, rule: Rule = "top", *, seed: int = 0, strata: int = 10) -> NDArray[np.int64]:
    """(budget,): which prompts to buy labels for, in the order of buying.

    top: the highest scores; bottom: the lowest; random: whichever (the scores are not looked at); stratified: as many
    at random of each of `strata` equal parts of the ranking. Equal scores are in an order that `seed` decides. Raises
    UserError for an unknown rule, scores that are not finite, and a budget that is not of 1 to n prompts.
    """
    scores = np.asarray(scores, dtype=float)
    if rule not in RULES:
        raise unknown("rule", rule, RULES)
    if len(bad := np.flatnonzero(~np.isfinite(scores))):
        raise UserError(f"the score of prompt {bad[0]} is {scores[bad[0]]}: scores must be finite")
    if not 1 <= budget <= len(scores):
        nearest = min(max(budget, 1), len(scores))
        raise UserError(
            f"a budget of {budget:,} labels for {len(scores):,} prompts; the nearest valid value is {nearest:,}"
        )
    random = np.random.default_rng(seed_for("select", rule, seed))
    shuffled = random.permutation(len(scores))
    if rule == "random":
        return shuffled[:budget]
    ranked = shuffled[np.argsort(-scores[shuffled], kind="stable")]
    if rule == "top":
        return ranked[:budget]
    if rule == "bottom":
        return ranked[::-1][:budget]
    return _stratified(ranked, budget, strata, random)


def _stratified(ranked: NDArray[np.int64], budget: int, strata: int, random: np.random.Generator) -> NDArray[np.int64]:
    """One at random of each part in turn, until the budget is spent: no part gives more than one above another."""
    if strata < 1:
        raise UserError(f"strata must be at least 1, got {strata}")
    parts = [random.permutation(part) for part in np.array_split(ranked, min(strata, len(ranked)))]
    turns = [(turn, place, row) for place, part in enumerate(parts) for turn, row in enumerate(part)]
    return np.array([row for _, _, row in sorted(turns)][:budget], dtype=np.int64)
