"""What fits of PAL-A look like: people on the simplex of three prototypes, and everything as f has it, in the plane."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import panels
import style
from matplotlib.axes import Axes

from bench.report.drawing import Drawing, NothingToDrawError
from bench.spec import Published

GROUPS = (("#0072b2", "o"), ("#d55e00", "s"), ("#009e73", "^"))  # colour, marker
CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(3) / 2]])  # of prototypes 1, 2 and 3
_OUT = np.array([[-0.07, -0.06], [0.07, -0.06], [0.0, 0.06]])  # from a corner to its label


def pictures(series: pd.DataFrame, published: Sequence[Published]) -> Drawing:
    """Of the first seed, a pair of panels a population."""
    panels.require(series)
    rows = series[series["seed"] == series["seed"].min()]
    populations = sorted(rows["mixed"].unique(), reverse=True)
    tables = []
    with style.style():
        figure, columns = style.new(style.TEXT, 2.15, columns=2 * len(populations))
        for place, mixed in enumerate(populations):
            own = panels.where(rows, mixed=mixed)
            named = "one prototype each" if mixed == "one each" else "mixtures"
            tables += _ternary(columns[2 * place], own, mixed)
            columns[2 * place].set_title(f"{named}:\nweights")
            tables += _plane(columns[2 * place + 1], own, mixed)
            columns[2 * place + 1].set_title(f"{named}:\nthe space of preferences")
        handles: dict[str, object] = {}
        for axes in columns:
            for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
                handles.setdefault(label, handle)
        figure.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=5)
    plotted = pd.concat(tables, ignore_index=True)
    return Drawing(
        figure,
        plotted,
        "One fit of PAL-A with K = 3 of each population, in the plane. Left of each pair: people's weights, prototypes "
        "at the corners. Right: items f(x), people's ideal points and prototypes f(P) on the principal axes of the "
        "items. Colours and markers: the prototype that has the largest part in a person in truth.",
    )


def _numbered(rows: pd.DataFrame, pattern: str) -> pd.DataFrame:
    """Rows whose metric is `pattern`, by its number; columns: metric, value, method, variant, and the crowd's."""
    number = rows["metric"].str.extract(rf"^{pattern}$")[0]
    found = rows.assign(number=number)[number.notna()]
    if found.empty:
        raise NothingToDrawError(f"no records of {pattern}")
    return found.astype({"number": int}).set_index("number").sort_index()


def _ternary(axes: Axes, rows: pd.DataFrame, mixed: str) -> list[pd.DataFrame]:
    """Everyone by their weights: prototypes' corners, each times its weight."""
    columns = [_numbered(rows, rf"person_(\d+)_weight_{k + 1}") for k in range(3)]
    weights = np.stack([column["value"].to_numpy(float) for column in columns], axis=1)
    places = weights @ CORNERS
    group = _numbered(rows, r"person_(\d+)_group")["value"].astype(int)
    outline = np.concatenate([CORNERS, CORNERS[:1]])
    axes.plot(outline[:, 0], outline[:, 1], color=style.MUTED, linewidth=0.8)
    for step in (0.25, 0.5, 0.75):
        for k in range(3):
            ends = step * CORNERS[k] + (1 - step) * np.delete(CORNERS, k, axis=0)
            axes.plot(ends[:, 0], ends[:, 1], color=style.GRID, linewidth=0.6, zorder=0)
    for k, (corner, out) in enumerate(zip(CORNERS, _OUT, strict=True)):
        axes.text(*(corner + out), str(k + 1), ha="center", va="center", fontsize=7)
    axes.set(aspect="equal", xlim=(-0.15, 1.15), ylim=(-0.15, 1.0))
    axes.axis("off")
    shown = columns[2].assign(x=places[:, 0], y=places[:, 1])
    return _by_group(axes, shown, group, f"weights {mixed}", 3.0)


def _plane(axes: Axes, rows: pd.DataFrame, mixed: str) -> list[pd.DataFrame]:
    """Items, ideal points and prototypes."""
    at = {kind: _on_axes(rows, kind) for kind in ("item", "person", "prototype")}
    group = _numbered(rows, r"person_(\d+)_group")["value"].astype(int)
    axes.plot(
        at["item"]["x"], at["item"]["y"], linestyle="none", marker=".", markersize=2, color=style.PUBLISHED, alpha=0.7,
        label="items", gid=f"items {mixed}",
    )  # fmt: skip
    tables = [_points(at["item"], f"items {mixed}")]
    axes.plot(
        at["prototype"]["x"], at["prototype"]["y"], linestyle="none", marker="*", markersize=11, color=style.INK,
        markeredgewidth=0, label="prototypes", gid=f"prototypes {mixed}",
    )  # fmt: skip
    tables += _by_group(axes, at["person"], group, f"ideal points {mixed}", 2.6)
    axes.set_aspect("equal", adjustable="datalim")
    axes.set(xticklabels=[], yticklabels=[])
    axes.tick_params(length=0)
    return [*tables, _points(at["prototype"], f"prototypes {mixed}")]


def _on_axes(rows: pd.DataFrame, kind: str) -> pd.DataFrame:
    first, second = (_numbered(rows, rf"{kind}_(\d+)_axis_{axis}") for axis in (1, 2))
    return second.assign(x=first["value"], y=second["value"])


def _by_group(axes: Axes, people: pd.DataFrame, group: pd.Series, name: str, size: float) -> list[pd.DataFrame]:
    """A marker a person, a look a group."""
    tables = []
    for number, (colour, marker) in enumerate(GROUPS):
        own = people[group == number]
        if own.empty:
            continue
        series = f"{name} {number}"
        axes.plot(
            own["x"], own["y"], linestyle="none", marker=marker, markersize=size, color=colour, alpha=0.8,
            markeredgewidth=0, label=f"people, mostly {'abc'[number]}", gid=series,
        )  # fmt: skip
        tables.append(_points(own, series))
    return tables


def _points(rows: pd.DataFrame, series: str) -> pd.DataFrame:
    """As a drawing lists them: each is a person, an item or a prototype of one fit, so there are no intervals."""
    kept = rows[["method", "variant", "metric", "seed", "mixed", "K", "x", "y"]].reset_index(drop=True)
    none = {"low": np.nan, "high": np.nan, "replicates": 1}
    return kept.assign(series=series, kind="records", mean=rows["value"].to_numpy(float), **none)
