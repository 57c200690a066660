import hashlib
import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bench.data.fingerprint import sha256_file, sha256_rows


def test_rows_hash_is_the_sha256_of_json_lines() -> None:
    expected = hashlib.sha256(b'["a",1]\n{"x":null,"y":"\\u00e9"}\n').hexdigest()
    assert sha256_rows([["a", 1], {"y": "é", "x": None}]) == expected


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_different_rows_hash_differently(first: list[str], second: list[str]) -> None:
    assert (sha256_rows(first) == sha256_rows(second)) == (first == second)


def test_file_hash_is_read_again_when_the_file_changes(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"one")
    assert sha256_file(path) == hashlib.sha256(b"one").hexdigest()
    path.write_bytes(b"two")  # same size: only the modification time tells
    os.utime(path, ns=(1, 1))
    assert sha256_file(path) == hashlib.sha256(b"two").hexdigest()
