"""How shared work is shown."""

from __future__ import annotations

import io

from rich.console import Console

from bench.run.progress import counting


def test_another_piece_of_work_is_counted_by_itself():
    out = io.StringIO()
    with counting("texts", Console(file=out, width=200)) as show:
        for total in (3, 2):
            for done in range(1, total + 1):
                show(done, total)
    shown = out.getvalue()
    assert "texts: 3/3" in shown
    assert "texts: 2/2" in shown
    assert "2/3" not in shown.split("texts: 3/3")[1]
