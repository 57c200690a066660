"""PAL as a method: plain hyper-parameters, and a training that takes a second or two for a thousand comparisons.

Rates and epochs are ours, those that the suite's studies of people have; the paper's (Table D.2) are for an epoch over
many more comparisons.
"""

from __future__ import annotations

from typing import ClassVar

from bench.learn.reward.pal import PALA, PALB, Adaptation, Architecture, Rates, Training
from bench.learn.reward.pal.estimators import PAL

ADAPTATION = Adaptation(epochs=20, batch_size=4, learning_rate=5e-2)


class _Plain(PAL):
    """PAL of plain hyper-parameters. What else it is made of hangs on them, or is the same for all."""

    def __init__(
        self, K: int, dimension: int, epochs: int, projector_rate: float, annotator_rate: float, seed: int
    ) -> None:
        self.K, self.dimension, self.epochs = K, dimension, epochs
        self.projector_rate, self.annotator_rate = projector_rate, annotator_rate
        self.seed = seed
        self.device = "cpu"
        self.projector = Architecture(dimension=dimension)
        self.adaptation = ADAPTATION
        rates = Rates(
            projector_f=projector_rate,
            projectors_g=projector_rate,
            prototypes=1e-2,
            annotators=annotator_rate,
            temperature=1e-2,
        )
        self.training = Training(epochs=epochs, batch_size=32, rates=rates, decoupled=True)


class Prototypes(_Plain, PALA):
    """PAL-A: an annotator's ideal point is of `K` prototypes; items are worth minus their distance to it."""

    reads: ClassVar[str] = "prompted"

    def __init__(
        self,
        K: int = 2,
        dimension: int = 64,
        epochs: int = 10,
        projector_rate: float = 3e-4,
        annotator_rate: float = 5e-2,
        seed: int = 0,
    ) -> None:
        super().__init__(K, dimension, epochs, projector_rate, annotator_rate, seed)


class Mappings(_Plain, PALB):
    """PAL-B: an annotator's ideal point is of `K` mappings of the prompt; items are worth the cosine with it."""

    reads: ClassVar[str] = "items"

    def __init__(
        self,
        K: int = 2,
        dimension: int = 64,
        epochs: int = 10,
        projector_rate: float = 1e-3,
        annotator_rate: float = 5e-2,
        seed: int = 0,
    ) -> None:
        super().__init__(K, dimension, epochs, projector_rate, annotator_rate, seed)
