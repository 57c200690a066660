"""Many verdicts in few lines: tallies, one group a series, and the paragraph that opens a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.report.format import plural
from bench.spec import Paper, Published, Ruling, Variant, Verdict

CLAIM_RULINGS = (Ruling.SUPPORTED, Ruling.CONTRADICTED, Ruling.INCONCLUSIVE, Ruling.NOT_ATTEMPTED)
NUMBER_RULINGS = (Ruling.EQUIVALENT, Ruling.DIFFERENT, Ruling.INCONCLUSIVE, Ruling.NOT_ATTEMPTED)
VARIANT_WORDS: Mapping[str, str] = {
    Variant.CORRECTED: "corrected",
    Variant.AS_RELEASED: "as released",
    Variant.AS_PUBLISHED: "as published",
}

_UNDER: Mapping[str, str] = {
    Variant.CORRECTED: "With the known faults corrected",
    Variant.AS_RELEASED: "With the authors' code as released",
    Variant.AS_PUBLISHED: "By the text of the paper",
}


@dataclass(frozen=True)
class Series:
    """Published numbers that one table shows: those of a curve or column, or an experiment's single numbers."""

    experiment: str
    method: str  # empty for single numbers
    metric: str  # empty for single numbers
    source: str  # empty for the paper's own; otherwise how else the numbers are known
    numbers: tuple[Published, ...]

    @property
    def short(self) -> str:
        """A title for a narrow table: the experiment, the method, and the metric where it is not the error."""
        words = [self.experiment, self.method or "single"]
        if self.metric not in ("", "squared_sigma_error", "accuracy"):
            words.append(self.metric.replace("_", " "))
        return " ".join([*words, self.source.partition(",")[0].replace("authors' program", "rerun")]).strip()

    @property
    def what(self) -> str:
        """A title: method, metric and source in words."""
        if not self.method:
            return "single numbers"
        words = f"{self.method}, {self.metric.replace('_', ' ')}"
        return f"{words} ({self.source})" if self.source else words


@dataclass(frozen=True)
class Group:
    """The verdicts on the numbers of one series in one variant."""

    series: Series
    variant: Variant
    verdicts: tuple[Verdict, ...]

    @property
    def counts(self) -> Counter[Ruling]:
        """How many of each ruling."""
        return tally(self.verdicts)

    @property
    def largest(self) -> Verdict | None:
        """The verdict whose number lies farthest from the published one, measured in margins where there are any."""
        compared = [v for v in self.verdicts if v.ours is not None and v.published is not None]
        return max(compared, key=lambda v: abs(difference(v) or 0) / (v.margin or 1), default=None)


def difference(verdict: Verdict) -> float | None:
    """Ours minus published, where there are both."""
    if verdict.ours is None or verdict.published is None:
        return None
    return verdict.ours - verdict.published


def tally(verdicts: Iterable[Verdict]) -> Counter[Ruling]:
    """How many verdicts of each ruling."""
    return Counter(verdict.ruling for verdict in verdicts)


def claims(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """The verdicts on claims: those of one claim together, the variants in the order of `VARIANT_WORDS`."""
    found = [verdict for verdict in verdicts if verdict.kind == "claim"]
    names = [verdict.subject for verdict in found]
    variants = list(VARIANT_WORDS)
    return sorted(found, key=lambda verdict: (names.index(verdict.subject), variants.index(verdict.variant)))


def numbers(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """The verdicts on published numbers, in their order."""
    return [verdict for verdict in verdicts if verdict.kind == "number"]


def series_of(published: Iterable[Published]) -> list[Series]:
    """The known numbers as series, in the order in which they first occur; series of one number are put together."""
    found: dict[tuple[str, str, str, str], list[Published]] = {}
    for number in published:
        if number.value is not None:
            found.setdefault((number.experiment, number.method, number.metric, _source(number)), []).append(number)
    merged: dict[tuple[str, str, str, str], list[Published]] = {}
    for key, members in found.items():
        merged.setdefault(key if len(members) > 1 else (key[0], "", "", ""), []).extend(members)
    return [Series(*key, tuple(members)) for key, members in merged.items()]


def _source(number: Published) -> str:
    if number.known != "rerun":
        return ""
    made_by = number.variants[0] if number.variants else Variant.AS_RELEASED
    return "optimum, solved again" if made_by == Variant.CORRECTED else "authors' program, run again"


def groups(verdicts: Iterable[Verdict], published: Iterable[Published]) -> list[Group]:
    """The verdicts on numbers, one group a series and variant, the variants in the order of `VARIANT_WORDS`."""
    by_subject: dict[tuple[str, Variant], list[Verdict]] = {}
    for verdict in numbers(verdicts):
        by_subject.setdefault((verdict.subject, verdict.variant), []).append(verdict)
    return [
        Group(series, variant, tuple(members))
        for series in series_of(published)
        for variant in map(Variant, VARIANT_WORDS)
        if (members := [v for number in series.numbers for v in by_subject.get((number.id, variant), ())])
    ]


def in_words(counts: Mapping[Ruling, int], rulings: Sequence[Ruling]) -> str:
    """`5 supported, 1 contradicted`: the rulings that occur, in a fixed order."""
    return ", ".join(f"{counts[ruling]} {ruling}" for ruling in rulings if counts.get(ruling)) or "none"


def headline(paper: Paper, verdicts: Sequence[Verdict]) -> list[str]:
    """The state of a paper in sentences: its claims and numbers in each variant, and which claims are contradicted."""
    sentences = []
    for variant, words in _UNDER.items():
        mine = [verdict for verdict in verdicts if verdict.variant == variant]
        about_claims, about_numbers = claims(mine), numbers(mine)
        parts = []
        if about_claims:
            counts = in_words(tally(about_claims), CLAIM_RULINGS)
            parts.append(f"of {plural(len(about_claims), 'claim')}: {counts}")
        if about_numbers:
            counts = in_words(tally(about_numbers), NUMBER_RULINGS)
            parts.append(f"of {plural(len(about_numbers), 'published number')}: {counts}")
        if parts:
            sentences.append(f"{words}, {'; '.join(parts)}.")
    statements = {claim.name: claim.statement for claim in paper.claims}
    for verdict in claims(verdicts):
        if verdict.ruling == Ruling.CONTRADICTED:
            sentences.append(f"Contradicted ({VARIANT_WORDS[verdict.variant]}): “{statements[verdict.subject]}”")
    return sentences or ["Nothing has been compared yet."]
