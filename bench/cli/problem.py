"""`prefbench problem`: one synthetic problem as a file, for any tool that reads NumPy archives."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.errors import UserError, unknown


def problem(
    paper: Annotated[str, typer.Argument(metavar="PAPER", help="A paper with synthetic problems: sparse.")],
    out: Annotated[Path, typer.Option("--out", help="Where to write, e.g. p.npz. Never overwritten.")],
    n: Annotated[int, typer.Option("--n", help="Comparisons.")] = 100,
    d: Annotated[int, typer.Option("--d", help="Features.")] = 100,
    k: Annotated[int, typer.Option("--k", help="Non-zero entries of theta.")] = 5,
    sigma: Annotated[float, typer.Option("--sigma", help="Noise scale.")] = 0.1,
    seed: Annotated[int, typer.Option("--seed", help="Seed; s gives the authors' problem s.")] = 0,
) -> None:
    """Write one synthetic problem: differences (n, d), labels (n,) in {-1, +1}, theta (d,).

    A label is +1 where the first item of a pair was preferred: P(label = +1) = sigmoid(<theta, difference> / sigma).

    Example: prefbench problem sparse --n 100 --d 100 --k 5 --sigma 0.1 --seed 0 --out p.npz
    """
    import io

    import numpy as np

    from bench.data.synthetic import linear_problem
    from bench.files import commit

    if paper != "sparse":
        raise unknown("paper with synthetic problems", paper, ["sparse"])
    if seed < 0:
        raise UserError(f"--seed must be at least 0, got {seed}; the nearest valid value is 0")
    drawn = linear_problem(n, d, k, sigma, seed)
    buffer = io.BytesIO()
    np.savez(buffer, differences=drawn.differences, labels=drawn.labels, theta=drawn.theta)
    try:
        written = commit(out, buffer.getvalue())
    except OSError as error:
        raise UserError(f"--out {out}: cannot be written: {error.strerror or error}") from None
    if not written:
        raise UserError(f"--out {out}: is there already, and is not overwritten; name another file")
    typer.echo(f"{out}: differences {drawn.differences.shape}, labels {drawn.labels.shape}, theta {drawn.theta.shape}")
