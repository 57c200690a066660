"""`prefbench splits`: which rows belong to which part, by size and hash."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from bench.cli.options import DataDir, console


def _complete_names() -> list[str]:
    from bench.data import people_splits, splits

    return [*splits.names(), *people_splits.names()]


def splits(
    name: Annotated[
        str | None, typer.Argument(help="A split, for its parts and hashes.", autocompletion=_complete_names)
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", help="One of the split's draws. Default: the first it lists.")
    ] = None,
    data_dir: DataDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the fixed splits, or the parts, sizes and hashes of one.

    The rows are computed and held against the committed hashes before anything is printed. A split of people is held
    against the data where they are at hand.

    Examples:

      prefbench splits spa

      prefbench splits jester --seed 3
    """
    from bench.data import people_splits, splits
    from bench.errors import UserError, unknown

    of_rows, of_people = splits.names(), people_splits.names()
    wanted = [*of_rows, *of_people] if name is None else [name]
    if name is not None and name not in (*of_rows, *of_people):
        raise unknown("split", name, (*of_rows, *of_people))
    if name is None and seed is not None:
        raise UserError("--seed needs the name of a split, for example: prefbench splits spa --seed 43")
    shown = [
        _entry(each, seed) if each in of_rows else _people(each, seed, data_dir, check=name is not None)
        for each in wanted
    ]
    if as_json:
        import json

        typer.echo(json.dumps(shown if name is None else shown[0], indent=1))
    elif name is None:
        _list(shown)
    else:
        _show(shown[0])


def _entry(name: str, seed: int | None) -> dict[str, Any]:
    """A split as plain values; its hashes have been checked."""
    from bench.data import splits

    manifest, split = splits.read(name), splits.load(name, seed)
    draws = [int(draw) for draw in manifest.get("seeds", {})]
    return {
        "name": name,
        "dataset": manifest["dataset"],
        "seed": seed if seed is not None else next(iter(draws), None),
        "seeds": draws,
        "parts": {part: {"size": len(ids), "sha256": split.sha256[part]} for part, ids in split.items()},
        "notes": manifest.get("notes", []),
    }


def _people(name: str, seed: int | None, data_dir: Path | None, *, check: bool) -> dict[str, Any]:
    """A split of people as plain values; with `check`, held against the data where they are at hand."""
    from bench.data import people_splits
    from bench.paths import data_dir as folder_of

    manifest, parts = people_splits.read(name), people_splits.parts(name, seed)
    draws = [int(draw) for draw in manifest.get("seeds", {})]
    drawn = seed if seed is not None else next(iter(draws), None)
    notes = [*manifest.get("notes", []), "The parts are people, not rows."]
    folder = folder_of(data_dir)
    if check and drawn is not None and folder is not None:
        people_splits.load(name, people_splits.LOADERS[name](folder), drawn)
        notes.append(f"The people of the data in {folder} have these hashes.")
    elif drawn is not None:
        notes.append("Who they are follows from the data: with --data-dir their hashes are held against these.")
    return {"name": name, "dataset": f"{name}, people", "seed": drawn, "seeds": draws, "parts": parts, "notes": notes}


def _list(shown: list[dict[str, Any]]) -> None:
    from rich.table import Table

    screen = console()
    table = Table("split", "dataset", "parts", "seeds", box=None, pad_edge=False, header_style="bold")
    for entry in shown:
        sizes = ", ".join(f"{part} {one['size']:,}" for part, one in entry["parts"].items())
        table.add_row(entry["name"], entry["dataset"], sizes, ", ".join(map(str, entry["seeds"])) or "fixed")
    screen.print(table)
    screen.print("\n`prefbench splits NAME` shows the hashes of one.")


def _show(entry: dict[str, Any]) -> None:
    from rich.table import Table

    screen = console()
    draw = "fixed" if entry["seed"] is None else f"seed {entry['seed']}"
    screen.print(f"[bold]{entry['name']}[/bold]  of {entry['dataset']}, {draw}")
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("part", no_wrap=True)
    table.add_column("size", no_wrap=True, justify="right")
    table.add_column("sha256 of the ordered ids", overflow="fold")
    for part, one in entry["parts"].items():
        table.add_row(part, f"{one['size']:,}", one["sha256"])
    screen.print(table)
    others = [draw for draw in entry["seeds"] if draw != entry["seed"]]
    if others:
        screen.print(f"\nOther draws: --seed {', '.join(map(str, others))}.")
    for note in entry["notes"]:
        screen.print(f"\n{note}", style="dim")
