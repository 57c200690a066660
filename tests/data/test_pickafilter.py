import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.data import embedding_world
from bench.data.embedded import Embedded
from bench.data.pickafilter import COOL, WARM, draw_filters, tinted
from bench.errors import UserError

PICKS = embedding_world.picks(people=21, each=20, dimension=16, seed=0)
DATA = PICKS.comparisons


@settings(max_examples=25)
@given(beta=st.floats(0, 1), seed=st.integers(0, 2**31))
def test_a_share_beta_gets_one_filter_each_and_half_of_them_on_the_picked_image(beta: float, seed: int) -> None:
    colours = draw_filters(DATA, beta, seed).colours
    filtered = (colours != 0).any(axis=1)
    assert filtered.sum() == round(beta * len(DATA))
    assert (np.count_nonzero(colours, axis=1)[filtered] == 1).all()
    on_picked = colours[np.arange(len(DATA)), (DATA.labels < 0).astype(int)] != 0
    assert on_picked.sum() == (filtered.sum() + 1) // 2


def test_picked_images_have_the_colour_of_the_group_and_others_the_opposite_one() -> None:
    filters = draw_filters(DATA, 1.0, 3)
    favourite = np.array([{COOL: -1, WARM: 1}[filters.groups[who]] for who in DATA.annotators])
    picked = np.where(DATA.labels > 0, filters.colours[:, 0], filters.colours[:, 1])
    other = np.where(DATA.labels > 0, filters.colours[:, 1], filters.colours[:, 0])
    assert set(picked * favourite) == {0, 1}
    assert set(other * favourite) == {0, -1}


def test_groups_are_halves_that_depend_on_the_seed_alone() -> None:
    groups = draw_filters(DATA, 0.2, 5).groups
    assert groups == draw_filters(DATA, 0.9, 5).groups != draw_filters(DATA, 0.2, 6).groups
    assert sorted([list(groups.values()).count(COOL), list(groups.values()).count(WARM)]) == [10, 11]


def test_filters_of_a_smaller_share_are_among_those_of_a_larger_one() -> None:
    few, many = (draw_filters(DATA, beta, 1).colours for beta in (0.3, 0.8))
    assert (few[few != 0] == many[few != 0]).all()


def test_without_filters_nothing_changes_but_the_groups_are_known() -> None:
    plain = tinted(PICKS, draw_filters(DATA, 0.0, 0), embedding_world.direction("colour", 16, 0))
    assert (plain.items == PICKS.items).all()
    assert set(plain.comparisons.groups.values()) == {COOL, WARM}


def test_a_filter_moves_an_image_along_the_colour_and_keeps_its_length() -> None:
    colour = embedding_world.direction("colour", 16, 0)
    filters = draw_filters(DATA, 1.0, 0)
    moved = tinted(PICKS, filters, 0.5 * colour)
    assert np.linalg.norm(moved.items, axis=2) == pytest.approx(np.linalg.norm(PICKS.items, axis=2), rel=1e-5)
    along = (moved.items - PICKS.items) @ colour
    assert (np.sign(along[filters.colours != 0]) == filters.colours[filters.colours != 0]).all()
    assert (along[filters.colours == 0] == 0).all()


def colour_accuracy(data: Embedded, colour: np.ndarray, sign: np.ndarray) -> float:
    towards = (data.items[:, 0] - data.items[:, 1]) @ colour * sign
    return float(np.mean(np.sign(towards) == data.comparisons.labels))


def test_one_colour_for_all_is_no_better_than_a_coin_and_each_groups_own_is() -> None:
    picks = embedding_world.picks(people=100, each=40, dimension=64, seed=1)
    colour = embedding_world.direction("colour", 64, 1)
    data = tinted(picks, draw_filters(picks.comparisons, 1.0, 1), colour)
    own = np.array([1 if data.comparisons.groups[who] == WARM else -1 for who in data.comparisons.annotators])
    assert colour_accuracy(data, colour, np.ones(len(data))) == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(len(data)))
    assert colour_accuracy(data, colour, own) > 0.95


def test_impossible_filters_are_refused() -> None:
    with pytest.raises(UserError, match=r"beta must be a share between 0 and 1, got 1\.1"):
        draw_filters(DATA, 1.1, 0)
    with pytest.raises(UserError, match="two groups need two people"):
        draw_filters(DATA.of(["user-0"]), 0.5, 0)
    with pytest.raises(UserError, match=r"direction has shape \(15,\), features of an image \(16,\)"):
        tinted(PICKS, draw_filters(DATA, 0.5, 0), np.ones(15, dtype=np.float32))


def test_picks_of_the_embedding_world_follow_prompt_and_quality() -> None:
    picks = embedding_world.picks(people=150, each=40, dimension=64, seed=2)
    quality = embedding_world.direction("quality", 64, 2)
    near, good = (picks.items * picks.prompts[:, None]).sum(axis=2), picks.items @ quality
    worth = embedding_world.STEEPNESS * (near + good) @ np.array([1, -1])
    chance = 1 / (1 + np.exp(-worth))
    first = picks.comparisons.labels > 0
    spread = np.sqrt((chance * (1 - chance)).sum())
    assert abs((first - chance).sum()) < 4 * spread  # calibrated
    best = np.maximum(chance, 1 - chance)
    assert best.mean() == pytest.approx(0.73, abs=0.015)
    assert abs(((worth > 0) == first).sum() - best.sum()) < 4 * spread
    assert np.linalg.norm(picks.items, axis=2) == pytest.approx(1, rel=1e-5)


def test_more_people_come_after_fewer_and_seeds_give_other_picks() -> None:
    few, many, other = (embedding_world.picks(people, 5, 8, seed) for people, seed in ((3, 0), (6, 0), (3, 1)))
    assert (many.items[:15] == few.items).all()
    assert few.fingerprint != other.fingerprint
    with pytest.raises(UserError, match="dimension must be at least 2, got 1"):
        embedding_world.picks(3, 5, 1, 0)
