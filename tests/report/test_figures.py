from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from itertools import product
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from bench import papers
from bench.errors import UserError
from bench.paths import resource
from bench.report.drawing import Drawing
from bench.report.figures import Drawings, FigureMismatchError, check_published, check_records, draw, load
from bench.run.store import Store
from bench.spec import Published, Record

ONE_COLUMN = 3.25  # inches, ICML


@pytest.fixture
def fig2b(series: pd.DataFrame, published: list[Published]) -> Drawing:
    return load("sparse")["fig2b"](series[series["experiment"] == "fig2b"], published)


def test_every_figure_is_written_as_pdf_png_and_points(drawings: Drawings) -> None:
    assert set(drawings.drawn) == {"fig2a", "fig2b"}
    for drawn in drawings.drawn.values():
        assert [path.suffix for path in drawn.paths] == [".pdf", ".png", ".csv"]
        assert drawn.paths[0].read_bytes().startswith(b"%PDF")
        assert len(pd.read_csv(drawn.paths[2])) > 10


def test_a_png_has_300_dots_an_inch_over_one_column(drawings: Drawings) -> None:
    from PIL import Image

    with Image.open(drawings.drawn["fig2b"].paths[1]) as image:
        assert image.width == round(300 * ONE_COLUMN)


def test_a_figure_without_records_is_skipped_with_the_reason(drawings: Drawings) -> None:
    assert set(drawings.skipped) == {"fig1", "rates", "fig3", "fig4"}
    assert drawings.skipped["fig4"] == "no records of this experiment"


def test_what_is_plotted_are_the_means_of_the_records(fig2b: Drawing, series: pd.DataFrame) -> None:
    mine = series[series["experiment"] == "fig2b"]
    check_records(fig2b, mine)
    means = mine[mine["metric"] == "squared_sigma_error"].pivot_table(
        index=["method", "variant", "n"], values="value", aggfunc="mean"
    )["value"]
    rows = fig2b.plotted[fig2b.plotted["kind"] == "records"].set_index(["method", "variant", "n"])
    assert len(rows) == len(means) == 16
    np.testing.assert_allclose(rows["mean"].sort_index(), means.sort_index(), rtol=1e-12)


def test_records_that_changed_by_a_billionth_no_longer_match(fig2b: Drawing, series: pd.DataFrame) -> None:
    changed = series[series["experiment"] == "fig2b"].copy()
    changed.loc[changed["n"] == 40, "value"] *= 1 + 1e-9
    with pytest.raises(FigureMismatchError, match="at x = 40"):
        check_records(fig2b, changed)


def test_a_line_that_leaves_its_points_is_caught(fig2b: Drawing, series: pd.DataFrame) -> None:
    line = next(line for line in fig2b.figure.axes[0].get_lines() if line.get_gid() == "l1 corrected")
    line.set_ydata(np.asarray(line.get_ydata()) * 1.01)
    with pytest.raises(FigureMismatchError, match="does not go through"):
        check_records(fig2b, series[series["experiment"] == "fig2b"])


def test_published_points_are_held_to_the_variant_that_made_them(fig2b: Drawing, published: list[Published]) -> None:
    table = check_published(fig2b, published, "fig2b")
    assert set(table["variant"]) == {"as_released"}
    assert len(table) == 8


def test_a_published_number_turns_from_within_to_outside_at_its_tolerance(
    fig2b: Drawing, published: list[Published]
) -> None:
    at_80 = next(p for p in published if p.id == "fig2b-mle-n80-k5")
    ours = check_published(fig2b, [at_80], "fig2b")["plotted"][0]
    for value, within in ((ours + 0.0199, True), (ours + 0.0201, False), (ours - 0.0201, False)):
        table = check_published(fig2b, [replace(at_80, value=value)], "fig2b")
        assert list(table["within"]) == [within]
        assert list(table["tolerance"]) == [0.02]


