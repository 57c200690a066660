"""People with known ideal points."""

from __future__ import annotations

from bench.papers.pal.experiments.crowds import of_crowds

SYNTHETIC = (
    of_crowds(
        "prototypes",
        "How many prototypes",
        "Known ideal points: accuracy by the number of prototypes K, for seen and unseen people.",
        seconds=2.0,
    ),
)
