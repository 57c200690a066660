"""A built-in method that gives other numbers has another `code`, so that old records of it do not count.

`pinned_defaults.json` has each one's `code` and a hash of its space, fixed arguments and defaults. Where one of these
has changed, raise `code` in the method's row of `bench/methods/catalogue`, and pin it anew:

    python tests/methods/test_pinned_defaults.py
"""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from bench.methods.catalogue import BUILT_IN
from bench.methods.method import Method
from bench.spec import canonical

FILE = Path(__file__).with_name("pinned_defaults.json")
ANEW = "python tests/methods/test_pinned_defaults.py"


def key(method: Method) -> str:
    return f"{method.slot}/{method.name}"


def now(method: Method) -> dict[str, str]:
    """What is pinned of a method. The text of a space, a number or None says all there is of it."""
    parts = {"space": method.space, "fixed": method.fixed, "defaults": method.hyper_parameters()}
    text = canonical({part: {name: repr(value) for name, value in values.items()} for part, values in parts.items()})
    assert " at 0x" not in text, f"{key(method)}: a default has no text that is the same in every process"
    return {"code": method.code, "settings": sha256(text.encode()).hexdigest()}


def complaint(method: Method, pinned: dict[str, dict[str, str]]) -> str:
    """What to do about a method that is not as it is pinned; nothing where it is."""
    before, is_now = pinned.get(key(method)), now(method)
    if before == is_now:
        return ""
    if before is not None and before["code"] == is_now["code"]:
        return (
            f"{key(method)}: space, fixed arguments or defaults have changed, and its code is '{method.code}' still: "
            f"raise `code` in its row of bench/methods/catalogue, then run: {ANEW}"
        )
    return f"{key(method)}: code '{method.code}' is not pinned; run: {ANEW}"


@pytest.mark.parametrize("method", BUILT_IN, ids=key)
def test_its_defaults_are_those_of_its_code(method):
    assert complaint(method, json.loads(FILE.read_text())) == ""


def test_methods_that_are_no_more_are_not_pinned():
    assert set(json.loads(FILE.read_text())) == set(map(key, BUILT_IN))


def test_a_default_that_changes_without_its_code_is_told_to_raise_it():
    dpo = next(one for one in BUILT_IN if one.name == "dpo")
    pinned = {key(dpo): {**now(dpo), "settings": "another"}}
    assert "raise `code`" in complaint(dpo, pinned)
    assert "is not pinned" in complaint(dpo, {key(dpo): {"code": "0", "settings": "another"}})
    assert "is not pinned" in complaint(dpo, {})


def pin() -> None:
    """Write the file anew. A method that has changed with the code that it had keeps its old pin, and is told."""
    pinned = json.loads(FILE.read_text()) if FILE.is_file() else {}
    anew = {}
    for method in BUILT_IN:
        refused = "raise `code`" in (words := complaint(method, pinned))
        anew[key(method)] = pinned[key(method)] if refused else now(method)
        if refused:
            print(words)
    FILE.write_text(json.dumps(anew, indent=1) + "\n")


if __name__ == "__main__":
    pin()
