"""What can be compared: a method is one class in one slot.

Built-in ones are rows of `bench.methods.catalogue`; a user's comes from a file (`my_file.py:MyMethod`) or from a
package (entry points of the group `prefbench.methods`). A class is in the slot whose function it has:

    select   scores(groups, known)           for which prompts labels are bought
    label    label(groups, known)            which of two responses is better, where no label was bought
    reward   fit(...), decision_function(...)    a reward model, as in bench.learn.reward.personal.model
    policy   objective(pairs, known)         what a policy is trained for; subclasses of `PairLoss` only write a loss

The constructor's arguments are its hyper-parameters, each with a default; `seed` is filled in. `space` says what tuning
may try instead of the defaults.
"""

from bench.methods.contract import Known, LabelMethod, PolicyMethod, RewardMethod, SelectMethod
from bench.methods.method import Method, Slot
from bench.methods.space import Log, Uniform

__all__ = [
    "Known",
    "LabelMethod",
    "Log",
    "Method",
    "PolicyMethod",
    "RewardMethod",
    "SelectMethod",
    "Slot",
    "Uniform",
]
