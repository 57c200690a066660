from __future__ import annotations

from dataclasses import replace

from bench.report.summary import difference, groups, headline, series_of, tally
from bench.spec import Paper, Published, Ruling, Variant, Verdict


def test_the_headline_counts_each_variant_and_names_what_is_contradicted(paper: Paper, verdicts: list[Verdict]) -> None:
    corrected, released, contradicted = headline(paper, verdicts)
    assert "of 2 claims: 1 supported, 1 contradicted; of 15 published numbers: 14 equivalent, 1 different" in corrected
    assert "of 2 claims: 1 inconclusive, 1 not attempted" in released
    assert "What crossing & others say." in contradicted


def test_no_verdicts_are_said_to_be_none(paper: Paper) -> None:
    assert headline(paper, []) == ["Nothing has been compared yet."]


def test_numbers_fall_into_series_and_single_ones_together(published: list[Published]) -> None:
    assert [(s.experiment, s.method, len(s.numbers)) for s in series_of(published)] == [
        ("fig2b", "mle", 4),
        ("fig2b", "l1", 4),
        ("fig2a", "mle", 6),
        ("fig2a", "", 1),
    ]


def test_reruns_are_kept_apart_from_the_papers_own(published: list[Published]) -> None:
    own = [p for p in published if p.experiment == "fig2b" and p.method == "l1"]
    reruns = [replace(p, id=f"{p.id}-rerun", known="rerun") for p in own]
    optimum = [replace(p, id=f"{p.id}-optimum", variants=(Variant.CORRECTED,)) for p in reruns]
    assert [s.short for s in series_of([*own, *reruns, *optimum])] == ["fig2b l1", "fig2b l1 rerun", "fig2b l1 optimum"]


def test_a_group_counts_its_rulings_and_finds_the_number_farthest_off(
    verdicts: list[Verdict], published: list[Published]
) -> None:
    by_name = {group.series.short: group for group in groups(verdicts, published)}
    single = by_name["fig2a single"]
    assert single.counts == tally([v for v in verdicts if v.ruling == Ruling.DIFFERENT])
    farthest = by_name["fig2b mle"].largest
    assert farthest is not None
    assert farthest.subject == "fig2b-mle-n10-k5"
    assert difference(farthest) == 0.0789 - 0.8
