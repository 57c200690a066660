"""What the figures of SPA are made of: one look for each method, and panels by stage, by category and by rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.report.drawing import VARIANT_ORDER, Drawing, NothingToDrawError, curves

METHODS: Mapping[str, tuple[str, str, str]] = {  # label, colour, marker; blue: judged by the policy, red: only paid for
    "sft": ("SFT", "#5f6873", "D"),
    "instruct": ("before", "#5f6873", "D"),
    "dpo": ("DPO", "#d55e00", "o"),
    "dpo_longer": ("DPO, SPA's steps", "#9e4a10", "v"),
    "dpo_gentle": ("DPO, gentle", "#e6842a", "^"),
    "zephyr": ("DPO, all labels", "#b8860b", "p"),
    "spa": ("SPA", "#0072b2", "s"),
    "expansion": ("expansion alone", "#3fa3dc", "^"),
    "expansion_refinement": ("without de-coupling", "#5a78c8", "v"),
    "expansion_previous_reference": ("against the policy before", "#7a5cb8", "D"),
    "expansion_likelihood": ("likelihood alone", "#848c96", "P"),
    "expansion_pairrm": ("PairRM", "#b85c9e", "o"),
    "iterative_dpo_pairrm": ("DPO, PairRM", "#b85c9e", "o"),
    "iterative_dpo_llm_judge": ("DPO, LLM-as-judge", "#009e73", "^"),
    "spa_length_regularised": ("SPA, length penalty", "#2a9d9d", "v"),
    "spa_no_seed": ("SPA, no seed", "#4652a8", "s"),
    "spa_gentle": ("SPA, gentle seed", "#7fa8c9", "D"),
    "spa_random_labels": ("SPA, random labels", "#848c96", "X"),
    "spa_gold_labels": ("SPA, true labels", "#a38a00", "*"),
}
VARIANTS: Mapping[str, str] = {
    "corrected": "corrected",
    "as_published": "as published",
    "as_released": "as released",
}
PANELS: Mapping[str, str] = {
    "win_rate_over_sft": "win rate over SFT",
    "win_rate_over_dpo": "win rate over seed DPO",
    "label_agreement": "labels that agree with gold",
    "win_rate": "win rate over GPT-4",
    "gold_reward": "gold reward",
    "reward": "judge's reward",
    "length": "tokens a response",
    "kl_from_sft": "KL from SFT, nats",
}
STAGES: Mapping[str, int] = {"sft": -1, "instruct": 0, "dpo": 0, "zephyr": 4}  # of methods without iterations
TICKS: Mapping[int, str] = {-1: "SFT", 0: "DPO", 4: "all"}
APART = 0.08  # between the intervals of two series at one stage
AGREEMENT = "label_agreement"
DOTTED = "Dotted: as good as each other."
INTERVALS = "bars: 95 %, of each mean by itself (claims are paired by seed)."


def one_variant(series: pd.DataFrame) -> pd.DataFrame:
    """The rows of the first variant that there are records of, with every column that a panel may ask for."""
    there = [variant for variant in VARIANT_ORDER if (series["variant"] == variant).any()]
    return with_columns(series[series["variant"] == there[0]] if there else series)


def with_columns(series: pd.DataFrame) -> pd.DataFrame:
    """Without an iteration in any record, the series has no such column."""
    return series.assign(**{name: np.nan for name in ("iteration", "gold_percent") if name not in series})


def final(series: pd.DataFrame) -> pd.DataFrame:
    """Of every method its last iteration, or all there is."""
    last = series.groupby("method")["iteration"].transform("max")
    return series[last.isna() | (series["iteration"] == last)]


def there(series: pd.DataFrame, metrics: Sequence[str], methods: Sequence[str]) -> list[str]:
    """Those of the metrics that one of the methods has; NothingToDrawError where the first is not among them."""
    known = set(series.loc[series["method"].isin(methods), "metric"])
    if metrics[0] not in known:
        raise NothingToDrawError(f"no records of {metrics[0]} for {', '.join(methods)}")
    return [metric for metric in metrics if metric in known]


def stage(cells: pd.DataFrame) -> pd.Series:
    """Where a policy stands along the stages."""
    numbers = cells["iteration"] if "iteration" in cells else pd.Series(np.nan, cells.index)
    return numbers.astype(float).fillna(cells["method"].map(STAGES)) if "method" in cells else numbers.astype(float)


def by_stage(series: pd.DataFrame, methods: Sequence[str], metric: str) -> pd.DataFrame:
    """The `records` rows of a metric over stages; series at one stage stand a little apart."""
    points = curves(series, methods, metric, ["iteration"], stage)
    points = points.assign(x=stage(points), series=points["series"] + " " + metric)
    iterated = list(points.loc[points["iteration"].notna(), "series"].unique())
    middle = (len(iterated) - 1) / 2
    places = points["series"].map({name: APART * (place - middle) for place, name in enumerate(iterated)})
    return points.assign(x=points["x"] + places.fillna(0.0))


def stages(axes: Axes, points: pd.DataFrame, metric: str, ticks: Mapping[int, str] = TICKS) -> None:
    """Draw what `by_stage` gives, and what leads from the policies before to the first iteration."""
    for _, rows in points.groupby("variant", sort=False):
        before = rows[rows["iteration"].isna() & (rows["x"] <= 0)].sort_values("x")
        axes.plot(before["x"], before["y"], color=style.MUTED, linewidth=0.8)
        for name, curve in rows.groupby("series", sort=False):
            if len(before) and curve["iteration"].notna().any():
                first = pd.concat([before.tail(1), curve.head(1)])
                axes.plot(first["x"], first["y"], color=METHODS[curve["method"].iloc[0]][1], linewidth=0.8, alpha=0.6)
            line(axes, curve, points["variant"].nunique() if curve["iteration"].notna().any() else 1, str(name))
    at = sorted({round(x) for x in points["x"]})
    axes.set(xlabel="stage", title=PANELS[metric], xlim=(at[0] - 0.4, at[-1] + 0.4))
    axes.set_xticks(at, [ticks.get(x, str(x)) for x in at])
    if points["mean"].min() > 0:  # an interval of few seeds may leave the frame
        axes.set_ylim(bottom=max(0.0, axes.get_ylim()[0]))
    half(axes, metric)


def line(axes: Axes, rows: pd.DataFrame, variants: int, name: str, label: str | None = None, **options: object) -> None:
    """One series: its line, its markers, its 95 % intervals."""
    method, variant = rows["method"].iloc[0], rows["variant"].iloc[0]
    text, colour, marker = METHODS[method]
    _, dashes, filled = style.VARIANTS[variant]
    text = label or (f"{text}, {VARIANTS[variant]}" if variants > 1 else text)
    look = {"color": colour, "linestyle": dashes, "marker": marker, "markerfacecolor": colour if filled else "none"}
    look |= options
    axes.vlines(rows["x"], rows["low"], rows["high"], color=look["color"], linewidth=0.8, alpha=0.7)
    axes.plot(rows["x"], rows["y"], gid=name, label=text, **look)


def half(axes: Axes, metric: str) -> None:
    """Where a win rate says that two policies are as good as each other."""
    if metric.startswith("win_rate"):
        axes.axhline(0.5, color=style.MUTED, linewidth=1.0, linestyle=":", zorder=1.5)


def ranked(
    axes: Axes, series: pd.DataFrame, methods: Sequence[str], metric: str, names: Mapping[str, str]
) -> pd.DataFrame:
    """A dot a method with its interval, the first on top, `names` before their usual ones. Gives the rows it draws."""
    rows = curves(series, methods, metric, ["iteration"], lambda cells: cells["mean"])
    places = {method: float(-place) for place, method in enumerate(methods)}
    rows = rows.assign(y=rows["method"].map(places), series=rows["series"] + " " + metric)
    for row in rows.itertuples():
        _, colour, marker = METHODS[row.method]
        axes.hlines(row.y, row.low, row.high, color=colour, linewidth=1.0, alpha=0.8)
        axes.plot([row.x], [row.y], linestyle="none", color=colour, marker=marker, markersize=4.5, gid=row.series)
    axes.set_yticks(list(places.values()), [names.get(method, METHODS[method][0]) for method in places])
    axes.set(xlabel=PANELS[metric], ylim=(0.6 - len(methods), 0.6))
    axes.grid(visible=False, axis="y")
    upright_half(axes, metric)
    return rows


def best_first(series: pd.DataFrame, methods: Sequence[str], metric: str) -> list[str]:
    """Those of the methods that there are records of, by their means."""
    means = series[(series["metric"] == metric) & series["method"].isin(methods)].groupby("method")["value"].mean()
    return list(means.sort_values(ascending=False).index)


def grouped(axes: Axes, series: pd.DataFrame, category: str, metric: str, methods: Sequence[str]) -> pd.DataFrame:
    """A row for each value of `category`, in it a dot a method and iteration. Gives the rows that it draws."""
    rows = curves(series, methods, metric, ["iteration", category], lambda cells: cells["mean"])
    names = sorted(rows[category].unique())
    rows["series"] += " " + metric + rows["iteration"].map(lambda value: "" if pd.isna(value) else f" {value:g}")
    order = list(rows["series"].unique())
    last = rows["iteration"].max()
    places = rows["series"].map({name: 0.2 * ((len(order) - 1) / 2 - place) for place, name in enumerate(order)})
    rows = rows.assign(y=rows[category].map({name: -float(place) for place, name in enumerate(names)}) + places)
    for name, dots in rows.groupby("series", sort=False):
        label, colour, marker = METHODS[dots["method"].iloc[0]]
        iteration = dots["iteration"].iloc[0]
        axes.hlines(dots["y"], dots["low"], dots["high"], color=colour, linewidth=1.0, alpha=0.8)
        axes.plot(
            dots["x"], dots["y"], linestyle="none", color=colour, marker=marker, markersize=4.2, gid=str(name),
            markerfacecolor="none" if iteration < last else colour,
            label=label if pd.isna(iteration) else f"{label}, iteration {iteration:g}",
        )  # fmt: skip
    axes.set_yticks([-float(place) for place in range(len(names))], [_named(category, name) for name in names])
    axes.set(xlabel=PANELS[metric], ylim=(0.5 - len(names), 0.5))
    axes.grid(visible=False, axis="y")
    upright_half(axes, metric)
    return rows


def _named(category: str, value: object) -> str:
    return f"{category} {value:g}" if isinstance(value, float) else str(value)


def upright_half(axes: Axes, metric: str) -> None:
    """`half` where the win rate is on the x axis."""
    if metric.startswith("win_rate"):
        axes.axvline(0.5, color=style.MUTED, linewidth=1.0, linestyle=":", zorder=1.5)


def drawing(figure: Figure, tables: Sequence[pd.DataFrame], caption: str) -> Drawing:
    """With one legend for all panels, and what stands in every caption: seeds, intervals, and whose text it follows."""
    plotted = pd.concat(tables, ignore_index=True)
    handles = {}
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    if handles:
        figure.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=5)
    counts = plotted["replicates"].dropna().astype(int)
    few, many = counts.min(), counts.max()
    seeds = f"{many} seeds" if few == many else f"{few} to {many} seeds"
    variants = list(plotted["variant"].dropna().unique())
    whose = "" if "corrected" in variants else f" Variant: {', '.join(VARIANTS[name] for name in variants)}."
    return Drawing(figure, plotted, f"{caption} Means of {seeds}; {INTERVALS}{whose}")
