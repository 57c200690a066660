"""People with known ideal points."""

from __future__ import annotations

from bench.papers.pal.experiments.crowds import CORRECTED, of_crowds
from bench.papers.pal.recipe import PALConfig, planned
from bench.spec import Context, Experiment, Outcome, Profile, Task


def _pictured(task: Task, context: Context) -> Outcome:
    """Learn, and say where everything lies."""
    from bench.papers.pal.pictured import pictured

    return pictured(task, context)


SYNTHETIC = (
    of_crowds(
        "prototypes",
        "How many prototypes",
        "Known ideal points: accuracy by the number of prototypes K, for seen and unseen people.",
        seconds=1.0,
    ),
    of_crowds(
        "newcomers",
        "People who come later",
        "Known ideal points: accuracy on unseen people by comparisons of theirs, of all reward models.",
        seconds=1.5,
    ),
    of_crowds(
        "complexity",
        "Comparisons needed",
        "Known ideal points: accuracy by comparisons a person, as the dimension D and the number of prototypes grow.",
        seconds=0.8,
    ),
    Experiment(
        name="pictures",
        title="What is learnt, in pictures",
        shows="Known ideal points in the plane: people on the simplex, and items, people and prototypes as f has them.",
        variants=CORRECTED,
        profiles=(Profile.EMBEDDED,),
        config=PALConfig,
        plan=planned("pictures", 1),
        execute=_pictured,
        version=1,
        seconds=lambda task: 1.0,
    ),
)
