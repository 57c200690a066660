"""People who judged texts: made of personas, real ones, and groups who want opposite things."""

from __future__ import annotations

from collections.abc import Sequence

from bench.papers.pal.experiments.crowds import of_crowds
from bench.spec import Context, Progress, Task, canonical


def _prepare(tasks: Sequence[Task], context: Context, progress: Progress | None) -> None:
    """Embed the texts of every crowd of `tasks` once, into the cache."""
    from bench.domains.crowds.making import prepare

    for settings in {canonical(task.settings["crowd"]): task.settings["crowd"] for task in tasks}.values():
        prepare(settings, context, progress)


PEOPLE = (
    of_crowds(
        "personas",
        "Anthropic's personas",
        "People made of four personas: accuracy by the number of prototypes K, for seen and unseen people.",
        seconds=1.0,
        prepare=_prepare,
    ),
    of_crowds(
        "people",
        "Real people",
        "Workers who judged arguments, and raters of jokes: accuracy on newcomers by how much they said, and ceilings.",
        seconds=1.0,
        prepare=_prepare,
    ),
    of_crowds(
        "groups",
        "Groups who want different things",
        "Two opposed groups and four domains: all reward models, and whether the groups are found again.",
        seconds=1.0,
        prepare=_prepare,
    ),
)
