import gzip
import hashlib
from pathlib import Path

import pytest

from bench.data.datafile import DataFile, read_rows
from bench.errors import UserError


def data_file(folder: Path, content: bytes) -> DataFile:
    (folder / "rows.jsonl.gz").write_bytes(content)
    return DataFile("rows.jsonl.gz", hashlib.sha256(content).hexdigest(), ("prompt", "chosen"), rows=2)


def test_reads_every_row(tmp_path: Path) -> None:
    file = data_file(tmp_path, gzip.compress(b'{"prompt":"p","chosen":"c"}\n{"prompt":"q","chosen":"d","extra":1}\n'))
    assert [row["prompt"] for row in read_rows(tmp_path, file, "get it")] == ["p", "q"]


def test_a_missing_file_says_where_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"missing data file .*rows\.jsonl\.gz\nfrom the archive"):
        read_rows(tmp_path, DataFile("rows.jsonl.gz", "0" * 64, (), 0), "from the archive")


def test_a_changed_file_names_both_hashes(tmp_path: Path) -> None:
    file = data_file(tmp_path, gzip.compress(b"{}\n"))
    changed = b"something else"
    (tmp_path / "rows.jsonl.gz").write_bytes(changed)
    with pytest.raises(UserError) as caught:
        read_rows(tmp_path, file, "get it")
    assert file.sha256 in str(caught.value)
    assert hashlib.sha256(changed).hexdigest() in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (gzip.compress(b'{"prompt":"p","chosen":"c"}\n' * 5_000)[:-40], "unreadable after line"),
        (b"not gzip at all", "unreadable after line 0"),
        (gzip.compress(b'{"prompt":"p","chosen":"c"}\n{"prompt":\n'), "line 2: not valid JSON"),
        (gzip.compress(b"[1, 2]\n"), "line 1: expected a JSON object"),
        (gzip.compress(b'{"prompt":"p"}\n'), "line 1: field 'chosen' is missing; found prompt"),
        (gzip.compress(b'{"prompt":"\xff"}\n'), "unreadable after line 0"),
    ],
    ids=["truncated", "not gzip", "malformed", "no object", "missing field", "not UTF-8"],
)
def test_a_damaged_file_is_named_with_its_line(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        read_rows(tmp_path, data_file(tmp_path, content), "get it")
    assert "rows.jsonl.gz" in str(caught.value)
