"""Picks of images: all reward models, accuracy by the share of colour filters, and how much is learnt."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import pal_panels
import pandas as pd
import panels
import style
from matplotlib.figure import Figure

from bench.report.drawing import Drawing, NothingToDrawError, cells, curves, published_curves
from bench.spec import Published

DATASETS = {"embedding_world": "made picks", "v1": "Pick-a-Pic v1", "v2": "Pick-a-Pic v2"}
AFTER = f"{pal_panels.UNSEEN}20"
APART, ROOM = 0.004, 0.03  # along beta, between two models; above and below all means
SHADES = {1: "#f3c08a", 2: "#e6842a", 3: "#9c4a08"}  # PAL-B by K
BACKBONES = {
    "opt-350m": "OPT-350M",
    "distilbert": "DistilBERT",
    "bge-m3": "BGE-M3",
    "1.5b": "1.5B models",
    "clip-h": "CLIP-H",
}
LOOKS = {"pal_b": pal_panels.METHODS["pal_b"], "pal_a": pal_panels.METHODS["pal_a"]}


def pickapic(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """A dot a reward model, for seen people and for unseen ones after 20 comparisons; a row of panels a dataset."""
    panels.require(series)
    there = [name for name in DATASETS if (series["dataset"] == name).any()]
    tables = []
    with style.style():
        figure = Figure(figsize=(style.TEXT, 2.3 * len(there)), layout="constrained")
        rows = figure.subplots(len(there), 2, squeeze=False)
        for axes, dataset in zip(rows, there, strict=True):
            chosen = _named(series[series["dataset"] == dataset])
            for side, metric, title in zip(axes, ("seen_accuracy", AFTER), ("seen", "unseen, after 20"), strict=True):
                tables.append(_ranked(side, chosen, metric))
                side.set(title=f"{DATASETS[dataset]}: {title}", xlabel="accuracy")
        return panels.drawing(figure, tables, "Accuracy of every reward model, the best on top; cosine: CLIP alone.")


def _named(rows: pd.DataFrame) -> pd.DataFrame:
    """With `model`: the method, and of PAL-B, which there are several of, the K."""
    numbers = pd.to_numeric(rows["K"], errors="coerce") if "K" in rows else pd.Series(float("nan"), index=rows.index)
    named = " K=" + numbers.map("{:g}".format)
    return rows.assign(K=numbers, model=rows["method"] + named.where(rows["method"] == "pal_b", ""))


def _look(model: str) -> panels.Look:
    method, _, K = model.partition(" K=")
    label, colour, marker = pal_panels.METHODS[method]
    return (f"{label}, K = {K}", SHADES[int(K)], marker) if K else (label, colour, marker)


def _each(rows: pd.DataFrame, metric: str, column: str) -> Iterator[tuple[str, pd.DataFrame]]:
    """The models that there is `metric` of, in the order of all figures, each with its points along `column`."""
    order = {method: place for place, method in enumerate(pal_panels.METHODS)}
    own = rows[rows["metric"] == metric]
    if own.empty:
        raise NothingToDrawError(f"no records of {metric}")
    for model in sorted(own["model"].unique(), key=lambda model: (order[model.partition(" ")[0]], model)):
        method = model.partition(" ")[0]
        of_model = own[own["model"] == model]
        points = curves(of_model, (method,), metric, [column, "K"], lambda cells: cells["mean"])
        yield model, points.assign(series=f"{model} {metric}")


def _ranked(axes: style.Axes, rows: pd.DataFrame, metric: str) -> pd.DataFrame:
    """A dot a model with its interval, the best on top. Gives what it drew."""
    found = sorted(_each(rows, metric, "dataset"), key=lambda named: -float(named[1]["mean"].iloc[0]))
    tables = [points.assign(y=-float(place)) for place, (_, points) in enumerate(found)]
    for (model, _), points in zip(found, tables, strict=True):
        panels.dot(axes, points.to_dict("records")[0], _look(model), named=False)
    axes.set_yticks([-float(place) for place in range(len(found))], [_look(model)[0] for model, _ in found])
    axes.set(ylim=(0.6 - len(found), 0.6))
    axes.grid(visible=False, axis="y")
    return pd.concat(tables, ignore_index=True)


def pickafilter(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """Accuracy by beta, for seen people and unseen ones after 20 comparisons; PAL by K, the others a line each."""
    panels.require(series)
    tables = []
    with style.style():
        figure, both = style.new(style.TEXT, 2.7, columns=2, sharey=True)
        for axes, metric, title in zip(both, ("seen_accuracy", AFTER), ("seen", "unseen, after 20"), strict=True):
            tables.append(_by_beta(axes, _named(series), metric))
            axes.set(title=title, xlabel="share of picks with a filter, β")
        means = pd.concat(tables)["y"]
        both[0].set(ylabel="accuracy", ylim=(means.min() - ROOM, means.max() + ROOM))
        known = published_curves(published, ("pal_b",), "seen_accuracy", lambda conditions: conditions["beta"])
        if len(known):
            style.published(both[0], known)
            tables.append(known)
        return panels.drawing(
            figure,
            tables,
            "Two groups want opposite colours in a share β of the picks. Right: after 20 comparisons of each newcomer. "
            "PAL-A and the mixture have K = 2, low rank has one direction; models stand side by side at each β.",
        )


def _by_beta(axes: style.Axes, rows: pd.DataFrame, metric: str) -> pd.DataFrame:
    """A line a model, side by side where they would lie on each other, PAL's on top. Gives what it drew."""
    found = list(_each(rows, metric, "beta"))
    tables = []
    for place, (model, points) in enumerate(found):
        shift = APART * (place - (len(found) - 1) / 2)
        along = points.assign(x=points["beta"].astype(float) + shift, y=points["mean"]).sort_values("x")
        panels.line(axes, along, _look(model), zorder=3 if model.startswith("pal") else 2)
        tables.append(along)
    return pd.concat(tables, ignore_index=True)


