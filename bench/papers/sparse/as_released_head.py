"""The released training of a linear head on frozen features (Figure 4, plotLast notebook): AdamW, full batch.

Fact sheet section 3: a linear layer without bias, loss mean -log sigmoid(w . difference) + beta ||w||_1, 2,000
full-batch steps of AdamW (learning rate 1e-3, weight decay 1e-2), cosine to zero, float32, the last step evaluated.
"""

from __future__ import annotations

import numpy as np
import torch
from torch.nn.functional import logsigmoid

from bench.data.synthetic import Array

STEPS = 2000
CURVE_EVERY = 100  # steps between the points of the loss curve


def subset(rows: int, n: int, seed: int) -> Array:
    """The n training rows of `seed`, (n,): the first n of one permutation, so nested in n and the same for all beta."""
    order: Array = torch.randperm(rows, generator=torch.Generator().manual_seed(seed))[:n].numpy()
    return order


def fit_head(differences: Array, beta: float, seed: int, rows: int) -> tuple[Array, list[float]]:
    """The weights (d,) after the last step, and the loss (penalty included) every 100 steps.

    `differences` (n, d) are chosen minus rejected; `rows` is how many rows the subset was drawn from. The released
    notebook seeds once, draws the subset, then trains beta = 0 and the l1 head one after the other: the l1 head
    starts from the second initialisation of that stream.
    """
    generator = torch.Generator().manual_seed(seed)
    torch.randperm(rows, generator=generator)
    bound = differences.shape[1] ** -0.5
    for _ in range(1 if beta == 0 else 2):
        start = torch.empty(differences.shape[1]).uniform_(-bound, bound, generator=generator)
    weight = torch.nn.Parameter(start)
    optimiser = torch.optim.AdamW([weight], lr=1e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=STEPS)
    data = torch.as_tensor(np.ascontiguousarray(differences), dtype=torch.float32)
    curve = []
    for step in range(STEPS):
        loss = -logsigmoid(data @ weight).mean() + beta * weight.abs().sum()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        if step % CURVE_EVERY == 0:
            curve.append(float(loss.detach()))
    return weight.detach().double().numpy(), curve
