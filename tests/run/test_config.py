"""Settings come from the paper's YAML, its profile's overrides and the user's file; what is wrong is named."""

import pytest

from bench.errors import UserError
from bench.run import config
from bench.spec import Profile, Variant


def load(paper, own=None, profile=Profile.EMBEDDED):
    return config.load(paper, paper.experiments[0], profile, own)


def test_the_base_is_read(paper):
    loaded = load(paper)
    assert loaded.n == [1, 2, 3]
    assert loaded.seeds == {Variant.CORRECTED: 2}


def test_the_users_file_wins_key_by_key(paper, tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text("n: [7]\n")
    assert load(paper, own).n == [7]
    assert load(paper, own).seeds == {Variant.CORRECTED: 2}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("m: [7]\n", ["own.yaml", "'m'", "Valid: n, seeds"]),
        ("seedz: {corrected: 3}\n", ["own.yaml", "seedz", "Did you mean 'seeds'"]),
        ("seeds: {correctd: 3}\n", ["own.yaml", "correctd"]),
        ("seeds: {as_released: 3}\n", ["own.yaml", "as_released", "corrected"]),
        ("seeds: {corrected: -1}\n", ["own.yaml", "seeds.corrected", "-1"]),
        ("n: many\n", ["own.yaml", "key 'n'", "many"]),
        ("n: [1, 2\n", ["own.yaml:2", "not valid YAML"]),
        ("- 1\n", ["own.yaml", "expected keys and values"]),
        ("profiles: {papr: {n: [1]}}\n", ["own.yaml", "papr", "paper"]),
    ],
)
def test_an_error_names_file_key_and_what_would_be_right(paper, tmp_path, text, words):
    own = tmp_path / "own.yaml"
    own.write_text(text)
    with pytest.raises(UserError) as caught:
        load(paper, own)
    for word in words:
        assert word in str(caught.value)


def test_a_file_that_is_not_there_is_named(paper, tmp_path):
    with pytest.raises(UserError, match=r"gone\.yaml: no such file"):
        load(paper, tmp_path / "gone.yaml")


def test_a_profile_the_experiment_lacks_is_refused(paper):
    with pytest.raises(UserError, match="unknown profile 'paper'"):
        load(paper, profile=Profile.PAPER)
