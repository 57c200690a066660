"""Arena-Hard's judge against a server on this machine."""

from __future__ import annotations

import re

import pytest
from chat_server import serving

from bench.errors import UserError
from bench.evaluate.arena_hard import battles, leaderboard
from bench.evaluate.judges.client import Endpoint
from bench.evaluate.judges.graded import GradedJudge, grade

ASKED = (["u1", "u2", "u3"], ["one?", "two?", "three?"], ["aa", "bb", "cc"], ["aaaa", "b", "dd"])


def longer(body):
    """The longer answer is much better."""
    asked = body["messages"][1]["content"]
    first, second = (len(re.search(rf"assistant {name}:\n(.*)", asked)[1]) for name in "AB")
    verdict = "A=B" if first == second else "A>>B" if first > second else "B>>A"
    return f"I would have said more. My final verdict is: [[{verdict}]]"


@pytest.fixture
def server():
    with serving(longer) as endpoint:
        yield endpoint


@pytest.fixture
def judge(server, tmp_path):
    return GradedJudge(Endpoint(server.url, attempts=1, concurrency=2), "judge-1", tmp_path / "graded.jsonl")


def test_the_baseline_is_a_in_the_first_game_and_b_in_the_second(judge):
    first, second, third = judge.judgements(*ASKED, of="mine")
    assert first == {"uid": "u1", "model": "mine", "games": [{"score": "B>>A"}, {"score": "A>>B"}]}
    assert [game["score"] for game in second["games"]] == ["A>>B", "B>>A"]
    assert [game["score"] for game in third["games"]] == ["A=B", "A=B"]


def test_judgements_make_a_leaderboard(judge):
    table = leaderboard(battles(judge.judgements(*ASKED, of="mine")), "base", resamples=20).set_index("model")
    # One prompt won and one lost, each twice with weight 3, and a tie: a half.
    assert table.loc["mine", "win_rate"] == pytest.approx(0.5, abs=1e-4)


def test_a_request_has_both_answers_temperature_0_and_room_for_reasons(judge, server):
    judge.judgements(["u"], ["why?"], ["because"], ["so"], of="mine")
    assert len(server.bodies) == 2
    for body in server.bodies:
        assert body["model"] == "judge-1"
        assert (body["temperature"], body["max_tokens"]) == (0, 4096)
        role, asked = body["messages"]
        assert role["role"] == "system"
        assert all(text in asked["content"] for text in ("why?", "because", "so", "[[B>>A]]"))


def test_what_was_answered_is_not_asked_again(judge, server):
    before = judge.judgements(*ASKED, of="mine")
    asked = len(server.bodies)
    assert asked == 6
    assert judge.judgements(*ASKED, of="mine") == before
    assert len(server.bodies) == asked


def test_an_answer_without_a_verdict_has_no_score_and_too_many_of_them_are_an_error(judge, server, tmp_path):
    server.say = lambda body: "I cannot say."
    with pytest.raises(UserError, match=r"6 of 6 answers of judge-1 have no verdict.*'I cannot say\.'"):
        judge.judgements(*ASKED, of="mine")
    patient = GradedJudge(judge.endpoint, "judge-1", judge.answers, unreadable=1)
    rows = patient.judgements(*ASKED, of="mine")
    assert {game["score"] for row in rows for game in row["games"]} == {None}
    assert battles(rows).empty


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Reasons. [[A>>B]]", "A>>B"),
        ("My final verdict is: [[ B>A ]].", "B>A"),
        ("[[A=B]] and again [[A=B]]", "A=B"),
        ("[[A>B]], or rather [[B>A]]", None),
        ("A>B", None),
        ("[[A>>>B]]", None),
        ("", None),
    ],
)
def test_the_verdict_is_what_stands_in_double_brackets_if_it_is_one(text, verdict):
    assert grade(text) == verdict
