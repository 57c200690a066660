"""The two link functions: P(label = +1) = F(<theta, x> / sigma) with F logistic or the Gaussian cdf.

Each link is a loss f(z) = -log F(z) of the margin z = label * <theta, x> / sigma. Both F are log-concave, so f is
convex, non-negative and decreasing; both formulas below hold to full relative accuracy for |z| up to 1e4 and beyond.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfcx, expit, log_ndtr, ndtr

Array = NDArray[np.float64]


class Link(Protocol):
    """A log-concave cdf F, seen through f = -log F. All functions are elementwise."""

    name: str

    def loss(self, margins: Array) -> Array:
        """f(z) = -log F(z)."""

    def slope(self, margins: Array) -> Array:
        """f'(z), negative."""

    def curvature(self, margins: Array) -> Array:
        """f''(z), in [0, 1]."""

    def probability(self, margins: Array) -> Array:
        """F(z)."""


class Logistic:
    """Bradley-Terry: F(z) = 1 / (1 + exp(-z)), f' = -F(-z), f'' = F(z) F(-z)."""

    name = "logistic"

    def loss(self, margins: Array) -> Array:
        """log(1 + exp(-z)), as log1p(exp(-|z|)) + max(-z, 0), which neither overflows nor cancels."""
        loss: Array = np.log1p(np.exp(-np.abs(margins))) + np.maximum(-margins, 0.0)
        return loss

    def slope(self, margins: Array) -> Array:
        """-F(-z)."""
        slope: Array = -expit(-margins)
        return slope

    def curvature(self, margins: Array) -> Array:
        """F(z) F(-z) = e / (1 + e)^2 with e = exp(-|z|)."""
        decay = np.exp(-np.abs(margins))
        curvature: Array = decay / (1.0 + decay) ** 2
        return curvature

    def probability(self, margins: Array) -> Array:
        """1 / (1 + exp(-z))."""
        probability: Array = expit(margins)
        return probability


class Probit:
    """Thurstone: F is the standard normal cdf, f' = -h and f'' = h (h + z) with h = pdf(z) / cdf(z).

    h, the inverse Mills ratio at -z, is sqrt(2 / pi) / erfcx(-z / sqrt 2): erfcx is smooth where pdf and cdf both
    underflow, and overflows only where h itself is zero.
    """

    name = "probit"

    def loss(self, margins: Array) -> Array:
        """-log cdf(z)."""
        loss: Array = -log_ndtr(margins)
        return loss

    def slope(self, margins: Array) -> Array:
        """-pdf(z) / cdf(z)."""
        slope: Array = -np.sqrt(2.0 / np.pi) / erfcx(-margins / np.sqrt(2.0))
        return slope

    def curvature(self, margins: Array) -> Array:
        """h (h + z), between 0 and 1 (Sampford 1953); the clip removes rounding outside of it."""
        ratio = -self.slope(margins)
        curvature: Array = np.clip(ratio * (ratio + margins), 0.0, 1.0)
        return curvature

    def probability(self, margins: Array) -> Array:
        """The Gaussian cdf."""
        probability: Array = ndtr(margins)
        return probability


LINKS: dict[str, Link] = {link.name: link for link in (Logistic(), Probit())}
