"""What PAL says of users in general, and whom claims about people who judged texts compare."""

from __future__ import annotations

from bench.spec import Scalar
from bench.verdict.contrasts import Side

MARGIN = 0.02  # of an accuracy, below which two models are of the same use to a reader

ABSTRACT = "abstract: more accurate than the best method before, on seen and on unseen users"
UNSEEN_GAIN = "abstract: 1.7 points on seen and 36 on unseen users of Reddit TL;DR"
PARITY = "project page: parity with 20 samples per unseen user"
PROTOTYPES = "section 4.2 (ideal points, Figure 5): accuracy rises until K = K*, and more prototypes do no harm"
FEW = "abstract: 20 to 156 times fewer learned parameters than the method compared with"
CONTROL = "a control, not a claim of the paper"

RIGHT: dict[str, Scalar] = {"beyond": 0}  # K = K*
SHARED: Side = ("shared", {})
LINEAR: tuple[Side, ...] = (("mixture", {}), ("low_rank", {}), ("per_user", {}))


def at(sides: tuple[Side, ...], **condition: Scalar) -> tuple[Side, ...]:
    """The same methods at a further condition."""
    return tuple((method, {**where, **condition}) for method, where in sides)
