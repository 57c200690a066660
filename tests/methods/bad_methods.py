"""Methods that break the contract, each in one way."""

import inspect

import numpy as np
import torch

from bench.label import Judgements
from bench.methods.pair_loss import PairLoss


class Unseeded:
    """Draws from the global stream."""

    def scores(self, groups, known):
        return np.random.random(len(groups))  # noqa: NPY002


class NumbersPeople:
    """Numbers people in the order of a set, which is another one in every process."""

    def fit(self, X, labels, *, annotators, prompts=None):
        self.number = {person: place for place, person in enumerate(set(annotators))}
        return self

    def decision_function(self, X, *, annotators, prompts=None):
        return np.array([self.number.get(person, -1.0) for person in annotators])


class Remembers:
    """Keeps in the class what belongs to an instance."""

    used = 0

    def __init__(self, seed=0):
        self.seed = seed

    def scores(self, groups, known):
        if self.seed:
            Remembers.used += 1
        return np.arange(len(groups)) * (1.0 + Remembers.used)


class Truncates:
    """Shortens the responses that it was given."""

    def scores(self, groups, known):
        for group in groups:
            group.responses[0][:] = group.responses[0][::-1]
        return np.zeros(len(groups))


class Shuffles:
    """Sorts the list that it was given."""

    def label(self, groups, known):
        groups.reverse()
        return Judgements(np.ones(len(groups)))


class Centres:
    """Centres the features that it was given, in place."""

    def fit(self, X, labels, *, annotators, prompts=None):
        X -= X.mean(axis=0)
        return self

    def decision_function(self, X, *, annotators, prompts=None):
        return X[:, 0].sum(axis=1) - X[:, 1].sum(axis=1)


class TrainsTheReference(PairLoss):
    """Changes the policy that everything starts from."""

    def objective(self, pairs, known):
        found = super().objective(pairs, known)
        with torch.no_grad():
            known.policy.lm_head.weight.mul_(1.1)
        return found

    def loss(self, policy_chosen, policy_rejected, reference_chosen, reference_rejected):
        return policy_rejected - policy_chosen


class ReadsHeldOut:
    """Scores by held-out labels."""

    def scores(self, groups, known):
        return np.resize(known._ground.held_out.labels, len(groups))


class ReadsMinds:
    """Labels by what people think, without asking them."""

    def label(self, groups, known):
        return Judgements(known._ground.people.answers(groups))


class ReadsFrames:
    """Finds the testbed in the frames of its callers."""

    def label(self, groups, known):
        frame = inspect.currentframe()
        while "ground" not in frame.f_locals:
            frame = frame.f_back
        return Judgements(frame.f_locals["ground"].people.taste * np.ones(len(groups)))


class BuysUncounted:
    """Asks people behind the back of those who count."""

    def label(self, groups, known):
        return Judgements(known._ground.people.prefer(groups))


class BuysBeyondBudget:
    """Asks people behind the back of those who count once they refuse."""

    def label(self, groups, known):
        from bench.errors import UserError

        try:
            return known.people(groups)
        except UserError:
            return Judgements(known._ground.people.prefer(groups))


class NeedsTwo:
    """Divides by the number of others."""

    def scores(self, groups, known):
        return np.arange(len(groups)) / (len(groups) - 1 or np.nan)


class NeedsDifferent:
    """Counts on no pair being there twice."""

    def label(self, groups, known):
        assert len({group.prompt.tobytes() for group in groups}) == len(groups), "a prompt twice"
        return Judgements(np.ones(len(groups)))


class NeedsAWinner:
    """Divides by the difference of the rewards."""

    def label(self, groups, known):
        gaps = np.array([values[0] - values[1] for values in known.rewards(groups)])
        with np.errstate(invalid="ignore"):
            return Judgements(gaps / np.abs(gaps))


class NeedsAnnotators:
    """Knows nobody's taste where there is one person alone."""

    def fit(self, X, labels, *, annotators, prompts=None):
        self.known = set(annotators)
        return self

    def decision_function(self, X, *, annotators, prompts=None):
        if len(set(annotators)) < 2:
            raise ValueError("nobody to compare with")
        return X[:, 0, 0] - X[:, 1, 0]


class CouplesPairs(PairLoss):
    """Takes the batch's mean off every margin, and does not say so."""

    def loss(self, policy_chosen, policy_rejected, reference_chosen, reference_rejected):
        margin = (policy_chosen - reference_chosen) - (policy_rejected - reference_rejected)
        return -torch.nn.functional.logsigmoid(margin - 2 * margin.mean().detach())


class SpaceTooWide(PairLoss):
    """Has a space of values that it refuses."""

    space = {"beta": (-1.0, -2.0, -3.0)}  # noqa: RUF012

    def __init__(self, beta=0.1):
        if beta <= 0:
            raise ValueError(f"beta must be positive, got {beta}")
        self.beta = beta

    def loss(self, policy_chosen, policy_rejected, reference_chosen, reference_rejected):
        return self.beta * (policy_rejected - policy_chosen)


class ReadsNothingKnown:
    """Asks for features that there are not."""

    reads = "item"

    def fit(self, X, labels, *, annotators, prompts=None):
        return self

    def decision_function(self, X, *, annotators, prompts=None):
        return X[:, 0, 0] - X[:, 1, 0]


class WrongShape:
    """Gives one score too many."""

    def scores(self, groups, known):
        return np.zeros(len(groups) + 1)
