import re

import pytest
from huggingface_hub import DatasetCard

from bench.data import (
    alpaca_eval,
    anthropic_persona,
    arena_hard,
    cards,
    hh_rlhf,
    people_splits,
    registry,
    rm_static,
    shp,
    splits,
    ukpconvarg1,
    ultrafeedback_completions,
)
from bench.errors import UserError


@pytest.mark.parametrize("name", cards.CARDS)
def test_a_card_says_what_the_code_says(name: str) -> None:
    text = cards.path(name).read_text(encoding="utf-8")
    assert cards.render(name, text) == text, f"data_cards/{name}.md is out of date: run python -m bench.data.cards"


@pytest.mark.parametrize("name", cards.CARDS)
def test_a_card_is_one_of_the_hub(name: str) -> None:
    card = DatasetCard.load(cards.path(name))
    assert card.data.pretty_name
    assert card.data.license in {"apache-2.0", "mit", "cc-by-4.0", "cc-by-nc-4.0", "unknown"}
    assert card.data.language == "en"
    headings = re.findall(r"^## (.*)$", card.content, flags=re.MULTILINE)
    assert headings[:3] == ["Dataset Details", "Uses", "Dataset Structure"]
    assert "Bias, Risks, and Limitations" in headings


def test_every_dataset_has_a_card_and_every_card_a_dataset() -> None:
    halves = {"hh_helpful", "hh_harmless"}
    without_splits = {
        "synthetic",
        "world",
        alpaca_eval.NAME,
        anthropic_persona.NAME,
        arena_hard.NAME,
        ultrafeedback_completions.NAME,
    }
    with_splits = {splits.read(name)["dataset"] for name in splits.names()} | set(people_splits.names())
    assert set(cards.CARDS) == (without_splits | with_splits) - halves
    assert {path.stem for path in cards.path("made").parent.glob("*.md")} == set(cards.CARDS)
    assert {hh_rlhf.NAME, ukpconvarg1.NAME, rm_static.NAME, shp.NAME, *registry.available(None)} <= set(cards.CARDS)


def test_a_changed_fact_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(hh_rlhf.LONGER_WINS, "hh_helpful", 0.9)
    text = cards.path("hh_rlhf").read_text(encoding="utf-8")
    assert "90.0 %" in cards.render("hh_rlhf", text)


def test_prose_is_left_alone() -> None:
    text = cards.path("made").read_text(encoding="utf-8")
    changed = text.replace("## Uses", "## Uses\n\nA sentence by hand.")
    assert cards.render("made", changed) == changed


def test_a_card_that_lost_a_block_is_refused() -> None:
    text = cards.path("made").read_text(encoding="utf-8").replace("<!-- generated: splits -->", "")
    with pytest.raises(UserError, match=r"data_cards/made\.md: expected the generated blocks facts, splits, baseline"):
        cards.render("made", text)
