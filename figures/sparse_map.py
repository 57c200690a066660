"""Figure 1 of the sparse paper: a map of the error over n and beta, and the lines that are read off it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import style

from bench.report.drawing import Drawing, NothingToDrawError, curves
from bench.spec import Published

ERROR = "squared_sigma_error"
LEVELS = np.round(np.arange(-4.8, 0.61, 0.6), 1)  # the contour levels of the paper, log10
READING = 0.05  # the error of reading a point of the paper's map, in both logarithms
SHOWN_BETA = (-3.5, -1.1)  # the paper's range of log10 beta


def fig1(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """Error over n and beta as a map, the paper's rule log beta = -0.5 log n - 0.7, and the line through our best."""
    rows = curves(series, ("l1",), ERROR, ["n", "beta"], lambda c: np.log10(c["n"]))
    variant = rows["variant"].iloc[0]
    rows = rows[rows["variant"] == variant].assign(y=lambda r: np.log10(r["beta"]), low=np.nan, high=np.nan)
    grid = np.log10(rows.pivot(index="beta", columns="n", values="mean"))
    if min(grid.shape) < 3:
        raise NothingToDrawError("Figure 1 needs at least three values of n and of beta")
    x, y = np.log10(grid.columns.to_numpy(float)), np.log10(grid.index.to_numpy(float))
    best = _best_beta(rows)
    slope, intercept = (derived(series, f"log10_best_beta_{name}", variant=variant) for name in ("slope", "intercept"))
    line = _line("line through our best β", best["x"], slope, intercept)
    paper = _line("the paper's rule", rows["x"], -0.5, -0.7).assign(kind="published")
    theirs, ours = _boundaries(published, x, y, grid.to_numpy())
    with style.style():
        figure, (axes,) = style.new(style.COLUMN, 3.1)
        colours = style.map_colours(len(LEVELS) + 1)
        image = axes.contourf(x, y, grid.to_numpy(), levels=LEVELS, colors=colours, extend="both")
        axes.contour(x, y, grid.to_numpy(), levels=LEVELS, colors=style.ON_MAP, linewidths=0.5, linestyles="solid")
        axes.plot(rows["x"], rows["y"], ".", markersize=0.8, color=style.ON_MAP, alpha=0.4, gid=rows["series"].iloc[0])
        figure.colorbar(image, ax=axes, pad=0.02, label="log₁₀ mean squared error", ticks=LEVELS).outline.set_visible(
            False
        )
        for level, points in theirs.groupby("level"):
            colour = colours[int(np.searchsorted(LEVELS, level))]
            axes.errorbar(
                points["x"], points["y"], xerr=READING, yerr=READING, marker="D", markersize=3.5, color=style.ON_MAP,
                markerfacecolor=colour, linewidth=0.8, linestyle=":", label="_",
            )  # fmt: skip
            axes.annotate(f"{level:g}".replace("-", "−"), (points["x"].iloc[0], points["y"].max()), xytext=(3, 3),
                          textcoords="offset points", color=style.ON_MAP, size=6)  # fmt: skip
        axes.plot([], [], "D:", color=style.ON_MAP, markerfacecolor="none", label="the paper's level boundaries")
        axes.plot(paper["x"], paper["y"], color="white", linewidth=3)
        axes.plot(
            paper["x"], paper["y"], color=style.PAPER_RULE, linestyle=(0, (4, 2)), label=f"paper: {_linear(-0.5, -0.7)}"
        )
        if np.isfinite(slope):
            axes.plot(line["x"], line["y"], color="white", linewidth=3)
            axes.plot(line["x"], line["y"], color=style.METHODS["l1"][1], label=f"ours: {_linear(slope, intercept)}")
        axes.plot(best["x"], best["y"], "o", color=style.METHODS["l1"][1], markeredgecolor="white", markeredgewidth=0.6)
        axes.set(xlabel="log₁₀ n", ylabel="log₁₀ β", ylim=SHOWN_BETA, xlim=(x.min(), x.max()))
        axes.grid(visible=False)
        figure.legend(loc="outside upper center", ncols=1)
    return Drawing(
        figure,
        pd.concat([rows, paper, line, best, theirs, ours], ignore_index=True),
        f"Mean squared error of ℓ1 over n and β (d = 100, k = 5; {style.VARIANTS[variant][0]}; {seeds(rows)}), at the"
        " paper's levels; small dots are the grid. Circles: the best β at each n, with the line through them. Diamonds:"
        " where the paper's map crosses the level beside them, with the error of reading it; where the two maps agree,"
        " a diamond lies on the thin line between two shades.",
    )


def _best_beta(rows: pd.DataFrame) -> pd.DataFrame:
    """The grid's best beta at each n, leaving out the n whose best lies on the edge of the grid."""
    best = rows.loc[rows.groupby("n")["mean"].idxmin()]
    inside = best["beta"].gt(rows["beta"].min()) & best["beta"].lt(rows["beta"].max())
    if inside.sum() < 2:
        raise NothingToDrawError("Figure 1 needs a beta grid that holds the best beta of at least two n in its inside")
    return best[inside].assign(kind="fit", series="best β at each n")


def _line(series: str, x: pd.Series, slope: float, intercept: float) -> pd.DataFrame:
    ends = np.array([x.min(), x.max()])
    return pd.DataFrame({"series": series, "kind": "fit", "x": ends, "y": slope * ends + intercept})


def _linear(slope: float, intercept: float) -> str:
    sign = "−" if intercept < 0 else "+"
    return f"log β = {slope:.2f} log n {sign} {abs(intercept):.2f}".replace("-", "−")


def _boundaries(
    published: Sequence[Published], x: np.ndarray, y: np.ndarray, z: np.ndarray
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Where the published map crosses a level at a given log10 beta, and where ours (z over y and x) does."""
    theirs, ours = [], []
    for number in published:
        if number.metric != "log10_n_at_level" or number.value is None or "log10_beta" not in number.condition:
            continue
        level, log10_beta = float(number.condition["level"]), float(number.condition["log10_beta"])
        shared = {"method": number.method, "metric": number.metric, "level": level, "log10_beta": log10_beta}
        theirs.append(
            {**shared, "series": "published boundary", "kind": "published", "x": number.value, "y": log10_beta}
        )
        along = np.array([np.interp(log10_beta, y, column) for column in z.T])
        below = np.flatnonzero((along[:-1] > level) & (along[1:] <= level))
        if len(below):
            i = below[-1]
            n = x[i] + (along[i] - level) / (along[i] - along[i + 1]) * (x[i + 1] - x[i])
            ours.append({**shared, "series": "our boundary", "kind": "fit", "x": n, "y": log10_beta, "mean": n})
    columns = ["method", "metric", "level", "log10_beta", "series", "kind", "x", "y"]
    return pd.DataFrame(theirs, columns=columns), pd.DataFrame(ours, columns=[*columns, "mean"])


def derived(series: pd.DataFrame, metric: str, **which: str) -> float:
    """A number of a whole map or grid, the mean of its derived rows; NaN where there are none."""
    rows = series[series["metric"] == metric]
    for column, value in which.items():
        rows = rows[rows[column] == value]
    return float(rows["value"].mean())


def seeds(rows: pd.DataFrame) -> str:
    """`20 seeds`, or `true optimum: 20 seeds, authors' solver: 3 seeds` where the variants differ."""
    counts = rows.groupby("variant", sort=False)["replicates"].max()
    if counts.nunique() == 1:
        return f"{counts.iloc[0]} seeds"
    return ", ".join(f"{style.VARIANTS[variant][0]}: {count} seeds" for variant, count in counts.items())