def sizes(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """Learned parameters on a logarithmic axis, ours and published, and what fine-tuning CLIP-H would learn."""
    panels.require(series)
    table = cells(series[series["metric"] == "learned_parameters"], ["backbone", "K", "method"])
    if table.empty:
        raise NothingToDrawError("no records of learned_parameters")
    order = list(BACKBONES)
    table["place"] = table["backbone"].map(order.index)
    table = table.sort_values(["place", "K", "method"], ascending=[True, True, False], ignore_index=True)
    points = table.assign(
        x=table["mean"],
        y=-table.index.to_numpy(float),
        series=table["method"] + " " + table["backbone"] + " K=" + table["K"].map("{:g}".format),
        kind="records",
        metric="learned_parameters",
        variant="corrected",
    ).drop(columns="place")
    with style.style():
        figure, (axes,) = style.new(style.TEXT, 2.6)
        names = [_size_name(point) for point in points.to_dict("records")]
        known = _counts(published, points)
        axes.plot(
            known["x"], known["y"], linestyle="none", marker="s", markersize=8, color=style.PUBLISHED,
            markerfacecolor="none", gid="published", label="by the authors' configs",
        )  # fmt: skip
        seen: set[str] = set()
        for point in points.to_dict("records"):
            panels.dot(axes, point, LOOKS[point["method"]], named=point["method"] not in seen)
            axes.annotate(
                f"{point['x']:,.0f}", (point["x"], point["y"]), xytext=(8, 0), textcoords="offset points",
                va="center", fontsize=6.5,
            )  # fmt: skip
            seen.add(point["method"])
        whole = _whole(series, len(points))
        for point in whole.to_dict("records"):
            panels.dot(axes, point, ("all of it, fine-tuned", style.INK, "D"), named=True)
            axes.annotate(
                f"{point['x']:,.0f}", (point["x"], point["y"]), xytext=(-8, 0), textcoords="offset points",
                va="center", ha="right", fontsize=6.5,
            )  # fmt: skip
        ends = [f"{BACKBONES[str(name)]}, all of it" for name in whole["backbone"]]
        axes.set_yticks([*points["y"], *whole["y"]], [*names, *ends])
        axes.set(xscale="log", xlabel="parameters learnt", ylim=(-len(points) - 0.6, 0.6))
        axes.grid(visible=False, axis="y")
        return panels.drawing(
            figure,
            [points, known, whole],
            "Numbers that are learnt, without people's weights; nothing is trained here.",
        )


def _size_name(point: Mapping[str, object]) -> str:
    return f"{BACKBONES[str(point['backbone'])]}, K = {point['K']:g}"


def _counts(published: Sequence[Published], points: pd.DataFrame) -> pd.DataFrame:
    """The published counts beside the dots that they belong to."""
    known = published_curves(published, ("pal_a", "pal_b"), "learned_parameters", lambda conditions: conditions["K"])
    if known.empty:
        return known
    places = points.set_index(["method", "backbone", "K"])["y"]
    found = [places.get((row["method"], row["backbone"], row["K"])) for row in known.to_dict("records")]
    return known.assign(x=known["mean"], y=found, series="published").dropna(subset=["y"])


def _whole(series: pd.DataFrame, rows: int) -> pd.DataFrame:
    """What fine-tuning the encoder learns, which does not depend on K, below everything else."""
    own = series[(series["metric"] == "encoder_parameters") & (series["K"] == 1)]
    if own.empty:
        return pd.DataFrame(columns=["backbone", "x", "y", "replicates"])
    points = curves(own, ("pal_b",), "encoder_parameters", ["backbone", "K"], lambda cells: cells["mean"])
    return points.assign(y=-float(rows), series="encoder_parameters")


IMAGES: Mapping[str, Callable[[pd.DataFrame, Sequence[Published]], Drawing]] = {
    "pickapic": pickapic,
    "pickafilter": pickafilter,
    "sizes": sizes,
}
