"""Reading joblib files, which are pickles, without running what a pickle can run.

Only what arrays and tensors are made of is resolved. Everything else that a file names is refused before it is looked
up, so a file from a stranger can give wrong numbers and nothing worse.
"""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from typing import IO, Any

import numpy as np
from joblib import numpy_pickle  # type: ignore[import-untyped]

from bench.errors import UserError


class _PlainArray(numpy_pickle.NumpyArrayWrapper):  # type: ignore[misc]
    """An array in a joblib file, of numbers."""

    def read(self, unpickler: Any, ensure_native_byte_order: bool = False) -> Any:
        if self.subclass is not np.ndarray or np.dtype(self.dtype).hasobject:
            raise pickle.UnpicklingError(f"an array of {self.dtype} is not one of numbers")
        return self.read_array(unpickler, ensure_native_byte_order)


def _storage(content: bytes) -> Any:
    """A tensor's storage, which a joblib file has as a file of torch within the file."""
    import torch

    return torch.load(io.BytesIO(content), weights_only=True)


def _rebuild(*arguments: Any) -> Any:
    import torch

    return torch._utils._rebuild_tensor_v2(*arguments)  # type: ignore[no-untyped-call]


_SCALAR = np.float64(0).__reduce__()[0]  # what a pickle makes numpy's numbers by, wherever numpy keeps it
_ALLOWED = {
    ("joblib.numpy_pickle", "NumpyArrayWrapper"): _PlainArray,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "scalar"): _SCALAR,
    ("numpy._core.multiarray", "scalar"): _SCALAR,
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild,
    ("torch.storage", "_load_from_bytes"): _storage,
}


class _PlainUnpickler(numpy_pickle.NumpyUnpickler):  # type: ignore[misc]
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no array or tensor needs")
        return _ALLOWED[module, name]


def read_plain(stream: IO[bytes], name: str) -> Any:
    """What an uncompressed joblib file holds: tuples, lists, dictionaries, texts, numbers, arrays and tensors.

    `name` is the file's, for errors. Raises UserError for anything else, and for a file that is cut short or is none.
    """
    try:
        return _PlainUnpickler(name, stream, ensure_native_byte_order=True).load()
    except (pickle.UnpicklingError, EOFError, ValueError, KeyError, IndexError, AttributeError, TypeError) as error:
        raise UserError(f"{name}: not a joblib file of arrays or tensors ({error})") from error
