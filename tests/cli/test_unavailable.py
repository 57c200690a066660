"""What is not run here says what to do, word for word."""

import io

from rich.console import Console

from bench import papers
from bench.cli.working import announce
from bench.run.plan import Part
from bench.run.store import Stored
from bench.spec import Variant


def test_square_brackets_of_a_command_are_printed():
    part = Part(papers.load("sparse").experiments[0], Variant.CORRECTED, (), "run `pip install 'prefbench[generate]'`")
    out = io.StringIO()
    announce([(part, [])], Stored({}, {}), 1, Console(file=out, width=200))
    assert "pip install 'prefbench[generate]'" in out.getvalue()
