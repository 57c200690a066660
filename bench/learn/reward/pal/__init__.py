"""PAL: reward models of annotators who differ, each a point in the simplex of K prototypes or K mappings of prompts.

`PALA` and `PALB` take vectors, as every personal reward model does; `TextPAL` takes texts and a language model.
"""

from bench.learn.reward.pal.estimators import PALA, PALB
from bench.learn.reward.pal.projector import Architecture
from bench.learn.reward.pal.reading import AS_RELEASED, CORRECTED, Asked, Reading, Weighting, Window
from bench.learn.reward.pal.text import TextPAL, TextReward
from bench.learn.reward.pal.tokens import TextComparisons
from bench.learn.reward.pal.training import Adaptation, Rates, Training

__all__ = [
    "AS_RELEASED",
    "CORRECTED",
    "PALA",
    "PALB",
    "Adaptation",
    "Architecture",
    "Asked",
    "Rates",
    "Reading",
    "TextComparisons",
    "TextPAL",
    "TextReward",
    "Training",
    "Weighting",
    "Window",
]
