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
    from rich.console import Console

    from bench.methods.method import Method, Slot
    from bench.methods.sources import Broken
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
REWARDED = "reads the reward model at hand"
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

    screen, rewarded = console(), False
    for one in [_slot(slot)] if slot else map(_slot, SLOTS):
        screen.print(f"[bold]{one}[/bold]: {WORDS[one]}")
        table = Table.grid(padding=(0, 2))
        for each in listed(one):
            tuned = f"tuned: {', '.join(each.space)}" if each.space else ""
            beside = "; ".join(filter(None, [each.source, tuned, REWARDED if each.reads_rewards else ""]))
            table.add_row(Text(each.name), Text.assemble(each.line, "\n", (beside or "nothing is tuned", "dim")))
            rewarded = rewarded or each.reads_rewards
        screen.print(table)
        screen.print()
    _print_broken(screen, broken() if slot is None else [])
    if rewarded:
        screen.print("The reward model at hand learnt from other labels, which no comparison counts.")
    screen.print("Learning rates of policies are tuned besides. A method of your own: prefbench new method my_dpo")


def _print_broken(screen: Console, found: list[Broken]) -> None:
    from rich.text import Text

    for one in found:  # what packages say is no markup
        screen.print(Text.assemble(("broken", "yellow"), f" {one.name} of {one.package}: {one.reason}\n"))


def tasks(profile: ProfileName = Profile.EMBEDDED, data_dir: DataDir = None) -> None:
    """List the tasks on which methods are compared, and which of them run here.

    Example: prefbench tasks --data-dir ~/preference-data
    """
    from rich.table import Table
    from rich.text import Text

    from bench.testbeds.registry import broken, testbeds

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
        notes += dict.fromkeys(f"at hand: {place.at_hand}" for place in places if place.at_hand)
        lack = _lack(places, scale, data)
        said = Text.assemble(places[0].line, *((f"\n{note}", "dim") for note in notes))
        budgets = places[0].budgets
        table.add_row(
            Text(name),
            Text.assemble(said, f"\nnot here: {lack}") if lack else said,
            f"{budgets[0]:,}-{budgets[-1]:,}",
            "no" if lack else "yes",
        )
    screen.print(table)
    screen.print()
    _print_broken(screen, broken())
    screen.print("A file of your own pairs is a task, too: prefbench compare --tasks my_pairs.jsonl")


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
    from rich.text import Text

    from bench.methods.starting import write

    place = _slot(str(slot))
    path, kind = write(name, place, Path())
    screen = console()
    screen.print(Text.assemble((str(path), "bold"), f" has the class {kind}, a method that already runs. Next:\n"))
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
    screen.print(Text.assemble((reference, "bold"), f", a method of the slot {found.slot}: {found.line}\n"))
    failed = 0
    for one in verdicts(found):
        mark, style = {True: ("ok", "green"), False: ("failed", "red"), None: ("not made", "yellow")}[one.ok]
        why = f" ({one.why})" if one.ok is None else ""
        screen.print(Text.assemble("  ", (f"{mark:<8}", style), f"  {one.check}{why}"))
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
        for unusable in registry.broken():
            if unusable.name == reference:
                raise UserError(f"'{reference}' of {unusable.package} cannot be used: {unusable.reason}")
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
        except UserError as error:  # what a package brings cannot be read
            return str(error).splitlines()[0]
    return ""
