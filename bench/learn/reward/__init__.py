"""Reward models: from comparisons and their labels to a reward.

Linear, certified, with scikit-learn's interface: `BradleyTerry` (maximum likelihood), `L1BradleyTerry`, its path and
its cross-validation, and `L0BradleyTerry` (at most k features). `link="probit"` turns each into Thurstone's model.
A fit that misses its tolerance warns `NotConverged`.
"""

from bench.learn.reward.cv import L1BradleyTerryCV
from bench.learn.reward.estimators import BradleyTerry, L0BradleyTerry, L1BradleyTerry
from bench.learn.reward.path import Path, l1_path
from bench.learn.reward.solver import NotConverged

__all__ = ["BradleyTerry", "L0BradleyTerry", "L1BradleyTerry", "L1BradleyTerryCV", "NotConverged", "Path", "l1_path"]
