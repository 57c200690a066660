"""Dataset cards in the hub's format: prose by hand, and facts that come from the code.

A card's front matter and every block between `<!-- generated: NAME -->` and `<!-- end -->` are written by
`python -m bench.data.cards`; the rest is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.data import (
    alpaca_eval,
    annotated_cards,
    arena_hard,
    hh_rlhf,
    made,
    rm_static,
    shp,
    splits,
    ukpconvarg1,
    ultrafeedback,
    ultrafeedback_completions,
)
from bench.data.card_parts import Card, file_table, hub_schema, table
from bench.data.features import longer_wins
from bench.data.synthetic import linear_problem
from bench.data.world import card as world
from bench.errors import UserError, unknown
from bench.paths import resource

_BLOCK = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_FRONT = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)

NOT_AT_HAND = "not measured: the suite ships no copy of this dataset"


def render(name: str, text: str) -> str:
    """`text`, the card of dataset `name`, with front matter and blocks as the code has them now.

    Raises UserError for a name without a card, and for a block that is missing, misspelt or not closed.
    """
    from huggingface_hub import DatasetCardData

    if name not in CARDS:
        raise unknown("dataset card", name, CARDS)
    card = CARDS[name]
    present = [match[1] for match in _BLOCK.findall(text)]
    if present != list(card.blocks):
        raise UserError(
            f"data_cards/{name}.md: expected the generated blocks {', '.join(card.blocks)} in this order, "
            f"found {', '.join(present) or 'none'}"
        )
    body = _BLOCK.sub(lambda match: f"{match[1]}{card.blocks[match[2]]().rstrip()}\n{match[3]}", text)
    front = DatasetCardData(language="en", **card.front).to_yaml()
    return f"---\n{front}\n---\n{_FRONT.sub('', body)}"


def path(name: str) -> Path:
    """Where the card of dataset `name` lies."""
    return resource("data_cards") / f"{name}.md"


def _listed_splits(name: str) -> str:
    manifest = splits.read(name)
    rows = [
        (part, f"{entry['size']:,}", f"{entry['groups']:,}", f"`{entry['sha256']}`")
        for part, entry in manifest["parts"].items()
    ]
    return f"Fingerprint of the pairs: `{manifest['fingerprint']}`.\n\n" + table(
        ("part", "pairs", "groups", "sha256 of the ordered ids"), rows
    )


def _ruled_splits(name: str) -> str:
    manifest = splits.read(name)
    rules = table(
        ("part", "pairs", "from", "shares", "share taken"),
        [
            (
                part,
                f"{rule['size']:,}",
                f"{rule['prefix']} ({rule['rows']:,} rows)",
                ",".join(map(str, rule["proportions"])),
                str(rule["part"]),
            )
            for part, rule in manifest["rules"].items()
        ],
    )
    hashes = table(
        ("seed", *(f"{part}: sha256 of the ordered ids" for part in manifest["rules"])),
        [(seed, *(f"`{digest[:16]}…`" for digest in parts.values())) for seed, parts in manifest["seeds"].items()],
    )
    return f"{rules}\n\n{hashes}"


def _shuffled_splits(dataset: str) -> str:
    """Every split that a shuffle of the dataset gives: its parts, hashes seed by seed, and what is to be known."""
    blocks = []
    for name in splits.names():
        manifest = splits.read(name)
        if manifest["dataset"] != dataset:
            continue
        rows = [
            (seed, part, f"{manifest['rules'][part]['size']:,}", _slices(manifest["rules"][part]), f"`{digest}`")
            for seed, parts in manifest["seeds"].items()
            for part, digest in parts.items()
        ]
        shown = table(("seed", "part", "rows", "of the shuffled table", "sha256 of the ordered row numbers"), rows)
        blocks.append("\n\n".join([f"`{name}`", *manifest["notes"], shown]))
    return "\n\n".join(blocks)


def _slices(rule: Mapping[str, Any]) -> str:
    return ", ".join(f"[{start:,}, {stop:,})" for start, stop in rule["slices"])


def _baseline(accuracy: float | None) -> str:
    value = NOT_AT_HAND if accuracy is None else f"{100 * accuracy:.1f} % (equal lengths count one half)"
    return f'Accuracy of "the answer with more characters is preferred", over all pairs: {value}.'


def _hh_facts() -> str:
    return (
        f"{hh_rlhf.FILE.rows:,} pairs in {hh_rlhf.GROUPS:,} groups (a group = an opening message of the human). "
        f"{hh_rlhf.EMPTY_ANSWERS} pairs have an empty answer and are kept.\n\nSource: {hh_rlhf.SOURCE}."
    )


def _hh_baseline() -> str:
    rows = [(f"`{name}`", f"{100 * accuracy:.1f} %") for name, accuracy in hh_rlhf.LONGER_WINS.items()]
    return table(("pairs", 'accuracy of "the answer with more characters is preferred"'), rows)


def _ukp_facts() -> str:
    majority = ukpconvarg1.MAJORITY
    total = majority.decided + majority.equal + majority.split
    return (
        f"{ukpconvarg1.JUDGEMENTS.rows:,} judgements on {total:,} argument pairs of {ukpconvarg1.ARGUMENTS.rows:,} "
        f"arguments in {ukpconvarg1.GROUPS} debates. A strict majority of all judgements of a pair names one argument "
        f'in {majority.decided:,} pairs, which are kept; it says "equal" in {majority.equal:,} and does not exist in '
        f"{majority.split:,}, which are dropped.\n\nSource: {ukpconvarg1.SOURCE}."
    )


def _alpaca_eval_facts() -> str:
    return (
        f"{alpaca_eval.PROMPTS.rows:,} prompts, {alpaca_eval.RESPONSES.rows:,} answers of "
        f"{alpaca_eval.LEADERBOARD.rows} models, `{alpaca_eval.BASELINE}` (the baseline) among them; every answer has "
        "the judge's probability that it is better than the baseline's. The hashes of the gzipped files are of their "
        "content.\n\n"
        f"Source: {alpaca_eval.SOURCE}."
    )


def _arena_hard_facts() -> str:
    return (
        f"{arena_hard.PROMPTS} prompts, each with the answer of `{arena_hard.BASELINE}`, in two files of the hub's "
        f"dataset `{arena_hard.REPO}`:\n\n- `{arena_hard.QUESTIONS}`\n- `{arena_hard.ANSWERS}`\n\n"
        f"sha256 of uids, prompts and answers, by uid: `{arena_hard.SHA256}`."
    )


def _ultrafeedback_files() -> str:
    return "Files: " + ", ".join(f"`{name}`" for name in ultrafeedback_completions.FILES) + "."


def _made_facts() -> str:
    truth, dataset = made.truth(), made.load()
    ceiling = float(sum(max(p, 1 - p) for p in truth.agreement) / len(truth.agreement))
    weights = table(("attribute", "weight"), [(name, f"{weight:+}") for name, weight in made.WEIGHTS.items()])
    others = ", ".join(name for name in truth.attributes if name not in made.WEIGHTS)
    return (
        f"{len(dataset.pairs):,} pairs: {made.PROMPTS} prompts with {made.ANSWERS} answers each, every two compared "
        f"once. Fingerprint: `{made.FINGERPRINT}`.\n\n{weights}\n\nWeight 0: {others}.\n\n"
        f"A reward model equal to the gold reward would be right on {100 * ceiling:.1f} % of the labels in expectation."
    )


def _synthetic_facts() -> str:
    problem = linear_problem(n=100, d=100, k=5, sigma=0.1, seed=0)
    arrays = table(
        ("array", "shape at n = d = 100"),
        [(f"`{name}`", str(getattr(problem, name).shape)) for name in ("differences", "labels", "theta", "start")],
    )
    draws = table(
        ("seed", "first two entries of theta", "first difference", "labels +1"),
        [(str(seed), *_first_draws(seed)) for seed in range(3)],
    )
    return f"{arrays}\n\n{draws}"


def _first_draws(seed: int) -> tuple[str, str, str]:
    problem = linear_problem(n=100, d=100, k=5, sigma=0.1, seed=seed)
    theta = ", ".join(f"{value:.6f}" for value in problem.theta[:2])
    return theta, f"{problem.differences[0, 0]:.6f}", str(int((problem.labels == 1).sum()))


_TEXT = {"task_categories": ["text-classification"], "tags": ["preferences", "reward-model", "rlhf"]}

CARDS: Mapping[str, Card] = {
    "synthetic": Card(
        {"pretty_name": "Synthetic linear preferences", "license": "apache-2.0", "tags": ["preferences", "synthetic"]},
        {"facts": _synthetic_facts},
    ),
    world.NAME: Card(
        {
            "pretty_name": "The known-truth language world",
            "license": "apache-2.0",
            "task_categories": ["text-generation"],
            "tags": ["preferences", "synthetic", "rlhf"],
            "size_categories": "10K<n<100K",
        },
        {"sizes": world.sizes, "attributes": world.attribute_table, "statistics": world.statistics},
    ),
    made.NAME: Card(
        {
            **_TEXT,
            "pretty_name": "made (self-made templated text)",
            "license": "apache-2.0",
            "size_categories": "1K<n<10K",
        },
        {
            "facts": _made_facts,
            "splits": lambda: _listed_splits(made.NAME),
            "baseline": lambda: _baseline(longer_wins(made.load())),
        },
    ),
    hh_rlhf.NAME: Card(
        {**_TEXT, "pretty_name": "HH-RLHF, base test splits", "license": "mit", "size_categories": "1K<n<10K"},
        {
            "facts": _hh_facts,
            "files": lambda: file_table(hh_rlhf.FILE),
            "splits": lambda: "\n\n".join(f"`{name}`. {_listed_splits(name)}" for name in hh_rlhf.SUBSETS),
            "baseline": _hh_baseline,
        },
    ),
    ukpconvarg1.NAME: Card(
        {
            **_TEXT,
            "pretty_name": "UKPConvArg1, majority pairs",
            "license": "cc-by-4.0",
            "size_categories": "10K<n<100K",
        },
        {
            "facts": _ukp_facts,
            "files": lambda: file_table(ukpconvarg1.ARGUMENTS, ukpconvarg1.JUDGEMENTS),
            "splits": lambda: _listed_splits(ukpconvarg1.NAME),
            "baseline": lambda: _baseline(ukpconvarg1.LONGER_WINS),
        },
    ),
    alpaca_eval.NAME: Card(
        {
            **_TEXT,
            "pretty_name": "AlpacaEval 2.0, 24 models",
            "license": "cc-by-nc-4.0",
            "size_categories": "10K<n<100K",
        },
        {
            "facts": _alpaca_eval_facts,
            "files": lambda: file_table(alpaca_eval.PROMPTS, alpaca_eval.RESPONSES, alpaca_eval.LEADERBOARD),
        },
    ),
    arena_hard.NAME: Card(
        {
            "task_categories": ["text-generation"],
            "tags": ["evaluation"],
            "pretty_name": "Arena-Hard v0.1",
            "license": "apache-2.0",
            "size_categories": "n<1K",
        },
        {"facts": _arena_hard_facts},
    ),
    rm_static.NAME: Card(
        {**_TEXT, "pretty_name": "rm-static", "license": "unknown", "size_categories": "10K<n<100K"},
        {
            "facts": lambda: hub_schema(rm_static.HUB),
            "splits": lambda: _ruled_splits(rm_static.NAME),
            "baseline": lambda: _baseline(None),
        },
    ),
    shp.NAME: Card(
        {
            **_TEXT,
            "pretty_name": "Stanford Human Preferences (SHP)",
            "license": "unknown",
            "size_categories": "100K<n<1M",
        },
        {
            "facts": lambda: hub_schema(shp.HUB),
            "splits": lambda: _ruled_splits(shp.NAME),
            "baseline": lambda: _baseline(None),
        },
    ),
    ultrafeedback.NAME: Card(
        {
            **_TEXT,
            "pretty_name": "UltraFeedback, binarized and cleaned",
            "license": "mit",
            "size_categories": "10K<n<100K",
        },
        {
            "facts": lambda: hub_schema(ultrafeedback.HUB),
            "splits": lambda: _shuffled_splits(ultrafeedback.NAME),
            "baseline": lambda: _baseline(None),
        },
    ),
    ultrafeedback_completions.NAME: Card(
        {
            **_TEXT,
            "pretty_name": "UltraFeedback, four answers a prompt",
            "license": "mit",
            "size_categories": "10K<n<100K",
        },
        {"facts": lambda: hub_schema(ultrafeedback_completions.HUB), "files": _ultrafeedback_files},
    ),
    **annotated_cards.CARDS,
}


def main() -> None:
    """Write every card again and say which ones changed."""
    for name in CARDS:
        before = path(name).read_text(encoding="utf-8")
        after = render(name, before)
        if after != before:
            path(name).write_text(after, encoding="utf-8")
            print(f"wrote {path(name).name}")


if __name__ == "__main__":
    main()
