"""Reward models: from comparisons and their labels to a reward.

Linear, certified, with scikit-learn's interface: `BradleyTerry` (maximum likelihood), `L1BradleyTerry`.
`link="probit"` turns each into Thurstone's model. A fit that misses its tolerance warns `NotConverged`.
"""

from bench.learn.reward.estimators import BradleyTerry, L1BradleyTerry, NotConverged

__all__ = ["BradleyTerry", "L1BradleyTerry", "NotConverged"]
