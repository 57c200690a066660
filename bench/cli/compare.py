"""`prefbench compare`: methods beside each other, tuned alike, on the same splits and seeds."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench import paths
from bench.cli.methods import BESIDE
from bench.cli.options import DataDir, Jobs, ProfileName, Retry, RunsDir, console
from bench.cli.working import announce, stoppable, to_do, work_off
from bench.errors import UserError, unknown
from bench.files import try_folder
from bench.spec import Profile, Unavailable

if TYPE_CHECKING:
    from rich.console import Console

    from bench.compare.comparison import Comparison
    from bench.methods.method import Slot
    from bench.run.plan import Part
    from bench.testbeds.testbed import Testbed


def compare(
    slot: Annotated[
        str | None, typer.Option("--slot", help="The place of --methods: select, label, reward or policy.")
    ] = None,
    methods: Annotated[
        str, typer.Option("--methods", "--method", help="Names and files, as dpo,ipo,my_file.py:MyMethod.")
    ] = "",
    tasks: Annotated[
        str, typer.Option("--tasks", "--task", help="Testbeds and datasets, as world,my.jsonl.")
    ] = "world",
    select: Annotated[str, typer.Option("--select", help="Selectors. Default: random.")] = "",
    label: Annotated[str, typer.Option("--label", help="Labelers. Default: people.")] = "",
    learn: Annotated[str, typer.Option("--learn", help="Learners, of rewards or of policies. Default: dpo.")] = "",
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="How many, from 0.")] = 5,
    budget: Annotated[str, typer.Option("--budget", help="Labels, as 100,200,400. Default: the task's.")] = "",
    trials: Annotated[int, typer.Option("--trials", min=1, help="Settings that everybody may try; 1: defaults.")] = 6,
    validation: Annotated[int, typer.Option("--validation-seeds", min=1, help="Seeds that a try runs on.")] = 2,
    profile: ProfileName = Profile.EMBEDDED,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write to.")] = Path("reports/compare"),
    jobs: Jobs = None,
    data_dir: DataDir = None,
    runs: RunsDir = None,
    retry: Retry = False,
) -> None:
    """Compare methods, or whole pipelines of them. What has a record is not run again.

    Every pipeline is tuned alike on validation seeds, then run on the seeds that are reported.

    Examples:

      prefbench compare --slot policy --methods dpo,ipo,simpo --tasks world --seeds 10 --budget 100,200,400,800

      prefbench compare --slot reward --methods bt,sparse,my_file.py:MyMethod --tasks personas,ukp_workers

      prefbench compare --select random,pvar --label people,spa --learn dpo,simpo --tasks world
    """
    from bench.compare.comparison import Comparison
    from bench.compare.entrants import pipelines, require_runs
    from bench.environment import cores
    from bench.methods.method import Slot
    from bench.testbeds.testbed import LEARNERS

    lists = _lists(slot, methods, select, label, learn)
    found = pipelines(*lists, Slot(slot) if slot in LEARNERS else None)
    if profile not in list(Profile):
        raise unknown("profile", profile, Profile)
    screen = console()
    places = _places(_split(tasks), found[0].learn.slot, Profile(profile), paths.data_dir(data_dir), screen)
    for place in places:
        require_runs(found, place)
    comparison = Comparison(
        found,
        tuple(places),
        Profile(profile),
        tuple(range(seeds)),
        _budgets(budget),
        trials,
        validation,
        paths.data_dir(data_dir),
        paths.runs_dir(runs),
    )
    _require_folder(out)
    workers = jobs or cores()
    for name, parts in (("tuning", comparison.tuning), ("comparison", comparison.parts)):
        _worked_off(name, parts(), comparison, workers, retry, screen)
    if failed := _report(comparison, out, screen):
        screen.print(f"{failed} runs failed, see above and the page; --retry tries again.")
        raise SystemExit(1)


def _places(names: list[str], learner: Slot, profile: Profile, data_dir: Path | None, screen: Console) -> list[Testbed]:
    """Those that run on this machine, and a line on each that does not. Raises UserError where none is left."""
    from bench.testbeds.registry import testbed

    here = []
    for place in (testbed(name, learner) for name in names):
        try:
            place.source.fingerprints(place.settings(profile), data_dir)
        except Unavailable as reason:
            screen.print(f"not run here: {place.name}: {reason}", markup=False)
        else:
            here.append(place)
    named = [place.name for place in here]
    if twice := next((name for name in named if named.count(name) > 1), None):
        raise UserError(f"--tasks: two are called '{twice}', and records go by the name; rename one of the files")
    if not here:
        raise UserError("--tasks: none is left to run here; `prefbench tasks` lists what there is")
    return here


def _worked_off(name: str, parts: list[Part], comparison: Comparison, jobs: int, retry: bool, screen: Console) -> None:
    """Run what is missing of one stage of the comparison."""
    stored = comparison.store.read()
    work = [(part, to_do(part, stored, retry)) for part in parts]
    if not any(tasks for _, tasks in work):
        return
    screen.print(f"[bold]{name}[/bold]")
    announce(work, stored, jobs, screen)
    comparison.store.prepare()
    with stoppable(screen):
        work_off(work, comparison.store, comparison.data_dir, jobs, screen)


def _require_folder(out: Path) -> None:
    """Raises UserError, before hours of work, where `out` cannot be written."""
    try:
        try_folder(out)
    except OSError as error:
        raise UserError(f"--out: the folder {out} cannot be written: {error.strerror or error}") from None


def _report(comparison: Comparison, out: Path, screen: Console) -> int:
    """Write and show what was found; the number of runs that failed."""
    from bench.compare.shown import show, write
    from bench.compare.tournament import tournament

    results = comparison.results(" ".join(["prefbench", *sys.argv[1:]]))
    found = tournament(results)
    written = write(results, found, out, comparison.runs)
    show(results, found, screen)
    screen.print(f"\nPage: {written[0].absolute()}", soft_wrap=True)
    return len(results.failures)


def _lists(
    slot: str | None, methods: str, select: str, label: str, learn: str
) -> tuple[list[str], list[str], list[str]]:
    """The lists of the three places; `--slot` and `--methods` are another way to say one of them."""
    from bench.methods.method import Slot

    lists = {"select": _split(select), "label": _split(label), "learn": _split(learn)}
    if slot is not None and slot not in list(Slot):
        raise unknown("slot", slot, Slot, "--slot")
    if slot is not None and not methods:
        raise UserError(f"--slot {slot}: name its methods, as --methods {BESIDE[slot]} (`prefbench methods`)")
    if methods and slot is None:
        raise UserError(f"--methods: say which slot they belong to, with --slot {', '.join(Slot)}")
    if methods and slot is not None:
        place = slot if slot in lists else "learn"
        if lists[place]:
            raise UserError(f"--methods and --{place} name the same place: keep one of them")
        lists[place] = _split(methods)
    return lists["select"], lists["label"], lists["learn"]


def _split(written: str) -> list[str]:
    return [name.strip() for name in written.split(",") if name.strip()]


def _budgets(written: str) -> tuple[int, ...] | None:
    """Ascending; None for the testbeds' own."""
    found = []
    for one in _split(written):
        if not one.isdigit() or int(one) < 1:
            raise UserError(f"--budget: expected numbers of labels, as 100,200,400, got '{one}'")
        found.append(int(one))
    return tuple(sorted(set(found))) or None
