"""PAL's losses: pure functions of a margin, first reward minus second, and a label, +1 where the first is preferred."""

from __future__ import annotations

import torch
from torch.nn import functional


def hinge(margins: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """max(0, 1 - y s), elementwise: PAL-A, with s the difference of distances (released loss_function.py)."""
    return torch.relu(1 - labels * margins)


def cross_entropy(margins: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """-log sigmoid(y s), elementwise: PAL-B; the cross-entropy over two rewards knows only their difference s."""
    return functional.softplus(-labels * margins)


def norm_bound(ideal_points: torch.Tensor, bound: float) -> torch.Tensor:
    """sum max(0, ||a||_2 - bound) over the rows of (Q, d): a sum, beside a mean of losses, as released."""
    return torch.relu(torch.linalg.vector_norm(ideal_points, dim=-1) - bound).sum()
