"""Figure 3 and Tables 3-4: deep reward models with l1 on the last layer, over a grid of beta.

Each task trains one reward model for one epoch and measures it. `as_released` follows the authors' main.py,
empirical.py and DeepSpeed-Chat at their defaults; `corrected` is the same model with the l1 norm minimised exactly,
one split by prompt for all seeds, the whole test part, and a validation part to select beta on. Which beta is chosen is
decided from the records, in `fig3_analysis`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bench.run.config import Config, Count, NotNegative, Positive, Share
from bench.spec import Claim, Context, Effect, Experiment, Outcome, Profile, Request, Task, Variant

if TYPE_CHECKING:
    import pandas as pd

VERSION = 1
TOKENS_A_PAIR = 360  # both texts, on average over hh_rlhf; for the estimate of cost only
FLOPS_A_SECOND = 2.5e11  # of one core in bfloat16 on the machine this was tested on; for the estimate of cost only


class ModelConfig(BaseModel):
    """A backbone and how it is trained."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    origin: Literal["hub", "path", "smollm2"]  # see bench/models.py
    id: str = ""  # the hub's model id, or the folder of a saved model
    parameters: Positive  # how many, for the estimate of cost only
    batch_size: Count  # pairs a step
    micro_batch: Count  # pairs a forward pass: fewer need less memory, and change the result by rounding only
    max_seeds: Count | None = None  # run fewer seeds than the other models

    @model_validator(mode="after")
    def _named(self) -> ModelConfig:
        if (self.origin == "smollm2") == bool(self.id):
            raise ValueError("origins hub and path need an id; smollm2 takes none")
        return self


class DataConfig(BaseModel):
    """A dataset and how much of it is used."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str | None = None  # its folder; default: the folder of its name in the data directory
    train_pairs: Count | None = None  # at most; default: all
    eval_pairs: Count | None = None  # at most, of validation and of test each; default: all


class Fig3Config(Config):
    """Models x datasets x betas, and the training that they share."""

    models: dict[str, ModelConfig] = Field(min_length=1)
    datasets: dict[str, DataConfig] = Field(min_length=1)  # rm-static, shp, hh_rlhf
    betas: list[NotNegative] = Field(min_length=1)  # weights of the head's l1 norm; 0 is method mle, others are l1
    learning_rate: Positive  # the peak of a cosine without warm-up
    weight_decay: NotNegative  # of matrices, the head among them
    adam_betas: tuple[Share, Share]  # decay of the optimiser's first and second moment
    clip_norm: Positive  # largest norm of the gradient
    max_length: Annotated[int, Field(ge=8)]  # tokens of prompt, answer and end token; longer texts are cut
    precision: Literal["fp32", "bf16"]  # of the backbone's arithmetic; weights are float32 always
    checkpoint_every: Count  # steps: what a kill can lose


_TRAINING = {"learning_rate", "weight_decay", "adam_betas", "clip_norm", "max_length", "precision", "checkpoint_every"}


def plan(request: Request) -> Iterator[Task]:
    """Models x datasets x seeds x betas. Raises Unavailable where a model or dataset is missing; downloads nothing."""
    from bench.models import Origin, Source, fingerprint
    from bench.papers.sparse import fig3_data

    config: Fig3Config = request.config
    folders = {name: fig3_data.folder(name, data.path, request.data_dir) for name, data in config.datasets.items()}
    weights = {name: fingerprint(Source(Origin(model.origin), model.id)) for name, model in config.models.items()}
    for dataset, data in config.datasets.items():
        for seed in request.seeds:
            parts = fig3_data.parts(dataset, folders[dataset], request.variant, seed, data.train_pairs, data.eval_pairs)
            for name, model in config.models.items():
                if model.max_seeds is not None and seed >= model.max_seeds:
                    continue
                for beta in config.betas:
                    yield request.task(
                        "sparse",
                        "fig3",
                        VERSION,
                        method="l1" if beta > 0 else "mle",
                        seed=seed,
                        condition={"model": name, "dataset": dataset, "beta": beta},
                        settings={
                            "model": model.model_dump(exclude={"max_seeds"}),
                            "data": {**data.model_dump(), "pairs": parts.sizes},
                            **config.model_dump(mode="json", include=_TRAINING),
                        },
                        data={"pairs": parts.source, "weights": weights[name]},
                    )


def execute(task: Task, context: Context) -> Outcome:
    """Train and measure one reward model; goes on from a checkpoint in the scratch folder where there is one.

    Raises UserError where data or weights are no longer what was planned, FloatingPointError when training diverges.
    """
    from bench.papers.sparse.fig3_run import run

    return run(task, context)


def seconds(task: Task) -> float:
    """Rough cost on one core: 6 operations a weight and token in training, 2 in evaluation."""
    pairs = task.settings["data"]["pairs"]
    passes = 6 * pairs["train"] + 2 * (pairs["validation"] + pairs["test"])
    return float(passes * TOKENS_A_PAIR * task.settings["model"]["parameters"] / FLOPS_A_SECOND)


def l1_gain(series: pd.DataFrame) -> Effect | None:
    """Test accuracy of l1 at the selected beta less that of beta = 0, seed by seed, model by model."""
    from bench.papers.sparse.fig3_analysis import gains
    from bench.verdict.effects import ordering_effect

    differences = gains(series)
    return None if differences.empty else ordering_effect(differences, ["model", "dataset"], unit="accuracy")


CLAIM = Claim(
    name="fig3-l1-gain",
    statement="l1 on the last layer, at the selected beta, makes a deep reward model more accurate than beta = 0",
    source="Figure 3, Tables 3-4",
    experiments=("fig3",),
    variants=(Variant.CORRECTED, Variant.AS_RELEASED),
    evaluate=l1_gain,
    criterion=(
        "test accuracy, paired by seed, is higher for every model and dataset (one-sided t-tests at 5 %); beta is "
        "selected on validation accuracy in corrected, on test accuracy in as_released"
    ),
)

FIG3 = Experiment(
    name="fig3",
    title="Figure 3, Tables 3-4: deep reward models",
    shows="Test accuracy of fine-tuned reward models against the weight of the l1 norm of their last layer.",
    variants={
        Variant.CORRECTED: "proximal steps (exact zeros), one split by prompt, beta selected on validation accuracy",
        Variant.AS_RELEASED: "l1 by subgradient within Adam, data redrawn per seed, first 100 test batches, beta "
        "selected on test accuracy",
    },
    profiles=(Profile.SMALL, Profile.PAPER),
    config=Fig3Config,
    plan=plan,
    execute=execute,
    version=VERSION,
    parallel=False,
    seconds=seconds,
)
