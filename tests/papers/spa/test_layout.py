"""Where SPA's seeds and iterations lie among a domain's training prompts."""

from __future__ import annotations

from tiny_text import SHIPPED

from bench.data import splits
from bench.domains import corpora
from bench.papers.spa import layout
from bench.spec import Profile


def test_the_shipped_study_has_prompts_enough(data_dir):
    settings = SHIPPED[Profile.SMALL, "table1"]
    domain = settings["domain"]
    judge = domain["judge"]
    found = corpora.human_preferences(
        data_dir, judge["pairs"], judge["held_out"], domain["seed_pairs"], domain["test"], study="spa"
    )
    assert domain["seed_pairs"] + sum(settings["prompts"]) <= len(found.train)
    # The first iteration has prompts of both sources.
    first = found.train[domain["seed_pairs"] :][: settings["prompts"][0]]
    assert {one.id.split("/")[0] for one in first} == {"hh", "alpaca_eval"}


def test_positions_in_ultrafeedback_are_the_authors_split():
    rows = layout.ultrafeedback_rows()
    for number, seed in enumerate(layout.DRAW_SEEDS):
        draw = rows[number * layout.DRAW :][: layout.DRAW]
        split = splits.load("spa", seed)
        assert draw[:2000] == list(split["seed"])
        assert draw[2000:10_000] == list(split["iteration_1"])
        assert draw[10_000:30_000] == list(split["iteration_2"])
        assert draw[30_000:] == list(split["iteration_3"])
    largest = rows[layout.DRAWS * layout.DRAW :]
    assert largest == list(splits.load("spa-10")["seed"])
    assert len(largest) == layout.LARGEST_SEED
