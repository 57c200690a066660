"""The data-fit term: the average negative log-likelihood of comparisons, its gradient and its Hessian."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bench.learn.reward.links import Link

Array = NDArray[np.float64]
Columns = NDArray[np.intp]


@dataclass(frozen=True)
class PreferenceLoss:
    """L(theta) = (1/n) sum_i f(z_i), with margins z_i = labels_i <theta, differences_i> / sigma.

    Functions of the data take the margins, so that a solver computes them once per point.
    """

    differences: Array  # (n, d)
    scale: Array  # (n,): labels / sigma
    link: Link

    @property
    def n(self) -> int:
        """Number of comparisons."""
        return len(self.scale)

    @property
    def d(self) -> int:
        """Number of features."""
        return int(self.differences.shape[1])

    def margins(self, theta: Array) -> Array:
        """z, shape (n,), of a parameter or of a direction."""
        margins: Array = self.scale * (self.differences @ theta)
        return margins

    def value(self, margins: Array) -> float:
        """L at the point with these margins."""
        return float(self.link.loss(margins).sum()) / self.n

    def gradient(self, margins: Array) -> Array:
        """grad L, shape (d,)."""
        gradient: Array = self.differences.T @ (self.scale * self.link.slope(margins) / self.n)
        return gradient

    def hessian(self, margins: Array) -> Array:
        """The Hessian of L, shape (d, d), positive semidefinite."""
        weighted = self.differences * (np.abs(self.scale) * np.sqrt(self.link.curvature(margins) / self.n))[:, None]
        hessian: Array = weighted.T @ weighted
        return hessian

    def hessian_columns(self, margins: Array, columns: Columns) -> tuple[Array, Array]:
        """Some columns of the Hessian, shape (d, len(columns)), and its diagonal, shape (d,)."""
        weights = self.scale**2 * self.link.curvature(margins) / self.n
        some: Array = self.differences.T @ (self.differences[:, columns] * weights[:, None])
        diagonal: Array = np.einsum("ij,ij,i->j", self.differences, self.differences, weights)
        return some, diagonal

    def restrict(self, columns: Columns) -> PreferenceLoss:
        """The same loss as a function of some coordinates, all others zero."""
        return replace(self, differences=self.differences[:, columns])
