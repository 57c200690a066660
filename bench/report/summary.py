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


@dataclass(frozen=True)
class Group:
    """The verdicts on the published numbers of one series: an experiment, method, metric and variant."""

    experiment: str
    method: str
    metric: str
    unit: str
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
    """The verdicts on claims, in their order."""
    return [verdict for verdict in verdicts if verdict.kind == "claim"]


def numbers(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """The verdicts on published numbers, in their order."""
    return [verdict for verdict in verdicts if verdict.kind == "number"]


def groups(verdicts: Iterable[Verdict], published: Sequence[Published]) -> list[Group]:
    """The verdicts on numbers, one group a series and variant, in the order in which they first occur."""
    known = {number.id: number for number in published}
    found: dict[tuple[str, str, str, Variant], list[Verdict]] = {}
    for verdict in numbers(verdicts):
        number = known[verdict.subject]
        found.setdefault((number.experiment, number.method, number.metric, verdict.variant), []).append(verdict)
    return [
        Group(experiment, method, metric, known[members[0].subject].unit, variant, tuple(members))
        for (experiment, method, metric, variant), members in found.items()
    ]


def in_words(counts: Mapping[Ruling, int], rulings: Sequence[Ruling]) -> str:
    """`5 supported, 1 contradicted`: the rulings that occur, in a fixed order."""
    return ", ".join(f"{counts[ruling]} {ruling}" for ruling in rulings if counts.get(ruling)) or "none"


def headline(paper: Paper, verdicts: Sequence[Verdict]) -> list[str]:
    """The state of a paper in sentences: its claims and numbers in each variant, and which claims are contradicted."""
    sentences = []
    for variant, words in VARIANT_WORDS.items():
        mine = [verdict for verdict in verdicts if verdict.variant == variant]
        about_claims, about_numbers = claims(mine), numbers(mine)
        parts = []
        if about_claims:
            counts = in_words(tally(about_claims), CLAIM_RULINGS)
            parts.append(f"of {plural(len(about_claims), 'claim')}, {counts}")
        if about_numbers:
            counts = in_words(tally(about_numbers), NUMBER_RULINGS)
            parts.append(f"of {plural(len(about_numbers), 'published number')}, {counts}")
        if parts:
            sentences.append(f"{words.capitalize()}: {'; '.join(parts)}.")
    statements = {claim.name: claim.statement for claim in paper.claims}
    for verdict in claims(verdicts):
        if verdict.ruling == Ruling.CONTRADICTED:
            sentences.append(f"Contradicted ({VARIANT_WORDS[verdict.variant]}): “{statements[verdict.subject]}”")
    return sentences or ["Nothing has been compared yet."]
