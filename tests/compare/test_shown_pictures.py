from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace

import pytest
import shown_comparison
from matplotlib.figure import Figure

from bench.compare.pictures import LOOKS, pictures
from bench.compare.rank_picture import levels, ranks_picture
from bench.compare.results import Entrant, Ranks, Results, Tournament
from bench.compare.words import TOO_FEW
from bench.report.drawing import Drawing


@pytest.fixture(scope="module")
def made() -> Results:
    return shown_comparison.compared(entrants=14, seeds=2)[0]


@pytest.fixture(scope="module")
def found() -> Tournament:
    return shown_comparison.compared(entrants=14, seeds=2)[1]


@pytest.fixture(scope="module")
def drawn(made: Results, found: Tournament) -> dict[str, Drawing]:
    average = {entrant.name: 1.5 + 0.85 * place for place, entrant in enumerate(made.entrants)}
    groups = tuple(tuple(list(average)[first : first + 5]) for first in range(0, 10))
    return pictures(made, replace(found, ranks=Ranks(average, 60, 0.001, groups, "a test")))


def words(figure: Figure) -> list[tuple[str, tuple[float, float, float, float]]]:
    """Every text that is seen, with its box in pixels."""
    from matplotlib.text import Text

    figure.draw_without_rendering()
    texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    return [(text.get_text(), text.get_window_extent().extents) for text in texts]


def overlapping(figure: Figure) -> list[tuple[str, str]]:
    def meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
        return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]

    return [(a, b) for (a, one), (b, other) in itertools.combinations(words(figure), 2) if meet(one, other)]


@pytest.mark.parametrize("name", ["curves", "critical_difference", "profiles"])
def test_no_words_overlap_and_none_leave_the_figure_with_fourteen_entrants(
    drawn: Mapping[str, Drawing], name: str
) -> None:
    figure = drawn[name].figure
    assert overlapping(figure) == []
    left, low, right, top = figure.get_tightbbox().extents  # inches, of all that is drawn
    width, height = figure.get_size_inches()
    assert min(left, low, width - right, height - top) > -0.02


def test_curves_show_the_means_of_the_cells(drawn: Mapping[str, Drawing], found: Tournament, made: Results) -> None:
    budgets = sorted({cell.budget for cell in found.cells if cell.budget})
    for axes, task in zip(drawn["curves"].figure.axes, made.measures, strict=True):
        heights = [list(line.get_ydata()) for line in axes.get_lines() if len(line.get_xdata()) == len(budgets)]
        cells = {(c.entrant, c.budget): c.mean.value for c in found.cells if c.task == task}
        assert heights == [[cells[entrant.name, budget] for budget in budgets] for entrant in made.entrants]


def test_means_over_fewer_seeds_than_others_have_are_hollow() -> None:
    made, found = shown_comparison.compared(failures=2)
    drawn = pictures(made, found)["curves"]
    hollow = [line for line in drawn.figure.axes[0].get_lines() if line.get_markerfacecolor() == "white"]
    (partial,) = [cell for cell in found.cells if cell.missing and cell.budget]
    assert [list(line.get_ydata()) for line in hollow] == [[partial.mean.value]]
    assert "Hollow: over fewer seeds" in drawn.caption


@pytest.mark.parametrize("name", ["curves", "profiles"])
def test_a_long_legend_takes_nothing_of_the_panel(name: str) -> None:
    heights = []
    for entrants in (2, 14):
        figure = pictures(*shown_comparison.compared(entrants=entrants, tasks=1))[name].figure
        figure.draw_without_rendering()
        heights.append(figure.axes[0].get_window_extent().height)
    assert heights[1] == pytest.approx(heights[0], rel=0.15)


def test_everybody_has_a_look_of_their_own() -> None:
    assert len(set(LOOKS)) == len({colour for colour, _ in LOOKS}) == len({marker for _, marker in LOOKS}) == len(LOOKS)


def test_dollars_in_names_are_dollars(drawn: Mapping[str, Drawing]) -> None:
    assert "odd_<name> & 100% $x$" in [text for text, _ in words(drawn["profiles"].figure)]


def test_one_budget_is_a_row_an_entrant_with_its_name() -> None:
    made, found = shown_comparison.compared(entrants=2, tasks=1, seeds=2, budgets=(200,))
    drawn = pictures(made, found)
    assert "critical_difference" not in drawn
    (axes,) = drawn["curves"].figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == [entrant.name for entrant in made.entrants]


RANKS = Ranks(
    average={"a": 1.2, "b": 2.1, "c": 2.9, "d": 3.8},
    blocks=30,
    p=0.001,
    groups=(("a", "c"), ("b", "c"), ("d",)),
    test="a test",
)


def test_a_bar_joins_each_group_with_a_dot_a_member_and_nobody_alone_has_one() -> None:
    entrants = [Entrant(name, "", False, {}) for name in RANKS.average]
    (axes,) = ranks_picture(entrants, RANKS).figure.axes
    dots = sorted(tuple(line.get_xdata()) for line in axes.get_lines() if line.get_marker() == "o")
    assert dots == [(1.2, 2.9), (2.1, 2.9)]


def test_too_few_blocks_have_no_bars_and_say_so() -> None:
    entrants = [Entrant(name, "", False, {}) for name in RANKS.average]
    drawing = ranks_picture(entrants, replace(RANKS, groups=(), telling=False))
    assert not [line for line in drawing.figure.axes[0].get_lines() if line.get_marker() == "o"]
    assert TOO_FEW in [text for text, _ in words(drawing.figure)]
    assert overlapping(drawing.figure) == []
    assert TOO_FEW in drawing.caption


def test_profiles_over_seeds_that_overlap_have_no_bands_and_say_so() -> None:
    made, found = shown_comparison.compared(entrants=2, tasks=1)
    assert found.profiles is not None
    bare = pictures(made, replace(found, profiles=replace(found.profiles, low={}, high={})))["profiles"]
    assert not bare.figure.axes[0].collections
    assert "no bands" in bare.caption
    assert bare.plotted["low"].isna().all()


def test_the_best_is_on_the_right() -> None:
    entrants = [Entrant(name, "", False, {}) for name in RANKS.average]
    figure = ranks_picture(entrants, RANKS).figure
    places = {text.split()[-1]: box[0] for text, box in words(figure) if text.startswith("1.20")}
    left = {text.split()[0]: box[0] for text, box in words(figure) if text.endswith("3.80")}
    assert places["a"] > left["d"]
    assert figure.axes[0].xaxis_inverted()


def test_bars_that_would_touch_lie_on_different_levels() -> None:
    bars = [(1.0, 3.0, []), (2.0, 4.0, []), (3.5, 5.0, []), (4.05, 6.0, [])]
    assert {bar[:2]: level for level, bar in levels(bars, gap=0.1)} == {
        (1.0, 3.0): 0,
        (2.0, 4.0): 1,
        (3.5, 5.0): 0,
        (4.05, 6.0): 2,
    }
