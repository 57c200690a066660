"""What users have of preferences, column by column, and what is said of what cannot be read."""

import json

import pytest

from bench.data.formats import preferences
from bench.data.formats.columns import preference
from bench.errors import UserError

ASKED = [{"role": "user", "content": "What is the capital of France?"}]
RIGHT = [{"role": "assistant", "content": "Paris."}]
WRONG = [{"role": "assistant", "content": "Lyon."}]
PROMPT = "\n\nHuman: What is the capital of France?\n\nAssistant:"


def read(**row):
    return preference(row, "my.jsonl, line 1")


def texts(said):
    return said.prompt, said.chosen, said.rejected


def test_texts_are_kept_as_they_are():
    said = read(prompt="The sky is", chosen=" blue.", rejected=" green.")
    assert texts(said) == ("The sky is", " blue.", " green.")
    assert said.annotator is said.strength is None


@pytest.mark.parametrize(("chosen", "rejected"), [("4", "5"), (" 4", "5"), ("4", " 5")])
def test_an_empty_line_separates_answers_from_a_prompt_where_nothing_does_on_both_sides_alike(chosen, rejected):
    assert texts(read(prompt="2 + 2?", chosen=chosen, rejected=rejected)) == (
        "2 + 2?",
        f"\n\n{chosen}",
        f"\n\n{rejected}",
    )


def test_annotator_and_score_are_kept():
    said = read(prompt="a ", chosen="b", rejected="c", annotator=17, score=0.5)
    assert (said.annotator, said.strength) == ("17", 0.5)
    assert read(prompt="a ", chosen="b", rejected="c", margin=2).strength == 2.0


def test_equal_answers_prefer_nothing():
    assert read(prompt="a ", chosen="b", rejected="b") is None
    assert read(chosen=ASKED + RIGHT, rejected=ASKED + RIGHT) is None


def test_conversations_are_written_as_dialogues():
    assert texts(read(prompt=ASKED, chosen=RIGHT, rejected=WRONG)) == (PROMPT, " Paris.", " Lyon.")


def test_an_implicit_prompt_is_what_both_conversations_begin_with():
    assert read(chosen=ASKED + RIGHT, rejected=ASKED + WRONG) == read(prompt=ASKED, chosen=RIGHT, rejected=WRONG)


def test_a_prompt_that_is_a_text_is_the_users_message_before_answers_that_are_messages():
    said = read(prompt=ASKED[0]["content"], chosen=RIGHT, rejected=WRONG)
    assert texts(said) == (PROMPT, " Paris.", " Lyon.")


def test_earlier_turns_and_system_messages_are_part_of_the_prompt():
    before = [{"role": "system", "content": "Be short."}, *ASKED, *RIGHT, {"role": "user", "content": "And Spain?"}]
    said = read(prompt=before, chosen=[{"role": "assistant", "content": "Madrid."}], rejected=WRONG)
    assert said.prompt == (
        "\n\nSystem: Be short.\n\nHuman: What is the capital of France?\n\nAssistant: Paris.\n\nHuman: And Spain?"
        "\n\nAssistant:"
    )


def test_what_follows_an_answer_is_part_of_it():
    more = [*RIGHT, {"role": "user", "content": "Sure?"}, {"role": "assistant", "content": "Yes."}]
    assert read(prompt=ASKED, chosen=more, rejected=WRONG).chosen == " Paris.\n\nHuman: Sure?\n\nAssistant: Yes."


def test_an_implicit_prompt_of_texts_ends_where_the_assistant_speaks():
    dialogue = "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Capital of France?\n\nAssistant:"
    said = read(chosen=dialogue + " It is Paris.", rejected=dialogue + " It is Lyon.")
    assert texts(said) == (dialogue, " It is Paris.", " It is Lyon.")


def test_an_implicit_prompt_of_other_texts_ends_at_the_last_white_space_that_they_share():
    assert texts(read(chosen="The sky is blue.", rejected="The sky is bleak.")) == ("The sky is", " blue.", " bleak.")


