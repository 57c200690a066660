from __future__ import annotations

import math

import pytest

from bench.report.format import duration, estimate, interval, memory, number, plus_minus


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.07981, "0.0798"),
        (0.0009996, "0.00100"),
        (123456.0, "123456"),
        (1234567.0, "1.23e6"),
        (-0.5, "-0.500"),
        (2.1e-7, "2.10e-7"),
        (0.0, "0"),
        (None, "–"),
        (math.nan, "–"),
        (-math.inf, "-∞"),
    ],
)
def test_a_number_has_three_significant_digits(value: float | None, text: str) -> None:
    assert number(value) == text


def test_a_value_has_the_digits_that_its_interval_deserves() -> None:
    assert estimate(0.0798123, 0.0781, 0.0815) == "0.0798"
    assert estimate(0.798123, 0.5, 1.1) == "0.80"
    assert estimate(798.123, 500, 1100) == "798"
    assert interval(0.07812, 0.08151) == "0.0781 to 0.0815"
    assert interval(None, 0.1) == ""


def test_a_latex_cell_rounds_both_numbers_alike() -> None:
    assert plus_minus(0.07981, 0.0017) == r"$0.0798 \pm 0.0017$"
    assert plus_minus(0.07981, math.nan) == "$0.07981$"


def test_times_and_sizes_have_the_unit_that_suits_them() -> None:
    assert [duration(s) for s in (0.4213, 12.2, 200, 3600, 7500)] == [
        "0.42 s",
        "12 s",
        "3 min 20 s",
        "1 h",
        "2 h 5 min",
    ]
    assert memory(200 * 2**20) == "200 MiB"
    assert memory(3 * 2**30) == "3.0 GiB"
