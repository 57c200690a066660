"""The toy paper of `toy_paper.py`, with its config files."""

from pathlib import Path

import pytest
from toy_paper import experiment, toy_plan, unplannable

from bench.spec import Paper


@pytest.fixture
def paper(tmp_path: Path) -> Paper:
    configs = tmp_path / "toy" / "configs"
    configs.mkdir(parents=True)
    for name in ("squares", "stars"):
        (configs / f"{name}.yaml").write_text("seeds: {corrected: 2}\nn: [1, 2, 3]\nprofiles: {paper: {n: [4]}}\n")
    return Paper(
        name="toy",
        title="Toy",
        authors="A",
        venue="V",
        url="u",
        idea="i",
        slot="learn/reward",
        folder=tmp_path / "toy",
        experiments=(experiment("squares", toy_plan), experiment("stars", unplannable)),
        claims=(),
        derive=lambda series: series.head(0),
        methods={"mle": "m"},
    )