def test_trl_finds_the_same_implicit_prompt_where_answers_differ_from_their_first_letter():
    extract = pytest.importorskip("trl", reason="the oracle is TRL").extract_prompt
    for row in (
        {"chosen": "The sky is blue.", "rejected": "The sky is green."},
        {"chosen": ASKED + RIGHT, "rejected": ASKED + WRONG},
    ):
        theirs = extract(row)
        assert read(**row) == read(**{key: theirs[key] for key in ("prompt", "chosen", "rejected")})


def test_ultrafeedback_binarized_as_zephyr_has_it():
    question = ASKED[0]["content"]
    said = read(
        prompt=question,
        prompt_id="7f",
        chosen=ASKED + RIGHT,
        rejected=ASKED + WRONG,
        messages=ASKED + RIGHT,
        score_chosen=8.5,
        score_rejected=6.0,
    )
    assert texts(said) == (PROMPT, " Paris.", " Lyon.")
    assert said.strength == 2.5


def completion(response, overall, fine):
    """One of UltraFeedback's, with all the columns that its authors have."""
    return {
        "model": "starchat",
        "principle": "helpfulness",
        "custom_system_prompt": "",
        "response": response,
        "annotations": {"honesty": {"Rating": "4", "Rationale": "r"}},
        "critique": "c",
        "overall_score": overall,
        "fine-grained_score": fine,
    }


def ultrafeedback(*completions):
    return {
        "source": "sharegpt",
        "instruction": "Say hi.",
        "models": ["starchat"] * len(completions),
        "completions": list(completions),
        "correct_answers": ["None"],
        "incorrect_answers": ["None"],
    }


def test_of_several_answers_the_best_is_chosen_and_a_lower_one_rejected():
    said = read(**ultrafeedback(completion("hi", 10, 4.0), completion("ho", 1, 4.5), completion("", 9, 5.0)))
    assert texts(said) == ("Say hi.", "\n\nho", "\n\nhi")  # by the mean over aspects; no text, no answer
    assert said.strength == 0.5


def test_the_lower_answer_is_drawn_and_every_lower_one_can_be():
    answers = [completion(f"answer {number}", 1, 1.0 + number) for number in range(4)]
    drawn = {read(**{**ultrafeedback(*answers), "instruction": f"prompt {n}"}).rejected for n in range(40)}
    assert drawn == {f"\n\nanswer {number}" for number in range(3)}
    assert read(**ultrafeedback(*answers)) == read(**ultrafeedback(*answers))


def test_columns_of_lists_are_answers_too():
    answers = {"response": ["hi", "ho"], "overall_score": ["7", "N/A"]}
    assert read(prompt="p ", completions=answers) is None  # one has a score
    answers["overall_score"][1] = "8"
    assert read(prompt="p ", completions=answers).chosen == "ho"


