"""The experiments on AlpacaEval's scored answers: what PVar is of real prompts, and a real model trained on them."""

from __future__ import annotations

from itertools import product

from pydantic import Field, model_validator

from bench.domains.settings import Backbone, Engine, Limits, Settings
from bench.papers.pvar.recipe import PAPER
from bench.run.config import Config, Count, Positive, Share
from bench.spec import Context, Experiment, Outcome, Profile, Request, Scalar, Task, Variant

VERSION = 1
VARIANTS = {Variant.CORRECTED: "ours: the paper has no such experiment; the judge stands in for people"}
# Those of `agreement.py`, which loads torch: a plan does not.
FINDERS = ("pvar", "reward_variance", "reward_gap", "pvar_of_length", "length_difference", "random")
OF_ANSWERS = {  # methods that no other experiment has
    "distribution": "preference variance itself",
    "pvar_of_length": "preference variance, were longer answers the better ones",
}
PROMPTS = 803  # with an answer of every model
HALF = 12  # of a prompt's 24 answers
OPERATIONS_A_SECOND = 1e11  # of one core in float32 on the machine this was tested on; for the estimate of cost only


class AnswersConfig(Config):
    """What selectors read of a prompt, and how their choice is valued."""

    scales: list[Positive] = Field(min_length=1)  # by which a difference of rewards is divided
    responses: int = Field(ge=2, le=HALF)  # that a selector reads
    share: Share  # of the prompts that is chosen


class Optimiser(Settings):
    """See bench/learn/policy/training.py."""

    learning_rate: Positive
    epochs: Count
    batch_size: Count
    warmup: Share
    checkpoint_every: Count


class AnswersTrainingConfig(Config):
    """Which model learns from how many prompts."""

    model: Backbone
    engine: Engine
    limits: Limits
    training: Optimiser
    beta: Positive
    pool: int = Field(ge=10, lt=PROMPTS)  # prompts; margins are measured on all others
    responses: int = Field(ge=2, le=2 * HALF)  # answers that are read, and of which the pair is made
    scale: Positive
    fractions: list[Positive] = Field(min_length=1)  # of the pool

    @model_validator(mode="after")
    def _leaves_some(self) -> AnswersTrainingConfig:
        if max(self.fractions) > 1:
            raise ValueError(f"fractions: {max(self.fractions)} of the pool; the largest is 1")
        return self


def _fingerprints(request: Request) -> dict[str, str]:
    """Of the data. Raises Unavailable where they are not here."""
    from bench.data import alpaca_eval
    from bench.data.datafile import require

    files = {"prompts": alpaca_eval.PROMPTS, "responses": alpaca_eval.RESPONSES}
    return {name: require(request.data_dir, file) for name, file in files.items()}


def _plan_answers(request: Request) -> list[Task]:
    config: AnswersConfig = request.config
    shared, data = {"responses": config.responses, "share": config.share}, _fingerprints(request)
    once = [
        request.task(PAPER, "answers", VERSION, "distribution", 0, {"scale": scale}, {"scale": scale}, data)
        for scale in config.scales
    ]
    return once + [
        request.task(PAPER, "answers", VERSION, method, seed, {"scale": scale}, shared | {"scale": scale}, data)
        for seed, scale, method in product(request.seeds, config.scales, FINDERS)
    ]


def _plan_training(request: Request) -> list[Task]:
    from bench import models

    config: AnswersTrainingConfig = request.config
    data = _fingerprints(request)
    shared = config.model_dump(exclude={"seeds", "fractions"}) | {"weights": models.fingerprint(config.model.source)}
    rows: list[tuple[str, dict[str, Scalar]]] = [
        (method, {"pairs": pairs, "fraction": fraction})
        for pairs in ("best_worst", "random_labelled")
        for fraction in config.fractions
        for method in (("all",) if fraction == 1 else ("pvar", "random", "pvar_bottom"))
    ]
    named: dict[str, Scalar] = {"model": config.model.name}
    return [
        request.task(PAPER, "answers_training", VERSION, method, seed, named | row, shared | row, data)
        for seed, (method, row) in product(request.seeds, rows)
    ]


def _execute_answers(task: Task, context: Context) -> Outcome:
    from bench.papers.pvar.agreement import execute

    return execute(task, context)


def _execute_training(task: Task, context: Context) -> Outcome:
    from bench.papers.pvar.answers_training import execute

    return execute(task, context)


def _seconds_of_training(task: Task) -> float:
    """6 operations a parameter and trained token, 2 for one that is only read: each pair by the reference, and the
    held-out ones by both."""
    settings = task.settings
    tokens = settings["limits"]["prompt"] / 2 + 2 * settings["limits"]["response"]
    trained = settings["fraction"] * settings["pool"] * tokens
    read = trained + 2 * (PROMPTS - settings["pool"]) * tokens
    return float((6 * trained * settings["training"]["epochs"] + 2 * read) * settings["model"]["parameters"]) / (
        OPERATIONS_A_SECOND
    )


ANSWERS = (
    Experiment(
        name="answers",
        title="Real answers",
        shows="AlpacaEval's prompts with 24 judged answers: how their PVar is distributed, and which selectors see it.",
        variants=VARIANTS,
        profiles=(Profile.EMBEDDED, Profile.SMALL),
        config=AnswersConfig,
        plan=_plan_answers,
        execute=_execute_answers,
        version=VERSION,
        seconds=lambda task: 8.0 if task.method == "distribution" else 0.2,
    ),
    Experiment(
        name="answers_training",
        title="A real model",
        shows="SmolLM2 trained by DPO on the prompts of highest, random and lowest PVar, ranked on prompts held out.",
        variants=VARIANTS,
        profiles=(Profile.SMALL,),
        config=AnswersTrainingConfig,
        plan=_plan_training,
        execute=_execute_training,
        version=VERSION,
        seconds=_seconds_of_training,
    ),
)
