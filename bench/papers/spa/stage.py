"""What a stage of the loop does, as a value: tables are lists of them, and a policy is known by those behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Stage:
    """Sample two responses a prompt from the policy before, label them, train from that policy with it as reference."""

    prompts: tuple[int, int]  # first, and last excluded, of the domain's training prompts
    labels: str  # who says which response is better: a name in `labelling.LABELS`
    learning_rate: float  # the peak of a cosine
    epochs: int = 1
    refine: bool = False  # self-refinement (Eq. 9, 10), plain DPO without
    decoupling: float = 0.0  # lambda of Eq. 12; 0: pairs are marked by the policy's own confidence (Eq. 9)
    length_penalty: float = 0.0  # of a judged reward, a token (Eq. 13)

    @property
    def pairs(self) -> int:
        """How many prompts it has."""
        return self.prompts[1] - self.prompts[0]

    @staticmethod
    def read(written: Mapping[str, Any]) -> Stage:
        """The inverse of `write`."""
        return Stage(**{**written, "prompts": tuple(written["prompts"])})


def write(stages: Sequence[Stage]) -> list[dict[str, Any]]:
    """The stages as plain JSON values."""
    return [asdict(stage) | {"prompts": list(stage.prompts)} for stage in stages]
