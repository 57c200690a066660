"""What PVar is of a pool's prompts: what goes with it, and how many responses it takes to know it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import pvar_panels as panels
import style
from panels import require
from pvar_panels import DOTTED, ORDER

from bench.report.drawing import Drawing, NothingToDrawError, cells, curves
from bench.spec import Published


def confounds(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """Top, random and bottom where pairs are alike in gap or length, and what goes with PVar in the pool."""
    with style.style():
        figure, (left, right) = style.new(style.TEXT, 2.5, columns=2, width_ratios=(1, 0.9))
        tables = [panels.grouped(left, panels.trained(series), "pairs", ORDER)]
        panels.half(left, upright=True)
        left.set_title("policies")
        tables.append(_with_pvar(right, series))
        return panels.drawing(
            figure,
            tables,
            "Left: the order where all pairs have the same gap in reward, and where both responses of a pair are "
            f"equally long. {DOTTED} Right: over the prompts of a pool, Spearman's correlation of the large model's "
            "PVar with what it may stand for, and with the true PVar; filled: all stakes, open: middle stakes.",
        )


def _with_pvar(axes: style.Axes, series: pd.DataFrame) -> pd.DataFrame:
    """A dot a correlation and pool, `panels.GOES_WITH` from top to bottom."""
    tables = []
    for place, metric in enumerate(panels.GOES_WITH):
        points = curves(series, ("pool",), metric, ["spread"], lambda cells: cells["mean"])
        for point in points.to_dict("records"):
            wide = point["spread"] == "wide"
            at = -place + (0.14 if wide else -0.14)
            name = f"{metric} {point['spread']}"
            axes.hlines(at, point["low"], point["high"], color=style.INK, linewidth=1.0, alpha=0.8)
            axes.plot(
                [point["x"]], [at], "o", color=style.INK, markersize=4.2, gid=name,
                markerfacecolor=style.INK if wide else "none",
            )  # fmt: skip
            tables.append(pd.DataFrame([{**point, "y": at, "series": name}]))
    axes.axvline(0.0, color=style.MUTED, linewidth=0.8)
    axes.set_yticks([-float(place) for place in range(len(panels.GOES_WITH))], list(panels.GOES_WITH.values()))
    axes.set(xlabel="rank correlation with PVar", ylim=(0.5 - len(panels.GOES_WITH), 0.5))
    axes.grid(visible=False, axis="y")
    return pd.concat(tables, ignore_index=True)


def theory(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """Gradient norm with its bound, signal to noise, and rank correlations with PVar."""
    tables = []
    with style.style():
        figure, columns = style.new(style.TEXT, 2.5, columns=3, width_ratios=(1, 1, 0.9))
        norms, signals, ranks = columns
        for policy, (label, colour, marker) in panels.POLICIES.items():
            rows = series[series["policy"] == policy] if "policy" in series else series.iloc[:0]
            if rows.empty:
                continue
            for axes, metric, dashes in (
                (norms, "norm_own", "-"),
                (norms, "bound_own", "--"),
                (signals, "ratio_of_signal_own", "-"),
            ):
                points = _deciles(rows, metric).assign(series=f"{metric} {policy}")
                said = label if metric == "norm_own" else f"{label}, bound" if metric == "bound_own" else None
                shape = "none" if metric == "bound_own" else marker
                panels.line(axes, points, label=said, color=colour, marker=shape, linestyle=dashes)
                tables.append(points)
            tables.append(_ranks(ranks, rows, policy))
        if not tables:
            raise NothingToDrawError("no records of gradients")
        norms.set(xscale="log", yscale="log", xlabel="PVar, by tenths of the prompts", title="norm of the gradient")
        signals.set(xscale="log", xlabel="PVar, by tenths of the prompts", title="signal to noise")
        style.log_axis(norms.yaxis)
        for axes in (norms, signals):
            style.log_axis(axes.xaxis, panels.within(panels.TICKS, axes.get_xlim()))
        _ready(ranks)
        return panels.drawing(
            figure,
            tables,
            "The DPO gradient of prompts by their PVar (the large reward model's), all pairs of a prompt alike, labels "
            "of the same model: its norm with the bound 2 beta G (sqrt(PVar of the policy) + sqrt(PVar of the "
            "labels)), and its signal-to-noise ratio for a random pair with a bought label; before training and "
            "after. Right: rank correlations over prompts with PVar, also given what PVar may only stand for.",
        )


def _deciles(rows: pd.DataFrame, metric: str) -> pd.DataFrame:
    """The mean of a metric over each tenth, against the mean PVar of the tenth."""
    found = []
    for at in range(1, 11):
        x = cells(rows[rows["metric"] == f"pvar_own_{at}"], ["policy"])
        if x.empty:
            raise NothingToDrawError("no records of PVar by tenths of the prompts")
        found.append(curves(rows, ("pvar",), f"{metric}_{at}", ["policy"], lambda c, x=x: c["mean"] * 0 + x["mean"]))
    return pd.concat(found, ignore_index=True)


def _ranks(axes: style.Axes, rows: pd.DataFrame, policy: str) -> pd.DataFrame:
    """A dot a rank correlation, `panels.RANKS` from top to bottom."""
    _, colour, marker = panels.POLICIES[policy]
    tables = []
    for place, metric in enumerate(panels.RANKS):
        points = curves(rows, ("pvar",), metric, ["policy"], lambda c: c["mean"])
        at = -place + (0.14 if policy == "before" else -0.14)
        axes.hlines(at, points["low"], points["high"], color=colour, linewidth=1.0, alpha=0.8)
        axes.plot(points["x"], [at], linestyle="none", color=colour, marker=marker, gid=f"{metric} {policy}")
        tables.append(points.assign(y=at, series=f"{metric} {policy}"))
    return pd.concat(tables, ignore_index=True)


def _ready(axes: style.Axes) -> None:
    axes.axvline(0.0, color=style.MUTED, linewidth=0.8)
    axes.set_yticks([-float(place) for place in range(len(panels.RANKS))], list(panels.RANKS.values()))
    axes.set(xlabel="rank correlation with PVar", ylim=(0.5 - len(panels.RANKS), 0.5))
    axes.grid(visible=False, axis="y")


def estimation(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """What n responses a prompt say of its PVar."""
    require(series)
    tables = []
    with style.style():
        figure, columns = style.new(style.TEXT, 2.3, columns=len(panels.ESTIMATES))
        for axes, (metric, title) in zip(columns, panels.ESTIMATES.items(), strict=True):
            for model, (colour, marker) in panels.CHOOSERS.items():
                rows = series[series["model"] == model]
                if rows.empty:
                    continue
                points = curves(rows, ("pvar",), metric, ["n", "model"], lambda cells: cells["n"].astype(float))
                points = points.assign(series=f"{metric} {model}")
                look = {"label": panels.MODELS[model], "color": colour, "marker": marker}
                panels.line(axes, points, **look)
                tables.append(points)
            axes.set(xscale="log", xlabel="responses a prompt", title=title)
            style.log_axis(axes.xaxis, sorted(series["n"].dropna().unique()))
            axes.set_ylim(bottom=0.0)
        if not tables:
            raise NothingToDrawError("no records of PVar from few responses")
        return panels.drawing(
            figure,
            tables,
            "PVar from n responses a prompt, by the truth and by the large model. Left: rank correlation with PVar "
            "from n other responses. Middle: of the 30 % of the prompts chosen by it, the share that n other responses "
            "choose too (by chance: .3). Right: PVar, by responses that were not used, of the 30 % chosen over that "
            "of all.",
        )
