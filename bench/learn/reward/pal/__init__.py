"""PAL: reward models of annotators who differ, each a point in the simplex of K prototypes or K mappings of prompts."""

from bench.learn.reward.pal.estimators import PALA, PALB, Comparisons
from bench.learn.reward.pal.projector import Architecture
from bench.learn.reward.pal.training import Adaptation, Rates, Training

__all__ = ["PALA", "PALB", "Adaptation", "Architecture", "Comparisons", "Rates", "Training"]
