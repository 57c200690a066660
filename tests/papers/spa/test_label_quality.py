"""What labels are worth, on numbers made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from bench.label import Judgements
from bench.papers.spa.label_quality import label_facts, length_facts, mark_facts

JUDGEMENTS = Judgements(np.array([3.0, -2.0, 0.1, -0.2, 1.0, -9.0, 5.0]))
GAP = np.array([1.0, -1.0, -1.0, 1.0, 1.0, 1.0, 0.0])  # wrong: the third, the fourth and the sixth; the last has none


def test_agreement_is_over_pairs_that_have_a_better_response():
    facts = label_facts(JUDGEMENTS, GAP)
    assert facts["pairs"] == 7
    assert facts["label_agreement"] == pytest.approx(3 / 6)
    assert facts["label_agreement_least_sure"] == 0  # 0.1 and -0.2
    assert facts["label_agreement_middle_sure"] == 1  # 1 and -2
    assert facts["label_agreement_most_sure"] == 0.5  # 3 and -9


def test_people_name_no_confidence():
    facts = label_facts(Judgements(np.array([np.inf, -np.inf])), np.array([1.0, 1.0]))
    assert facts == {"pairs": 2.0, "label_agreement": 0.5}


def test_equal_lengths_say_nothing_about_length():
    longer = np.array([4.0, 1.0, -1.0, 0.0, 0.0, 0.0, 0.0])
    assert length_facts(JUDGEMENTS, longer) == {"label_prefers_longer": pytest.approx(1 / 3)}
    assert length_facts(JUDGEMENTS, np.zeros(7)) == {}


def test_the_share_of_marks_is_of_the_pairs_that_came_after_their_start():
    memory = {"steps": 4, "marked": [2, 3, 4, 6]}
    facts = mark_facts(memory, JUDGEMENTS, GAP, batch_size=2, start=0.2)
    assert facts["marked_share"] == pytest.approx(4 / 5)  # the first of four steps had two of the seven pairs
    assert facts["marked_wrong"] == pytest.approx(2 / 3)  # of the third, fourth and fifth; the last has no right label
    assert facts["labels_wrong"] == pytest.approx(3 / 6)


def test_without_marks_there_is_nothing_to_be_right_or_wrong():
    assert "marked_wrong" not in mark_facts({"steps": 4, "marked": []}, JUDGEMENTS, GAP, batch_size=2, start=0.2)
