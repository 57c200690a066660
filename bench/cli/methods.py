"""`prefbench methods`, `tasks`, `new method` and `check`: what can be compared, and what of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench import paths
from bench.cli.options import DataDir, ProfileName, console
from bench.errors import UserError, unknown
from bench.spec import Profile, Unavailable

if TYPE_CHECKING:
    from bench.methods.method import Method, Slot
    from bench.testbeds.testbed import Testbed

new = typer.Typer(no_args_is_help=True, help="Write a starting file.")

SLOTS = ("select", "label", "reward", "policy")
SlotName = Annotated[
    str | None,
    typer.Option(
        "--slot", help="The place of a method: select, label, reward or policy.", autocompletion=lambda: SLOTS
    ),
]
BESIDE = {"select": "random,pvar", "label": "people,spa", "reward": "bt,sparse", "policy": "dpo,ipo"}  # to compare with
ELSEWHERE = {"reward": " --tasks ideal_points"}  # where it takes seconds; the world is the task where none is named
WORDS = {
    "select": "for which prompts labels are bought",
    "label": "who says which response is better, where no label was bought",
    "reward": "reward models of comparisons in features",
    "policy": "what a policy is trained for",
}


def methods(slot: SlotName = None) -> None:
    """List the methods that can be compared.

    Example: prefbench methods --slot policy
    """
    from rich.table import Table
    from rich.text import Text

    from bench.methods.registry import broken
    from bench.methods.registry import methods as listed

    screen = console()
    for one in [_slot(slot)] if slot else map(_slot, SLOTS):
        found = listed(one)
        screen.print(f"[bold]{one}[/bold]: {WORDS[one]}")
        table = Table.grid(padding=(0, 2))
        for each in found:
            tuned = f"tuned: {', '.join(each.space)}" if each.space else ""
            table.add_row(each.name, "\n".join([each.line, f"[dim]{_joined(each.source, tuned)}[/dim]"]))
        screen.print(table)
        screen.print()
    for unusable in broken() if slot is None else []:
        screen.print(f"[yellow]broken[/yellow] {unusable.name} of {unusable.package}:", Text(unusable.reason), "\n")
    screen.print("Learning rates of policies are tuned besides. A method of your own: prefbench new method my_dpo")


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part) or "nothing is tuned"


def tasks(profile: ProfileName = Profile.EMBEDDED, data_dir: DataDir = None) -> None:
    """List the tasks on which methods are compared, and which of them run here.

    Example: prefbench tasks --data-dir ~/preference-data
    """
    from rich.table import Table

    from bench.testbeds.registry import testbeds

    screen, scale, data = console(), _profile(profile), paths.data_dir(data_dir)
    table = Table("task", "what is learnt; what is measured", "labels", "runs here", box=None, pad_edge=False)
    table.header_style = "bold"
    for column in (0, 2, 3):
        table.columns[column].no_wrap = True
    together: dict[str, list[Testbed]] = {}
    for one in testbeds():
        together.setdefault(one.name, []).append(one)
    for name, places in together.items():
        measures = {slot: measure for place in places for slot, measure in place.measures.items()}
        notes = [f"{slot}: {measure.words}" for slot, measure in measures.items()]
        if any(place.chooses for place in places):
            notes.append("selectors and labelers run, too")
        lack = _lack(places, scale, data)
        budgets = places[0].budgets
        table.add_row(
            name,
            "\n".join(
                [places[0].line, *(f"[dim]{note}[/dim]" for note in notes), *([f"not here: {lack}"] if lack else [])]
            ),
            f"{budgets[0]:,}-{budgets[-1]:,}",
            "no" if lack else "yes",
        )
    screen.print(table)
    screen.print("\nA file of your own pairs is a task, too: prefbench compare --tasks my_pairs.jsonl")


@new.callback()
def _new() -> None:
    """Write a starting file."""


@new.command("method")
def new_method(
    name: Annotated[str, typer.Argument(help="Of the file that is written, as my_dpo.")], slot: SlotName = "policy"
) -> None:
    """Write a commented file with a method that already runs, for you to change.

    Example: prefbench new method my_dpo --slot policy
    """
    from bench.methods.starting import write

    place = _slot(str(slot))
    path, kind = write(name, place, Path())
    screen = console()
    screen.print(f"[bold]{path}[/bold] has the class {kind}, a method that already runs. Next:\n")
    for words, command in (
        ("does it hold to the contract?", f"prefbench check {path}:{kind}"),
        (
            "where does it stand?",
            f"prefbench compare --slot {place} --methods {BESIDE[place]},{path}:{kind}{ELSEWHERE.get(place, '')}",
        ),
        ("what else is there?", f"prefbench methods --slot {place}"),
    ):
        screen.print(f"  {command}", soft_wrap=True, markup=False)
        screen.print(f"      {words}", style="dim")


def check(
    reference: Annotated[str, typer.Argument(metavar="METHOD", help="my_file.py:MyMethod, or a name.")],
    slot: SlotName = None,
) -> None:
    """Check that a method holds to what every method must. Exit code 1 where it does not.

    It runs on a dozen prompts with a tiny language model; that takes seconds.

    Example: prefbench check my_dpo.py:MyDpo
    """
    from rich.padding import Padding
    from rich.text import Text

    from bench.methods.checks import verdicts

    found = _method(reference, slot)

    screen = console()
    screen.print(f"[bold]{reference}[/bold], a method of the slot {found.slot}: {found.line}\n")
    failed = 0
    for one in verdicts(found):
        mark, style = {True: ("ok", "green"), False: ("failed", "red"), None: ("not made", "yellow")}[one.ok]
        screen.print(f"  [{style}]{mark:<8}[/{style}]  {one.check}" + (f" ({one.why})" if one.ok is None else ""))
        if one.ok is False:
            failed += 1
            screen.print(Padding(Text(one.why), (0, 0, 0, 12)))
    if failed:
        screen.print(f"\n{failed} failed")
        raise typer.Exit(1)
    screen.print("\nall hold")


def _method(reference: str, slot: str | None) -> Method:
    """The one that is named, with the slot or without. Raises UserError for a name that several slots have."""
    from bench.methods import registry

    if slot is not None or ".py" in reference:
        return registry.method(reference, _slot(slot)) if slot else registry.from_file(reference)
    found = [one for one in registry.methods() if one.name == reference]
    if len(found) > 1:
        raise UserError(
            f"'{reference}' is in the slots {' and '.join(one.slot for one in found)}: say which with --slot"
        )
    if not found:
        raise unknown("method", reference, {one.name for one in registry.methods()})
    return found[0]


def _slot(name: str) -> Slot:
    from bench.methods.method import Slot

    if name not in SLOTS:
        raise unknown("slot", name, SLOTS, "--slot")
    return Slot(name)


def _profile(name: str) -> Profile:
    if name not in list(Profile):
        raise unknown("profile", name, Profile, "--profile")
    return Profile(name)


def _lack(places: list[Testbed], profile: Profile, data_dir: Path | None) -> str:
    """What keeps the task from running here, in few words; nothing where nothing does."""
    for place in places:
        if profile not in place.at:
            return f"there is none at the profile {profile}"
        try:
            place.source.fingerprints(place.settings(profile), data_dir)
        except Unavailable as reason:
            return str(reason).splitlines()[0].split(": ")[0].removesuffix(".")
    return ""
