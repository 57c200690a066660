"""Reddit TL;DR: Table 1, and what each quirk of the released code is worth."""

from __future__ import annotations

from bench.papers.pal.summaries import SummariesConfig, planned
from bench.spec import Context, Experiment, Outcome, Profile, Task, Variant

_CORRECTED = "own tokens, the whole prompt, own data and draws a seed; sizes and rates are ours"


def _summarised(task: Task, context: Context) -> Outcome:
    """Learn, adapt and test."""
    from bench.papers.pal.summaries_study import summarised

    return summarised(task, context)


def _seconds(task: Task) -> float:
    """Rough, on one core."""
    if task.settings["source"]["name"] == "hub":
        return 3600.0
    return 20.0 if task.condition.get("size") == "large" else 4.0


SUMMARIES = (
    Experiment(
        name="tldr",
        title="Reddit TL;DR",
        shows="Workers who prefer longer or shorter summaries: accuracy for seen and, by comparisons, unseen ones.",
        variants={
            Variant.CORRECTED: _CORRECTED,
            Variant.AS_RELEASED: "as the code reads and adapts: padding, places, the epoch by the test, one split",
        },
        profiles=(Profile.EMBEDDED, Profile.PAPER),
        config=SummariesConfig,
        plan=planned("tldr", 1),
        execute=_summarised,
        batch=lambda task: (str(task.settings["source"]), task.seed),
        seconds=_seconds,
    ),
    Experiment(
        name="quirks",
        title="What the quirks are worth",
        shows="Reddit TL;DR with one quirk of the released code at a time: accuracy less that without it.",
        variants={Variant.CORRECTED: f"{_CORRECTED}; and one quirk at a time"},
        profiles=(Profile.EMBEDDED,),
        config=SummariesConfig,
        plan=planned("quirks", 1),
        execute=_summarised,
        batch=lambda task: (str(task.settings["source"]), task.seed),
        seconds=_seconds,
    ),
)
