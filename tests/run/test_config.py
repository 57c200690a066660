"""Settings come from the paper's YAML, its profile's overrides and the user's file; what is wrong is named."""

from dataclasses import replace

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


def common(paper, text):
    """The paper's file of what its experiments share."""
    (paper.folder / "configs" / "common.yaml").write_text(text)


def test_an_experiments_file_wins_over_what_its_paper_has_in_common(paper, tmp_path):
    common(paper, "seeds: {corrected: 5, as_published: 1}\nn: [9]\n")
    (paper.folder / "configs" / "squares.yaml").write_text("seeds: {corrected: 2}\n")
    both = replace(paper.experiments[0], variants=dict.fromkeys(Variant, ""))
    loaded = config.load(paper, both, Profile.EMBEDDED)
    assert loaded.n == [9]
    assert loaded.seeds == {Variant.CORRECTED: 2, Variant.AS_PUBLISHED: 1}  # mapping by mapping
    own = tmp_path / "own.yaml"
    own.write_text("n: [7]\n")
    (paper.folder / "configs" / "squares.yaml").write_text("seeds: {corrected: 2}\nn: [8]\n")
    common(paper, "n: [9]\n")
    assert load(paper).n == [8]
    assert load(paper, own).n == [7]


def test_an_experiments_file_wins_over_the_common_files_profile(paper):
    common(paper, "n: [9]\nprofiles: {embedded: {n: [6], seeds: {corrected: 4}}}\n")
    assert load(paper).n == [1, 2, 3]
    (paper.folder / "configs" / "squares.yaml").write_text("{}\n")
    assert load(paper).n == [6]
    assert load(paper).seeds == {Variant.CORRECTED: 4}


def test_an_experiment_may_share_nothing_with_the_others(paper):
    common(paper, "n: [9]\nunknown_to_it: 1\n")
    path = paper.folder / "configs" / "squares.yaml"
    with pytest.raises(UserError, match="unknown_to_it"):
        load(paper)
    path.write_text("common: false\n" + path.read_text())
    assert load(paper).n == [1, 2, 3]


def test_an_error_of_the_common_file_names_it(paper):
    common(paper, "profiles: {papr: {n: [1]}}\n")
    with pytest.raises(UserError, match=r"common\.yaml: profiles.*papr"):
        load(paper)
    common(paper, "n: [1, 2\n")
    with pytest.raises(UserError, match=r"common\.yaml:2.*not valid YAML"):
        load(paper)


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
