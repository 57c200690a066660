"""What a policy is trained for."""

from bench.methods.method import Method, Slot
from bench.methods.space import Log, Space, Uniform

_BETA: Space = {"beta": Log(0.02, 0.5)}


def _loss(name: str, line: str, source: str, space: Space) -> Method:
    """A loss of `bench.learn.policy.losses`; every policy's learning rate is tuned too."""
    return Method(name, Slot.POLICY, line, "bench.methods.pair_loss:NamedLoss", source, {"loss": name}, space)


POLICY = (
    _loss("dpo", "the margin of implied rewards, by a logistic loss", "Rafailov et al. 2023, Eq. 7", _BETA),
    _loss("ipo", "a finite margin of log-ratios, by a squared loss", "Azar et al. 2023, Eq. 17", _BETA),
    _loss(
        "simpo",
        "log-probabilities a token with a target margin, without a reference",
        "Meng et al. 2024, Eq. 6",
        {"beta": Log(0.5, 10.0), "gamma": Uniform(0.0, 2.0)},
    ),
)
