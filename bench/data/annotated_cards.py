"""The cards of datasets whose annotators are told apart. No text of a dataset is shown in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.data import (
    anthropic_persona,
    dsp,
    jester,
    people_splits,
    pickafilter,
    pickapic,
    splits,
    tldr,
    ukp_workers,
    ukpconvarg1,
    vpl_hh,
)
from bench.data.card_parts import Card, file_table, hub_schema, table


def _people(name: str) -> str:
    """The committed split of people."""
    manifest = people_splits.read(name)
    rows = [
        (seed, f"{manifest['sizes'][part]:,}", part, f"`{digest}`")
        for seed, parts in manifest["seeds"].items()
        for part, digest in parts.items()
    ]
    return (
        f"{manifest['comparisons']:,} comparisons, fingerprint `{manifest['fingerprint']}`. A share of "
        f"{manifest['unseen']} of the people is unseen.\n\n" + table(("seed", "people", "part", "sha256 of them"), rows)
    )


def _percent(rate: float) -> str:
    return f"{100 * rate:.1f} %"


def _ukp_facts() -> str:
    return (
        f"{ukp_workers.COMPARISONS:,} judgements that prefer one argument, by {ukp_workers.WORKERS} workers with at "
        f'least {ukp_workers.LEAST} judgements of any kind. "The argument with more characters is preferred" is right '
        f"in {_percent(ukp_workers.LONGER_WINS)}.\n\nSource: {ukpconvarg1.SOURCE}."
    )


def _ukp_agreement() -> str:
    meaning = {
        "two": "agree with another worker who judged the pair",
        "others": "agree with the majority of all others who did (a tie counts one half)",
        "halves": "majorities of two random halves of a pair's workers agree (a tie counts one half)",
        "noise": "answers against somebody's own order that would give as many circles, if errors were independent",
    }
    rows = [(meaning[name], _percent(rate)) for name, rate in ukp_workers.AGREEMENT.items()]
    return table(("how often", "rate"), rows)


def _persona_facts() -> str:
    topics = [(topic, ", ".join(f"`{name}`" for name in names)) for topic, names in anthropic_persona.TOPICS.items()]
    return (
        f"{anthropic_persona.FILE.rows:,} statements of {anthropic_persona.PERSONAS} personas. Of a persona's "
        f"statements, a share of {anthropic_persona.TEST_SHARE} is kept for the test.\n\n"
        f"{table(('topic', 'personas'), topics)}\n\nSource: {anthropic_persona.SOURCE}."
    )


def _jester_facts() -> str:
    return (
        f"{jester.RATINGS.rows:,} ratings of {jester.JOKES.rows} jokes; of everyone, {jester.EACH} pairs of jokes "
        f"whose ratings differ by {jester.MARGIN:g} or more are drawn, or as many as there are: {jester.COMPARISONS:,} "
        f'comparisons by {jester.PEOPLE:,} people. "The joke with more characters is preferred" is right in '
        f"{_percent(jester.LONGER_WINS)}.\n\nSource: {jester.SOURCE}."
    )


def _vpl_facts() -> str:
    rows = [(group, f"{file.rows:,}", _percent(vpl_hh.LONGER_WINS[group])) for group, file in vpl_hh.FILES.items()]
    head = ("group", "comparisons", '"the answer with more characters is preferred" is right')
    return f"{table(head, rows)}\n\nSource: {vpl_hh.SOURCE}."


def _dsp_facts() -> str:
    count = dsp.FILE.rows * len(dsp.DOMAINS) * (len(dsp.ANSWERS) - 1) - dsp.LEFT_OUT
    return (
        f"{dsp.FILE.rows} queries with {len(dsp.ANSWERS)} answers each ({', '.join(dsp.ANSWERS)}): {count:,} "
        f'comparisons by {len(dsp.DOMAINS)} domains; {dsp.LEFT_OUT} of equal texts are left out. "The answer with more '
        f'characters is preferred" is right in {_percent(dsp.LONGER_WINS)}.\n\nSource: {dsp.SOURCE}.'
    )


def _tldr_people() -> str:
    recipe = tldr.published()
    minority = ", ".join(str(rank + 1) for rank in recipe.minority_ranks)
    sizes = table(("part", "comparisons in the paper"), [(part, f"{size:,}") for part, size in recipe.sizes.items()])
    return (
        f"{len(recipe.seen)} seen workers, ranks {minority} of them the minority; {len(recipe.unseen_majority)} unseen "
        f"ones of the majority and {len(recipe.unseen_minority)} of the minority, who adapt to "
        f"{', '.join(map(str, recipe.counts))} comparisons.\n\n{sizes}"
    )


def _pickapic_facts() -> str:
    archives = "\n".join(f"- `{name}`" for name in pickapic.ARCHIVES)
    return (
        f"Hub repositories `{pickapic.REPO}` and `{pickafilter.REPO}`. {pickapic.FEATURES:,} features of a prompt and "
        f"of either image. Users: {pickapic.USERS['v1']:,} in v1, {pickapic.USERS['v2']:,} in v2, "
        f"{pickapic.USERS['both']:,} in both; {pickapic.RANKINGS['v1']:,} rankings in v1.\n\n{archives}"
    )


def _pickapic_splits() -> str:
    manifest = splits.read(pickapic.NAME)
    rows = [(part, f"{entry['size']:,}", f"`{entry['sha256']}`") for part, entry in manifest["parts"].items()]
    return "\n\n".join([*manifest["notes"], table(("part", "rankings", "sha256 of the ordered ids"), rows)])


def _front(name: str, license_: str, size: str, *tags: str) -> dict[str, Any]:
    return {
        "pretty_name": name,
        "license": license_,
        "size_categories": size,
        "tags": ["preferences", "pluralistic-alignment", *tags],
    }


CARDS: Mapping[str, Card] = {
    ukp_workers.NAME: Card(
        _front("UKPConvArg1, worker by worker", "cc-by-4.0", "10K<n<100K", "reward-model"),
        {
            "facts": _ukp_facts,
            "files": lambda: file_table(ukpconvarg1.ARGUMENTS, ukpconvarg1.JUDGEMENTS),
            "agreement": _ukp_agreement,
            "splits": lambda: _people(ukp_workers.NAME),
        },
    ),
    anthropic_persona.NAME: Card(
        _front("Anthropic's personas", "cc-by-4.0", "100K<n<1M", "synthetic"),
        {"facts": _persona_facts, "files": lambda: file_table(anthropic_persona.FILE)},
    ),
    jester.NAME: Card(
        _front("Jester5k, ratings as comparisons", "unknown", "100K<n<1M", "collaborative-filtering"),
        {
            "facts": _jester_facts,
            "files": lambda: file_table(jester.JOKES, jester.RATINGS),
            "splits": lambda: _people(jester.NAME),
        },
    ),
    vpl_hh.NAME: Card(
        _front("HH-RLHF for two opposed people", "unknown", "1K<n<10K", "reward-model", "rlhf"),
        {
            "facts": _vpl_facts,
            "files": lambda: file_table(*vpl_hh.FILES.values()),
            "splits": lambda: _people(vpl_hh.NAME),
        },
    ),
    dsp.NAME: Card(
        _front("Domain-specific preferences", "cc-by-nc-4.0", "10K<n<100K", "reward-model", "synthetic"),
        {
            "facts": _dsp_facts,
            "files": lambda: file_table(dsp.FILE),
            "splits": lambda: _people(dsp.NAME),
        },
    ),
    tldr.NAME: Card(
        _front("Reddit TL;DR, comparisons by worker", "unknown", "100K<n<1M", "reward-model", "rlhf"),
        {"facts": lambda: hub_schema(tldr.HUB), "people": _tldr_people},
    ),
    pickapic.NAME: Card(
        _front("Pick-a-Pic and Pick-a-Filter, embedded", "mit", "100K<n<1M", "text-to-image"),
        {"facts": _pickapic_facts, "splits": _pickapic_splits},
    ),
}
