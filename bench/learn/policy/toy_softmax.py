"""A softmax over a few responses with features, small enough that everything a preference loss does to it is seen.

Yan et al. 2024 (ICLR 2025, "3D-Properties", arXiv 2406.07327) show in such a model that DPO makes rejected responses
drop, chosen ones fall with them, and unseen ones take the probability. Theirs is a network over one-hot tokens (its
sizes are not copied here); this one has what the effect needs: weights that responses share, so that pushing one
response down moves those that are like it. The chosen and the rejected are alike, and of twenty responses, so that
neither is likely at first.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from bench.learn.policy import losses
from bench.seeds import seed_for

PROMPTS, RESPONSES, HIDDEN, FEATURES = 16, 20, 8, 6
CHOSEN, REJECTED = 0, 1  # places among a prompt's responses; the others are unseen
SHARPNESS = 2.0  # of logits: features have length 1


@dataclass(frozen=True)
class Course:
    """(S, PROMPTS, RESPONSES) log-probabilities, nats: before training, then after every step."""

    log_probs: Tensor

    @property
    def before(self) -> Tensor:
        """(PROMPTS, RESPONSES)."""
        return self.log_probs[0]

    @property
    def after(self) -> Tensor:
        """(PROMPTS, RESPONSES)."""
        return self.log_probs[-1]


class ToySoftmax(nn.Module):
    """logits(x, y) = 2 tanh(a_x) B phi(x, y); a and B learn, the features phi are given.

    `alike` in [0, 1] is the cosine of the chosen's and the rejected's features, up to chance; the others are random.
    """

    def __init__(self, seed: int, *, alike: float = 0.9) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed_for("policy", "toy softmax", seed))
        features = torch.randn(PROMPTS, RESPONSES, FEATURES, generator=generator, dtype=torch.float64)
        features[:, REJECTED] = alike * features[:, CHOSEN] + (1 - alike**2) ** 0.5 * features[:, REJECTED]
        self.features = features / features.norm(dim=2, keepdim=True)
        self.a = nn.Parameter(torch.randn(PROMPTS, HIDDEN, generator=generator, dtype=torch.float64))
        self.B = nn.Parameter(0.5 * torch.randn(HIDDEN, FEATURES, generator=generator, dtype=torch.float64))

    def forward(self) -> Tensor:
        """(PROMPTS, RESPONSES) log-probabilities."""
        logits = SHARPNESS * torch.einsum("ph,hf,prf->pr", torch.tanh(self.a), self.B, self.features)
        return torch.log_softmax(logits, 1)

    def train_on_pairs(self, loss: str, *, steps: int, learning_rate: float = 0.8, **hyper: float) -> Course:
        """Gradient descent on the mean loss over prompts, with the model as it is now for reference.

        Raises UserError for a loss that does not exist, TypeError for one that needs log-probabilities of tokens.
        """
        compute = losses.get(loss)
        ones = {"chosen_lengths": torch.ones(PROMPTS), "rejected_lengths": torch.ones(PROMPTS)}
        lengths = {name: ones[name] for name in losses.batch_quantities(loss) if name in ones}
        optimizer = torch.optim.SGD(self.parameters(), lr=learning_rate)
        course = [self().detach()]
        reference = course[0][:, CHOSEN], course[0][:, REJECTED]
        for _ in range(steps):
            now = self()
            optimizer.zero_grad()
            compute(now[:, CHOSEN], now[:, REJECTED], *reference, **lengths, **hyper).mean().backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            course.append(self().detach())
        return Course(torch.stack(course))
