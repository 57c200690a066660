"""Real answers: how PVar is distributed over AlpacaEval's prompts, who finds it, and what a real model learns of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import pvar_panels as panels
import style
from panels import require, where

from bench.report.drawing import Drawing, NothingToDrawError, curves
from bench.spec import Published

SIZES = (2, 3, 4, 6, 8, 12)
PERCENT = range(0, 101, 5)
NAMED_AT = 50  # percent, where the curve of a scale has its name
FINDERS: Mapping[str, tuple[str, str, str]] = {
    "pvar": panels.METHODS["pvar"],
    "reward_variance": panels.METHODS["reward_variance"],
    "reward_gap": panels.METHODS["reward_gap"],
    "pvar_of_length": ("PVar of length", "#848c96", "^"),
    "length_difference": panels.METHODS["length_difference"],
    "random": panels.METHODS["random"],
}
SHADES = ("#0b3c5d", "#2f6f9f", "#5b9bd0", "#8fbfe6", "#bcd9f2")  # of the scales, from the judge's own odds on
MARKERS = ("o", "s", "^", "D", "v")


def answers(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """PVar of real prompts by the scale of the reward, how well few answers tell it, and what selectors find."""
    require(series)
    tables = []
    scales = sorted(series["scale"].unique())
    looks = dict(zip(scales, zip(SHADES, MARKERS, strict=True), strict=False))
    with style.style():
        figure, (spread, known, found) = style.new(style.TEXT, 2.6, columns=3)
        for scale in scales:
            rows = where(series, scale=scale)
            colour, marker = looks[scale]
            by_percent = _along(rows, "distribution", "pvar_at_{}", PERCENT, scale)
            spread.plot(by_percent["x"], by_percent["y"], color=colour, gid=by_percent["series"].iloc[0])
            at = by_percent[by_percent["x"] == NAMED_AT].iloc[0]
            name = f"scale {scale:g}" if scale == scales[0] else f"{scale:g}"
            spread.annotate(name, (at["x"], at["y"]), (0, 3), textcoords="offset points", ha="center", fontsize=7)
            by_size = _along(rows, "distribution", "rank_with_others_{}", SIZES, scale)
            known.plot(by_size["x"], by_size["y"], color=colour, marker=marker, gid=by_size["series"].iloc[0])
            tables += [by_percent, by_size]
        spread.set(xlabel="prompts, lowest to highest, %", ylabel="PVar", ylim=(0, 0.25))
        known.set(xscale="log", xlabel="answers a prompt, n", ylabel="rank correlation with n others", ylim=(0, 1))
        style.log_axis(known.xaxis, SIZES)
        for method, (label, colour, marker) in FINDERS.items():
            points = curves(series, (method,), "gain", ["scale"], lambda cells: cells["scale"].astype(float))
            points = points.assign(series=f"gain {method}")
            found.vlines(points["x"], points["low"], points["high"], color=colour, linewidth=0.8, alpha=0.7)
            found.plot(points["x"], points["y"], color=colour, marker=marker, gid=f"gain {method}", label=label)
            tables.append(points)
        found.axhline(1.0, color=style.MUTED, linewidth=1.0, linestyle=":")
        found.set(xscale="log", xlabel="scale of the reward", ylabel="PVar of the chosen over all")
        style.log_axis(found.xaxis, scales)
        return panels.drawing(
            figure,
            tables,
            "AlpacaEval's 803 prompts with the answers of 24 models, rewards being GPT-4-turbo's log-odds divided by a "
            "scale. Left: PVar from all answers. Middle: how alike PVar ranks prompts by n answers and by n others. "
            "Right: what selectors find that read 8 answers, on the 12 that they have not read; dotted: chance.",
        )


def _along(rows: pd.DataFrame, method: str, metric: str, values: Sequence[int], scale: float) -> pd.DataFrame:
    """One curve over metrics that differ by a number in their names."""
    points = [
        curves(rows, (method,), metric.format(value), ["scale"], lambda cells, at=value: cells["mean"] * 0 + at)
        for value in values
    ]
    return pd.concat(points, ignore_index=True).assign(series=f"{metric.format('n')} {scale:g}")


def answers_training(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """What SmolLM2 has learnt of held-out prompts, by who chose those that it was trained on."""
    tables = []
    kinds = [pairs for pairs in ("best_worst", "random_labelled") if (series["pairs"] == pairs).any()]
    metrics = {"held_out_accuracy": "held-out accuracy", "held_out_margin": "held-out margin, nats"}
    with style.style():
        figure, columns = style.new(style.TEXT, 2.4, columns=max(2, 2 * len(kinds)))
        for place, pairs in enumerate(kinds):
            rows = where(series, pairs=pairs)
            for axes, (metric, title) in zip(columns[2 * place :], metrics.items(), strict=False):
                tables.append(panels.lines(axes, rows, panels.ORDER, "fraction", apart=0.06, metric=metric))
                sizes = rows["fraction"]
                axes.set(xscale="log", xlabel="share of the pool", xlim=(sizes.min() / 1.3, sizes.max() * 1.3))
                axes.set_title(f"{panels.PAIRS[pairs]},\n{title}")
                style.log_axis(axes.xaxis, sorted(rows["fraction"].unique()))
        if not tables:
            raise NothingToDrawError("no records of held-out accuracy")
        return panels.drawing(
            figure,
            tables,
            "SmolLM2-135M trained by DPO on a part of 600 of AlpacaEval's prompts, a pair of answers each: how often "
            "it ranks two answers to 203 other prompts as GPT-4-turbo does, relative to its start, and by how far.",
        )
