"""The projectors f and g_k of PAL: from an encoder's features to the space of preferences."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from bench.errors import UserError, unknown

ACTIVATIONS = {"gelu": nn.GELU, "relu": nn.ReLU}


@dataclass(frozen=True)
class Architecture:
    """A projector: hidden layers (linear, dropout, activation) as wide as its output, and a linear layer on top.

    PAL's "2-layer MLP" is `layers=2`, three linear layers in all. `layers=None` is the identity, without parameters.
    Raises UserError for what no projector can be.
    """

    layers: int | None = 2
    activation: str = "gelu"
    dropout: float = 0.0
    residual: bool = False  # f(x) = x + MLP(x)
    dimension: int | None = None  # of the space of preferences; None: as many as an item's features

    def __post_init__(self) -> None:
        if self.activation not in ACTIVATIONS:
            raise unknown("activation", self.activation, ACTIVATIONS, "projector")
        if not 0 <= self.dropout < 1:
            raise UserError(f"projector: dropout must be at least 0 and below 1, got {self.dropout}")
        for name, value, least in (("layers", self.layers, 0), ("dimension", self.dimension, 1)):
            if value is not None and value < least:
                raise UserError(f"projector: {name} must be at least {least}, or None, got {value}")

    @property
    def affine(self) -> bool:
        """Whether it maps a weighted mean to the weighted mean of what its parts are mapped to."""
        return not self.layers

    def width(self, features: int) -> int:
        """Dimensions of what `features` features are mapped to. Raises UserError where they must stay as many."""
        width = self.dimension or features
        if width != features and (self.residual or self.layers is None):
            what = "an identity" if self.layers is None else "a residual projector"
            raise UserError(f"projector: {what} keeps the {features} features of its input, got dimension={width}")
        return width


class Projector(nn.Module):
    """The map; parameters start as torch's linear layers do, from torch's global generator."""

    def __init__(self, architecture: Architecture, features: int) -> None:
        super().__init__()
        width = architecture.width(features)
        self.residual = architecture.residual
        self.mlp: nn.Module = nn.Identity()
        if architecture.layers is not None:
            parts: list[nn.Module] = []
            for _ in range(architecture.layers):
                parts += [nn.Linear(features, width), nn.Dropout(architecture.dropout)]
                parts.append(ACTIVATIONS[architecture.activation]())
                features = width
            self.mlp = nn.Sequential(*parts, nn.Linear(features, width))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(..., width) of (..., features)."""
        mapped: torch.Tensor = self.mlp(features)
        return features + mapped if self.residual else mapped


def parameters(module: nn.Module) -> int:
    """Numbers that a module learns."""
    return sum(parameter.numel() for parameter in module.parameters())
