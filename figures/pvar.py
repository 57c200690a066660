"""The figures of "On the Role of Preference Variance in Preference Optimization", from records alone.

    prefbench figures pvar

None of the paper's numbers is known, so nothing published is drawn. A method has one look in all figures
(`pvar_panels.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd
import pvar_panels as panels
import style
from panels import require, where
from pvar_answers import answers, answers_training
from pvar_panels import DOTTED, ORDER, WORTH
from pvar_pool import confounds, estimation, theory

from bench.papers.pvar.efficiency import saving
from bench.report.drawing import Drawing, NothingToDrawError, curves
from bench.spec import Published


def order(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """Win rate by size, a panel for each way to make a pair and spread."""
    require(series)
    there = [
        (pairs, spread)
        for pairs in ("best_worst", "random_labelled")
        for spread in panels.SPREADS
        if ((series["pairs"] == pairs) & (series["spread"] == spread)).any()
    ]
    tables = []
    with style.style():
        figure, columns = style.new(style.TEXT, 2.35, columns=max(1, len(there)), sharey=True)
        for axes, (pairs, spread) in zip(columns, there, strict=True):
            rows = where(series, pairs=pairs, spread=spread)
            tables += [panels.lines(axes, rows, ORDER, "fraction", apart=0.06), panels.whole(axes, rows)]
            axes.set(xscale="log", xlabel="share of the pool", xlim=(0.08, 1.25))
            axes.set_title(f"{panels.PAIRS[pairs]},\n{panels.SPREADS[spread]}")
            style.log_axis(axes.xaxis, sorted(rows["fraction"].unique()))
        if not tables:
            raise NothingToDrawError(f"no records of {WORTH}")
        columns[0].set_ylabel(panels.AXES[WORTH])
        for axes in columns:
            panels.half(axes)
        return panels.drawing(
            figure,
            tables,
            "DPO on the prompts of highest, random and lowest PVar at equal size, and on the whole pool (dashed: its "
            f"level). PVar is that of the large reward model, which also tells best from worst. {DOTTED}",
        )


def growth(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """How margins grow: on the pairs trained on, by tenths of the steps, and on held-out pairs, by quarters."""
    require(series)
    tables = []
    kinds = [pairs for pairs in ("best_worst", "random_labelled") if (series["pairs"] == pairs).any()]
    with style.style():
        figure, columns = style.new(style.TEXT, 2.35, columns=max(2, 2 * len(kinds)))
        for place, pairs in enumerate(kinds):
            rows = where(series, pairs=pairs)
            for axes, name, parts in zip(columns[2 * place :], ("margin", "held_out_margin"), (10, 4), strict=False):
                shift = 0.5 if name == "margin" else 0.0  # the middle of a tenth, the end of a quarter
                tables.append(_growth(axes, rows, name, parts, shift))
                axes.set(xlabel="share of the steps", xlim=(0, 1.04), xticks=(0, 0.5, 1))
                axes.set_title(f"{panels.PAIRS[pairs]},\n{panels.GROWN[name]}")
                axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
        columns[0].set_ylabel("margin, nats")
        return panels.drawing(
            figure,
            tables,
            "Margins (log-ratio to the SFT policy of the chosen response less that of the rejected) as training goes "
            "on, at equal size: of the pairs trained on, which differ with the choice of prompts, and of held-out "
            "pairs in the order of the truth, which are the same for all.",
        )


def _growth(axes: style.Axes, rows: pd.DataFrame, name: str, parts: int, shift: float) -> pd.DataFrame:
    tables = []
    for method in ORDER:
        found = [
            curves(rows, (method,), f"{name}_{at}", ["pairs", "fraction"], lambda c, at=at: 0 * c["fraction"] + at)
            for at in range(1, parts + 1)
            if ((rows["metric"] == f"{name}_{at}") & (rows["method"] == method)).any()
        ]
        if found:
            points = pd.concat(found, ignore_index=True)
            series = f"{method} {name} {points['pairs'].iloc[0]}"
            points = points.assign(x=(points["x"] - shift) / parts, series=series)
            panels.line(axes, points)
            tables.append(points)
    if not tables:
        raise NothingToDrawError(f"no records of {name}_1")
    return pd.concat(tables, ignore_index=True)


def models(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """Who chooses: the truth, or reward models of falling quality."""
    kinds = [pairs for pairs in ("best_worst", "random_labelled") if (series["pairs"] == pairs).any()]
    tables = []
    with style.style():
        figure, columns = style.new(style.TEXT, 2.3, columns=max(1, len(kinds)), sharex=True, sharey=True)
        for axes, pairs in zip(columns, kinds, strict=False):
            tables.append(panels.grouped(axes, where(series, pairs=pairs), "model", ORDER))
            axes.set_title(panels.PAIRS[pairs])
            panels.half(axes, upright=True)
        if not tables:
            raise NothingToDrawError(f"no records of {WORTH}")
        return panels.drawing(
            figure,
            tables,
            "Reward models of falling quality choose prompts by PVar (and tell best from worst, left); the truth is an "
            f"upper bound. {DOTTED}",
        )


def human(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """A tenth of a dataset's own pairs against all of them."""
    with style.style():
        figure, (axes,) = style.new(style.COLUMN * 1.4, 1.7)
        names = {f"{method} large": f"{label}, {_share(series, method)}" for method, (label, _, _) in
                 panels.METHODS.items() if (series["method"] == method).any()}  # fmt: skip
        table = panels.ranked(axes, series, ("pvar", "random", "pvar_bottom", "all"), names)
        panels.half(axes, upright=True)
        return panels.drawing(
            figure, [table], f"DPO on a dataset's own pairs with paid labels: a part of them, and all. {DOTTED}"
        )


