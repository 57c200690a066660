"""Picks of images as crowds: made ones, and the published embeddings, from samples in their authors' form."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
import torch
from sklearn.metrics.pairwise import cosine_similarity

from bench.data import pickapic
from bench.data.pickafilter import COOL, WARM
from bench.domains.crowds import making
from bench.domains.crowds.crowd import PARTS, Crowd
from bench.domains.crowds.settings import EmbeddingWorldSettings, PickapicSettings, written
from bench.errors import UserError
from bench.spec import Context, Unavailable

MADE = EmbeddingWorldSettings(
    name="embedding_world", people=20, dimension=6, train=10, test=5, unseen=0.25, adapt=4, beta=None
)
PUBLISHED = PickapicSettings(
    name="pickapic",
    version="v2",
    archive="pickapic/all.zip",
    train="pickapic/train.pt",
    test="pickapic/test.pt",
    unseen=0.3,
    adapt=3,
)
USERS, DIMENSION = 6, 8
TRAIN = tuple(range(1, 61))  # none of them is in the test of v2


def made(tmp_path: Path, seed: int = 0, **changes: Any) -> Crowd:
    settings = written(MADE.model_copy(update=changes))
    return making.crowd(settings, seed, Context(None, tmp_path, tmp_path))


def test_a_made_crowd_is_as_large_as_its_settings_say(tmp_path):
    crowd = made(tmp_path)
    assert len(crowd.train) == 15 * 9  # a tenth is held out
    assert len(crowd.validation) == 15
    assert len(crowd.test) == 15 * 5
    assert len(crowd.pool) == 5 * 4
    assert len(crowd.unseen_test) == 5 * 5
    assert crowd.groups == {}
    seen, unseen = set(crowd.train.comparisons.people), set(crowd.pool.comparisons.people)
    assert seen == set(crowd.test.comparisons.people)
    assert not seen & unseen


def test_same_settings_and_seed_make_the_same_crowd(tmp_path):
    for part in ("train", "test", "pool"):
        one, same, other = (getattr(made(tmp_path, seed, beta=0.5), part) for seed in (1, 1, 2))
        assert one.fingerprint == same.fingerprint != other.fingerprint


@pytest.mark.parametrize(("beta", "share"), [(0.0, 0.0), (0.4, 0.4), (1.0, 1.0)])
def test_a_filter_moves_one_image_of_a_share_beta_and_no_label(tmp_path, beta, share):
    plain, filtered = made(tmp_path, beta=0.0), made(tmp_path, beta=beta)
    assert set(filtered.groups.values()) == {COOL, WARM}
    assert plain.groups == filtered.groups
    moved = []
    for part in PARTS:
        before, after = getattr(plain, part), getattr(filtered, part)
        assert before.rankings == after.rankings
        assert (before.comparisons.labels == after.comparisons.labels).all()
        moved.append((before.items != after.items).any(axis=2))
    images = np.concatenate(moved).sum(axis=1)
    assert set(images) <= {0, 1}
    assert images.mean() == pytest.approx(share, abs=0.06)  # exact over all comparisons, some of which are in no part


def test_items_that_know_their_prompt_have_its_cosine(tmp_path):
    crowd = made(tmp_path)
    for same in (crowd.with_prompted_items(), crowd.described()):
        for part in ("train", "unseen_test"):
            before, after = getattr(crowd, part), getattr(same, part)
            assert (after.items[:, :, :-1] == before.items).all()
            expected = [
                cosine_similarity(two, prompt[None])[:, 0]
                for two, prompt in zip(before.items, before.prompts, strict=True)
            ]
            assert after.items[:, :, -1] == pytest.approx(np.array(expected), abs=1e-6)


def sample(ranking: int) -> Any:
    """A pick as the authors store it: ((user, prompt, (left, right)), y), ranking."""
    prompt, left, right = torch.from_numpy(np.random.default_rng(ranking).normal(size=(3, DIMENSION)).astype("f4"))
    return ((str(ranking % USERS), prompt, (left, right)), 1 - 2 * (ranking % 2)), ranking


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with an archive of picks: of v2's test the first 12 leaked, 12 clean and 12 that v1 has."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "pickapic").mkdir()
    parts = pickapic.leakage()
    in_v1 = sorted(set(parts["non_leaked"]) - set(parts["clean"]))
    test = [*parts["leaked"][:12], *parts["clean"][:12], *in_v1[:12]]
    torch.save(list(TRAIN), folder / "pickapic" / "train.pt")
    torch.save(test, folder / "pickapic" / "test.pt")
    with zipfile.ZipFile(folder / PUBLISHED.archive, "w") as archive:
        for ranking in (*TRAIN, *test, 100):
            joblib.dump(sample(ranking), folder / "one.joblib")
            archive.write(folder / "one.joblib", f"embeddings/{ranking}.joblib")
    return folder


def crowd_of(data_dir: Path | None, cache: Path, **changes: Any) -> Crowd:
    settings = written(PUBLISHED.model_copy(update=changes))
    return making.crowd(settings, 0, Context(data_dir, cache, cache))


def test_published_picks_are_divided_by_the_lists_and_by_people(published, tmp_path):
    crowd = crowd_of(published, tmp_path)
    later = set(crowd.pool.comparisons.people)
    assert len(later) == 2
    assert not later & set(crowd.train.comparisons.people)
    assert {*crowd.train.rankings, *crowd.validation.rankings, *crowd.pool.rankings} <= set(TRAIN)
    assert len(crowd.train) + len(crowd.validation) == 40
    assert len(crowd.pool) == 2 * 3
    assert len(crowd.test) + len(crowd.unseen_test) == 36
    assert 100 not in {*crowd.train.rankings, *crowd.test.rankings}
    ranking = crowd.test.rankings[0]
    (_, prompt, (left, right)), picked = sample(ranking)[0]
    assert (crowd.test.prompts[0] == prompt.numpy()).all()
    assert (crowd.test.items[0] == np.array([left.numpy(), right.numpy()])).all()
    assert crowd.test.comparisons.labels[0] == -picked


def test_the_leakage_sets_are_told_apart_in_v2_alone(published, tmp_path):
    crowd = crowd_of(published, tmp_path)
    in_test = {name: {*np.array(crowd.test.rankings)[crowd.of_subset(name)]} for name in crowd.subsets}
    assert set(in_test) == {"leaked", "non_leaked", "clean"}
    assert in_test["clean"] < in_test["non_leaked"]
    assert in_test["leaked"] | in_test["non_leaked"] == set(crowd.test.rankings)
    assert not in_test["leaked"] & in_test["non_leaked"]
    assert crowd_of(published, tmp_path, version="v1").subsets == {}


def test_without_a_list_the_test_of_v2_is_that_of_its_leakage_sets(published, tmp_path, monkeypatch):
    known = pickapic.leakage()
    few = {"leaked": known["leaked"][:12], "non_leaked": known["clean"][:12], "clean": known["clean"][:12]}
    monkeypatch.setattr(pickapic, "leakage", lambda: few)
    crowd = crowd_of(published, tmp_path, test=None)
    assert {*crowd.test.rankings, *crowd.unseen_test.rankings} <= {*few["leaked"], *few["clean"]}
    assert len(crowd.test) + len(crowd.unseen_test) == 24


def test_an_archive_is_read_once(published, tmp_path, monkeypatch):
    first = crowd_of(published, tmp_path)
    monkeypatch.setattr(pickapic, "load", lambda *_: pytest.fail("read again"))
    assert crowd_of(published, tmp_path).train.fingerprint == first.train.fingerprint


def test_the_fingerprint_follows_what_is_in_the_archive(published, tmp_path):
    copy = tmp_path / "pickapic"
    copy.mkdir()
    for file in (published / "pickapic").iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    assert PUBLISHED.fingerprints(tmp_path) == PUBLISHED.fingerprints(published)
    joblib.dump(sample(77), tmp_path / "one.joblib")
    with zipfile.ZipFile(copy / "all.zip", "a") as archive:
        archive.write(tmp_path / "one.joblib", "embeddings/101.joblib")
    before, after = PUBLISHED.fingerprints(published), PUBLISHED.fingerprints(tmp_path)
    assert before["archive"] != after["archive"]
    assert before["train"] == after["train"]


def test_missing_files_are_named_with_how_to_get_them(tmp_path):
    with pytest.raises(Unavailable, match=r"needs a data directory with pickapic/all\.zip.*ramya-ml/pickapic-embeds"):
        PUBLISHED.fingerprints(None)
    (tmp_path / "pickapic").mkdir()
    (tmp_path / "pickapic" / "all.zip").touch()
    with pytest.raises(Unavailable, match=r"has no pickapic/train\.pt, pickapic/test\.pt"):
        PUBLISHED.fingerprints(tmp_path)
    with pytest.raises(Unavailable, match="ramya-ml/pick-a-filter-embeds"):
        PUBLISHED.model_copy(update={"beta": 0.4}).fingerprints(tmp_path)


def test_a_file_that_is_no_archive_and_lists_that_overlap_are_refused(published, tmp_path):
    with pytest.raises(UserError, match="not a zip archive"):
        crowd_of(published, tmp_path, archive="one.joblib")
    with pytest.raises(UserError, match="60 of its rankings are in the test, such as 1"):
        crowd_of(published, tmp_path, test="pickapic/train.pt")


def test_v1_needs_a_list_for_its_test():
    with pytest.raises(ValueError, match="only v2 has a test set that is known here"):
        PickapicSettings.model_validate({**written(PUBLISHED), "version": "v1", "test": None})
