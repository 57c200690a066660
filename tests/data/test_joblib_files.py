from __future__ import annotations

import io
import os
import pickle
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
import torch

from bench.data.joblib_files import read_plain
from bench.errors import UserError


def dumped(value: Any) -> io.BytesIO:
    stream = io.BytesIO()
    joblib.dump(value, stream)
    stream.seek(0)
    return stream


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_arrays_and_tensors_come_back(dtype: str) -> None:
    array = np.random.default_rng(0).normal(size=(3, 5)).astype(dtype)
    found = read_plain(
        dumped({"array": array, "tensor": torch.from_numpy(array), "view": torch.from_numpy(array).T}), "f"
    )
    assert (found["array"] == array).all()
    assert found["array"].dtype == array.dtype
    assert (found["tensor"].numpy() == array).all()
    assert (found["view"].numpy() == array.T).all()


def test_nested_plain_values_come_back() -> None:
    value = ((("user 7", [1, 2.5, None]), -1), 77, np.int64(3), np.float32(0.5))
    assert read_plain(dumped(value), "f") == value


class _Runs:
    """What a hostile file would hold: unpickling it calls a function."""

    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return self.call[0], self.call[1:]


@pytest.mark.parametrize("function", [os.system, eval, print])
def test_functions_are_refused_and_not_called(function: Any, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UserError, match=r"sample\.joblib: not a joblib file of arrays or tensors \(it asks for"):
        read_plain(dumped((_Runs(function, "echo hostile"), np.ones(3))), "sample.joblib")
    assert "hostile" not in capfd.readouterr().out


def test_arrays_of_objects_are_refused(tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    hidden = np.array([_Runs(os.mkdir, str(touched))], dtype=object)
    with pytest.raises(UserError, match="not one of numbers"):
        read_plain(dumped(hidden), "f")
    assert not touched.exists()


def test_functions_in_a_tensors_storage_are_refused(tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    inner = io.BytesIO()
    torch.save(_Runs(os.mkdir, str(touched)), inner)
    with pytest.raises(UserError, match="not a joblib file"):
        read_plain(dumped(_Runs(torch.storage._load_from_bytes, inner.getvalue())), "f")
    assert not touched.exists()


@pytest.mark.parametrize("content", [b"", b"not a pickle", pickle.dumps([1, 2, 3])[:-2]])
def test_files_that_are_none_are_refused(content: bytes) -> None:
    with pytest.raises(UserError, match="f: not a joblib file"):
        read_plain(io.BytesIO(content), "f")
