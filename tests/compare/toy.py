"""A testbed that takes milliseconds: comparisons of points by a known line, for tests of the comparison itself."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bench.label import Judgements
from bench.methods import Slot
from bench.seeds import seed_for
from bench.spec import Profile
from bench.testbeds.testbed import Learnt, Measure, Testbed

FEATURES = 8


@dataclass
class ToyGround:
    seed: int
    budget: int
    size: int = 300
    spent: int = 0
    sold: dict = field(default_factory=dict)
    groups: tuple = ()
    known: None = None
    features: np.ndarray = field(init=False)

    def __post_init__(self):
        random = np.random.default_rng(seed_for("toy", self.seed))
        self.features = random.normal(size=(2 * self.size, 2, FEATURES))
        true = np.zeros(FEATURES)
        true[:2] = 1
        margins = (self.features[:, 0] - self.features[:, 1]) @ true
        self.labels = np.where(margins + random.logistic(size=len(margins)) > 0, 1, -1)

    def buy(self, rows):
        self.spent += len(rows)
        assert self.spent <= self.budget
        log_odds = self.labels[rows] * np.inf
        self.sold.update(zip(rows, log_odds, strict=True))
        return Judgements(log_odds, labels_spent=len(rows))

    def learn(self, learner, rows, judgements, training):
        labels = np.where(judgements.first, 1, -1)
        learner.fit(self.features[rows], labels, annotators=["everybody"] * len(rows))
        test = slice(self.size, None)
        decisions = learner.decision_function(self.features[test], annotators=["everybody"] * self.size)
        return Learnt({"accuracy": float(np.mean(np.sign(decisions) == self.labels[test]))}, seconds=0.0)


class ToySource:
    def fingerprints(self, settings, data_dir):
        return {"toy": "1"}

    def open(self, settings, learner, seed, budget, context):
        return ToyGround(seed, budget)

    def prepare(self, settings, seeds, context, progress):
        pass

    def seconds(self, settings, learner, labels):
        return 0.01


TOY = Testbed(
    name="toy",
    line="points on a line",
    measures={Slot.REWARD: Measure("accuracy", "accuracy", 0.5)},
    chooses=False,
    budgets=(30, 60, 120),
    at={Profile.EMBEDDED: {"features": FEATURES}},
    source=ToySource(),
)
