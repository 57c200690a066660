"""The figures of "Spread Preference Annotation", from records alone.

    prefbench figures spa

Below the paper's own scale there is another judge, and wins are counted against the SFT policy: published numbers, of
GPT-4's judgements against GPT-4's answers, are drawn at the paper's scale only. A method has one look in all figures
(`spa_panels.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd
import spa_panels as panels
import style
from matplotlib.axes import Axes
from spa_controls import controls, efficiency
from spa_panels import AGREEMENT, DOTTED

from bench.papers.spa.contrasts import worth
from bench.report.drawing import Drawing, NothingToDrawError, curves, published_curves
from bench.spec import Published

OVER_DPO = "win_rate_over_dpo"
REWARD = ("gold_reward", "reward")  # of the world, of a trained judge
RELATIVE = {
    "expansion": "relative to SFT, as SPA",
    "expansion_previous_reference": "relative to the policy before",
    "expansion_likelihood": "likelihood alone",
    "expansion_pairrm": "PairRM",
}


def table1(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """The whole loop: what the policy of each stage is worth, its labels, its length and its distance."""
    return _by_stage(
        published,
        panels.with_columns(series),
        ("dpo", "spa", "zephyr"),
        (AGREEMENT, "length", "kl_from_sft"),
        "The loop by stage: DPO on the paid labels, SPA's iterations, and DPO on paid labels of all prompts (all)."
        f" DPO's labels are paid for; those of an iteration are the policy's own. {DOTTED}",
    )


def table2(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """Who judges, by iteration."""
    return _by_stage(
        published,
        panels.one_variant(series),
        ("dpo", "spa", "iterative_dpo_pairrm", "iterative_dpo_llm_judge"),
        (AGREEMENT,),
        f"Who judges: the policy itself, a model trained on many labels, a model that is asked in words. {DOTTED}",
    )


def table3(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """DPO and SPA against the number of paid labels."""
    rows = panels.one_variant(series)
    metrics = panels.there(rows, (worth(rows), OVER_DPO), ("spa",))
    tables = []
    with style.style():
        figure, columns = style.new(style.TEXT, 2.4, columns=len(metrics))
        for axes, metric in zip(columns, metrics, strict=True):
            methods = ("spa",) if metric == OVER_DPO else ("dpo", "spa")
            points = curves(rows, methods, metric, ["iteration", "gold_percent"], lambda c: c["gold_percent"])
            tables.append(_iterations(axes, points, metric))
            axes.set(xscale="log", xlabel="paid labels, % of all prompts", title=panels.PANELS[metric])
            style.log_axis(axes.xaxis, style.apart(points["gold_percent"].unique()))
            panels.half(axes, metric)
        return panels.drawing(
            figure, tables, f"DPO and SPA against paid labels; seed DPO has the same labels as SPA. {DOTTED}"
        )


def table4(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """Three draws of the prompts that are paid for."""
    return _grouped(series, "draw", "Three draws of the prompts that are paid for, with seed DPO of the same draw.")


def table5(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """From other SFT policies."""
    return _grouped(series, "model", "The loop from other SFT policies.")


def table6(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """What each part adds, by iteration."""
    return _by_stage(
        published,
        panels.one_variant(series),
        ("dpo", "expansion", "expansion_refinement", "spa"),
        (AGREEMENT, "kl_from_sft"),
        f"What each part adds: data expansion, self-refinement (without de-coupling), de-coupling (SPA). {DOTTED}",
    )


def table7(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """What a judgement is relative to: the policies after the second iteration, and the one before the first."""
    rows = panels.final(panels.one_variant(series))
    methods = panels.best_first(rows, ("dpo", *RELATIVE), worth(rows))
    metrics = panels.there(rows, (worth(rows), AGREEMENT), methods or tuple(RELATIVE))
    with style.style():
        figure, columns = style.new(style.TEXT, 2.0, columns=len(metrics), sharey=True)
        tables = [
            panels.ranked(axes, rows, methods, metric, RELATIVE) for axes, metric in zip(columns, metrics, strict=True)
        ]
        return panels.drawing(
            figure,
            tables,
            "Data expansion judged relative to the SFT policy, to the policy before, to nothing, and by PairRM, at the"
            f" second iteration; seed DPO, with people's labels. {DOTTED}",
        )


def table10(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """How long responses get, with and without the penalty, and what that costs."""
    return _by_stage(
        published,
        panels.one_variant(series),
        ("sft", "dpo", "spa", "spa_length_regularised"),
        ("length", *REWARD),
        f"Length by stage, with and without the penalty of Eq. 13, and what the responses are worth. {DOTTED}",
    )


def figure4(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """Without any paid label."""
    return _by_stage(
        published,
        panels.one_variant(series),
        ("instruct", "spa_no_seed"),
        (*REWARD, AGREEMENT, "length"),
        f"The loop without any paid label; SFT is the policy that it begins from. {DOTTED}",
        ticks={0: "before"},
    )


def _by_stage(
    published: Sequence[Published],
    series: pd.DataFrame,
    methods: Sequence[str],
    metrics: Sequence[str],
    caption: str,
    ticks: Mapping[int, str] = panels.TICKS,
) -> Drawing:
    """A panel for what a policy is worth and for each of the metrics that there is, the stages along x."""
    there = panels.there(series, (worth(series), *metrics), methods)
    here = [number for number in published if series["profile"].iloc[0] in number.profiles]
    tables = []
    with style.style():
        figure, columns = style.new(style.TEXT, 2.2, columns=len(there))
        for axes, metric in zip(columns, there, strict=True):
            points = panels.by_stage(series, methods, metric)
            panels.stages(axes, points, metric, ticks)
            theirs = published_curves(here, methods, metric, panels.stage)
            axes.plot(theirs["x"], theirs["y"], "x", color=style.PUBLISHED, label="published" if len(theirs) else "_")
            tables += [points, theirs]
        return panels.drawing(figure, tables, caption)


def _grouped(series: pd.DataFrame, category: str, caption: str) -> Drawing:
    """What DPO and SPA are worth, and SPA against seed DPO, for each value of `category`."""
    rows = panels.one_variant(series)
    if category not in rows:
        raise NothingToDrawError(f"no records with a {category}")
    rows = rows[rows[category].notna()]
    metrics = panels.there(rows, (worth(rows), OVER_DPO), ("spa",))
    with style.style():
        figure, columns = style.new(
            style.TEXT, 1.0 + 0.45 * rows[category].nunique(), columns=len(metrics), sharey=True
        )
        tables = [
            panels.grouped(axes, rows, category, metric, ("spa",) if metric == OVER_DPO else ("dpo", "spa"))
            for axes, metric in zip(columns, metrics, strict=True)
        ]
        return panels.drawing(figure, tables, f"{caption} {DOTTED}")


def _iterations(axes: Axes, points: pd.DataFrame, metric: str) -> pd.DataFrame:
    """A line for each method and iteration, earlier ones open and dashed. Gives the rows that it draws."""
    numbers = points["iteration"].map(lambda value: "" if pd.isna(value) else f" {value:g}")
    points = points.assign(series=points["series"] + " " + metric + numbers)
    for name, rows in points.groupby("series", sort=False):
        iteration = rows["iteration"].iloc[0]
        label = panels.METHODS[rows["method"].iloc[0]][0]
        label += "" if pd.isna(iteration) else f", iteration {iteration:g}"
        earlier = iteration < points["iteration"].max()
        options = {"markerfacecolor": "none", "linestyle": "--"} if earlier else {}
        panels.line(axes, rows, 1, str(name), label, **options)
    return points


FIGURES: Mapping[str, Callable[[pd.DataFrame, Sequence[Published]], Drawing]] = {
    "table1": table1,
    "table2": table2,
    "table3": table3,
    "table4": table4,
    "table5": table5,
    "table6": table6,
    "table7": table7,
    "table10": table10,
    "figure4": figure4,
    "controls": controls,
    "efficiency": efficiency,
}
