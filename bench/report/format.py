"""Numbers as a reader wants them: as many digits as are known, with their unit."""

from __future__ import annotations

import math


def number(value: float | None, digits: int = 3) -> str:
    """`value` to `digits` significant digits, without an exponent between 1e-5 and 1e6; a dash when there is none."""
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(float(f"{value:.{digits - 1}e}"))))
    if not -6 < exponent < 6:
        return f"{value:.{digits - 1}e}".replace("e-0", "e-").replace("e+0", "e")
    return f"{value:.{max(digits - 1 - exponent, 0)}f}"


def decimals(spread: float, digits: int = 2) -> int:
    """How many decimals a number with this uncertainty deserves: `digits` significant ones of the uncertainty."""
    if not (math.isfinite(spread) and spread > 0):
        return 4
    return min(max(digits - 1 - math.floor(math.log10(spread)), 0), 12)


def interval(low: float | None, high: float | None) -> str:
    """`low to high`, both with the decimals that their distance deserves; empty when there is no interval."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return ""
    if math.isinf(low) or math.isinf(high):
        return f"{number(low)} to {number(high)}"
    places = decimals((high - low) / 2)
    return f"{low:.{places}f} to {high:.{places}f}"


def estimate(value: float | None, low: float | None, high: float | None) -> str:
    """The value with the decimals that its interval deserves."""
    if value is None or low is None or high is None or not (math.isfinite(value) and math.isfinite(high - low)):
        return number(value)
    return f"{value:.{decimals((high - low) / 2)}f}"


def plus_minus(mean: float, half_width: float) -> str:
    """`mean ± half-width` as LaTeX mathematics, with the decimals that the half-width deserves."""
    if not (math.isfinite(half_width) and half_width > 0):
        return f"${number(mean, 4)}$"
    places = decimals(half_width)
    return f"${mean:.{places}f} \\pm {half_width:.{places}f}$"


def duration(seconds: float) -> str:
    """0.42 s, 12 s, 3 min 20 s, 2 h 5 min."""
    if seconds < 10:
        return f"{number(seconds, 2)} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes} min" if minutes else f"{hours:,} h"


def memory(size: float) -> str:
    """Bytes as MiB or GiB."""
    return f"{size / 2**20:,.0f} MiB" if size < 2**30 else f"{size / 2**30:.1f} GiB"


def plural(count: int, noun: str) -> str:
    """1 claim, 2 claims."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
