"""What the figures of PVar are made of: one look for each method, lines along a size, dots by category and by rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import panels
import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.report.drawing import Drawing, NothingToDrawError, curves

ORDER = ("pvar", "random", "pvar_bottom")
WORTH = "win_rate_over_sft"
METHODS: Mapping[str, panels.Look] = {  # label, colour, marker; warm: high variance, cold: low
    "pvar": ("highest PVar", "#d55e00", "o"),
    "random": ("random", "#5f6873", "D"),
    "pvar_bottom": ("lowest PVar", "#0072b2", "v"),
    "all": ("all prompts", "#16191d", "*"),
    "reward_gap": ("reward gap", "#b8860b", "s"),
    "reward_variance": ("reward variance", "#b8860b", "^"),
    "ensemble": ("disagreement of reward models", "#b8860b", "P"),
    "entropy": ("entropy of the policy", "#009e73", "s"),
    "perplexity": ("perplexity", "#009e73", "^"),
    "reference_margin": ("smallest margin of the reference", "#009e73", "P"),
    "gradient_norm": ("gradient norm", "#7a5cb8", "s"),
    "loss": ("loss", "#7a5cb8", "^"),
    "length_difference": ("difference in length", "#848c96", "s"),
    "diversity": ("diversity of prompts", "#848c96", "^"),
}
PAIRS: Mapping[str, str] = {
    "best_worst": "best against worst",
    "random_labelled": "random pair, paid label",
    "equal_gap": "equal gap in reward",
    "equal_length": "equal length",
}
SPREADS: Mapping[str, str] = {"wide": "all stakes", "even": "middle stakes"}
MODELS: Mapping[str, str] = {"gold": "the truth", "large": "large model", "small": "small model", "tiny": "tiny model"}
LOSSES: Mapping[str, str] = {"dpo": "DPO", "ipo": "IPO", "kto": "KTO", "simpo": "SimPO", "orpo": "ORPO"}
NAMES: Mapping[str, Mapping[str, str]] = {"pairs": PAIRS, "spread": SPREADS, "model": MODELS, "loss": LOSSES}
AXES: Mapping[str, str] = {WORTH: "win rate over SFT"}
GROWN: Mapping[str, str] = {"margin": "trained on", "held_out_margin": "held out"}
GOES_WITH: Mapping[str, str] = {
    "rank_with_gap": "gap in reward",
    "rank_with_stakes": "stakes",
    "rank_with_length": "length",
    "rank_with_length_spread": "spread of lengths",
    "rank_with_mean_reward": "mean reward (ease)",
    "rank_with_true_variance": "true PVar",
    "rank_with_true_variance_given_all_but_gap": "true PVar, given all but the gap",
    "rank_with_true_variance_given_gap": "true PVar, given the gap",
}
POLICIES: Mapping[str, tuple[str, str, str]] = {
    "before": ("before training", "#0072b2", "o"),
    "after": ("after training", "#d55e00", "s"),
}
RANKS: Mapping[str, str] = {
    "rank_norm_own": "norm",
    "rank_norm_own_given_gap": "norm, given the gap",
    "rank_norm_own_given_length": "norm, given length",
    "rank_norm_own_given_all": "norm, given all",
    "rank_norm_gold": "norm with true labels",
    "rank_ratio_of_signal_own": "signal to noise",
    "rank_ratio_of_signal_gold": "signal to noise, true labels",
}
TICKS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)  # of PVar, on a logarithmic axis
ESTIMATES: Mapping[str, str] = {
    "rank_with_others": "rank correlation",
    "overlap_with_others_0.3": "overlap of those chosen",
    "gain_0.3": "gain in PVar",
}
CHOOSERS: Mapping[str, tuple[str, str]] = {"gold": ("#a38a00", "*"), "large": ("#d55e00", "o")}
DOTTED = "Dotted: as good as the SFT policy."


def within(values: Sequence[float], limits: tuple[float, float]) -> list[float]:
    """Those of the values that an axis with these limits shows."""
    return [value for value in values if limits[0] <= value <= limits[1]]


def trained(series: pd.DataFrame) -> pd.DataFrame:
    """The rows of tasks that trained a policy."""
    rows = series[series["metric"] == WORTH]
    if rows.empty:
        raise NothingToDrawError(f"no records of {WORTH}")
    return rows


def line(axes: Axes, points: pd.DataFrame, **options: Any) -> None:
    """One series: its line, its markers, its 95 % intervals."""
    panels.line(axes, points, METHODS[points["method"].iloc[0]], **options)


def lines(
    axes: Axes, rows: pd.DataFrame, methods: Sequence[str], x: str, *, apart: float = 0.0, metric: str = WORTH
) -> pd.DataFrame:
    """A line a method along the numbers `x`; markers of one x a share `apart` of each other. Gives the rows drawn."""
    by = [x, *([name for name in ("pairs", "spread", "model", "loss") if name in rows])]
    tables = []
    for place, method in enumerate(methods):
        if not (rows["method"] == method).any():
            continue
        points = curves(rows, (method,), metric, by, lambda cells: cells[x].astype(float))
        shift = (1 + apart) ** (place - (len(methods) - 1) / 2)
        name = points["series"] + " " + _place(points, by[1:]) + ("" if metric == WORTH else f" {metric}")
        points = points.assign(x=points["x"] * shift, series=name)
        line(axes, points)
        tables.append(points)
    if not tables:
        raise NothingToDrawError(f"no records of {metric} for {', '.join(methods)}")
    return pd.concat(tables, ignore_index=True)


def ranked(axes: Axes, rows: pd.DataFrame, methods: Sequence[str], names: Mapping[str, str]) -> pd.DataFrame:
    """A dot a method with its interval, the best on top. `rows` have one condition a method. Gives the rows drawn."""
    points = curves(rows, methods, WORTH, ["model", "fraction"], lambda cells: cells["mean"])
    keys = points["method"] + " " + points["model"]
    order = list(points.assign(key=keys).sort_values("mean", ascending=False)["key"])
    points = points.assign(y=keys.map({key: -float(place) for place, key in enumerate(order)}), series=keys)
    labels = {}
    for point in points.to_dict("records"):
        look = METHODS[point["method"]]
        labels[point["y"]] = names.get(point["series"], look[0])
        panels.dot(axes, point, look, named=False)
    axes.set_yticks(list(labels), list(labels.values()))
    axes.set(xlabel=AXES[WORTH], ylim=(0.6 - len(order), 0.6))
    axes.grid(visible=False, axis="y")
    return points


def grouped(axes: Axes, rows: pd.DataFrame, category: str, methods: Sequence[str]) -> pd.DataFrame:
    """A row for each value of `category`, in it a dot a method. Gives the rows drawn."""
    by = [name for name in ("pairs", "spread", "model", "loss", "fraction") if name in rows]
    points = curves(rows, methods, WORTH, by, lambda cells: cells["mean"])
    values = [value for value in NAMES[category] if (points[category] == value).any()]
    middle = (len(methods) - 1) / 2
    y = points[category].map({value: -float(place) for place, value in enumerate(values)})
    y += points["method"].map({method: 0.22 * (middle - place) for place, method in enumerate(methods)})
    points = points.assign(y=y, series=points["series"] + " " + points[by].astype(str).agg(" ".join, axis=1))
    for point in points.to_dict("records"):
        panels.dot(axes, point, METHODS[point["method"]], named=True)
    axes.set_yticks([-float(place) for place in range(len(values))], [NAMES[category][value] for value in values])
    axes.set(xlabel=AXES[WORTH], ylim=(0.5 - len(values), 0.5))
    axes.grid(visible=False, axis="y")
    return points


def whole(axes: Axes, rows: pd.DataFrame) -> pd.DataFrame:
    """The whole pool: a level with its interval. Gives the row drawn, or none."""
    if not (rows["method"] == "all").any():
        return pd.DataFrame()
    by = ["pairs", "spread", "fraction"]
    points = curves(rows, ("all",), WORTH, by, lambda cells: cells["fraction"].astype(float))
    points = points.assign(series=points["series"] + " " + _place(points, by[:2]))
    label, colour, marker = METHODS["all"]
    row = points.iloc[0]
    axes.axhline(row["y"], color=colour, linewidth=0.7, linestyle="--", zorder=1.4)
    axes.vlines(row["x"], row["low"], row["high"], color=colour, linewidth=0.8, alpha=0.7)
    axes.plot(
        points["x"], points["y"], gid=row["series"], linestyle="none", color=colour, marker=marker, markersize=6,
        label=label,
    )  # fmt: skip
    return points


def half(axes: Axes, *, upright: bool = False) -> None:
    """Where a win rate says that two policies are as good as each other, where that is within the frame."""
    low, high = axes.get_xlim() if upright else axes.get_ylim()
    if low <= 0.5 <= high:
        draw = axes.axvline if upright else axes.axhline
        draw(0.5, color=style.MUTED, linewidth=1.0, linestyle=":", zorder=1.5)


def drawing(figure: Figure, tables: Sequence[pd.DataFrame], caption: str) -> Drawing:
    """As `panels.drawing`. What the caption says of the dotted line is left out where no panel's frame holds it."""
    if not any(drawn.get_linestyle() == ":" for axes in figure.axes for drawn in axes.get_lines()):
        caption = caption.replace(f" {DOTTED}", "")
    return panels.drawing(figure, tables, caption)


def _place(points: pd.DataFrame, columns: Sequence[str]) -> str:
    first = points.iloc[0]
    return " ".join(str(first[name]) for name in columns)