def test_answers_that_are_equally_good_prefer_nothing():
    assert read(**ultrafeedback(completion("hi", 7, 4.0), completion("ho", 7, 4.0))) is None


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"prompt": "a", "choosen": "b", "rejected": "c"}, r"no column 'chosen'; found .*\. Is 'choosen' meant\?"),
        ({"text": "a", "label": 1}, r"no column 'chosen'; found text, label\.\nExpected: prompt, chosen, rejected"),
        ({"completions": []}, "no column 'prompt'"),
        ({"prompt": "a", "chosen": None, "rejected": "c"}, "column 'chosen': is empty"),
        ({"prompt": "a", "chosen": RIGHT, "rejected": "c"}, "column 'rejected': expected a list of messages, as the"),
        ({"prompt": "a", "chosen": "b", "rejected": RIGHT}, "column 'chosen': expected a list of messages, as the"),
        ({"prompt": "a", "chosen": 3, "rejected": "c"}, "column 'chosen': expected a text, found 3"),
        ({"prompt": ASKED, "chosen": [], "rejected": WRONG}, "column 'chosen': expected a list of messages"),
        (
            {"prompt": ASKED + RIGHT, "chosen": RIGHT, "rejected": WRONG},
            "column 'prompt': the last message of a prompt",
        ),
        (
            {"prompt": ASKED, "chosen": ASKED, "rejected": ASKED + WRONG},
            "'chosen': has the messages of the prompt and no answer",
        ),
        ({"chosen": RIGHT, "rejected": WRONG}, "no prompt, and chosen and rejected do not begin with the same"),
        (
            {"prompt": "Spain?", "chosen": ASKED + RIGHT, "rejected": ASKED + WRONG},
            "the prompt is not among the messages",
        ),
        (
            {"prompt": [{"from": "human", "value": "hi"}], "chosen": RIGHT, "rejected": WRONG},
            "column 'prompt', message 0: 'role' is missing; found from, value",
        ),
        (
            {"prompt": ASKED, "chosen": [{"role": "asistant", "content": "x"}], "rejected": WRONG},
            r"column 'chosen', message 0: unknown role 'asistant'\. Did you mean 'assistant'",
        ),
        (
            {"prompt": ASKED, "chosen": [{"role": "assistant", "content": ["x"]}], "rejected": WRONG},
            "message 0: content is no text",
        ),
        ({"prompt": "a ", "chosen": "b", "rejected": "c", "annotator": None}, "column 'annotator': expected a name"),
        ({"prompt": "a ", "chosen": "b", "rejected": "c", "score": "high"}, "column 'score': expected a number"),
        (
            {"prompt": "a ", "completions": [{"respons": "x", "rating": 1}]},
            r"column 'completions', answer 0: none of response, .* Is 'respons' meant\?",
        ),
    ],
)
def test_what_cannot_be_read_is_named_with_row_and_column(row, message):
    with pytest.raises(UserError, match=message) as raised:
        read(**row)
    assert str(raised.value).startswith("my.jsonl, line 1")


def write(path, rows):
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


def test_pairs_have_the_numbers_of_their_rows_and_the_prompt_as_group(tmp_path):
    rows = [{"prompt": f"p{n // 2} ", "chosen": "a", "rejected": "a" if n == 1 else "b"} for n in range(4)]
    found = preferences(write(tmp_path / "my.jsonl", rows))
    assert [(pair.id, pair.group) for pair in found.dataset.pairs] == [("0", "p0 "), ("2", "p1 "), ("3", "p1 ")]
    assert found.left_out == 1
    assert found.annotators == found.strengths == ()
    assert found.dataset.name == "my.jsonl"


def test_pairs_without_a_prompt_are_grouped_by_their_answers_in_either_order(tmp_path):
    rows = [{"prompt": "", "chosen": "a", "rejected": "b"}, {"prompt": "", "chosen": "b", "rejected": "a"}]
    first, second = preferences(write(tmp_path / "my.jsonl", rows)).dataset.pairs
    assert first.group == second.group != ""


def test_annotators_stand_beside_the_pairs(tmp_path):
    rows = [{"prompt": "p ", "chosen": "a", "rejected": "b", "annotator": who, "score": 1} for who in ("ann", "bob")]
    found = preferences(write(tmp_path / "my.jsonl", rows))
    assert found.annotators == ("ann", "bob")
    assert found.strengths == (1.0, 1.0)


def test_annotators_of_some_rows_only_are_refused(tmp_path):
    row = {"prompt": "p ", "chosen": "a", "rejected": "b"}
    with pytest.raises(UserError, match="line 2: annotators are known of some rows"):
        preferences(write(tmp_path / "my.jsonl", [{**row, "annotator": "ann"}, row]))


def test_a_source_without_any_preference_is_refused(tmp_path):
    with pytest.raises(UserError, match="no preferences; of its 1 rows"):
        preferences(write(tmp_path / "my.jsonl", [{"prompt": "p ", "chosen": "a", "rejected": "a"}]))
