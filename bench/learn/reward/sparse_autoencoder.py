"""A sparse autoencoder of differences: few directions, each comparison a sum of fewer still.

    z = T(E x),   x^ = D' z,   minimise  sum_i ||x_i - x^_i||^2 / sum_i ||x_i||^2

E and D are (m, d), rows of D of length 1. T keeps the K n entries of z that are largest in size among all n comparisons
and makes the others zero (BatchTopK: Bussmann, Leask and Nanda 2024), so that K directions are active on average; what
is new is held against the smallest entry that was kept. Entries keep their sign, as in Movva et al. (2025).

There are no biases: x and -x are one comparison both ways round, and get z and -z. The batch is all comparisons, the
descent Adam's with a learning rate that falls to zero, and D starts at comparisons drawn at random with E = D; the
losses that revive dead directions or nest dictionaries are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Floats = NDArray[np.floating]

STEPS = 300
RATE = 0.02
DECAYS = 0.9, 0.999  # of Adam's averages
TINY = 1e-8


@dataclass(frozen=True, eq=False)
class SparseAutoencoder:
    """Fitted by `fit`."""

    encoder: Array  # (m, d)
    decoder: Array  # (m, d), rows of length 1
    threshold: float
    explained: float  # share of the squares that the reconstruction of the fit has

    def codes(self, x: Array) -> Array:
        """(n, m): z of x (n, d), row by row."""
        plain = np.einsum("nd,md->nm", x, self.encoder)
        return np.where(np.abs(plain) >= self.threshold, plain, 0.0)


def fit(x: Array, directions: int, active: int, random: np.random.Generator) -> SparseAutoencoder:
    """From x (n, d), not all zero. `active` of `directions` are active in a row, on average.

    The order of rows, and which way round each is, change no bit.
    """
    x = _in_an_order_of_their_own(x)
    scale = np.sqrt((x**2).sum(axis=1).mean())
    unit = (x / scale).astype(np.float32)  # half the time, and the descent is rougher than that
    lengths = np.linalg.norm(unit, axis=1)
    there = np.flatnonzero(lengths > 0)
    chosen = random.choice(there, size=directions, replace=len(there) < directions)
    nearby = 0.01 * random.normal(size=(directions, x.shape[1])).astype(np.float32)
    decoder = _unit_rows(unit[chosen] / lengths[chosen, None] + nearby)
    encoder, kept = decoder.copy(), active * len(x)
    moments = [np.zeros_like(part) for part in (encoder, encoder, decoder, decoder)]
    for step in range(STEPS):
        _, by_encoder, by_decoder = loss(unit, encoder, decoder, kept)
        by_decoder -= (by_decoder * decoder).sum(axis=1, keepdims=True) * decoder  # along the sphere
        rate = RATE * (1 - step / STEPS)
        encoder = encoder - rate * _direction(by_encoder, moments[0], moments[1], step)
        decoder = _unit_rows(decoder - rate * _direction(by_decoder, moments[2], moments[3], step))
    read, written = np.asarray(encoder, dtype=np.float64), _unit_rows(np.asarray(decoder, dtype=np.float64))
    value = loss(x, read, written, kept)[0]
    # The order of summation differs for one row alone: what was kept must stay so.
    threshold = _smallest_kept(np.abs(x @ read.T), kept) * (1 - 1e-9)
    return SparseAutoencoder(read, np.asarray(written, dtype=np.float64), threshold, 1 - value)


def loss(x: Floats, encoder: Floats, decoder: Floats, kept: int) -> tuple[float, Floats, Floats]:
    """The loss with `kept` entries of all codes, and its gradients by encoder and decoder, for these entries."""
    plain = x @ encoder.T
    size = np.abs(plain)
    codes = np.where(size >= _smallest_kept(size, kept), plain, 0.0)
    missing = codes @ decoder - x
    total = (x**2).sum()
    by_codes = np.where(codes != 0, missing @ decoder.T, 0.0)
    return float((missing**2).sum() / total), 2 / total * by_codes.T @ x, 2 / total * codes.T @ missing


def _in_an_order_of_their_own(x: Array) -> Array:
    """The rows sorted, each turned so that its first entry that is not zero is positive."""
    leading = x[np.arange(len(x)), (x != 0).argmax(axis=1)]
    turned = np.where(leading[:, None] < 0, -x, x)
    return np.asarray(turned[np.lexsort(turned.T[::-1])])


def _smallest_kept(size: Floats, kept: int) -> float:
    if kept >= size.size:
        return 0.0
    return float(np.partition(size, size.size - kept, axis=None)[size.size - kept])


def _direction(gradient: Floats, first: Floats, second: Floats, step: int) -> Floats:
    """Adam's; the averages change in place."""
    first += (1 - DECAYS[0]) * (gradient - first)
    second += (1 - DECAYS[1]) * (gradient**2 - second)
    mean, square = first / (1 - DECAYS[0] ** (step + 1)), second / (1 - DECAYS[1] ** (step + 1))
    return np.asarray(mean / (np.sqrt(square) + TINY))


def _unit_rows(rows: Floats) -> Floats:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))