def selectors(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """Every selector at an equal budget, best first."""
    with style.style():
        figure, (axes,) = style.new(style.COLUMN * 1.6, 3.0)
        methods = [name for name in panels.METHODS if (series["method"] == name).any()]
        names = {"pvar gold": "highest PVar, the truth's"}
        table = panels.ranked(axes, series, methods, names)
        panels.half(axes, upright=True)
        return panels.drawing(
            figure,
            [table],
            "Selectors at an equal number of paid labels of a dataset's own pairs. Yellow: by reward models, green: by "
            f"the policy, purple: by gradients, grey: by neither. {DOTTED}",
        )


def losses(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """Top, random and bottom for each loss."""
    return _grouped(series, "loss", f"The order with other losses, each at its own learning rate. {DOTTED}")


def efficiency(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """Win rate by budget, and how many labels random choice needs to be as good."""
    kinds = [pairs for pairs in ("random_labelled", "best_worst") if (series["pairs"] == pairs).any()]
    tables, said = [], []
    with style.style():
        figure, columns = style.new(style.TEXT, 2.4, columns=max(1, len(kinds)), sharey=True)
        for axes, pairs in zip(columns, kinds, strict=False):
            rows = where(series, pairs=pairs)
            tables += [panels.lines(axes, rows, ("pvar", "random"), "fraction", apart=0.04), panels.whole(axes, rows)]
            axes.set(xscale="log", xlabel="share of the pool", title=panels.PAIRS[pairs])
            style.log_axis(axes.xaxis, sorted(rows["fraction"].unique()))
            if (found := saving(rows, pairs)) is not None:
                axes.axhline(found.target, color=panels.METHODS["random"][1], linewidth=0.7, linestyle="--")
                said.append(f"{panels.PAIRS[pairs]}: {found.words}.")
        if not tables:
            raise NothingToDrawError(f"no records of {WORTH}")
        columns[0].set_ylabel(panels.AXES[WORTH])
        for axes in columns:
            panels.half(axes)
        return panels.drawing(
            figure,
            tables,
            f"Win rate by budget, chosen by PVar and at random. {' '.join(said)} Dashed, black: the level of the whole "
            f"pool; grey: the win rate at which labels are counted. {DOTTED}",
        )


def _grouped(series: pd.DataFrame, category: str, caption: str) -> Drawing:
    with style.style():
        figure, (axes,) = style.new(style.COLUMN * 1.5, 0.9 + 0.38 * series[category].nunique())
        table = panels.grouped(axes, series, category, ORDER)
        panels.half(axes, upright=True)
        return panels.drawing(figure, [table], caption)


def _share(series: pd.DataFrame, method: str) -> str:
    return f"{100 * series.loc[series['method'] == method, 'fraction'].iloc[0]:.0f} %"


FIGURES: Mapping[str, Callable[[pd.DataFrame, Sequence[Published]], Drawing]] = {
    "order": order,
    "growth": growth,
    "models": models,
    "human": human,
    "selectors": selectors,
    "losses": losses,
    "efficiency": efficiency,
    "confounds": confounds,
    "theory": theory,
    "estimation": estimation,
    "answers": answers,
    "answers_training": answers_training,
}
