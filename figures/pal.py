"""The figures of "PAL: Sample-Efficient Personalized Reward Modeling for Pluralistic Alignment", from records alone.

    prefbench figures pal

A reward model has one look in all figures (`pal_panels.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd
from pal_images import IMAGES
from pal_people import PEOPLE
from pal_summaries import SUMMARIES
from pal_synthetic import SYNTHETIC

from bench.report.drawing import Drawing
from bench.spec import Published

FIGURES: Mapping[str, Callable[[pd.DataFrame, Sequence[Published]], Drawing]] = {
    **SYNTHETIC,
    **SUMMARIES,
    **PEOPLE,
    **IMAGES,
}
