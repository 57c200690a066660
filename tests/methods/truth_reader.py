"""A method whose file imports what labels are made from."""

import numpy as np

from bench.data.world import gold


class ReadsGold:
    """Would score by the gold reward."""

    reward = staticmethod(gold.rewards)

    def scores(self, groups, known):
        return np.zeros(len(groups))
