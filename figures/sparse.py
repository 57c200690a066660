"""The figures of "Leveraging Sparsity for Sample-Efficient Preference Learning", from records alone.

    python figures/sparse.py --runs runs --out figures-sparse

Ours in colour with a 95 % band over seeds, the published curve in grey with the error of reading it off the paper.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import style
from matplotlib.axes import Axes
from sparse_map import ERROR, derived, fig1, seeds

from bench.report.drawing import Drawing, curves, published_curves
from bench.spec import Published

ERROR_LABEL = "squared error in the data norm"
INTERVALS = "Bands and bars: 95 % over seeds. Grey: published, with the error of reading it."


def fig2a(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """Error against the share of non-zero coordinates k/d at n = d = 100, and where l1 stops being better."""
    methods = ("mle", "l1")
    ours = curves(series, methods, ERROR, ["k", "d"], lambda c: c["k"] / c["d"])
    theirs = published_curves(published, methods, ERROR, lambda c: c["k"] / c.get("d", 100))
    with style.style():
        figure, (axes,) = style.new(style.COLUMN, 2.6)
        _draw(axes, ours, theirs)
        crossing = _crossings(series)
        for row in crossing.itertuples():
            axes.axvline(row.x, color=style.MUTED, linewidth=0.8, linestyle=style.VARIANTS[row.variant][1])
        axes.set(
            xlabel="share of non-zero coordinates k/d",
            ylabel=ERROR_LABEL,
            xlim=(0, 1),
            ylim=(0, style.limits(ours, theirs)[1]),
        )
        figure.legend(loc="outside upper center", ncols=2)
    where = "; ".join(f"{style.VARIANTS[row.variant][0]}: k/d = {row.x:.2f}" for row in crossing.itertuples())
    return Drawing(
        figure,
        pd.concat([ours, theirs, crossing], ignore_index=True),
        f"Error against sparsity at n = d = 100, β = 0.1 ({seeds(ours)}). {INTERVALS}"
        + (f" Vertical lines: where the mean of ℓ1 crosses that of the MLE ({where})." if where else " No crossing."),
    )


def fig2b(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """Error against the number of comparisons n at d = 100, k = 5, both axes logarithmic."""
    methods = ("mle", "l1", "l0")
    ours = curves(series, methods, ERROR, ["n"], lambda c: c["n"])
    theirs = published_curves(published, methods, ERROR, lambda c: c["n"])
    with style.style():
        figure, (axes,) = style.new(style.COLUMN, 2.6)
        axes.set(xscale="log", yscale="log", xlabel="number of comparisons n", ylabel=ERROR_LABEL)
        _draw(axes, ours, theirs)
        style.log_axis(axes.xaxis, style.apart(ours["n"].unique()))
        style.log_axis(axes.yaxis, _decades(ours, theirs))
        axes.set_ylim(style.limits(ours, theirs, logarithmic=True))
        figure.legend(loc="outside upper center", ncols=2)
    return Drawing(
        figure,
        pd.concat([ours, theirs], ignore_index=True),
        f"Error against the number of comparisons at d = 100, k = 5, β = n^(−1/2) ({seeds(ours)}). {INTERVALS}",
    )


def rates(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """Error of l0 and l1 against (k/n) log(d/k), of the MLE against d/n, with the slope of each on log-log axes."""
    scales: tuple[tuple[tuple[str, ...], str, Callable[[pd.DataFrame], pd.Series]], ...] = (
        (("l0", "l1"), "(k/n) log(d/k)", lambda c: c["k"] / c["n"] * np.log(c["d"] / c["k"])),
        (("mle",), "d/n", lambda c: c["d"] / c["n"]),
    )
    tables = []
    with style.style():
        figure, panels = style.new(style.TEXT, 2.5, columns=2, sharey=True)
        for axes, (methods, label, rate) in zip(panels, scales, strict=True):
            axes.set(xscale="log", yscale="log", xlabel=label)
            for _, rows in curves(series, methods, ERROR, ["n", "d", "k"], rate).groupby("series", sort=False):
                which = {"method": rows["method"].iloc[0], "variant": rows["variant"].iloc[0]}
                slope, intercept = (derived(series, f"log10_rate_{name}", **which) for name in ("slope", "intercept"))
                fit = pd.DataFrame({"x": np.geomspace(rows["x"].min(), rows["x"].max(), 2)})
                fit["y"] = 10 ** (intercept + slope * np.log10(fit["x"]))
                points = {"linestyle": "none", "markersize": 2.4, "alpha": 0.7, "markevery": 1}
                style.curve(axes, rows.assign(low=np.nan, high=np.nan), 1, **points)
                colour, line = style.METHODS[rows["method"].iloc[0]][1], style.VARIANTS[rows["variant"].iloc[0]][1]
                axes.plot(fit["x"], fit["y"], color=colour, linestyle=line, label=f"slope {slope:.2f}")
                tables += [rows, fit.assign(series=f"{rows['series'].iloc[0]}, slope {slope:.2f}", kind="fit")]
            style.log_axis(axes.yaxis)
            style.log_axis(axes.xaxis, [x for x in (0.001, 0.003, 0.01, 0.03, 0.1, 0.3) if _within(x, axes.get_xlim())])
            axes.legend(loc="lower right")
        panels[0].set_ylabel(ERROR_LABEL)
    return Drawing(
        figure,
        pd.concat(tables, ignore_index=True),
        "Error against the rate that the theory gives, one point a cell of the grid in n, d and k (mean over seeds)."
        " Lines: least squares on the logarithms. A slope of 1 means that the error follows the rate.",
    )


def fig3(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """Test accuracy of a deep reward model against beta, with the quadratic in log beta that the authors fit."""
    rows = curves(series[series["beta"] > 0], ("l1",), "accuracy", ["model", "dataset", "beta"], lambda c: c["beta"])
    rows["series"] += " " + rows["model"] + " " + rows["dataset"]
    theirs = published_curves(
        [p for p in published if p.condition.get("beta")], ("l1",), "accuracy", lambda c: c["beta"]
    )
    fits = []
    with style.style():
        figure, (axes,) = style.new(style.COLUMN, 2.6)
        axes.set(xscale="log", xlabel="β", ylabel="test accuracy")
        _draw(axes, rows, theirs.iloc[:0])
        for label, curve in rows.groupby("series", sort=False):
            if len(curve) < 3:
                continue
            quadratic = np.polyfit(np.log10(curve["x"]), curve["y"], 2)
            x = np.linspace(*np.log10([curve["x"].min(), curve["x"].max()]), 60)
            fit = pd.DataFrame({"x": 10**x, "y": np.polyval(quadratic, x), "series": f"{label}, quadratic"})
            axes.plot(fit["x"], fit["y"], color=style.INK, linewidth=0.9, label="quadratic in log β")
            fits.append(fit.assign(kind="fit"))
        style.log_axis(axes.xaxis)
        figure.legend(loc="outside upper center", ncols=2)
    return Drawing(
        figure,
        pd.concat([rows, *fits], ignore_index=True),
        "Accuracy of the reward model against β, mean over seeds with its 95 % interval, and the quadratic in log β"
        " through the means. The paper's own curves are for other models and data, and are compared only there.",
    )


def fig4(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """Accuracy of a linear head on frozen features against n: beta = 0, l1, and the baseline that sees length only.

    The paper's curve stands behind ours where encoder and data set are the paper's. Elsewhere it gets a panel of its
    own, as the two are not comparable point by point.
    """
    methods = ("mle", "l1", "length")
    ours = curves(series, methods, "accuracy", ["dataset", "model", "n"], lambda c: c["n"])
    ours["series"] += " " + ours["dataset"]
    theirs = published_curves(published, methods, "accuracy", lambda c: c["n"])
    text = ["dataset", "model"]
    same = len(theirs) > 0 and not ours[text].merge(theirs[text]).empty
    datasets = sorted(ours["dataset"].unique())
    with style.style():
        width = style.TEXT if len(datasets) > 1 else style.COLUMN * 1.5
        figure, panels = style.new(width, 2.6, columns=len(datasets) + (len(theirs) > 0 and not same), sharey=True)
        for axes, dataset in zip(panels, datasets, strict=False):
            _draw(axes, ours[ours["dataset"] == dataset], theirs if same else theirs.iloc[:0])
            axes.set_title(f"ours, {dataset}")
        for axes in panels[len(datasets) :]:
            axes.set_title("published, SHP")
            for method, rows in theirs.groupby("method", sort=False):
                style.published(axes, rows)
                axes.annotate(style.METHODS[method][0], rows[["x", "y"]].iloc[-1], (0, 5), textcoords="offset points")
        for axes in panels:
            axes.axhline(0.5, color=style.MUTED, linewidth=0.8, linestyle=":")
            axes.set(xscale="log", xlabel="training comparisons n")
            style.log_axis(axes.xaxis, style.apart([*ours["x"], *theirs["x"]], ratio=3.5))
        panels[0].set_ylabel("test accuracy")
        panels[0].set_ylim(style.limits(ours, theirs))
        handles = {
            label: handle for axes in panels for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
        }
        figure.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=3)
    return Drawing(
        figure,
        pd.concat([ours, theirs], ignore_index=True),
        f"Accuracy of a linear head on frozen features ({seeds(ours)}): MLE is β = 0, ℓ1 is β = 0.5/√n; bands and"
        " bars: 95 % over seeds; dotted: chance."
        + " The published curve is for another encoder and data set: it shows the shape to look for, not the values."
        * (not same)
        + " The data set ‘made’ is text that the suite makes itself." * ("made" in datasets),
    )


def _draw(axes: Axes, ours: pd.DataFrame, theirs: pd.DataFrame) -> None:
    """Our curves over the published ones, with one legend entry for all that is published."""
    for number, (_, rows) in enumerate(theirs.groupby("series", sort=False)):
        style.published(axes, rows, label="_published" if number else "published")
    variants = ours["variant"].nunique()
    for _, rows in ours.groupby("series", sort=False):
        style.curve(axes, rows, variants)


def _crossings(series: pd.DataFrame) -> pd.DataFrame:
    """Where the curve of l1 rises through that of the MLE, in k/d, in each variant where it does."""
    found = series[series["metric"] == "crossing_k"].groupby("variant", sort=False)[["value", "d"]].mean()
    rows = [
        {"series": f"crossing {variant}", "kind": "fit", "variant": variant, "x": row["value"] / row["d"]}
        for variant, row in found.iterrows()
    ]
    return pd.DataFrame(rows, columns=["series", "kind", "variant", "x"])


def _within(value: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= value <= limits[1]


def _decades(*tables: pd.DataFrame) -> list[float]:
    values = np.concatenate([table["y"].to_numpy(float) for table in tables])
    low, high = np.nanmin(values), np.nanmax(values)
    return [tick for tick in (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0) if low / 1.5 <= tick <= high * 1.5]


FIGURES: Mapping[str, Callable[[pd.DataFrame, Sequence[Published]], Drawing]] = {
    "fig1": fig1,
    "fig2a": fig2a,
    "fig2b": fig2b,
    "rates": rates,
    "fig3": fig3,
    "fig4": fig4,
}


def main() -> None:
    """Draw every figure that the records under --runs allow, into --out."""
    from bench import papers
    from bench.report.figures import draw
    from bench.run.series import series
    from bench.run.store import Store
    from bench.verdict.published import load

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="folder of records (default: runs)")
    parser.add_argument("--out", type=Path, default=Path("figures-sparse"), help="where to write PDF, PNG and CSV")
    parser.add_argument("--profile", default="embedded", help="scale of the records to draw (default: embedded)")
    arguments = parser.parse_args()
    stored = Store(arguments.runs, "sparse").read().records.values()
    by_age = sorted(stored, key=lambda record: (record.task.version, str(record.provenance.get("finished"))))
    newest = {record.task.cell: record for record in by_age if record.task.profile == arguments.profile}
    recorded = series(newest.values())
    everything = pd.concat([recorded, papers.load("sparse").derive(recorded)], ignore_index=True)
    drawings = draw("sparse", everything, load("sparse"), arguments.out)
    for path in drawings.paths:
        print(path)
    for name, why in drawings.skipped.items():
        print(f"{name}: not drawn, {why}")


if __name__ == "__main__":
    main()
