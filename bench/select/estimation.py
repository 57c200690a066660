"""How well PVar is known from n responses a prompt.

The unbiased estimate is a U-statistic of order two, U_n = mean over i < j <= n of h(r_i, r_j), h = (p_ij - 1/2)^2. From
N >= 4 scored responses the moments of h follow without bias, and with them the variance of U_n for every n in closed
form. What a ranking by U_n is worth is measured on subsets of the N: against all N (which hold the subset, so this
flatters), and against as many other responses (which does not).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from bench.errors import UserError
from bench.seeds import seed_for
from bench.select.pvar import check_scale, squared_lean
from bench.select.ranking import rank_correlation, top, with_error

Array = NDArray[np.float64]
Order = NDArray[np.int64]  # (N,), of a prompt's responses
Row = tuple[int, str, float | None, float, float]
COLUMNS = ("responses", "statistic", "share", "value", "standard_error")


@dataclass(frozen=True, eq=False)
class PairMoments:
    """Unbiased estimates (m,) of the moments of h over independent responses of each of m prompts."""

    pvar: Array  # E[h_12]
    same: Array  # E[h_12^2]
    sharing: Array  # E[h_12 h_13]
    apart: Array  # E[h_12 h_34] = E[h_12]^2

    @property
    def zeta_1(self) -> Array:
        """Var E[h_12 | r_1]; an unbiased estimate can be negative."""
        return self.sharing - self.apart

    @property
    def zeta_2(self) -> Array:
        """Var h_12."""
        return self.same - self.apart

    def variance(self, n: int) -> Array:
        """(m,): that of U_n over n fresh responses, 2 / (n (n - 1)) (2 (n - 2) zeta_1 + zeta_2) (Hoeffding 1948)."""
        return self._mean_square(n) - self.apart

    def variance_of_subsets(self, n: int) -> Array:
        """(m,): that of U_n over subsets of n of these very responses, without replacement; 0 for all of them."""
        return self._mean_square(n) - self.pvar**2

    def _mean_square(self, n: int) -> Array:
        """E[U_n^2]. Of n^2 (n - 1)^2 products of h of two ordered pairs, 2 n (n - 1) are of the same two responses."""
        return (2 * self.same + 4 * (n - 2) * self.sharing + (n - 2) * (n - 3) * self.apart) / (n * (n - 1))


def pair_moments(rewards: ArrayLike, *, scale: float = 1.0) -> PairMoments:
    """Of m prompts with N >= 4 responses each, from their rewards (m, N). Raises UserError for other rewards."""
    return _moments(_kernel(_checked(rewards), scale))


def spearman_brown(reliability: float, factor: float) -> float:
    """The reliability of a measurement `factor` times as long (Spearman 1910, Brown 1910).

    It takes the error's variance to fall as 1/n. That of U_n falls faster while zeta_2 counts, so from few responses
    it foretells too little.
    """
    return factor * reliability / (1 + (factor - 1) * reliability)


def estimation_error(
    rewards: ArrayLike,
    sizes: Sequence[int] = (2, 4, 8, 16, 32),
    *,
    scale: float = 1.0,
    shares: Sequence[float] = (0.1, 0.3, 0.5),
    draws: int = 50,
    seed: int = 0,
) -> pd.DataFrame:
    """What n responses say of PVar, for every n of `sizes`, from rewards (m, N) of m prompts with N >= 4 responses.

    A row a number: responses (n), statistic, share (of the prompts that is chosen, where one is), value,
    standard_error (over prompts). With U_n from n of a prompt's responses, drawn without replacement `draws` times:
    - bias: of the biased form, -PVar / n; that of U_n is 0
    - variance: of U_n over fresh responses; both are means over prompts
    - reliability: the share of the variance of U_n over prompts that is not error, Var(PVar) / Var(U_n)
    - rank_with_all: Spearman's correlation of the ranking by U_n with that by all N
    - rank_with_others: with that by n others of the N; where N < 2 n, rank_extrapolated in its place, by
      Spearman and Brown's formula from the largest n that has it
    - overlap_with_all, overlap_with_others: the share of the prompts chosen that the other ranking chooses too
      (`share` by chance)
    - gain: PVar of the prompts chosen, as the responses not used for choosing have it, over that of all prompts

    Raises UserError for rewards of another shape or not finite, and sizes that are not of 2 to N.
    """
    values = _checked(rewards)
    responses = values.shape[1]
    if wrong := [n for n in sizes if not 2 <= n <= responses]:
        nearest = min(max(wrong[0], 2), responses)
        raise UserError(f"sizes: {wrong[0]} of {responses} responses; the nearest valid value is {nearest}")
    if draws < 1:
        raise UserError(f"draws must be at least 1, got {draws}")
    random = np.random.default_rng(seed_for("select", "estimation", seed))
    # Each prompt in an order of its own: a column is then no longer, say, one model's response to every prompt.
    kernel = _kernel(random.permuted(values, axis=1), scale)
    orders = [random.permutation(responses) for _ in range(draws)]
    moments = _moments(kernel)
    if not moments.pvar.any():
        raise UserError("all responses to a prompt have the same reward, for every prompt: there is nothing to rank")
    measured = [n for n in sizes if 2 * n <= responses]
    rows = []
    for n in sizes:
        rows += _from_moments(moments, n, responses)
        rows += _from_subsets(kernel, moments.pvar, n, orders, shares)
        if measured and 2 * n > responses:
            longest = max(measured)
            halves = (_estimates(kernel, orders, start, start + longest) for start in (0, longest))
            rows.append((n, "rank_extrapolated", None, *with_error(_extrapolated(n / longest), *halves)))
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"share": float})


def _from_moments(moments: PairMoments, n: int, responses: int) -> list[Row]:
    error, error_of_all = moments.variance(n), moments.variance(responses)

    def reliability(pvar: Array, error: Array, error_of_all: Array) -> float:
        truth = pvar.var(ddof=1) - error_of_all.mean()
        return float(truth / (truth + error.mean()))

    return [
        (n, "bias", None, *with_error(_mean, -moments.pvar / n)),
        (n, "variance", None, *with_error(_mean, error)),
        (n, "reliability", None, *with_error(reliability, moments.pvar, error, error_of_all)),
    ]


def _from_subsets(kernel: Array, pvar: Array, n: int, orders: Sequence[Order], shares: Sequence[float]) -> list[Row]:
    responses = kernel.shape[1]
    chosen = _estimates(kernel, orders, 0, n)
    others = {"all": np.broadcast_to(pvar[:, None], chosen.shape)}
    if 2 * n <= responses:
        others["others"] = _estimates(kernel, orders, n, 2 * n)
    rows: list[Row] = []
    for name, other in others.items():
        rows.append((n, f"rank_with_{name}", None, *with_error(rank_correlation, chosen, other)))
        rows += [(n, f"overlap_with_{name}", share, *with_error(_overlap(share), chosen, other)) for share in shares]
    if n + 2 <= responses:
        unused = _estimates(kernel, orders, n, responses)
        rows += [(n, "gain", share, *with_error(_gain(share), chosen, unused)) for share in shares]
    return rows


def _estimates(kernel: Array, orders: Sequence[Order], start: int, end: int) -> Array:
    """(m, draws): of every prompt, U_n from its responses `start` to `end` of each of the orders."""
    subsets = [order[start:end] for order in orders]
    sums = [kernel[:, subset[:, None], subset].sum(axis=(1, 2)) for subset in subsets]
    n = end - start
    return np.stack(sums, axis=1) / (n * (n - 1))


def _mean(values: Array) -> float:
    return float(values.mean())


def _extrapolated(factor: float) -> Callable[[Array, Array], float]:
    return lambda first, second: spearman_brown(rank_correlation(first, second), factor)


def _overlap(share: float) -> Callable[[Array, Array], float]:
    return lambda first, second: float(np.average(top(second, share), weights=top(first, share)))


def _gain(share: float) -> Callable[[Array, Array], float]:
    return lambda chosen, unused: float(np.average(unused, weights=top(chosen, share)) / unused.mean())


def _checked(rewards: ArrayLike) -> Array:
    values = np.asarray(rewards, dtype=np.float64)
    if values.ndim != 2 or values.shape[0] < 2 or values.shape[1] < 4:
        raise UserError(f"expected rewards (m, N) of m >= 2 prompts with N >= 4 responses, got shape {values.shape}")
    if len(bad := np.flatnonzero(~np.isfinite(values).all(axis=1))):
        raise UserError(f"a reward of prompt {bad[0]} is not finite")
    return values


def _kernel(values: Array, scale: float) -> Array:
    """(m, N, N): h of every ordered pair of responses, 0 on the diagonal."""
    check_scale(scale)
    return squared_lean(values[:, :, None], values[:, None, :], scale)


def _moments(kernel: Array) -> PairMoments:
    """Means over different indices, from sums over all: what repeats an index is taken off."""
    n = kernel.shape[1]
    of_one = kernel.sum(axis=2)  # (m, N)
    total, squares, shared = of_one.sum(axis=1), (kernel**2).sum(axis=(1, 2)), (of_one**2).sum(axis=1)
    pairs = n * (n - 1)
    return PairMoments(
        pvar=total / pairs,
        same=squares / pairs,
        sharing=(shared - squares) / (pairs * (n - 2)),
        apart=(total**2 - 4 * shared + 2 * squares) / (pairs * (n - 2) * (n - 3)),
    )
