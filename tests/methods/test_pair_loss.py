"""A class with a loss is a method, and its objective is told apart by all that decides it."""

from bench.methods.checks.ground import POOL, Ground
from bench.methods.pair_loss import PairLoss


class Margin(PairLoss):
    """Minus the margin."""

    def __init__(self, beta=0.1):
        self.beta = beta

    def loss(self, policy_chosen, policy_rejected, reference_chosen, reference_rejected, *, chosen_lengths):
        return self.beta * (policy_rejected - policy_chosen) / chosen_lengths


class OfTheBatch(Margin):
    """The same, and says that it looks at the whole batch."""

    couples_batch = True


def objective(method):
    ground = Ground("plain", taste=1, responses=2, bought=True, extra=POOL)
    return method.objective(ground.groups, ground.known)


def test_another_hyper_parameter_is_another_objective():
    assert objective(Margin(0.1)).identity() == objective(Margin(0.1)).identity()
    assert objective(Margin(0.1)).identity() != objective(Margin(0.2)).identity()


def test_a_class_says_whether_pairs_are_coupled():
    assert not objective(Margin()).couples_batch
    assert objective(OfTheBatch()).couples_batch


def test_quantities_of_the_batch_come_by_name():
    found = objective(Margin())
    assert found.quantities == ("chosen_lengths",)
