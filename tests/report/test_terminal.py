from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from bench.report.terminal import print_verdicts
from bench.spec import Paper, Published, Ruling, Verdict


def _printed(verdicts: list[Verdict], paper: Paper, published: list[Published], width: int = 80) -> str:
    stream = io.StringIO()
    print_verdicts(verdicts, paper, published, Console(file=stream, width=width))
    return stream.getvalue()


def test_claims_come_first_with_effect_interval_and_what_could_be_detected(
    verdicts: list[Verdict], paper: Paper, published: list[Published]
) -> None:
    text = _printed(verdicts, paper, published)
    assert text.index("Claims") < text.index("Published numbers")
    line = next(line for line in text.splitlines() if line.strip().startswith("l1-below-mle"))
    assert line.split() == ["l1-below-mle", "corrected", "supported", "0.313", "0.270", "to", "0.350", "0.050"]


@pytest.mark.parametrize("width", [80, 100])
def test_it_fits_and_is_plain_without_a_terminal(
    verdicts: list[Verdict], paper: Paper, published: list[Published], width: int
) -> None:
    text = _printed(verdicts, paper, published, width)
    assert max(map(len, text.splitlines())) <= width
    assert "\x1b" not in text
    for word in ("supported", "contradicted", "inconclusive", "not attempted"):
        assert word in text


def test_numbers_stand_a_line_a_series_with_the_largest_gap(
    verdicts: list[Verdict], paper: Paper, published: list[Published]
) -> None:
    text = _printed(verdicts, paper, published)
    line = next(line for line in text.splitlines() if line.strip().startswith("fig2b mle"))
    assert line.split() == ["fig2b", "mle", "corrected", "4", ".", ".", ".", "-0.72", "n=10"]


def test_series_that_were_not_attempted_take_one_line_together(
    verdicts: list[Verdict], paper: Paper, published: list[Published]
) -> None:
    idle = [replace(v, ruling=Ruling.NOT_ATTEMPTED, ours=None) if v.experiment == "fig2b" else v for v in verdicts]
    text = _printed(idle, paper, published)
    assert "fig2b mle" not in text
    assert "fig2b (8)" in text
