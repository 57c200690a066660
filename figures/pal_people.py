"""People who judged texts: made of personas, real ones, and groups who want opposite things."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pal_panels
import pandas as pd
import panels
import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pal_panels import METHODS, SEEN, UNSEEN

from bench.report.drawing import Drawing, NothingToDrawError, cells, curves
from bench.spec import Published

AFTER = f"{UNSEEN}20"
Level = tuple[str, str, Any]  # label, colour, dashes
LEVELS: Mapping[str, Level] = {  # linear models, where PAL goes by K
    "shared": (*METHODS["shared"][:2], "-"),
    "per_user": (*METHODS["per_user"][:2], (0, (4, 2))),
    "low_rank": (*METHODS["low_rank"][:2], (0, (1, 1.2))),
}
CEILING: Level = ("majority of others", style.PUBLISHED, "--")
NEWCOMERS = ("pal_a", "pal_b", "shared", "per_user", "mixture", "low_rank", "user_embedding", "variational")
UNSEEN_LOOKS: Mapping[str, tuple[str, str]] = {f"{UNSEEN}5": ("5", "#f0a868"), AFTER: ("20", "#e08a3c")}
CROWDS = {  # of real people: dataset, what is new in the test
    ("ukp_workers", "pair"): "arguments, new pairs",
    ("jester", "pair"): "jokes, new pairs",
    ("jester", "item"): "jokes, new jokes",
}
DATASETS = {"vpl_hh": "two opposed groups", "dsp": "four domains"}
REAL_K = 2  # prototypes shown for real people; groups and personas are shown at their own number
PERSONAS = {  # subject, mixtures
    ("religion", "one each"): "religion, one each",
    ("politics", "one each"): "politics, one each",
    ("religion", "mixed 0.3"): "religion, mixtures",
}


def personas(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """Accuracy by the number of prototypes, for seen people and for unseen ones after 5 and 20 comparisons."""
    panels.require(series)
    tables = []
    with style.style():
        figure, axes = style.new(style.TEXT, 2.4, columns=len(PERSONAS), sharey=True)
        for (topic, mixed), title, panel in zip(PERSONAS, PERSONAS.values(), axes, strict=True):
            rows = panels.where(series, topic=topic, mixed=mixed)
            drawn = pal_panels.along(panel, rows, ("pal_a",), SEEN, "K", by=["topic", "mixed"], named=title)
            tables.append(drawn)
            for method, look in LEVELS.items():
                tables.append(_level(panel, rows, method, SEEN, look, title, drawn["x"]))
            for metric in UNSEEN_LOOKS:
                look = _unseen(metric)
                tables.append(
                    pal_panels.along(
                        panel, rows, ("pal_a",), metric, "K", by=["topic", "mixed"], look=look, named=title
                    )
                )
            k_star = float(rows["k_star"].iloc[0])
            panel.axvline(k_star, color=style.GRID, linewidth=3, zorder=0.5)
            panel.set(title=title, xlabel="prototypes K", xticks=sorted(rows["K"].dropna().unique()))
        axes[0].set_ylabel("accuracy")
        return panels.drawing(
            figure,
            tables,
            "People made of four of Anthropic's personas (grey: K = 4), drawn anew with every seed. PAL-A on seen "
            "people, and on unseen ones whose weights were learnt from 5 and 20 comparisons. Levels: linear models on "
            "the same features, seen people; low rank has four directions.",
            columns=6,
        )


def people(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """Accuracy on newcomers by how much they said, beside how far people agree."""
    panels.require(series)
    tables, noise = [], series[series["metric"] == "noise_ceiling"]["value"]
    with style.style():
        figure, axes = style.new(style.TEXT, 2.6, columns=len(CROWDS))
        for (dataset, new), title, panel in zip(CROWDS, CROWDS.values(), axes, strict=True):
            rows = panels.where(series, dataset=dataset, new=new)
            pal = rows["method"].isin(("pal_a", "pal_b"))
            shown = rows[~pal | (rows["K"] == REAL_K)]
            drawn = pal_panels.along_counts(panel, shown, NEWCOMERS, ["dataset", "new", "K"], named=title)
            tables += [drawn, _level(panel, rows, "shared", "unseen_agreement_others", CEILING, title, drawn["x"])]
            panel.set(title=title)
        axes[0].set_ylabel("accuracy on unseen people")
        left = f" By circles, a worker's own noise would leave {noise.mean():.2f}." if len(noise) else ""
        return panels.drawing(
            figure,
            tables,
            "Real people who come later: accuracy by how many comparisons of theirs were learnt from, without any at "
            f"the left; PAL with K = {REAL_K}. Dashed: how often somebody agrees with the majority of all others who "
            f"judged the same pair of the test.{left}",
        )


def groups(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """All reward models on seen and unseen people, and PAL by the number of prototypes."""
    panels.require(series)
    tables = []
    with style.style():
        figure = Figure(figsize=(style.TEXT, 3.0), layout="constrained")
        grid = figure.add_gridspec(2, 3, width_ratios=(1, 1, 1.15))
        for column, (dataset, title) in enumerate(DATASETS.items()):
            rows = panels.where(series, dataset=dataset)
            own = rows[rows["K"].isna() | (rows["K"] == rows["k_star"])]
            panel = figure.add_subplot(grid[:, column])
            tables.append(_ranked(panel, own))
            panel.set(title=title, xlabel="accuracy")
        for row, (metric, label) in enumerate(((SEEN, "accuracy"), ("rand_index", "Rand index"))):
            panel = figure.add_subplot(grid[row, 2])
            for dataset, title in DATASETS.items():
                for method in ("pal_a", "pal_b"):
                    tables.append(
                        pal_panels.along(
                            panel, panels.where(series, dataset=dataset), (method,), metric, "K", by=["dataset"],
                            look=_of_dataset(dataset, title), named=dataset,
                        )
                    )  # fmt: skip
            panel.set(ylabel=label, xticks=sorted(series["K"].dropna().unique()))
        panel.set(xlabel="prototypes K")
        return panels.drawing(
            figure,
            tables,
            "Left: all reward models, PAL, mixtures and low rank with as many parts as there are groups, on seen "
            "people (filled) and on unseen ones after 20 comparisons (open). Right: PAL by the number of prototypes, "
            "on seen people, and the adjusted Rand index of everybody's largest weight against the groups.",
            columns=4,
        )


def _level(
    axes: Axes, rows: pd.DataFrame, method: str, metric: str, look: Level, named: str, across: pd.Series
) -> pd.DataFrame:
    """A number that goes with none of the values `across` the axis, as a line over all of them."""
    label, colour, dashes = look
    by = [column for column in ("dataset", "topic", "mixed", "new", "K") if column in rows]
    point = curves(rows, (method,), metric, by, lambda found: 0 * found["mean"])
    ends = (float(across.min()), float(across.max()))
    points = pd.concat([point.assign(x=end) for end in ends], ignore_index=True)
    points = points.assign(series=f"{method} {metric} {named}")
    axes.plot(
        points["x"],
        points["y"],
        color=colour,
        linestyle=dashes,
        linewidth=1.0,
        label=label,
        gid=points["series"].iloc[0],
    )
    return points


def _unseen(metric: str) -> Callable[[str], panels.Look]:
    after, colour = UNSEEN_LOOKS[metric]
    return lambda method: (f"{METHODS[method][0]}, unseen, {after}", colour, "s" if after == "20" else "^")


def _of_dataset(dataset: str, title: str) -> Callable[[str], panels.Look]:
    darker = {"pal_a": "#7a3300", "pal_b": "#b5651d"}
    return lambda method: (
        f"{METHODS[method][0]}, {title}",
        darker[method] if dataset == "dsp" else METHODS[method][1],
        METHODS[method][2],
    )


def _ranked(axes: Axes, rows: pd.DataFrame) -> pd.DataFrame:
    """Two dots a method, seen people (filled) and unseen ones (open), the best on seen people on top."""
    methods = [name for name in METHODS if ((rows["method"] == name) & (rows["metric"] == SEEN)).any()]
    if not methods:
        raise NothingToDrawError(f"no records of {SEEN}")
    means = {
        name: cells(rows[(rows["method"] == name) & (rows["metric"] == SEEN)], ["dataset"])["mean"].iloc[0]
        for name in methods
    }
    order = sorted(methods, key=lambda name: -means[name])
    tables = []
    for metric, filled in ((SEEN, True), (AFTER, False)):
        points = curves(rows, order, metric, ["dataset", "K"], lambda found: found["mean"])
        places = points["method"].map({name: -float(place) for place, name in enumerate(order)})
        points = points.assign(
            y=places + (0.14 if filled else -0.14), series=points["method"] + f" ranked {metric} " + points["dataset"]
        )
        for point in points.to_dict("records"):
            colour, marker = METHODS[point["method"]][1:]
            axes.hlines(point["y"], point["low"], point["high"], color=colour, linewidth=1.0, alpha=0.8)
            axes.plot(
                [point["x"]], [point["y"]], linestyle="none", color=colour, marker=marker, markersize=4.2,
                markerfacecolor=colour if filled else "white", gid=point["series"],
            )  # fmt: skip
        tables.append(points)
    axes.set_yticks([-float(place) for place in range(len(order))], [METHODS[name][0] for name in order])
    axes.set(ylim=(0.6 - len(order), 0.6))
    axes.grid(visible=False, axis="y")
    return pd.concat(tables, ignore_index=True)


PEOPLE: Mapping[str, Callable[[pd.DataFrame, Sequence[Published]], Drawing]] = {
    "personas": personas,
    "people": people,
    "groups": groups,
}
