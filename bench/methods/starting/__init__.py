"""Starting files: one a slot, which already is a method, for its author to change."""

from __future__ import annotations

import keyword
from pathlib import Path
from string import Template

from bench.errors import UserError
from bench.methods.method import Slot


def write(name: str, slot: Slot, folder: Path) -> tuple[Path, str]:
    """Write `name`.py into `folder`; its path, and the name of the class in it.

    Raises UserError for a name that no module can have, and a file that is there already.
    """
    if not name.isidentifier() or keyword.iskeyword(name):
        near = "".join(character if character.isalnum() else "_" for character in name.removesuffix(".py")).strip("_")
        hint = f"; '{near}' can" if near.isidentifier() and not keyword.iskeyword(near) else ""
        raise UserError(f"'{name}' cannot be the name of a Python file that is imported{hint}")
    kind = "".join(word[:1].upper() + word[1:] for word in name.split("_"))
    path = folder / f"{name}.py"
    text = Template((Path(__file__).parent / f"{slot}.py.txt").read_text()).substitute(Class=kind)
    try:
        with path.open("x") as file:
            file.write(text)
    except FileExistsError:
        raise UserError(f"{path} is there already, and nothing was written; choose another name") from None
    return path, kind
