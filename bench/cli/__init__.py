"""The command `prefbench`: words typed to calls of the package. Nothing imports this, and it computes nothing."""

from __future__ import annotations

import sys

import typer

from bench.cli import compare, evaluate, inspection, methods, problem, results, running, splits, world
from bench.errors import UserError

app = typer.Typer(
    name="prefbench",
    help="Benchmark and reproducibility suite for sample-efficient preference learning.\n\n"
    "Reproduce a paper: [bold]prefbench run sparse[/bold], then [bold]prefbench report sparse[/bold].\n\n"
    "Compare methods: [bold]prefbench compare --slot policy --methods dpo,simpo[/bold]. "
    "Yours: [bold]prefbench new method[/bold].",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("list")(inspection.list_papers)
app.command("run")(running.run)
app.command("report")(results.report)
app.command("figures")(results.figures)
app.command("compare")(compare.compare)
app.command("methods")(methods.methods)
app.command("tasks")(methods.tasks)
app.command("check")(methods.check)
app.command("status")(inspection.status)
app.command("export")(results.export)
app.command("problem")(problem.problem)
app.command("splits")(splits.splits)
app.command("doctor")(inspection.doctor)
app.add_typer(methods.new, name="new")
app.add_typer(evaluate.app, name="evaluate")
app.add_typer(world.app, name="world")


def main() -> None:
    """Run the command line: exit code 2 and no traceback for bad input, 130 after Ctrl-C."""
    try:
        app()
    except UserError as error:
        print(f"prefbench: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone (| head): nothing to say, and no one to say it to
        raise SystemExit(0) from None
