"""A method is made of its hyper-parameters, and of nothing else."""

import pytest

from bench.errors import UserError
from bench.methods.method import Method, Slot
from bench.methods.registry import method


def test_a_loss_by_name_has_the_hyper_parameters_of_that_loss():
    assert method("dpop", Slot.POLICY).hyper_parameters() == {"beta": 0.3, "penalty": 50.0}
    assert method("dpo", Slot.POLICY).make(seed=0, beta=0.25).hyper == {"beta": 0.25}


def test_what_is_fixed_and_what_the_suite_fills_in_are_no_hyper_parameters():
    fixed = Method("short", Slot.REWARD, "", "bench.methods.pal:Prototypes", fixed={"epochs": 1})
    assert set(fixed.hyper_parameters()) == {"K", "dimension", "projector_rate", "annotator_rate"}
    made = fixed.make(seed=5, K=3)
    assert (made.K, made.epochs, made.seed) == (3, 1, 5)


def test_a_hyper_parameter_that_there_is_not_is_named_with_the_nearest():
    with pytest.raises(UserError, match=r"unknown hyper-parameter of simpo 'gama'\. Did you mean 'gamma'"):
        method("simpo", Slot.POLICY).make(seed=0, gama=1.0)