def test_a_misspelt_figure_or_paper_names_the_nearest(series: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Did you mean 'fig2b'"):
        draw("sparse", series, [], tmp_path, ["fig2bb"])
    with pytest.raises(UserError, match="Did you mean 'sparse'"):
        draw("sparce", series, [], tmp_path)


def test_a_folder_that_cannot_be_written_is_a_user_error(series: pd.DataFrame, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="cannot write figures"):
        draw("sparse", series, [], tmp_path / "file", ["fig2b"])


def test_records_of_two_profiles_are_never_averaged(series: pd.DataFrame, tmp_path: Path) -> None:
    mixed = pd.concat([series, series.assign(profile="paper")])
    with pytest.raises(ValueError, match="embedded, paper"):
        draw("sparse", mixed, [], tmp_path)


def test_the_map_finds_the_line_and_the_boundaries_it_was_made_with() -> None:
    """z falls along n and has its trough on log beta = -0.5 log n - 0.7, so both are known exactly."""
    n, beta = np.logspace(1, 4.5, 15), np.logspace(-4, 0.5, 37)
    shared = {"experiment": "fig1", "variant": "corrected", "method": "l1", "metric": "squared_sigma_error"}
    rows = [
        {**shared, "seed": seed, "n": a, "beta": b, "value": 10 ** _trough(np.log10(a), np.log10(b))}
        for a in n
        for b in beta
        for seed in (0, 1)
    ]
    exact = _boundary(level=-1.8, log10_beta=-2.0)
    boundary = Published(
        "b", "fig1", "l1", "log10_n_at_level", {"level": -1.8, "log10_beta": -2.0}, exact, "log10 n", "Figure 1",
        "figure", 0.05, None, None, None, (), (),
    )  # fmt: skip
    drawing = load("sparse")["fig1"](with_derived(rows), [boundary])
    line = drawing.plotted[drawing.plotted["series"] == "line through our best β"]
    slope = (line["y"].iloc[1] - line["y"].iloc[0]) / (line["x"].iloc[1] - line["x"].iloc[0])
    assert slope == pytest.approx(-0.5, abs=0.02)
    table = check_published(drawing, [boundary], "fig1")
    assert table["plotted"][0] == pytest.approx(exact, abs=0.01)
    assert not check_published(drawing, [replace(boundary, value=exact + 0.1)], "fig1")["within"][0]


def with_derived(rows: list[dict[str, object]]) -> pd.DataFrame:
    """The series as a report draws it: with the rows that the paper derives from it."""
    series = pd.DataFrame(rows).assign(paper="sparse", profile="embedded", sigma=0.1)
    return pd.concat([series, papers.load("sparse").derive(series)], ignore_index=True)


def _trough(x: float, y: float) -> float:
    return -0.8 * x + 0.2 * (y + 0.5 * x + 0.7) ** 2


def _boundary(level: float, log10_beta: float) -> float:
    """log10 n where -0.8 x + 0.2 (log10_beta + 0.5 x + 0.7)^2 = level, by the quadratic formula (the smaller root)."""
    a, c = 0.2 * 0.25, log10_beta + 0.7
    b = 0.2 * c - 0.8
    return float((-b - np.sqrt(b * b - 4 * a * (0.2 * c * c - level))) / (2 * a))


def test_the_slope_of_an_exact_rate_is_one() -> None:
    shared = {"experiment": "rates", "variant": "corrected", "metric": "squared_sigma_error"}
    rows = []
    for n, d, k, method, seed in product((100, 400), (50, 200), (2, 8), ("mle", "l1", "l0"), (0, 1)):
        rate = d / n if method == "mle" else k / n * np.log(d / k)
        rows.append({**shared, "method": method, "seed": seed, "n": n, "d": d, "k": k, "value": rate * (1 + seed / 99)})
    plotted = load("sparse")["rates"](with_derived(rows), []).plotted
    assert set(plotted.loc[plotted["kind"] == "fit", "series"]) == {
        "l0 corrected, slope 1.00",
        "l1 corrected, slope 1.00",
        "mle corrected, slope 1.00",
    }


def test_the_script_runs_alone_on_a_folder_of_records(records: list[Record], tmp_path: Path) -> None:
    store = Store(tmp_path / "runs", "sparse")
    store.prepare()
    for record in records:
        store.write(record)
    command = [sys.executable, str(resource("figures") / "sparse.py"), "--runs", "runs", "--out", "out"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (tmp_path / "out" / "sparse-fig2b.pdf").is_file()
    assert "fig4: not drawn" in done.stdout


def test_methods_differ_in_lightness_and_marker_so_that_a_grey_print_reads() -> None:
    sys.path.insert(0, str(resource("figures")))
    try:
        import style
    finally:
        sys.path.pop(0)
    looks = [style.METHODS[method] for method in ("mle", "l1", "l0")]
    assert len({marker for _, _, marker in looks}) == len(looks)
    with mpl.rc_context():
        greys = sorted(float(np.dot([0.2126, 0.7152, 0.0722], to_rgb(colour))) for _, colour, _ in looks)
    assert min(np.diff(greys)) > 0.03
    assert len({str(line) for _, line, _ in style.VARIANTS.values()}) == len(style.VARIANTS)


def _accuracies(experiment: str, **columns: object) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    rows = []
    for method, n, beta, seed in product(("mle", "l1"), (200, 800), (0.001, 0.01, 0.1), (0, 1, 2)):
        shared = {
            "experiment": experiment,
            "variant": "corrected",
            "metric": "accuracy",
            "method": method,
            "seed": seed,
        }
        rows.append({**shared, "n": n, "beta": beta, "value": 0.6 + 0.02 * rng.standard_normal(), **columns})
    return pd.DataFrame(rows)


def test_accuracy_published_for_another_encoder_has_its_own_panel_and_is_not_compared(
    published: list[Published],
) -> None:
    elsewhere = replace(
        published[0],
        experiment="fig4",
        metric="accuracy",
        condition={"n": 200, "dataset": "shp", "model": "llama-3.2-1b"},
        value=0.56,
    )
    theirs = [elsewhere, replace(elsewhere, condition={**elsewhere.condition, "n": 800})]
    series = _accuracies("fig4", dataset="hh_rlhf", model="minilm")
    drawing = load("sparse")["fig4"](series, theirs)
    check_records(drawing, series)
    assert [axes.get_title() for axes in drawing.figure.axes] == ["ours, hh_rlhf", "published, SHP"]
    own = load("sparse")["fig4"](series.assign(dataset="shp", model="llama-3.2-1b"), theirs)
    assert [axes.get_title() for axes in own.figure.axes] == ["ours, shp"]
    assert check_published(drawing, theirs, "fig4").empty


def test_the_quadratic_of_figure_3_is_the_least_squares_one() -> None:
    series = _accuracies("fig3", model="tiny", dataset="hh_rlhf")
    drawing = load("sparse")["fig3"](series, [])
    check_records(drawing, series)
    fit = drawing.plotted[drawing.plotted["kind"] == "fit"]
    means = series[series["method"] == "l1"].groupby("beta")["value"].mean()
    for beta, mean in means.items():  # three points: the parabola goes through their means
        assert np.interp(np.log10(beta), np.log10(fit["x"]), fit["y"]) == pytest.approx(mean, abs=1e-4)
