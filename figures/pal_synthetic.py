"""People with known ideal points."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from bench.report.drawing import Drawing
from bench.spec import Published

SYNTHETIC: Mapping[str, Callable[[pd.DataFrame, Sequence[Published]], Drawing]] = {}
