"""Prompts that cover the space of prompts: k-centre greedy on embeddings (Sener & Savarese 2018, arXiv 1708.00489)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from bench.errors import UserError
from bench.learn.policy import attention, support
from bench.learn.policy.completions import Completions
from bench.learn.policy.packing import micro_batches, pack
from bench.select.selector import Scores

Embed = Callable[[Sequence[Completions]], ArrayLike]  # (n, d) of n prompts


class Diversity:
    """Minus the order of picking: a prompt that is far from all that are picked before it is bought sooner.

    It looks at prompts alone. The picks are those of `k_centre_greedy`, and the first `budget` of them (all, where
    none is given) are spread over the prompts within twice the least radius possible; what is not picked shares the
    lowest score. Take the top of the scores and nothing else: the middle of them means nothing.
    """

    def __init__(self, embed: Embed, budget: int | None = None) -> None:
        self.embed = embed
        self.budget = budget

    def scores(self, groups: Sequence[Completions]) -> Scores:
        """See Selector. Raises UserError as `k_centre_greedy` does."""
        points = np.asarray(self.embed(groups), dtype=np.float64)
        if points.ndim != 2 or len(points) != len(groups):
            raise UserError(f"{len(groups)} groups were given, and embeddings of shape {points.shape} came back")
        picked = k_centre_greedy(points, len(points) if self.budget is None else self.budget)
        scores = np.full(len(points), -float(len(picked)))
        scores[picked] = -np.arange(len(picked), dtype=float)
        return scores


def k_centre_greedy(points: NDArray[np.float64], budget: int) -> NDArray[np.int64]:
    """(budget,): rows of `points` (n, d), each the farthest from those before it; O(n d budget).

    The largest distance of a point to the nearest pick is, after every pick, at most twice what it would be with as
    many centres in the best places (Gonzalez 1985). The first is the point nearest to the mean, where Sener & Savarese
    start from a pool that has labels already. Picks do not depend on the order of rows: equal distances go by the
    coordinates. Raises UserError for points that are not finite, and a budget that is not of 1 to n.
    """
    if len(bad := np.flatnonzero(~np.isfinite(points).all(axis=1))):
        raise UserError(f"the embedding of prompt {bad[0]} is not finite")
    if not 1 <= budget <= len(points):
        nearest = min(max(budget, 1), len(points))
        raise UserError(f"a budget of {budget:,} for {len(points):,} prompts; the nearest valid value is {nearest:,}")
    order = np.lexsort(points.T[::-1])
    rows = np.ascontiguousarray(points[order])
    rows -= rows.mean(axis=0)  # distances are the same, and squares are small
    squares = np.einsum("nd,nd->n", rows, rows)
    nearest_pick = np.full(len(rows), np.inf)  # squared distance
    picked = np.empty(budget, dtype=np.int64)
    farthest = int(squares.argmin())
    for place in range(budget):
        picked[place] = farthest
        distances = squares - 2 * (rows @ rows[farthest]) + squares[farthest]
        np.minimum(nearest_pick, distances, out=nearest_pick)
        nearest_pick[farthest] = -np.inf  # also among points that are all the same, none is picked twice
        farthest = int(nearest_pick.argmax())
    return order[picked]


@torch.no_grad()
def policy_embeddings(model: Any, groups: Sequence[Completions], *, max_tokens: int = 8192) -> NDArray[np.float64]:
    """(n, d): the mean over a prompt's tokens of the last hidden state of `model`, a transformers decoder.

    Responses are not looked at. At most `max_tokens` tokens are computed at a time; the model's mode is left as it
    was. Raises UserError for a model or tokens that the engine cannot take.
    """
    nothing = (
        np.zeros(1, dtype=np.int32),
    )  # a last token predicts nothing, so a response of one token is not computed
    prompts = [replace(group, responses=nothing) for group in groups]
    attention.enable(model)
    support.check_groups(model, prompts)
    was_training = model.training
    model.eval()
    found: dict[int, NDArray[np.float64]] = {}
    try:
        for part in micro_batches(prompts, range(len(prompts)), max_tokens):
            packing = pack([prompts[index] for index in part]).to(model.device)
            states = attention.hidden_states(model, packing)
            means = [states[span.start : span.branch].double().mean(dim=0).cpu().numpy() for span in packing.spans]
            found |= dict(zip(part, means, strict=True))
    finally:
        model.train(was_training)
    return np.stack([found[index] for index in range(len(prompts))])
