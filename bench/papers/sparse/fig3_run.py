"""One task of Figure 3: train a reward model, then measure it as the variant does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bench import models
from bench.data.features import longer_wins
from bench.data.pairs import Pair, make_dataset
from bench.errors import UserError
from bench.learn.reward.deep import Precision, RewardModel, score
from bench.learn.reward.deep_pairs import EncodedPair, EndRule, encode
from bench.learn.reward.deep_train import Fit, Penalty, Training, train
from bench.papers.sparse import fig3_data
from bench.seeds import seed_for
from bench.spec import Context, Outcome, Scalar, Task, Variant

EVAL_BATCHES = 100  # of as_released: main.py, --eval_iters
AUTHORS_THRESHOLD = 1e-4  # the coarsest at which main.py counts the head's weights as non-zero

Array = NDArray[np.float64]


def run(task: Task, context: Context) -> Outcome:
    """See `fig3.execute`."""
    torch.set_num_threads(context.threads)
    settings = task.settings
    parts = planned_parts(task, context.data_dir)
    model, tokenizer = untrained(task)
    rule = EndRule.DEEPSPEED if task.variant is Variant.AS_RELEASED else EndRule.EOS

    def encoded(pairs: Sequence[Pair]) -> list[EncodedPair]:
        return encode(pairs, tokenizer, int(settings["max_length"]), rule)

    examples = encoded(parts.train)
    ordered = [examples[index] for index in _order(task, len(examples))]
    if model.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(model.device)
    fit = train(model, ordered, training(task), context.scratch_dir, int(settings["checkpoint_every"]))

    test = evaluated(task.variant, parts.test, int(settings["model"]["batch_size"]))
    metrics = {"accuracy": _accuracy(task, model, encoded(test))}
    if parts.validation:
        metrics["validation_accuracy"] = _accuracy(task, model, encoded(parts.validation))
    metrics["length_accuracy"] = longer_wins(make_dataset(str(task.condition["dataset"]), test, "its test part"))
    metrics |= _of_fit(fit, model)
    notes: dict[str, Scalar] = {
        "device": torch.cuda.get_device_name(model.device) if model.device.type == "cuda" else "cpu",
        "train_pairs": len(parts.train),
        "test_pairs": len(test),
        "train_tokens": sum(len(pair.chosen) + len(pair.rejected) for pair in examples),
        "head_weights": model.v_head.weight.numel(),
    }
    steps = [float(step) for step in range(1, len(fit.losses) + 1)]
    return Outcome(metrics, {"step": steps, "loss": fit.losses}, notes)


def share_preferred(chosen: Array, rejected: Array, ties: float) -> float:
    """The share of pairs whose chosen text scores higher; an equal score counts as `ties` of a pair.

    The authors count an equal score as wrong (`ties` = 0), by which a constant reward scores 0 and not one half.
    """
    return float(np.mean(chosen > rejected) + ties * np.mean(chosen == rejected))


def sampler_order(count: int) -> list[int]:
    """The order in which torch's DistributedSampler, at its defaults, gives `count` rows to a single process.

    main.py trains and evaluates through one: the order is that of seed 0, whatever the training seed.
    """
    return [int(index) for index in torch.randperm(count, generator=torch.Generator().manual_seed(0))]


def evaluated(variant: Variant, test: Sequence[Pair], batch_size: int) -> list[Pair]:
    """The test pairs that accuracy is taken on: all, or for as_released the first 100 batches of the sampler."""
    if variant is not Variant.AS_RELEASED:
        return list(test)
    return [test[index] for index in sampler_order(len(test))[: EVAL_BATCHES * batch_size]]


def _accuracy(task: Task, model: RewardModel, pairs: Sequence[EncodedPair]) -> float:
    chosen, rejected = score(model, pairs, int(task.settings["model"]["micro_batch"]))
    return share_preferred(chosen, rejected, ties=0.0 if task.variant is Variant.AS_RELEASED else 0.5)


def _of_fit(fit: Fit, model: RewardModel) -> dict[str, float]:
    """Training loss with penalty (mean of the last tenth of the steps), the head's non-zero weights, cost."""
    head = model.v_head.weight.detach().abs()
    found = {
        "objective": float(np.mean(fit.losses[-max(1, len(fit.losses) // 10) :])),
        "nonzeros": float((head > 0).sum()),
        "nonzeros_1e-4": float((head > AUTHORS_THRESHOLD).sum()),
        "fit_seconds": fit.seconds,
    }
    if model.device.type == "cuda":  # a process's own peak, in main memory, is measured of every task
        found["peak_gpu_memory_bytes"] = float(torch.cuda.max_memory_allocated(model.device))
    return found


def _order(task: Task, count: int) -> list[int]:
    if task.variant is Variant.AS_RELEASED:
        return sampler_order(count)
    drawn = np.random.default_rng(seed_for("fig3", "order", task.seed)).permutation(count)
    return [int(index) for index in drawn]


def planned_parts(task: Task, data_dir: Path | None) -> fig3_data.Parts:
    """The pairs of a task. Raises UserError where they are not those it was planned for."""
    data, name = task.settings["data"], str(task.condition["dataset"])
    folder = fig3_data.folder(name, data["path"], data_dir)
    parts = fig3_data.parts(name, folder, task.variant, task.seed, data["train_pairs"], data["eval_pairs"])
    if parts.source != task.data["pairs"]:
        raise UserError(f"{folder}: the pairs of {name} have changed since this run was planned; plan it again")
    return parts


def untrained(task: Task) -> tuple[RewardModel, Any]:
    """A task's untrained reward model, on the GPU where there is one, and its tokenizer.

    Raises UserError where the weights are not those it was planned for.
    """
    named = task.settings["model"]
    source = models.Source(models.Origin(named["origin"]), named["id"])
    if models.fingerprint(source) != task.data["weights"]:
        raise UserError(f"the weights of {task.condition['model']} have changed since this run was planned")
    backbone, tokenizer = models.load(source)
    seed = seed_for("fig3", "head", task.seed)
    model = RewardModel(backbone, int(tokenizer.eos_token_id), seed, Precision(task.settings["precision"]))
    return model.to("cuda" if torch.cuda.is_available() else "cpu"), tokenizer


def training(task: Task) -> Training:
    """The settings of a task's training: l1 as its variant minimises it."""
    settings = task.settings
    first, second = settings["adam_betas"]
    return Training(
        beta=float(task.condition["beta"] or 0.0),
        penalty=Penalty.SUBGRADIENT if task.variant is Variant.AS_RELEASED else Penalty.PROXIMAL,
        learning_rate=settings["learning_rate"],
        weight_decay=settings["weight_decay"],
        adam_betas=(first, second),
        clip_norm=settings["clip_norm"],
        batch_size=settings["model"]["batch_size"],
        micro_batch=settings["model"]["micro_batch"],
        seed=seed_for("fig3", "dropout", task.seed),
    )
