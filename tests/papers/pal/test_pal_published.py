"""PAL's published numbers: the few that are known, the many that are not, and how they bear on each other."""

from __future__ import annotations

import made_pal_images as made
import pandas as pd
import pytest

from bench.papers.pal.methods import METHODS
from bench.papers.pal.paper import PAPER
from bench.spec import Profile, Ruling, Variant
from bench.verdict import rule
from bench.verdict.published import PublishedTable, load

NOT_OURS = {"pdpo", "stiennon", "pickscore", "clip", "hpsv2", "imagereward", "aesthetics", "data"}


@pytest.fixture(scope="module")
def pal() -> PublishedTable:
    return load("pal")


def test_the_known_numbers_are_these_and_no_others(pal):
    known = {item.id: item.value for item in pal if item.value is not None and item.experiment != "sizes"}
    assert known == {
        "tldr-seen-gain": pytest.approx(0.017),
        "tldr-unseen-gain": pytest.approx(0.36),
        "tldr-fewer-parameters-abstract": 100,
        "tldr-fewer-parameters-readme": 20,
        "pickapic-v2-gain": pytest.approx(0.025),
        "table2-pal_b-k1": pytest.approx(0.71),
        "table3-pal_b-k1-non-leaked": pytest.approx(0.705),
        "table2-pickscore": pytest.approx(0.705),
    }


def test_counts_follow_from_three_linear_layers_a_projector(pal):
    def layers(d: int) -> int:
        return 3 * d * (d + 1)

    dimensions = {"opt-350m": 512, "distilbert": 768, "bge-m3": 1024, "1.5b": 1536, "clip-h": 1024}
    counts = [item for item in pal.experiment("sizes") if item.metric == "learned_parameters"]
    assert len(counts) == 8
    for item in counts:
        d, K = dimensions[str(item.condition["backbone"])], int(str(item.condition["K"]))
        assert item.value == (layers(d) * (1 + K) if item.method == "pal_b" else layers(d) + K * d)
        assert item.margin.value == 0.5
        assert item.profiles == (Profile.EMBEDDED, Profile.PAPER)


def test_the_published_ratio_is_that_of_clip_h_to_one_mapping_cut_off(pal):
    assert pal.get("sizes-times-fewer").value == int(986.11e6 / pal.get("sizes-pal_b-clip-h-k1").value)


def test_what_only_a_second_hand_source_says_has_no_value(pal):
    for number, said in (("fig4-pal-beta1", "95.2"), ("fig4-homogeneous-beta1", "75.4"), ("fig5-unseen", "40 samples")):
        assert pal.get(number).value is None
        assert said in pal.get(number).note


def test_every_table_and_figure_has_its_unknown_cells(pal):
    unknown = {item.id.partition("-")[0] for item in pal if item.value is None}
    assert unknown == {"table1", "table2", "table3", "tldr", "fig4", "tabled6", "fig5", "personas"}
    assert all(item.known == "unknown" for item in pal if item.value is None)
    curve = {item.metric for item in pal if item.id.startswith("tldr-unseen-") and item.value is None}
    assert curve == {f"unseen_accuracy_{n}" for n in (1, 2, 5, 10, 20, 50, 100)}


def test_every_number_says_why_it_is_compared_or_not(pal):
    for item in pal:
        assert item.method in METHODS or item.method in NOT_OURS
        if item.margin is None:
            assert len(item.note.split()) > 5, item.id
        else:
            assert len(item.margin.reason) > 50, item.id


@pytest.mark.parametrize(("shift", "ruling"), [(0, Ruling.EQUIVALENT), (1, Ruling.DIFFERENT)])
def test_a_count_that_is_off_by_one_is_different(pal, shift, ruling):
    counts = made.sizes().query("metric == 'learned_parameters'")
    rows: pd.DataFrame = counts.assign(value=counts["value"] + shift)
    numbers = [item for item in pal.experiment("sizes") if item.metric == "learned_parameters"]
    verdicts = rule.verdicts(PAPER, rows, numbers, Profile.EMBEDDED, (Variant.CORRECTED,))
    assert [one.ruling for one in verdicts if one.kind == "number"] == [ruling] * len(numbers)
