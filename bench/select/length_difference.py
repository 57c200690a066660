"""How far apart in length a prompt's responses are: a control, for a reward may be mostly a taste for length."""

from __future__ import annotations

from collections.abc import Sequence

from bench.learn.policy.completions import Completions
from bench.select.responses import lengths_of, mean_absolute_difference, of_each, require_responses
from bench.select.selector import Scores


class LengthDifference:
    """| |y1| - |y2| | in tokens, of more responses the mean over their pairs: the larger, the sooner bought."""

    def scores(self, groups: Sequence[Completions]) -> Scores:
        """See Selector; 2 responses at least."""
        require_responses(groups, 2)
        return of_each(lengths_of(groups), mean_absolute_difference)
