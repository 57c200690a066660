"""Arrays are made once, by one of several that want them, and a damaged file is made again."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bench.generate.kept_arrays import grouped, kept_arrays, read, written


class Maker:
    """Counts how often it makes."""

    def __init__(self):
        self.made = 0

    def __call__(self):
        self.made += 1
        return {"rewards": np.arange(6.0).reshape(2, 3)}


def test_what_is_kept_is_not_made_again(tmp_path):
    maker = Maker()
    first, second = (kept_arrays(tmp_path / "deep" / "a.safetensors", maker) for _ in range(2))
    np.testing.assert_array_equal(first["rewards"], second["rewards"])
    assert maker.made == 1


def test_a_damaged_file_is_made_again(tmp_path):
    maker, path = Maker(), tmp_path / "a.safetensors"
    kept_arrays(path, maker)
    path.write_bytes(path.read_bytes()[:-5])
    assert kept_arrays(path, maker)["rewards"].shape == (2, 3)
    assert maker.made == 2


ids = st.lists(st.integers(0, 500), min_size=1, max_size=6).map(lambda row: np.array(row, dtype=np.int32))
rows = st.integers(1, 4).flatmap(lambda k: st.lists(st.lists(ids, min_size=k, max_size=k), min_size=1, max_size=5))


@given(rows)
def test_responses_come_back_as_they_were_written(responses):
    for one, other in zip(read(written(responses)), responses, strict=True):
        for left, right in zip(one, other, strict=True):
            np.testing.assert_array_equal(left, right)


def test_a_group_is_a_prompt_with_its_responses():
    prompt, response = np.array([1, 2], dtype=np.int32), np.array([3], dtype=np.int32)
    (group,) = grouped([prompt], [[response, response]])
    assert group.prompt is prompt
    assert len(group.responses) == 2
