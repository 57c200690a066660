"""A world of linear annotators in two groups that disagree, for the baselines."""

from dataclasses import dataclass

import numpy as np
import pytest

from bench.seeds import seed_for


@dataclass(frozen=True)
class Judged:
    """Comparisons of annotators, with the log-odds that their labels were drawn from."""

    X: np.ndarray  # (n, 2, d)
    labels: np.ndarray  # (n,)
    annotators: list
    groups: dict  # annotator -> group

    def rows(self, chosen):
        chosen = np.asarray(chosen)
        return Judged(self.X[chosen], self.labels[chosen], [self.annotators[i] for i in chosen], self.groups)

    @property
    def learnt(self):
        """What fit and adapt take."""
        return {"X": self.X, "labels": self.labels, "annotators": self.annotators}

    def accuracy(self, model):
        said = model.decision_function(self.X, annotators=self.annotators)
        return float(np.mean((said > 0) == (self.labels > 0)))


@pytest.fixture(scope="session")
def two_groups():
    """`two_groups(users, each, seed, name)`: `each` comparisons of every user, of two opinions in d dimensions."""

    def make(users, each, seed=0, name="user", d=10, sharpness=4.0):
        theta = np.random.default_rng(seed_for("two groups", "theta", seed)).normal(size=(2, d))
        theta *= sharpness / np.linalg.norm(theta, axis=1, keepdims=True)
        rng = np.random.default_rng(seed_for("two groups", name, seed, users, each))
        who = np.repeat(np.arange(users), each)
        X = rng.normal(size=(len(who), 2, d)) / np.sqrt(2)
        margin = np.einsum("nd,nd->n", X[:, 0] - X[:, 1], theta[who % 2])
        labels = np.where(rng.random(len(who)) < 1 / (1 + np.exp(-margin)), 1, -1)
        names = [f"{name} {index}" for index in who]
        return Judged(X, labels, names, {f"{name} {index}": index % 2 for index in range(users)})

    return make
