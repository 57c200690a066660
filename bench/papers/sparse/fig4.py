"""Figure 4: a linear head on frozen features of real text, beta = 0 against beta = 0.5 / sqrt(n).

`as_released` is the authors' optimiser, `corrected` the certified optimum of the same objective. Without a penalty,
data that a hyperplane separates (n below the number of features, nearly always) have their optimum at infinity; the
certified fits are therefore over a ball so wide that it does not touch the penalised ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from bench.errors import UserError
from bench.run.config import Config, Count, Positive
from bench.spec import Context, Experiment, Outcome, Profile, Progress, Request, Task, Variant

if TYPE_CHECKING:
    from bench.data.synthetic import Array
    from bench.papers.sparse import fig4_data

VERSION = 1


class Fig4Config(Config):
    """Which text, which features, how many labels."""

    datasets: list[Literal["shp", "hh_helpful", "hh_harmless", "hh_rlhf", "ukpconvarg1", "made"]] = Field(
        min_length=1
    )  # those of them that the data directory has
    fallback: Literal["made"] | None  # the dataset where it has none of them; without one the figure is not run there
    encoder: Literal["minilm", "smollm2", "llama-3.2-1b"]
    encoder_path: str | None = None  # the folder of a language model's weights, instead of the hub's cache
    methods: list[Literal["mle", "l1", "length"]] = Field(min_length=1)
    n: list[Count] = Field(min_length=1)  # training pairs; those beyond the training part are left out
    beta_constant: Positive  # beta = constant / sqrt(n)
    radius: Positive  # of the ball, corrected only
    tolerance: Positive  # certified optimality gap, corrected only


def plan(request: Request) -> Iterator[Task]:
    """Dataset x n x seed x method; what the data directory lacks is left out.

    Raises Unavailable, saying how to get it, where encoder or data are not on this machine; downloads nothing.
    """
    from bench.data.features import find_encoder
    from bench.papers.sparse import fig4_data

    config: Fig4Config = request.config
    encoder = fig4_data.Encoder(config.encoder, config.encoder_path)
    find_encoder(encoder.name, encoder.path).require()
    settings: dict[str, Any] = {"encoder": config.encoder, "radius": config.radius}
    if config.encoder_path is not None:
        settings["encoder_path"] = config.encoder_path
    if request.variant == Variant.CORRECTED:
        settings["tolerance"] = config.tolerance
    for name in fig4_data.present(config.datasets, config.fallback, request.data_dir):
        identity = fig4_data.identity(name, encoder, request.data_dir)
        for n in (n for n in config.n if n <= identity.train_pairs):
            for seed in request.seeds:
                for method in config.methods:
                    if method == "length" and request.variant != Variant.CORRECTED:
                        continue  # the paper has no such baseline
                    beta = config.beta_constant * n**-0.5 if method == "l1" else 0.0
                    condition = {
                        "n": n,
                        "d": 1 if method == "length" else identity.dimension,
                        "beta": beta,
                        "dataset": name,
                        "model": config.encoder,
                    }
                    yield request.task("sparse", "fig4", VERSION, method, seed, condition, settings, identity.data)


def prepare(tasks: Sequence[Task], context: Context, progress: Progress | None) -> None:
    """Embed every dataset of `tasks` once, into the cache."""
    from bench.papers.sparse import fig4_data

    for name, encoder in dict.fromkeys((str(task.condition["dataset"]), _encoder(task)) for task in tasks):
        fig4_data.differences(name, encoder, context.data_dir, context.cache_dir, progress)


def execute(task: Task, context: Context) -> Outcome:
    """Train a head on n pairs of the training part, measure it on the test part, which shares no prompt with it.

    Raises UserError where texts or weights are no longer those that were planned.
    """
    from bench.papers.sparse import as_released_head, fig4_data, fitting

    name, n = str(task.condition["dataset"]), int(task.condition["n"] or 0)
    beta, radius = float(task.condition["beta"] or 0), float(task.settings["radius"])
    differences = fig4_data.differences(name, _encoder(task), context.data_dir, context.cache_dir, None)
    if differences.fingerprint != task.data["features"]:
        raise UserError(f"texts of {name} or weights of {_encoder(task).name} have changed since this run was planned")
    train, test = differences.lengths if task.method == "length" else differences.features
    chosen = train[as_released_head.subset(len(train), n, task.seed)]
    labels = (chosen[:, 0] * 0) + 1.0
    curves: dict[str, list[float]] = {}
    if task.variant == Variant.AS_RELEASED:

        def solve() -> tuple[Array, int]:
            theta, curve = as_released_head.fit_head(chosen, beta, task.seed, len(train))
            curves["step"] = [float(step * as_released_head.CURVE_EVERY) for step in range(len(curve))]
            curves["loss"] = curve
            return theta, as_released_head.STEPS

        theta, metrics = fitting.measured(solve, chosen, labels, beta=beta, sigma=1.0, radius=radius)
        metrics |= {f"objective_step{step}": curves["loss"][curves["step"].index(step)] for step in (0, 1800)}
    else:
        method = "l1" if task.method == "l1" else "mle"
        theta, metrics = fitting.certified(
            method, chosen, labels, beta=beta, k=1, sigma=1.0, radius=radius, tolerance=task.settings["tolerance"]
        )
    return Outcome({"accuracy": accuracy(test @ theta), "train_accuracy": accuracy(chosen @ theta), **metrics}, curves)


def accuracy(margins: Array) -> float:
    """Share of pairs (n,) whose chosen answer scores higher; a tie counts half."""
    return float(((margins > 0) + 0.5 * (margins == 0)).mean())


def batch(task: Task) -> Any:
    """Tasks on the same text and labels."""
    return task.condition["dataset"], task.condition["n"], task.seed


def seconds(task: Task) -> float:
    """Rough seconds on one core."""
    n, widths = int(task.condition["n"] or 0), int(task.condition["d"] or 0) / 384
    return 0.4 + n * widths / 900 if task.variant == Variant.AS_RELEASED else 0.02 + n * widths / 20000


def _encoder(task: Task) -> fig4_data.Encoder:
    from bench.papers.sparse import fig4_data

    return fig4_data.Encoder(str(task.settings["encoder"]), task.settings.get("encoder_path"))


FIG4 = Experiment(
    name="fig4",
    title="Figure 4",
    shows="Accuracy of a linear head on frozen features of text against the number of labels, with and without l1.",
    variants={
        Variant.CORRECTED: "the certified optimum of the objective, split by prompt or topic",
        Variant.AS_RELEASED: "the authors' 2,000 full-batch AdamW steps, on the same split",
    },
    profiles=tuple(Profile),
    config=Fig4Config,
    plan=plan,
    execute=execute,
    prepare=prepare,
    version=VERSION,
    batch=batch,
    seconds=seconds,
)
