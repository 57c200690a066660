"""PAL-A and PAL-B: what all annotators share. Each is a distance or an angle between an item and an ideal point.

Chen, Chen, Rege, Wang, Vinayak: PAL (ICLR 2025), Algorithms 1 and 2; w_i, an annotator's weights on the simplex, come
from outside (`users.py`).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import nn
from torch.nn import functional

from bench.learn.reward.pal import losses
from bench.learn.reward.pal.batch import Batch
from bench.learn.reward.pal.projector import Architecture, Projector

SCALE = 1 / 0.07  # PAL-B's tau at the start
LARGEST_SCALE = 100.0
TINY = 1e-24  # under a square root, whose slope at 0 is none


class Network(nn.Module, ABC):
    """What PAL-A and PAL-B have in common: items are projected by f, and compared with an ideal point."""

    def __init__(self, K: int, items: Projector) -> None:
        super().__init__()
        self.K = K
        self.items = items

    @abstractmethod
    def ideal_points(self, weights: torch.Tensor, who: torch.Tensor, prompts: torch.Tensor | None) -> torch.Tensor:
        """(Q, d): of the annotators `who` (Q,), rows of `weights` (U, K) on the simplex, for `prompts` (Q, p)."""

    @abstractmethod
    def rewards(self, projected: torch.Tensor, ideal_points: torch.Tensor) -> torch.Tensor:
        """(...): of projected items (..., d) at ideal points (..., d)."""

    @abstractmethod
    def loss(self, margins: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """The loss of each margin."""

    @abstractmethod
    def parts(self) -> Mapping[str, list[nn.Parameter]]:
        """The parameters by what they are: `projector_f`, and those of its own."""

    @abstractmethod
    def summary(self, batch: Batch) -> tuple[torch.Tensor, ...]:
        """What margins depend on besides weights: tensors with a row for each of the M tokens."""

    @abstractmethod
    def margins(self, summary: Sequence[torch.Tensor], weights: torch.Tensor) -> torch.Tensor:
        """(U, t): of `summary`, tensors (U, t, ...) of t tokens an annotator, at `weights` (U, K)."""

    def forward(self, batch: Batch, weights: torch.Tensor, who: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Margins (M,), reward of the first item less that of the second at every token, and ideal points (Q, d)."""
        projected = self.items(batch.items)
        points = self.ideal_points(weights, who, batch.prompts)
        at = points[batch.prompt]
        return self.rewards(projected[batch.first], at) - self.rewards(projected[batch.second], at), points


class PrototypeNetwork(Network):
    """PAL-A: annotator i's ideal point is u_i = f(w_i^T P), and an item x is worth -||f(x) - u_i||_2.

    The prototypes P (K, D) start as random directions of length one.
    """

    def __init__(self, K: int, features: int, architecture: Architecture) -> None:
        super().__init__(K, Projector(architecture, features))
        self.affine = architecture.affine
        self.prototypes = nn.Parameter(functional.normalize(torch.randn(K, features), dim=-1))

    def ideal_points(self, weights: torch.Tensor, who: torch.Tensor, prompts: torch.Tensor | None) -> torch.Tensor:
        """See Network: f(w P). Prompts are part of the items here."""
        points: torch.Tensor = self.items(weights @ self.prototypes)
        return points[who]

    def rewards(self, projected: torch.Tensor, ideal_points: torch.Tensor) -> torch.Tensor:
        """See Network: the distance, not squared."""
        distances: torch.Tensor = torch.linalg.vector_norm(projected - ideal_points, dim=-1)
        return -distances

    def summary(self, batch: Batch) -> tuple[torch.Tensor, ...]:
        """See Network: both projected items, (M, 2, d); of an affine f, inner products of their K offsets.

        There f(w P) is the weighted mean of f(P), as weights add up to 1, and with offsets o_k = f(x) - f(P)_k
        the distance is the root of sum_kl w_k w_l <o_k, o_l>: (M, 2, K, K).
        """
        projected = self.items(batch.items)
        both = torch.stack([projected[batch.first], projected[batch.second]], dim=1)
        if not self.affine:
            return (both,)
        offsets = both[:, :, None] - self.items(self.prototypes)
        return (offsets @ offsets.mT,)

    def margins(self, summary: Sequence[torch.Tensor], weights: torch.Tensor) -> torch.Tensor:
        """See Network."""
        (both,) = summary
        if self.affine:
            squares = torch.einsum("utskl,uk,ul->uts", both, weights, weights)
            distances = squares.clamp(min=TINY).sqrt()
        else:
            points = self.items(weights @ self.prototypes)
            distances = torch.linalg.vector_norm(both - points[:, None, None], dim=-1)
        return distances[..., 1] - distances[..., 0]

    def loss(self, margins: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """See Network."""
        return losses.hinge(margins, labels)

    def parts(self) -> Mapping[str, list[nn.Parameter]]:
        """See Network."""
        return {"projector_f": list(self.items.parameters()), "prototypes": [self.prototypes]}


class MappingNetwork(Network):
    """PAL-B: the ideal point a_i(x_c) = sum_k w_ik g_k(x_c) follows the prompt; r = tau cos(f(x), a_i(x_c)).

    tau = min(exp(logit_scale), 100), and starts at 1 / 0.07.
    """

    def __init__(self, K: int, features: int, prompt_features: int, architecture: Architecture) -> None:
        super().__init__(K, Projector(architecture, features))
        as_wide = replace(architecture, dimension=architecture.width(features))
        self.mappings = nn.ModuleList(Projector(as_wide, prompt_features) for _ in range(K))
        self.logit_scale = nn.Parameter(torch.tensor(math.log(SCALE)))

    @property
    def scale(self) -> torch.Tensor:
        """tau."""
        return torch.exp(self.logit_scale).clamp(max=LARGEST_SCALE)

    def mapped(self, prompts: torch.Tensor) -> torch.Tensor:
        """(Q, K, d): g_k of every prompt."""
        return torch.stack([mapping(prompts) for mapping in self.mappings], dim=1)

    def ideal_points(self, weights: torch.Tensor, who: torch.Tensor, prompts: torch.Tensor | None) -> torch.Tensor:
        """See Network."""
        assert prompts is not None
        return torch.einsum("qk,qkd->qd", weights[who], self.mapped(prompts))

    def rewards(self, projected: torch.Tensor, ideal_points: torch.Tensor) -> torch.Tensor:
        """See Network."""
        return self.scale * functional.cosine_similarity(projected, ideal_points, dim=-1)

    def summary(self, batch: Batch) -> tuple[torch.Tensor, ...]:
        """See Network: <z_1 - z_2, g_k> of the items z at length one, (M, K), and all <g_k, g_l>, (M, K, K)."""
        assert batch.prompts is not None
        directions = functional.normalize(self.items(batch.items), dim=-1)
        mapped = self.mapped(batch.prompts)
        apart = directions[batch.first] - directions[batch.second]
        inner = torch.einsum("md,mkd->mk", apart, mapped[batch.prompt])
        return inner, (mapped @ mapped.mT)[batch.prompt]

    def margins(self, summary: Sequence[torch.Tensor], weights: torch.Tensor) -> torch.Tensor:
        """See Network."""
        inner, products = summary
        squares = torch.einsum("utkl,uk,ul->ut", products, weights, weights)
        return self.scale * torch.einsum("utk,uk->ut", inner, weights) / squares.clamp(min=TINY).sqrt()

    def loss(self, margins: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """See Network."""
        return losses.cross_entropy(margins, labels)

    def parts(self) -> Mapping[str, list[nn.Parameter]]:
        """See Network."""
        return {
            "projector_f": list(self.items.parameters()),
            "projectors_g": list(self.mappings.parameters()),
            "temperature": [self.logit_scale],
        }
